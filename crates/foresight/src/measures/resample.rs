//! Bootstrap intervals (Efron 1979), from a seed.

use super::proportion::Interval;
use crate::numeric::random::Random;
use crate::numeric::summary::quantile_sorted;

/// Percentile interval of any statistic of a sample, from `rounds` resamples. `None` when the statistic has no value
/// on the sample itself or on most resamples.
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
    interval_of(estimate, values, rounds, confidence)
}

/// Percentile interval of a statistic of two samples, each resampled on its own.
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
    interval_of(estimate, values, rounds, confidence)
}

fn interval_of(estimate: f64, mut values: Vec<f64>, rounds: usize, confidence: f64) -> Option<Interval> {
    values.retain(|v| v.is_finite());
    if values.len() * 2 < rounds || values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence);
    let (low, high) = (quantile_sorted(&values, tail)?, quantile_sorted(&values, 1.0 - tail)?);
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
    fn no_value_gives_no_interval() {
        assert_eq!(bootstrap(&[] as &[f64], 50, 0.95, 1, summary::mean), None);
    }
}
