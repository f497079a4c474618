//! How much a team can do in a day.

/// Turns a rate of cases a day into whole cases: a fraction is carried over to the next day, whole
/// cases that nobody asked for are not (idle people cannot work yesterday's hours tomorrow).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Capacity {
    carried: f64,
}

impl Capacity {
    /// The cases that can be worked today at `rate` cases a day.
    pub fn open(&mut self, rate: f64) -> u32 {
        debug_assert!(rate >= 0.0, "a rate of {rate} cases a day");
        self.carried += rate;
        let whole = libm::floor(self.carried);
        self.carried -= whole;
        whole as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_comes_out_in_the_long_run_and_never_ahead_of_time() {
        for rate in [0.0, 0.1, 0.5, 1.0, 2.75, 19.3] {
            let mut team = Capacity::default();
            let mut total = 0u32;
            for day in 1..=1000 {
                total += team.open(rate);
                let due = rate * f64::from(day);
                assert!(f64::from(total) <= due + 1e-6, "rate {rate}: {total} by day {day}");
                assert!(f64::from(total) > due - 1.001, "rate {rate}: {total} by day {day}");
            }
        }
    }
}
