//! Expectation and outcome: below is weak, met is mediocre, above and felt is excellent.

use super::proportion::Interval;
use super::resample::bootstrap;
use crate::numeric::linear;

/// How an outcome stood to what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Weak,
    Mediocre,
    Excellent,
}

/// A touchpoint's expected level and outcome in the same unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touchpoint {
    pub expected: f64,
    pub outcome: f64,
    /// For waits and prices less is better.
    pub lower_is_better: bool,
    /// A smaller difference than this is not noticed.
    pub noticeable: f64,
}

impl Touchpoint {
    /// Outcome minus expectation, positive when better.
    #[must_use]
    pub fn gain(&self) -> f64 {
        let difference = self.outcome - self.expected;
        if self.lower_is_better { -difference } else { difference }
    }

    /// The level, by whether the difference can be felt. A shortfall needs no feeling to be weak: a broken promise is
    /// one at any size beyond rounding.
    #[must_use]
    pub fn level(&self) -> Level {
        let gain = self.gain();
        if gain < -1e-9 * self.expected.abs().max(1.0) {
            Level::Weak
        } else if gain > self.noticeable {
            Level::Excellent
        } else {
            Level::Mediocre
        }
    }
}

/// Felt value of a gain: losses weigh more than equal gains, both wear off with size (Tversky and Kahneman 1992, with
/// their exponent .88 and loss aversion 2.25).
#[must_use]
pub fn felt(gain: f64) -> f64 {
    felt_with(gain, 0.88, 2.25)
}

/// The same with a company's own curve.
#[must_use]
pub fn felt_with(gain: f64, exponent: f64, aversion: f64) -> f64 {
    if gain >= 0.0 { gain.powf(exponent) } else { -aversion * (-gain).powf(exponent) }
}

/// Loss aversion seen in answers: how many times more a unit below expectation lowers the score than a unit above it
/// raises it. `None` when there are too few answers on either side or gains do not raise the score.
///
/// Least squares of the score on the gain with a bend at zero; the interval by BCa bootstrap.
#[must_use]
pub fn loss_aversion(answers: &[(f64, f64)], confidence: f64, seed: u64) -> Option<Interval> {
    let sides = [answers.iter().filter(|a| a.0 < 0.0).count(), answers.iter().filter(|a| a.0 > 0.0).count()];
    if sides.iter().any(|s| *s < 10) {
        return None;
    }
    bootstrap(answers, 400, confidence, seed, |sample| {
        let [_, above, below] = bent_line(sample)?;
        (above > 1e-9).then(|| below / above)
    })
}

/// Intercept, slope above zero and slope below zero.
fn bent_line(sample: &[(f64, f64)]) -> Option<[f64; 3]> {
    let mut normal = [0.0; 9];
    let mut right = [0.0; 3];
    for &(gain, score) in sample {
        let inputs = [1.0, gain.max(0.0), gain.min(0.0)];
        for i in 0..3 {
            right[i] += inputs[i] * score;
            for j in 0..3 {
                normal[i * 3 + j] += inputs[i] * inputs[j];
            }
        }
    }
    let lower = linear::cholesky(&normal, 3)?;
    let found = linear::cholesky_solve(&lower, 3, &right);
    Some([found[0], found[1], found[2]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn levels_follow_promise_and_feeling() {
        let wait = |outcome| Touchpoint { expected: 10.0, outcome, lower_is_better: true, noticeable: 3.0 };
        assert_eq!([12.0, 10.0, 8.0, 5.0].map(|o| wait(o).level()), [Level::Weak, Level::Mediocre, Level::Mediocre, Level::Excellent]);
        assert!(felt(-1.0) == -2.25 * felt(1.0) && felt(4.0) < 4.0 * felt(1.0));
    }

    #[test]
    fn loss_aversion_is_recovered_from_answers() {
        let mut random = Random::new(2);
        let mut draw = || -> Vec<(f64, f64)> {
            (0..400)
                .map(|_| {
                    let gain = 3.0 * random.normal();
                    let score = 4.0 + if gain > 0.0 { 0.1 * gain } else { 0.25 * gain } + 0.2 * random.normal();
                    (gain, score)
                })
                .collect()
        };
        let answers = draw();
        let covered = (0..100).filter(|round| !loss_aversion(&draw(), 0.95, *round).expect("enough").excludes(2.5)).count();
        assert!((86..=99).contains(&covered), "{covered} of 100");
        assert_eq!(loss_aversion(&answers[..8], 0.95, 5), None);
    }
}
