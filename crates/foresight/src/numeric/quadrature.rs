//! Numerical integration.

use super::special::{logistic, softplus};

/// Gauss–Legendre nodes and weights on `[0, 1]`.
#[derive(Debug, Clone)]
pub struct GaussLegendre {
    /// Pairs of (node, weight); the weights sum to one.
    pub points: Vec<(f64, f64)>,
}

impl GaussLegendre {
    /// Builds the rule of `count` nodes by Newton's method on the Legendre polynomial's three-term recurrence.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let n = count.max(1) as f64;
        let points = (0..count.max(1))
            .map(|i| {
                let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
                let mut slope = 1.0;
                for _ in 0..100 {
                    let (mut previous, mut current) = (1.0, x);
                    for k in 2..=count {
                        let k = k as f64;
                        (previous, current) = (current, ((2.0 * k - 1.0) * x * current - (k - 1.0) * previous) / k);
                    }
                    slope = n * (x * current - previous) / (x * x - 1.0);
                    let step = current / slope;
                    x -= step;
                    if step.abs() < 1e-16 {
                        break;
                    }
                }
                (0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope))
            })
            .collect();
        Self { points }
    }
}

/// Mean of `f(p, 1 − p)` when `p` is beta(a, b), for any positive parameters, tiny and huge ones included.
///
/// The trapezoidal rule in `τ`, with `logit p = c + w·sinh τ` and `w` the spread of the log-odds: around the
/// peak the steps are as fine as the peak is narrow, and the exponential tails that small parameters have are reached
/// double-exponentially. The result is normalised on the same nodes, so a constant comes back exactly.
pub fn beta_mean(a: f64, b: f64, mut f: impl FnMut(f64, f64) -> f64) -> f64 {
    const STEP: f64 = 0.125;
    // With a small parameter the peak lies far out in a tail where `f` no longer changes: the grid stays at the bend.
    let centre = (a.max(1.0) / b.max(1.0)).ln();
    // Never wider than what is averaged can change over.
    let width = (1.0 / a + 1.0 / b).sqrt().min(1.5);
    let (ln_p, ln_rest) = (-softplus(-centre), -softplus(centre));
    let peak = a * ln_p + b * ln_rest;
    let (mut mass, mut sum) = (0.0, 0.0);
    for direction in [1.0, -1.0] {
        for k in 0..160 {
            if k == 0 && direction < 0.0 {
                continue;
            }
            let t = direction * f64::from(k) * STEP;
            let odds = centre + width * t.sinh();
            let height = (-a * softplus(-odds) - b * softplus(odds) - peak).exp() * t.cosh();
            if height < 1e-19 {
                break;
            }
            mass += height;
            sum += height * f(logistic(odds), logistic(-odds));
        }
    }
    sum / mass
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legendre_is_exact_for_polynomials() {
        let rule = GaussLegendre::new(8);
        let integral: f64 = rule.points.iter().map(|(x, w)| w * x.powi(15)).sum();
        assert!((integral - 1.0 / 16.0).abs() < 1e-14);
        assert!((rule.points.iter().map(|p| p.1).sum::<f64>() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn beta_means_are_exact_from_tiny_to_huge_parameters() {
        for (a, b) in [(0.003_f64, 0.1_f64), (0.5, 3.0), (40.0, 2.0), (5e4, 5e4), (1e-5, 800.0), (0.2, 5e3)] {
            let total = a + b;
            assert!((beta_mean(a, b, |_, _| 1.0) - 1.0).abs() < 1e-14);
            let mean = beta_mean(a, b, |p, _| p);
            assert!((mean / (a / total) - 1.0).abs() < 1e-8, "{a} {b} {mean}");
            let cross = beta_mean(a, b, |p, rest| p * rest);
            assert!((cross / (a * b / (total * (total + 1.0))) - 1.0).abs() < 1e-7, "{a} {b} {cross}");
        }
    }
}
