//! A trained intent model.

use super::neighbours::Neighbours;
use crate::Language;
use crate::learn::calibration::Logistic;
use crate::learn::features::Vocabulary;
use crate::learn::linear::{Centres, Linear};

/// What a model says of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Index into [`Model::labels`] of the likeliest intent, rejection aside.
    pub label: usize,
    /// Probability that `label` is right, given that the text has one of the intents, 0–1.
    pub confidence: f32,
    /// Probability that the text has one of the intents, 0–1.
    pub in_scope: f32,
    /// Whether the model would rather not answer: `in_scope` is below the chosen threshold.
    pub rejected: bool,
}

/// A trained, immutable intent model.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) labels: Vec<String>,
    pub(super) language: Option<Language>,
    pub(super) vocabulary: Vocabulary,
    /// Numbers of a vector of meaning that stand beside the words in each row; 0 for words alone.
    pub(super) beside: usize,
    pub(super) linear: Linear,
    pub(super) centres: Centres,
    pub(super) neighbours: Neighbours,
    pub(super) temperature: f32,
    pub(super) correctness: Option<Logistic>,
    pub(super) rejector: Option<Logistic>,
    pub(super) threshold: f32,
}

/// Decision values of a text and what the rejector looks at.
pub(crate) struct Reading {
    pub(crate) scores: Vec<f32>,
    /// Score of the class of examples that have none of the intents, if one was trained.
    pub(crate) evidence: Vec<f32>,
}

impl Model {
    /// Names of the intents, in the order of their indexes.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The threshold on [`Prediction::in_scope`] that was chosen from held-out examples.
    #[must_use]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Predicts the intent of one text.
    #[must_use]
    pub fn predict(&self, text: &str) -> Prediction {
        self.decide(&self.read(text))
    }

    /// Decision values of all intents: what a text is like, even when it has none of them.
    #[must_use]
    pub fn profile(&self, text: &str) -> Vec<f32> {
        self.read(text).scores
    }

    pub(crate) fn read(&self, text: &str) -> Reading {
        self.read_beside(text, &[])
    }

    /// The same, for a model trained with vectors beside the words.
    pub(crate) fn read_beside(&self, text: &str, vector: &[f32]) -> Reading {
        let (mut row, coverage) = self.vocabulary.read(text, self.language);
        let words = self.vocabulary.word_row(&row);
        if vector.len() == self.beside {
            row.extend(beside(self.vocabulary.len(), vector));
        }
        let mut all = vec![0.0_f32; self.linear.classes()];
        self.linear.score(&row, &mut all);
        let outside = all.get(self.labels.len()).copied();
        all.truncate(self.labels.len());
        let (near, nearest) = self.neighbours.nearest(&words);
        let (first, second) = top_two(&all);
        let sharpness = 3.0;
        let energy = all.iter().map(|&score| (sharpness * (score - all[first])).exp()).sum::<f32>().ln() / sharpness + all[first];
        let second = second.map_or(-1.0, |second| all[second]);
        let nearness = self.centres.nearness(&row, first);
        let mut evidence = vec![all[first], all[first] - second, energy, near, nearest, coverage, nearness, all[first] + nearness];
        evidence.extend(outside);
        Reading { scores: all, evidence }
    }

    pub(super) fn decide(&self, reading: &Reading) -> Prediction {
        let (first, _) = top_two(&reading.scores);
        let probability = top_probability(&reading.scores, self.temperature);
        let confidence = match &self.correctness {
            Some(correctness) => correctness.probability(&correctness_features(probability, &reading.evidence)),
            None => probability,
        };
        let in_scope = self.rejector.as_ref().map_or(confidence, |rejector| rejector.probability(&reading.evidence));
        Prediction { label: first, confidence, in_scope, rejected: in_scope < self.threshold }
    }
}

/// What a vector weighs in a row whose blocks of words and of characters have length one.
const VECTOR_WEIGHT: f32 = 1.5;

/// A vector as the columns after those of the words.
pub(super) fn beside(first: usize, vector: &[f32]) -> impl Iterator<Item = (u32, f32)> {
    vector.iter().enumerate().map(move |(place, value)| ((first + place) as u32, VECTOR_WEIGHT * value))
}

/// What the probability of being right is computed from.
pub(super) fn correctness_features(probability: f32, evidence: &[f32]) -> Vec<f32> {
    let probability = probability.clamp(1e-5, 1.0 - 1e-5);
    vec![(probability / (1.0 - probability)).ln(), evidence[0], evidence[1], evidence[3]]
}

/// Probability of the best class by a softmax of the given sharpness.
pub(crate) fn top_probability(scores: &[f32], sharpness: f32) -> f32 {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    1.0 / scores.iter().map(|&score| (sharpness * (score - highest)).exp()).sum::<f32>()
}

/// Indexes of the two highest scores.
pub(crate) fn top_two(scores: &[f32]) -> (usize, Option<usize>) {
    let mut first = 0;
    let mut second: Option<usize> = None;
    for index in 1..scores.len() {
        if scores[index] > scores[first] {
            second = Some(first);
            first = index;
        } else if second.is_none_or(|second| scores[index] > scores[second]) {
            second = Some(index);
        }
    }
    (first, second)
}
