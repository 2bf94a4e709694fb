//! The learned judge: what the model of needs and sensitive matters says of a message, and how it is said, weighed together.

use std::sync::LazyLock;

use super::Reason;
use super::teaching::{self, ANY, Kind, Side, TELLING};
use crate::learn::calibration::Logistic;
use crate::needs::{self, Corpus, Lesson, NeedModel};
use crate::{Language, feeling, text};

/// Numbers that the judge looks at: sensitive at all, in two ways; probability and best score of everyday needs, mixed ones, sensitive ones,
/// reasons, and look-alikes; seven of feeling; length; a question mark; Swedish; English.
const WIDTH: usize = 23;

/// What each of them weighs, the bias last: fitted by `examples/safety.rs` on lines that the model had not seen.
const WEIGHTS: [f32; WIDTH + 1] = [
    0.628, 1.715, 1.034, -0.078, -0.296, 0.14, -0.27, -1.782, 0.263, 1.505, 1.853, -0.066, -0.305, 0.37, 0.08, 0.045, -0.104, 0.013, -0.362, 0.077, -1.666,
    -0.167, -0.178, 1.291,
];

/// Log-odds above which a message is sensitive, for Finnish, Swedish and English. Chosen on rehearsals so that 6 % of everyday lines
/// are stopped, those that could be meant either way not counted: a needless handover costs a minute, a missed one a customer.
const THRESHOLDS: [f32; 3] = [1.0, 1.54, 1.7];

/// Softmax sharpness of the decision values.
const SHARPNESS: f32 = 3.5;

/// What each class of the model is to the judge; `None` for the classes of anything sensitive, which stand alone.
static SIDES: LazyLock<Vec<Option<Place>>> = LazyLock::new(|| {
    let needs = Corpus::built_in().needs().iter().map(|need| {
        Some(match teaching::side_of_need(need.id) {
            Side::Everyday => Place::Everyday,
            Side::Mixed => Place::Mixed,
            Side::Sensitive(reason) => Place::SensitiveNeed(reason),
        })
    });
    let reasons = (0..teaching::CLASSES).map(|class| match Reason::ALL.get(class) {
        Some(reason) => Some(Place::Reason(*reason)),
        None if class == ANY || class == TELLING => None,
        None => Some(Place::Alike),
    });
    needs.chain(reasons).collect()
});

#[derive(Debug, Clone, Copy)]
enum Place {
    Everyday,
    Mixed,
    Alike,
    SensitiveNeed(Reason),
    Reason(Reason),
}

impl Place {
    const fn group(self) -> usize {
        match self {
            Self::Everyday => 0,
            Self::Mixed => 1,
            Self::SensitiveNeed(_) => 2,
            Self::Reason(_) => 3,
            Self::Alike => 4,
        }
    }

    const fn reason(self) -> Option<Reason> {
        match self {
            Self::Everyday | Self::Mixed | Self::Alike => None,
            Self::SensitiveNeed(reason) | Self::Reason(reason) => Some(reason),
        }
    }
}

/// The most likely reason, if the judge is sure enough that there is one.
pub(super) fn judge(text: &str, language: Language) -> Option<Reason> {
    let (evidence, reason) = read(needs::model(), text, language);
    (log_odds(&evidence, &WEIGHTS) >= THRESHOLDS[language.index()]).then_some(reason)
}

fn log_odds(evidence: &[f32], weights: &[f32]) -> f32 {
    let bias = weights.last().copied().unwrap_or(0.0);
    evidence.iter().zip(weights).fold(bias, |sum, (value, weight)| sum + value * weight)
}

/// What the judge looks at, and the likeliest reason.
fn read(model: &NeedModel, raw: &str, language: Language) -> (Vec<f32>, Reason) {
    let scores = model.all_scores(raw, language);
    let placed = || scores.iter().zip(SIDES.iter()).filter_map(|(score, place)| place.map(|place| (*score, place)));
    let highest = placed().fold(f32::NEG_INFINITY, |highest, (score, _)| highest.max(score));
    let (mut mass, mut best) = ([0.0_f32; 5], [f32::NEG_INFINITY; 5]);
    let mut reason = (f32::NEG_INFINITY, Reason::Person);
    for (score, place) in placed() {
        mass[place.group()] += (SHARPNESS * (score - highest)).exp();
        best[place.group()] = best[place.group()].max(score);
        if let Some(of_place) = place.reason().filter(|_| score > reason.0) {
            reason = (score, of_place);
        }
    }
    let total: f32 = mass.iter().sum();
    let mut evidence = vec![scores[model.len() + ANY], scores[model.len() + TELLING]];
    evidence.extend(mass.map(|mass| (mass / total + 0.003).ln()));
    evidence.extend(best);
    evidence.extend(feeling::features(raw, language));
    let normalised = text::normalise(raw);
    evidence.push((text::tokens(&normalised).take(super::TOKENS_READ).count() as f32).ln_1p());
    evidence.extend([normalised.ends_with('?'), language == Language::Sv, language == Language::En].map(|is| f32::from(u8::from(is))));
    (evidence, reason.1)
}

/// A line of the corpus as a judge sees it that was not taught it.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    pub text: &'static str,
    pub language: Language,
    pub sensitive: bool,
    /// Written to look sensitive and not to be.
    pub near: bool,
    /// Could be meant either way: counts on neither side.
    pub either: bool,
    /// Whether the floor stops it already.
    pub floor: bool,
    /// The need or reason under which it is filed.
    pub filed: &'static str,
    pub evidence: Vec<f32>,
    pub reason: Reason,
}

impl Weighed {
    /// How sensitive the line is by given weights, or by the built-in ones: infinite if the floor stops it.
    #[must_use]
    pub fn log_odds(&self, weights: Option<&[f32]>) -> f32 {
        if self.floor { f32::INFINITY } else { log_odds(&self.evidence, weights.unwrap_or(&WEIGHTS)) }
    }
}

/// The threshold of a language.
#[must_use]
pub const fn threshold(language: Language) -> f32 {
    THRESHOLDS[language.index()]
}

/// Lines that stand together in the corpus are often wordings of one thought: they are held out together.
pub(super) const TOGETHER: usize = 4;

/// Holds one of `parts` parts out, learns from the rest, and weighs what was held out. Takes some seconds.
#[must_use]
pub fn rehearse(parts: usize, part: usize) -> Vec<Weighed> {
    let corpus = Corpus::built_in();
    let held_out = |number: usize| number / TOGETHER % parts == part;
    let model = NeedModel::learn(corpus, |number, _| !held_out(number));
    let weighed = |lesson: Lesson<'static>| {
        let kind = teaching::kind(corpus, &lesson);
        let (sensitive, filed) = match (kind, lesson) {
            (Kind::Sensitive(reason), Lesson::Sensitive(_)) => (true, reason.as_str()),
            (_, Lesson::Line(line)) if line.side == needs::Side::Article => return None,
            (kind, Lesson::Line(line)) => {
                let sensitive = matches!(kind, Kind::Sensitive(_) | Kind::Need { side: Side::Sensitive(_), .. });
                (sensitive, line.need.map_or("none", |need| corpus.needs()[need].id))
            }
            (_, Lesson::Sensitive(line)) => (false, line.reason),
        };
        let (evidence, reason) = read(&model, lesson.text(), lesson.language());
        let either = matches!(kind, Kind::Need { side: Side::Mixed, .. });
        let near = !sensitive && matches!(lesson, Lesson::Sensitive(_));
        let floor = super::phrase(lesson.text()).is_some();
        Some(Weighed { text: lesson.text(), language: lesson.language(), sensitive, near, either, floor, filed, evidence, reason })
    };
    needs::lessons(corpus).filter(|(number, _)| held_out(*number)).filter_map(|(_, lesson)| weighed(lesson)).collect()
}

/// Fits the weights of the judge on rehearsed lines; what the floor stops never reaches it. A sensitive line counts threefold.
#[must_use]
pub fn fit<'line>(lines: impl Iterator<Item = &'line Weighed>) -> Vec<f32> {
    let lines: Vec<&Weighed> = lines.filter(|line| !line.either && (line.sensitive || !line.floor)).collect();
    let rows: Vec<Vec<f32>> = lines.iter().map(|line| line.evidence.clone()).collect();
    let outcomes: Vec<bool> = lines.iter().map(|line| line.sensitive).collect();
    let counts: Vec<f32> = lines.iter().map(|line| if line.sensitive { 3.0 } else { 1.0 }).collect();
    Logistic::fit(&rows, &outcomes, &counts, 1.0).plain_weights()
}
