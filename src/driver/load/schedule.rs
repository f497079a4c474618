//! When requests are due: a pure function of (seed, driver, i), however late the answers are.
//!
//! Each driver has arrivals of rate 1, Poisson or uniform; the `i`-th gap between them is keyed by
//! (seed, driver, `i`). Stages give the rate at every moment, and with it how many arrivals of rate 1
//! have come by then; an arrival is due when that number reaches it (time-rescaling: Brown, Barbieri,
//! Ventura, Kass and Frank 2002). So the same seed asks for the same requests at every rate, only closer
//! together.

use std::fmt;
use std::slice;
use std::str::FromStr;

use crate::quantity::{QuantityError, Rate, Span, shown};
use crate::rng::{Block, Dice, Purpose, ln};

/// Parts that a gap of rate 1 is counted in: sums are exact, whatever they are added from.
const UNIT: f64 = (1_u64 << UNIT_BITS) as f64;
const UNIT_BITS: u32 = 24;

/// Arrivals that a driver may have [1]: what 64 bits hold of [`UNIT`]s.
const MOST: u64 = 1 << 39;

/// The greatest time there is: 2^63 − 1, about 292 years [ns].
const LONGEST: u64 = i64::MAX as u64;

/// Why there is no such schedule.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// A stage is not of the form.
    #[error("stage {0} has no `@`: write DURATION@RATE, as in `10s@200k`")]
    NoAt(String),
    /// A stage whose length is negative.
    #[error("stage {0} goes back in time: its duration must be at least 1ns, as in `10s@200k`")]
    Back(String),
    /// A stage whose length or rate cannot be read.
    #[error("stage {stage}: {why}")]
    Quantity {
        /// What was read, as it is printed.
        stage: String,
        /// What is wrong with it.
        #[source]
        why: QuantityError,
    },
    /// Arrivals of another name.
    #[error("unknown arrivals {0}: write poisson or uniform")]
    Arrivals(String),
    /// A list without a stage.
    #[error("there is no stage: give one at least, as in `10s@200k`")]
    Empty,
    /// A stage that takes no time.
    #[error("stage `{0}` takes no time: its duration must be at least 1ns")]
    NoTime(Stage),
    /// Nobody asks.
    #[error("stage `{0}` has a rate of zero: it must be more than 0/s")]
    NoRate(Stage),
    /// More time than there is.
    #[error("the stages take longer than {LONGEST}ns (about 292 years) up to `{0}`")]
    TooLong(Stage),
    /// More arrivals than can be counted.
    #[error("the stages ask for more than {MOST} requests of a driver up to `{0}`")]
    TooMany(Stage),
    /// Nobody to share it out to.
    #[error("there is no driver: it takes 1 at least")]
    NoDriver,
    /// Recorded moments that are not in order.
    #[error("request {number} of the recording goes back in time, from {before}ns to {at}ns")]
    Disorder {
        /// Which it is, from 0.
        number: usize,
        /// The moment before it [ns].
        before: u64,
        /// Its moment [ns].
        at: u64,
    },
    /// A recording without a request.
    #[error("the recording holds no request within its {0}ns")]
    Nothing(u64),
    /// A factor by which no time can be compressed.
    #[error("time cannot go by {0} times as fast: write a number above 0")]
    Factor(f64),
    /// A recording that takes too long at its factor.
    #[error("the recording takes longer than {LONGEST}ns (about 292 years) at {0} times its speed")]
    TooSlow(f64),
}

/// How requests come at a given rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrivals {
    /// Independently of one another, as those of many people do: gaps are exponential.
    #[default]
    Poisson,
    /// At equal distances, drivers in turn.
    Uniform,
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arrivals::Poisson => "poisson",
            Arrivals::Uniform => "uniform",
        })
    }
}

impl FromStr for Arrivals {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let all = [Arrivals::Poisson, Arrivals::Uniform];
        let found = all.into_iter().find(|arrivals| arrivals.to_string() == text);
        found.ok_or_else(|| ScheduleError::Arrivals(shown(text)))
    }
}

/// A time at a constant rate; from one stage to the next the rate steps. Written `10s@200k`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// How long it lasts.
    pub length: Span,
    /// Requests that all drivers together are asked for.
    pub rate: Rate,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.length, self.rate)
    }
}

impl FromStr for Stage {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let (length, rate) =
            text.split_once('@').ok_or_else(|| ScheduleError::NoAt(shown(text)))?;
        if length.starts_with('-') {
            return Err(ScheduleError::Back(shown(text)));
        }
        let quantity = |why| ScheduleError::Quantity { stage: shown(text), why };
        let stage = Stage {
            length: length.parse().map_err(quantity)?,
            rate: rate.parse().map_err(quantity)?,
        };
        stage.checked()
    }
}

impl Stage {
    fn checked(self) -> Result<Stage, ScheduleError> {
        if self.length.as_nanos() == 0 {
            return Err(ScheduleError::NoTime(self));
        }
        if self.rate.per_second() <= 0.0 {
            return Err(ScheduleError::NoRate(self));
        }
        Ok(self)
    }
}

/// A stage as a driver sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    /// When it begins and ends [ns].
    begin: u64,
    end: u64,
    /// Arrivals of rate 1 by then [2^-24].
    before: u64,
    after: u64,
    /// Time of one [ns for each 2^-24].
    pace: f64,
}

/// Stages, one after the other, shared out to drivers.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    arrivals: Arrivals,
    seed: u64,
    drivers: u32,
    segments: Vec<Segment>,
}

impl Schedule {
    /// The schedule of `stages` for so many drivers, each of which gets an equal part of the rate.
    ///
    /// # Errors
    /// When there is no stage or no driver, a stage takes no time or asks for nothing, or all of them ask
    /// for more time or requests than can be counted.
    pub fn new(
        arrivals: Arrivals,
        stages: &[Stage],
        seed: u64,
        drivers: u32,
    ) -> Result<Schedule, ScheduleError> {
        if stages.is_empty() {
            return Err(ScheduleError::Empty);
        }
        if drivers == 0 {
            return Err(ScheduleError::NoDriver);
        }
        let (mut begin, mut before) = (0_u64, 0_u64);
        let mut segments = Vec::with_capacity(stages.len());
        for &stage in stages {
            let stage = stage.checked()?;
            let length = stage.length.as_nanos();
            let end = begin.checked_add(length).filter(|&end| end <= LONGEST);
            let end = end.ok_or(ScheduleError::TooLong(stage))?;
            // Arrivals in a nanosecond, for one driver.
            let rate = stage.rate.per_second() / f64::from(drivers) * 1e-9;
            let asked = rate * length as f64;
            if asked + before as f64 / UNIT > MOST as f64 {
                return Err(ScheduleError::TooMany(stage));
            }
            let after = before + (asked * UNIT + 0.5) as u64;
            segments.push(Segment { begin, end, before, after, pace: 1.0 / (rate * UNIT) });
            (begin, before) = (end, after);
        }
        Ok(Schedule { arrivals, seed, drivers, segments })
    }

    /// The moments at which a driver's requests are due, from its `i`-th on: what is left of
    /// [`Timetable::starts`] after so many. Takes time in proportion to `i`.
    pub fn starts_from(&self, driver: u32, i: u64) -> Starts<'_> {
        let mut drawn = Drawn {
            gaps: Gaps::new(self.arrivals, self.seed, driver, self.drivers),
            segments: &self.segments,
            sum: 0,
        };
        for _ in 0..i {
            drawn.sum = drawn.sum.saturating_add(drawn.gaps.next());
        }
        Starts(Kind::Drawn(drawn))
    }

    fn length(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.end)
    }
}

/// Requests at recorded moments, at another speed.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay<'a> {
    /// Driver by driver.
    offsets: Vec<&'a [u64]>,
    length: u64,
    factor: f64,
}

impl<'a> Replay<'a> {
    /// A recording of `length` [ns], gone through `factor` times as fast. Each driver has `offsets` of its
    /// own [ns], in order: who deals them out knows what must stay together.
    ///
    /// # Errors
    /// When there is no request within the length or no driver, offsets are not in order, the factor is
    /// not above 0, or what is left of the time is more than there is.
    pub fn new(
        offsets: &[&'a [u64]],
        length: u64,
        factor: f64,
    ) -> Result<Replay<'a>, ScheduleError> {
        if offsets.is_empty() {
            return Err(ScheduleError::NoDriver);
        }
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(ScheduleError::Factor(factor));
        }
        for of_one in offsets {
            if let Some(i) = of_one.windows(2).position(|two| two[1] < two[0]) {
                let (before, at) = (of_one[i], of_one[i + 1]);
                return Err(ScheduleError::Disorder { number: i + 1, before, at });
            }
        }
        let within = |of_one: &&'a [u64]| &of_one[..of_one.partition_point(|&at| at < length)];
        let offsets: Vec<&[u64]> = offsets.iter().map(within).collect();
        if offsets.iter().all(|of_one| of_one.is_empty()) {
            return Err(ScheduleError::Nothing(length));
        }
        if length as f64 / factor >= LONGEST as f64 {
            return Err(ScheduleError::TooSlow(factor));
        }
        Ok(Replay { offsets, length, factor })
    }

    fn length(&self) -> u64 {
        scaled(self.length, self.factor)
    }
}

fn scaled(at: u64, factor: f64) -> u64 {
    (at as f64 / factor) as u64
}

/// When requests are due, wherever that is known from.
#[derive(Debug, Clone, PartialEq)]
pub enum Timetable<'a> {
    /// Drawn.
    Drawn(Schedule),
    /// Recorded.
    Replay(Replay<'a>),
}

impl Timetable<'_> {
    /// The moments at which a driver's requests are due [ns since the run began], in order.
    pub fn starts(&self, driver: u32) -> Starts<'_> {
        match self {
            Timetable::Drawn(schedule) => schedule.starts_from(driver, 0),
            Timetable::Replay(replay) => {
                let mine = replay.offsets.get(driver as usize).copied().unwrap_or_default();
                Starts(Kind::Given(mine.iter(), replay.factor))
            }
        }
    }

    /// Drivers that it is shared out to.
    pub fn drivers(&self) -> u32 {
        match self {
            Timetable::Drawn(schedule) => schedule.drivers,
            Timetable::Replay(replay) => replay.offsets.len() as u32,
        }
    }

    /// How long it asks [ns].
    pub fn length(&self) -> u64 {
        match self {
            Timetable::Drawn(schedule) => schedule.length(),
            Timetable::Replay(replay) => replay.length(),
        }
    }
}

/// The moments at which a driver's requests are due [ns since the run began], in order.
#[derive(Debug, Clone)]
pub struct Starts<'a>(Kind<'a>);

#[derive(Debug, Clone)]
enum Kind<'a> {
    Drawn(Drawn<'a>),
    Given(slice::Iter<'a, u64>, f64),
}

impl Iterator for Starts<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        match &mut self.0 {
            Kind::Drawn(drawn) => drawn.next(),
            Kind::Given(offsets, factor) => offsets.next().map(|&at| scaled(at, *factor)),
        }
    }
}

#[derive(Debug, Clone)]
struct Drawn<'a> {
    gaps: Gaps,
    /// What is not over.
    segments: &'a [Segment],
    /// The arrival of rate 1 that came last [2^-24].
    sum: u64,
}

impl Drawn<'_> {
    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.sum = self.sum.saturating_add(self.gaps.next());
        loop {
            let segment = self.segments.first()?;
            if self.sum < segment.after {
                let into = (self.sum - segment.before) as f64 * segment.pace;
                // Rounding must not carry the last arrival into the stage behind.
                return Some((segment.begin + (into + 0.5) as u64).min(segment.end - 1));
            }
            self.segments = &self.segments[1..];
        }
    }
}

/// Gaps between arrivals of rate 1 [2^-24]: the `i`-th is a function of (seed, driver, `i`).
#[derive(Debug, Clone)]
struct Gaps {
    arrivals: Arrivals,
    dice: Dice,
    driver: u32,
    drivers: u32,
    i: u64,
    /// The draws of two gaps.
    block: Block,
}

impl Gaps {
    fn new(arrivals: Arrivals, seed: u64, driver: u32, drivers: u32) -> Self {
        let (dice, block) = (Dice::new(seed, 0), Block([0; 4]));
        Gaps { arrivals, dice, driver, drivers, i: 0, block }
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let i = self.i;
        self.i += 1;
        match self.arrivals {
            // The first of driver d comes d of D parts of a gap late, so that drivers take turns.
            Arrivals::Uniform if i == 0 => {
                (f64::from(self.driver) / f64::from(self.drivers) * UNIT) as u64
            }
            Arrivals::Uniform => 1 << UNIT_BITS,
            Arrivals::Poisson => {
                if i & 1 == 0 {
                    self.block = self.dice.block(i >> 1, self.driver, Purpose::Due);
                }
                (-ln(self.block.fine_unit((i & 1) as usize)) * UNIT) as u64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stages(texts: &[&str]) -> Vec<Stage> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn drawn(arrivals: Arrivals, texts: &[&str], seed: u64, drivers: u32) -> Timetable<'static> {
        Timetable::Drawn(Schedule::new(arrivals, &stages(texts), seed, drivers).unwrap())
    }

    #[test]
    fn uniform_drivers_take_turns_through_steps_of_the_rate() {
        let table = drawn(Arrivals::Uniform, &["2ms@2k", "1ms@8k"], 1, 2);
        let of = |driver| table.starts(driver).collect::<Vec<u64>>();
        assert_eq!(of(0), [0, 1_000_000, 2_000_000, 2_250_000, 2_500_000, 2_750_000]);
        assert_eq!(of(1), [500_000, 1_500_000, 2_125_000, 2_375_000, 2_625_000, 2_875_000]);
        assert_eq!((table.length(), table.drivers()), (3_000_000, 2));
    }

    /// The first arrivals against their definition, drawn gap by gap.
    #[test]
    fn poisson_arrivals_are_keyed_and_rescaled() {
        let (seed, driver) = (42, 3);
        let dice = Dice::new(seed, 0);
        let mut unit = 0.0;
        let table = drawn(Arrivals::Poisson, &["10ms@8k", "10ms@80k"], seed, 4);
        let starts: Vec<u64> = table.starts(driver).collect();
        for (i, &at) in starts.iter().enumerate() {
            let block = dice.block(i as u64 / 2, driver, Purpose::Due);
            unit -= libm::log(block.fine_unit(i % 2));
            // 2,000/s for this driver, 20 arrivals in the first stage, then 20,000/s.
            let due = if unit < 20.0 { unit * 5e5 } else { 1e7 + (unit - 20.0) * 5e4 };
            assert!((at as f64 - due).abs() < 20.0, "{i}: {at}, not {due}");
        }
        let expected = 20.0 + 200.0;
        assert!((starts.len() as f64 - expected).abs() < 5.0 * f64::sqrt(expected));
        assert_ne!(starts, table.starts(2).collect::<Vec<u64>>(), "drivers draw for themselves");
    }

    /// Kolmogorov's statistic of gaps, and the index of dispersion of counts, as in the known answers.
    #[test]
    fn poisson_arrivals_are_poisson() {
        let table = drawn(Arrivals::Poisson, &["100s@1k"], 7, 1);
        let starts: Vec<u64> = table.starts(0).collect();
        let n = starts.len() as f64;
        assert!((n - 1e5).abs() < 4.0 * f64::sqrt(1e5), "{n} arrivals");
        let mut gaps: Vec<f64> =
            starts.windows(2).map(|two| (two[1] - two[0]) as f64 / 1e6).collect();
        gaps.sort_by(f64::total_cmp);
        let apart = |(i, gap): (usize, &f64)| (-libm::expm1(-gap) - i as f64 / n).abs();
        let distance = gaps.iter().enumerate().map(apart).fold(0.0, f64::max) * n.sqrt();
        assert!(distance < 1.6276, "√n·D = {distance}");
        let mut bins = [0.0; 1_000];
        starts.iter().for_each(|at| bins[(at / 100_000_000) as usize] += 1.0);
        let spread: f64 = bins.iter().map(|c| (c - 100.0) * (c - 100.0)).sum::<f64>() / 1e5;
        assert!((0.91..1.09).contains(&spread), "index of dispersion {spread}");
    }

    proptest! {
        /// In order, within the stages, in proportion to their rates, and the same from any place.
        #[test]
        fn in_order_and_the_same_from_any_place(
            seed in any::<u64>(),
            poisson in any::<bool>(),
            lengths in prop::collection::vec((1_u64..20_000_000, 1_u32..2_000_000), 1..5),
            drivers in 1_u32..4,
            from in 0_usize..200,
        ) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Uniform };
            let stages: Vec<Stage> = lengths
                .iter()
                .map(|&(ns, rate)| Stage { length: Span::nanos(ns), rate: Rate::of(rate.into()).unwrap() })
                .collect();
            let schedule = Schedule::new(arrivals, &stages, seed, drivers).unwrap();
            let asked: f64 =
                lengths.iter().map(|&(ns, rate)| ns as f64 * 1e-9 * f64::from(rate)).sum();
            let mut all = 0.0;
            for driver in 0..drivers {
                let starts: Vec<u64> = schedule.starts_from(driver, 0).collect();
                prop_assert!(starts.is_sorted());
                prop_assert!(starts.iter().all(|&at| at < schedule.length()));
                let from = from.min(starts.len());
                let rest: Vec<u64> = schedule.starts_from(driver, from as u64).collect();
                prop_assert_eq!(&starts[from..], &rest[..]);
                all += starts.len() as f64;
            }
            let slack = if poisson { 6.0 * asked.sqrt() + 3.0 } else { f64::from(drivers) + 1.0 };
            prop_assert!((all - asked).abs() <= slack, "{} for {}", all, asked);
        }

        /// Whatever is read, an answer and no panic.
        #[test]
        fn garbage_is_refused_or_read(text in "[-0-9a-z@./]{0,14}") {
            if let Ok(stage) = text.parse::<Stage>() {
                prop_assert_eq!(stage.to_string().parse::<Stage>().unwrap(), stage);
                let _ = Schedule::new(Arrivals::Poisson, &[stage, stage], 1, 2);
            }
        }
    }

    #[test]
    fn a_recording_is_shared_out_and_compressed() {
        let (even, odd) = (&[0, 10, 80, 100][..], &[10, 25, 99][..]);
        let table = Timetable::Replay(Replay::new(&[even, odd], 100, 0.5).unwrap());
        assert_eq!(table.starts(0).collect::<Vec<u64>>(), [0, 20, 160]);
        assert_eq!(table.starts(1).collect::<Vec<u64>>(), [20, 50, 198]);
        assert_eq!((table.length(), table.drivers()), (200, 2));
        let fast = Timetable::Replay(Replay::new(&[even], 101, 10.0).unwrap());
        assert_eq!(fast.starts(0).collect::<Vec<u64>>(), [0, 1, 8, 10]);
    }

    #[test]
    fn what_cannot_be_scheduled_says_why() {
        let why = |text: &str| text.parse::<Stage>().unwrap_err().to_string();
        for (text, says) in [
            ("10s", "stage `10s` has no `@`: write DURATION@RATE, as in `10s@200k`"),
            ("-5s@1k", "goes back in time"),
            ("0s@1k", "stage `0s@1000/s` takes no time"),
            ("10s@0", "stage `10s@0/s` has a rate of zero: it must be more than 0/s"),
            ("10s@inf", "stage `10s@inf`: `inf` does not start with a number"),
            ("10s@-1", "`-1` does not start with a number"),
            ("99999999w@1", "`99999999w` is too large"),
            ("@", "`` does not start with a number"),
            ("5@3", "`5` has no unit"),
            ("1s@2@3", "unknown unit"),
        ] {
            let said = why(text).replace("1k/s", "1000/s");
            assert!(said.contains(says), "{text}: {said}");
        }
        let huge = format!("1s@1{}", "0".repeat(400));
        assert!(why(&huge).contains("is too large"), "{}", why(&huge));
        let refused = |texts: &[&str], drivers| {
            Schedule::new(Arrivals::Poisson, &stages(texts), 1, drivers).unwrap_err().to_string()
        };
        assert!(refused(&[], 1).contains("no stage"));
        assert!(refused(&["1s@1"], 0).contains("no driver"));
        assert!(refused(&["15000w@1/d", "15000w@1/d"], 1).contains("292 years"));
        assert!(refused(&["30000w@1/d"], 1).contains("292 years"));
        assert!(refused(&["1000s@1G"], 1).contains("549755813888 requests"));
        let replay = |offsets: &[u64], length, factor, drivers: usize| {
            let all = vec![offsets; drivers];
            Replay::new(&all, length, factor).unwrap_err().to_string()
        };
        assert!(
            replay(&[1, 5, 4], 9, 1.0, 1).contains("request 2 of the recording goes back in time")
        );
        assert!(replay(&[7], 7, 1.0, 1).contains("no request within its 7ns"));
        assert!(replay(&[1], 9, 0.0, 1).contains("a number above 0"));
        assert!(replay(&[1], 9, f64::INFINITY, 1).contains("inf times as fast"));
        assert!(replay(&[1], 9, f64::NAN, 1).contains("NaN"));
        assert!(replay(&[1], u64::MAX, 1.0, 1).contains("292 years"));
        assert!(replay(&[1], 9, 1.0, 0).contains("no driver"));
        assert_eq!("poisson".parse(), Ok(Arrivals::Poisson));
        let wrong = "poison".parse::<Arrivals>().unwrap_err().to_string();
        assert_eq!(wrong, "unknown arrivals `poison`: write poisson or uniform");
    }
}
