//! Time, and what queries take of it.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// Queries that are timed together where one takes less than the clock can tell.
const TOGETHER: u32 = 16;
/// Below this mean [ns] they are too fast for the clock, which steps by 10 ns on some machines.
const FAST_NS: f64 = 100.0;

/// The longest time that is told from longer ones [tenths of ns]: a minute and a half.
const LONGEST: u64 = 1_000_000_000_000;

/// What queries took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    /// Median of queries timed one by one [ns].
    pub single_p50: f64,
    /// Median of the means of 16 different queries timed together [ns].
    pub together_p50: f64,
    /// The 99th percentile of queries timed one by one [ns].
    pub p99: f64,
    /// Mean of the fastest 99 of 100 [ns]: the others were mostly interrupted by the system.
    pub usual_mean: f64,
    /// Mean of all, whatever they waited for [ns].
    pub mean: f64,
}

impl Times {
    /// Whether one query is too fast for the clock.
    pub fn fast(self) -> bool {
        self.usual_mean < FAST_NS
    }

    /// The median to go by [ns].
    pub fn p50(self) -> f64 {
        if self.fast() { self.together_p50 } else { self.single_p50 }
    }
}

/// Reads the cycle counter.
#[derive(Debug, Clone)]
pub struct Clock {
    clock: quanta::Clock,
    start: u64,
    /// What a reading costs [ns].
    pub cost_ns: f64,
}

impl Clock {
    /// A calibrated clock.
    pub fn calibrated() -> Clock {
        let clock = quanta::Clock::new();
        let start = clock.raw();
        let reading = |_| {
            let (from, n) = (clock.raw(), 1_000);
            for _ in 0..n {
                black_box(clock.raw());
            }
            clock.delta_as_nanos(from, clock.raw()) as f64 / f64::from(n)
        };
        // The least of many, as somebody else may have had the core in between.
        let cost_ns = (0..100).map(reading).fold(f64::INFINITY, f64::min);
        Clock { clock, start, cost_ns }
    }

    /// Time since the clock was made [ns].
    pub fn now_ns(&self) -> u64 {
        self.clock.delta_as_nanos(self.start, self.clock.raw())
    }

    /// Sleeps until a time of this clock [ns].
    pub fn sleep_until(&self, due_ns: u64) {
        let now = self.now_ns();
        if due_ns > now {
            thread::sleep(Duration::from_nanos(due_ns - now));
        }
    }

    /// Asks for a while.
    ///
    /// # Errors
    /// If a query fails.
    pub fn warm_up(&self, for_ns: u64, ask: &mut impl FnMut() -> Result<()>) -> Result<()> {
        self.run(for_ns, TOGETHER, ask, |_| ())?;
        Ok(())
    }

    /// Times queries: half of the while one by one, the other half together.
    ///
    /// # Errors
    /// If a query fails.
    pub fn time(&self, for_ns: u64, ask: &mut impl FnMut() -> Result<()>) -> Result<Times> {
        // In tenths, as means are.
        let tenths = |ns: f64| (10.0 * ns).round() as u64;
        let empty = Histogram::<u64>::new_with_bounds(1, LONGEST, 3)?;
        let (mut single, mut grouped) = (empty.clone(), empty);
        let mut mean = self.run(for_ns / 2, 1, ask, |ns| single.saturating_record(tenths(ns)))?;
        let mean_together = self.run(for_ns / 2, TOGETHER, ask, |ns| {
            grouped.saturating_record(tenths(ns));
        })?;
        let mut usual_mean = mean_to_p99(&grouped) / 10.0;
        if usual_mean < FAST_NS {
            mean = mean_together;
        } else {
            usual_mean = mean_to_p99(&single) / 10.0;
        }
        let at = |times: &Histogram<u64>, q| times.value_at_quantile(q) as f64 / 10.0;
        let (single_p50, together_p50) = (at(&single, 0.5), at(&grouped, 0.5));
        Ok(Times { single_p50, together_p50, p99: at(&single, 0.99), usual_mean, mean })
    }

    /// Asks for a while, so many queries between two readings; `record` is told what one took [ns], less
    /// what the clock itself takes. Says the mean of all [ns].
    fn run(
        &self,
        for_ns: u64,
        together: u32,
        ask: &mut impl FnMut() -> Result<()>,
        mut record: impl FnMut(f64),
    ) -> Result<f64> {
        let begun = self.clock.raw();
        let (mut n, mut sum) = (0.0, 0.0);
        loop {
            let start = self.clock.raw();
            for _ in 0..together {
                ask()?;
            }
            let end = self.clock.raw();
            let took = self.clock.delta_as_nanos(start, end) as f64 - self.cost_ns;
            record(took.max(0.0) / f64::from(together));
            n += f64::from(together);
            sum += took;
            if self.clock.delta_as_nanos(begun, end) >= for_ns {
                return Ok(sum / n);
            }
        }
    }
}

/// The mean of the least 99 of 100 values.
fn mean_to_p99(values: &Histogram<u64>) -> f64 {
    let mut left = (0.99 * values.len() as f64).ceil();
    let (mut n, mut sum) = (0.0, 0.0);
    for bucket in values.iter_recorded() {
        let taken = left.min(bucket.count_at_value() as f64);
        n += taken;
        sum += taken * values.median_equivalent(bucket.value_iterated_to()) as f64;
        left -= taken;
    }
    sum / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_of_a_hundred_is_left_out() {
        let mut values = Histogram::<u64>::new_with_bounds(1, LONGEST, 3).expect("bounds");
        for value in 1..=99 {
            values.record(value).expect("a value in bounds");
        }
        values.record(1_000_000).expect("a value in bounds");
        assert_eq!(mean_to_p99(&values), 50.0);
    }
}
