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
/// corpus, a quarter of them outside; `examples/articles.rs` writes the evidence they are fitted from.
const MEANS: [f32; WIDTH] = [-6.6807, 2.35, -0.28, -2.6902, 0.2547, 0.0338, 0.0578, 0.1975, -1.1648];
const DEVIATIONS: [f32; WIDTH] = [3.3018, 2.5957, 0.336, 0.9648, 0.2516, 0.0616, 0.0614, 0.1856, 0.9778];
const RIGHT: [f32; WIDTH + 1] = [0.4088, 0.6115, -0.0609, 0.1775, -0.1678, -0.0338, 0.1958, -0.3946, 1.0312, -0.4058];
const INSIDE: [f32; WIDTH + 1] = [1.206, -1.0643, 0.0679, 1.418, -0.6532, -0.0, 0.2049, -0.0933, 0.5758, 1.118];

/// Probability that the first article answers the question.
pub(super) fn confidence(evidence: &[f32]) -> f32 {
    logistic(evidence, &RIGHT)
}

/// Probability that any article answers the question.
pub(super) fn in_scope(evidence: &[f32]) -> f32 {
    logistic(evidence, &INSIDE)
}

/// Both.
pub(crate) fn sureness(evidence: &[f32]) -> (f32, f32) {
    (confidence(evidence), in_scope(evidence))
}

fn logistic(evidence: &[f32], weights: &[f32; WIDTH + 1]) -> f32 {
    let standardised = evidence.iter().zip(MEANS.iter().zip(&DEVIATIONS)).map(|(value, (mean, deviation))| (value - mean) / deviation);
    let log_odds = standardised.zip(weights).fold(weights[WIDTH], |sum, (value, weight)| sum + value * weight);
    1.0 / (1.0 + (-log_odds).exp())
}
