//! Net promoter score, and the same arithmetic for staff.

use super::proportion::{Interval, quantile_of};
use super::{LEAST_ANSWERS, LEAST_STAFF, Measured};

/// Answers on 0–10 by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    pub promoters: u64,
    pub passives: u64,
    pub detractors: u64,
}

impl Answers {
    /// Counts answers: 9–10 promote, 0–6 detract, 7–8 are passive; anything above 10 is not counted.
    #[must_use]
    pub fn of(answers: &[u8]) -> Self {
        let mut counts = Self::default();
        for answer in answers {
            match answer {
                0..=6 => counts.detractors += 1,
                7 | 8 => counts.passives += 1,
                9 | 10 => counts.promoters += 1,
                _ => {}
            }
        }
        counts
    }

    /// Everyone who answered.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.promoters + self.passives + self.detractors
    }

    /// Score −100…100 with the adjusted Wald interval: ¾ of an answer is added to promoters and to detractors and 3 to
    /// the count, which keeps the interval from ever having no width. `None` without answers.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let n = self.count() as f64;
        if n == 0.0 {
            return None;
        }
        let estimate = (self.promoters as f64 - self.detractors as f64) / n;
        let (p, d) = ((self.promoters as f64 + 0.75) / (n + 3.0), (self.detractors as f64 + 0.75) / (n + 3.0));
        let centre = p - d;
        let half = quantile_of(confidence) * ((p + d - centre * centre) / (n + 3.0)).sqrt();
        // The plain score lies inside: the centre is drawn towards zero by less than the half width.
        let low = (centre - half).max(-1.0).min(estimate);
        let high = (centre + half).min(1.0).max(estimate);
        Some(Interval { estimate, low, high }.scaled(100.0))
    }
}

/// NPS of customers; fewer than ten answers give the count only.
#[must_use]
pub fn nps(answers: &Answers, confidence: f64) -> Measured {
    measured(answers, confidence, LEAST_ANSWERS)
}

/// eNPS of staff; fewer than seven people are never shown.
#[must_use]
pub fn staff_nps(answers: &Answers, confidence: f64) -> Measured {
    measured(answers, confidence, LEAST_STAFF)
}

fn measured(answers: &Answers, confidence: f64, least: u64) -> Measured {
    let count = answers.count();
    match answers.interval(confidence) {
        Some(interval) if count >= least => Measured::Score { count, interval },
        _ => Measured::TooFew { count },
    }
}

/// Difference of two independent scores, first minus second, its interval made from the two (Zou and Donner's MOVER).
/// No arrow is shown when it holds zero.
#[must_use]
pub fn difference(first: &Answers, second: &Answers, confidence: f64) -> Option<Interval> {
    let (a, b) = (first.interval(confidence)?, second.interval(confidence)?);
    let estimate = a.estimate - b.estimate;
    let low = estimate - (a.estimate - a.low).hypot(b.high - b.estimate);
    let high = estimate + (a.high - a.estimate).hypot(b.estimate - b.low);
    Some(Interval { estimate, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::special::ln_gamma;

    /// Exact coverage: the probability of all outcomes whose interval holds the truth.
    fn coverage(n: u64, p: f64, d: f64) -> f64 {
        let rest = 1.0 - p - d;
        let power = |q: f64, k: u64| if k == 0 { 0.0 } else { k as f64 * q.ln() };
        let factorial = |k: u64| ln_gamma(k as f64 + 1.0);
        let mut covered = 0.0;
        for promoters in 0..=n {
            for detractors in 0..=n - promoters {
                let passives = n - promoters - detractors;
                let ln = factorial(n) - factorial(promoters) - factorial(detractors) - factorial(passives)
                    + power(p, promoters)
                    + power(d, detractors)
                    + power(rest, passives);
                let found = Answers { promoters, passives, detractors }.interval(0.95).expect("answers");
                if !found.excludes(100.0 * (p - d)) {
                    covered += ln.exp();
                }
            }
        }
        covered
    }

    #[test]
    fn coverage_is_as_promised_over_a_grid() {
        for n in [10, 15, 25, 50, 100] {
            let mut all = Vec::new();
            for p in 1..20 {
                for d in 1..20 - p {
                    all.push(coverage(n, f64::from(p) / 20.0, f64::from(d) / 20.0));
                }
            }
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let least = all.iter().copied().fold(1.0, f64::min);
            assert!((0.94..=0.97).contains(&mean), "n = {n}: mean {mean}");
            assert!(least >= 0.90, "n = {n}: least {least}");
        }
    }

    #[test]
    fn the_difference_of_two_scores_is_covered_by_simulation() {
        let mut random = crate::numeric::random::Random::new(29);
        let (mut covered, mut total) = (0.0, 0.0);
        for (n, m) in [(10, 10), (12, 60), (40, 25), (200, 150)] {
            for ((p, d), (q, e)) in [((0.5, 0.2), (0.4, 0.3)), ((0.8, 0.05), (0.6, 0.2)), ((0.2, 0.5), (0.2, 0.5)), ((0.9, 0.05), (0.3, 0.3))] {
                let mut draw = |count: u64, promoters: f64, detractors: f64| {
                    let mut answers = Answers::default();
                    for _ in 0..count {
                        let place = random.uniform();
                        answers.promoters += u64::from(place < promoters);
                        answers.detractors += u64::from(place >= 1.0 - detractors);
                    }
                    answers.passives = count - answers.promoters - answers.detractors;
                    answers
                };
                for _ in 0..400 {
                    let found = difference(&draw(n, p, d), &draw(m, q, e), 0.95).expect("answers");
                    covered += f64::from(u8::from(!found.excludes(100.0 * ((p - d) - (q - e)))));
                    total += 1.0;
                }
            }
        }
        let share: f64 = covered / total;
        assert!((0.94..=0.98).contains(&share), "{share}");
    }

    #[test]
    fn known_widths_and_small_counts() {
        let half = |n: u64| {
            let answers = Answers { promoters: n / 2, detractors: n / 5, passives: n - n / 2 - n / 5 };
            answers.interval(0.95).expect("answers").half_width()
        };
        assert!((half(100) - 15.0).abs() < 0.5 && (half(400) - 7.6).abs() < 0.5 && (half(1_000) - 4.8).abs() < 0.3);
        let counts = Answers::of(&[10, 9, 8, 6, 0, 11]);
        assert_eq!(counts, Answers { promoters: 2, passives: 1, detractors: 2 });
        assert_eq!(nps(&counts, 0.95), Measured::TooFew { count: 5 });
        let same = Answers { promoters: 20, ..Answers::default() };
        let found = same.interval(0.95).expect("answers");
        assert!(found.estimate == 100.0 && found.high == 100.0 && found.low < 95.0);
        assert!(!difference(&same, &same, 0.95).expect("answers").excludes(0.0));
        assert!(matches!(staff_nps(&Answers { promoters: 7, ..Answers::default() }, 0.95), Measured::Score { count: 7, .. }));
    }
}
