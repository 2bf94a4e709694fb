//! The analytic gradients against central finite differences: every parameter of BG/NBD, MBG/NBD and Pareto/NBD, over random worlds.

use super::history::Summary;
use super::merged::Merged;
use super::{DropOut, beta_geometric, pareto};
use crate::numeric::random::Random;

/// Customers of every shape: without repeats, with many, with the last purchase at the very end.
fn customers(random: &mut Random) -> Vec<Summary> {
    (0..60)
        .map(|n| {
            let watched = 5.0 + 60.0 * random.uniform();
            let repeats = [0.0, 1.0, 2.0, 7.0, 40.0][n % 5];
            let last = if repeats == 0.0 { 0.0 } else { watched * [0.3, 0.9, 1.0][n % 3] * (1.0 - 0.1 * random.uniform()) };
            Summary { repeats, last, watched, mean_amount: None }
        })
        .collect()
}

fn agrees(name: &str, at: &[f64], mut value: impl FnMut(&[f64], &mut [f64]) -> f64) {
    let mut gradient = vec![0.0; at.len()];
    let mut unused = gradient.clone();
    value(at, &mut gradient);
    for parameter in 0..at.len() {
        let step = 1e-5 * at[parameter];
        let mut moved = |by: f64| {
            let mut there = at.to_vec();
            there[parameter] += by;
            value(&there, &mut unused)
        };
        // Fourth order: errors of the difference stay far below those that a wrong term would make.
        let difference = (8.0 * (moved(step) - moved(-step)) - (moved(2.0 * step) - moved(-2.0 * step))) / (12.0 * step);
        let scale = gradient[parameter].abs().max(1.0);
        assert!((gradient[parameter] - difference).abs() < 2e-5 * scale, "{name}, parameter {parameter} at {at:?}: {} {difference}", gradient[parameter]);
    }
}

#[test]
fn gradients_of_all_repeat_models_agree_with_finite_differences() {
    let mut random = Random::new(71);
    let rules = pareto::Rules::default();
    for _ in 0..40 {
        let merged = Merged::new(&customers(&mut random)).expect("possible customers");
        let mut draw = |low: f64, high: f64| low * (high / low).powf(random.uniform());
        let (r, alpha) = (draw(0.1, 5.0), draw(0.5, 30.0));
        let (a, b) = (draw(0.05, 5.0), draw(0.3, 8.0));
        for drop_out in [DropOut::AfterRepeat, DropOut::AfterAny] {
            let value = |at: &[f64], gradient: &mut [f64]| beta_geometric::log_likelihood(&merged, at, drop_out, gradient);
            agrees(&format!("{drop_out:?}"), &[r, alpha, a, b], value);
        }
        let (s, beta) = (draw(0.05, 3.0), draw(1.0, 60.0));
        agrees("Pareto/NBD", &[r, alpha, s, beta], |at, gradient| pareto::log_likelihood(&merged, at, &rules, gradient));
    }
}
