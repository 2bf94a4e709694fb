//! The outcome model against what must hold for any data.

use ennakoi_foresight::numeric::random::Random;
use ennakoi_foresight::numeric::special::logistic;
use ennakoi_foresight::outcome::boosting::{Binner, Boosted, Growing};
use ennakoi_foresight::outcome::model::OutcomeError;
use ennakoi_foresight::outcome::{Frame, Model, Options};
use ennakoi_foresight::score;

/// A world with a curve, a category, an interaction, noise and missing values.
fn world(rows: usize, seed: u64) -> (Frame, Vec<bool>) {
    let (frame, labels, _) = world_with_truth(rows, seed);
    (frame, labels)
}

fn world_with_truth(rows: usize, seed: u64) -> (Frame, Vec<bool>, Vec<f64>) {
    let mut truth = Vec::new();
    let mut random = Random::new(seed);
    let kinds = ["monthly", "yearly", "two years", ""];
    let (mut age, mut spend, mut noise, mut kind, mut labels) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let (a, s, k) = (random.uniform() * 60.0, random.normal(), random.below(4));
        let score = -1.5 + 2.0 * (-a / 10.0).exp() + if k == 0 { 1.2 + 0.8 * s } else { 0.0 };
        truth.push(score);
        labels.push(random.uniform() < logistic(score));
        age.push(if random.uniform() < 0.05 { f64::NAN } else { a });
        spend.push(s);
        noise.push(random.normal());
        kind.push(kinds[k]);
    }
    let mut frame = Frame::default();
    frame.push_number("age", age);
    frame.push_number("spend", spend);
    frame.push_number("noise", noise);
    frame.push_category("kind", kind);
    (frame, labels, truth)
}

#[test]
fn it_learns_calibrates_and_explains_exactly() {
    let (frame, labels, scores) = world_with_truth(6_000, 1);
    let (train, test): (Vec<usize>, Vec<usize>) = (0..6_000).partition(|r| r % 3 != 0);
    let known: Vec<bool> = train.iter().map(|&r| labels[r]).collect();
    let truth: Vec<bool> = test.iter().map(|&r| labels[r]).collect();
    let model = Model::fit(&frame, &train, &known, &Options::default()).expect("enough rows");
    let p = model.probabilities(&frame, &test);
    // Nobody can do better than the rule behind the world.
    let best: Vec<f64> = test.iter().map(|&r| scores[r]).collect();
    let (own, possible) = (score::auc(&p, &truth).expect("both"), score::auc(&best, &truth).expect("both"));
    assert!(own > possible - 0.025, "{own} of {possible}");
    assert!(score::calibration_error(&p, &truth, 15).expect("some") < 0.04);
    for &row in &test[..300] {
        let explained = model.explain(&frame, row);
        let sum = explained.base + explained.reasons.iter().map(|r| r.log_odds).sum::<f64>();
        assert!((sum - explained.log_odds).abs() < 1e-9);
        assert!((explained.probability - model.probability(&frame, row)).abs() < 1e-9);
    }
}

#[test]
fn shuffled_labels_cannot_be_predicted() {
    let (frame, mut labels) = world(4_000, 2);
    let mut aucs = Vec::new();
    for seed in 0..4 {
        Random::new(seed).shuffle(&mut labels);
        let (train, test): (Vec<usize>, Vec<usize>) = (0..4_000).partition(|r| r % 2 == 0);
        let known: Vec<bool> = train.iter().map(|&r| labels[r]).collect();
        let truth: Vec<bool> = test.iter().map(|&r| labels[r]).collect();
        let model = Model::fit(&frame, &train, &known, &Options::default()).expect("enough rows");
        aucs.push(score::auc(&model.probabilities(&frame, &test), &truth).expect("both"));
    }
    let mean = aucs.iter().sum::<f64>() / aucs.len() as f64;
    assert!((mean - 0.5).abs() < 0.025, "{aucs:?}");
}

#[test]
fn the_scale_of_a_number_does_not_matter() {
    let (frame, labels) = world(1_500, 3);
    let rows: Vec<usize> = (0..1_500).collect();
    let mut scaled = frame.clone();
    for column in &mut scaled.columns {
        if let ennakoi_foresight::outcome::Values::Number(values) = &mut column.values {
            values.iter_mut().for_each(|v| *v = *v * 1_024.0 + 4_096.0);
        }
    }
    let fit = |frame: &Frame| Model::fit(frame, &rows, &labels, &Options::default()).expect("enough rows");
    let (a, b) = (fit(&frame), fit(&scaled));
    for row in 0..1_500 {
        assert!((a.probability(&frame, row) - b.probability(&scaled, row)).abs() < 1e-3);
    }
}

#[test]
fn a_monotone_constraint_holds_everywhere() {
    let (mut frame, _) = world(3_000, 4);
    // The truth falls in the middle; the constraint may not follow it.
    let mut random = Random::new(9);
    let ennakoi_foresight::outcome::Values::Number(spend) = frame.columns[1].values.clone() else { panic!("a number") };
    let target: Vec<f64> = spend.iter().map(|s| f64::from(u8::from(random.uniform() < logistic(s * s * s - 2.0 * s)))).collect();
    frame.columns[1].monotone = 1;
    let rows: Vec<usize> = (0..3_000).collect();
    let binner = Binner::learn(&frame, &rows, 128);
    let binned = binner.apply(&frame, &rows);
    let train: Vec<u32> = (0..3_000).collect();
    let growing = Growing { trees: 60, features: 1.0, ..Growing::default() };
    let trees = Boosted::grow(&binned, &target, None, (&train, &[]), &binner.monotone, &growing);
    for row in (0..3_000).step_by(37) {
        let mut bins: Vec<u8> = binned.columns.iter().map(|c| c[row]).collect();
        let scores: Vec<f64> = (1..binned.sizes[1])
            .map(|bin| {
                bins[1] = bin as u8;
                trees.score(&bins)
            })
            .collect();
        assert!(scores.windows(2).all(|w| w[1] >= w[0] - 1e-12), "{scores:?}");
    }
}

#[test]
fn hostile_tables_are_refused_or_survived() {
    let (frame, labels) = world(40, 5);
    let rows: Vec<usize> = (0..40).collect();
    let none = Model::fit(&frame, &rows, &[false; 40], &Options::default()).expect_err("no positives");
    assert_eq!(none, OutcomeError::TooFew { positives: 0, negatives: 40 });
    let empty = Frame { rows: 40, columns: Vec::new() };
    let half: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
    assert_eq!(Model::fit(&empty, &rows, &half, &Options::default()).expect_err("no columns"), OutcomeError::NoColumns);
    let mut strange = Frame::default();
    strange.push_number("nothing", vec![f64::NAN; 40]);
    strange.push_number("endless", (0..40).map(|i| if i % 2 == 0 { f64::INFINITY } else { 1e308 }).collect());
    strange.push_number("same", vec![7.0; 40]);
    strange.push_category("empty", [""; 40]);
    let model = Model::fit(&strange, &rows, &half, &Options::default()).expect("survived");
    assert!(model.probabilities(&strange, &rows).iter().all(|p| p.is_finite() && *p > 0.0 && *p < 1.0));
    drop(labels);
}
