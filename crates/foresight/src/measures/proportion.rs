//! Shares and their intervals.

use crate::numeric::special::normal_quantile;

/// An estimate and the interval that covers the truth with the asked confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Whether the interval leaves out a value; a difference that does not leave out zero is no difference to show.
    #[must_use]
    pub fn excludes(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }

    /// Half of the width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// The interval in another unit.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Self { estimate: self.estimate * factor, low: a.min(b), high: a.max(b) }
    }
}

/// Normal quantile of a two-sided confidence such as .95.
#[must_use]
pub fn quantile_of(confidence: f64) -> f64 {
    normal_quantile(0.5 + 0.5 * confidence.clamp(0.0, 1.0 - 1e-12))
}

/// Share of `hits` in `count` with Wilson's score interval (1927); `None` when there is nothing to divide by or there
/// are more hits than cases.
#[must_use]
pub fn wilson(hits: u64, count: u64, confidence: f64) -> Option<Interval> {
    if count == 0 || hits > count {
        return None;
    }
    let (n, p) = (count as f64, hits as f64 / count as f64);
    let z = quantile_of(confidence);
    let z2 = z * z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends rounding must not push the bound off the estimate.
    let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits == count { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { estimate: p, low, high })
}

/// Difference of two independent shares, first minus second, with Newcombe's hybrid score interval (1998, method 10).
#[must_use]
pub fn difference(first: (u64, u64), second: (u64, u64), confidence: f64) -> Option<Interval> {
    let (a, b) = (wilson(first.0, first.1, confidence)?, wilson(second.0, second.1, confidence)?);
    let estimate = a.estimate - b.estimate;
    let down = (a.estimate - a.low).hypot(b.high - b.estimate);
    let up = (a.high - a.estimate).hypot(b.estimate - b.low);
    Some(Interval { estimate, low: estimate - down, high: estimate + up })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn wilson_agrees_with_the_published_example() {
        // Newcombe (1998), table I: 81 of 263.
        let found = wilson(81, 263, 0.95).expect("some");
        assert!((found.low - 0.2553).abs() < 5e-5 && (found.high - 0.3662).abs() < 5e-5, "{found:?}");
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(wilson(0, 9, 0.95).map(|i| i.low), Some(0.0));
        // Newcombe (1998), 56/70 against 48/80, method 10.
        let gap = difference((56, 70), (48, 80), 0.95).expect("some");
        assert!((gap.low - 0.0524).abs() < 5e-5 && (gap.high - 0.3339).abs() < 5e-5, "{gap:?}");
    }

    #[test]
    fn coverage_by_simulation_is_near_the_promise() {
        let mut random = Random::new(17);
        let mut draw = |n: u64, p: f64| (0..n).filter(|_| random.uniform() < p).count() as u64;
        let (mut total, mut covered, mut covered_gap) = (0.0, 0.0, 0.0);
        for n in [10, 30, 200] {
            for p in [0.05, 0.3, 0.5, 0.8] {
                for _ in 0..1_500 {
                    let (x, y) = (draw(n, p), draw(n, 0.4));
                    total += 1.0;
                    let own = wilson(x, n, 0.95).expect("some");
                    covered += f64::from(u8::from(!own.excludes(p)));
                    let gap = difference((x, n), (y, n), 0.95).expect("some");
                    covered_gap += f64::from(u8::from(!gap.excludes(p - 0.4)));
                }
            }
        }
        let (single, gap) = (covered / total, covered_gap / total);
        assert!((0.935..0.975).contains(&single), "{single}");
        assert!((0.935..0.975).contains(&gap), "{gap}");
    }
}
