//! Feeling learned from labelled messages.

use std::collections::BTreeMap;

use super::{Polarity, lexicon};
use crate::Language;
use crate::learn::features::{Recipe, Rows, Vocabulary};
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
    vocabulary: Vocabulary,
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
            Some(model) => model.polarity(text, language),
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
        let recipe = Recipe { characters: (2, 5), words: 2, stems: true, concept_weight: 0.0, gaps: false, word_weight: 1.0 };
        let counts: Vec<_> = examples.iter().map(|(text, _)| recipe.counts(text, Some(language))).collect();
        let vocabulary = Vocabulary::learn(recipe, &counts, 2);
        let mut rows = Rows::new();
        for (count, (text, _)) in counts.iter().zip(examples) {
            rows.push(&with_lexicon(vocabulary.row(count).0, vocabulary.len(), text, language));
        }
        let labels: Vec<u32> = examples.iter().map(|(_, polarity)| polarities.iter().position(|other| other == polarity).unwrap_or(0) as u32).collect();
        let linear = Linear::train(&rows, &labels, polarities.len(), vocabulary.len() + LEXICON_FEATURES, TRAINING);
        Ok(Self { vocabulary, linear, polarities })
    }

    fn polarity(&self, text: &str, language: Language) -> Polarity {
        let row = with_lexicon(self.vocabulary.read(text, Some(language)).0, self.vocabulary.len(), text, language);
        let mut scores = vec![0.0; self.polarities.len()];
        self.linear.score(&row, &mut scores);
        let best = (0..scores.len()).fold(0, |best, next| if scores[next] > scores[best] { next } else { best });
        self.polarities[best]
    }
}

const LEXICON_FEATURES: usize = 3;

/// A row with the lexicon's reading in the columns after the vocabulary's.
fn with_lexicon(mut row: Vec<(u32, f32)>, width: usize, text: &str, language: Language) -> Vec<(u32, f32)> {
    let features = lexicon::read(text, language).features();
    row.extend(features.iter().enumerate().map(|(place, &value)| ((width + place) as u32, value)));
    row
}
