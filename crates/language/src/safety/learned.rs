//! The learned judge: sensitive wordings of the corpus against everyday ones.

use std::sync::LazyLock;

use super::Reason;
use crate::Language;
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Linear, Training};
use crate::needs::{Corpus, Side};

const TRAINING: Training = Training { cost: 1.0, tolerance: 0.1, passes: 30, positive_weight: 3.0 };

/// Needs of the corpus whose customers must reach a person anyway: their lines teach neither side.
const SENSITIVE_NEEDS: [&str; 14] = [
    "talk_to_person",
    "deceased_customer_account",
    "account_hacked",
    "charge_unrecognised",
    "charged_twice",
    "personal_data_request",
    "data_deletion_request",
    "guardian_or_acting_for_other",
    "staff_behaviour_complaint",
    "service_quality_complaint",
    "noise_smell_or_side_effect",
    "phishing_message_suspected",
    "language_or_accessibility_of_service",
    "payment_reminder_received",
];

struct Judge {
    language: Language,
    vocabulary: Vocabulary,
    linear: Linear,
    reasons: Vec<Reason>,
}

static JUDGES: LazyLock<[LazyLock<Judge>; 3]> = LazyLock::new(|| {
    [LazyLock::new(|| Judge::learn(Language::Fi)), LazyLock::new(|| Judge::learn(Language::Sv)), LazyLock::new(|| Judge::learn(Language::En))]
});

/// The most likely reason, if the model is sure enough that there is one.
pub(super) fn judge(text: &str, language: Language) -> Option<Reason> {
    JUDGES[language.index()].decide(text)
}

impl Judge {
    fn learn(language: Language) -> Self {
        let corpus = Corpus::built_in();
        let reasons = Reason::ALL.to_vec();
        let mut texts: Vec<(&str, u32)> = Vec::new();
        for line in corpus.sensitive().iter().filter(|line| line.language == language) {
            let reason = reasons.iter().position(|reason| reason.as_str() == line.reason).filter(|_| line.sensitive);
            texts.push((line.text, reason.unwrap_or(reasons.len()) as u32));
        }
        for line in corpus.lines().iter().filter(|line| line.language == language && line.side == Side::Customer) {
            let everyday = line.need.is_none_or(|need| !SENSITIVE_NEEDS.contains(&corpus.needs()[need].id));
            if everyday {
                texts.push((line.text, reasons.len() as u32));
            }
        }
        let recipe = Recipe { characters: (3, 5), words: 2, stems: true, concept_weight: 0.0, gaps: true, word_weight: 1.3 };
        let counts: Vec<_> = texts.iter().map(|(text, _)| recipe.counts(text, Some(language))).collect();
        let vocabulary = Vocabulary::learn(recipe, &counts, 1);
        let mut rows = Rows::new();
        for count in &counts {
            rows.push(&vocabulary.row(count).0);
        }
        let labels: Vec<u32> = texts.iter().map(|&(_, label)| label).collect();
        let linear = Linear::train(&rows, &labels, reasons.len(), vocabulary.len(), TRAINING);
        Self { language, vocabulary, linear, reasons }
    }

    fn decide(&self, text: &str) -> Option<Reason> {
        let mut scores = vec![0.0_f32; self.reasons.len()];
        self.linear.score(&self.vocabulary.read(text, Some(self.language)).0, &mut scores);
        let best = (0..scores.len()).max_by(|&left, &right| scores[left].total_cmp(&scores[right]))?;
        (scores[best] > 0.0).then_some(self.reasons[best])
    }
}
