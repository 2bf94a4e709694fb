//! Exponentials and logarithms without a branch: in a loop over a slice the compiler takes several at once, which it cannot do
//! with the calls of the standard library. Cody and Waite (1980): the power of two apart, a series for what is left.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

/// Added and taken off again this leaves the nearest whole number, and in between that number in the lowest bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; the first has few enough bits that its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Largest and smallest power: beyond it the result would need care, and means nothing or everything anyway.
const FURTHEST: f64 = 700.0;

/// e to a power, to a few units in the last place; powers beyond ± 700 are taken for that.
#[inline]
pub fn exponential(power: f64) -> f64 {
    let power = if power > -FURTHEST { power } else { -FURTHEST };
    let power = if power < FURTHEST { power } else { FURTHEST };
    let shifted = power * LOG2_E + WHOLE;
    let whole = shifted - WHOLE;
    let r = (power - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let s = r * r;
    // The series in pairs: fewer steps wait for one another.
    let low = (1.0 + r) + s * (1.0 / 2.0 + r * (1.0 / 6.0));
    let middle = (1.0 / 24.0 + r * (1.0 / 120.0)) + s * (1.0 / 720.0 + r * (1.0 / 5_040.0));
    let high = (1.0 / 40_320.0 + r * (1.0 / 362_880.0)) + s * (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0) + s * (1.0 / 479_001_600.0));
    let quartic = s * s;
    let series = low + quartic * (middle + quartic * high);
    series * f64::from_bits(shifted.to_bits().wrapping_sub(WHOLE.to_bits()).wrapping_add(1_023) << 52)
}

/// Natural logarithm of a positive normal number, to a few units in the last place of the larger of it and one.
#[inline]
pub fn logarithm(x: f64) -> f64 {
    const HALF_ROOT: u64 = (0.5 * SQRT_2).to_bits();
    let bits = x.to_bits();
    // Counting from the bits of √½ leaves a mantissa between √½ and √2.
    let biased = bits.wrapping_sub(HALF_ROOT).wrapping_add(1_023 << 52) >> 52;
    let mantissa = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(1_023) << 52));
    let exponent = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1_023.0);
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let s = t * t;
    // 2 artanh t.
    let quartic = s * s;
    let low = (1.0 + s * (1.0 / 3.0)) + quartic * (1.0 / 5.0 + s * (1.0 / 7.0));
    let middle = (1.0 / 9.0 + s * (1.0 / 11.0)) + quartic * (1.0 / 13.0 + s * (1.0 / 15.0));
    let high = (1.0 / 17.0 + s * (1.0 / 19.0)) + quartic * (1.0 / 21.0);
    let octic = quartic * quartic;
    2.0 * t * (low + octic * (middle + octic * high)) + exponent * LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_and_logarithms_agree_with_the_exact_ones() {
        for step in -69_000..=69_000 {
            let power = f64::from(step) * 0.01 + 0.003;
            assert!((exponential(power) / power.exp() - 1.0).abs() < 2e-15, "{power}");
            let x = power.exp();
            assert!((logarithm(x) - x.ln()).abs() < 4e-16 * (1.0 + x.ln().abs()), "{x}");
        }
        for step in 1..=20_000 {
            let x = f64::from(step) * 1e-4;
            assert!((logarithm(x) - x.ln()).abs() < 4e-16 * (1.0 + x.ln().abs()), "{x}");
        }
        assert_eq!((exponential(0.0), logarithm(1.0)), (1.0, 0.0));
        assert!(exponential(f64::NEG_INFINITY) < 1e-300 && exponential(1e9).is_finite());
    }
}
