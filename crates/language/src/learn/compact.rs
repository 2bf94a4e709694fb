//! Learned weights as they are kept: most weights of a feature are next to nothing, so each keeps those that matter, two bytes a
//! weight (class, steps), with a step for each class. A tenth of the memory of floats, and close enough that no rank changes in
//! practice. Also written to bytes, so that what took seconds to learn is read in an instant.

use super::features::Rows;
use super::linear::{self, Training};

/// Classes that one model may have.
const CLASSES_MAX: usize = 256;
/// Steps below which a weight is not kept.
const LEAST_STEPS: i8 = 2;

/// The weights that matter of each feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compact {
    bias: Vec<f32>,
    /// For each class the value of one step.
    steps: Vec<f32>,
    /// For each feature where its weights begin, and one more.
    starts: Vec<u32>,
    /// (class, steps).
    weights: Vec<(u8, i8)>,
}

/// One class to learn: for each row whether it belongs (1), does not (−1), or teaches nothing (0).
pub(crate) struct Task {
    pub(crate) targets: Vec<i8>,
    pub(crate) training: Training,
    /// Whether features count by how differently the two sides use them ([`linear::solve_by_tellingness`]).
    pub(crate) by_tellingness: bool,
}

/// A class as it is kept: bias, step, and (feature, steps).
struct Column {
    bias: f32,
    step: f32,
    weights: Vec<(u32, i8)>,
}

impl Compact {
    /// Trains classes one by one in two threads; `task` describes each. At no time are the weights of more than two of them held
    /// in full.
    pub(crate) fn train(rows: &Rows, classes: usize, features: usize, task: impl Fn(usize) -> Task + Sync) -> Self {
        assert!(classes <= CLASSES_MAX, "at most {CLASSES_MAX} classes fit one model");
        let squares = linear::squares(rows);
        let (task, squares) = (&task, &squares);
        let halves: Vec<Vec<Column>> = std::thread::scope(|scope| {
            let learn = |class: usize| {
                let Task { targets, training, by_tellingness } = task(class);
                Column::of(&match by_tellingness {
                    true => linear::solve_by_tellingness(rows, &targets, class as u64, features, training),
                    false => linear::solve(rows, &targets, class as u64, features, squares, training),
                })
            };
            let handles: Vec<_> = (0..2).map(|first| scope.spawn(move || (first..classes).step_by(2).map(learn).collect())).collect();
            handles.into_iter().map(|handle| handle.join().expect("training has no panicking path")).collect()
        });
        let mut halves = halves.into_iter().map(Vec::into_iter).collect::<Vec<_>>();
        let columns: Vec<Column> = (0..classes).filter_map(|class| halves[class % 2].next()).collect();
        Self::from_columns(&columns, features)
    }

    fn from_columns(columns: &[Column], features: usize) -> Self {
        let mut starts = vec![0_u32; features + 1];
        for &(feature, _) in columns.iter().flat_map(|column| &column.weights) {
            starts[feature as usize + 1] += 1;
        }
        for feature in 0..features {
            starts[feature + 1] += starts[feature];
        }
        let mut fill = starts.clone();
        let mut weights = vec![(0_u8, 0_i8); starts[features] as usize];
        for (class, column) in columns.iter().enumerate() {
            for &(feature, steps) in &column.weights {
                let place = &mut fill[feature as usize];
                weights[*place as usize] = (class as u8, steps);
                *place += 1;
            }
        }
        Self { bias: columns.iter().map(|column| column.bias).collect(), steps: columns.iter().map(|column| column.step).collect(), starts, weights }
    }

    /// Number of classes.
    pub(crate) fn classes(&self) -> usize {
        self.bias.len()
    }

    /// Number of features, for checking against a vocabulary.
    pub(crate) fn features(&self) -> usize {
        self.starts.len() - 1
    }

    /// Decision values of all classes for one row.
    pub(crate) fn scores(&self, row: &[(u32, f32)]) -> Vec<f32> {
        let mut sums = [0.0_f32; CLASSES_MAX];
        for &(column, value) in row {
            for &(class, steps) in &self.weights[self.starts[column as usize] as usize..self.starts[column as usize + 1] as usize] {
                sums[class as usize] += value * f32::from(steps);
            }
        }
        self.bias.iter().zip(&self.steps).zip(sums).map(|((bias, step), sum)| bias + step * sum).collect()
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_floats(out, &self.bias);
        put_floats(out, &self.steps);
        put_words(out, self.starts.iter().copied());
        put_length(out, self.weights.len());
        out.extend(self.weights.iter().flat_map(|&(class, steps)| [class, steps.to_le_bytes()[0]]));
    }

    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        let (bias, steps, starts) = (take_floats(input)?, take_floats(input)?, take_words(input)?);
        let length = take_length(input)?;
        let bytes = take(input, length.checked_mul(2)?)?;
        let weights: Vec<(u8, i8)> = bytes.as_chunks::<2>().0.iter().map(|[class, steps]| (*class, i8::from_le_bytes([*steps]))).collect();
        let known = weights.iter().all(|(class, _)| usize::from(*class) < bias.len());
        let ordered = starts.is_sorted() && starts.first() == Some(&0) && starts.last().is_some_and(|end| *end as usize == weights.len());
        (known && ordered && bias.len() <= CLASSES_MAX && bias.len() == steps.len()).then_some(Self { bias, steps, starts, weights })
    }
}

impl Column {
    /// Rounds the weights of a class, the bias last.
    fn of(weights: &[f32]) -> Self {
        let (bias, weights) = weights.split_last().map_or((0.0, &[][..]), |(bias, weights)| (*bias, weights));
        let largest = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
        let step = largest / 127.0;
        let rounded = weights.iter().map(|weight| if step > 0.0 { (weight / step).round() as i8 } else { 0 });
        let weights = (0_u32..).zip(rounded).filter(|(_, steps)| steps.unsigned_abs() >= LEAST_STEPS.unsigned_abs()).collect();
        Self { bias, step, weights }
    }
}

pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

pub(crate) fn take_length(input: &mut &[u8]) -> Option<usize> {
    let bytes: [u8; 8] = take(input, 8)?.try_into().ok()?;
    usize::try_from(u64::from_le_bytes(bytes)).ok()
}

pub(crate) fn put_floats(out: &mut Vec<u8>, values: &[f32]) {
    put_words(out, values.iter().map(|value| value.to_bits()));
}

pub(crate) fn take_floats(input: &mut &[u8]) -> Option<Vec<f32>> {
    Some(take_words(input)?.into_iter().map(f32::from_bits).collect())
}

pub(crate) fn put_words(out: &mut Vec<u8>, values: impl ExactSizeIterator<Item = u32>) {
    put_length(out, values.len());
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

pub(crate) fn take_words(input: &mut &[u8]) -> Option<Vec<u32>> {
    let length = take_length(input)?;
    let bytes = take(input, length.checked_mul(4)?)?;
    Some(bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect())
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(taken)
}
