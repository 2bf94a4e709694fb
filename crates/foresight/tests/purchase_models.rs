//! The purchase models against their definitions: simulation, invariances, gradients, hostile input.

use ennakoi_foresight::numeric::random::Random;
use ennakoi_foresight::purchases::{BetaGeometric, Convergence, DropOut, FitError, Fitted, Pareto, RepeatModel, Summary};

/// One customer of a BG/NBD or MBG/NBD world, watched for `watched`, then for `horizon` more.
fn simulate(random: &mut Random, model: &BetaGeometric, watched: f64, horizon: f64) -> (Summary, f64) {
    let rate = random.gamma(model.r, model.alpha);
    let leaving = random.beta(model.a, model.b);
    let (mut time, mut repeats, mut last, mut later) = (0.0, 0.0, 0.0, 0.0);
    let mut alive = model.drop_out == DropOut::AfterRepeat || random.uniform() >= leaving;
    while alive {
        time += random.exponential(rate);
        if time > watched + horizon {
            break;
        }
        if time <= watched {
            repeats += 1.0;
            last = time;
        } else {
            later += 1.0;
        }
        alive = random.uniform() >= leaving;
    }
    (Summary { repeats, last, watched, mean_amount: None }, later)
}

fn simulate_pareto(random: &mut Random, model: &Pareto, watched: f64, horizon: f64) -> (Summary, f64) {
    let (rate, end) = (random.gamma(model.r, model.alpha), random.gamma(model.s, model.beta));
    let life = random.exponential(end);
    let (mut time, mut repeats, mut last, mut later) = (0.0, 0.0, 0.0, 0.0);
    loop {
        time += random.exponential(rate);
        if time > life.min(watched + horizon) {
            break;
        }
        if time <= watched {
            repeats += 1.0;
            last = time;
        } else {
            later += 1.0;
        }
    }
    (Summary { repeats, last, watched, mean_amount: None }, later)
}

fn within(fitted: &Fitted, truth: &[f64]) {
    assert_eq!(fitted.convergence, Convergence::Converged);
    let errors = fitted.standard_errors.as_ref().expect("identified");
    for ((value, error), truth) in fitted.values.iter().zip(errors).zip(truth) {
        assert!((value - truth).abs() < 4.0 * error, "{value} ± {error}, truth {truth}");
    }
}

/// Expected purchases and the chance of one, summed over simulated customers, agree with what then happened.
fn agrees(model: &impl RepeatModel, world: &[(Summary, f64)], horizon: f64) {
    let happened: f64 = world.iter().map(|w| w.1).sum();
    let expected: f64 = world.iter().map(|w| model.expected_purchases(&w.0, horizon)).sum();
    assert!((expected / happened - 1.0).abs() < 0.03, "{expected} {happened}");
    let bought = world.iter().filter(|w| w.1 > 0.0).count() as f64;
    let chances: f64 = world.iter().map(|w| model.probability_of_purchase(&w.0, horizon)).sum();
    assert!((chances / bought - 1.0).abs() < 0.03, "{chances} {bought}");
}

#[test]
fn beta_geometric_recovers_its_own_world() {
    for drop_out in [DropOut::AfterRepeat, DropOut::AfterAny] {
        let truth = BetaGeometric::new(0.8, 5.0, 0.9, 2.5, drop_out);
        let mut random = Random::new(3);
        let world: Vec<_> = (0..20_000)
            .map(|_| {
                let watched = 20.0 + 20.0 * random.uniform();
                simulate(&mut random, &truth, watched, 26.0)
            })
            .collect();
        let customers: Vec<Summary> = world.iter().map(|w| w.0).collect();
        let (model, fitted) = BetaGeometric::fit(&customers, drop_out).expect("valid");
        within(&fitted, &[0.8, 5.0, 0.9, 2.5]);
        agrees(&model, &world, 26.0);
        let by_hand: f64 = customers.iter().map(|c| model.log_likelihood(c)).sum();
        assert!((by_hand - fitted.log_likelihood).abs() < 1e-6 * by_hand.abs());
    }
}

#[test]
fn pareto_recovers_its_own_world() {
    let truth = Pareto::new(0.6, 8.0, 0.7, 12.0);
    let mut random = Random::new(4);
    let world: Vec<_> = (0..20_000)
        .map(|_| {
            let watched = 20.0 + 20.0 * random.uniform();
            simulate_pareto(&mut random, &truth, watched, 26.0)
        })
        .collect();
    let customers: Vec<Summary> = world.iter().map(|w| w.0).collect();
    let (model, fitted) = Pareto::fit(&customers).expect("valid");
    within(&fitted, &[0.6, 8.0, 0.7, 12.0]);
    agrees(&model, &world, 26.0);
    let by_hand: f64 = customers.iter().map(|c| model.log_likelihood(c)).sum();
    assert!((by_hand - fitted.log_likelihood).abs() < 1e-6 * by_hand.abs());
    let regular = customers.iter().find(|c| model.probability_alive(c) > 0.8).expect("someone stays");
    let time = model.time_to_next(regular, 0.2).expect("reached");
    assert!((model.probability_of_purchase(regular, time) - 0.2).abs() < 1e-9);
}

fn small_world(seed: u64, count: usize) -> Vec<Summary> {
    let model = BetaGeometric::new(0.5, 6.0, 0.7, 2.0, DropOut::AfterRepeat);
    let mut random = Random::new(seed);
    (0..count)
        .map(|_| {
            let watched = (10.0 + 20.0 * random.uniform()).ceil();
            let mut summary = simulate(&mut random, &model, watched, 0.0).0;
            summary.last = summary.last.ceil();
            summary
        })
        .collect()
}

#[test]
fn order_unit_of_time_and_repetition_of_everyone_do_not_change_a_fit() {
    let customers = small_world(5, 600);
    let (_, base) = BetaGeometric::fit(&customers, DropOut::AfterRepeat).expect("valid");
    let mut shuffled = customers.clone();
    Random::new(1).shuffle(&mut shuffled);
    let (_, permuted) = BetaGeometric::fit(&shuffled, DropOut::AfterRepeat).expect("valid");
    assert_eq!(base.values, permuted.values);
    let days: Vec<Summary> = customers.iter().map(|c| Summary { last: c.last * 7.0, watched: c.watched * 7.0, ..*c }).collect();
    let (_, scaled) = BetaGeometric::fit(&days, DropOut::AfterRepeat).expect("valid");
    assert!((scaled.values[1] / base.values[1] / 7.0 - 1.0).abs() < 1e-6);
    assert!((scaled.values[0] / base.values[0] - 1.0).abs() < 1e-6);
    let twice: Vec<Summary> = customers.iter().chain(&customers).copied().collect();
    let (_, doubled) = BetaGeometric::fit(&twice, DropOut::AfterRepeat).expect("valid");
    assert_eq!(doubled.distinct, base.distinct);
    assert!((doubled.log_likelihood / base.log_likelihood / 2.0 - 1.0).abs() < 1e-9);
}

#[test]
fn a_thousand_strange_worlds_never_diverge_unsaid() {
    let mut random = Random::new(99);
    for world in 0..1_000 {
        let count = 1 + random.below(40);
        let customers: Vec<Summary> = (0..count)
            .map(|_| {
                let watched = [0.0, 1e-6, 1.0, 52.0, 1e7][random.below(5)] * random.uniform();
                let repeats = [0, 1, 2, 40, 5_000][random.below(5)] as f64;
                let last = if repeats > 0.0 { watched * [0.0, 1e-9, 0.5, 1.0][random.below(4)] } else { 0.0 };
                Summary { repeats, last, watched, mean_amount: None }
            })
            .collect();
        let fits = [
            BetaGeometric::fit(&customers, DropOut::AfterRepeat).map(|(m, f)| check(&m, &f, &customers)),
            BetaGeometric::fit(&customers, DropOut::AfterAny).map(|(m, f)| check(&m, &f, &customers)),
            Pareto::fit(&customers).map(|(m, f)| check(&m, &f, &customers)),
        ];
        for (model, fit) in fits.iter().enumerate() {
            assert!(fit.is_ok(), "world {world}, model {model}: {fit:?}");
        }
    }
}

/// Whatever a fit claims must hold, and predictions are numbers in their range even when it claims nothing.
fn check(model: &impl RepeatModel, fitted: &Fitted, customers: &[Summary]) {
    assert!(fitted.log_likelihood.is_finite());
    if fitted.convergence == Convergence::Converged {
        let errors = fitted.standard_errors.as_ref().expect("a converged fit has standard errors");
        assert!(errors.iter().all(|e| e.is_finite() && *e > 0.0), "{fitted:?}");
    } else {
        assert!(fitted.standard_errors.is_none());
    }
    for customer in customers {
        let alive = model.probability_alive(customer);
        assert!((0.0..=1.0).contains(&alive), "{alive} {customer:?} {fitted:?}");
        let chance = model.probability_of_purchase(customer, 10.0);
        assert!((0.0..=1.0 + 1e-12).contains(&chance), "{chance}");
        let expected = model.expected_purchases(customer, 10.0);
        assert!(expected.is_finite() && expected >= chance * 0.999 - 1e-9, "{expected} {chance} {customer:?} {fitted:?}");
    }
}

#[test]
fn impossible_customers_are_named() {
    let good = Summary { repeats: 1.0, last: 1.0, watched: 2.0, mean_amount: None };
    for bad in [
        Summary { last: 3.0, ..good },
        Summary { repeats: -1.0, ..good },
        Summary { repeats: 0.5, ..good },
        Summary { repeats: 0.0, ..good },
        Summary { watched: f64::NAN, ..good },
    ] {
        let error = Pareto::fit(&[good, bad]).expect_err("impossible");
        assert!(matches!(error, FitError::Invalid { customer: 1, .. }));
        assert!(error.to_string().starts_with("customer 2: "));
    }
    assert_eq!(Pareto::fit(&[]).expect_err("nobody"), FitError::NoCustomers);
}
