//! Recognising the need of a text, in any of the three languages, with one model for all of them. The same model knows the
//! sensitive matters, so that a message is read once, and the vocabulary is held once.

use std::sync::OnceLock;

use super::{Corpus, Line, SensitiveLine, Side};
use crate::Language;
use crate::learn::compact::{self, Compact, Task};
use crate::learn::features::{Frequencies, Recipe, Rows, Vocabulary};
use crate::learn::linear::Training;
use crate::safety::teaching::{self, Teaching};

/// Few examples of many classes: the class itself weighs more than the rest, the margin is soft.
const TRAINING: Training = Training { cost: 0.2, tolerance: 1.0, passes: 4, positive_weight: 8.0 };
const RECIPE: Recipe = Recipe { characters: (3, 5), words: 2, stems: true, concept_weight: 1.0, gaps: false, word_weight: 0.7 };

/// A model of the needs, with the classes of [`teaching`] after them.
pub(crate) struct NeedModel {
    vocabulary: Vocabulary,
    weights: Compact,
    needs: usize,
}

/// A line to learn from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lesson<'corpus> {
    Line(&'corpus Line),
    Sensitive(&'corpus SensitiveLine),
}

impl Lesson<'_> {
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Line(line) => line.text,
            Self::Sensitive(line) => line.text,
        }
    }

    pub(crate) fn language(&self) -> Language {
        match self {
            Self::Line(line) => line.language,
            Self::Sensitive(line) => line.language,
        }
    }
}

/// All lines of a corpus, numbered in a fixed order.
pub(crate) fn lessons(corpus: &Corpus) -> impl Iterator<Item = (usize, Lesson<'_>)> {
    corpus.lines().iter().map(Lesson::Line).chain(corpus.sensitive().iter().map(Lesson::Sensitive)).enumerate()
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
    for (_, lesson) in lessons(Corpus::built_in()) {
        hasher.write(lesson.text().as_bytes());
        if let Lesson::Line(line) = lesson {
            hasher.write(format!("{:?}", line.answerer).as_bytes());
        }
    }
    hasher.write(crate::concepts::SOURCE.as_bytes());
    hasher.write(format!("{TRAINING:?} {RECIPE:?} {} {}", teaching::VERSION, env!("CARGO_PKG_VERSION")).as_bytes());
    format!("{:016x}", hasher.finish())
}

impl NeedModel {
    /// Learns from the lines of a corpus that `keep` (by number and line) wants. Texts are counted twice rather than kept, which
    /// halves the memory that learning takes.
    pub(crate) fn learn(corpus: &Corpus, keep: impl Fn(usize, Lesson<'_>) -> bool) -> Self {
        let needs = corpus.needs().len();
        let kept: Vec<Lesson<'_>> = lessons(corpus).filter(|&(number, lesson)| keep(number, lesson)).map(|(_, lesson)| lesson).collect();
        let counts = |lesson: &Lesson<'_>| RECIPE.counts(lesson.text(), Some(lesson.language()));
        let mut frequencies = Frequencies::default();
        for lesson in &kept {
            frequencies.count(&counts(lesson));
        }
        let vocabulary = Vocabulary::of(RECIPE, frequencies, 2);
        let mut rows = Rows::new();
        for lesson in &kept {
            rows.push(&vocabulary.row(&counts(lesson)).0);
        }
        let teaching = Teaching::of(corpus, kept.iter());
        let weights = Compact::train(&rows, needs + teaching::CLASSES, vocabulary.len(), |class| match class.checked_sub(needs) {
            None => Task { targets: kept.iter().map(|lesson| need_target(lesson, class)).collect(), training: TRAINING, by_tellingness: false },
            Some(class) => teaching.task(class),
        });
        Self { vocabulary, weights, needs }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        compact::put_length(&mut out, self.needs);
        self.vocabulary.write(&mut out);
        self.weights.write(&mut out);
        out
    }

    fn from_bytes(mut input: &[u8]) -> Option<Self> {
        let needs = compact::take_length(&mut input)?;
        let vocabulary = Vocabulary::read_from(RECIPE, &mut input)?;
        let weights = Compact::read(&mut input)?;
        let whole = input.is_empty() && weights.features() == vocabulary.len() && weights.classes() == needs + teaching::CLASSES;
        whole.then_some(Self { vocabulary, weights, needs })
    }

    /// Number of needs.
    pub(crate) fn len(&self) -> usize {
        self.needs
    }

    /// Decision values of all needs for a text, and that of the outside.
    pub(crate) fn needs_and_outside(&self, text: &str, language: Language) -> (Vec<f32>, f32) {
        let mut all = self.all_scores(text, language);
        let outside = all[self.needs + teaching::OUTSIDE];
        all.truncate(self.needs);
        (all, outside)
    }

    /// Decision values of all needs for a text.
    pub(crate) fn scores(&self, text: &str, language: Language) -> Vec<f32> {
        let mut scores = self.all_scores(text, language);
        scores.truncate(self.needs);
        scores
    }

    /// Decision values of all needs, and after them of the classes of [`teaching`].
    pub(crate) fn all_scores(&self, text: &str, language: Language) -> Vec<f32> {
        self.weights.scores(&self.vocabulary.read(text, Some(language)).0)
    }
}

/// Sensitive lines are no part of the needs: some belong to one, most to none.
fn need_target(lesson: &Lesson<'_>, class: usize) -> i8 {
    match lesson {
        Lesson::Line(line) if line.need == Some(class) => 1,
        Lesson::Line(_) => -1,
        Lesson::Sensitive(_) => 0,
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
    let model = NeedModel::learn(corpus, |number, lesson| !matches!(lesson, Lesson::Line(line) if held_out(number, line)));
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
        let few = |number: usize, _: Lesson<'_>| number.is_multiple_of(40);
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
