//! Making a score mean what it says.

use crate::numeric::linear;
use crate::numeric::special::{logistic, softplus};

/// Log-odds = intercept + Σ weight · score: Platt's scaling (1999) for one score, a calibrated blend for several.
/// Being linear in log-odds it keeps additive reasons additive.
#[derive(Debug, Clone, PartialEq)]
pub struct Platt {
    pub intercept: f64,
    pub weights: Vec<f64>,
}

impl Platt {
    /// Fits on scores of rows that the models had not seen. Weights are held at zero or above: a model that would need
    /// a negative one is left out. `pull` draws the weights to an even share, as if so many rows had asked for it.
    #[must_use]
    pub fn fit(scores: &[Vec<f64>], labels: &[bool], pull: f64) -> Self {
        let count = scores.len();
        let mut used: Vec<usize> = (0..count).collect();
        loop {
            let (intercept, weights) = fit_free(scores, labels, &used, pull);
            let Some(place) = weights.iter().position(|w| *w < 0.0) else {
                let mut all = vec![0.0; count];
                used.iter().zip(weights).for_each(|(&model, weight)| all[model] = weight);
                return Self { intercept, weights: all };
            };
            used.remove(place);
        }
    }

    /// Loss (−ln of the likelihood) on rows given by their scores; scores beyond the weights are not looked at.
    #[must_use]
    pub fn loss(&self, scores: &[Vec<f64>], labels: &[bool]) -> f64 {
        let one = |(row, &label): (usize, &bool)| {
            let odds = self.log_odds(scores.iter().map(|s| s[row]));
            softplus(odds) - if label { odds } else { 0.0 }
        };
        labels.iter().enumerate().map(one).sum()
    }

    /// Calibrated log-odds.
    #[must_use]
    pub fn log_odds(&self, scores: impl IntoIterator<Item = f64>) -> f64 {
        self.intercept + self.weights.iter().zip(scores).map(|(w, s)| w * s).sum::<f64>()
    }
}

/// Whether a loss is higher, or no number at all.
fn worse(loss: f64, than: f64) -> bool {
    loss.is_nan() || loss > than
}

fn fit_free(scores: &[Vec<f64>], labels: &[bool], used: &[usize], pull: f64) -> (f64, Vec<f64>) {
    let side = used.len() + 1;
    let even = 1.0 / used.len().max(1) as f64;
    let mut parameters = vec![even; side];
    parameters[0] = 0.0;
    // The pull is a ridge in units of the spread of the scores.
    let spread = |m: usize| crate::numeric::summary::variance(&scores[m]).unwrap_or(1.0).max(1e-9) * 0.25 * pull;
    let ridge: Vec<f64> = used.iter().map(|&m| spread(m)).collect();
    let loss = |parameters: &[f64]| {
        let mut sum: f64 = ridge.iter().zip(&parameters[1..]).map(|(r, p)| 0.5 * r * (p - even) * (p - even)).sum();
        for (row, &label) in labels.iter().enumerate() {
            let s = parameters[0] + used.iter().zip(&parameters[1..]).map(|(&m, p)| p * scores[m][row]).sum::<f64>();
            sum += softplus(s) - if label { s } else { 0.0 };
        }
        sum
    };
    let mut value = loss(&parameters);
    for _ in 0..30 {
        let mut gradient = vec![0.0; side];
        let mut information = vec![0.0; side * side];
        for (row, &label) in labels.iter().enumerate() {
            let input = |i: usize| if i == 0 { 1.0 } else { scores[used[i - 1]][row] };
            let p = logistic((0..side).map(|i| parameters[i] * input(i)).sum());
            for i in 0..side {
                gradient[i] += (p - f64::from(u8::from(label))) * input(i);
                for j in 0..=i {
                    information[i * side + j] += p * (1.0 - p) * input(i) * input(j);
                }
            }
        }
        for i in 0..side {
            if i > 0 {
                gradient[i] += ridge[i - 1] * (parameters[i] - even);
                information[i * side + i] += ridge[i - 1];
            }
            information[i * side + i] += 1e-9;
        }
        let Some(lower) = linear::cholesky(&information, side) else { break };
        let step = linear::cholesky_solve(&lower, side, &gradient);
        let mut length = 1.0;
        let moved = |length: f64| parameters.iter().zip(&step).map(|(p, s)| p - length * s).collect::<Vec<f64>>();
        let mut next = moved(length);
        while length > 1e-6 && worse(loss(&next), value) {
            length *= 0.5;
            next = moved(length);
        }
        let after = loss(&next);
        let done = worse(after, value - 1e-9 * value.abs());
        (parameters, value) = (next, after);
        if done {
            break;
        }
    }
    (parameters[0], parameters[1..].to_vec())
}

/// A rising step function from score to probability (pool adjacent violators; Zadrozny and Elkan 2002), linear between
/// the middles of the steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Isotonic {
    points: Vec<(f64, f64)>,
}

impl Isotonic {
    /// Fits on scores of rows that the model had not seen. Needs a few hundred rows to be better than [`Platt`].
    #[must_use]
    pub fn fit(scores: &[f64], labels: &[bool]) -> Self {
        let mut order: Vec<usize> = (0..scores.len().min(labels.len())).collect();
        order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        // Sum of scores, of positives, and count.
        let mut blocks: Vec<[f64; 3]> = Vec::new();
        for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
            let positives = tied.iter().filter(|&&i| labels[i]).count() as f64;
            blocks.push([tied.iter().map(|&i| scores[i]).sum(), positives, tied.len() as f64]);
            while let [.., a, b] = blocks[..]
                && a[1] * b[2] >= b[1] * a[2]
            {
                blocks.truncate(blocks.len() - 2);
                blocks.push([a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
            }
        }
        Self { points: blocks.into_iter().map(|[s, p, n]| (s / n, p / n)).collect() }
    }

    /// Calibrated probability of a score.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        let place = self.points.partition_point(|p| p.0 < score);
        match (place.checked_sub(1).and_then(|p| self.points.get(p)), self.points.get(place)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (score - a.0) / (b.0 - a.0),
            (Some(end), None) | (None, Some(end)) => end.1,
            (None, None) => 0.5,
        }
    }
}

/// How log-odds become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Calibration {
    /// Straight in log-odds: reasons add up to the probability shown.
    #[default]
    Platt,
    /// Any rising shape.
    Isotonic,
    /// Isotonic where it has the lower loss on rows that it was not fitted on, else Platt.
    Auto,
}

impl Calibration {
    /// The isotonic step on log-odds of rows that the models had not seen; `None` when Platt's stays alone.
    #[must_use]
    pub fn isotonic(self, odds: &[f64], labels: &[bool]) -> Option<Isotonic> {
        let wanted = match self {
            Self::Platt => false,
            Self::Isotonic => true,
            Self::Auto => isotonic_is_better(odds, labels),
        };
        wanted.then(|| Isotonic::fit(odds, labels))
    }
}

/// Each half of the rows, every second one, is calibrated by the other.
fn isotonic_is_better(odds: &[f64], labels: &[bool]) -> bool {
    let half = |side: usize| (side..odds.len()).step_by(2);
    let loss = |p: f64, label: bool| -(if label { p } else { 1.0 - p }).max(1e-4).ln();
    let (mut straight, mut bent) = (0.0, 0.0);
    for side in 0..2 {
        let (own, own_labels): (Vec<f64>, Vec<bool>) = half(side).map(|r| (odds[r], labels[r])).unzip();
        let fitted = Isotonic::fit(&own, &own_labels);
        for row in half(1 - side) {
            straight += loss(logistic(odds[row]), labels[row]);
            bent += loss(fitted.probability(odds[row]), labels[row]);
        }
    }
    bent < straight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;
    use crate::score;

    #[test]
    fn overconfident_scores_become_true_probabilities() {
        let mut random = Random::new(6);
        let truth: Vec<f64> = (0..20_000).map(|_| 1.5 * random.normal() - 0.5).collect();
        let labels: Vec<bool> = truth.iter().map(|t| random.uniform() < logistic(*t)).collect();
        let boast: Vec<f64> = truth.iter().map(|t| 3.0 * t + 1.0).collect();
        let noise: Vec<f64> = truth.iter().map(|_| random.normal()).collect();
        let platt = Platt::fit(&[boast.clone(), noise], &labels, 0.0);
        assert!((platt.weights[0] - 1.0 / 3.0).abs() < 0.02 && platt.weights[1].abs() < 0.05, "{platt:?}");
        let isotonic = Isotonic::fit(&boast, &labels);
        let p: Vec<f64> = boast.iter().map(|s| isotonic.probability(*s)).collect();
        assert!(score::calibration_error(&p, &labels, 15).expect("some") < 0.01);
        assert!((-60..60).map(f64::from).map(|s| isotonic.probability(s / 5.0)).is_sorted());
    }

    #[test]
    fn a_model_that_misleads_gets_no_weight() {
        let labels: Vec<bool> = (0..1_000).map(|i| i % 3 == 0).collect();
        let wrong: Vec<f64> = labels.iter().enumerate().map(|(i, l)| if *l { -0.5 } else { 0.5 } + (i % 7) as f64 * 0.2).collect();
        let platt = Platt::fit(&[wrong], &labels, 0.0);
        assert_eq!(platt.weights, [0.0]);
        assert!((logistic(platt.log_odds([9.0])) - 0.334).abs() < 0.001);
    }

    #[test]
    fn isotonic_is_taken_only_where_the_shape_is_not_straight() {
        let mut random = Random::new(8);
        let odds: Vec<f64> = (0..6_000).map(|_| 2.0 * random.normal()).collect();
        let mut draw = |p: f64| random.uniform() < p;
        let straight: Vec<bool> = odds.iter().map(|o| draw(logistic(*o))).collect();
        let stepped: Vec<bool> = odds.iter().map(|o| draw(if *o > 1.0 { 0.6 } else { 0.3 })).collect();
        assert!(Calibration::Auto.isotonic(&odds, &straight).is_none());
        let step = Calibration::Auto.isotonic(&odds, &stepped).expect("a step is not straight");
        assert!((step.probability(3.0) - 0.6).abs() < 0.08 && (step.probability(-3.0) - 0.3).abs() < 0.08);
        assert!(Calibration::Platt.isotonic(&odds, &stepped).is_none() && Calibration::Isotonic.isotonic(&odds, &straight).is_some());
    }
}
