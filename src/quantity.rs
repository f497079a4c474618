//! Durations and rates as people write them: `15m`, `8w`, `200k`, `3/s`.
//!
//! They are read from scenarios and from the command line, and written back as they were read.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use garde::rules::range::{Bounds, OutOfBounds};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a quantity could not be read: what it was, and what it should look like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// There is no number where one should be.
    #[error("{0} does not start with a number")]
    NoNumber(String),
    /// A duration of 1.5 hours is written `90m`.
    #[error("{0} has a fraction: take a smaller unit (`90m` for one and a half hours)")]
    Fraction(String),
    /// The unit is missing or not one of ours.
    #[error("{read} has {} unit: write one of {known}", if *.missing { "no" } else { "an unknown" })]
    Unit {
        /// What was read, as it is printed.
        read: String,
        /// Whether there was no unit at all.
        missing: bool,
        /// The units there are.
        known: &'static str,
    },
    /// It does not fit.
    #[error("{0} is too large")]
    TooLarge(String),
}

/// What was read, fit to be printed: clipped, and with control characters escaped.
pub(crate) fn shown(text: &str) -> String {
    let head: String = text.chars().take(40).collect();
    format!("`{}{}`", head.escape_debug(), if text.chars().nth(40).is_some() { "…" } else { "" })
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Nano,
    Micro,
    Milli,
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

impl Unit {
    const ALL: [(Unit, &'static str, u64); 8] = [
        (Unit::Nano, "ns", 1),
        (Unit::Micro, "us", 1_000),
        (Unit::Milli, "ms", 1_000_000),
        (Unit::Second, "s", 1_000_000_000),
        (Unit::Minute, "m", 60 * 1_000_000_000),
        (Unit::Hour, "h", 3_600 * 1_000_000_000),
        (Unit::Day, "d", 86_400 * 1_000_000_000),
        (Unit::Week, "w", 7 * 86_400 * 1_000_000_000),
    ];
    const KNOWN: &'static str = "ns, us, ms, s, m, h, d, w";

    fn nanos(self) -> u64 {
        Self::ALL[self as usize].2
    }

    fn symbol(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A span of time: a whole number of one unit, as in `250ms`, `10s`, `15m`, `1h`, `7d`, `8w`.
///
/// It remembers its unit, so that it is written as it was read; `7d` and `1w` are equal all the same.
/// The longest is about 584 years, 2^64 ns.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    count: u64,
    unit: Unit,
}

impl Span {
    /// `n` nanoseconds.
    pub const fn nanos(n: u64) -> Self {
        Span { count: n, unit: Unit::Nano }
    }

    /// `n` milliseconds.
    pub const fn millis(n: u32) -> Self {
        Span { count: n as u64, unit: Unit::Milli }
    }

    /// `n` seconds.
    pub const fn seconds(n: u32) -> Self {
        Span { count: n as u64, unit: Unit::Second }
    }

    /// `n` minutes.
    pub const fn minutes(n: u16) -> Self {
        Span { count: n as u64, unit: Unit::Minute }
    }

    /// `n` hours.
    pub const fn hours(n: u16) -> Self {
        Span { count: n as u64, unit: Unit::Hour }
    }

    /// `n` days.
    pub const fn days(n: u16) -> Self {
        Span { count: n as u64, unit: Unit::Day }
    }

    /// `n` weeks, 255 at most (a longer span of weeks comes from text).
    pub const fn weeks(n: u8) -> Self {
        Span { count: n as u64, unit: Unit::Week }
    }

    /// Its length [ns].
    pub fn as_nanos(self) -> u64 {
        self.count * self.unit.nanos()
    }

    /// Its length [µs], rounded down.
    pub fn as_micros(self) -> u64 {
        self.as_nanos() / 1_000
    }

    /// Its length [s].
    pub fn as_seconds(self) -> f64 {
        self.as_nanos() as f64 / 1e9
    }

    /// Its length [days].
    pub fn as_days(self) -> f64 {
        self.as_nanos() as f64 / Unit::Day.nanos() as f64
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        self.as_nanos() == other.as_nanos()
    }
}

impl Eq for Span {}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Span {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_nanos().cmp(&other.as_nanos())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.symbol())
    }
}

impl FromStr for Span {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        if number.is_empty() {
            return Err(QuantityError::NoNumber(shown(text)));
        }
        if unit.starts_with('.') {
            return Err(QuantityError::Fraction(shown(text)));
        }
        let Some(&(unit, _, nanos)) = Unit::ALL.iter().find(|(_, symbol, _)| *symbol == unit)
        else {
            let missing = unit.is_empty();
            return Err(QuantityError::Unit { read: shown(text), missing, known: Unit::KNOWN });
        };
        match number.parse::<u64>() {
            Ok(count) if count.checked_mul(nanos).is_some() => Ok(Span { count, unit }),
            _ => Err(QuantityError::TooLarge(shown(text))),
        }
    }
}

impl Bounds for Span {
    type Size = Span;

    const MIN: Span = Span::nanos(0);
    const MAX: Span = Span::nanos(u64::MAX);

    fn validate_bounds(&self, low: Span, high: Span) -> Result<(), OutOfBounds> {
        if *self < low {
            Err(OutOfBounds::Lower)
        } else if *self > high {
            Err(OutOfBounds::Upper)
        } else {
            Ok(())
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// For the bounds of `#[garde(range(..))]`, which schemars puts into the schema.
impl From<Span> for serde_json::Value {
    fn from(span: Span) -> Self {
        span.to_string().into()
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// The type `number` is a decoy: only where a schema has it does schemars note the bounds that the
    /// field declares. `scenario::json_schema` takes it out again, and says the bounds in words.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"],
            "format": "span",
            "pattern": "^[0-9]+(ns|us|ms|s|m|h|d|w)$",
        })
    }
}

/// A rate: `200k`, `1.5M` or `3/s`, counted per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate {
    per_second: f64,
}

impl Rate {
    const UNITS: &'static str = "k, M, G, /s, /m, /h, /d, or both as in 20k/m";

    /// A rate of so many events in one second [1/s]; nothing for what is negative or not finite.
    pub fn of(per_second: f64) -> Option<Rate> {
        (per_second.is_finite() && per_second >= 0.0).then_some(Rate { per_second })
    }

    /// Events in one second [1/s]: finite, and not negative.
    pub const fn per_second(self) -> f64 {
        self.per_second
    }
}

impl FromStr for Rate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let Ok(number) = number.parse::<f64>() else {
            return Err(QuantityError::NoNumber(shown(text)));
        };
        let (scale, per) = match unit.split_once('/') {
            Some((scale, per)) => (scale, per),
            None => (unit, "s"),
        };
        let scale = match scale {
            "" => 1.0,
            "k" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            _ => f64::NAN,
        };
        let seconds = match per {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => f64::NAN,
        };
        let per_second = number * scale / seconds;
        if per_second.is_nan() {
            let known = Self::UNITS;
            return Err(QuantityError::Unit { read: shown(text), missing: false, known });
        }
        if per_second.is_infinite() {
            return Err(QuantityError::TooLarge(shown(text)));
        }
        Ok(Rate { per_second })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (scale, symbol) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
            let scaled = self.per_second / scale;
            // A letter is taken only where it loses nothing: the text must read back to the same rate.
            if self.per_second >= scale && scaled * scale == self.per_second {
                return write!(f, "{scaled}{symbol}/s");
            }
        }
        write!(f, "{}/s", self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_written_as_they_were_read() {
        for (text, nanos) in [
            ("250ms", 250_000_000),
            ("10s", 10_000_000_000),
            ("15m", 900_000_000_000),
            ("1h", 3_600_000_000_000),
            ("7d", 604_800_000_000_000),
            ("8w", 4_838_400_000_000_000),
            ("50us", 50_000),
            ("0s", 0),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.as_nanos(), nanos, "{text}");
            assert_eq!(span.to_string(), text);
        }
        assert_eq!("7d".parse::<Span>(), "1w".parse());
        assert!(Span::minutes(61) > Span::hours(1));
        assert_eq!(Span::weeks(255).as_days(), 1785.0);
    }

    #[test]
    fn what_is_no_span_says_why() {
        let why = |text: &str| text.parse::<Span>().unwrap_err().to_string();
        assert_eq!(why("soon"), "`soon` does not start with a number");
        assert_eq!(why(""), "`` does not start with a number");
        assert_eq!(why("-5m"), "`-5m` does not start with a number");
        assert_eq!(why("15"), "`15` has no unit: write one of ns, us, ms, s, m, h, d, w");
        assert_eq!(
            why("15 m"),
            "`15 m` has an unknown unit: write one of ns, us, ms, s, m, h, d, w"
        );
        assert!(why("1.5h").contains("`90m`"));
        assert_eq!(why("99999999w"), "`99999999w` is too large");
        assert_eq!(why("99999999999999999999s"), "`99999999999999999999s` is too large");
    }

    #[test]
    fn rates_are_per_second() {
        for (text, expected, back) in [
            ("200k", 200_000.0, "200k/s"),
            ("1M", 1e6, "1M/s"),
            ("3/s", 3.0, "3/s"),
            ("1.5M/s", 1.5e6, "1.5M/s"),
            ("120/m", 2.0, "2/s"),
            ("0", 0.0, "0/s"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.per_second(), expected, "{text}");
            assert_eq!(rate.to_string(), back);
        }
        for wrong in ["", "k", "-3/s", "3/y", "3kk", "1e5", "nan", "inf", "1..2", "3/s/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong} was taken for a rate");
        }
    }

    proptest! {
        #[test]
        fn text_and_back(count in 0_u64..30_000, unit in 0_usize..8, garbage in ".{0,12}") {
            let text = format!("{count}{}", Unit::ALL[unit].1);
            let span: Span = text.parse().unwrap();
            prop_assert_eq!(span.to_string(), text);
            // Whatever the text, an answer and no panic; what is a rate reads back to itself.
            let _ = garbage.parse::<Span>();
            if let Ok(rate) = garbage.parse::<Rate>() {
                prop_assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate);
            }
        }
    }
}
