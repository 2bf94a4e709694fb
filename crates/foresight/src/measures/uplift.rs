//! What a treatment changed: treated minus holdout, everyone as assigned (intention to treat).

use super::proportion::{Interval, difference};
use super::resample::bootstrap_two;
use crate::numeric::summary::mean;

/// Difference in the share that acted, each group `(acted, assigned)`.
#[must_use]
pub fn of_shares(treated: (u64, u64), holdout: (u64, u64), confidence: f64) -> Option<Interval> {
    difference(treated, holdout, confidence)
}

/// Difference in money a person, zeros of those who bought nothing included.
#[must_use]
pub fn of_money(treated: &[f64], holdout: &[f64], confidence: f64, seed: u64) -> Option<Interval> {
    bootstrap_two((treated, holdout), 1_000, confidence, seed, |a, b| Some(mean(a)? - mean(b)?))
}

/// People needed in each of two equal groups to see a change of `change` from the share `base`, with the given
/// confidence and power (normal approximation).
#[must_use]
pub fn people_needed(base: f64, change: f64, confidence: f64, power: f64) -> Option<u64> {
    let other = base + change;
    if !(0.0..=1.0).contains(&base) || !(0.0..=1.0).contains(&other) || change == 0.0 {
        return None;
    }
    let z = super::proportion::quantile_of(confidence) + crate::numeric::special::normal_quantile(power);
    let spread = base * (1.0 - base) + other * (1.0 - other);
    Some((z * z * spread / (change * change)).ceil() as u64)
}

/// Return of an automation: contacts avoided × cost of a contact + margin of attributed sales − cost of running.
/// The parts are independent estimates; deviations add in squares.
#[must_use]
pub fn business_return(avoided: Interval, cost_per_contact: f64, margin: Interval, running: f64) -> Interval {
    let saved = avoided.scaled(cost_per_contact);
    let estimate = saved.estimate + margin.estimate - running;
    let down = (saved.estimate - saved.low).hypot(margin.estimate - margin.low);
    let up = (saved.high - saved.estimate).hypot(margin.high - margin.estimate);
    Interval { estimate, low: estimate - down, high: estimate + up }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn a_true_gain_is_found_and_none_is_not_claimed() {
        let mut random = Random::new(3);
        let mut spend =
            |gain: f64| -> Vec<f64> { (0..2_000).map(|_| if random.uniform() < 0.1 { 20.0 + gain + 10.0 * random.normal() } else { 0.0 }).collect() };
        let (treated, holdout) = (spend(20.0), spend(0.0));
        let found = of_money(&treated, &holdout, 0.95, 4).expect("some");
        assert!(found.excludes(0.0) && !found.excludes(2.0), "{found:?}");
        assert!(!of_shares((100, 1_000), (98, 1_000), 0.95).expect("some").excludes(0.0));
        // Textbook case: 10 % to 12 %, 95 % and 80 %: about 3,840 in each group.
        assert!((3_800..=3_880).contains(&people_needed(0.10, 0.02, 0.95, 0.8).expect("possible")));
        assert_eq!(people_needed(0.5, 0.0, 0.95, 0.8), None);
    }

    #[test]
    fn intervals_of_money_and_of_the_return_cover_the_truth_by_simulation() {
        let mut random = Random::new(12);
        let (mut money, mut whole) = (0, 0);
        for round in 0..300 {
            // Most buy nothing, few a lot: the treated one in eight, the others one in ten, 30 on average.
            let mut spend = |share: f64| -> Vec<f64> { (0..300).map(|_| if random.uniform() < share { random.gamma(1.5, 0.05) } else { 0.0 }).collect() };
            let gain = of_money(&spend(0.125), &spend(0.1), 0.95, round).expect("some");
            money += usize::from(!gain.excludes(0.75));
            let acted = |random: &mut Random, share: f64| (0..400).filter(|_| random.uniform() < share).count() as u64;
            // Contacts avoided among 400: the difference of shares times the people.
            let avoided = of_shares((acted(&mut random, 0.4), 400), (acted(&mut random, 0.3), 400), 0.95).expect("some").scaled(400.0);
            let found = business_return(avoided, 5.0, gain.scaled(300.0), 100.0);
            whole += usize::from(!found.excludes(0.1 * 400.0 * 5.0 + 0.75 * 300.0 - 100.0));
        }
        assert!((272..=298).contains(&money), "{money} of 300");
        assert!((272..=298).contains(&whole), "{whole} of 300");
    }

    #[test]
    fn returns_add_up_and_deviations_in_squares() {
        let avoided = Interval { estimate: 100.0, low: 70.0, high: 130.0 };
        let margin = Interval { estimate: 500.0, low: 100.0, high: 900.0 };
        let found = business_return(avoided, 10.0, margin, 600.0);
        assert_eq!((found.estimate, found.low, found.high), (900.0, 400.0, 1_400.0));
    }
}
