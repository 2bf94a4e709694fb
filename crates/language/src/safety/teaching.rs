//! What the corpus teaches of sensitive matters: which lines are sensitive, which are not, and which say nothing of it.

use super::Reason;
use crate::learn::compact::Task;
use crate::learn::linear::Training;
use crate::needs::{Answerer, Corpus, Lesson};

const REASONS: usize = Reason::ALL.len();
/// Files of everyday lines that are classes of their own.
const EVERYDAY: usize = 6;
/// The classes that [`crate::needs`]' model has beside the needs: each reason, what looks like each reason, everyday matters by
/// file, what no need serves, and anything sensitive, learned in two ways.
pub(crate) const CLASSES: usize = 2 * REASONS + EVERYDAY + 3;
/// Text that no need serves and nothing sensitive.
pub(crate) const OUTSIDE: usize = 2 * REASONS + EVERYDAY;
/// Whatever the reason.
pub(super) const ANY: usize = OUTSIDE + 1;
/// The same, by what tells the two sides apart.
pub(super) const TELLING: usize = OUTSIDE + 2;
/// Raised when what follows changes without a trace in the corpus.
pub(crate) const VERSION: u32 = 3;

/// A reason stands against the needs, like one more of them.
const ONE_REASON: Training = Training { cost: 0.2, tolerance: 1.0, passes: 4, positive_weight: 8.0 };
const ANY_REASON: Training = Training { cost: 0.5, tolerance: 0.5, passes: 15, positive_weight: 6.0 };
const TELLING_ANY: Training = Training { cost: 0.2, tolerance: 0.5, passes: 15, positive_weight: 3.0 };

/// Needs whose customers must reach a person, with the reason: their lines teach too.
pub(super) const SENSITIVE_NEEDS: [(&str, Reason); 15] = [
    ("account_hacked", Reason::Fraud),
    ("charge_unrecognised", Reason::Fraud),
    ("charged_twice", Reason::MoneyDispute),
    ("complaint_of_quality", Reason::Complaint),
    ("data_deletion_request", Reason::DataProtection),
    ("deceased_customer_account", Reason::Bereavement),
    ("invoice_error", Reason::MoneyDispute),
    ("personal_data_request", Reason::DataProtection),
    ("phishing_message_suspected", Reason::Fraud),
    ("price_dispute", Reason::MoneyDispute),
    ("refund_not_received", Reason::MoneyDispute),
    ("service_quality_complaint", Reason::Complaint),
    ("staff_behaviour_complaint", Reason::Complaint),
    ("subscription_renewal_charged", Reason::MoneyDispute),
    ("talk_to_person", Reason::Person),
];

/// Needs whose lines are sometimes sensitive and sometimes not: that a message has one of them says little. Their lines were read one
/// by one; what is not marked is the bot's.
pub(super) const MIXED_NEEDS: [&str; 12] = [
    "accessibility_of_premises",
    "customer_service_contact",
    "guardian_or_acting_for_other",
    "instalments_and_financing",
    "insurance_claim_or_damage_report",
    "language_or_accessibility_of_service",
    "materials_and_allergens",
    "noise_smell_or_side_effect",
    "pay_later_extension",
    "payment_reminder_received",
    "product_safety_recall",
    "service_outage",
];

/// What a need is to the sensitive layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Everyday,
    Mixed,
    Sensitive(Reason),
}

pub(super) fn side_of_need(id: &str) -> Side {
    match SENSITIVE_NEEDS.iter().find(|(need, _)| *need == id) {
        Some(&(_, reason)) => Side::Sensitive(reason),
        None if MIXED_NEEDS.contains(&id) => Side::Mixed,
        None => Side::Everyday,
    }
}

/// What one line teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A wording of the sensitive corpus, or a line of a need that is marked for a person.
    Sensitive(Reason),
    /// A line of a need; what an article says, or what the floor stops anyhow, is read but teaches no judge.
    Need { side: Side, teaches: bool },
    /// Looks like a sensitive line and is none, or has no need at all: with its class.
    Outside(usize),
}

pub(super) fn kind(corpus: &Corpus, lesson: &Lesson<'_>) -> Kind {
    match lesson {
        Lesson::Sensitive(line) => match Reason::named(line.reason) {
            Some(reason) if line.sensitive => Kind::Sensitive(reason),
            Some(reason) => Kind::Outside(REASONS + reason as usize),
            None => Kind::Outside(2 * REASONS + everyday_file(corpus, line.reason)),
        },
        Lesson::Line(line) => match line.need {
            None => Kind::Outside(OUTSIDE),
            Some(need) => {
                let side = match (line.answerer, side_of_need(corpus.needs()[need].id)) {
                    (Answerer::Person(reason), _) => return Kind::Sensitive(reason),
                    (Answerer::Either, _) => Side::Mixed,
                    (Answerer::Bot, _) | (Answerer::AsNeed, Side::Mixed) => Side::Everyday,
                    (Answerer::AsNeed, side) => side,
                };
                let stopped = side == Side::Everyday && super::phrase(line.text).is_some();
                Kind::Need { side, teaches: line.side == crate::needs::Side::Customer && !stopped }
            }
        },
    }
}

/// The number of a file of everyday lines among them.
fn everyday_file(corpus: &Corpus, name: &str) -> usize {
    let mut names: Vec<&str> = corpus.sensitive().iter().map(|line| line.reason).filter(|name| Reason::named(name).is_none()).collect();
    names.dedup();
    names.iter().position(|other| *other == name).unwrap_or(0) % EVERYDAY
}

/// The kinds of the lines to learn from, in their order.
pub(crate) struct Teaching(Vec<Kind>);

impl Teaching {
    pub(crate) fn of<'lesson>(corpus: &Corpus, lessons: impl Iterator<Item = &'lesson Lesson<'lesson>>) -> Self {
        Self(lessons.map(|lesson| kind(corpus, lesson)).collect())
    }

    /// How one of the [`CLASSES`] is learned.
    pub(crate) fn task(&self, class: usize) -> Task {
        let training = match class {
            ANY => ANY_REASON,
            TELLING => TELLING_ANY,
            _ => ONE_REASON,
        };
        Task { targets: self.0.iter().map(|kind| target(*kind, class)).collect(), training, by_tellingness: class == TELLING }
    }
}

fn target(kind: Kind, class: usize) -> i8 {
    match (class, kind) {
        (ANY | TELLING, Kind::Sensitive(_) | Kind::Need { side: Side::Sensitive(_), teaches: true }) => 1,
        (ANY | TELLING, Kind::Need { side: Side::Mixed, .. } | Kind::Need { teaches: false, .. }) => 0,
        (ANY | TELLING, Kind::Outside(_)) => -1,
        (_, Kind::Outside(own)) if own == class => 1,
        (_, Kind::Sensitive(reason)) if reason as usize == class => 1,
        // What could be meant either way is against no reason, nor is a need of the same matter against it.
        (0..REASONS, Kind::Need { side: Side::Mixed, .. }) => 0,
        (_, Kind::Need { side: Side::Sensitive(reason), .. }) if reason as usize == class => 0,
        _ => -1,
    }
}
