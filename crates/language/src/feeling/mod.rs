//! How the customer feels: negative, neutral or positive, how strongly, and which emotion.
//!
//! A lexicon (AFINN, joined with the words of customer service) read with negation, emphasis, contrast and emoticons.
//! Where a workspace has labelled messages, [`Model`] learns from them and keeps the lexicon as one of its witnesses.

mod lexicon;
mod model;
pub(crate) mod words;

pub use model::{Model, TrainingError};

use crate::Language;

/// Polarity of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    Negative,
    Neutral,
    Positive,
}

/// The emotion that stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emotion {
    Anger,
    Worry,
    Disappointment,
    Joy,
}

/// What a message sounds like.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Feeling {
    pub polarity: Polarity,
    /// −1 (as bad as can be) to 1.
    pub valence: f32,
    /// How strongly it is said, 0–1: words, capitals, exclamation marks.
    pub intensity: f32,
    pub emotion: Option<Emotion>,
}

/// Valence below which a message is negative; above it, positive on the other side.
const NEUTRAL_BAND: f32 = 0.08;

/// Reads the feeling of a message.
#[must_use]
pub fn feel(text: &str, language: Language) -> Feeling {
    let reading = lexicon::read(text, language);
    let valence = reading.valence();
    let polarity = if valence > NEUTRAL_BAND {
        Polarity::Positive
    } else if valence < -NEUTRAL_BAND {
        Polarity::Negative
    } else {
        Polarity::Neutral
    };
    Feeling { polarity, valence, intensity: reading.intensity(), emotion: reading.emotion(polarity) }
}

/// Numbers that a learned judge of something else takes as features: good and bad words, their balance, and the four
/// emotions. Not shouting: who writes examples shouts less than who is angry.
pub(crate) fn features(text: &str, language: Language) -> [f32; 7] {
    lexicon::read(text, language).all_features()
}

#[cfg(test)]
mod tests;
