//! Who is lost: by contract, where there is one, and by expectation, where there is none.

use super::proportion::{Interval, quantile_of};
use super::{LEAST_ANSWERS, Measured, share};

/// Churn of subscriptions: ended in the period ÷ active at its start. Subscriptions begun within the period belong to neither.
#[must_use]
pub fn subscription_churn(ended: u64, active_at_start: u64, confidence: f64) -> Measured {
    share(ended, active_at_start, confidence)
}

/// Complaints closed as agreed ÷ complaints that fell due; those not due yet belong to neither.
#[must_use]
pub fn complaints_kept(closed_as_agreed: u64, fell_due: u64, confidence: f64) -> Measured {
    share(closed_as_agreed, fell_due, confidence)
}

/// Without a contract: the expected share of customers no longer active, from each one's probability of still being one
/// (`P(alive)` of a purchase model), never from a hard cut-off alone.
///
/// The interval is that of the share which comes true if the probabilities are right: a sum of independent yes-or-no draws
/// (Poisson's binomial distribution) is near normal with the variance Σ p(1 − p), corrected by half a customer for the steps of
/// one. What the model itself may be wrong about is not in it; its back-test tells that. Probabilities that are not numbers
/// are left out.
#[must_use]
pub fn expected_inactive(alive: &[f64], confidence: f64) -> Measured {
    let gone: Vec<f64> = alive.iter().filter(|p| p.is_finite()).map(|p| 1.0 - p.clamp(0.0, 1.0)).collect();
    let count = gone.len() as u64;
    if count < LEAST_ANSWERS {
        return Measured::TooFew { count };
    }
    let n = count as f64;
    let estimate = gone.iter().sum::<f64>() / n;
    let variance = gone.iter().map(|p| p * (1.0 - p)).sum::<f64>();
    let half = (quantile_of(confidence) * variance.sqrt() + 0.5) / n;
    Measured::Score { count, interval: Interval { estimate, low: (estimate - half).max(0.0), high: (estimate + half).min(1.0) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn the_share_that_comes_true_is_covered() {
        let mut random = Random::new(71);
        for size in [12, 60, 800] {
            let alive: Vec<f64> = (0..size).map(|_| random.beta(1.2, 0.8)).collect();
            let interval = expected_inactive(&alive, 0.95).interval().expect("enough customers");
            let covered = (0..1_000)
                .filter(|_| {
                    let gone = alive.iter().filter(|p| random.uniform() >= **p).count();
                    !interval.excludes(gone as f64 / f64::from(size))
                })
                .count();
            assert!((940..=992).contains(&covered), "{size} customers: {covered} of 1000");
        }
    }

    #[test]
    fn few_are_not_scored_and_shares_follow_their_definitions() {
        assert_eq!(expected_inactive(&[0.5, f64::NAN], 0.95), Measured::TooFew { count: 1 });
        assert_eq!(subscription_churn(3, 60, 0.95).interval().map(|i| i.estimate), Some(0.05));
        assert_eq!(complaints_kept(9, 10, 0.95).interval().map(|i| i.estimate), Some(0.9));
        assert_eq!(subscription_churn(0, 0, 0.95), Measured::TooFew { count: 0 });
    }
}
