//! What came of nudges: gains, channels, impulse responses, times to turn and to recover.

use std::collections::BTreeMap;

use super::{Nudge, Pair, Setting, Shock, What, Whom};
use crate::market::FeedbackSpec;
use crate::measure::bootstrap::{RESAMPLES, bca, percentiles, resampled};
use crate::store::{ChannelSummary, Estimate, NudgeSummary, SettingSummary};

/// Days over which a share is averaged to say that it has turned, and that it has recovered [days].
const TURN_DAYS: usize = 7;
const RECOVERY_DAYS: usize = 14;

/// What all pairs came to. Pairs that were cut short are left out.
pub fn outcome(nudge: &Nudge, settings: &[Setting], pairs: &[Pair]) -> NudgeSummary {
    let of = |setting: usize| -> Vec<&Pair> {
        pairs.iter().filter(|pair| pair.setting == setting && pair.complete).collect()
    };
    let each = settings.iter().enumerate();
    let (what, stars) = match nudge.what {
        What::Review(stars) => ("review", Some(stars)),
        What::Shock(Shock::Worse) => ("worse", None),
        What::Shock(Shock::Better) => ("better", None),
    };
    let whom = match nudge.whom {
        Whom::Drawn => "drawn".to_owned(),
        Whom::Greatest => "greatest".to_owned(),
        Whom::Seller(number) => number.to_string(),
    };
    let channel = |(i, setting): (usize, &Setting)| {
        Some(ChannelSummary {
            channel: setting.cut?.to_owned(),
            gain: difference(&of(0), &of(i), Pair::gain),
            reallocated: difference(&of(0), &of(i), |pair| Some(pair.reallocated)),
        })
    };
    NudgeSummary {
        what: what.to_owned(),
        stars,
        whom,
        day: nudge.day,
        weeks: nudge.weeks,
        method: format!(
            "means over worlds (of several markets: over the means of each); 95 % by the BCa \
             bootstrap, {RESAMPLES} resamples; days by its percentiles"
        ),
        settings: each.clone().map(|(i, setting)| summary(nudge, setting, &of(i))).collect(),
        channels: each.filter_map(channel).collect(),
    }
}

fn summary(nudge: &Nudge, setting: &Setting, pairs: &[&Pair]) -> SettingSummary {
    let open = FeedbackSpec::CHANNELS.into_iter().filter(|name| setting.open.is_open(name));
    let nudged: Vec<&Pair> = pairs.iter().copied().filter(|pair| pair.seller.is_some()).collect();
    let week = |week: usize| estimate(pairs, |pair| pair.gain().map(|_| pair.by_week()[week]));
    let shares: Vec<Shares> = nudged.iter().map(|pair| Shares::of(pair)).collect();
    let shock = if let What::Shock(shock) = nudge.what { Some(shock) } else { None };
    let days = if shock.is_some() { nudge.days().len() } else { 0 };
    let whole: Vec<usize> = (0..shares.len()).collect();
    SettingSummary {
        name: setting.name.clone(),
        open: open.map(str::to_owned).collect(),
        twins: nudged.len(),
        identical: pairs.iter().filter(|pair| pair.identical).count(),
        gain: estimate(pairs, Pair::gain),
        gain_of_all: estimate(pairs, |pair| pair.seller.map(|_| pair.gain_of_all())),
        reallocated: estimate(pairs, |pair| pair.seller.map(|_| pair.reallocated)),
        by_week: (0..nudge.weeks as usize).map(week).collect(),
        share_by_day: (0..days).map(|day| ratio(&shares, &whole, day..day + 1)).collect(),
        turn_days: shock.map(|shock| time(&shares, |picked| turn(&shares, picked, shock))),
        recovery_days: shock.map(|_| time(&shares, |picked| recovery(&shares, picked))),
    }
}

/// The mean over worlds, or over the means of markets where there are several.
fn estimate(pairs: &[&Pair], of: impl Fn(&Pair) -> Option<f64>) -> Estimate {
    mean(pairs.iter().filter_map(|pair| Some((pair.market, of(pair)?))))
}

/// The mean difference between the same worlds in two settings.
fn difference(pairs: &[&Pair], without: &[&Pair], of: impl Fn(&Pair) -> Option<f64>) -> Estimate {
    let cut: BTreeMap<u32, &Pair> = without.iter().map(|pair| (pair.world, *pair)).collect();
    let value = |pair: &&Pair| {
        let other = cut.get(&pair.world)?;
        Some((pair.market, of(pair)? - of(other)?))
    };
    mean(pairs.iter().filter_map(value))
}

fn mean(values: impl Iterator<Item = (u32, f64)>) -> Estimate {
    let mut markets: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    values.for_each(|(market, value)| markets.entry(market).or_default().push(value));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let independent: Vec<f64> = match markets.len() {
        0 => return Estimate::default(),
        1 => markets.into_values().flatten().collect(),
        _ => markets.values().map(|within| mean(within)).collect(),
    };
    let ends = bca(&independent, mean);
    Estimate {
        value: Some(mean(&independent)),
        low: ends.map(|ends| ends.0),
        high: ends.map(|ends| ends.1),
        n: independent.len(),
    }
}

/// A seller's daily shares of all orders in a world and in its twin, summed up from the first day on.
struct Shares([Vec<f64>; 2]);

impl Shares {
    fn of(pair: &Pair) -> Shares {
        let sums = |side: usize| {
            let mut sums = vec![0.0];
            let mut sum = 0.0;
            for (&own, &all) in pair.own[side].iter().zip(&pair.all[side]) {
                sum += f64::from(own) / f64::from(all.max(1));
                sums.push(sum);
            }
            sums
        };
        Shares([sums(0), sums(1)])
    }

    fn days(&self) -> usize {
        self.0[0].len() - 1
    }
}

/// The share in the twins over that in the worlds, over these days of the picked pairs.
fn ratio(shares: &[Shares], picked: &[usize], days: std::ops::Range<usize>) -> Option<f64> {
    let sum = |side: usize| {
        let of = |&i: &usize| shares[i].0[side][days.end] - shares[i].0[side][days.start];
        picked.iter().map(of).sum::<f64>()
    };
    let (world, twin) = (sum(0), sum(1));
    (world > 0.0).then(|| twin / world)
}

/// The first day of the shock from which the share is, over a week, under a half of what it would be, or
/// over one and a half.
fn turn(shares: &[Shares], picked: &[usize], shock: Shock) -> Option<f64> {
    let last = shares.first()?.days().min(Shock::DAYS as usize).checked_sub(TURN_DAYS)?;
    let turned = |ratio: f64| match shock {
        Shock::Worse => ratio < 0.5,
        Shock::Better => ratio > 1.5,
    };
    let day = |day: &usize| ratio(shares, picked, *day..*day + TURN_DAYS).is_some_and(turned);
    (0..=last).find(day).map(|day| day as f64)
}

/// Days from the end of the shock to the first from which the share is, over two weeks, within a tenth
/// of what it would be.
fn recovery(shares: &[Shares], picked: &[usize]) -> Option<f64> {
    let first = Shock::DAYS as usize;
    let last = shares.first()?.days().checked_sub(RECOVERY_DAYS)?;
    let back = |day: &usize| {
        let ratio = ratio(shares, picked, *day..*day + RECOVERY_DAYS);
        ratio.is_some_and(|ratio| (0.9..=1.1).contains(&ratio))
    };
    (first..=last).find(back).map(|day| (day - first) as f64)
}

/// A number of days over all pairs, which may never come to pass, with the percentiles of resamples; an
/// end that no resample reached within the days that were looked at is nothing.
fn time(shares: &[Shares], days: impl Fn(&[usize]) -> Option<f64>) -> Estimate {
    let n = shares.len();
    let whole: Vec<usize> = (0..n).collect();
    let value = days(&whole);
    if n < 2 {
        return Estimate { value, low: None, high: None, n };
    }
    let (low, high) = percentiles(resampled(n, |picked| days(picked).unwrap_or(f64::INFINITY)));
    let seen = |end: f64| Some(end).filter(|end| end.is_finite());
    Estimate { value, low: seen(low), high: seen(high), n }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Digest;
    use crate::measure::Counts;

    fn pair(setting: usize, world: u32, own: [Vec<u32>; 2]) -> Pair {
        let days = own[0].len();
        Pair {
            setting,
            world,
            market: 0,
            market_seed: 1,
            digest: Digest::default(),
            counts: Counts::default(),
            seller: Some(3),
            identical: own[0] == own[1],
            reallocated: 0.0,
            all: [vec![100; days], vec![100; days]],
            own,
            complete: true,
            sim_s: 0.0,
            thread: 0,
        }
    }

    const REVIEW: Nudge = Nudge { what: What::Review(5), whom: Whom::Drawn, day: 7, weeks: 2 };

    fn settings() -> Vec<Setting> {
        let open = FeedbackSpec { ranking: true, ..FeedbackSpec::CUT };
        Setting::all(open)
    }

    #[test]
    fn gains_by_hand() {
        let settings = settings();
        assert_eq!(settings.len(), 3, "as it is, without ranking, all cut");
        let days = |first: u32, second: u32| [vec![first; 7], vec![second; 7]].concat();
        let pairs = [
            pair(0, 0, [days(1, 1), days(2, 1)]),
            pair(0, 1, [days(1, 1), days(4, 2)]),
            pair(1, 0, [days(1, 1), days(1, 1)]),
            pair(1, 1, [days(1, 1), days(2, 1)]),
            Pair { complete: false, ..pair(0, 2, [days(1, 1), days(9, 9)]) },
            Pair { seller: None, ..pair(0, 3, [vec![], vec![]]) },
        ];
        let found = outcome(&REVIEW, &settings, &pairs);
        let all = &found.settings[0];
        assert_eq!((all.gain.value, all.gain.n, all.twins), (Some(17.5), 2, 2));
        let weeks: Vec<_> = all.by_week.iter().map(|week| week.value).collect();
        assert_eq!(weeks, [Some(14.0), Some(3.5)]);
        assert_eq!((all.identical, found.settings[1].identical), (1, 1));
        assert_eq!(found.channels.len(), 1);
        // 7 − 0 and 28 − 7.
        assert_eq!(found.channels[0].gain.value, Some(14.0));
        assert_eq!(found.settings[2].gain, Estimate::default());
        assert!(all.turn_days.is_none() && all.share_by_day.is_empty());
    }

    #[test]
    fn turning_and_recovering_by_hand() {
        let shock = Nudge { what: What::Shock(Shock::Worse), weeks: 10, ..REVIEW };
        // From day 5 of the shock a third of 30 a day; back 6 days after its end.
        let twin = |day: u32| if (5..34).contains(&day) { 10 } else { 30 };
        let own = || [vec![30; 70], (0..70).map(twin).collect()];
        let pairs = [pair(0, 0, own()), pair(0, 1, own()), pair(0, 2, own())];
        let found = outcome(&shock, &settings(), &pairs);
        let all = &found.settings[0];
        let turn = all.turn_days.unwrap();
        // From day 4 on a week has one day of 30 and six of 10: 90 of 210; from day 3 it has 110.
        assert_eq!((turn.value, turn.low, turn.high, turn.n), (Some(4.0), Some(4.0), Some(4.0), 3));
        // From day 32 on two weeks have two days of a third: 1 − (2/14)(2/3) is above .9.
        assert_eq!(all.recovery_days.unwrap().value, Some(4.0));
        assert!((all.share_by_day[40].unwrap() - 1.0).abs() < 1e-12);
        assert!((all.share_by_day[10].unwrap() - 1.0 / 3.0).abs() < 1e-12);
        let never = [pair(0, 0, [vec![30; 70], vec![29; 70]])];
        let never = outcome(&shock, &settings(), &never);
        let turn = never.settings[0].turn_days.unwrap();
        assert_eq!((turn.value, turn.n), (None, 1));
        assert_eq!(never.settings[0].recovery_days.unwrap().value, Some(0.0));
    }
}
