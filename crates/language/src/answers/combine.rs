//! Weighing the evidence: shared words, shared characters, shared needs → one score per article, then probabilities.

use crate::retrieval::Match;

/// Evidence for one article.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    pub(super) lexical: Match,
    /// Cosine of the square roots of the two distributions over needs (Bhattacharyya coefficient), 0–1.
    pub(super) needs: f32,
}

/// The fused score of one article.
pub(super) fn score(evidence: &Evidence) -> f32 {
    1.2 * evidence.lexical.stems + 1.5 * evidence.lexical.grams + 1.6 * evidence.needs
}

/// Probability that the best article answers, from its score and its lead over the second.
pub(super) fn confidence(best: f32, second: f32) -> f32 {
    let log_odds = 3.2 * best + 5.0 * (best - second) - 3.4;
    1.0 / (1.0 + (-log_odds).exp())
}

/// Probability that any article answers, from the best score.
pub(super) fn in_scope(best: f32) -> f32 {
    1.0 / (1.0 + (-(4.5 * best - 2.6)).exp())
}
