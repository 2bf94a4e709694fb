//! Special functions for positive arguments.

use std::f64::consts::PI;

/// Below this argument the asymptotic series is not accurate; the recurrence lifts the argument above it.
const SERIES_FROM: f64 = 10.0;

/// Natural logarithm of the gamma function for `x > 0`; `NaN` otherwise.
///
/// Stirling's series (Abramowitz and Stegun 6.1.41) after lifting the argument by Γ(x+1) = xΓ(x).
/// Relative error below 1e-14.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let mut lifted = x;
    let mut product = 1.0;
    while lifted < SERIES_FROM {
        product *= lifted;
        lifted += 1.0;
    }
    let inverse = 1.0 / lifted;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 + square * (-1.0 / 360.0 + square * (1.0 / 1260.0 + square * (-1.0 / 1680.0 + square / 1188.0))));
    (lifted - 0.5) * lifted.ln() - lifted + 0.5 * (2.0 * PI).ln() + series - product.ln()
}

/// Derivative of [`ln_gamma`] for `x > 0` (Abramowitz and Stegun 6.3.18); `NaN` otherwise.
#[must_use]
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let mut lifted = x;
    let mut below = 0.0;
    while lifted < SERIES_FROM {
        below += 1.0 / lifted;
        lifted += 1.0;
    }
    let inverse = 1.0 / lifted;
    let square = inverse * inverse;
    let series = square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * (1.0 / 240.0 - square / 132.0))));
    lifted.ln() - 0.5 * inverse - series - below
}

/// Logarithm of the beta function for positive arguments.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// `1 / (1 + exp(-x))` without overflow.
#[must_use]
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// `ln(1 + exp(x))` without overflow.
#[must_use]
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Log-odds of a probability, held inside the open unit interval by 1e-12 so that a certain prediction stays finite.
#[must_use]
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    (p / (1.0 - p)).ln()
}

/// Complementary error function, relative error below 1e-13 (series for small, continued fraction for large values).
#[must_use]
pub fn erfc(x: f64) -> f64 {
    let z = x.abs();
    let upper = if z < 2.5 {
        // Maclaurin form with positive terms: erf(z) = 2/√π · e^(−z²) · Σ 2ⁿ z^(2n+1) / (2n+1)!!
        let mut term = z;
        let mut sum = z;
        let mut n = 0.0;
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * z * z / (2.0 * n + 1.0);
            sum += term;
        }
        1.0 - 2.0 / PI.sqrt() * (-z * z).exp() * sum
    } else {
        let mut fraction = z;
        for k in (1..=60).rev() {
            fraction = z + f64::from(k) / 2.0 / fraction;
        }
        (-z * z).exp() / (PI.sqrt() * fraction)
    };
    if x >= 0.0 { upper } else { 2.0 - upper }
}

/// Standard normal distribution function.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}

/// Standard normal quantile for `0 < p < 1`; infinite at the ends, `NaN` outside.
///
/// Bracketed Newton steps on [`normal_cdf`], so its accuracy is that of the distribution function.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // The lower tail keeps its digits; 1 − p is exact here.
        return -normal_quantile(1.0 - p);
    }
    let (mut low, mut high) = (-40.0_f64, 0.0_f64);
    let mut x = -(-2.0 * p.ln()).sqrt().min(38.0) * 0.7;
    for _ in 0..200 {
        let error = normal_cdf(x) - p;
        if error > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
        let mut next = x - error / density;
        if !(next > low && next < high) {
            next = f64::midpoint(low, high);
        }
        if (next - x).abs() <= 1e-15 * x.abs().max(1.0) {
            return next;
        }
        x = next;
    }
    x
}

/// Regularised incomplete beta function I_x(a, b) for positive `a`, `b` and `0 ≤ x ≤ 1`
/// (continued fraction, Abramowitz and Stegun 26.5.8, evaluated by Lentz' method).
#[must_use]
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp() / a;
    let tiny = 1e-300;
    let (mut c, mut d) = (1.0, 1.0 - (a + b) * x / (a + 1.0));
    d = 1.0 / if d.abs() < tiny { tiny } else { d };
    let mut fraction = d;
    for m in 1..=500 {
        let m = f64::from(m);
        for numerator in [m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)), -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))] {
            d = 1.0 + numerator * d;
            d = 1.0 / if d.abs() < tiny { tiny } else { d };
            c = 1.0 + numerator / c;
            if c.abs() < tiny {
                c = tiny;
            }
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_agrees_with_factorials_and_the_half() {
        assert!((ln_gamma(11.0) - 3_628_800_f64.ln()).abs() < 1e-12);
        assert!((ln_gamma(0.5) - PI.sqrt().ln()).abs() < 1e-13);
        assert!(ln_gamma(0.0).is_nan() && ln_gamma(-1.5).is_nan());
    }

    #[test]
    fn digamma_is_the_slope_of_ln_gamma() {
        for x in [0.01_f64, 0.3, 1.0, 4.2, 37.0, 900.0] {
            let step = 1e-6 * x;
            let slope = (ln_gamma(x + step) - ln_gamma(x - step)) / (2.0 * step);
            assert!((digamma(x) - slope).abs() < 1e-6 * slope.abs().max(1.0), "{x}");
        }
        assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-13);
    }

    #[test]
    fn normal_quantile_inverts_the_distribution() {
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        for p in [1e-12, 1e-5, 0.2, 0.5, 0.9, 0.999_99] {
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-13 * p.max(1e-3), "{p}");
        }
    }

    #[test]
    fn incomplete_beta_agrees_with_closed_forms() {
        assert!((incomplete_beta(1.0, 3.0, 0.2) - (1.0 - 0.8_f64.powi(3))).abs() < 1e-14);
        assert!((incomplete_beta(2.0, 1.0, 0.7) - 0.49).abs() < 1e-14);
        assert!((incomplete_beta(5.5, 5.5, 0.5) - 0.5).abs() < 1e-13);
    }
}
