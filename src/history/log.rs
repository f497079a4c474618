//! The facts of a whole market in one order: kept cell by cell while a day runs, merged when it is over.

use super::{Census, Fact, FactSink};
use crate::units::{SellerId, SimTime, US_PER_DAY};

/// Somebody who reads every fact of a run, in one order that no worker count changes: by time, then
/// by cell, then as they happened within their cell. What happened between cells (in the hub) comes
/// last of its microsecond, after what caused it; at midnight, when the hub begins the day, first.
pub trait FactLog {
    /// A world begins: whom its facts may name.
    fn begin(&mut self, census: &Census);

    /// The next fact; `cell` is `None` for the hub.
    fn take(&mut self, at: SimTime, cell: Option<u32>, fact: &Fact<'_>);

    /// Whether there is no use in going on, because what is taken cannot be kept.
    fn is_broken(&self) -> bool {
        false
    }
}

/// The facts of one cell, or of the hub, since it was emptied last.
#[derive(Debug, Default)]
pub struct FactBuffer {
    /// Facts in order. A slate is kept apart, in `slates`, up to the place that is noted here.
    facts: Vec<(SimTime, Fact<'static>, u32)>,
    slates: Vec<SellerId>,
}

impl FactBuffer {
    /// How many facts wait.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    fn time(&self, place: usize) -> SimTime {
        self.facts[place].0
    }

    /// Lends the fact at a place to `read`.
    fn lend(&self, place: usize, read: &mut dyn FnMut(SimTime, &Fact<'_>)) {
        let (at, fact, end) = &self.facts[place];
        if let Fact::Shown { session, product, country, class, .. } = *fact {
            let start = place.checked_sub(1).map_or(0, |before| self.facts[before].2);
            let slate = &self.slates[start as usize..*end as usize];
            read(*at, &Fact::Shown { session, product, country, class, slate });
        } else {
            read(*at, fact);
        }
    }

    fn clear(&mut self) {
        self.facts.clear();
        self.slates.clear();
    }
}

impl FactSink for FactBuffer {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        if let Fact::Shown { slate, .. } = fact {
            self.slates.extend_from_slice(slate);
        }
        self.facts.push((at, without_slate(fact), self.slates.len() as u32));
    }
}

/// The fact with an empty slate. Only slates are borrowed, so what is left can be kept; the compiler
/// wants to see each kind rebuilt.
fn without_slate(fact: &Fact<'_>) -> Fact<'static> {
    macro_rules! rebuild {
        ($($kind:ident { $($field:ident),+ })+) => {
            match *fact {
                Fact::Shown { session, product, country, class, .. } => {
                    Fact::Shown { session, product, country, class, slate: &[] }
                }
                $(Fact::$kind { $($field),+ } => Fact::$kind { $($field),+ },)+
            }
        };
    }
    rebuild! {
        Abandoned { session, product, seller }
        Bought { order }
        Cancelled { order }
        Shipped { order }
        Delivered { order, late, condition }
        Returned { order, reason }
        Reviewed { order, stars, late }
        Listed { seller, product, price_cents }
        Delisted { seller, product, units }
        Repriced { seller, product, price_cents }
        Restocked { seller, product, units }
        LotSold { from, to, product, units, price_cents }
        FeeCharged { seller, fee_cents }
        StageEntered { seller, stage }
        DroppedOut { seller, stage }
        MysteryOrdered { seller, passed }
        Sanctioned { seller, sanction }
        Reinstated { seller }
        Exited { seller, reason }
        MoodChanged { customer, mood }
        Shocked { seller }
        StaffDay { stage, worked, capacity, waiting }
        Nudged { seller, stars }
    }
}

/// Tells `log` the facts of all buffers in the order of [`FactLog`], and empties them. The last
/// buffer is the hub's, the others are those of cells 0, 1, 2, ….
pub fn merge(buffers: &mut [&mut FactBuffer], log: &mut dyn FactLog) {
    let Some(hub) = buffers.len().checked_sub(1) else { return };
    let mut order: Vec<(SimTime, u32, u32)> = Vec::new();
    for (number, buffer) in buffers.iter().enumerate() {
        let turn = |at: SimTime| {
            let is_first = number == hub && at.0.is_multiple_of(US_PER_DAY);
            if is_first { 0 } else { number as u32 + 1 }
        };
        let places = 0..buffer.len() as u32;
        order.extend(places.map(|place| {
            let at = buffer.time(place as usize);
            (at, turn(at), place)
        }));
    }
    // Each buffer is in order already, which a merge sort makes use of.
    order.sort();
    for (_, turn, place) in order {
        let number = (turn as usize).checked_sub(1).unwrap_or(hub);
        let cell = (number != hub).then_some(number as u32);
        buffers[number].lend(place as usize, &mut |at, fact| log.take(at, cell, fact));
    }
    buffers.iter_mut().for_each(|buffer| buffer.clear());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{ClassId, CountryId, CustomerId, ProductId, SessionId};

    /// What a log was told, in words.
    #[derive(Default)]
    struct Told(Vec<String>);

    impl FactLog for Told {
        fn begin(&mut self, _: &Census) {}

        fn take(&mut self, at: SimTime, cell: Option<u32>, fact: &Fact<'_>) {
            let what = match fact {
                Fact::Shown { slate, .. } => slate.iter().map(|s| format!("{}", s.0)).collect(),
                other => Fact::KIND_NAMES[other.kind()].to_owned(),
            };
            let cell = cell.map_or("hub".to_owned(), |cell| cell.to_string());
            self.0.push(format!("{} {cell} {what}", at.0));
        }
    }

    fn shown(slate: &[SellerId]) -> Fact<'_> {
        let (session, product) = (SessionId(1), ProductId(2));
        Fact::Shown { session, product, country: CountryId(3), class: ClassId(0), slate }
    }

    #[test]
    fn facts_come_by_time_then_cell_and_slates_stay_with_them() {
        let [mut one, mut two, mut hub] = [(); 3].map(|()| FactBuffer::default());
        one.take(SimTime(5), &shown(&[SellerId(7), SellerId(8)]));
        one.take(SimTime(5), &shown(&[]));
        one.take(SimTime(9), &shown(&[SellerId(9)]));
        two.take(SimTime(4), &Fact::Shocked { seller: SellerId(0) });
        two.take(SimTime(5), &shown(&[SellerId(6)]));
        hub.take(SimTime(0), &Fact::Reinstated { seller: SellerId(0) });
        hub.take(SimTime(5), &Fact::MoodChanged { customer: CustomerId(0), mood: 1 });
        let mut told = Told::default();
        merge(&mut [&mut one, &mut two, &mut hub], &mut told);
        let expected = [
            "0 hub reinstated",
            "4 1 shocked",
            "5 0 78",
            "5 0 ",
            "5 1 6",
            "5 hub mood-changed",
            "9 0 9",
        ];
        assert_eq!(told.0, expected);
        assert!(one.is_empty() && two.is_empty() && hub.is_empty());
        one.take(SimTime(10), &shown(&[SellerId(3)]));
        merge(&mut [&mut one, &mut two, &mut hub], &mut told);
        assert_eq!(told.0.last().map(String::as_str), Some("10 0 3"));
    }

    #[test]
    fn at_midnight_the_hub_begins_the_day() {
        let [mut cell, mut hub] = [(); 2].map(|()| FactBuffer::default());
        let midnight = SimTime::from_day(1);
        cell.take(midnight, &shown(&[]));
        hub.take(midnight, &Fact::Shocked { seller: SellerId(0) });
        let mut told = Told::default();
        merge(&mut [&mut cell, &mut hub], &mut told);
        assert_eq!(told.0, ["86400000000 hub shocked", "86400000000 0 "]);
    }
}
