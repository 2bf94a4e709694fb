//! Feeling learned from labelled messages and their vectors.

use std::collections::BTreeMap;

use super::dense::{self, Space};
use crate::Language;
use crate::feeling::{Polarity, TrainingError, words};
use crate::learn::features::Rows;
use crate::learn::linear::{Linear, Training};

/// What a vector weighs in a row whose blocks of words and characters have length one.
const WEIGHT: f32 = 2.5;
const TRAINING: Training = Training { cost: 0.15, tolerance: 0.1, passes: 40, positive_weight: 1.0 };

/// A linear model over n-grams, the lexicon's reading and vectors, one per language.
pub struct Model {
    space: Space,
    languages: BTreeMap<Language, PerLanguage>,
}

struct PerLanguage {
    words: words::Reader,
    linear: Linear,
    polarities: Vec<Polarity>,
}

impl Model {
    /// Trains on messages with their language, polarity and vector.
    ///
    /// # Errors
    /// [`TrainingError::TooFewPolarities`] if a language has fewer than two polarities.
    pub fn train(examples: &[(String, Language, Polarity)], vectors: &[Vec<f32>]) -> Result<Self, TrainingError> {
        let space = Space::of(vectors.iter().map(Vec::as_slice));
        let mut languages = BTreeMap::new();
        for language in Language::ALL {
            let own: Vec<usize> = (0..examples.len().min(vectors.len())).filter(|&index| examples[index].1 == language).collect();
            if own.is_empty() {
                continue;
            }
            let mut polarities: Vec<Polarity> = own.iter().map(|&index| examples[index].2).collect();
            polarities.sort();
            polarities.dedup();
            if polarities.len() < 2 {
                return Err(TrainingError::TooFewPolarities);
            }
            let texts: Vec<&str> = own.iter().map(|&index| examples[index].0.as_str()).collect();
            let words = words::Reader::learn(&texts, language);
            let mut rows = Rows::new();
            for (text, &index) in texts.iter().zip(&own) {
                rows.push(&joined(&words, text, &space.place(&vectors[index])));
            }
            let labels: Vec<u32> = own.iter().map(|&index| polarities.iter().position(|other| *other == examples[index].2).unwrap_or(0) as u32).collect();
            let width = words.width() + vectors[own[0]].len();
            let linear = Linear::train(&rows, &labels, polarities.len(), width, TRAINING);
            languages.insert(language, PerLanguage { words, linear, polarities });
        }
        if languages.is_empty() { Err(TrainingError::TooFewPolarities) } else { Ok(Self { space, languages }) }
    }

    /// The polarity of a message; a language without training is read by the lexicon.
    #[must_use]
    pub fn polarity(&self, text: &str, language: Language, vector: &[f32]) -> Polarity {
        let Some(model) = self.languages.get(&language) else { return crate::feeling::feel(text, language).polarity };
        let mut scores = vec![0.0; model.polarities.len()];
        model.linear.score(&joined(&model.words, text, &self.space.place(vector)), &mut scores);
        let best = (0..scores.len()).fold(0, |best, next| if scores[next] > scores[best] { next } else { best });
        model.polarities[best]
    }
}

fn joined(words: &words::Reader, text: &str, placed: &[f32]) -> Vec<(u32, f32)> {
    let mut row = words.row(text);
    row.extend(dense::row(placed, words.width(), WEIGHT));
    row
}
