//! True quality: how it is drawn, how it drifts, what a shock, an action plan or care does to it.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quality;
use super::latent::BetaOfNormal;
use super::stars::StarShares;
use crate::rng::{Dice, Purpose, unit_normal};
use crate::units::SellerId;

/// No chance of something going wrong is drawn or driven above this. It is a guard, not a trait of any
/// market: multipliers of kinds, shocks and drift must not make a chance of more than 1, nor a seller
/// whose every order fails, for whom a promise or a star distribution has no meaning. Chances of real
/// sellers stay far below, so it is no key.
const WORST: f64 = 0.95;

/// A beta distribution of a chance, mean a / (a + b).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BetaSpec {
    /// First shape; 0 means that it never happens [shape].
    #[garde(range(min = 0.0, max = 100_000.0))]
    pub a: f64,
    /// Second shape [shape].
    #[garde(range(min = 0.001, max = 100_000.0))]
    pub b: f64,
}

/// How true quality is spread over sellers and moves in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualitySpec {
    /// Chance that a parcel comes after the promised day.
    #[garde(dive)]
    pub late: BetaSpec,
    /// Chance that a unit is defective, before the kind's multiplier.
    #[garde(dive)]
    pub defect: BetaSpec,
    /// Chance that a sound unit is worse than its grade.
    #[garde(dive)]
    pub misgrade: BetaSpec,
    /// Chance that the seller calls an order off.
    #[garde(dive)]
    pub cancel: BetaSpec,
    /// Standard deviation between sellers of what service alone does to mean stars [stars].
    #[garde(range(min = 0.0, max = 2.0))]
    pub service_sd: f64,
    /// How far a seller that is good at one thing is good at the others: the correlation of the
    /// normals behind lateness, defects, misgrading, cancelling and service [ratio].
    #[garde(range(min = 0.0, max = 0.99))]
    pub correlation: f64,
    /// How quality wanders from week to week; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub drift: Option<DriftSpec>,
    /// What an action plan agreed with staff does.
    #[garde(dive)]
    pub action_plan: PlanSpec,
}

/// A weekly random walk that is pulled back to where the seller began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriftSpec {
    /// Standard deviation of a week's step of the logarithm of each chance [log ratio/week].
    #[garde(range(min = 0.0, max = 2.0))]
    pub rate_sd: f64,
    /// Standard deviation of a week's step of service [stars/week].
    #[garde(range(min = 0.0, max = 1.0))]
    pub service_sd: f64,
    /// Share of the distance from the start that a week takes back [1/week].
    #[garde(range(min = 0.0, max = 1.0))]
    pub pull: f64,
}

/// A change of true quality, for the worse or the better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSpec {
    /// Multiplies the chance of a late parcel [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub late: f64,
    /// Multiplies the chance of a defective unit [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub defect: f64,
    /// Multiplies the chance of a misgraded unit [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub misgrade: f64,
    /// Multiplies the chance that the seller calls an order off [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub cancel: f64,
    /// Adds to what service does to mean stars [stars].
    #[garde(range(min = -4.0, max = 4.0))]
    pub service: f64,
}

/// What an action plan does, and how often it can.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSpec {
    /// The change that one plan makes, for good.
    #[garde(dive)]
    pub change: ChangeSpec,
    /// Plans after which there is nothing left to mend [plans].
    #[garde(range(min = 0, max = 20))]
    pub most: u32,
}

/// The rules of quality made ready: quantile tables, and what a star of service is as a tilt.
#[derive(Debug, Clone)]
pub struct QualityRules {
    spec: QualitySpec,
    late: BetaOfNormal,
    defect: BetaOfNormal,
    misgrade: BetaOfNormal,
    cancel: BetaOfNormal,
    tilt_per_star: f64,
}

impl QualityRules {
    /// Makes the rules ready for shoppers who rate as `shares` says.
    pub fn new(spec: &QualitySpec, shares: &StarShares) -> Self {
        let table = |beta: BetaSpec| BetaOfNormal::new(beta.a, beta.b);
        let stars_per_tilt = shares.stars_per_tilt(spec.service_sd);
        // Stars that never differ cannot be moved by service.
        let tilt_per_star = if stars_per_tilt > 0.0 { 1.0 / stars_per_tilt } else { 0.0 };
        QualityRules {
            spec: spec.clone(),
            late: table(spec.late),
            defect: table(spec.defect),
            misgrade: table(spec.misgrade),
            cancel: table(spec.cancel),
            tilt_per_star,
        }
    }

    /// A seller's true quality at the start: a one-factor Gaussian copula, whose factor is how
    /// careless the seller is in everything. `defect_multiplier` is its kind's.
    pub fn draw(&self, dice: Dice, seller: SellerId, defect_multiplier: f64) -> Quality {
        let noise = |i: usize| {
            let block = dice.block(u64::from(seller.0), (i / 2) as u32, Purpose::SellerQuality);
            unit_normal(block.fine_unit(i % 2))
        };
        let careless = noise(0);
        let own = libm::sqrt(1.0 - self.spec.correlation);
        let common = libm::sqrt(self.spec.correlation) * careless;
        let latent = |i: usize| common + own * noise(i);
        Quality {
            defect: (self.defect.at(latent(2)) * defect_multiplier).min(WORST),
            late: self.late.at(latent(1)).min(WORST),
            misgrade: self.misgrade.at(latent(3)).min(WORST),
            cancel: self.cancel.at(latent(4)).min(WORST),
            tilt: -latent(5) * self.spec.service_sd * self.tilt_per_star,
        }
    }

    fn apply(&self, quality: &mut Quality, change: &ChangeSpec) {
        quality.defect = (quality.defect * change.defect).min(WORST);
        quality.late = (quality.late * change.late).min(WORST);
        quality.misgrade = (quality.misgrade * change.misgrade).min(WORST);
        quality.cancel = (quality.cancel * change.cancel).min(WORST);
        quality.tilt += change.service * self.tilt_per_star;
    }
}

/// A seller's true quality as time passes: where it began, and what has happened to it since.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueQuality {
    start: Quality,
    // Logarithms of what drift made of late, defect, misgrade, cancel; and service in stars.
    drift: [f64; 5],
    plans: u32,
    // Changes with the first day on which each no longer holds.
    passing: Vec<(ChangeSpec, u32)>,
}

impl TrueQuality {
    /// The quality of a seller that begins as its profile says.
    pub fn new(start: Quality) -> Self {
        TrueQuality { start, drift: [0.0; 5], plans: 0, passing: Vec::new() }
    }

    /// The true quality on a day.
    pub fn on(&self, day: u32, rules: &QualityRules) -> Quality {
        let mut quality = self.start;
        // Without drift the chances stay as drawn, to the bit.
        if self.drift != [0.0; 5] {
            let drifted = |rate: f64, log: f64| (rate * libm::exp(log)).min(WORST);
            quality.late = drifted(quality.late, self.drift[0]);
            quality.defect = drifted(quality.defect, self.drift[1]);
            quality.misgrade = drifted(quality.misgrade, self.drift[2]);
            quality.cancel = drifted(quality.cancel, self.drift[3]);
            quality.tilt += self.drift[4] * rules.tilt_per_star;
        }
        for _ in 0..self.plans {
            rules.apply(&mut quality, &rules.spec.action_plan.change);
        }
        for (change, _) in self.passing.iter().filter(|(_, end)| day < *end) {
            rules.apply(&mut quality, change);
        }
        quality
    }

    /// Lets a week pass. The step depends on (seller, week) alone, whatever happened before.
    pub fn drift_week(&mut self, week: u32, seller: SellerId, dice: Dice, rules: &QualityRules) {
        let Some(spec) = rules.spec.drift else { return };
        let mut draws = dice.stream(u64::from(seller.0), week, Purpose::Drift);
        for (i, log) in self.drift.iter_mut().enumerate() {
            let sd = if i == 4 { spec.service_sd } else { spec.rate_sd };
            *log += sd * unit_normal(draws.unit()) - spec.pull * *log;
        }
    }

    /// Changes quality from now until the day `end`, which no longer counts.
    pub fn change_until(&mut self, end: u32, change: ChangeSpec, today: u32) {
        self.passing.retain(|&(_, end)| today < end);
        self.passing.push((change, end));
    }

    /// An action plan mends what it can, for good, as long as there is something left to mend.
    pub fn action_plan(&mut self, rules: &QualityRules) {
        self.plans = (self.plans + 1).min(rules.spec.action_plan.most);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{mean_and_sd, reference, star_shares};
    use super::super::true_stars;
    use super::*;

    fn draws(spec: &QualitySpec, n: u32) -> Vec<Quality> {
        let rules = QualityRules::new(spec, &star_shares());
        let dice = Dice::new(7, 0);
        (0..n).map(|i| rules.draw(dice, SellerId(i), 1.0)).collect()
    }

    #[test]
    fn chances_keep_their_measured_shape_whatever_the_correlation() {
        for correlation in [0.0, 0.2, 0.9] {
            let (late, defect) = (BetaSpec { a: 2.9, b: 34.4 }, BetaSpec { a: 2.0, b: 38.0 });
            let spec = QualitySpec { correlation, late, defect, ..reference().quality };
            let drawn = draws(&spec, 20_000);
            let (mean, sd) = mean_and_sd(&drawn.iter().map(|q| q.late).collect::<Vec<_>>());
            assert!((mean - 0.0777).abs() < 0.0015, "late mean {mean} at {correlation}, seed 7");
            assert!((sd - 0.0433).abs() < 0.0015, "late sd {sd} at {correlation}, seed 7");
            let (mean, _) = mean_and_sd(&drawn.iter().map(|q| q.defect).collect::<Vec<_>>());
            assert!((mean - 0.05).abs() < 0.0015, "defect mean {mean}, seed 7");
        }
    }

    #[test]
    fn the_beta_sampler_agrees_with_the_copula() {
        // A differential test: quantiles of the table's draws against those of the gamma sampler.
        let defect = BetaSpec { a: 2.0, b: 38.0 };
        let spec = QualitySpec { defect, ..reference().quality };
        let mut copula: Vec<f64> = draws(&spec, 20_000).iter().map(|q| q.defect).collect();
        let mut stream = Dice::new(8, 0).stream(1, 1, Purpose::SellerQuality);
        let mut sampler: Vec<f64> =
            (0..20_000).map(|_| crate::rng::beta(&mut stream, defect.a, defect.b)).collect();
        copula.sort_by(f64::total_cmp);
        sampler.sort_by(f64::total_cmp);
        for i in [200, 2_000, 10_000, 18_000, 19_800] {
            let ratio = copula[i] / sampler[i];
            assert!((ratio - 1.0).abs() < 0.09, "quantile {i}: {ratio}, seeds 7 and 8");
        }
    }

    #[test]
    fn service_alone_moves_stars_by_its_standard_deviation() {
        let mut spec = reference().quality;
        spec.late = BetaSpec { a: 7_770.0, b: 92_230.0 };
        spec.defect = BetaSpec { a: 5_000.0, b: 95_000.0 };
        spec.misgrade = BetaSpec { a: 5_000.0, b: 95_000.0 };
        let shares = star_shares();
        let stars: Vec<f64> = draws(&spec, 10_000).iter().map(|q| true_stars(q, &shares)).collect();
        let (_, sd) = mean_and_sd(&stars);
        let asked = spec.service_sd;
        assert!((sd / asked - 1.0).abs() < 0.075, "sd of stars {sd} for {asked}, seed 7");
    }

    #[test]
    fn drift_is_pulled_back_and_a_plan_mends() {
        let spec = reference().quality;
        let rules = QualityRules::new(&spec, &star_shares());
        let dice = Dice::new(5, 0);
        let start = Quality { defect: 0.05, late: 0.08, misgrade: 0.04, cancel: 0.01, tilt: 0.1 };
        let mut logs = Vec::new();
        for seller in 0..500 {
            let mut quality = TrueQuality::new(start);
            for week in 0..200 {
                quality.drift_week(week, SellerId(seller), dice, &rules);
            }
            logs.push(libm::log(quality.on(1_400, &rules).late / start.late));
        }
        let drift = spec.drift.unwrap();
        // The stationary standard deviation of an AR(1) with coefficient 1 − pull.
        let keep = 1.0 - drift.pull;
        let expected = drift.rate_sd / (1.0 - keep * keep).sqrt();
        let (mean, sd) = mean_and_sd(&logs);
        assert!(mean.abs() < 0.03, "mean log {mean}, seed 5");
        assert!((sd / expected - 1.0).abs() < 0.12, "sd {sd} for {expected}, seed 5");

        let mut quality = TrueQuality::new(start);
        quality.action_plan(&rules);
        let mended = quality.on(0, &rules);
        let change = spec.action_plan.change;
        assert!((mended.defect - start.defect * change.defect).abs() < 1e-12);
        assert!(mended.tilt > start.tilt);
        for _ in 0..100 {
            quality.action_plan(&rules);
        }
        assert!(quality.on(0, &rules).late > 0.01 * start.late, "plans must not abolish lateness");
    }

    #[test]
    fn a_shock_holds_until_its_end_and_not_longer() {
        let rules = QualityRules::new(&reference().quality, &star_shares());
        let start = Quality { defect: 0.05, late: 0.5, misgrade: 0.04, cancel: 0.01, tilt: 0.0 };
        let worse =
            ChangeSpec { late: 4.0, defect: 3.0, misgrade: 1.0, cancel: 1.0, service: -0.3 };
        let mut quality = TrueQuality::new(start);
        quality.change_until(28, worse, 0);
        let during = quality.on(27, &rules);
        assert!((during.defect - 0.15).abs() < 1e-12);
        assert_eq!(during.late, WORST);
        assert!(during.tilt < 0.0);
        assert_eq!(quality.on(28, &rules), start);
        // A second one at the same time multiplies with the first.
        quality.change_until(10, worse, 1);
        assert!((quality.on(5, &rules).defect - 0.45).abs() < 1e-12);
        assert!((quality.on(10, &rules).defect - 0.15).abs() < 1e-12);
    }
}
