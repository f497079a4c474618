//! What pairs of processes say: is the second of each slower than the first?
//!
//! A pair is the natural logarithm of the ratio of two processes' times, head over base, so that +2 % and
//! −2 % are as far from nothing and a time's unit means nothing. The true median of the pairs lies above
//! their k-th smallest but for a chance that the binomial distribution gives, whatever the noise is like
//! (Thompson 1936, "On confidence ranges for the median and other expectation distributions for
//! populations of unknown distribution form"): of 20 pairs, the 5th to the 16th, .0059 on each side.

use crate::rng;

/// The greatest chance that an interval's lower end lies above the true median.
pub const ALPHA: f64 = 0.006;
/// The fewest pairs that have such an interval.
pub const FEWEST: usize = 8;
/// The lower end of a slow-down that is claimed is beyond this ratio.
pub(super) const CLEAR: f64 = 1.01;
/// The median of a slow-down that is claimed is beyond this ratio.
pub(super) const LEAST: f64 = 1.015;
/// A slow-down by this ratio is to be found: a look whose interval reaches it is open.
pub const MATTERS: f64 = 1.025;
/// A look that stays open has so many times as many pairs at most.
pub const GROWS: usize = 3;
/// Pairs that scatter by more than this cannot excuse a look that stays open [ln].
pub const SCATTER: f64 = 0.012;
/// What the median absolute deviation of a normal distribution is multiplied by to give its standard
/// deviation.
const NORMAL: f64 = 1.482_602_218_505_602;

/// The median of pairs with its interval [ln].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// Upper end.
    pub high: f64,
}

/// The chance of at most `most` heads when `n` coins are thrown.
fn heads(n: usize, most: usize) -> f64 {
    let mut term = (0..n).fold(1.0, |half, _| half * 0.5);
    let mut sum = 0.0;
    for k in 0..=most.min(n) {
        sum += term;
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    sum
}

/// Which of `n` pairs, the smallest being the first, is the lower end of the interval; none where even the
/// smallest may lie above the median too easily.
pub fn rank(n: usize) -> Option<usize> {
    (1..=n / 2).take_while(|&k| heads(n, k - 1) <= ALPHA).last()
}

fn sorted(pairs: &[f64]) -> Vec<f64> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(sorted: &[f64]) -> f64 {
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

/// The median of pairs with its interval; none where they are fewer than [`FEWEST`].
pub fn interval(pairs: &[f64]) -> Option<Interval> {
    let from = rank(pairs.len())?;
    let sorted = sorted(pairs);
    let (low, high) = (sorted[from - 1], sorted[sorted.len() - from]);
    Some(Interval { low, median: median(&sorted), high })
}

/// How far pairs scatter [ln]: the median distance from their median, in the measure of a standard
/// deviation. A few processes that stalled do not show in it, as they do not in the interval; one in two
/// that are a little slow do, as they do there.
pub fn scatter(pairs: &[f64]) -> Option<f64> {
    if pairs.is_empty() {
        return None;
    }
    let middle = median(&sorted(pairs));
    let far: Vec<f64> = pairs.iter().map(|pair| (pair - middle).abs()).collect();
    Some(NORMAL * median(&sorted(&far)))
}

/// What was seen in one look: as many pairs of head and base as of base and base, which took turns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// Head over base [ln].
    pub head: Vec<f64>,
    /// Base over base, under two names [ln].
    pub null: Vec<f64>,
}

impl Look {
    /// Whether it has all the pairs that it needs, where they are taken `pairs` at a time.
    pub fn is_enough(&self, pairs: usize) -> bool {
        let n = self.head.len();
        let whole = n > 0 && n.is_multiple_of(pairs);
        whole && (n >= GROWS * pairs || sight(&self.head) != Sight::Open)
    }
}

/// What pairs show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Slower beyond doubt and beyond what matters.
    Slower,
    /// Not slower by what is to be found.
    NotSlower,
    /// Either may be.
    Open,
}

fn sight(pairs: &[f64]) -> Sight {
    match interval(pairs) {
        Some(seen) if is_slower(seen) => Sight::Slower,
        Some(seen) if seen.high < rng::ln(MATTERS) => Sight::NotSlower,
        _ => Sight::Open,
    }
}

/// Why nothing can be concluded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Doubt {
    /// Base was told from itself, by so much [ln].
    Null(f64),
    /// Pairs scatter by so much [ln].
    Scatter(f64),
    /// There are too few pairs.
    Few,
}

/// What is concluded of all that was seen so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Head is not slower, as far as can be seen.
    Pass,
    /// The first look says that head is slower: a second is needed.
    LookAgain,
    /// The second look did not say so.
    Unconfirmed,
    /// Two looks say that head is slower.
    Slower,
    /// Nothing can be concluded.
    Invalid(Doubt),
}

/// Whether pairs are slower beyond doubt and beyond what matters.
fn is_slower(of: Interval) -> bool {
    of.low > rng::ln(CLEAR) && of.median > rng::ln(LEAST)
}

/// By how much base was told from itself, if it was. Base that is the faster of itself is as wrong as base
/// that is the slower.
fn told_from_itself(look: &Look) -> Option<Doubt> {
    let Some(null) = interval(&look.null) else { return Some(Doubt::Few) };
    let Interval { low, median, high } = null;
    let mirrored = Interval { low: -high, median: -median, high: -low };
    (is_slower(null) || is_slower(mirrored)).then_some(Doubt::Null(median))
}

/// What follows from the first look, and from the second where there was one.
pub fn decide(first: &Look, second: Option<&Look>) -> Decision {
    for look in [Some(first), second].into_iter().flatten() {
        if let Some(doubt) = told_from_itself(look) {
            return Decision::Invalid(doubt);
        }
    }
    // A look that stayed open on a calm machine leaves less than what matters.
    let dim = |look: &Look| scatter(&look.head).filter(|scatter| *scatter > SCATTER);
    let seen = |look: &Look, otherwise: Decision| match (sight(&look.head), dim(look)) {
        (Sight::Slower, _) => Decision::Slower,
        (Sight::Open, Some(by)) => Decision::Invalid(Doubt::Scatter(by)),
        _ => otherwise,
    };
    match (seen(first, Decision::Pass), second) {
        (Decision::Slower, None) => Decision::LookAgain,
        (Decision::Slower, Some(second)) => seen(second, Decision::Unconfirmed),
        (decision, _) => decision,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::{Dice, Purpose, unit_normal};

    /// Every way that `n` coins can fall.
    fn heads_by_enumeration(n: usize, most: usize) -> f64 {
        let all = 0u32..1 << n;
        all.clone().filter(|coins| coins.count_ones() as usize <= most).count() as f64
            / all.len() as f64
    }

    #[test]
    fn the_interval_of_twenty_is_from_the_fifth_to_the_sixteenth() {
        let chance = heads_by_enumeration(20, 4);
        assert!((chance - 0.0059).abs() < 5e-5, "{chance}");
        assert!((heads(20, 4) - chance).abs() < 1e-12);
        let pairs: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let expected = Interval { low: 5.0, median: 10.5, high: 16.0 };
        assert_eq!(interval(&pairs), Some(expected));
    }

    #[test]
    fn chances_are_those_of_coins_and_no_rank_could_be_one_higher() {
        for n in 1..=18 {
            for most in 0..=n {
                let (chance, oracle) = (heads(n, most), heads_by_enumeration(n, most));
                assert!((chance - oracle).abs() < 1e-12, "{n} {most}");
            }
            match rank(n) {
                None => assert!(n < FEWEST, "{n}"),
                Some(k) => {
                    assert!(n >= FEWEST && heads_by_enumeration(n, k - 1) <= ALPHA, "{n}");
                    assert!(heads_by_enumeration(n, k) > ALPHA, "{n} could have {}", k + 1);
                }
            }
        }
        assert_eq!((rank(40), rank(100)), (Some(12), Some(37)));
    }

    #[test]
    fn a_few_stalled_processes_are_no_scatter() {
        let mut pairs: Vec<f64> = (0..20).map(|n| f64::from(n % 5) * 0.001).collect();
        let calm = scatter(&pairs).expect("there are some");
        pairs[3] = 0.7;
        pairs[11] = -0.4;
        let stalled = scatter(&pairs).expect("there are some");
        assert!((calm - stalled).abs() < 0.001 && calm > 0.001, "{calm} {stalled}");
        assert_eq!(scatter(&[]), None);
        // Half of them shifted is another matter.
        let two: Vec<f64> = (0..20).map(|n| f64::from(n % 2) * 0.03).collect();
        assert!(scatter(&two) > Some(SCATTER));
    }

    /// Noise as processes have it: normal with now and then a stall.
    struct Noise {
        dice: Dice,
        n: u64,
        sigma: f64,
        stalls: f64,
        /// From one pair to the next [ln].
        drift: f64,
    }

    impl Noise {
        fn pair(&mut self, shift: f64) -> f64 {
            self.n += 1;
            let mut draws = self.dice.stream(self.n, 0, Purpose::Resample);
            let stall = if draws.unit() < self.stalls { 0.3 * (draws.unit() - 0.5) } else { 0.0 };
            // Order turns from pair to pair, and with it the side that is later.
            let turn = if self.n.is_multiple_of(2) { 0.5 } else { -0.5 };
            shift + self.sigma * unit_normal(draws.unit()) + stall + turn * self.drift
        }

        fn look(&mut self, shift: f64) -> Look {
            let mut look = Look::default();
            while !look.is_enough(20) {
                look.head.push(self.pair(shift));
                look.null.push(self.pair(0.0));
            }
            look
        }

        fn decision(&mut self, shift: f64) -> Decision {
            let first = self.look(shift);
            match decide(&first, None) {
                Decision::LookAgain => decide(&first, Some(&self.look(shift))),
                decision => decision,
            }
        }

        /// Shares of trials that claim a slow-down, and that claim nothing.
        fn shares(&mut self, ratio: f64) -> (f64, f64) {
            let trials = 1_000;
            let decisions: Vec<Decision> =
                (0..trials).map(|_| self.decision(rng::ln(ratio))).collect();
            let share = |of: fn(&Decision) -> bool| {
                decisions.iter().filter(|d| of(d)).count() as f64 / f64::from(trials)
            };
            (share(|d| *d == Decision::Slower), share(|d| matches!(d, Decision::Invalid(_))))
        }
    }

    fn noise(seed: u64, sigma: f64, stalls: f64, drift: f64) -> Noise {
        Noise { dice: Dice::new(seed, 0), n: 0, sigma, stalls, drift }
    }

    #[test]
    fn slow_downs_are_found_and_none_is_invented() {
        for (name, mut noise) in [
            ("normal", noise(1, 0.007, 0.0, 0.0)),
            ("stalls", noise(2, 0.007, 0.05, 0.0)),
            ("drift", noise(3, 0.007, 0.0, 0.006)),
        ] {
            let (same, five, some) = (noise.shares(1.0), noise.shares(1.05), noise.shares(1.025));
            assert!(same.0 <= 0.01, "{name}: {same:?} of nothing");
            assert!(five.0 >= 0.95, "{name}: {five:?} of 5 %");
            assert!(some.0 >= 0.8, "{name}: {some:?} of 2.5 %");
        }
        // Noise hides the lesser slow-downs, and makes none up.
        for (sigma, of_five, of_some) in [(0.012, 0.95, 0.8), (0.02, 0.95, 0.6), (0.03, 0.9, 0.3)] {
            let mut noise = noise(4, sigma, 0.02, 0.0);
            let (same, five, some) = (noise.shares(1.0), noise.shares(1.05), noise.shares(1.025));
            assert!(same.0 <= 0.002, "{sigma}: {same:?} of nothing");
            assert!(five.0 >= of_five, "{sigma}: {five:?} of 5 %");
            assert!(some.0 >= of_some, "{sigma}: {some:?} of 2.5 %");
        }
        let (found, invalid) = noise(5, 0.1, 0.0, 0.0).shares(1.0);
        assert!(found <= 0.002 && invalid > 0.7, "{found} {invalid}");
    }

    #[test]
    fn a_look_grows_while_it_is_open() {
        let look = |n: usize, pair: fn(usize) -> f64| Look {
            head: (0..n).map(pair).collect(),
            null: vec![0.0; n],
        };
        let wide: fn(usize) -> f64 = |n| if n.is_multiple_of(2) { 0.05 } else { -0.05 };
        assert!(!Look::default().is_enough(20));
        assert!(!look(19, |_| 0.0).is_enough(20) && look(20, |_| 0.0).is_enough(20));
        assert!(look(20, |_| 0.05).is_enough(20), "slower needs no more");
        assert!(!look(20, wide).is_enough(20) && !look(59, wide).is_enough(20));
        assert!(look(60, wide).is_enough(20), "there is an end");
        let decision = decide(&look(60, wide), None);
        assert!(matches!(decision, Decision::Invalid(Doubt::Scatter(by)) if by > 0.07));
    }

    fn pairs() -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec(-0.05..0.05f64, FEWEST..30)
    }

    proptest! {
        /// A head that is slower throughout is never judged the better for it.
        #[test]
        fn slower_is_never_better(first in pairs(), second in pairs(), shift in 0.0..0.1f64) {
            let null = vec![0.0; 20];
            let look = |pairs: &[f64], by: f64| Look {
                // A third of the scatter, so that there are slow ones among them.
                head: pairs.iter().map(|pair| pair / 3.0 + by).collect(),
                null: null.clone(),
            };
            let judge = |by: f64| decide(&look(&first, by), Some(&look(&second, by)));
            let slower = |by: f64| judge(by) == Decision::Slower;
            prop_assert!(slower(shift) || !slower(0.0));
            prop_assert!(judge(0.0) == Decision::Pass || judge(shift) != Decision::Pass);
        }

        /// Nothing depends on what times are counted in.
        #[test]
        fn a_unit_means_nothing(times in proptest::collection::vec((1e3..1e6f64, 1e3..1e6f64), 8..30), unit in 1e-6..1e6f64) {
            let ratios = |unit: f64| -> Vec<f64> {
                times.iter().map(|(base, head)| rng::ln((head * unit) / (base * unit))).collect()
            };
            let (one, other) = (interval(&ratios(1.0)), interval(&ratios(unit)));
            let (one, other) = (one.expect("enough"), other.expect("enough"));
            prop_assert!((one.low - other.low).abs() < 1e-9);
            prop_assert!((one.median - other.median).abs() < 1e-9);
            prop_assert!((one.high - other.high).abs() < 1e-9);
        }

        /// Base that is told from itself spoils a look, whichever of its names is the slower.
        #[test]
        fn the_null_control_has_no_side(null in pairs()) {
            let look = |sign: f64| Look {
                head: vec![0.0; 20],
                null: null.iter().map(|pair| sign * pair).collect(),
            };
            let spoiled = |sign| matches!(decide(&look(sign), None), Decision::Invalid(_));
            prop_assert_eq!(spoiled(1.0), spoiled(-1.0));
        }

        /// The interval is what counting by hand gives: as many pairs outside on either side.
        #[test]
        fn as_many_lie_below_as_above(pairs in pairs()) {
            let Interval { low, median, high } = interval(&pairs).expect("enough");
            let below = pairs.iter().filter(|&&pair| pair < low).count();
            let above = pairs.iter().filter(|&&pair| pair > high).count();
            prop_assert!(low <= median && median <= high);
            prop_assert_eq!(below, above);
            prop_assert_eq!(Some(below + 1), rank(pairs.len()));
        }
    }
}
