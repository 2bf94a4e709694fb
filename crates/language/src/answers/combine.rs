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

pub(super) fn var(name: &str, default: f32) -> f32 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

pub(super) fn weights() -> Weights {
    Weights { needs: var("W_N", 1.0), floor: var("W_F", 0.01), stems: var("W_S", 1.5), grams: var("W_G", 3.0), concepts: var("W_C", 2.0) }
}

impl Weights {
    /// The fused score of one article: a log-odds but for a constant.
    pub(super) fn score(&self, evidence: &Evidence) -> f32 {
        self.needs * ((evidence.needs + self.floor) / (1.0 + self.floor)).ln()
            + self.stems * evidence.lexical.stems
            + self.grams * evidence.lexical.grams
            + self.concepts * evidence.lexical.concepts
    }
}

pub(super) fn confidence(evidence: &[f32]) -> f32 {
    1.0 / (1.0 + (-(0.8 * evidence[1] + 0.6 * evidence[0] + 0.5)).exp())
}

pub(super) fn in_scope(evidence: &[f32]) -> f32 {
    1.0 / (1.0 + (-(evidence[0] + 2.0)).exp())
}
