//! Linear one-against-rest classifiers trained by dual coordinate descent.
//!
//! Source of the method: Hsieh, Chang, Lin, Keerthi and Sundararajan, "A Dual Coordinate Descent Method for Large-scale
//! Linear SVM" (2008): L2-regularised squared-hinge loss, one dual variable per example, random order, shrinking.

use super::features::Rows;
use super::random::Random;

/// How a linear model is trained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Training {
    /// Cost of violating the margin.
    pub(crate) cost: f32,
    /// Stops when no projected gradient of a pass exceeds this spread.
    pub(crate) tolerance: f32,
    /// Passes over the examples at most.
    pub(crate) passes: usize,
    /// Extra cost of the examples of the class itself (they are few against the rest).
    pub(crate) positive_weight: f32,
}

/// Weights of all classes, feature-major so that scoring a text reads one run of memory per feature.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    classes: usize,
    /// `(features + 1) × classes`; the last row is the bias.
    weights: Vec<f32>,
}

impl Linear {
    /// Trains one model per class. `labels[i]` is the class of row `i`; a label of `classes` or more is an example of
    /// none of them. Uses up to two threads; the result does not depend on their number.
    pub(crate) fn train(rows: &Rows, labels: &[u32], classes: usize, features: usize, training: Training) -> Self {
        let squares = squares(rows);
        let mut weights = vec![0.0_f32; (features + 1) * classes];
        let threads = if classes > 3 && rows.len() > 500 { 2 } else { 1 };
        let solved: Vec<Vec<(usize, Vec<f32>)>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads)
                .map(|first| {
                    let squares = &squares;
                    let learn = move |class: usize| {
                        let targets: Vec<i8> = labels.iter().map(|label| if *label as usize == class { 1 } else { -1 }).collect();
                        (class, solve(rows, &targets, class as u64, features, squares, training))
                    };
                    scope.spawn(move || (first..classes).step_by(threads).map(learn).collect())
                })
                .collect();
            handles.into_iter().map(|handle| handle.join().expect("training has no panicking path")).collect()
        });
        for (class, column) in solved.into_iter().flatten() {
            for (feature, weight) in column.into_iter().enumerate() {
                weights[feature * classes + class] = weight;
            }
        }
        Self { classes, weights }
    }

    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// Adds to each class's score the nearness to its centre, times `share`; classes without a centre stay as they are.
    pub(crate) fn lean_on(&mut self, centres: &Centres, share: f32) {
        for (weights, centres) in self.weights.chunks_mut(self.classes).zip(centres.values.chunks(centres.classes.max(1))) {
            weights.iter_mut().zip(centres).for_each(|(weight, centre)| *weight += share * centre);
        }
    }

    /// Decision values of all classes for one row, written into `scores` (its length is the number of classes).
    pub(crate) fn score(&self, row: &[(u32, f32)], scores: &mut [f32]) {
        let bias = self.weights.len() - self.classes;
        scores.copy_from_slice(&self.weights[bias..]);
        for &(column, value) in row {
            let begin = column as usize * self.classes;
            for (score, weight) in scores.iter_mut().zip(&self.weights[begin..begin + self.classes]) {
                *score += value * weight;
            }
        }
    }
}

/// Mean rows of the classes, scaled to length one: how near a text is to what a class usually looks like.
#[derive(Debug, Clone)]
pub(crate) struct Centres {
    classes: usize,
    /// `features × classes`.
    values: Vec<f32>,
}

impl Centres {
    /// Labels of `classes` or more belong to none.
    pub(crate) fn learn(rows: &Rows, labels: &[u32], classes: usize, features: usize) -> Self {
        let mut values = vec![0.0_f32; features * classes];
        for (index, &label) in labels.iter().enumerate().filter(|&(_, &label)| (label as usize) < classes) {
            let (columns, weights) = rows.row(index);
            for (&column, &weight) in columns.iter().zip(weights) {
                values[column as usize * classes + label as usize] += weight;
            }
        }
        let mut norms = vec![0.0_f32; classes];
        for feature in values.chunks(classes.max(1)) {
            for (norm, value) in norms.iter_mut().zip(feature) {
                *norm += value * value;
            }
        }
        for feature in values.chunks_mut(classes.max(1)) {
            for (value, norm) in feature.iter_mut().zip(&norms) {
                *value /= norm.sqrt().max(1e-6);
            }
        }
        Self { classes, values }
    }

    /// The product of a row with the centre of one class.
    pub(crate) fn nearness(&self, row: &[(u32, f32)], class: usize) -> f32 {
        row.iter().map(|&(column, value)| value * self.values[column as usize * self.classes + class]).sum()
    }
}

/// The square of each row's length, the bias counted.
pub(crate) fn squares(rows: &Rows) -> Vec<f32> {
    (0..rows.len()).map(|index| 1.0 + rows.row(index).1.iter().map(|value| value * value).sum::<f32>()).collect()
}

/// Like [`solve`], with each feature scaled by the root of its log-odds between the two sides, so that what tells them apart is cheap
/// to use and what both say is dear. The weights returned are for rows as they come.
///
/// Source of the method: Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification" (2012).
pub(crate) fn solve_by_tellingness(rows: &Rows, targets: &[i8], seed: u64, features: usize, training: Training) -> Vec<f32> {
    let mut counts = vec![[1.0_f32; 2]; features];
    let mut totals = [1.0_f32; 2];
    for (row, &target) in targets.iter().enumerate().filter(|(_, target)| **target != 0) {
        let side = usize::from(target > 0);
        totals[side] += 1.0;
        for &column in rows.row(row).0 {
            counts[column as usize][side] += 1.0;
        }
    }
    let scales: Vec<f32> = counts.iter().map(|[against, of]| ((of / totals[1]) / (against / totals[0])).ln().abs().sqrt()).collect();
    let mut scaled = rows.clone();
    for (value, column) in scaled.values.iter_mut().zip(&rows.columns) {
        *value *= scales[*column as usize];
    }
    let mut weights = solve(&scaled, targets, seed, features, &squares(&scaled), training);
    for (weight, scale) in weights.iter_mut().zip(&scales) {
        *weight *= scale;
    }
    weights
}

/// Solves one class against the rest. `targets` say of each row whether it belongs (1), does not (−1), or teaches nothing (0).
/// Returns the weights, the bias last.
pub(crate) fn solve(rows: &Rows, targets: &[i8], seed: u64, features: usize, squares: &[f32], training: Training) -> Vec<f32> {
    let mut weights = vec![0.0_f32; features + 1];
    let mut duals = vec![0.0_f32; rows.len()];
    let taught: Vec<u32> = (0..rows.len() as u32).filter(|&row| targets[row as usize] != 0).collect();
    let mut active = taught.clone();
    let mut random = Random::new(0x5eed ^ seed);
    let mut shrink_above = f32::INFINITY;
    let all = active.len();
    for pass in 0..training.passes {
        random.shuffle(&mut active);
        let (mut highest, mut lowest) = (f32::NEG_INFINITY, f32::INFINITY);
        let mut position = 0;
        while position < active.len() {
            let example = active[position] as usize;
            let (columns, values) = rows.row(example);
            let positive = targets[example] > 0;
            let sign = f32::from(targets[example]);
            let cost = if positive { training.cost * training.positive_weight } else { training.cost };
            let softness = 0.5 / cost;
            let mut decision = weights[features];
            for (&column, &value) in columns.iter().zip(values) {
                decision += weights[column as usize] * value;
            }
            let gradient = sign * decision - 1.0 + softness * duals[example];
            if duals[example] == 0.0 {
                if gradient > shrink_above {
                    active.swap_remove(position);
                    continue;
                }
                if gradient >= 0.0 {
                    lowest = lowest.min(0.0);
                    position += 1;
                    continue;
                }
            }
            highest = highest.max(gradient);
            lowest = lowest.min(gradient);
            let updated = (duals[example] - gradient / (squares[example] + softness)).max(0.0);
            let change = (updated - duals[example]) * sign;
            duals[example] = updated;
            if change != 0.0 {
                for (&column, &value) in columns.iter().zip(values) {
                    weights[column as usize] += change * value;
                }
                weights[features] += change;
            }
            position += 1;
        }
        if highest - lowest <= training.tolerance {
            if active.len() == all || pass + 1 == training.passes {
                break;
            }
            // Converged on the shrunk set: look once more at all examples.
            active.clone_from(&taught);
            shrink_above = f32::INFINITY;
            continue;
        }
        shrink_above = if highest > 0.0 { highest } else { f32::INFINITY };
    }
    weights
}
