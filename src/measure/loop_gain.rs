//! The metrics of nudges: no run has them, only worlds beside their twins.

use super::{Better, Metric};

const GAIN: &str = "orders that a seller gains in the weeks after one more review: mean over worlds of \
                    twin − world";
const CHANNEL: &str = "loop_gain − loop_gain with this channel cut, mean over the same worlds";
const SOURCE: &str = "Salganik, Dodds, Watts 2006; twins by common random numbers";
const SHOCK: &str =
    "own: the impulse response of control engineering, against a twin world without the shock";

const fn gain(name: &'static str, says: &'static str, formula: &'static str) -> Metric {
    let (unit, better, source, weekly) = ("orders/nudge", Better::None, SOURCE, false);
    Metric { name, unit, better, says, formula, source, weekly }
}

const fn days(name: &'static str, better: Better, says: &'static str, at: &'static str) -> Metric {
    Metric { name, unit: "days", better, says, formula: at, source: SHOCK, weekly: false }
}

/// What `nudge` tells, in the order of its report.
pub const LOOP_METRICS: [Metric; 9] = [
    gain(
        "loop_gain",
        "Orders that one more review brings its seller (or takes), through every channel.",
        GAIN,
    ),
    gain("loop_gain_ranking", "What of the loop gain comes by the ranking.", CHANNEL),
    gain(
        "loop_gain_display",
        "What of the loop gain comes by the ratings that shoppers see.",
        CHANNEL,
    ),
    gain("loop_gain_staff", "What of the loop gain comes by monitoring.", CHANNEL),
    gain(
        "loop_gain_sellers",
        "What of the loop gain comes by the sellers' own reactions.",
        CHANNEL,
    ),
    gain(
        "reallocated",
        "Orders that are in other hands because of one nudge.",
        "½Σ|Δ orders| over sellers between a world and its twin, mean over worlds",
    ),
    days(
        "drop_days",
        Better::Lower,
        "How long the box goes on with a seller whose quality has collapsed.",
        "days of a 28-day shock for the worse until the seller's share is under half of its counterfactual over 7 days",
    ),
    days(
        "rise_days",
        Better::Lower,
        "How long it takes the box to find a seller whose quality has become much better.",
        "days of a 28-day shock for the better until the seller's share is over one and a half of its counterfactual over 7 days",
    ),
    days(
        "recovery_days",
        Better::Lower,
        "How long a seller pays for a shock, or profits by it, when it is over.",
        "days from the end of a shock until the seller's share is within 10 % of its counterfactual over 14 days",
    ),
];
