//! Groups of questions that ask for the same thing, by words and meaning.

use super::dense::{Space, unit};
use super::dot;
use crate::Language;
use crate::clusters::{self, Cluster};

/// Neighbours whose similarity marks a text as one of many.
const NEIGHBOURS: usize = 10;

/// Groups texts into at most `limit` clusters, the largest first; see [`clusters::cluster_with`]. `profiles` (empty for none)
/// are what a model already thinks of each text.
#[must_use]
pub fn cluster(texts: &[&str], vectors: &[Vec<f32>], profiles: &[Vec<f32>], language: Option<Language>, limit: usize) -> Vec<Cluster> {
    let texts = &texts[..texts.len().min(vectors.len()).min(clusters::TEXTS_CLUSTERED)];
    let space = Space::of(vectors.iter().map(Vec::as_slice));
    let placed: Vec<Vec<f32>> = vectors[..texts.len()].iter().map(|vector| space.place(vector)).collect();
    let drawn = drawn_together(&placed);
    clusters::cluster_beside(texts, profiles, &drawn, language, limit)
}

/// Each vector drawn towards its nearest: what a group has in common grows, what is one text's own shrinks.
fn drawn_together(placed: &[Vec<f32>]) -> Vec<Vec<f32>> {
    // Quadratic; beyond a few thousand texts the vectors are dense enough without it.
    if placed.len() > 6_000 {
        return placed.to_vec();
    }
    placed
        .iter()
        .map(|vector| {
            let mut near: Vec<(f32, usize)> = placed.iter().enumerate().map(|(number, other)| (dot(vector, other), number)).collect();
            let most = NEIGHBOURS.min(near.len() - 1);
            near.select_nth_unstable_by(most, |left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
            let mut sum = vector.clone();
            for &(cosine, number) in &near[..most] {
                let share = cosine.max(0.0).powi(2);
                sum.iter_mut().zip(&placed[number]).for_each(|(sum, value)| *sum += share * value);
            }
            unit(sum)
        })
        .collect()
}
