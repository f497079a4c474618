//! How times and rates look: three figures in a unit that fits.

use crate::report::numbers::{figures, fixed};

/// Rounded to three figures.
fn rounded(value: f64) -> f64 {
    let size = libm::floor(libm::log10(value.abs()));
    if !size.is_finite() {
        return value;
    }
    let unit = libm::exp10(size - 2.0);
    (value / unit).round() * unit
}

/// A time [ns] as `84 ns`, `1.23 us`, `45.6 ms` or `7.89 s`; below that only what is no whole number has
/// a fraction.
pub fn nanos(value: f64) -> String {
    let size = rounded(value).abs();
    if size < 999.5 && (size >= 100.0 || value.fract() == 0.0) {
        return format!("{} ns", fixed(value, 0));
    }
    let units = [(1.0, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s")];
    let fits = units.into_iter().rev().find(|(scale, _)| size * 1.000_001 >= *scale);
    let (scale, unit) = fits.unwrap_or(units[0]);
    format!("{} {unit}", figures(value / scale, size * 1.000_001 / scale))
}

/// A difference of times [ns], with its sign.
pub fn difference(value: f64) -> String {
    if value > 0.0 { format!("+{}", nanos(value)) } else { nanos(value) }
}

/// So many seconds, without their unit: `10`, `0.25`.
pub fn seconds(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 { fixed(value, 0) } else { figures(value, value) }
}

/// A rate [1/s] as `200,000/s`; only what is below a hundred has a fraction.
pub fn per_second(value: f64) -> String {
    let places = if value.abs() < 100.0 && value.fract() != 0.0 { 1 } else { 0 };
    format!("{}/s", fixed(value, places))
}

/// A rate [1/s] in few characters: `200 k/s`, `1.23 M/s`.
pub fn short_rate(value: f64) -> String {
    let size = rounded(value).abs() * 1.000_001;
    let units = [(1e9, " G"), (1e6, " M"), (1e3, " k")];
    match units.into_iter().find(|(scale, _)| size >= *scale) {
        Some((scale, unit)) => format!("{}{unit}/s", figures(value / scale, size / scale)),
        None => format!("{}/s", fixed(value, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (value, text) in [
            (0.0, "0 ns"),
            (7.0, "7 ns"),
            (8.314, "8.31 ns"),
            (84.0, "84 ns"),
            (84.27, "84.3 ns"),
            (999.0, "999 ns"),
            (999.4, "999 ns"),
            (999.6, "1.00 us"),
            (1_000.0, "1.00 us"),
            (1_234.0, "1.23 us"),
            (12_345.0, "12.3 us"),
            (123_456.0, "123 us"),
            (999_500.0, "1.00 ms"),
            (45_600_000.0, "45.6 ms"),
            (7_890_000_000.0, "7.89 s"),
            (123_456_000_000.0, "123 s"),
            (-1_234.0, "−1.23 us"),
            (-84.0, "−84 ns"),
        ] {
            assert_eq!(nanos(value), text, "{value}");
        }
        assert_eq!([difference(84.0), difference(-84.0)], ["+84 ns", "−84 ns"]);
    }

    #[test]
    fn rates() {
        let long = [0.0, 2.5, 12.0, 199_998.4, 1_234_567.0].map(per_second);
        assert_eq!(long, ["0/s", "2.5/s", "12/s", "199,998/s", "1,234,567/s"]);
        let short = [0.0, 999.0, 999.9, 1_000.0, 199_998.0, 999_960.0, 1.5e9].map(short_rate);
        let expected = ["0/s", "999/s", "1.00 k/s", "1.00 k/s", "200 k/s", "1.00 M/s", "1.50 G/s"];
        assert_eq!(short, expected);
    }
}
