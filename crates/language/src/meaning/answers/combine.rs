//! Weighing words' and meaning's evidence.

use super::Likeness;
use crate::answers::{Reading, SHARPNESS, affinity, combine};
use crate::meaning::dense::Weighed;

/// What likeness adds to an article's score, in log-odds per unit of cosine. On the simulated help centres, whose questions the corpus
/// knows, needs say nearly all of it and any weight up to these does as well; they are for articles that no need covers.
pub(super) const TITLE: f32 = 10.0;
pub(super) const BEST: f32 = 22.0;
/// What a point of the clouds' scores adds to a need's, beside the words' sharpness.
const CLOUDS: f32 = 0.25;

/// The distribution over the needs of a question.
pub(super) fn needs(words: &[f32], meaning: &[f32]) -> Vec<f32> {
    let scores: Vec<f32> = words.iter().zip(meaning).map(|(words, meaning)| SHARPNESS * words + CLOUDS * meaning).collect();
    affinity::distribution(&scores, 1.0)
}

/// Numbers of evidence: the words' and five of meaning.
pub(super) const WIDTH: usize = combine::WIDTH + 5;

/// What confidence and rejection are computed from.
pub(super) fn evidence(reading: &Reading, likeness: &[Likeness], weighed: &Weighed) -> Vec<f32> {
    let mut evidence = reading.evidence.clone();
    let first = reading.ranked.first().and_then(|&(place, _)| likeness.get(place)).copied().unwrap_or_default();
    let others = reading.ranked.iter().skip(1).filter_map(|&(place, _)| likeness.get(place));
    let rival = others.map(|likeness| likeness.best).fold(0.0_f32, f32::max);
    let highest = weighed.scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let clear = weighed.scores.iter().map(|score| (score - highest).exp()).sum::<f32>().recip();
    evidence.extend([first.best, first.title, first.best - rival, weighed.distance.max(0.0).sqrt(), if clear.is_finite() { clear } else { 0.0 }]);
    evidence
}

/// Fitted on the three simulated help centres, one draw of held-out lines; see `evaluate/examples/meaning.rs`.
const MEANS: [f32; WIDTH] = [21.7695, 3.4922, -0.5498, -2.1052, 0.628, 0.0331, 0.0568, 0.1814, -0.7188, 0.8438, 0.8274, -0.0072, 18.0252, 0.8208];
const DEVIATIONS: [f32; WIDTH] = [4.7139, 3.0735, 0.7197, 1.367, 0.3033, 0.0629, 0.0626, 0.1854, 0.9071, 0.0237, 0.0262, 0.0165, 1.4411, 0.2144];
const RIGHT: [f32; WIDTH + 1] = [0.4612, 0.4871, -0.4219, 0.6383, -0.1822, -0.1043, 0.1407, -0.2007, 0.4617, 0.6884, -0.3511, -0.1542, -0.083, 0.028, -0.9852];
const INSIDE: [f32; WIDTH + 1] =
    [1.1649, -0.4875, -0.4551, 0.7752, -0.0498, -0.0873, 0.1119, -0.208, 0.4487, 0.4366, -0.1663, -0.1174, -0.0709, 0.0012, -0.1278];

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
