//! Logistic regression with a ridge penalty, on sparse rows made from a frame.

use super::frame::{Column, Frame, MISSING, Values};
use crate::numeric::linear;
use crate::numeric::special::{logistic, logit, softplus};
use crate::numeric::summary::quantile_sorted;

/// Most categories of a column that get a coefficient of their own.
const MOST_CATEGORIES: usize = 250;
/// Bends of a number: the line may change its slope at these quantiles.
const BENDS: [f64; 3] = [0.25, 0.5, 0.75];

/// How a column becomes inputs of the regression, beginning at `first`.
#[derive(Debug, Clone, PartialEq)]
enum Coding {
    /// Inputs: standardised value, one per bend, and whether the value is missing.
    Number { first: usize, mean: f64, spread: f64, bends: Vec<f64> },
    /// Input of each code; `None` for rare and unseen ones.
    Category { of_code: Vec<Option<u32>>, missing: Option<u32> },
}

/// Turns rows of a frame into sparse inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Coder {
    columns: Vec<Coding>,
    /// Column that each input belongs to.
    pub owner: Vec<usize>,
}

/// One sparse row: (input, value).
pub type Sparse = Vec<(u32, f64)>;

impl Coder {
    /// Learns from some rows of a frame.
    #[must_use]
    pub fn learn(frame: &Frame, rows: &[usize]) -> Self {
        let mut owner = Vec::new();
        let columns = (frame.columns.iter().enumerate())
            .map(|(number, column)| match &column.values {
                Values::Number(values) => number_coding(values, rows, number, &mut owner),
                Values::Category { codes, names } => category_coding(codes, names.len(), rows, number, &mut owner),
            })
            .collect();
        Self { columns, owner }
    }

    /// Inputs of a cell.
    pub fn code(&self, number: usize, column: &Column, row: usize, mut put: impl FnMut(u32, f64)) {
        match (&self.columns[number], &column.values) {
            (Coding::Number { first, mean, spread, bends }, Values::Number(values)) => {
                let (value, first) = (values[row], *first as u32);
                if value.is_nan() {
                    put(first + 1 + bends.len() as u32, 1.0);
                    return;
                }
                // Far outliers would steer the whole line.
                let standard = ((value - mean) / spread).clamp(-8.0, 8.0);
                put(first, standard);
                for (i, bend) in bends.iter().enumerate() {
                    if standard > *bend {
                        put(first + 1 + i as u32, standard - bend);
                    }
                }
            }
            (Coding::Category { of_code, missing }, Values::Category { codes, .. }) => {
                let input = if codes[row] == MISSING { *missing } else { of_code.get(codes[row] as usize).copied().flatten() };
                if let Some(input) = input {
                    put(input, 1.0);
                }
            }
            _ => {}
        }
    }

    /// Inputs of a whole row.
    #[must_use]
    pub fn row(&self, frame: &Frame, row: usize) -> Sparse {
        let mut inputs = Vec::new();
        for (number, column) in frame.columns.iter().enumerate() {
            self.code(number, column, row, |input, value| inputs.push((input, value)));
        }
        inputs
    }
}

fn number_coding(values: &[f64], rows: &[usize], number: usize, owner: &mut Vec<usize>) -> Coding {
    let mut sorted: Vec<f64> = rows.iter().map(|&r| values[r]).filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mean = crate::numeric::summary::mean(&sorted).unwrap_or(0.0);
    let spread = crate::numeric::summary::variance(&sorted).unwrap_or(0.0).sqrt();
    let spread = if spread > 1e-12 * mean.abs().max(1e-300) { spread } else { 1.0 };
    let mut bends: Vec<f64> = BENDS.iter().filter_map(|q| quantile_sorted(&sorted, *q)).map(|v| (v - mean) / spread).collect();
    bends.dedup();
    let ends = sorted.first().zip(sorted.last()).map_or((0.0, 0.0), |(a, b)| ((a - mean) / spread, (b - mean) / spread));
    bends.retain(|b| *b > ends.0 && *b < ends.1);
    let first = owner.len();
    owner.extend(std::iter::repeat_n(number, bends.len() + 2));
    Coding::Number { first, mean, spread, bends }
}

fn category_coding(codes: &[u32], names: usize, rows: &[usize], number: usize, owner: &mut Vec<usize>) -> Coding {
    let mut counts = vec![0_usize; names];
    let mut missing = false;
    for &row in rows {
        match counts.get_mut(codes[row] as usize) {
            Some(count) => *count += 1,
            None => missing = true,
        }
    }
    let mut order: Vec<usize> = (0..names).filter(|&c| counts[c] > 1).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(counts[c]), c));
    order.truncate(MOST_CATEGORIES);
    let mut input = || {
        owner.push(number);
        owner.len() as u32 - 1
    };
    let mut of_code = vec![None; names];
    for code in order {
        of_code[code] = Some(input());
    }
    let missing = missing.then(&mut input);
    Coding::Category { of_code, missing }
}

/// A fitted regression in log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    pub intercept: f64,
    pub coefficients: Vec<f64>,
}

/// Fits regressions of the same inputs one after the other and keeps the curvature between them: computing it costs far
/// more than a step, and it changes little from step to step and from fold to fold.
#[derive(Debug, Default)]
pub struct Fitter {
    /// Cholesky factor of the information matrix, as it was at some earlier point.
    factor: Option<Vec<f64>>,
}

/// A step that leaves more than this share of the Newton decrement says that the curvature kept is too old.
const STALE: f64 = 0.2;
/// Newton decrement a row at which a fit is done: the loss is then within half of it of the least.
const DONE: f64 = 1e-7;

impl Fitter {
    /// Fits by Newton's method (iteratively reweighted least squares) with the penalty `ridge/2 · Σ coefficient²`; the
    /// intercept is free. `start` speeds up a fit near a known one.
    #[must_use]
    pub fn fit(&mut self, rows: &[&Sparse], labels: &[bool], inputs: usize, ridge: f64, start: Option<&Logistic>) -> Logistic {
        let mean = labels.iter().filter(|l| **l).count() as f64 / labels.len().max(1) as f64;
        let mut model = start.cloned().unwrap_or_else(|| Logistic { intercept: logit(mean.clamp(1e-4, 1.0 - 1e-4)), coefficients: vec![0.0; inputs] });
        let mut value = model.loss(rows, labels, ridge);
        let (side, mut before) = (inputs + 1, f64::INFINITY);
        self.factor.take_if(|factor| factor.len() != side * side);
        for _ in 0..50 {
            let gradient = model.gradient(rows, labels, ridge);
            let mut direction = self.factor.as_ref().map(|lower| linear::cholesky_solve(lower, side, &gradient));
            let decrement = |step: &[f64]| step.iter().zip(&gradient).map(|(s, g)| s * g).sum::<f64>();
            if direction.as_ref().is_none_or(|step| decrement(step) > STALE * before) {
                self.factor = linear::cholesky(&model.information(rows, ridge), side);
                direction = self.factor.as_ref().map(|lower| linear::cholesky_solve(lower, side, &gradient));
            }
            let Some(step) = direction else { break };
            before = decrement(&step);
            if before.is_nan() || before < DONE * rows.len().max(1) as f64 {
                break;
            }
            let mut length = 1.0;
            let mut moved = model.stepped(&step, length);
            let mut next = moved.loss(rows, labels, ridge);
            while next.is_nan() || next > value {
                length *= 0.5;
                if length < 1e-4 {
                    return model;
                }
                moved = model.stepped(&step, length);
                next = moved.loss(rows, labels, ridge);
            }
            (model, value) = (moved, next);
        }
        model
    }
}

impl Logistic {
    /// Fits one regression, see [`Fitter::fit`].
    #[must_use]
    pub fn fit(rows: &[&Sparse], labels: &[bool], inputs: usize, ridge: f64, start: Option<&Self>) -> Self {
        Fitter::default().fit(rows, labels, inputs, ridge, start)
    }

    /// Log-odds of a row.
    #[must_use]
    pub fn score(&self, row: &Sparse) -> f64 {
        self.intercept + row.iter().map(|&(i, v)| self.coefficients[i as usize] * v).sum::<f64>()
    }

    /// The mean of several fits: a linear model too.
    #[must_use]
    pub fn mean(models: &[Self]) -> Option<Self> {
        let first = models.first()?;
        let share = 1.0 / models.len() as f64;
        let coefficients = (0..first.coefficients.len()).map(|i| share * models.iter().map(|m| m.coefficients[i]).sum::<f64>()).collect();
        Some(Self { intercept: share * models.iter().map(|m| m.intercept).sum::<f64>(), coefficients })
    }

    fn stepped(&self, step: &[f64], length: f64) -> Self {
        let coefficients = self.coefficients.iter().zip(&step[1..]).map(|(c, s)| c - length * s).collect();
        Self { intercept: self.intercept - length * step[0], coefficients }
    }

    fn loss(&self, rows: &[&Sparse], labels: &[bool], ridge: f64) -> f64 {
        let penalty = 0.5 * ridge * self.coefficients.iter().map(|c| c * c).sum::<f64>();
        let fit: f64 = (rows.iter().zip(labels))
            .map(|(row, &label)| {
                let score = self.score(row);
                softplus(score) - if label { score } else { 0.0 }
            })
            .sum();
        fit + penalty
    }

    /// Gradient of the loss, the intercept first.
    fn gradient(&self, rows: &[&Sparse], labels: &[bool], ridge: f64) -> Vec<f64> {
        let mut gradient = vec![0.0; self.coefficients.len() + 1];
        for (row, &label) in rows.iter().zip(labels) {
            let error = logistic(self.score(row)) - f64::from(u8::from(label));
            gradient[0] += error;
            row.iter().for_each(|&(i, v)| gradient[i as usize + 1] += error * v);
        }
        gradient[1..].iter_mut().zip(&self.coefficients).for_each(|(g, c)| *g += ridge * c);
        gradient
    }

    /// Lower triangle of the information matrix, the intercept first.
    fn information(&self, rows: &[&Sparse], ridge: f64) -> Vec<f64> {
        let side = self.coefficients.len() + 1;
        let mut information = vec![0.0; side * side];
        for row in rows {
            let p = logistic(self.score(row));
            let weight = p * (1.0 - p);
            information[0] += weight;
            for (place, &(i, v)) in row.iter().enumerate() {
                let i = i as usize + 1;
                let line = &mut information[i * side..i * side + i + 1];
                let share = weight * v;
                line[0] += share;
                // Inputs of a row ascend: only the lower triangle is filled.
                for &(j, u) in &row[..=place] {
                    line[j as usize + 1] += share * u;
                }
            }
        }
        for i in 1..side {
            information[i * side + i] += ridge;
        }
        information[0] += 1e-9;
        information
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn gradient_agrees_with_finite_differences_and_the_fit_is_its_zero() {
        let mut random = Random::new(3);
        let data: Vec<Sparse> = (0..200).map(|_| vec![(0, random.normal()), (1, 1.0), (2, random.uniform())]).collect();
        let rows: Vec<&Sparse> = data.iter().collect();
        let labels: Vec<bool> = data.iter().map(|r| random.uniform() < logistic(r[0].1 - 0.5)).collect();
        let model = Logistic { intercept: 0.3, coefficients: vec![0.5, -0.2, 1.0] };
        let gradient = model.gradient(&rows, &labels, 0.7);
        for i in 0..4 {
            let mut step = vec![0.0; 4];
            step[i] = 1e-6;
            let up = model.stepped(&step, -1.0).loss(&rows, &labels, 0.7);
            let down = model.stepped(&step, 1.0).loss(&rows, &labels, 0.7);
            assert!((gradient[i] - (up - down) / 2e-6).abs() < 1e-5);
        }
        let fit = Logistic::fit(&rows, &labels, 3, 0.7, None);
        let gradient = fit.gradient(&rows, &labels, 0.7);
        assert!(gradient.iter().all(|g| g.abs() < 0.05), "{gradient:?}");
        assert!((fit.coefficients[0] - 1.0).abs() < 0.5);
    }

    #[test]
    fn separable_rows_stay_finite() {
        let data: Vec<Sparse> = (0..50).map(|i| vec![(0, f64::from(i) - 25.5)]).collect();
        let rows: Vec<&Sparse> = data.iter().collect();
        let labels: Vec<bool> = (0..50).map(|i| i > 25).collect();
        let fit = Logistic::fit(&rows, &labels, 1, 1.0, None);
        assert!(fit.coefficients[0].is_finite() && fit.coefficients[0] > 0.0);
    }
}
