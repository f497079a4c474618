//! Logarithm and exponential for hot paths: additions, multiplications and one division.
//!
//! `libm` has the last bit right for every argument that a float can hold, and pays for it in
//! branches: a year of the reference scenario takes some 10^8 logarithms, and they were a tenth of its
//! time. These are right to a few units in the last place where a draw needs them, inline, and, being
//! basic arithmetic, give the same bits on every machine. The tests hold them against `libm`.

/// The natural logarithm of a positive, normal, finite number.
///
/// `x` = m·2^k with m between √½ and √2, and ln m = 2·artanh((m − 1)/(m + 1)) by its series: the first
/// term left out is below 10^-16.
#[inline]
pub fn ln(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0, "the logarithm of {x}");
    // Subtracting the bits of √½ makes the exponent field count from there.
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits());
    let k = (shifted as i64) >> 52;
    let m = f64::from_bits(bits.wrapping_sub((k as u64) << 52));
    let f = (m - 1.0) / (m + 1.0);
    let s = f * f;
    // Pairs of terms don't wait for one another, as they would in Horner's scheme.
    let s2 = s * s;
    let s4 = s2 * s2;
    let low = (1.0 + s * (1.0 / 3.0)) + s2 * (1.0 / 5.0 + s * (1.0 / 7.0));
    let middle = (1.0 / 9.0 + s * (1.0 / 11.0)) + s2 * (1.0 / 13.0 + s * (1.0 / 15.0));
    let sum = low + s4 * (middle + s4 * (1.0 / 17.0 + s * (1.0 / 19.0)));
    // ln 2 in two parts, the first with its low bits empty, so that k times it is exact.
    let (high, low) = (f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10);
    let k = k as f64;
    k * high + (2.0 * f * sum + k * low)
}

/// 1 / n!, for n up to 13.
const INVERSE_FACTORIALS: [f64; 14] = {
    let mut of = [1.0; 14];
    let (mut n, mut factorial) = (1, 1u64);
    while n < of.len() {
        factorial *= n as u64;
        of[n] = 1.0 / factorial as f64;
        n += 1;
    }
    of
};

/// e to the power of `x`, for `x` between −700 and 700; outside, the value at the nearer bound.
///
/// `x` = r + k·ln 2 with r within ½·ln 2 of 0, and e^r by its series of 13 terms.
#[inline]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    // Adding and subtracting 1.5·2^52 rounds to a whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let (high, low) = (f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10);
    let r = (x - k * high) - k * low;
    let r2 = r * r;
    let r4 = r2 * r2;
    let c = INVERSE_FACTORIALS;
    let low = (1.0 + r) + r2 * (c[2] + r * c[3]);
    let middle = (c[4] + r * c[5]) + r2 * (c[6] + r * c[7]);
    let high = (c[8] + r * c[9]) + r2 * (c[10] + r * c[11]);
    let sum = low + r4 * (middle + r4 * (high + r4 * (c[12] + r * c[13])));
    f64::from_bits(((k as i64 + 1_023) as u64) << 52) * sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ln_agrees_with_libm(mantissa in 1.0f64..2.0, exponent in -1000i32..1000) {
            let x = libm::ldexp(mantissa, exponent);
            let (got, expected) = (ln(x), libm::log(x));
            // Near 1 the logarithm is small, and the error is that of its argument's last place.
            let allowed = 4e-16 * expected.abs().max(1.0);
            prop_assert!((got - expected).abs() <= allowed, "ln {x:e}: {got} is not {expected}");
        }

        #[test]
        fn exp_agrees_with_libm(x in -700.0f64..700.0) {
            let (got, expected) = (exp(x), libm::exp(x));
            prop_assert!((got / expected - 1.0).abs() < 2e-15, "exp {x}: {got:e} is not {expected:e}");
        }
    }

    #[test]
    fn what_is_known_exactly() {
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) > 0.0 && exp(1e9).is_finite());
        assert!(ln(crate::rng::unit32(0)) < -22.0 && ln(crate::rng::unit64(0)) < -36.0);
        assert!(ln(crate::rng::unit64(u64::MAX)) < 0.0);
    }
}
