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
pub(crate) const WIDTH: usize = 9;

/// Fitted on three simulated help centres (45 Finnish, 20 Swedish, 20 English articles) asked with held-out lines of the
/// corpus, a quarter of them outside, by `examples/articles.rs`: a weight for each kind of evidence, then that of the outside, the
/// bias last.
const RIGHT: [f32; WIDTH + 2] = [0.015, 0.346, -0.916, -0.086, -1.124, 0.287, 1.529, -2.183, 1.252, -0.812, -2.48];
const INSIDE: [f32; WIDTH + 2] = [0.285, -0.447, 0.45, 1.979, -3.54, 1.416, 2.632, -0.912, 0.613, -1.128, 7.052];

/// Probability that the first article answers the question.
pub(super) fn confidence(evidence: &[f32]) -> f32 {
    sigmoid(log_odds(evidence, &RIGHT))
}

/// Probability that any article answers the question.
pub(super) fn in_scope(evidence: &[f32]) -> f32 {
    sigmoid(log_odds(evidence, &INSIDE))
}

/// Evidence of the outside where nobody looked: neither for nor against.
const UNKNOWN_OUTSIDE: f32 = -3.0;

/// Both.
pub(crate) fn sureness(evidence: &[f32]) -> (f32, f32) {
    (confidence(evidence), in_scope(evidence))
}

pub(super) fn sigmoid(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

pub(super) fn log_odds(evidence: &[f32], weights: &[f32]) -> f32 {
    let (bias, weights) = weights.split_last().map_or((0.0, &[][..]), |(bias, weights)| (*bias, weights));
    evidence.iter().chain([&UNKNOWN_OUTSIDE]).zip(weights).fold(bias, |sum, (value, weight)| sum + value * weight)
}
