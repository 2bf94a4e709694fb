//! Recognising the need of a text, in any of the three languages, with one model for all of them.

use std::sync::OnceLock;

use super::{Corpus, Line, Side};
use crate::Language;
use crate::learn::compact::{self, Compact};
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Linear, Training};

/// Few examples of many classes: the class itself weighs more than the rest, the margin is soft.
const TRAINING: Training = Training { cost: 0.2, tolerance: 1.0, passes: 4, positive_weight: 8.0 };
const RECIPE: Recipe = Recipe { characters: (3, 5), words: 2, stems: true, concept_weight: 1.0, gaps: false, word_weight: 0.7 };

/// A model of the needs.
pub(crate) struct NeedModel {
    vocabulary: Vocabulary,
    weights: Compact,
    needs: usize,
}

static BUILT_IN: OnceLock<NeedModel> = OnceLock::new();

/// The model of the built-in corpus, learned at its first use unless it was restored before.
pub(crate) fn built_in() -> &'static NeedModel {
    BUILT_IN.get_or_init(|| NeedModel::learn(Corpus::built_in(), |_, _| true))
}

/// What the program learns from its corpus, as bytes to keep for the next start. Learning takes some ten seconds of one
/// core, reading a moment.
#[must_use]
pub fn snapshot() -> Vec<u8> {
    built_in().to_bytes()
}

/// Takes over a snapshot, if it is whole and nothing was learned yet; returns whether it was taken. Keep snapshots under
/// [`fingerprint`]: one of another corpus fits no more.
#[must_use]
pub fn restore(bytes: &[u8]) -> bool {
    match NeedModel::from_bytes(bytes) {
        Some(model) if model.needs == Corpus::built_in().needs().len() => BUILT_IN.set(model).is_ok(),
        _ => false,
    }
}

/// Changes with the corpus and with how it is learned.
#[must_use]
pub fn fingerprint() -> String {
    use std::hash::Hasher;
    let mut hasher = crate::learn::hashing::PassThrough::default();
    for line in Corpus::built_in().lines() {
        hasher.write(line.text.as_bytes());
    }
    hasher.write(format!("{TRAINING:?} {RECIPE:?} {}", env!("CARGO_PKG_VERSION")).as_bytes());
    format!("{:016x}", hasher.finish())
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
        Self { vocabulary, weights: Compact::of(&linear), needs }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        compact::put_length(&mut out, self.needs);
        compact::write_vocabulary(&self.vocabulary, &mut out);
        self.weights.write(&mut out);
        out
    }

    fn from_bytes(mut input: &[u8]) -> Option<Self> {
        let needs = compact::take_length(&mut input)?;
        let (hashes, idf) = compact::read_vocabulary(&mut input)?;
        let weights = Compact::read(&mut input)?;
        let whole = input.is_empty() && weights.features() == hashes.len();
        whole.then(|| Self { vocabulary: Vocabulary::from_parts(RECIPE, &hashes, idf), weights, needs })
    }

    /// Decision values of all needs for a text.
    pub(crate) fn scores(&self, text: &str, language: Language) -> Vec<f32> {
        let mut scores = vec![0.0; self.needs];
        if self.needs > 0 {
            self.weights.score(&self.vocabulary.read(text, Some(language)).0, &mut scores);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_judges_like_the_model_it_was_taken_of() {
        let few = |number: usize, _: &Line| number.is_multiple_of(40);
        let model = NeedModel::learn(Corpus::built_in(), few);
        let bytes = model.to_bytes();
        let restored = NeedModel::from_bytes(&bytes).unwrap();
        for text in ["missä mun paketti on", "var är min beställning", "🦊", ""] {
            assert_eq!(model.scores(text, Language::Fi), restored.scores(text, Language::Fi));
        }
        for cut in [0, 7, 8, 100, bytes.len() - 1] {
            assert!(NeedModel::from_bytes(&bytes[..cut]).is_none(), "{cut}");
        }
        assert_eq!(fingerprint(), fingerprint());
    }
}
