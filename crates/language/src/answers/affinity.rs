//! What the corpus knows of a text: a distribution over the needs, for questions and for articles alike.

use crate::{Language, needs, text};

/// Softmax sharpness of the needs' decision values.
const SHARPNESS: f32 = 3.0;

/// Probabilities by a softmax of decision values.
pub(super) fn distribution(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut weights: Vec<f32> = scores.iter().map(|score| (sharpness * (score - highest)).exp()).collect();
    let total: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

/// The needs of a question.
pub(super) fn of_question(question: &str, language: Language) -> Vec<f32> {
    distribution(&needs::model().scores(question, language), SHARPNESS)
}

/// The needs of an article: half by its title, half by its known questions and its sentences.
pub(super) fn of_article(title: &str, questions: &[String], body: &str, language: Language) -> Vec<f32> {
    let model = needs::model();
    let mut needs = distribution(&model.scores(title, language), SHARPNESS * 1.5);
    let sentences = text::sentences(body);
    let pieces: Vec<&str> = questions.iter().map(String::as_str).chain(sentences.into_iter().take(60)).collect();
    if pieces.is_empty() {
        return needs;
    }
    let whole = format!("{title} {}", pieces.join(" "));
    let joined = distribution(&model.scores(&whole, language), SHARPNESS * 1.5);
    let mut mean = vec![0.0_f32; needs.len()];
    for piece in &pieces {
        for (sum, probability) in mean.iter_mut().zip(distribution(&model.scores(piece, language), SHARPNESS)) {
            *sum += probability / pieces.len() as f32;
        }
    }
    for ((need, joined), mean) in needs.iter_mut().zip(joined).zip(mean) {
        *need = 0.45 * *need + 0.3 * joined + 0.25 * mean;
    }
    needs
}
