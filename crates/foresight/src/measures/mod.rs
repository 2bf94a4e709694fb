//! The arithmetic of customer-experience measures: every figure with its definition, its count and its interval.

pub mod contacts;
pub mod dimensions;
pub mod drivers;
pub mod durations;
pub mod expectation;
pub mod promoter;
pub mod proportion;
pub mod queue;
pub mod resample;
pub mod retention;
pub mod shrinkage;
pub mod uplift;

pub use proportion::{Interval, wilson};

/// Fewer answers than this: the count is shown, no score.
pub const LEAST_ANSWERS: u64 = 10;
/// Staff answers of fewer people than this are never shown.
pub const LEAST_STAFF: u64 = 7;
/// Labelled answers from which an inferred satisfaction counts as calibrated.
pub const LEAST_LABELLED: u64 = 200;

/// A measure, or only its count when there are too few answers to say anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    TooFew { count: u64 },
    Score { count: u64, interval: Interval },
}

impl Measured {
    /// The interval behind a score.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        match self {
            Self::TooFew { .. } => None,
            Self::Score { interval, .. } => Some(*interval),
        }
    }
}

/// A share of answers as a measure, 0–1, Wilson's interval.
#[must_use]
pub fn share(hits: u64, count: u64, confidence: f64) -> Measured {
    match wilson(hits, count, confidence) {
        Some(interval) if count >= LEAST_ANSWERS => Measured::Score { count, interval },
        _ => Measured::TooFew { count },
    }
}

/// CSAT: share of 4 and 5 among answers on 1–5. Answers off the scale are not counted.
#[must_use]
pub fn csat(answers: &[u8], confidence: f64) -> Measured {
    top_box(answers, 1..=5, 4, confidence)
}

/// CES 2.0: share of 5–7 among answers on 1–7 to "made it easy for me". CES 1.0 must not be mixed in.
#[must_use]
pub fn ces(answers: &[u8], confidence: f64) -> Measured {
    top_box(answers, 1..=7, 5, confidence)
}

fn top_box(answers: &[u8], scale: std::ops::RangeInclusive<u8>, from: u8, confidence: f64) -> Measured {
    let count = answers.iter().filter(|a| scale.contains(a)).count() as u64;
    let hits = answers.iter().filter(|a| scale.contains(a) && **a >= from).count() as u64;
    share(hits, count, confidence)
}

/// Mean of answers on a scale, shown apart from the shares; `None` without answers.
#[must_use]
pub fn mean_answer(answers: &[u8], scale: std::ops::RangeInclusive<u8>) -> Option<f64> {
    let valid: Vec<f64> = answers.iter().filter(|a| scale.contains(a)).map(|a| f64::from(*a)).collect();
    crate::numeric::summary::mean(&valid)
}

/// An inferred probability of a low answer, as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Inferred {
    /// Fewer than [`LEAST_LABELLED`] real answers to check against.
    NotCalibratedYet {
        probability: f64,
        labelled: u64,
    },
    Calibrated {
        probability: f64,
    },
}

/// Marks an inferred probability by how many real answers it was checked against.
#[must_use]
pub fn inferred(probability: f64, labelled: u64) -> Inferred {
    if labelled < LEAST_LABELLED { Inferred::NotCalibratedYet { probability, labelled } } else { Inferred::Calibrated { probability } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_count_valid_answers_only_and_few_are_not_scored() {
        let answers = [5, 4, 4, 3, 1, 5, 5, 4, 2, 4, 0, 9];
        let Measured::Score { count, interval } = csat(&answers, 0.95) else { panic!("ten valid answers") };
        assert_eq!((count, interval.estimate), (10, 0.7));
        assert_eq!(csat(&answers[..6], 0.95), Measured::TooFew { count: 6 });
        assert_eq!(ces(&[7; 12], 0.95).interval().map(|i| i.high), Some(1.0));
        assert_eq!(mean_answer(&answers, 1..=5), Some(3.7));
        assert!(matches!(inferred(0.4, 199), Inferred::NotCalibratedYet { labelled: 199, .. }));
    }
}
