//! What feedback reaches, and what it must not.

use super::bench::Bench;
use super::{Case, Halt};
use crate::experiment::nudge::{Nudge, Pair, Setting, What, Whom};
use crate::market::FeedbackSpec;

/// A review that nobody hears of.
pub const CUT: Case = Case {
    name: "channels-cut",
    says: "With all channels of feedback cut, one review more changes nothing but itself, to the bit.",
    source: "by construction: facts reach choices through the four channels alone",
    worlds: 4,
    settings: 2,
    cost_s: 8.0,
    check: cut,
};

/// The day on which the review is published: when sellers have credit to lose.
const DAY: u32 = 10;

fn cut(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let weeks = setting.scenario.weeks;
    if weeks * 7 < DAY + 7 {
        return Err(Halt::Unfit(format!("the review comes on day {DAY}, so it takes 3 weeks")));
    }
    let nudge = Nudge {
        what: What::Review(1),
        whom: Whom::Greatest,
        day: DAY,
        weeks: (weeks * 7 - DAY) / 7,
    };
    let open = FeedbackSpec { ranking: true, display: true, staff: true, sellers: true };
    let of = |name: &str, open| Setting { name: name.to_owned(), cut: None, open };
    let channels = [of("all cut", FeedbackSpec::CUT), of("all open", open)];
    let pairs = bench.nudges(&setting, &nudge, &channels)?;
    let share = |channels: usize, what: fn(&Pair) -> bool| {
        let of = pairs.iter().filter(|pair| pair.setting == channels);
        let (all, some) = of.fold((0.0, 0.0), |(all, some), pair| {
            (all + 1.0, some + f64::from(u8::from(what(pair))))
        });
        some / all
    };
    let nudged = share(0, |pair| pair.complete && pair.seller.is_some());
    bench.answer("worlds in which somebody was nudged", 1.0, nudged, 0.0);
    let same = share(0, |pair| pair.identical);
    bench.answer("twins that are the same, all cut", 1.0, same, 0.0);
    // A comparison that never finds a difference would prove nothing.
    let same = share(1, |pair| pair.identical);
    bench.answer("twins that are the same, all open", 0.0, same, 0.0);
    Ok(())
}
