//! The learned judge: sensitive wordings of the corpus against everyday ones, in all three languages at once.

use std::sync::LazyLock;

use super::Reason;
use crate::Language;
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Linear, Training};
use crate::needs::{Corpus, Side};

const RECIPE: Recipe = Recipe { characters: (3, 5), words: 2, stems: true, concept_weight: 0.7, gaps: false, word_weight: 1.2 };
const TRAINING: Training = Training { cost: 0.5, tolerance: 0.5, passes: 15, positive_weight: 6.0 };
/// Decision value above which a message is sensitive, for Finnish, Swedish and English. Chosen on rehearsals so that about
/// one everyday message in twenty is stopped: a needless handover costs a minute, a missed one a customer.
const THRESHOLDS: [f32; 3] = [-0.27, -0.14, -0.15];

/// What the best single reason adds to the common decision value.
const REASON_SHARE: f32 = 0.5;

const fn threshold(language: Language) -> f32 {
    match language {
        Language::Fi => THRESHOLDS[0],
        Language::Sv => THRESHOLDS[1],
        Language::En => THRESHOLDS[2],
    }
}

/// Needs whose customers must reach a person, with the reason: their lines teach the judge too.
const SENSITIVE_NEEDS: [(&str, Reason); 9] = [
    ("account_hacked", Reason::Fraud),
    ("charge_unrecognised", Reason::Fraud),
    ("charged_twice", Reason::MoneyDispute),
    ("data_deletion_request", Reason::DataProtection),
    ("deceased_customer_account", Reason::Bereavement),
    ("personal_data_request", Reason::DataProtection),
    ("phishing_message_suspected", Reason::Fraud),
    ("staff_behaviour_complaint", Reason::Complaint),
    ("talk_to_person", Reason::Person),
];

/// Needs whose lines are sometimes sensitive and sometimes not: they teach neither side.
const MIXED_NEEDS: [&str; 18] = [
    "accessibility_of_premises",
    "complaint_of_quality",
    "customer_service_contact",
    "guardian_or_acting_for_other",
    "instalments_and_financing",
    "insurance_claim_or_damage_report",
    "invoice_error",
    "language_or_accessibility_of_service",
    "materials_and_allergens",
    "noise_smell_or_side_effect",
    "pay_later_extension",
    "payment_reminder_received",
    "price_dispute",
    "product_safety_recall",
    "refund_not_received",
    "service_outage",
    "service_quality_complaint",
    "subscription_renewal_charged",
];

/// A text to learn from, with the number of its reason (or more than all of them).
struct Lesson {
    text: &'static str,
    language: Language,
    reason: Option<Reason>,
}

struct Judge {
    vocabulary: Vocabulary,
    /// One class: sensitive or not.
    sensitive: Linear,
    /// One class per reason.
    reasons: Linear,
}

static BUILT_IN: LazyLock<Judge> = LazyLock::new(|| Judge::learn(&lessons()));

/// The most likely reason, if the model is sure enough that there is one.
pub(super) fn judge(text: &str, language: Language) -> Option<Reason> {
    BUILT_IN.decide(text, language)
}

/// Everything the corpus knows of sensitive and everyday messages.
fn lessons() -> Vec<Lesson> {
    let corpus = Corpus::built_in();
    let sensitive = corpus.sensitive().iter().map(|line| Lesson {
        text: line.text,
        language: line.language,
        reason: Reason::named(line.reason).filter(|_| line.sensitive),
    });
    let everyday = corpus.lines().iter().filter(|line| line.side == Side::Customer).filter_map(|line| {
        let id = line.need.map_or("", |need| corpus.needs()[need].id);
        let reason = SENSITIVE_NEEDS.iter().find(|(need, _)| *need == id).map(|&(_, reason)| reason);
        (!MIXED_NEEDS.contains(&id)).then_some(Lesson { text: line.text, language: line.language, reason })
    });
    sensitive.chain(everyday).collect()
}

impl Judge {
    /// Everyday lines that the floor stops never reach the judge, so they teach it nothing.
    fn learn(lessons: &[Lesson]) -> Self {
        let lessons: Vec<&Lesson> = lessons.iter().filter(|lesson| lesson.reason.is_some() || super::phrase(lesson.text).is_none()).collect();
        let counts: Vec<_> = lessons.iter().map(|lesson| RECIPE.counts(lesson.text, Some(lesson.language))).collect();
        let vocabulary = Vocabulary::learn(RECIPE, &counts, 2);
        let mut rows = Rows::new();
        for count in &counts {
            rows.push(&vocabulary.row(count).0);
        }
        let any: Vec<u32> = lessons.iter().map(|lesson| u32::from(lesson.reason.is_none())).collect();
        let each: Vec<u32> = lessons.iter().map(|lesson| lesson.reason.map_or(u32::MAX, |reason| reason as u32)).collect();
        let sensitive = Linear::train(&rows, &any, 1, vocabulary.len(), TRAINING);
        let reasons = Linear::train(&rows, &each, Reason::ALL.len(), vocabulary.len(), TRAINING);
        Self { vocabulary, sensitive, reasons }
    }

    fn decide(&self, text: &str, language: Language) -> Option<Reason> {
        let (value, reason) = self.weigh(text, language);
        (value >= threshold(language)).then_some(reason)
    }

    /// How sensitive a message is (a decision value, about −1 for everyday and 1 for sensitive ones), and the likeliest reason.
    fn weigh(&self, text: &str, language: Language) -> (f32, Reason) {
        let (row, _) = self.vocabulary.read(text, Some(language));
        let mut sensitive = [0.0_f32];
        self.sensitive.score(&row, &mut sensitive);
        let mut scores = [0.0_f32; Reason::ALL.len()];
        self.reasons.score(&row, &mut scores);
        let best = (0..scores.len()).fold(0, |best, next| if scores[next] > scores[best] { next } else { best });
        (sensitive[0] + REASON_SHARE * scores[best], Reason::ALL[best])
    }
}

/// How well the layer does on lines of the corpus that its judge has not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rehearsal {
    pub language: Language,
    pub sensitive: usize,
    /// Share of sensitive lines that are stopped.
    pub recall: f64,
    pub everyday: usize,
    /// Share of everyday lines that are stopped.
    pub false_alarms: f64,
    /// Share of sensitive lines that the floor alone stops.
    pub floor_recall: f64,
    /// Share of everyday lines that the floor alone stops.
    pub floor_false_alarms: f64,
    /// The lowest threshold of the judge with at most [`TOLERATED`] false alarms, and the recall there.
    pub best_threshold: f32,
    pub best_recall: f64,
}

/// Share of everyday messages that may be stopped.
pub const TOLERATED: f64 = 0.055;

/// A lesson with its number.
type Numbered = (usize, Lesson);

/// Holds every `parts`-th line out, learns from the rest, and screens the held-out ones.
#[must_use]
pub fn rehearse(parts: usize, part: usize) -> Vec<Rehearsal> {
    let (held_out, kept): (Vec<Numbered>, Vec<Numbered>) = lessons().into_iter().enumerate().partition(|(number, _)| number % parts == part);
    let judge = Judge::learn(&kept.into_iter().map(|(_, lesson)| lesson).collect::<Vec<_>>());
    Language::ALL
        .into_iter()
        .map(|language| {
            let mut weighed = [Vec::new(), Vec::new()];
            for (_, lesson) in held_out.iter().filter(|(_, lesson)| lesson.language == language) {
                // What the floor stops is above every threshold.
                let value = if super::phrase(lesson.text).is_some() { f32::INFINITY } else { judge.weigh(lesson.text, language).0 };
                weighed[usize::from(lesson.reason.is_none())].push(value);
            }
            report(language, weighed)
        })
        .collect()
}

/// The figures of one language from the decision values of its sensitive and its everyday lines.
fn report(language: Language, [sensitive, mut everyday]: [Vec<f32>; 2]) -> Rehearsal {
    let above = |values: &[f32], least: f32| values.iter().filter(|value| **value >= least).count() as f64 / values.len().max(1) as f64;
    everyday.sort_by(|one, other| other.total_cmp(one));
    let tolerated = (TOLERATED * everyday.len() as f64) as usize;
    let best_threshold = everyday.get(tolerated).map_or(0.0, |value| value + f32::EPSILON);
    Rehearsal {
        language,
        sensitive: sensitive.len(),
        recall: above(&sensitive, threshold(language)),
        everyday: everyday.len(),
        false_alarms: above(&everyday, threshold(language)),
        floor_recall: above(&sensitive, f32::INFINITY),
        floor_false_alarms: above(&everyday, f32::INFINITY),
        best_threshold,
        best_recall: above(&sensitive, best_threshold),
    }
}
