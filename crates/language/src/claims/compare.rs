//! Two sentences about one matter that cannot both be right.

use super::{Quantity, Unit, Words, quantities};
use crate::Language;

/// Share of each sentence's words that the other must hold for both to be about one matter.
const SAME_MATTER: f32 = 0.6;
/// Fewer words of meaning say too little to compare; two are enough where both name a number of the same unit.
const WORDS_LEAST: usize = 2;
const WORDS_LEAST_DENIED: usize = 3;

/// How two sentences differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Different numbers of one thing, e.g. 14 and 30 days.
    Quantities { left: Vec<String>, right: Vec<String> },
    /// One denies what the other affirms.
    Negation,
}

/// Whether two sentences are about one matter and say different things of it.
#[must_use]
pub fn conflict(left: &str, right: &str, language: Language) -> Option<Conflict> {
    let (one, other) = (Words::of(left, language), Words::of(right, language));
    conflicting((&one, &quantities(left, language)), (&other, &quantities(right, language)))
}

pub(super) fn conflicting(left: (&Words, &[Quantity]), right: (&Words, &[Quantity])) -> Option<Conflict> {
    let (one, other) = (left.0, right.0);
    let words = one.stems.len().min(other.stems.len());
    if words < WORDS_LEAST {
        return None;
    }
    if one.share_in(other.stems.iter()) < SAME_MATTER || other.share_in(one.stems.iter()) < SAME_MATTER {
        return None;
    }
    if let Some((left, right)) = different(left.1, right.1) {
        return Some(Conflict::Quantities { left, right });
    }
    (words >= WORDS_LEAST_DENIED && one.negated != other.negated).then_some(Conflict::Negation)
}

/// The values of the first unit in which both say something and share nothing.
fn different(left: &[Quantity], right: &[Quantity]) -> Option<(Vec<String>, Vec<String>)> {
    let units: Vec<Unit> = left.iter().filter_map(|quantity| quantity.unit).collect();
    for unit in units {
        let values =
            |of: &[Quantity]| -> Vec<String> { of.iter().filter(|quantity| quantity.unit == Some(unit)).map(|quantity| quantity.value.clone()).collect() };
        let (one, other) = (values(left), values(right));
        if !other.is_empty() && !one.iter().any(|value| other.contains(value)) {
            return Some((one, other));
        }
    }
    None
}
