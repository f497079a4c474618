//! What sellers live on.

use super::tally::{Column, Lives};
use super::{Better, Family, Metric, Per};
use crate::history::{Census, Fact, FactMask};
use crate::units::{SellerId, SimTime, US_PER_WEEK};
use std::any::Any;

const METRICS: [Metric; 2] = [
    Metric {
        name: "seller_income",
        unit: "EUR/week",
        better: Better::Higher,
        says: "What a seller takes a week in the mean; what goods and parcels cost it is not taken off.",
        formula: "mean over sellers live for a week or more of the income that seller_income_p10 is of",
        source: "direct",
        weekly: false,
    },
    Metric {
        name: "seller_income_p10",
        unit: "EUR/week",
        better: Better::Higher,
        says: "What the seller takes a week that one in ten does worse than; what goods and parcels cost it is not taken off.",
        formula: "10th percentile (linear between ranks) over sellers live for a week or more of (prices of orders − refunds − commission + lots sold − fees) / weeks live; lots bought are costs of goods",
        source: "direct; percentile of Hyndman & Fan 1996, type 7",
        weekly: false,
    },
];

/// The percentile that is told.
const LOW: f64 = 0.1;

/// Money by seller [cents].
#[derive(Debug, Default)]
pub struct Income {
    paid: Column,
    refunded: Column,
    lots: Column,
    fees: Column,
    lives: Lives,
}

impl Income {
    /// Income a week [EUR] of a seller who was live for a week or more. The commission is rounded by the
    /// order, so it is off by less than a cent an order.
    fn weekly_eur(&self, seller: SellerId, census: &Census) -> Option<f64> {
        let end = SimTime(u64::from(census.weeks) * US_PER_WEEK);
        let from = self.lives.live_at(seller, census)?;
        let to = self.lives.exit(seller).map_or(end, |(exit, _)| exit.min(end));
        let lived = to.0.saturating_sub(from.0);
        if lived < US_PER_WEEK {
            return None;
        }
        let of = |column: &Column| column.run(seller.index()) as f64;
        let sales = (of(&self.paid) - of(&self.refunded)) * (1.0 - census.commission);
        let cents = sales + of(&self.lots) - of(&self.fees);
        Some(cents / 100.0 / (lived as f64 / US_PER_WEEK as f64))
    }
}

/// The number below which a share of the others lies, linear between ranks.
fn percentile(mut numbers: Vec<f64>, share: f64) -> Option<f64> {
    numbers.sort_unstable_by(f64::total_cmp);
    let rank = share * (numbers.len() as f64 - 1.0);
    let low = *numbers.get(rank as usize)?;
    let high = numbers.get(rank as usize + 1).copied().unwrap_or(low);
    Some(low + (rank - rank.floor()) * (high - low))
}

impl Family for Income {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        let orders = FactMask::BOUGHT.and(FactMask::CANCELLED).and(FactMask::RETURNED);
        orders.and(FactMask::LOT_SOLD).and(FactMask::FEE_CHARGED).and(Lives::WANTS)
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[("seller_income", Per::Seller), ("seller_income_p10", Per::Seller)]
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Bought { order } => {
                self.paid.add(order.seller.index(), order.price_cents.into());
            }
            Fact::Cancelled { order } | Fact::Returned { order, .. } => {
                self.refunded.add(order.seller.index(), order.price_cents.into());
            }
            Fact::LotSold { from, price_cents, .. } => self.lots.add(from.index(), price_cents),
            Fact::FeeCharged { seller, fee_cents } => {
                self.fees.add(seller.index(), fee_cents.into());
            }
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.paid.absorb(&mut other.paid);
            self.refunded.absorb(&mut other.refunded);
            self.lots.absorb(&mut other.lots);
            self.fees.absorb(&mut other.fees);
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        vec![None; METRICS.len()]
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let sellers = self.lives.ever(census);
        let incomes: Vec<f64> =
            sellers.filter_map(|seller| self.weekly_eur(seller, census)).collect();
        let mean = incomes.iter().sum::<f64>() / incomes.len() as f64;
        vec![(!incomes.is_empty()).then_some(mean), percentile(incomes, LOW)]
    }
}

#[cfg(test)]
mod tests {
    use super::percentile;
    use crate::history::{Fact, FactSink, ReturnReason};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;
    use crate::units::{ProductId, SellerId};

    #[test]
    fn percentiles() {
        assert_eq!(percentile(vec![], 0.1), None);
        assert_eq!(percentile(vec![7.0], 0.1), Some(7.0));
        assert_eq!(percentile(vec![9.0, 1.0, 5.0], 0.5), Some(5.0));
        let got = percentile((0..6).map(f64::from).rev().collect(), 0.1);
        assert_eq!(got, Some(0.5));
    }

    #[test]
    fn income_by_hand() {
        // Two weeks; the commission is 10 %.
        let town = Town::new(1, 2);
        let mut recorder = Recorder::full();
        let p10 = |recorder: &Recorder| town.value(recorder, "seller_income_p10").unwrap();
        for day in [1.0, 2.0, 3.0] {
            town.sells(&mut recorder, day, 0);
        }
        assert!((p10(&recorder) - 135.0).abs() < 1e-9);
        let order = town.order(0, 0, 10_000, 1);
        recorder.take(at(4.0), &Fact::Cancelled { order });
        recorder.take(at(5.0), &Fact::Returned { order, reason: ReturnReason::Defect });
        recorder.take(at(6.0), &Fact::FeeCharged { seller: SellerId(0), fee_cents: 4_000 });
        let (from, to, product) = (SellerId(0), SellerId(1), ProductId(0));
        let lot = Fact::LotSold { from, to, product, units: 5, price_cents: 7_000 };
        recorder.take(at(6.0), &lot);
        // 90 − 40 + 70 EUR in two weeks.
        assert!((p10(&recorder) - 60.0).abs() < 1e-9);
        // One that lived for half a week has no weekly income; one of a week has 180.
        town.joins(&mut recorder, 1.0, 1);
        town.exits(&mut recorder, 4.5, SellerId(1));
        assert!((p10(&recorder) - 60.0).abs() < 1e-9);
        town.joins(&mut recorder, 5.0, 2);
        town.sells(&mut recorder, 5.5, 2);
        town.sells(&mut recorder, 6.5, 2);
        town.exits(&mut recorder, 12.0, SellerId(2));
        assert!((p10(&recorder) - (60.0 + 0.1 * 120.0)).abs() < 1e-9);
        assert!((town.value(&recorder, "seller_income").unwrap() - 120.0).abs() < 1e-9);
    }
}
