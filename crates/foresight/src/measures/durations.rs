//! Times that may not have ended yet.

use super::proportion::{Interval, quantile_of};
use super::resample::bootstrap;

/// A case: how long it has lasted, and whether it has ended. An open one lasts at least so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lasting {
    pub time: f64,
    pub ended: bool,
}

/// One step of the curve: share still open just after `time`, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub time: f64,
    pub open: Interval,
    pub at_risk: u64,
}

/// Kaplan and Meier's estimate (1958) of the share still open, Greenwood's variance on the log(−log) scale, which keeps
/// intervals inside 0–1. One step per time at which something ended. Times that are not finite or negative are left out.
#[must_use]
pub fn still_open(cases: &[Lasting], confidence: f64) -> Vec<Step> {
    let mut cases: Vec<Lasting> = cases.iter().copied().filter(|c| c.time.is_finite() && c.time >= 0.0).collect();
    cases.sort_by(|a, b| a.time.total_cmp(&b.time));
    let z = quantile_of(confidence);
    let mut left = cases.len() as f64;
    let (mut open, mut variance) = (1.0_f64, 0.0);
    let mut steps = Vec::new();
    for tied in cases.chunk_by(|a, b| a.time == b.time) {
        let ended = tied.iter().filter(|c| c.ended).count() as f64;
        if ended > 0.0 {
            open *= 1.0 - ended / left;
            variance += ended / (left * (left - ended)).max(1e-300);
            let interval = if open > 0.0 {
                let spread = z * variance.sqrt() / open.ln().abs().max(1e-300);
                Interval { estimate: open, low: open.powf(spread.exp()), high: open.powf((-spread).exp()) }
            } else {
                Interval { estimate: 0.0, low: 0.0, high: steps.last().map_or(1.0, |s: &Step| s.open.high) }
            };
            steps.push(Step { time: tied[0].time, open: interval, at_risk: left as u64 });
        }
        left -= tied.len() as f64;
    }
    steps
}

/// Time by which a share of the cases has ended, with its interval (Brookmeyer and Crowley 1982). An end that the data
/// do not reach is infinite: too many cases are still open to tell.
#[must_use]
pub fn ended_by(cases: &[Lasting], share: f64, confidence: f64) -> Interval {
    let steps = still_open(cases, confidence);
    let first = |f: fn(&Step) -> f64| steps.iter().find(|s| f(s) <= 1.0 - share).map_or(f64::INFINITY, |s| s.time);
    Interval { estimate: first(|s| s.open.estimate), low: first(|s| s.open.low), high: first(|s| s.open.high) }
}

/// The same time with a bootstrap interval (BCa), as the waits, answers and resolutions of a report have it. An end that
/// the data do not reach is infinite.
#[must_use]
pub fn ended_by_resampled(cases: &[Lasting], share: f64, rounds: usize, confidence: f64, seed: u64) -> Option<Interval> {
    // Infinity cannot be interpolated: a time beyond all others stands for it.
    let finite = |time: f64| if time.is_finite() { time } else { UNREACHED };
    let found = bootstrap(cases, rounds, confidence, seed, |sample| Some(finite(ended_by(sample, share, confidence).estimate)))?;
    let back = |time: f64| if time > 1e-3 * UNREACHED { f64::INFINITY } else { time };
    Some(Interval { estimate: back(found.estimate), low: back(found.low), high: back(found.high) })
}

/// Stands for a time that is never reached.
const UNREACHED: f64 = 1e100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn the_curve_agrees_with_a_calculation_by_hand() {
        let case = |time: f64, ended| Lasting { time, ended };
        let cases = [case(1.0, true), case(2.0, false), case(3.0, true), case(3.0, true), case(5.0, false)];
        let steps = still_open(&cases, 0.95);
        assert_eq!(steps.len(), 2);
        assert!((steps[0].open.estimate - 0.8).abs() < 1e-12);
        assert!((steps[1].open.estimate - 0.8 / 3.0).abs() < 1e-12);
        assert_eq!(steps[1].at_risk, 3);
        assert_eq!(ended_by(&cases, 0.5, 0.95).estimate, 3.0);
        assert!(ended_by(&cases, 0.9, 0.95).estimate.is_infinite());
    }

    #[test]
    fn the_median_is_covered_although_many_cases_are_open() {
        let mut random = Random::new(23);
        let covered = (0..400)
            .filter(|_| {
                let cases: Vec<Lasting> = (0..120)
                    .map(|_| {
                        let (end, watched) = (random.exponential(1.0), 2.0 * random.uniform());
                        Lasting { time: end.min(watched), ended: end <= watched }
                    })
                    .collect();
                !ended_by(&cases, 0.5, 0.95).excludes(2.0_f64.ln())
            })
            .count();
        assert!((368..=396).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn resampled_percentiles_cover_the_truth_and_say_when_it_is_out_of_reach() {
        let mut random = Random::new(29);
        let covered = (0..150)
            .filter(|&round| {
                let cases: Vec<Lasting> = (0..80)
                    .map(|_| {
                        let (end, watched) = (random.exponential(1.0), 4.0 * random.uniform());
                        Lasting { time: end.min(watched), ended: end <= watched }
                    })
                    .collect();
                !ended_by_resampled(&cases, 0.5, 200, 0.95, round).expect("cases").excludes(2.0_f64.ln())
            })
            .count();
        assert!((132..=149).contains(&covered), "{covered} of 150");
        let open: Vec<Lasting> = (1..30).map(|n| Lasting { time: f64::from(n), ended: n % 3 == 0 }).collect();
        let late = ended_by_resampled(&open, 0.95, 200, 0.95, 1).expect("cases");
        assert!(late.high.is_infinite() && late.low >= 3.0);
    }
}
