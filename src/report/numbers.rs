//! How numbers look to people: thousands apart, units beside them, and `–` for what was not seen.

/// What stands for a value that there is none of.
pub const NONE: &str = "–";

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with so many places after the point, thousands apart.
pub fn fixed(value: f64, places: usize) -> String {
    let text = format!("{:.*}", places, value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let Ok(whole) = whole.parse() else { return NONE.to_string() };
    let zero = whole == 0 && rest.chars().all(|c| c == '.' || c == '0');
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    format!("{sign}{}{rest}", count(whole))
}

/// A number with as many places as show three figures of a number of the size of `scale`.
pub fn figures(value: f64, scale: f64) -> String {
    let size = libm::floor(libm::log10(scale.abs()));
    let places = if size.is_finite() { (2.0 - size).clamp(0.0, 6.0) as usize } else { 2 };
    fixed(value, places)
}

/// A number that says which way it goes, as [`figures`]: `+1.25`.
pub fn signed(value: f64, scale: f64) -> String {
    let text = figures(value, scale);
    let zero = text.chars().all(|c| "0.−".contains(c));
    if value > 0.0 && !zero { format!("+{text}") } else { text }
}

/// `1.25 [0.5, 2.0]`, with `…` where an interval has but one end, and without one where it has none.
pub fn interval(
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    form: impl Fn(f64) -> String,
) -> String {
    let value = or_none(value, &form);
    match (low, high) {
        (None, None) => value,
        (low, high) => {
            let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), &form);
            format!("{value} [{}, {}]", end(low), end(high))
        }
    }
}

/// The same with a capital in front: a sentence.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `1 world`, `2 worlds`.
pub fn several(n: u64, one: &str) -> String {
    format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A share as `7.8 %`.
pub fn percent(value: f64) -> String {
    format!("{} %", fixed(100.0 * value, 1))
}

/// An optional value in one of these forms.
pub fn or_none(value: Option<f64>, form: impl FnOnce(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_string(), form)
}

/// `part` of `whole` as a share in percent.
pub fn share(part: u64, whole: u64) -> String {
    or_none((whole > 0).then(|| part as f64 / whole as f64), percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let counts = [0, 7, 999, 1_000, 12_345, 1_234_567].map(count);
        assert_eq!(counts, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(fixed(1_234.567, 1), "1,234.6");
        assert_eq!(fixed(999.99, 1), "1,000.0");
        assert_eq!(fixed(-1_234.0, 0), "−1,234");
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(percent(0.0782), "7.8 %");
        assert_eq!(or_none(None, percent), "–");
        assert_eq!(or_none(Some(f64::NAN), percent), "–");
        assert_eq!(
            [signed(0.5, 0.5), signed(-0.5, 0.5), signed(0.0, 0.5)],
            ["+0.500", "−0.500", "0.000"]
        );
        assert_eq!(signed(1e-9, 1.0), "0.00");
        let form = |value| fixed(value, 1);
        assert_eq!(interval(Some(1.0), Some(0.5), Some(2.0), form), "1.0 [0.5, 2.0]");
        assert_eq!(interval(Some(1.0), Some(0.5), None, form), "1.0 [0.5, …]");
        assert_eq!(interval(Some(1.0), None, None, form), "1.0");
        assert_eq!(interval(None, None, None, form), "–");
        assert_eq!([several(1, "world"), several(2, "world")], ["1 world", "2 worlds"]);
        assert_eq!([capital("so it is"), capital("")], ["So it is", ""]);
        assert_eq!(share(1, 0), "–");
        assert_eq!(share(1, 8), "12.5 %");
    }
}
