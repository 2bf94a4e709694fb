//! Texts that say the same in other words.

use super::dense::Space;
use super::dot;
use crate::Language;
use crate::retrieval::Retriever;

/// What shared words and characters add to the cosine of meanings.
const WORDS: f32 = 1.2;

/// A set of texts to search, with their vectors.
pub struct Finder {
    words: Retriever,
    space: Space,
    placed: Vec<Vec<f32>>,
}

impl Finder {
    /// Indexes texts in their order; one vector for each.
    #[must_use]
    pub fn build<'text>(texts: impl IntoIterator<Item = (Language, &'text str)>, vectors: &[Vec<f32>]) -> Self {
        let space = Space::of(vectors.iter().map(Vec::as_slice));
        let placed = vectors.iter().map(|vector| space.place(vector)).collect();
        Self { words: Retriever::build(texts), space, placed }
    }

    /// The score of every text for a question, in their order; higher is better.
    #[must_use]
    pub fn scores(&self, question: &str, language: Language, vector: &[f32]) -> Vec<f32> {
        let placed = self.space.place(vector);
        self.words.scores(question, language).iter().zip(&self.placed).map(|(words, other)| dot(&placed, other) + WORDS * words).collect()
    }
}
