//! Weighing the evidence: shared words, characters, concepts and needs → one score per article.

use crate::retrieval::Match;

/// Evidence for one article.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    pub(super) lexical: Match,
    /// Probability that the question has a need, and that the need is served by this article.
    pub(super) needs: f32,
}

/// What each kind of evidence weighs; fitted on simulated help centres whose questions come from held-out lines of the
/// corpus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    pub(super) needs: f32,
    /// Added to the probability before its logarithm: how little a need can matter.
    pub(super) floor: f32,
    pub(super) stems: f32,
    pub(super) grams: f32,
    pub(super) concepts: f32,
}

/// Fitted by conditional maximum likelihood: the right article among all of its help centre.
pub(super) const FITTED: Weights = Weights { needs: 2.7, floor: 0.01, stems: 0.9, grams: 3.8, concepts: 1.6 };

impl Weights {
    /// The fused score of one article: a log-odds but for a constant.
    pub(super) fn score(&self, evidence: &Evidence) -> f32 {
        self.needs * ((evidence.needs + self.floor) / (1.0 + self.floor)).ln()
            + self.stems * evidence.lexical.stems
            + self.grams * evidence.lexical.grams
            + self.concepts * evidence.lexical.concepts
    }
}

/// Number of features that confidence and rejection look at.
pub(super) const WIDTH: usize = 9;

/// Fitted on three simulated help centres (45 Finnish, 20 Swedish, 20 English articles) asked with held-out lines of the
/// corpus, a quarter of them outside; `examples/articles.rs` writes the evidence they are fitted from.
const MEANS: [f32; WIDTH] = [-6.0612, 2.5841, -0.3381, -2.5351, 0.2644, 0.0346, 0.0829, 0.2082, -1.003];
const DEVIATIONS: [f32; WIDTH] = [3.3287, 2.6621, 0.3632, 0.9724, 0.2499, 0.0595, 0.0814, 0.1839, 0.932];
const RIGHT: [f32; WIDTH + 1] = [-0.1798, 0.9252, -0.2138, 0.222, -0.4305, -0.1068, 0.2942, -0.3063, 1.041, -0.177];
const INSIDE: [f32; WIDTH + 1] = [0.9141, -0.7043, -0.1758, 1.1344, -0.7814, 0.0657, 0.2059, -0.1937, 0.5263, 1.3757];

/// Probability that the first article answers the question.
pub(super) fn confidence(evidence: &[f32]) -> f32 {
    logistic(evidence, &RIGHT)
}

/// Probability that any article answers the question.
pub(super) fn in_scope(evidence: &[f32]) -> f32 {
    logistic(evidence, &INSIDE)
}

fn logistic(evidence: &[f32], weights: &[f32; WIDTH + 1]) -> f32 {
    let standardised = evidence.iter().zip(MEANS.iter().zip(&DEVIATIONS)).map(|(value, (mean, deviation))| (value - mean) / deviation);
    let log_odds = standardised.zip(weights).fold(weights[WIDTH], |sum, (value, weight)| sum + value * weight);
    1.0 / (1.0 + (-log_odds).exp())
}
