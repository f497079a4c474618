//! Thresholds of a load test, as `--slo` has them: `rank.response.p99 < 50us`.
//!
//! A threshold names a metric of the summary by its dotted path, a comparison and a limit in the metric's
//! own unit: a duration for times, a rate for throughput, a plain number for counts. What was not
//! measured meets no threshold.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::driver::load::{Op, Part, Write};
use crate::quantity::{QuantityError, Rate, Span};
use crate::scenario::{nearest, quoted};
use crate::store::{LoadSummary, Percentiles, SloResult};

/// Why a threshold could not be read: what it was, and what it should look like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SloError {
    /// There is no comparison in it, or nothing on one of its sides.
    #[error("{0} is no threshold: write one as in `rank.response.p99 < 50us`")]
    NotAThreshold(String),
    /// There is a sign that compares nothing.
    #[error("{0} is no comparison: write one of {SIGNS}")]
    Comparison(String),
    /// There is no such name.
    #[error("unknown {what} {read}{of}:{hint} known: {known}")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// What was read.
        read: String,
        /// What it should be a part of.
        of: String,
        /// The name that was probably meant, as a question.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// The path of the metric ends too early.
    #[error("`{metric}` is more than one number: say which, {known}")]
    Incomplete {
        /// How far the path goes.
        metric: String,
        /// What may follow.
        known: String,
    },
    /// The path of the metric goes on where there is nothing more.
    #[error("`{metric}` is one number, without {read}")]
    TooDeep {
        /// The metric.
        metric: String,
        /// What follows it.
        read: String,
    },
    /// The limit is not in the unit of the metric.
    #[error("`{metric}` is {what}: {source}")]
    Limit {
        /// The metric.
        metric: String,
        /// What kind of quantity it is.
        what: &'static str,
        /// What is wrong with the limit.
        source: QuantityError,
    },
    /// The limit is a baseline's value, and nobody named a baseline.
    #[error("{0} is for budget files: `brocante gate check --budget FILE --baseline RUN`")]
    Baseline(String),
    /// The limit of a count is no number.
    #[error("`{metric}` is a count: {read} is no whole number such as 0, 250 or 20k")]
    Count {
        /// The metric.
        metric: String,
        /// What was read.
        read: String,
    },
}

/// The signs of all comparisons.
const SIGNS: &str = "<, <=, >, >=, ==, !=";

/// How a value must stand to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Below it.
    Less,
    /// Not above it.
    AtMost,
    /// Above it.
    More,
    /// Not below it.
    AtLeast,
    /// Just it.
    Equal,
    /// Anything but it.
    Unequal,
}

impl Comparison {
    /// Reads its sign.
    ///
    /// # Errors
    /// When it is none of them.
    pub(super) fn read(sign: &str) -> Result<Comparison, SloError> {
        match sign {
            "<" => Ok(Comparison::Less),
            "<=" => Ok(Comparison::AtMost),
            ">" => Ok(Comparison::More),
            ">=" => Ok(Comparison::AtLeast),
            "==" => Ok(Comparison::Equal),
            "!=" => Ok(Comparison::Unequal),
            _ => Err(SloError::Comparison(quoted(sign))),
        }
    }

    /// Whether a value stands so to a limit. What is not a number stands to nothing.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::Less => value < limit,
            Comparison::AtMost => value <= limit,
            Comparison::More => value > limit,
            Comparison::AtLeast => value >= limit,
            Comparison::Equal => value == limit,
            Comparison::Unequal => value != limit && !value.is_nan(),
        }
    }
}

/// A number of a load's summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadMetric {
    /// A percentile of a part of an operation; the name is one of [`Percentiles::NAMES`].
    Latency(Op, Part, &'static str),
    /// A percentile of the time until a ranking shows a write.
    Freshness(Write, &'static str),
    /// What the schedule asked for.
    Offered,
    /// What was done.
    Achieved,
    /// Operations that a full mailbox turned away.
    Overflow,
    /// Operations that were due at the end and not begun.
    Backlog,
    /// The highest rate at which every other threshold held.
    MaxRate,
}

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Time,
    Rate,
    Count,
}

impl LoadMetric {
    /// Reads the dotted path of a metric. `p99.9` and `p99.99` are other names of `p999` and `p9999`.
    ///
    /// # Errors
    /// When there is no such metric: which part of the path is wrong, and what is allowed there.
    pub fn read(path: &str) -> Result<LoadMetric, SloError> {
        let mut names = path.splitn(3, '.');
        let (first, second, third) = (names.next().unwrap_or(""), names.next(), names.next());
        let whole = |metric: LoadMetric| match second {
            None => Ok(metric),
            Some(_) => {
                let read = quoted(&path[first.len()..]);
                Err(SloError::TooDeep { metric: first.to_owned(), read })
            }
        };
        match first {
            "overflow" => return whole(LoadMetric::Overflow),
            "backlog" => return whole(LoadMetric::Backlog),
            "max_rate" => return whole(LoadMetric::MaxRate),
            "throughput" => return Self::throughput(second, third),
            _ => {}
        }
        if first == "freshness" {
            let known = Write::ALL.map(Write::name);
            let write = pick(second, first, "write", &known)?;
            let path = format!("{first}.{}", known[write]);
            return Ok(LoadMetric::Freshness(Write::ALL[write], statistic(third, &path)?));
        }
        let ops = Op::ALL.map(Op::name);
        let others = ["freshness", "throughput", "overflow", "backlog", "max_rate"];
        let op = pick(Some(first), "", "metric", &[&ops[..], &others[..]].concat())?;
        let known = Part::ALL.map(Part::name);
        let part = pick(second, first, "part", &known)?;
        let path = format!("{first}.{}", known[part]);
        Ok(LoadMetric::Latency(Op::ALL[op], Part::ALL[part], statistic(third, &path)?))
    }

    fn throughput(second: Option<&str>, third: Option<&str>) -> Result<LoadMetric, SloError> {
        let known = ["offered", "achieved"];
        let which = pick(second, "throughput", "part", &known)?;
        match third {
            None => Ok([LoadMetric::Offered, LoadMetric::Achieved][which]),
            Some(more) => {
                let metric = format!("throughput.{}", known[which]);
                Err(SloError::TooDeep { metric, read: quoted(&format!(".{more}")) })
            }
        }
    }

    /// What was measured of it [ns, 1/s or a number]; nothing without a sample.
    pub fn value(self, load: &LoadSummary) -> Option<f64> {
        match self {
            LoadMetric::Latency(op, part, name) => load.latency(op, part).get(name),
            LoadMetric::Freshness(write, name) => load.freshness(write).get(name),
            LoadMetric::Offered => load.throughput.offered,
            LoadMetric::Achieved => load.throughput.achieved,
            LoadMetric::Overflow => Some(load.overflow as f64),
            LoadMetric::Backlog => Some(load.backlog as f64),
            LoadMetric::MaxRate => load.max_rate,
        }
    }

    /// Its unit, as results name it.
    pub fn unit(self) -> &'static str {
        match self.quantity() {
            Quantity::Time => "ns",
            Quantity::Rate => "1/s",
            Quantity::Count => "count",
        }
    }

    fn quantity(self) -> Quantity {
        match self {
            LoadMetric::Latency(_, _, "count") | LoadMetric::Freshness(_, "count") => {
                Quantity::Count
            }
            LoadMetric::Latency(..) | LoadMetric::Freshness(..) => Quantity::Time,
            LoadMetric::Offered | LoadMetric::Achieved | LoadMetric::MaxRate => Quantity::Rate,
            LoadMetric::Overflow | LoadMetric::Backlog => Quantity::Count,
        }
    }

    /// Reads a limit in the metric's unit [ns, 1/s or a number].
    pub(super) fn limit(self, text: &str) -> Result<f64, SloError> {
        let wrong = |what| move |source| SloError::Limit { metric: self.to_string(), what, source };
        match self.quantity() {
            Quantity::Time => {
                text.parse().map(|span: Span| span.as_nanos() as f64).map_err(wrong("a time"))
            }
            Quantity::Rate => text.parse().map(Rate::per_second).map_err(wrong("a rate")),
            Quantity::Count => {
                let plain = Some(text).filter(|text| !text.contains('/'));
                let number = plain.and_then(|text| text.parse().ok()).map(Rate::per_second);
                let whole = number.filter(|number| *number == number.trunc());
                let read = || SloError::Count { metric: self.to_string(), read: quoted(text) };
                whole.ok_or_else(read)
            }
        }
    }
}

impl fmt::Display for LoadMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadMetric::Latency(op, part, name) => {
                write!(f, "{}.{}.{name}", op.name(), part.name())
            }
            LoadMetric::Freshness(write, name) => write!(f, "freshness.{}.{name}", write.name()),
            LoadMetric::Offered => f.write_str("throughput.offered"),
            LoadMetric::Achieved => f.write_str("throughput.achieved"),
            LoadMetric::Overflow => f.write_str("overflow"),
            LoadMetric::Backlog => f.write_str("backlog"),
            LoadMetric::MaxRate => f.write_str("max_rate"),
        }
    }
}

/// Which of the known names was read, after the path `above`.
fn pick(
    read: Option<&str>,
    above: &str,
    what: &'static str,
    known: &[&'static str],
) -> Result<usize, SloError> {
    let Some(read) = read else {
        return Err(SloError::Incomplete { metric: above.to_owned(), known: known.join(", ") });
    };
    known.iter().position(|name| *name == read).ok_or_else(|| SloError::Unknown {
        what,
        read: quoted(read),
        of: if above.is_empty() { String::new() } else { format!(" of `{above}`") },
        hint: nearest(read, known.iter().copied())
            .map_or_else(String::new, |name| format!(" did you mean `{name}`?")),
        known: known.join(", "),
    })
}

fn statistic(read: Option<&str>, above: &str) -> Result<&'static str, SloError> {
    let plain = match read {
        Some("p99.9") => Some("p999"),
        Some("p99.99") => Some("p9999"),
        other => other,
    };
    let known = &Percentiles::NAMES;
    Ok(known[pick(plain, above, "statistic", known)?])
}

/// The word that stands for the value of a baseline.
pub(super) const BASELINE: &str = "baseline";

/// Where the metric, the sign and the limit of a threshold are in its text; nothing where one is missing.
pub(super) fn parts(text: &str) -> Option<[Range<usize>; 3]> {
    let is_sign = |c: char| "<>=!".contains(c);
    let start = text.find(is_sign)?;
    let end = text[start..].find(|c| !is_sign(c)).map_or(text.len(), |length| start + length);
    let trimmed = |range: Range<usize>| {
        let part = &text[range.clone()];
        let from = range.start + part.len() - part.trim_start().len();
        (!part.trim().is_empty()).then(|| from..from + part.trim().len())
    };
    Some([trimmed(0..start)?, start..end, trimmed(end..text.len())?])
}

/// A demand on a load test.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    expr: String,
    metric: LoadMetric,
    comparison: Comparison,
    limit: f64,
}

impl Threshold {
    /// What it is about.
    pub fn metric(&self) -> LoadMetric {
        self.metric
    }

    /// The limit, in the metric's own unit [ns, 1/s or a number].
    pub fn limit(&self) -> f64 {
        self.limit
    }

    /// Whether it is about what a search for the highest rate finds, and so about no single probe of it.
    pub fn is_of_the_search(&self) -> bool {
        self.metric == LoadMetric::MaxRate
    }

    /// What came of it. Times are those of the histograms, which keep three digits and round up.
    pub fn judge(&self, load: &LoadSummary) -> SloResult {
        let value = self.metric.value(load);
        let pass = value.is_some_and(|value| self.comparison.holds(value, self.limit));
        SloResult { expr: self.expr.clone(), value, pass }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expr)
    }
}

impl FromStr for Threshold {
    type Err = SloError;

    fn from_str(text: &str) -> Result<Threshold, SloError> {
        let expr = text.trim();
        let [path, sign, limit] =
            parts(expr).ok_or_else(|| SloError::NotAThreshold(quoted(expr)))?;
        let (path, sign, limit) = (&expr[path], &expr[sign], &expr[limit]);
        let comparison = Comparison::read(sign)?;
        let metric = LoadMetric::read(path)?;
        if limit.starts_with(BASELINE) {
            return Err(SloError::Baseline(quoted(limit)));
        }
        let limit = metric.limit(limit)?;
        Ok(Threshold { expr: expr.to_owned(), metric, comparison, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LoadSetting, Measured, Throughput};
    use proptest::prelude::*;

    /// Rankings of 1, 2, … 1,000 us, reviews seen after 5 ms, 7 that were turned away.
    fn load() -> LoadSummary {
        let mut measured = Measured { overflow: 7, length: 2_000_000_000, ..Measured::default() };
        for micros in 1..=1_000 {
            for part in [Part::Service, Part::Response] {
                measured.latencies.of_mut(Op::Rank, part).record(micros * 1_000).unwrap();
            }
        }
        measured.freshness.of_mut(Write::Review).record(5_000_000).unwrap();
        let setting = LoadSetting {
            path: "direct".to_owned(),
            mode: "closed:1".to_owned(),
            arrivals: None,
            stages: None,
            drivers: 1,
            warmup_weeks: 0,
            batch: 1,
            sample_calls: 1,
            serving: "scored at the read".to_owned(),
        };
        LoadSummary::new(setting, &measured, vec![])
    }

    fn judge(expr: &str) -> SloResult {
        expr.parse::<Threshold>().unwrap_or_else(|why| panic!("{expr}: {why}")).judge(&load())
    }

    #[test]
    fn thresholds_hold_or_do_not() {
        for (expr, pass) in [
            ("rank.response.p99 < 1ms", true),
            ("rank.response.p99<990us", false),
            ("  rank.response.p50   <=  501us ", true),
            ("rank.response.p999 > 998us", true),
            ("rank.response.p99.9 > 998us", true),
            ("rank.response.p99.99 >= 1000000ns", true),
            ("rank.response.p9999 < 1ms", false),
            ("rank.service.mean <= 501us", true),
            ("rank.service.mean < 500us", false),
            ("rank.service.max != 0s", true),
            ("rank.response.count == 1k", true),
            ("rank.response.count > 1000", false),
            ("throughput.achieved >= 500", true),
            ("throughput.achieved >= 0.5k/s", true),
            ("throughput.achieved > 30k/m", false),
            ("freshness.review.p99 < 10ms", true),
            ("freshness.review.max <= 4ms", false),
            ("overflow == 0", false),
            ("overflow == 7", true),
            ("overflow != 7", false),
            ("backlog == 0", true),
        ] {
            let result = judge(expr);
            assert_eq!(result.pass, pass, "{result:?}");
            assert_eq!(result.expr, expr.trim());
        }
        assert_eq!(judge("throughput.achieved > 0").value, Some(500.0));
    }

    #[test]
    fn what_was_not_measured_meets_no_threshold() {
        for metric in
            ["rank.wait.p99", "rank.lag.max", "buy.response.mean", "freshness.price.p9999"]
        {
            for sign in ["<", "<=", ">", ">=", "==", "!="] {
                let result = judge(&format!("{metric} {sign} 1s"));
                assert_eq!((result.value, result.pass), (None, false), "{result:?}");
            }
        }
        for expr in ["throughput.offered >= 0", "throughput.offered < 1G", "max_rate != 1"] {
            assert_eq!((judge(expr).value, judge(expr).pass), (None, false), "{expr}");
        }
        // Of nothing there are none, and that is a sample.
        assert!(judge("buy.response.count == 0").pass && !judge("buy.response.count > 0").pass);
        let broken = LoadSummary {
            throughput: Throughput { offered: None, achieved: Some(f64::NAN) },
            ..load()
        };
        for sign in ["<", "<=", ">", ">=", "==", "!="] {
            let threshold: Threshold = format!("throughput.achieved {sign} 1").parse().unwrap();
            assert!(!threshold.judge(&broken).pass, "{sign}");
        }
    }

    #[test]
    fn only_the_search_knows_the_highest_rate() {
        let of = |expr: &str| expr.parse::<Threshold>().unwrap();
        assert!(of("max_rate >= 1M").is_of_the_search());
        assert!(!of("rank.response.p99 < 1ms").is_of_the_search());
        let found = LoadSummary { max_rate: Some(2e6), ..load() };
        assert!(of("max_rate >= 1M").judge(&found).pass);
    }

    #[test]
    fn what_is_no_threshold_says_why() {
        let why = |text: &str| text.parse::<Threshold>().unwrap_err().to_string();
        let form = "is no threshold: write one as in `rank.response.p99 < 50us`";
        for text in ["", "rank.response.p99", "< 50us", "rank.response.p99 <"] {
            assert_eq!(why(text), format!("`{text}` {form}"));
        }
        let signs = "is no comparison: write one of <, <=, >, >=, ==, !=";
        assert_eq!(why("rank.response.p99 =< 50us"), format!("`=<` {signs}"));
        assert_eq!(why("overflow = 0"), format!("`=` {signs}"));
        assert_eq!(
            why("rnk.response.p99 < 50us"),
            "unknown metric `rnk`: did you mean `rank`? known: rank, buy, review, reprice, \
             restock, freshness, throughput, overflow, backlog, max_rate"
        );
        assert_eq!(
            why("rank.respons.p99 < 50us"),
            "unknown part `respons` of `rank`: did you mean `response`? known: wait, lag, service, \
             response"
        );
        assert_eq!(
            why("rank.response.p95 < 50us"),
            "unknown statistic `p95` of `rank.response`: did you mean `p90`? known: p50, p90, p99, \
             p999, p9999, max, mean, count"
        );
        assert_eq!(
            why("freshness.prices.p99 < 50us"),
            "unknown write `prices` of `freshness`: did you mean `price`? known: price, stock, review"
        );
        assert_eq!(
            why("rank.response < 50us"),
            "`rank.response` is more than one number: say which, p50, p90, p99, p999, p9999, max, \
             mean, count"
        );
        assert_eq!(
            why("rank < 50us"),
            "`rank` is more than one number: say which, wait, lag, service, response"
        );
        assert_eq!(
            why("throughput > 1"),
            "`throughput` is more than one number: say which, offered, achieved"
        );
        assert_eq!(why("overflow.max < 5"), "`overflow` is one number, without `.max`");
        assert_eq!(
            why("throughput.achieved.p99 < 5"),
            "`throughput.achieved` is one number, without `.p99`"
        );
        assert_eq!(
            why("rank.response.p99 < 50"),
            "`rank.response.p99` is a time: `50` has no unit: write one of ns, us, ms, s, m, h, d, w"
        );
        assert_eq!(
            why("rank.response.p99.9 < -1us"),
            "`rank.response.p999` is a time: `-1us` does not start with a number"
        );
        assert!(
            why("throughput.achieved >= 50us").starts_with("`throughput.achieved` is a rate: ")
        );
        for limit in ["5ms", "0.5", "-1", "3/s", "many", "inf", "NaN"] {
            assert_eq!(
                why(&format!("overflow <= {limit}")),
                format!(
                    "`overflow` is a count: `{limit}` is no whole number such as 0, 250 or 20k"
                )
            );
        }
        assert!(why("rank.response.p99 < 1us < 2us").contains("unknown unit"));
        assert!(why("rank response p99 < 1us").contains("unknown metric `rank response p99`"));
        assert!(why(&"x".repeat(10_000)).len() < 200, "clipped");
        assert!(!why("rank.\u{1b}[31m.p99 < 1us").contains('\u{1b}'));
    }

    #[test]
    fn a_baseline_is_for_budget_files() {
        let why = "rank.response.p99 <= baseline * 1.1".parse::<Threshold>().unwrap_err();
        assert_eq!(
            why.to_string(),
            "`baseline * 1.1` is for budget files: `brocante gate check --budget FILE --baseline RUN`"
        );
    }

    proptest! {
        /// Whatever the text, an answer and no panic; and what is read is about what was written.
        #[test]
        fn any_text(garbage in ".{0,40}", op in 0_usize..5, part in 0_usize..4, stat in 0_usize..7) {
            let _ = garbage.parse::<Threshold>();
            let metric = LoadMetric::Latency(Op::ALL[op], Part::ALL[part], Percentiles::NAMES[stat]);
            prop_assert_eq!(LoadMetric::read(&metric.to_string()), Ok(metric));
            let threshold: Result<Threshold, _> = format!("{metric} < {garbage}").parse();
            if let Ok(threshold) = threshold {
                prop_assert_eq!(threshold.metric(), metric);
            }
        }

        /// Of the six comparisons those hold that the numbers say.
        #[test]
        fn comparisons(value in 0_u64..5, limit in 0_u64..5) {
            let load = LoadSummary { overflow: value, ..load() };
            for (sign, holds) in [
                ("<", value < limit),
                ("<=", value <= limit),
                (">", value > limit),
                (">=", value >= limit),
                ("==", value == limit),
                ("!=", value != limit),
            ] {
                let threshold: Threshold = format!("overflow {sign} {limit}").parse().unwrap();
                prop_assert_eq!(threshold.judge(&load).pass, holds, "{} {} {}", value, sign, limit);
            }
        }
    }
}
