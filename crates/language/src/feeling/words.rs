//! A message as a row of numbers: its n-grams, and what the lexicon reads.

use super::lexicon;
use crate::Language;
use crate::learn::features::{Recipe, Vocabulary};

const RECIPE: Recipe = Recipe { characters: (2, 5), words: 2, stems: true, concept_weight: 0.3, gaps: false, word_weight: 1.0 };
const LEXICON_FEATURES: usize = 3;

/// The vocabulary of one language's messages.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    vocabulary: Vocabulary,
    language: Language,
}

impl Reader {
    pub(crate) fn learn(texts: &[&str], language: Language) -> Self {
        let counts: Vec<_> = texts.iter().map(|text| RECIPE.counts(text, Some(language))).collect();
        Self { vocabulary: Vocabulary::learn(RECIPE, &counts, 2), language }
    }

    /// Columns of a row.
    pub(crate) fn width(&self) -> usize {
        self.vocabulary.len() + LEXICON_FEATURES
    }

    /// The row of a message, the lexicon's reading last.
    pub(crate) fn row(&self, text: &str) -> Vec<(u32, f32)> {
        let mut row = self.vocabulary.read(text, Some(self.language)).0;
        let features = lexicon::read(text, self.language).features();
        row.extend(features.iter().enumerate().map(|(place, &value)| ((self.vocabulary.len() + place) as u32, value)));
        row
    }
}
