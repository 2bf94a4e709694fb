//! Probabilities that mean what they say: logistic models over a few features, fitted on examples the scorer has not
//! been trained on.

/// A logistic model over standardised features.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Logistic {
    means: Vec<f32>,
    deviations: Vec<f32>,
    /// One weight per feature, the bias last.
    weights: Vec<f32>,
}

impl Logistic {
    /// Fits by Newton's method with a small ridge. `rows` hold one feature vector per example; `weights` may make some
    /// count more (empty: all alike). With one class only, the model answers its share and ignores the features.
    pub(crate) fn fit(rows: &[Vec<f32>], outcomes: &[bool], weights: &[f32], ridge: f64) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        let (means, deviations) = moments(rows, width);
        let size = width + 1;
        let mut solution = vec![0.0_f64; size];
        let standardised: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| {
                row.iter().zip(means.iter().zip(&deviations)).map(|(value, (mean, deviation))| f64::from((value - mean) / deviation)).chain([1.0]).collect()
            })
            .collect();
        for _ in 0..30 {
            let mut gradient = vec![0.0_f64; size];
            let mut hessian = vec![0.0_f64; size * size];
            for (index, (row, &outcome)) in standardised.iter().zip(outcomes).enumerate() {
                let weight = weights.get(index).map_or(1.0, |&weight| f64::from(weight));
                let probability = sigmoid(row.iter().zip(&solution).map(|(value, weight)| value * weight).sum());
                let error = weight * (probability - f64::from(u8::from(outcome)));
                let curvature = weight * (probability * (1.0 - probability)).max(1e-6);
                for (left, &value) in row.iter().enumerate() {
                    gradient[left] += error * value;
                    for (right, &other) in row.iter().enumerate().take(left + 1) {
                        hessian[left * size + right] += curvature * value * other;
                    }
                }
            }
            for diagonal in 0..size {
                let penalty = if diagonal == width { 1e-3 } else { ridge };
                gradient[diagonal] += penalty * solution[diagonal];
                hessian[diagonal * size + diagonal] += penalty;
            }
            let step = solve_symmetric(&mut hessian, &gradient, size);
            let mut largest = 0.0_f64;
            for (weight, change) in solution.iter_mut().zip(&step) {
                // A step bound keeps separable data from running away in one iteration.
                let change = change.clamp(-4.0, 4.0);
                *weight -= change;
                largest = largest.max(change.abs());
            }
            if largest < 1e-6 {
                break;
            }
        }
        Self { means, deviations, weights: solution.into_iter().map(|weight| weight as f32).collect() }
    }

    /// The weights for features as they come, not standardised, the bias last.
    pub(crate) fn plain_weights(&self) -> Vec<f32> {
        let mut plain: Vec<f32> = self.weights.iter().zip(&self.deviations).map(|(weight, deviation)| weight / deviation).collect();
        let shift: f32 = plain.iter().zip(&self.means).map(|(weight, mean)| weight * mean).sum();
        plain.push(self.weights[self.weights.len() - 1] - shift);
        plain
    }

    /// The log-odds of one feature vector.
    pub(crate) fn log_odds(&self, row: &[f32]) -> f32 {
        let bias = self.weights[self.weights.len() - 1];
        row.iter()
            .zip(self.means.iter().zip(&self.deviations))
            .zip(&self.weights)
            .fold(bias, |sum, ((value, (mean, deviation)), weight)| sum + weight * (value - mean) / deviation)
    }

    /// The probability of one feature vector.
    pub(crate) fn probability(&self, row: &[f32]) -> f32 {
        sigmoid(f64::from(self.log_odds(row))) as f32
    }
}

pub(crate) fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

/// Mean and standard deviation of each column; a constant column gets deviation one.
fn moments(rows: &[Vec<f32>], width: usize) -> (Vec<f32>, Vec<f32>) {
    let count = rows.len().max(1) as f64;
    (0..width)
        .map(|column| {
            let mean = rows.iter().map(|row| f64::from(row[column])).sum::<f64>() / count;
            let variance = rows.iter().map(|row| (f64::from(row[column]) - mean).powi(2)).sum::<f64>() / count;
            let deviation = if variance > 1e-12 { variance.sqrt() } else { 1.0 };
            (mean as f32, deviation as f32)
        })
        .unzip()
}

/// Solves a symmetric positive definite system, given by its lower triangle, by Cholesky's method.
fn solve_symmetric(matrix: &mut [f64], right: &[f64], size: usize) -> Vec<f64> {
    for row in 0..size {
        for column in 0..=row {
            let dot: f64 = (0..column).map(|inner| matrix[row * size + inner] * matrix[column * size + inner]).sum();
            let value = matrix[row * size + column] - dot;
            matrix[row * size + column] = if row == column { value.max(1e-12).sqrt() } else { value / matrix[column * size + column] };
        }
    }
    let mut solution = right.to_vec();
    for row in 0..size {
        let dot: f64 = (0..row).map(|inner| matrix[row * size + inner] * solution[inner]).sum();
        solution[row] = (solution[row] - dot) / matrix[row * size + row];
    }
    for row in (0..size).rev() {
        let dot: f64 = (row + 1..size).map(|inner| matrix[inner * size + row] * solution[inner]).sum();
        solution[row] = (solution[row] - dot) / matrix[row * size + row];
    }
    solution
}

/// The temperature that makes a softmax over decision values most likely on unseen examples; found by golden-section
/// search of the mean negative log-likelihood over a logarithmic range.
pub(crate) fn temperature(scores: &[Vec<f32>], labels: &[usize]) -> f32 {
    let loss = |logarithm: f64| {
        let sharpness = logarithm.exp();
        scores
            .iter()
            .zip(labels)
            .map(|(row, &label)| {
                let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let total: f64 = row.iter().map(|&score| (sharpness * f64::from(score - highest)).exp()).sum();
                total.ln() - sharpness * f64::from(row[label] - highest)
            })
            .sum::<f64>()
    };
    let (mut low, mut high) = (-1.0_f64, 4.0_f64);
    let golden = 0.618_033_988_75;
    for _ in 0..40 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if loss(left) < loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logistic_recovers_a_known_relation() {
        let rows: Vec<Vec<f32>> = (0..400).map(|index| vec![index as f32 / 100.0 - 2.0]).collect();
        let outcomes: Vec<bool> = (0..400).map(|index| index >= 200 || index % 7 == 0).collect();
        let model = Logistic::fit(&rows, &outcomes, &[], 1e-3);
        assert!(model.probability(&[1.9]) > 0.95);
        assert!(model.probability(&[-1.9]) < 0.25);
    }

    #[test]
    fn one_class_only_is_survived() {
        let model = Logistic::fit(&[vec![1.0], vec![2.0]], &[true, true], &[], 1.0);
        assert!(model.probability(&[1.5]).is_finite());
    }

    #[test]
    fn temperature_sharpens_right_scores() {
        let scores = vec![vec![1.0, 0.0]; 50];
        let sharp = temperature(&scores, &[0; 50]);
        let mixed: Vec<usize> = (0..50).map(|index| index % 2).collect();
        assert!(sharp > temperature(&scores, &mixed));
    }
}
