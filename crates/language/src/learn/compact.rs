//! Learned weights as they are kept: one byte each with a scale for each feature, a quarter of the memory of floats and close
//! enough that no rank changes in practice; and written to bytes, so that what took seconds to learn is read in an instant.

use super::{features::Vocabulary, linear::Linear};

/// Weights of all classes in one byte each, feature-major.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compact {
    classes: usize,
    bias: Vec<f32>,
    /// For each feature the value of one step.
    steps: Vec<f32>,
    /// `features × classes`.
    weights: Vec<i8>,
}

impl Compact {
    /// Rounds the weights of a trained model.
    pub(crate) fn of(linear: &Linear) -> Self {
        let (classes, rows, bias) = linear.parts();
        let mut steps = Vec::with_capacity(rows.len() / classes.max(1));
        let mut weights = Vec::with_capacity(rows.len());
        for row in rows.chunks_exact(classes.max(1)) {
            let largest = row.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
            let step = largest / 127.0;
            steps.push(step);
            weights.extend(row.iter().map(|weight| if step > 0.0 { (weight / step).round() as i8 } else { 0 }));
        }
        Self { classes, bias: bias.to_vec(), steps, weights }
    }

    /// Decision values of all classes for one row, written into `scores` (its length is the number of classes).
    pub(crate) fn score(&self, row: &[(u32, f32)], scores: &mut [f32]) {
        scores.copy_from_slice(&self.bias);
        for &(column, value) in row {
            let begin = column as usize * self.classes;
            let scaled = value * self.steps[column as usize];
            for (score, weight) in scores.iter_mut().zip(&self.weights[begin..begin + self.classes]) {
                *score += scaled * f32::from(*weight);
            }
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_length(out, self.classes);
        put_floats(out, &self.bias);
        put_floats(out, &self.steps);
        put_length(out, self.weights.len());
        out.extend(self.weights.iter().map(|weight| weight.to_le_bytes()[0]));
    }

    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        let classes = take_length(input)?;
        let (bias, steps) = (take_floats(input)?, take_floats(input)?);
        let length = take_length(input)?;
        let weights = take(input, length)?.iter().map(|byte| i8::from_le_bytes([*byte])).collect::<Vec<_>>();
        (bias.len() == classes && weights.len() == steps.len().checked_mul(classes)?).then_some(Self { classes, bias, steps, weights })
    }

    /// Number of features, for checking against a vocabulary.
    pub(crate) fn features(&self) -> usize {
        self.steps.len()
    }
}

/// Writes what a vocabulary has learned (its recipe belongs to the program).
pub(crate) fn write_vocabulary(vocabulary: &Vocabulary, out: &mut Vec<u8>) {
    let (hashes, idf) = vocabulary.parts();
    put_length(out, hashes.len());
    for hash in hashes {
        out.extend_from_slice(&hash.to_le_bytes());
    }
    put_floats(out, idf);
}

/// The hashes in column order and their inverse document frequencies.
pub(crate) fn read_vocabulary(input: &mut &[u8]) -> Option<(Vec<u64>, Vec<f32>)> {
    let length = take_length(input)?;
    let bytes = take(input, length.checked_mul(8)?)?;
    let hashes: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
    let idf = take_floats(input)?;
    (idf.len() == hashes.len()).then_some((hashes, idf))
}

pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

pub(crate) fn take_length(input: &mut &[u8]) -> Option<usize> {
    let bytes: [u8; 8] = take(input, 8)?.try_into().ok()?;
    usize::try_from(u64::from_le_bytes(bytes)).ok()
}

pub(crate) fn put_floats(out: &mut Vec<u8>, values: &[f32]) {
    put_length(out, values.len());
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

pub(crate) fn take_floats(input: &mut &[u8]) -> Option<Vec<f32>> {
    let length = take_length(input)?;
    let bytes = take(input, length.checked_mul(4)?)?;
    Some(bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect())
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(taken)
}
