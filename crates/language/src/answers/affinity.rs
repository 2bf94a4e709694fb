//! Which needs an article serves, and so which article serves a need.

use crate::needs::NeedModel;
use crate::{Language, text};

/// Softmax sharpness of the needs' decision values, for articles: their texts are plain, so their needs are clear.
const SHARPNESS: f32 = 3.0;
/// Sentences of an article's body that are read.
const SENTENCES_READ: usize = 60;
/// What an article must be trusted to serve a need before the need counts as served at all.
const UNSERVED: f32 = 0.15;
/// An article that is surely about a need beats several that mention it.
const EMPHASIS: f32 = 1.7;

/// Probabilities by a softmax of decision values.
pub(crate) fn distribution(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut weights: Vec<f32> = scores.iter().map(|score| (sharpness * (score - highest)).exp()).collect();
    let total: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

/// The distribution over the needs of an article: by its title, by its whole text, and by its known questions and
/// sentences one by one.
pub(crate) fn of_article(model: &NeedModel, title: &str, questions: &[String], body: &str, language: Language) -> Vec<f32> {
    let mut needs = distribution(&model.scores(title, language), SHARPNESS);
    let sentences = text::sentences(body);
    let pieces: Vec<&str> = questions.iter().map(String::as_str).chain(sentences.into_iter().take(SENTENCES_READ)).collect();
    if pieces.is_empty() {
        return needs;
    }
    let whole = format!("{title} {}", pieces.join(" "));
    let joined = distribution(&model.scores(&whole, language), SHARPNESS);
    let mut mean = vec![0.0_f32; needs.len()];
    for piece in &pieces {
        for (sum, probability) in mean.iter_mut().zip(distribution(&model.scores(piece, language), SHARPNESS)) {
            *sum += probability / pieces.len() as f32;
        }
    }
    for ((need, joined), mean) in needs.iter_mut().zip(joined).zip(mean) {
        *need = 0.4 * *need + 0.4 * joined + 0.2 * mean;
    }
    needs
}

/// For each need, the articles that serve it with their shares, and the share that nothing serves.
#[derive(Debug, Clone, Default)]
pub(super) struct Served {
    /// Per need: (article, share). Shares and `unserved` sum to one.
    pub(super) articles: Vec<Vec<(u32, f32)>>,
    pub(super) unserved: Vec<f32>,
}

impl Served {
    /// From the distributions of all articles. `twins[i]` is the number that all language versions of article `i` have
    /// in common: they do not compete.
    pub(super) fn new(affinities: &[Vec<f32>], twins: &[u32], needs: usize) -> Self {
        let mut served = Self { articles: Vec::with_capacity(needs), unserved: Vec::with_capacity(needs) };
        for need in 0..needs {
            let mut strengths: Vec<(u32, f32)> = affinities
                .iter()
                .enumerate()
                .map(|(article, affinity)| (article as u32, affinity[need].powf(EMPHASIS)))
                .filter(|&(_, strength)| strength > 0.002)
                .collect();
            let mut best_of_twin = std::collections::BTreeMap::<u32, f32>::new();
            for &(article, strength) in &strengths {
                let best = best_of_twin.entry(twins[article as usize]).or_default();
                *best = best.max(strength);
            }
            let total = UNSERVED.powf(EMPHASIS) + best_of_twin.values().sum::<f32>();
            for (_, strength) in &mut strengths {
                *strength /= total;
            }
            served.articles.push(strengths);
            served.unserved.push(UNSERVED.powf(EMPHASIS) / total);
        }
        served
    }
}
