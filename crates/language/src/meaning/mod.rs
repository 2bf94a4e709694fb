//! The tier *meaning*: what vectors of a sentence-embedding model add to words.
//!
//! Purpose: every judgement of the tier *words* again, weighed together with the vectors' evidence. The vectors are handed in
//! as slices: whoever calls has the model, this crate has none, and stays pure.
//!
//! Invariants: vectors of one call come from one model and have one length; a vector of zeros (a text the model could say nothing
//! of) is never worse than an error in judgement.

pub mod answers;
mod dense;
pub mod feeling;
pub mod gaps;
pub mod intents;
pub mod pairs;
#[cfg(test)]
mod tests;

/// The product of two vectors; of two of length one, their cosine.
#[must_use]
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    // Eight sums at once: the compiler may not reorder one sum, but it may keep eight in a vector register.
    let mut sums = [0.0_f32; 8];
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    for (left, right) in left.iter().zip(right) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    sums.iter().sum::<f32>() + left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum::<f32>()
}
