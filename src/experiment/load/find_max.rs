//! The greatest rate at which every threshold still holds.
//!
//! A closed loop says what the core can do at most: no open rate beyond it can be served. From a small
//! part of it the rate is doubled until a probe fails, then the gap between the greatest rate that passed
//! and the least that failed is halved (on the scale of ratios) down to [`CLOSE_ENOUGH`]. What is found is
//! confirmed by a longer probe, and lowered step by step if that fails.

/// Where the search ends: failed over passed.
pub const CLOSE_ENOUGH: f64 = 1.05;
/// The search begins at this part of the bound, so that the doublings draw the curve's flat part.
const FIRST: f64 = 1.0 / 64.0;
/// Below this part of the bound nothing is looked for.
const LEAST: f64 = 1.0 / 65_536.0;
/// Probes that the environment spoiled are tried so often in all.
const TRIES: u32 = 3;
/// Confirmations that may fail before the search gives up.
const CONFIRMATIONS: u32 = 8;

/// How long a probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// To find the way.
    Short,
    /// To be sure.
    Long,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every threshold held, and the core kept up.
    Passed,
    /// One did not, or the core fell behind.
    Failed,
    /// The harness was the bottleneck, so nothing is known.
    Invalid,
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// The greatest rate that passed, confirmed by a long probe [1/s].
    Rate(f64),
    /// No rate passed, down to a small part of what a closed loop reaches.
    None,
    /// A rate could not be judged [1/s].
    Invalid(f64),
    /// Somebody stopped the search.
    Stopped,
}

/// Searches below `bound`, what a closed loop reached [1/s]. `probe` runs one rate on a fresh state; it
/// answers nothing when somebody asked to stop.
pub fn find_max(bound: f64, probe: impl FnMut(f64, Length) -> Option<Verdict>) -> Found {
    let mut search = Search { probe };
    match search.run(bound) {
        Ok(found) | Err(found) => found,
    }
}

struct Search<P> {
    probe: P,
}

impl<P: FnMut(f64, Length) -> Option<Verdict>> Search<P> {
    /// Whether a rate passes; an error is the end of the search.
    fn passes(&mut self, rate: f64, length: Length) -> Result<bool, Found> {
        for _ in 0..TRIES {
            match (self.probe)(rate, length) {
                None => return Err(Found::Stopped),
                Some(Verdict::Passed) => return Ok(true),
                Some(Verdict::Failed) => return Ok(false),
                Some(Verdict::Invalid) => {}
            }
        }
        Err(Found::Invalid(rate))
    }

    fn run(&mut self, bound: f64) -> Result<Found, Found> {
        let (mut good, mut bad) = (None, bound);
        let mut rate = bound * FIRST;
        loop {
            if self.passes(rate, Length::Short)? {
                good = Some(rate);
                // The bound itself is no rate to try: no open loop can hold it for long.
                if rate * 2.0 >= bad {
                    break;
                }
                rate *= 2.0;
            } else {
                bad = rate;
                if good.is_some() || rate < bound * LEAST {
                    break;
                }
                rate /= 2.0;
            }
        }
        let Some(mut good) = good else { return Ok(Found::None) };
        while bad / good > CLOSE_ENOUGH {
            let rate = (good * bad).sqrt();
            if self.passes(rate, Length::Short)? { good = rate } else { bad = rate }
        }
        for _ in 0..CONFIRMATIONS {
            if self.passes(good, Length::Long)? {
                return Ok(Found::Rate(good));
            }
            good /= CLOSE_ENOUGH;
        }
        Ok(Found::None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_found_where_nothing_passes() {
        let mut probes = 0;
        let found = find_max(1e6, |_, _| {
            probes += 1;
            Some(Verdict::Failed)
        });
        assert_eq!(found, Found::None);
        assert!(probes < 16, "{probes} probes");
    }

    #[test]
    fn a_spoiled_probe_is_tried_again_and_then_said() {
        let mut spoiled = 0;
        let found = find_max(1e6, |rate, _| {
            spoiled += u32::from(rate > 2e5);
            Some(if rate > 2e5 { Verdict::Invalid } else { Verdict::Passed })
        });
        assert!(matches!(found, Found::Invalid(rate) if rate > 2e5), "{found:?}");
        assert_eq!(spoiled, TRIES);
        // Spoiled once, it is judged by the second try.
        let mut first = true;
        let found = find_max(1e6, |rate, _| {
            if std::mem::take(&mut first) {
                return Some(Verdict::Invalid);
            }
            Some(if rate > 3e5 { Verdict::Failed } else { Verdict::Passed })
        });
        assert!(matches!(found, Found::Rate(rate) if rate <= 3e5 && rate * CLOSE_ENOUGH > 3e5));
    }

    #[test]
    fn who_stops_it_gets_no_rate() {
        let mut left = 3;
        let found = find_max(1e6, |_, _| {
            left -= 1;
            (left > 0).then_some(Verdict::Passed)
        });
        assert_eq!(found, Found::Stopped);
    }

    proptest! {
        /// Where all below a limit pass, the limit is found from below to the stated closeness, whatever
        /// it is; a long probe that is stricter lowers it by steps of the same size.
        #[test]
        fn the_limit_is_found(bound in 1e3..1e8f64, part in 1e-4..0.999f64, strict in 0.8..1.0f64) {
            let limit = bound * part;
            let mut probes = 0;
            let found = find_max(bound, |rate, length| {
                probes += 1;
                let limit = if length == Length::Long { limit * strict } else { limit };
                Some(if rate <= limit { Verdict::Passed } else { Verdict::Failed })
            });
            let Found::Rate(rate) = found else { panic!("{found:?} of {limit}") };
            prop_assert!(rate <= limit * strict);
            prop_assert!(rate * CLOSE_ENOUGH * CLOSE_ENOUGH >= limit * strict, "{} of {}", rate, limit);
            prop_assert!(probes <= 30, "{} probes", probes);
        }
    }
}
