//! What visits came to, and how the places that they saw were shared out. This is the only family
//! that is told of every slate, some 50 million a year: it adds integers in flat arrays.

use super::shares::Shares;
use super::tally::{Column, Count, Lives, ratio};
use super::{Better, Family, Metric, Per};
use crate::history::{Census, Fact, FactMask};
use crate::units::{SellerId, SimTime};
use std::any::Any;

/// What a view of the first place counts: the least common multiple of 1 to 20, so that 1/k of it is
/// whole for every place k of a slate up to 20; from there on less than 10⁻⁷ of 1/k is lost. The sum
/// of 7·10¹⁰ views still fits in 64 bits.
const FIRST_PLACE: u64 = 232_792_560;

/// Places with a weight at hand; a slate may be longer.
const PLACES: usize = 64;

/// What a view of each place counts.
const WEIGHT: [u64; PLACES] = {
    let mut weight = [0; PLACES];
    let mut place = 0;
    while place < PLACES {
        weight[place] = FIRST_PLACE / (place as u64 + 1);
        place += 1;
    }
    weight
};

const METRICS: [Metric; 6] = [
    Metric {
        name: "exposure_gini",
        unit: "ratio",
        better: Better::None,
        says: "How unequally views are shared among sellers: 0 if all are seen alike, near 1 if one is.",
        formula: "as gini, of exposure: a view of place k counts 1/k",
        source: "position bias 1/k: Joachims, Swaminathan and Schnabel, WSDM 2017; exposure: Singh and Joachims, KDD 2018",
        weekly: true,
    },
    Metric {
        name: "exposure_hhi",
        unit: "points",
        better: Better::None,
        says: "Concentration of views: 10,000 if one seller has them all.",
        formula: "10⁴ Σp², p a seller's share of exposure",
        source: "as hhi, of exposure",
        weekly: true,
    },
    Metric {
        name: "exposure_top10_share",
        unit: "ratio",
        better: Better::None,
        says: "Share of all views that went to the ten sellers with most.",
        formula: "exposure of the ten most seen sellers / exposure",
        source: "as top10_share, of exposure",
        weekly: true,
    },
    Metric {
        name: "exposure_effective_sellers",
        unit: "sellers",
        better: Better::None,
        says: "How many equally visible sellers would make slates as concentrated as these.",
        formula: "1/Σp², p a seller's share of exposure",
        source: "as effective_sellers, of exposure",
        weekly: true,
    },
    Metric {
        name: "unmet_rate",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of visits that found nobody who sells the product to their country.",
        formula: "visits with an empty slate / visits",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "conversion",
        unit: "ratio",
        better: Better::Higher,
        says: "Share of visits that end in an order; a campaign's orders come from no visit and do not count.",
        formula: "orders from a slate / visits",
        source: "direct",
        weekly: true,
    },
];

/// Visits and exposure.
#[derive(Debug, Default)]
pub struct Visits {
    exposure: Column,
    boxes: Column,
    visits: Count,
    unmet: Count,
    orders: Count,
    lives: Lives,
}

impl Visits {
    /// A seller's views in the run so far, a view of place k counting 1/k.
    pub fn exposure(&self, seller: SellerId) -> f64 {
        self.exposure.run(seller.index()) as f64 / FIRST_PLACE as f64
    }

    /// A seller's views in the week that is open, a view of place k counting 1/k, and the first places
    /// among them.
    pub fn of_week(&self, seller: SellerId) -> (f64, u64) {
        let views = self.exposure.week(seller.index()) as f64 / FIRST_PLACE as f64;
        (views, self.boxes.week(seller.index()))
    }

    #[inline]
    fn shown(&mut self, slate: &[SellerId]) {
        self.visits.add(1);
        match slate.first() {
            Some(first) => self.boxes.add(first.index(), 1),
            None => self.unmet.add(1),
        }
        for (seller, weight) in slate.iter().zip(&WEIGHT) {
            self.exposure.add(seller.index(), *weight);
        }
        if slate.len() > PLACES {
            for (seller, place) in slate.iter().zip(1..).skip(PLACES) {
                self.exposure.add(seller.index(), FIRST_PLACE / place);
            }
        }
    }
}

impl Family for Visits {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::SHOWN.and(FactMask::BOUGHT).and(Lives::WANTS)
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[("unmet_rate", Per::Visit), ("conversion", Per::Visit)]
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Shown { slate, .. } => self.shown(slate),
            Fact::Bought { order } => self.orders.add(u64::from(order.place > 0)),
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.exposure.absorb(&mut other.exposure);
            self.boxes.absorb(&mut other.boxes);
            self.visits.absorb(&mut other.visits);
            self.unmet.absorb(&mut other.unmet);
            self.orders.absorb(&mut other.orders);
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, week: u32, census: &Census) -> Vec<Option<f64>> {
        let sellers = self.lives.in_week(week, census);
        let shares = Shares::of(sellers.map(|seller| self.exposure.week(seller.index())));
        let mut values = Shares::values(shares).to_vec();
        values.push(ratio(self.unmet.week(), self.visits.week()));
        values.push(ratio(self.orders.week(), self.visits.week()));
        self.exposure.close_week();
        self.boxes.close_week();
        for count in [&mut self.visits, &mut self.unmet, &mut self.orders] {
            count.close_week();
        }
        values
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let sellers = self.lives.ever(census);
        let shares = Shares::of(sellers.map(|seller| self.exposure.run(seller.index())));
        let mut values = Shares::values(shares).to_vec();
        values.push(ratio(self.unmet.run(), self.visits.run()));
        values.push(ratio(self.orders.run(), self.visits.run()));
        values
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::fixture::Town;
    use crate::measure::recorder::Recorder;

    #[test]
    fn a_place_counts_one_over_its_number() {
        let town = Town::new(4, 0);
        let mut recorder = Recorder::full();
        town.shows(&mut recorder, 1.0, &[0, 1, 2]);
        town.shows(&mut recorder, 1.1, &[0]);
        town.shows(&mut recorder, 1.2, &[]);
        town.shows(&mut recorder, 1.3, &[2, 0]);
        town.sells(&mut recorder, 1.4, 0);
        // Exposure 2.5, .5, 1 1/3 and 0 of 4 1/3.
        let sum = 2.5 + 0.5 + 4.0 / 3.0;
        let gini = (-0.5 + 4.0 / 3.0 + 3.0 * 2.5) / (4.0 * sum);
        let get = |name: &str| town.value(&recorder, name).unwrap();
        assert!((get("exposure_gini") - gini).abs() < 1e-12);
        let hhi = 1e4 * (2.5 * 2.5 + 0.25 + 16.0 / 9.0) / (sum * sum);
        assert!((get("exposure_hhi") - hhi).abs() < 1e-9);
        assert!((get("exposure_effective_sellers") - 1e4 / hhi).abs() < 1e-12);
        assert_eq!(get("exposure_top10_share"), 1.0);
        assert_eq!(get("unmet_rate"), 0.25);
        assert_eq!(get("conversion"), 0.25);
    }

    #[test]
    fn places_past_the_table_still_count() {
        let town = Town::new(200, 0);
        let mut recorder = Recorder::full();
        let slate: Vec<u32> = (0..200).collect();
        town.shows(&mut recorder, 1.0, &slate);
        let rows = recorder.seller_rows(&town.census);
        for (row, place) in rows.iter().zip(1..) {
            let views = row.views.unwrap();
            assert!((views * f64::from(place) - 1.0).abs() < 1e-4, "place {place}: {views}");
        }
    }
}
