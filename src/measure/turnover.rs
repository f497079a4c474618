//! Whether who sells today sold before, and how many give up.

use super::tally::Lives;
use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::{SimTime, US_PER_WEEK};
use std::any::Any;

/// Weeks between two orders of sellers that are compared.
const LAG_WEEKS: usize = 8;

const METRICS: [Metric; 2] = [
    Metric {
        name: "entrenchment",
        unit: "correlation",
        better: Better::None,
        says: "How much the order of sellers by sales is still that of eight weeks before: 1 if it is \
               the same, 0 if it has nothing to do with it.",
        formula: "Spearman's rank correlation of a week's sales with those 8 weeks earlier, over sellers \
                  with a sale in either, ties at their mean rank; for the run, the mean over weeks",
        source: "Spearman 1904; as a measure of lock-in, Salganik, Dodds & Watts 2006",
        weekly: true,
    },
    Metric {
        name: "exit_hazard",
        unit: "1/week",
        better: Better::Lower,
        says: "Chance that a live seller leaves, or is removed, in a week.",
        formula: "exits / weeks that sellers were live, added up",
        source: "occurrence over exposure; Kalbfleisch & Prentice 2002",
        weekly: false,
    },
];

/// Sales by week and seller, and lives.
#[derive(Debug, Default)]
pub struct Turnover {
    sales: Vec<Vec<u64>>,
    lives: Lives,
}

impl Turnover {
    fn add(&mut self, week: usize, seller: usize, n: u64) {
        if self.sales.len() <= week {
            self.sales.resize_with(week + 1, Vec::new);
        }
        let sales = &mut self.sales[week];
        if sales.len() <= seller {
            sales.resize((seller + 1).next_power_of_two(), 0);
        }
        sales[seller] += n;
    }

    fn entrenchment(&self, week: usize) -> Option<f64> {
        let before = self.sales.get(week.checked_sub(LAG_WEEKS)?)?;
        let now = self.sales.get(week)?;
        let of = |sales: &[u64], i: usize| sales.get(i).copied().unwrap_or(0);
        let pairs = (0..now.len().max(before.len())).map(|i| (of(before, i), of(now, i)));
        spearman(&pairs.filter(|&(a, b)| a + b > 0).collect::<Vec<_>>())
    }
}

/// Spearman's rank correlation, ties at their mean rank; nothing for less than three pairs, or where
/// all of one side are equal.
fn spearman(pairs: &[(u64, u64)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let a = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let b = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    // Twice the ranks less their mean: whole numbers, so that no order of adding matters.
    let mean = pairs.len() as i128 + 1;
    let sum = |x: &[i128], y: &[i128]| -> i128 {
        x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum()
    };
    let (both, of_a, of_b) = (sum(&a, &b), sum(&a, &a), sum(&b, &b));
    let spread = (of_a as f64) * (of_b as f64);
    (spread > 0.0).then(|| both as f64 / libm::sqrt(spread))
}

/// Twice the rank of each value, from 2 for the least.
fn ranks(values: &[u64]) -> Vec<i128> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&i| values[i]);
    let mut ranks = vec![0; values.len()];
    for tied in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let first = order.partition_point(|&i| values[i] < values[tied[0]]) as i128 + 1;
        for &i in tied {
            ranks[i] = 2 * first + tied.len() as i128 - 1;
        }
    }
    ranks
}

impl Family for Turnover {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT.and(Lives::WANTS)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match fact {
            Fact::Bought { order } => self.add(at.week() as usize, order.seller.index(), 1),
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for (week, sales) in other.sales.iter_mut().enumerate() {
                for (seller, n) in sales.drain(..).enumerate().filter(|&(_, n)| n > 0) {
                    self.add(week, seller, n);
                }
            }
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, week: u32, _: &Census) -> Vec<Option<f64>> {
        vec![self.entrenchment(week as usize), None]
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let weeks = (0..census.weeks as usize).filter_map(|week| self.entrenchment(week));
        let (sum, n) = weeks.fold((0.0, 0u32), |(sum, n), rho| (sum + rho, n + 1));
        let end = census.end();
        let (mut exits, mut live_us) = (0u64, 0u64);
        for seller in self.lives.ever(census) {
            let exit = self.lives.exit(seller).map(|(at, _)| at).filter(|&at| at <= end);
            exits += u64::from(exit.is_some());
            let from = self.lives.live_at(seller, census).unwrap_or(end);
            live_us += exit.unwrap_or(end).0.saturating_sub(from.0);
        }
        let weeks_live = live_us as f64 / US_PER_WEEK as f64;
        vec![(n > 0).then(|| sum / f64::from(n)), (live_us > 0).then(|| exits as f64 / weeks_live)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::Town;
    use crate::measure::recorder::Recorder;
    use crate::units::SellerId;

    #[test]
    fn spearman_by_hand() {
        // Ranks 1, 2, 3, 4 against 1, 2, 4, 3: 1 − 6·2/(4·15) = .8.
        assert_eq!(spearman(&[(1, 10), (2, 20), (3, 40), (4, 30)]), Some(0.8));
        assert_eq!(spearman(&[(1, 9), (2, 5), (3, 1)]), Some(-1.0));
        // Ranks 1.5, 1.5, 3 against 1, 2, 3: covariance 1.5 over the root of 1.5 · 2.
        let tied = spearman(&[(7, 1), (7, 2), (9, 3)]).expect("two differ");
        assert!((tied - 1.5 / 3.0f64.sqrt()).abs() < 1e-12, "{tied}");
        assert_eq!(spearman(&[(1, 1), (2, 2)]), None, "two are no order");
        assert_eq!(spearman(&[(5, 1), (5, 2), (5, 3)]), None, "all equal");
    }

    #[test]
    fn a_market_turned_upside_down_is_not_entrenched() {
        let mut town = Town::new(3, 1);
        town.census.weeks = 10;
        let mut recorder = Recorder::full();
        for (day, sales) in [(1.0, [1, 2, 3]), (57.0, [3, 2, 1]), (64.0, [1, 1, 1])] {
            for (seller, n) in (0u32..).zip(sales) {
                for _ in 0..n {
                    town.sells(&mut recorder, day, seller);
                }
            }
        }
        // Week 8 against week 0; week 9 has nothing to be held against.
        assert_eq!(town.value(&recorder, "entrenchment"), Some(-1.0));
        // Three sellers for ten weeks, one of them for eight, and the lead that joins for one.
        town.exits(&mut recorder, 56.0, SellerId(0));
        town.joins(&mut recorder, 63.0, 3);
        let hazard = town.value(&recorder, "exit_hazard").expect("sellers were live");
        assert!((hazard - 1.0 / 29.0).abs() < 1e-12, "{hazard}");
    }
}
