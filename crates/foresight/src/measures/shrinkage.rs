//! Small groups drawn to the whole, so that a ranking does not crown whoever answered least.

use super::proportion::Interval;
use crate::numeric::special::incomplete_beta;

/// A group's share before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunk {
    pub raw: f64,
    /// Posterior mean and credible interval.
    pub interval: Interval,
    /// Weight of the group's own answers against the whole, 0–1.
    pub own_weight: f64,
}

/// Empirical Bayes for shares: groups `(hits, count)` are taken as draws from one beta distribution, whose mean and
/// spread are estimated from all groups by moments (Kleinman 1973). Groups without answers get the whole's mean.
#[must_use]
pub fn shrink(groups: &[(u64, u64)], confidence: f64) -> Vec<Shrunk> {
    let (hits, count) = groups.iter().fold((0.0, 0.0), |(h, n), g| (h + g.0 as f64, n + g.1 as f64));
    if count == 0.0 {
        return Vec::new();
    }
    let mean: f64 = (hits + 0.5) / (count + 1.0);
    // Spread between groups beyond what counting alone explains: q = Σ n (p − mean)² against its expectation.
    let used: Vec<(f64, f64)> = groups.iter().filter(|g| g.1 > 0).map(|g| (g.0 as f64 / g.1 as f64, g.1 as f64)).collect();
    let q: f64 = used.iter().map(|(p, n)| n * (p - mean) * (p - mean)).sum();
    let free = used.len() as f64 - 1.0;
    let squares: f64 = used.iter().map(|(_, n)| n * n).sum();
    let between = (q - mean * (1.0 - mean) * free) / (count - squares / count).max(1e-9);
    // Variance between groups = mean (1 − mean) / (strength + 1).
    let strength = if between > 0.0 { (mean * (1.0 - mean) / between - 1.0).clamp(1.0, 1e5) } else { 1e5 };
    (groups.iter())
        .map(|&(hits, count)| {
            let (a, b) = (strength * mean + hits as f64, strength * (1.0 - mean) + (count - hits.min(count)) as f64);
            let tail = 0.5 * (1.0 - confidence);
            let estimate = a / (a + b);
            let interval = Interval { estimate, low: beta_quantile(a, b, tail), high: beta_quantile(a, b, 1.0 - tail) };
            let raw = if count > 0 { hits as f64 / count as f64 } else { f64::NAN };
            Shrunk { raw, interval, own_weight: count as f64 / (count as f64 + strength) }
        })
        .collect()
}

/// Quantile of a beta distribution by bisection.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(a, b, middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn shrunken_shares_are_nearer_the_truth_and_intervals_cover() {
        let mut random = Random::new(8);
        let (mut raw_error, mut error, mut covered, mut total) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..40 {
            let truth: Vec<f64> = (0..40).map(|_| random.beta(14.0, 6.0)).collect();
            let groups: Vec<(u64, u64)> = (truth.iter())
                .map(|p| {
                    let n = 3 + random.below(40) as u64;
                    ((0..n).filter(|_| random.uniform() < *p).count() as u64, n)
                })
                .collect();
            for (shrunk, truth) in shrink(&groups, 0.95).iter().zip(&truth) {
                raw_error += (shrunk.raw - truth).powi(2);
                error += (shrunk.interval.estimate - truth).powi(2);
                covered += f64::from(u8::from(!shrunk.interval.excludes(*truth)));
                total += 1.0;
            }
        }
        assert!(error < 0.7 * raw_error, "{error} {raw_error}");
        let coverage: f64 = covered / total;
        assert!((0.91..=0.985).contains(&coverage), "{coverage}");
    }

    #[test]
    fn equal_groups_are_drawn_together_and_large_ones_stand_by_themselves() {
        let found = shrink(&[(1, 2), (500, 1_000), (900, 1_000), (100, 1_000)], 0.95);
        assert!(found[0].own_weight < 0.7 && found[1].own_weight > 0.98);
        assert!(shrink(&[(0, 0)], 0.95).is_empty());
    }
}
