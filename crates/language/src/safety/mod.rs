//! The sensitive layer: what must go to a person, before anything else is tried.
//!
//! Two judges, either of which is enough: a floor of phrases that no workspace can lower, and a model learned from the
//! corpus of sensitive wordings (`corpus/safety/`) against everyday ones. A workspace may add phrases of its own.

mod floor;
mod learned;
pub(crate) mod teaching;

pub use learned::{Weighed, fit, rehearse, threshold};

use crate::{Language, text};

/// Why a message must go to a person. Ordered by urgency, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Life, health or property is in danger now.
    Emergency,
    SelfHarm,
    Threat,
    /// Somebody was hurt or fell ill because of a product or service.
    Injury,
    /// Money, card or account taken or used by somebody else; scams in the company's name.
    Fraud,
    /// Lawyers, courts, consumer or other authorities, claims of damages.
    Legal,
    /// A right under data-protection law is exercised.
    DataProtection,
    Bereavement,
    /// Payment difficulties, collection, enforcement.
    Debt,
    /// Charged wrongly, refund refused, sums disputed.
    MoneyDispute,
    /// A child bought, is hurt, or writes.
    Minor,
    /// A disability or other barrier keeps the customer from managing alone.
    Accessibility,
    /// Dissatisfaction that wants an answer: with goods, service or staff, with leaving or a bad review announced.
    Complaint,
    /// The same matter again and again, nothing helped.
    RepeatedFailure,
    /// A person was asked for, in any wording.
    Person,
}

impl Reason {
    /// All reasons, the most urgent first.
    pub const ALL: [Self; 15] = [
        Self::Emergency,
        Self::SelfHarm,
        Self::Threat,
        Self::Injury,
        Self::Fraud,
        Self::Legal,
        Self::DataProtection,
        Self::Bereavement,
        Self::Debt,
        Self::MoneyDispute,
        Self::Minor,
        Self::Accessibility,
        Self::Complaint,
        Self::RepeatedFailure,
        Self::Person,
    ];

    /// The stable name, also the file name of its corpus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::SelfHarm => "self_harm",
            Self::Threat => "threat",
            Self::Injury => "injury",
            Self::Fraud => "fraud",
            Self::Legal => "legal",
            Self::DataProtection => "data_protection",
            Self::Bereavement => "bereavement",
            Self::Debt => "debt",
            Self::MoneyDispute => "money_dispute",
            Self::Minor => "minor",
            Self::Accessibility => "accessibility",
            Self::Complaint => "complaint",
            Self::RepeatedFailure => "repeated_failure",
            Self::Person => "person",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Why a message was stopped, for the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub reason: Reason,
    /// The phrase that matched; `None` when the learned model decided.
    pub phrase: Option<String>,
}

/// What a workspace adds to the floor: phrases in the notation of [`Extension::phrase`].
#[derive(Debug, Clone, Default)]
pub struct Extension {
    phrases: Vec<(Reason, String)>,
}

impl Extension {
    /// Adds a phrase: words separated by spaces that must occur in this order, at most three other words between two of
    /// them. A word ending in `*` matches any ending ("asianaja*").
    #[must_use]
    pub fn phrase(mut self, reason: Reason, phrase: &str) -> Self {
        self.phrases.push((reason, text::normalise(phrase)));
        self
    }
}

/// The reason why a message must go to a person, if there is one.
#[must_use]
pub fn screen(text: &str, language: Language) -> Option<Reason> {
    inspect(text, language, &Extension::default()).map(|finding| finding.reason)
}

/// Like [`screen`], with a workspace's own phrases, and with what decided.
#[must_use]
pub fn inspect(text: &str, language: Language, extension: &Extension) -> Option<Finding> {
    let normalised = text::normalise(text);
    let tokens: Vec<&str> = text::tokens(&normalised).take(TOKENS_READ).collect();
    let own = extension
        .phrases
        .iter()
        .filter(|(_, phrase)| floor::matches(phrase, &tokens))
        .map(|(reason, phrase)| Finding { reason: *reason, phrase: Some(phrase.clone()) })
        .min_by_key(|finding| finding.reason);
    let built_in = floor::find(&tokens).map(|(reason, phrase)| Finding { reason, phrase: Some(phrase.to_owned()) });
    let phrased = match (own, built_in) {
        (Some(own), Some(built_in)) => Some(if built_in.reason <= own.reason { built_in } else { own }),
        (own, built_in) => own.or(built_in),
    };
    phrased.or_else(|| learned::judge(text, language).map(|reason| Finding { reason, phrase: None }))
}

/// The phrase of the floor that a text holds.
fn phrase(text: &str) -> Option<(Reason, &'static str)> {
    let normalised = text::normalise(text);
    let tokens: Vec<&str> = text::tokens(&normalised).take(TOKENS_READ).collect();
    floor::find(&tokens)
}

/// Words of a message that are screened: a sensitive sentence deep in a pasted log is beyond any reader.
const TOKENS_READ: usize = 5_000;

#[cfg(test)]
mod tests;
