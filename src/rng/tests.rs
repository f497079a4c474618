//! Draws against what is known of them: quantiles, and `rand_distr` as the samplers' oracle.

use proptest::prelude::*;
use rand_distr::Distribution;

use super::*;

/// Lets `rand_distr` draw from a stream.
impl rand::TryRng for Stream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(Stream::next_u32(self))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let low = u64::from(Stream::next_u32(self));
        Ok(low | u64::from(Stream::next_u32(self)) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(4) {
            let word = Stream::next_u32(self).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

const DRAWS: usize = 100_000;

/// The greatest distance between two empirical distribution functions (Kolmogorov and Smirnov).
fn distance(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let below =
        |sorted: &[f64], x: f64| sorted.partition_point(|y| *y <= x) as f64 / sorted.len() as f64;
    let at = |x: &f64| (below(&a, *x) - below(&b, *x)).abs();
    a.iter().chain(&b).map(at).fold(0.0, f64::max)
}

/// Holds a sampler to draw as `oracle` does. Of equal laws one in a thousand pairs of samples is
/// farther apart than this, and the seeds are fixed.
fn agrees(what: &str, mut sampler: impl FnMut(&mut Stream) -> f64, oracle: impl Distribution<f64>) {
    let stream = |seed| Dice::new(seed, 0).stream(1, 2, Purpose::Outcome);
    let (mut ours, mut theirs) = (stream(1), stream(2));
    let ours: Vec<f64> = (0..DRAWS).map(|_| sampler(&mut ours)).collect();
    let theirs: Vec<f64> = (0..DRAWS).map(|_| oracle.sample(&mut theirs)).collect();
    let apart = distance(ours, theirs);
    let allowed = 1.95 * (2.0 / DRAWS as f64).sqrt();
    assert!(apart < allowed, "{what}: {apart} apart, {allowed} allowed, seeds 1 and 2");
}

#[test]
fn samplers_draw_as_those_of_rand_distr_do() {
    use rand_distr::{Beta, Binomial, Exp1, Gamma, LogNormal, Normal, Poisson};
    agrees("normal", |s| normal(s, 3.0, 2.0), Normal::new(3.0, 2.0).unwrap());
    agrees("lognormal", |s| lognormal(s, 2.85, 1.53), LogNormal::new(2.85, 1.53).unwrap());
    agrees("exponential", exponential, Exp1);
    for shape in [0.3, 1.0, 2.6, 40.0] {
        agrees("gamma", |s| gamma(s, shape), Gamma::new(shape, 1.0).unwrap());
    }
    for (a, b) in [(2.9, 34.4), (0.5, 0.5), (1.0, 99.0)] {
        agrees("beta", |s| beta(s, a, b), Beta::new(a, b).unwrap());
    }
    for mean in [0.02, 3.0, 11.9, 12.1, 400.0, 1e6] {
        agrees("poisson", |s| f64::from(poisson(s, mean)), Poisson::new(mean).unwrap());
    }
    let whole = Binomial::new(30, 0.2).unwrap().map(|n| n as f64);
    agrees("binomial", |s| f64::from(binomial(s, 30, 0.2)), whole);
}

/// A Poisson of gamma mean, put together from the oracle's parts.
#[test]
fn the_negative_binomial_is_a_poisson_of_gamma_mean() {
    struct Mixed(rand_distr::Gamma<f64>);
    impl Distribution<f64> for Mixed {
        fn sample<R: rand::Rng + ?Sized>(&self, rng: &mut R) -> f64 {
            rand_distr::Poisson::new(self.0.sample(rng)).unwrap().sample(rng)
        }
    }
    let (mean, k) = (9.975, 2.6);
    let oracle = Mixed(rand_distr::Gamma::new(k, mean / k).unwrap());
    agrees("negative binomial", |s| f64::from(negative_binomial(s, mean, k)), oracle);
}

#[test]
fn a_wrong_sampler_is_found() {
    let wrong = || agrees("wrong", |s| normal(s, 0.04, 1.0), rand_distr::StandardNormal);
    let found = std::panic::catch_unwind(wrong);
    assert!(found.is_err(), "a mean that is 4 % of a standard deviation off was not seen");
}

#[test]
fn normal_quantiles_are_the_published_ones() {
    // Abramowitz and Stegun, table 26.5, and Wichura's own test values.
    for (p, z) in [
        (0.5, 0.0),
        (0.25, -0.674_489_750_196_081_7),
        (0.001, -3.090_232_306_167_813_5),
        (1e-20, -9.262_340_089_798_408),
        (0.975, 1.959_963_984_540_054),
    ] {
        let got = unit_normal(p);
        assert!((got - z).abs() <= 4e-15 * z.abs().max(1.0), "{p}: {got} is not {z}");
    }
}

#[test]
fn worlds_purposes_and_names_share_no_draw() {
    let mut seen = std::collections::BTreeSet::new();
    for (seed, world) in [(1, 0), (2, 0), (1, 1), (0, 0), (0, 1)] {
        for (who, about) in [(0, 0), (1, 0), (0, 1), (1 << 32, 0), (u64::MAX, u32::MAX)] {
            for purpose in [Purpose::Product, Purpose::Outcome, Purpose::Mood] {
                let block = Dice::new(seed, world).block(who, about, purpose);
                assert!(seen.insert(block.0), "{seed} {world} {who} {about} {purpose:?}");
            }
        }
    }
}

proptest! {
    /// A stream begins with the block of its key, and goes on with blocks that are no purpose's.
    #[test]
    fn a_stream_begins_with_its_block(seed: u64, world: u32, who: u64, about: u32) {
        let dice = Dice::new(seed, world);
        let mut stream = dice.stream(who, about, Purpose::Delay);
        let first: [u32; 4] = std::array::from_fn(|_| stream.next_u32());
        prop_assert_eq!(first, dice.block(who, about, Purpose::Delay).0);
        let second: [u32; 4] = std::array::from_fn(|_| stream.next_u32());
        prop_assert_ne!(first, second);
    }

    #[test]
    fn uniforms_lie_inside_and_whole_numbers_below(bits: [u32; 4], n in 1u32.., wide: u64) {
        let block = Block(bits);
        for i in 0..4 {
            prop_assert!(block.unit(i) > 0.0 && block.unit(i) < 1.0);
            prop_assert!(block.below(i, n) < n);
        }
        prop_assert!(block.fine_unit(1) > 0.0 && unit64(wide) > 0.0 && unit64(wide) < 1.0);
    }

    /// Over all 2^32 draws an index comes up as often as its weight says, to the rounding of the table.
    #[test]
    fn an_alias_table_keeps_its_weights(
        weights in proptest::collection::vec(0.0..1.0f64, 1..40), zero in 0usize..40,
    ) {
        let mut weights = weights;
        if weights.len() > 1 && zero < weights.len() {
            weights[zero] = 0.0;
        }
        prop_assume!(weights.iter().sum::<f64>() > 1e-3);
        let table = Alias::new(&weights);
        let total: f64 = weights.iter().sum();
        let grid = 1u32 << 16;
        let mut hits = vec![0u32; weights.len()];
        (0..grid).for_each(|i| hits[table.pick(i << 16 | 0x8000) as usize] += 1);
        for (i, (&hit, weight)) in hits.iter().zip(&weights).enumerate() {
            let (got, share) = (f64::from(hit) / f64::from(grid), weight / total);
            // Each column that lends to an index can be off by one step of the grid.
            let allowed = (weights.len() + 1) as f64 / f64::from(grid);
            prop_assert!((got - share).abs() <= allowed, "index {i}: {got} for {share} {weights:?}");
        }
    }
}
