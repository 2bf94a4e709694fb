//! What the corpus knows of a text: a distribution over the needs, for questions and for articles alike.

use std::sync::LazyLock;

use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Linear, Training};
use crate::needs::Corpus;
use crate::{Language, text};

/// Softmax sharpness of the needs' decision values.
const SHARPNESS: f32 = 3.0;
const TRAINING: Training = Training { cost: 0.5, tolerance: 0.2, passes: 15, positive_weight: 2.0 };

/// The needs of texts in one language.
pub(super) struct NeedModel {
    vocabulary: Vocabulary,
    linear: Linear,
    needs: usize,
}

static MODELS: LazyLock<[LazyLock<NeedModel>; 3]> = LazyLock::new(|| {
    [LazyLock::new(|| NeedModel::learn(Language::Fi)), LazyLock::new(|| NeedModel::learn(Language::Sv)), LazyLock::new(|| NeedModel::learn(Language::En))]
});

/// The model of a language, learned from the corpus at its first use.
pub(super) fn model(language: Language) -> &'static NeedModel {
    &MODELS[language.index()]
}

impl NeedModel {
    fn learn(language: Language) -> Self {
        let corpus = Corpus::built_in();
        let needs = corpus.needs().len();
        let recipe = Recipe { characters: (2, 5), words: 2, stems: Some(language), gaps: false, word_weight: 1.0 };
        let lines: Vec<_> = corpus.lines().iter().filter(|line| line.language == language).collect();
        let counts: Vec<_> = lines.iter().map(|line| recipe.counts(line.text)).collect();
        let vocabulary = Vocabulary::learn(recipe, &counts, 2);
        let mut rows = Rows::new();
        for count in &counts {
            rows.push(&vocabulary.row(count).0);
        }
        let labels: Vec<u32> = lines.iter().map(|line| line.need.unwrap_or(needs) as u32).collect();
        let linear = Linear::train(&rows, &labels, needs, vocabulary.len(), TRAINING);
        Self { vocabulary, linear, needs }
    }

    /// Decision values of all needs for a text.
    pub(super) fn scores(&self, text: &str) -> Vec<f32> {
        let mut scores = vec![0.0; self.needs];
        if self.needs > 0 {
            self.linear.score(&self.vocabulary.read(text).0, &mut scores);
        }
        scores
    }
}

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
    distribution(&model(language).scores(question), SHARPNESS)
}

/// The needs of an article: half by its title, half by its known questions and its sentences.
pub(super) fn of_article(title: &str, questions: &[String], body: &str, language: Language) -> Vec<f32> {
    let model = model(language);
    let mut needs = distribution(&model.scores(title), SHARPNESS * 1.5);
    let sentences = text::sentences(body);
    let pieces: Vec<&str> = questions.iter().map(String::as_str).chain(sentences.into_iter().take(60)).collect();
    if pieces.is_empty() {
        return needs;
    }
    let whole = format!("{title} {}", pieces.join(" "));
    let joined = distribution(&model.scores(&whole), SHARPNESS * 1.5);
    let mut mean = vec![0.0_f32; needs.len()];
    for piece in &pieces {
        for (sum, probability) in mean.iter_mut().zip(distribution(&model.scores(piece), SHARPNESS)) {
            *sum += probability / pieces.len() as f32;
        }
    }
    for ((need, joined), mean) in needs.iter_mut().zip(joined).zip(mean) {
        *need = 0.45 * *need + 0.3 * joined + 0.25 * mean;
    }
    needs
}
