//! Feeling learned from labelled messages.

use std::collections::BTreeMap;

use super::{Polarity, words::Reader};
use crate::Language;
use crate::learn::features::Rows;
use crate::learn::linear::{Linear, Training};

/// Why a model cannot be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingError {
    #[error("training needs messages of at least two polarities")]
    TooFewPolarities,
}

/// A linear model over n-grams and what the lexicon reads, one per language.
#[derive(Debug, Clone)]
pub struct Model {
    languages: BTreeMap<Language, PerLanguage>,
}

#[derive(Debug, Clone)]
struct PerLanguage {
    words: Reader,
    linear: Linear,
    polarities: Vec<Polarity>,
}

/// Short films' lines and short messages are noisy: a soft margin, few passes.
const TRAINING: Training = Training { cost: 0.15, tolerance: 0.1, passes: 30, positive_weight: 1.0 };

impl Model {
    /// Trains on messages with their language and polarity.
    ///
    /// # Errors
    /// [`TrainingError::TooFewPolarities`] if a language has fewer than two polarities.
    pub fn train(examples: &[(String, Language, Polarity)]) -> Result<Self, TrainingError> {
        let mut languages = BTreeMap::new();
        for language in Language::ALL {
            let own: Vec<(&str, Polarity)> = examples.iter().filter(|example| example.1 == language).map(|example| (example.0.as_str(), example.2)).collect();
            if !own.is_empty() {
                languages.insert(language, PerLanguage::train(&own, language)?);
            }
        }
        if languages.is_empty() { Err(TrainingError::TooFewPolarities) } else { Ok(Self { languages }) }
    }

    /// The polarity of a message; a language without training is read by the lexicon.
    #[must_use]
    pub fn polarity(&self, text: &str, language: Language) -> Polarity {
        match self.languages.get(&language) {
            Some(model) => model.polarity(text),
            None => super::feel(text, language).polarity,
        }
    }
}

impl PerLanguage {
    fn train(examples: &[(&str, Polarity)], language: Language) -> Result<Self, TrainingError> {
        let mut polarities: Vec<Polarity> = examples.iter().map(|&(_, polarity)| polarity).collect();
        polarities.sort();
        polarities.dedup();
        if polarities.len() < 2 {
            return Err(TrainingError::TooFewPolarities);
        }
        let words = Reader::learn(&examples.iter().map(|(text, _)| *text).collect::<Vec<_>>(), language);
        let mut rows = Rows::new();
        for (text, _) in examples {
            rows.push(&words.row(text));
        }
        let labels: Vec<u32> = examples.iter().map(|(_, polarity)| polarities.iter().position(|other| other == polarity).unwrap_or(0) as u32).collect();
        let linear = Linear::train(&rows, &labels, polarities.len(), words.width(), TRAINING);
        Ok(Self { words, linear, polarities })
    }

    fn polarity(&self, text: &str) -> Polarity {
        let row = self.words.row(text);
        let mut scores = vec![0.0; self.polarities.len()];
        self.linear.score(&row, &mut scores);
        let best = (0..scores.len()).fold(0, |best, next| if scores[next] > scores[best] { next } else { best });
        self.polarities[best]
    }
}
