//! Bootstrap intervals, bias-corrected and accelerated (BCa; Efron 1987), from a seed.
//!
//! The percentiles that bound the interval are moved by how far the resamples lie to one side of the estimate (the bias)
//! and by how the statistic's spread changes with its value (the acceleration, from the jackknife). The plain percentile
//! interval is the case in which both are zero.

use super::proportion::Interval;
use crate::numeric::random::Random;
use crate::numeric::special::{normal_cdf, normal_quantile};
use crate::numeric::summary::quantile_sorted;

/// Most parts of a sample that the jackknife leaves out in turn: beyond it, groups of answers are left out together.
const MOST_PARTS: usize = 200;

/// Interval of any statistic of a sample, from `rounds` resamples. `None` when the statistic has no value on the sample
/// itself or on most resamples.
pub fn bootstrap<T: Copy>(sample: &[T], rounds: usize, confidence: f64, seed: u64, statistic: impl Fn(&[T]) -> Option<f64>) -> Option<Interval> {
    let estimate = statistic(sample)?;
    let mut random = Random::new(seed);
    let mut drawn = Vec::with_capacity(sample.len());
    let mut values = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        drawn.clear();
        drawn.extend((0..sample.len()).map(|_| sample[random.below(sample.len())]));
        values.extend(statistic(&drawn));
    }
    let influence = jackknife(sample, |rest| statistic(rest));
    corrected(estimate, values, rounds, confidence, acceleration(&[influence]))
}

/// Interval of a statistic of two samples, each resampled on its own.
pub fn bootstrap_two<T: Copy>(
    (first, second): (&[T], &[T]),
    rounds: usize,
    confidence: f64,
    seed: u64,
    statistic: impl Fn(&[T], &[T]) -> Option<f64>,
) -> Option<Interval> {
    let estimate = statistic(first, second)?;
    let mut random = Random::new(seed);
    let draw = |sample: &[T], random: &mut Random| -> Vec<T> { (0..sample.len()).map(|_| sample[random.below(sample.len())]).collect() };
    let values = (0..rounds)
        .filter_map(|_| {
            let (a, b) = (draw(first, &mut random), draw(second, &mut random));
            statistic(&a, &b)
        })
        .collect();
    let influences = [jackknife(first, |rest| statistic(rest, second)), jackknife(second, |rest| statistic(first, rest))];
    corrected(estimate, values, rounds, confidence, acceleration(&influences))
}

/// How much each part of the sample pulls the statistic up, with the number of such parts: (g − 1)(mean − value without
/// the part). Parts without which the statistic has no value are left out.
fn jackknife<T: Copy>(sample: &[T], statistic: impl Fn(&[T]) -> Option<f64>) -> Vec<(f64, f64)> {
    let parts = sample.len().min(MOST_PARTS);
    let mut rest = Vec::with_capacity(sample.len());
    let without: Vec<(f64, f64)> = (0..parts)
        .filter_map(|part| {
            rest.clear();
            rest.extend(sample.iter().enumerate().filter(|(i, _)| i % parts != part).map(|(_, value)| *value));
            statistic(&rest).filter(|v| v.is_finite()).map(|v| (v, 1.0))
        })
        .collect();
    influences(&without)
}

/// Influences from the values of a statistic without one part, each with the number of equal parts.
pub(super) fn influences(without: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let count: f64 = without.iter().map(|w| w.1).sum();
    let mean = without.iter().map(|w| w.0 * w.1).sum::<f64>() / count.max(1.0);
    without.iter().map(|&(value, parts)| ((count - 1.0) * (mean - value), parts)).collect()
}

/// Acceleration from the influences of one or several samples: a sixth of the skewness of the statistic, to first order.
pub(super) fn acceleration(samples: &[Vec<(f64, f64)>]) -> f64 {
    let (mut squares, mut cubes) = (0.0, 0.0);
    for sample in samples {
        let count: f64 = sample.iter().map(|s| s.1).sum();
        for &(influence, parts) in sample {
            squares += parts * (influence / count).powi(2);
            cubes += parts * (influence / count).powi(3);
        }
    }
    if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

/// The interval from resampled values.
pub(super) fn corrected(estimate: f64, mut values: Vec<f64>, rounds: usize, confidence: f64, acceleration: f64) -> Option<Interval> {
    values.retain(|v| v.is_finite());
    if values.len() * 2 < rounds || values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let count = values.len() as f64;
    // Values equal to the estimate lie half on each side.
    let (below, up_to) = (values.partition_point(|v| *v < estimate), values.partition_point(|v| *v <= estimate));
    let share = (0.5 * (below + up_to) as f64 / count).clamp(0.5 / count, 1.0 - 0.5 / count);
    let bias = normal_quantile(share);
    let tail = 0.5 * (1.0 - confidence);
    let place = |p: f64| {
        let reach = bias + normal_quantile(p);
        let stretch = 1.0 - acceleration * reach;
        // A stretch at or below zero is outside what the expansion describes: the plain percentile remains.
        if stretch > 0.0 { normal_cdf(bias + reach / stretch) } else { p }
    };
    let (low, high) = (quantile_sorted(&values, place(tail))?, quantile_sorted(&values, place(1.0 - tail))?);
    Some(Interval { estimate, low: low.min(estimate), high: high.max(estimate) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::summary;

    #[test]
    fn coverage_of_a_median_and_a_difference_by_simulation() {
        let mut random = Random::new(33);
        let (mut median, mut gap) = (0, 0);
        for round in 0..300 {
            let a: Vec<f64> = (0..60).map(|_| random.exponential(1.0)).collect();
            let b: Vec<f64> = (0..60).map(|_| random.exponential(0.5)).collect();
            let own = bootstrap(&a, 300, 0.95, round, |s| summary::quantile(s, 0.5)).expect("some");
            median += usize::from(!own.excludes(2.0_f64.ln()));
            let mean_gap = |x: &[f64], y: &[f64]| Some(summary::mean(x)? - summary::mean(y)?);
            let both = bootstrap_two((&a, &b), 300, 0.95, round, mean_gap).expect("some");
            gap += usize::from(!both.excludes(-1.0));
        }
        assert!((270..=298).contains(&median), "{median} of 300");
        assert!((270..=298).contains(&gap), "{gap} of 300");
    }

    #[test]
    fn the_acceleration_of_a_mean_is_a_sixth_of_its_skewness() {
        let mut random = Random::new(5);
        let sample: Vec<f64> = (0..150).map(|_| random.exponential(1.0)).collect();
        let mean = summary::mean(&sample).expect("some");
        let moment = |power: i32| sample.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / 150.0;
        let expected = moment(3) / moment(2).powf(1.5) / (6.0 * 150.0_f64.sqrt());
        assert!((acceleration(&[jackknife(&sample, summary::mean)]) - expected).abs() < 1e-9);
        // A second sample that does not matter takes nothing from it and adds nothing to it.
        let still = vec![(0.0, 1.0); 40];
        assert!((acceleration(&[jackknife(&sample, summary::mean), still]) - expected).abs() < 1e-9);
    }

    #[test]
    fn the_tails_of_a_skewed_statistic_are_missed_more_evenly_than_by_percentiles() {
        let mut random = Random::new(44);
        // The variance of a normal sample, known to be one: percentiles lie too low.
        let (mut corrected_misses, mut plain_misses) = ([0_usize; 2], [0_usize; 2]);
        for round in 0..400 {
            let sample: Vec<f64> = (0..25).map(|_| random.normal()).collect();
            let interval = bootstrap(&sample, 400, 0.9, round, summary::variance).expect("some");
            corrected_misses[0] += usize::from(interval.low > 1.0);
            corrected_misses[1] += usize::from(interval.high < 1.0);
            let mut draws = Random::new(round);
            let values = (0..400).filter_map(|_| summary::variance(&(0..25).map(|_| sample[draws.below(25)]).collect::<Vec<f64>>())).collect::<Vec<f64>>();
            let (low, high) = (summary::quantile(&values, 0.05).expect("some"), summary::quantile(&values, 0.95).expect("some"));
            plain_misses[0] += usize::from(low > 1.0);
            plain_misses[1] += usize::from(high < 1.0);
        }
        let uneven = |misses: [i32; 2]| (misses[0] - misses[1]).abs();
        let (corrected, plain) = (corrected_misses.map(|m| m as i32), plain_misses.map(|m| m as i32));
        assert!(uneven(corrected) < uneven(plain), "{corrected:?} {plain:?}");
        assert!(corrected[0] + corrected[1] <= plain[0] + plain[1], "{corrected:?} {plain:?}");
    }

    #[test]
    fn no_value_gives_no_interval() {
        assert_eq!(bootstrap(&[] as &[f64], 50, 0.95, 1, summary::mean), None);
    }
}
