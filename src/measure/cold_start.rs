//! How those who join fare: when they sell for the first time, and whether they stay.
//!
//! Only sellers who go live during the run are looked at: those from the start have a past. Shares
//! are of cohorts that could be watched for the whole time; who left without a sale within it has
//! sold nothing, and counts so. The median wait uses everybody, and there leaving is censoring.

use super::survival::{Wait, median_days};
use super::tally::{Firsts, Lives, ratio};
use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask, Stage};
use crate::units::{SellerId, SimTime, US_PER_DAY};
use std::any::Any;

const METRICS: [Metric; 4] = [
    Metric {
        name: "unsold_at_90d",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of the sellers who went live that had sold nothing 90 days later.",
        formula: "joiners without an order within 90 days of going live / joiners live at least 90 days before the end",
        source: "direct; 46 to 50 % of signed sellers never sold in measured data (model.md)",
        weekly: false,
    },
    Metric {
        name: "unsold_90d_after_signing",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of the sellers who signed that had sold nothing 90 days later.",
        formula: "signed without an order within 90 days of signing / signed at least 90 days before the end",
        source: "direct; 46 to 50 % of signed sellers never sold in measured data (model.md)",
        weekly: false,
    },
    Metric {
        name: "cold_start_days",
        unit: "days",
        better: Better::Lower,
        says: "How long half of the joiners wait for their first sale; none when fewer than half make one.",
        formula: "Kaplan-Meier median of first order − going live, censored by exit and by the end",
        source: "Kaplan and Meier, JASA 53, 1958",
        weekly: false,
    },
    Metric {
        name: "survival_26w",
        unit: "ratio",
        better: Better::Higher,
        says: "Share of the sellers who went live that are still there 26 weeks later.",
        formula: "joiners without an exit within 26 weeks / joiners live at least 26 weeks before the end",
        source: "direct",
        weekly: false,
    },
];

/// The fate of joiners.
#[derive(Debug, Default)]
pub struct ColdStart {
    signed: Firsts<SimTime>,
    sold: Firsts<SimTime>,
    lives: Lives,
}

/// The share of those who `start`ed at least `days` before `end` for whom `event` did not come
/// within `days`.
fn spared(
    starts: impl Iterator<Item = (SimTime, Option<SimTime>)>,
    days: u64,
    end: SimTime,
) -> Option<f64> {
    let watched = days * US_PER_DAY;
    let (mut cohort, mut without) = (0, 0);
    for (start, event) in starts.filter(|(start, _)| start.0 + watched <= end.0) {
        cohort += 1;
        without += u64::from(event.is_none_or(|event| event.0 > start.0 + watched));
    }
    ratio(without, cohort)
}

impl ColdStart {
    /// Those who went live in the run, with the moment.
    fn joined<'a>(&'a self, census: &'a Census) -> impl Iterator<Item = (SellerId, SimTime)> + 'a {
        let joiners = census.sellers.iter().filter(|card| !card.from_start);
        joiners.filter_map(|card| {
            self.lives.live_at(card.seller, census).map(|live| (card.seller, live))
        })
    }

    fn waits<'a>(&'a self, census: &'a Census, end: SimTime) -> impl Iterator<Item = Wait> + 'a {
        self.joined(census).map(move |(seller, live)| {
            let watched = self.lives.exit(seller).map_or(end, |(exit, _)| exit.min(end));
            Wait::new(live, self.sold.get(seller.index()), watched)
        })
    }
}

impl Family for ColdStart {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT.and(Lives::WANTS)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Bought { order } => self.sold.note(order.seller.index(), at),
            Fact::StageEntered { seller, stage: Stage::Administration } => {
                self.signed.note(seller.index(), at);
            }
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.signed.absorb(&mut other.signed);
            self.sold.absorb(&mut other.sold);
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        vec![None; METRICS.len()]
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let end = census.end();
        let sold = |seller: SellerId| self.sold.get(seller.index());
        let exit = |seller: SellerId| self.lives.exit(seller).map(|(exit, _)| exit);
        let signed = census
            .sellers
            .iter()
            .filter_map(|card| Some((self.signed.get(card.seller.index())?, sold(card.seller))));
        vec![
            spared(self.joined(census).map(|(seller, live)| (live, sold(seller))), 90, end),
            spared(signed, 90, end),
            median_days(self.waits(census, end)),
            spared(self.joined(census).map(|(seller, live)| (live, exit(seller))), 182, end),
        ]
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::fixture::Town;
    use crate::measure::recorder::Recorder;
    use crate::units::SellerId;

    /// A town of 52 weeks (364 days); sellers 0 and 1 are from the start.
    fn town() -> Town {
        let mut town = Town::new(2, 6);
        town.census.weeks = 52;
        town
    }

    #[test]
    fn joiners_by_hand() {
        let town = town();
        let mut recorder = Recorder::full();
        let lives = [(2, 10.0), (3, 20.0), (4, 30.0), (5, 40.0), (6, 280.0)];
        for (seller, live) in lives {
            town.joins(&mut recorder, live, seller);
        }
        town.sells(&mut recorder, 1.0, 0);
        // Waits: 5 days, 91 days, none (left after 100 days), none, and 10 days for one that went
        // live too late for the cohort of 90 days.
        for (seller, day) in [(2, 15.0), (2, 16.0), (3, 111.0), (6, 290.0)] {
            town.sells(&mut recorder, day, seller);
        }
        town.exits(&mut recorder, 130.0, SellerId(4));
        let get = |name: &str| town.value(&recorder, name);
        assert_eq!(get("unsold_at_90d"), Some(0.75));
        // Kaplan-Meier: 4/5 at 5, 3/5 at 10, 2/5 at 91.
        assert_eq!(get("cold_start_days"), Some(91.0));
        assert_eq!(get("survival_26w"), Some(0.75));
    }

    #[test]
    fn signing_starts_a_clock_of_its_own() {
        let town = town();
        let mut recorder = Recorder::full();
        // Signs on day 10, goes live on day 90, sells on day 105: unsold 90 days after signing, not
        // 90 days after going live. Another signs and never goes live.
        town.signs(&mut recorder, 10.0, 2);
        town.signs(&mut recorder, 11.0, 3);
        town.joins(&mut recorder, 90.0, 2);
        town.sells(&mut recorder, 105.0, 2);
        assert_eq!(town.value(&recorder, "unsold_at_90d"), Some(0.0));
        assert_eq!(town.value(&recorder, "unsold_90d_after_signing"), Some(1.0));
    }

    #[test]
    fn nothing_without_joiners_and_no_median_below_one_half() {
        let town = town();
        let mut recorder = Recorder::full();
        town.sells(&mut recorder, 1.0, 0);
        for name in ["unsold_at_90d", "cold_start_days", "survival_26w"] {
            assert_eq!(town.value(&recorder, name), None, "{name}");
        }
        for seller in 2..6 {
            town.joins(&mut recorder, 5.0, seller);
        }
        town.sells(&mut recorder, 9.0, 2);
        assert_eq!(town.value(&recorder, "cold_start_days"), None);
        assert_eq!(town.value(&recorder, "unsold_at_90d"), Some(0.75));
    }
}
