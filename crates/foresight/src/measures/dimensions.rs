//! Goal, ease and feeling, for a contact and for the whole relationship. They are never blended into one score.

use super::{Measured, share};

/// Where a reading comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The person said so.
    Answered,
    /// Concluded from what happened; always marked so.
    Inferred,
}

/// Probability that a dimension was good, with its source; an answer is 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub good: f64,
    pub source: Source,
}

/// The three dimensions of one contact; `None` where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Dimensions {
    /// Was the goal reached.
    pub goal: Option<Reading>,
    /// How little work it was.
    pub ease: Option<Reading>,
    /// What it felt like.
    pub feeling: Option<Reading>,
}

/// An answer where there is one, else what was inferred.
#[must_use]
pub fn prefer_answer(answered: Option<bool>, inferred: Option<f64>) -> Option<Reading> {
    let answer = answered.map(|good| Reading { good: f64::from(u8::from(good)), source: Source::Answered });
    answer.or_else(|| inferred.map(|good| Reading { good: good.clamp(0.0, 1.0), source: Source::Inferred }))
}

/// One dimension over many contacts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overall {
    /// Share good among the answers alone.
    pub answered: Measured,
    /// Mean inferred probability where there was no answer, and how many such contacts.
    pub inferred: Option<(f64, u64)>,
    /// Contacts about which nothing is known.
    pub unknown: u64,
}

/// Goal, ease and feeling over contacts, in this order.
#[must_use]
pub fn overall(contacts: &[Dimensions], confidence: f64) -> [Overall; 3] {
    let one = |pick: fn(&Dimensions) -> Option<Reading>| {
        let readings: Vec<Reading> = contacts.iter().filter_map(pick).collect();
        let answered: Vec<f64> = readings.iter().filter(|r| r.source == Source::Answered).map(|r| r.good).collect();
        let inferred: Vec<f64> = readings.iter().filter(|r| r.source == Source::Inferred).map(|r| r.good).collect();
        let good = answered.iter().filter(|g| **g >= 0.5).count() as u64;
        Overall {
            answered: share(good, answered.len() as u64, confidence),
            inferred: crate::numeric::summary::mean(&inferred).map(|m| (m, inferred.len() as u64)),
            unknown: (contacts.len() - readings.len()) as u64,
        }
    };
    [one(|c| c.goal), one(|c| c.ease), one(|c| c.feeling)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_inferences_stay_apart_and_everyone_is_accounted_for() {
        let contacts: Vec<Dimensions> = (0..30)
            .map(|i| Dimensions {
                goal: prefer_answer((i < 20).then_some(i % 4 != 0), Some(0.9)),
                ease: prefer_answer(None, (i < 10).then_some(0.4)),
                feeling: None,
            })
            .collect();
        let [goal, ease, feeling] = overall(&contacts, 0.95);
        assert_eq!(goal.answered.interval().map(|i| i.estimate), Some(0.75));
        assert_eq!(goal.inferred.map(|i| i.1), Some(10));
        assert_eq!((ease.answered, ease.unknown), (Measured::TooFew { count: 0 }, 20));
        assert_eq!((feeling.inferred, feeling.unknown), (None, 30));
    }
}
