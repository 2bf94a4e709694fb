//! Recognising the need of a text, in any of the three languages, with one model for all of them.

use std::sync::LazyLock;

use super::{Corpus, Line, Side};
use crate::Language;
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Linear, Training};

/// Few examples of many classes: the class itself weighs more than the rest, the margin is soft.
const TRAINING: Training = Training { cost: 0.2, tolerance: 1.0, passes: 10, positive_weight: 8.0 };
const RECIPE: Recipe = Recipe { characters: (3, 5), words: 2, stems: true, concept_weight: 1.0, gaps: false, word_weight: 0.7 };

/// A model of the needs.
pub(crate) struct NeedModel {
    vocabulary: Vocabulary,
    linear: Linear,
    needs: usize,
}

static BUILT_IN: LazyLock<NeedModel> = LazyLock::new(|| NeedModel::learn(Corpus::built_in(), |_, _| true));

/// The model of the built-in corpus, learned at its first use.
pub(crate) fn built_in() -> &'static NeedModel {
    &BUILT_IN
}

impl NeedModel {
    /// Learns from the lines of a corpus that `keep` (by number and line) wants.
    pub(crate) fn learn(corpus: &Corpus, keep: impl Fn(usize, &Line) -> bool) -> Self {
        let needs = corpus.needs().len();
        let lines: Vec<&Line> = corpus.lines().iter().enumerate().filter(|(number, line)| keep(*number, line)).map(|(_, line)| line).collect();
        let counts: Vec<_> = lines.iter().map(|line| RECIPE.counts(line.text, Some(line.language))).collect();
        let vocabulary = Vocabulary::learn(RECIPE, &counts, 2);
        let mut rows = Rows::new();
        for count in &counts {
            rows.push(&vocabulary.row(count).0);
        }
        let labels: Vec<u32> = lines.iter().map(|line| line.need.unwrap_or(needs) as u32).collect();
        let linear = Linear::train(&rows, &labels, needs, vocabulary.len(), TRAINING);
        Self { vocabulary, linear, needs }
    }

    /// Number of needs.
    pub(crate) fn len(&self) -> usize {
        self.needs
    }

    /// Decision values of all needs for a text.
    pub(crate) fn scores(&self, text: &str, language: Language) -> Vec<f32> {
        let mut scores = vec![0.0; self.needs];
        if self.needs > 0 {
            self.linear.score(&self.vocabulary.read(text, Some(language)).0, &mut scores);
        }
        scores
    }
}

/// How well customers' lines are recognised by a model that has not seen them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recognition {
    pub language: Option<Language>,
    pub lines: usize,
    /// Share whose need came first, and among the first three.
    pub first: f64,
    pub among_three: f64,
}

/// Holds every `parts`-th customer line out (those whose number leaves `part`), learns the rest, and recognises the
/// held-out ones: tells an editor of the corpus how distinct the needs are. Takes a few seconds.
#[must_use]
pub fn rehearse(corpus: &Corpus, parts: usize, part: usize) -> Vec<Recognition> {
    let held_out = |number: usize, line: &Line| line.side == Side::Customer && line.need.is_some() && number % parts == part;
    let model = NeedModel::learn(corpus, |number, line| !held_out(number, line));
    Language::ALL
        .into_iter()
        .map(|language| {
            let mut recognition = Recognition { language: Some(language), ..Recognition::default() };
            for (_, line) in corpus.lines().iter().enumerate().filter(|(number, line)| line.language == language && held_out(*number, line)) {
                let scores = model.scores(line.text, language);
                let own = line.need.map_or(f32::NAN, |need| scores[need]);
                let rank = scores.iter().filter(|&&score| score > own).count();
                recognition.lines += 1;
                recognition.first += f64::from(u8::from(rank == 0));
                recognition.among_three += f64::from(u8::from(rank < 3));
            }
            recognition.first /= recognition.lines.max(1) as f64;
            recognition.among_three /= recognition.lines.max(1) as f64;
            recognition
        })
        .collect()
}
