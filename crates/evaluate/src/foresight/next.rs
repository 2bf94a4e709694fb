//! `ennakoi eval next`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use ennakoi_foresight::journey::EventLog;
use ennakoi_foresight::next::suffix::choose_order;
use ennakoi_foresight::next::{CaseState, NextModel, Prediction};
use ennakoi_foresight::numeric::summary;

use super::journey::load;
use super::process::{cpu_of_a_run, elapsed_ms};
use super::report::Report;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Events: case, activity, timestamp
    #[arg(long)]
    train: PathBuf,
    /// Events to check on; without it the last third of the cases, by their start
    #[arg(long)]
    test: Option<PathBuf>,
    /// Longest context; chosen on the earlier cases when not given
    #[arg(long)]
    order: Option<usize>,
    /// Does not learn from the cases checked on as their events come
    #[arg(long)]
    frozen: bool,
    /// Names of columns, as case=CaseID,activity=Event,timestamp=Time
    #[arg(long)]
    columns: Option<String>,
    /// One JSON object instead of the report
    #[arg(long)]
    json: bool,
}

/// A case with the activities numbered as in training.
struct Case {
    trace: Vec<u16>,
    times: Vec<i64>,
}

fn cases(log: &EventLog, number: impl Fn(u16) -> u16) -> Vec<Case> {
    let mut all: Vec<Case> =
        (0..log.cases()).map(|c| Case { trace: log.trace(c).iter().map(|&a| number(a)).collect(), times: log.times(c).to_vec() }).collect();
    all.sort_by_key(|c| c.times.first().copied());
    all
}

#[derive(Default)]
struct Tally {
    right: Vec<f64>,
    right_going_on: Vec<f64>,
    losses: Vec<f64>,
    waits: Vec<f64>,
    by_length: Vec<(f64, f64)>,
}

impl Tally {
    /// Compares a prediction after event `i` of a case with what came.
    fn add(&mut self, prediction: &Prediction, case: &Case, i: usize) {
        let next = case.trace.get(i + 1).copied();
        let hit = f64::from(u8::from(prediction.likeliest() == next));
        self.right.push(hit);
        // An activity that was never seen has no place of its own: it gets what an unseen one deserves.
        let p = match next {
            None => prediction.end(),
            Some(a) => prediction.probabilities[..prediction.probabilities.len() - 1].get(usize::from(a)).copied().unwrap_or(1e-6),
        };
        self.losses.push(-p.max(1e-15).ln());
        let length = i.min(9);
        self.by_length.resize(self.by_length.len().max(length + 1), (0.0, 0.0));
        self.by_length[length].0 += hit;
        self.by_length[length].1 += 1.0;
        if let Some(next) = next {
            self.right_going_on.push(f64::from(u8::from(prediction.likeliest_activity() == Some(next))));
            if let Some(wait) = prediction.median_wait {
                self.waits.push(((case.times[i + 1] - case.times[i]) as f64 - wait).abs() / 86_400_000.0);
            }
        }
    }
}

/// Steps forward through a case with a model that does not learn, predicting after each event.
fn check(model: &NextModel, case: &Case, tally: &mut Tally) {
    let (mut state, mut prediction) = (CaseState::default(), Prediction::default());
    for (i, (&activity, &time)) in case.trace.iter().zip(&case.times).enumerate() {
        state.push(activity, time);
        model.predict_into(&state, &mut prediction);
        tally.add(&prediction, case, i);
    }
}

/// Share of the waits in training after which a silent case counts as ended.
const ENDED_AFTER: f64 = 0.99;

/// Steps through the events of all cases in the order in which they came, learning each one before the next is
/// predicted. That a case has ended is not in a log: it is learned when the silence has outlasted nearly every wait that
/// training saw, never from events that are missing later on.
fn check_learning(mut model: NextModel, train: &[Case], test: &[Case], tally: &mut Tally) {
    let waits: Vec<f64> = train.iter().flat_map(|c| c.times.windows(2).map(|w| (w[1] - w[0]) as f64)).collect();
    let patience = summary::quantile(&waits, ENDED_AFTER).unwrap_or(f64::MAX) as i64;
    let mut events: Vec<(i64, usize, usize)> =
        (test.iter().enumerate()).flat_map(|(c, case)| case.times.iter().enumerate().map(move |(i, t)| (*t, c, i))).collect();
    events.sort_unstable();
    let mut states = vec![CaseState::default(); test.len()];
    let mut seen = vec![0_usize; test.len()];
    // Last events in order of time: the head is the one that has been silent longest.
    let mut silent: std::collections::VecDeque<(i64, usize, usize)> = std::collections::VecDeque::new();
    let mut prediction = Prediction::default();
    for (time, c, i) in events {
        while let Some(&(last, case, event)) = silent.front()
            && time.saturating_sub(last) > patience
        {
            silent.pop_front();
            if seen[case] == event + 1 {
                model.learn_end(&states[case]);
            }
        }
        model.learn(&mut states[c], test[c].trace[i], time);
        seen[c] = i + 1;
        silent.push_back((time, c, i));
        model.predict_into(&states[c], &mut prediction);
        tally.add(&prediction, &test[c], i);
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let log = load(&arguments.train, arguments.columns.as_deref())?;
    let mut train = cases(&log, |a| a);
    let test = match &arguments.test {
        Some(path) => {
            let other = load(path, arguments.columns.as_deref())?;
            let mut unseen = log.activities() as u16;
            let numbers: Vec<u16> = (0..other.activities())
                .map(|a| {
                    log.activity(&other.activity_name(a as u16)).unwrap_or_else(|| {
                        unseen += 1;
                        unseen - 1
                    })
                })
                .collect();
            cases(&other, |a| numbers[usize::from(a)])
        }
        None => train.split_off(train.len() - train.len() / 3),
    };
    if train.is_empty() || test.is_empty() {
        bail!("{}: there are too few cases to learn from some and check on others", arguments.train.display());
    }
    let started = Instant::now();
    let slices: Vec<(&[u16], &[i64])> = train.iter().map(|c| (c.trace.as_slice(), c.times.as_slice())).collect();
    let order = arguments.order.unwrap_or_else(|| choose_order(log.activities(), &slices));
    let mut model = NextModel::new(log.activities(), order);
    train.iter().for_each(|c| model.learn_case(&c.trace, &c.times));
    let fit_ms = elapsed_ms(started);
    let mut tally = Tally::default();
    let mut frozen = Tally::default();
    test.iter().for_each(|c| check(&model, c, &mut frozen));
    if !arguments.frozen {
        check_learning(model.clone(), &train, &test, &mut tally);
    } else {
        std::mem::swap(&mut tally, &mut frozen);
    }
    let mut report = Report::new("Next step");
    report.set("train_cases", train.len());
    report.set("test_cases", test.len());
    report.line(&format!("{} cases to learn from, {} to check on, {} activities", train.len(), test.len(), log.activities()));
    report.figure("accuracy", summary::mean(&tally.right), "likeliest continuation right, the end counted");
    report.figure("accuracy_no_end", summary::mean(&tally.right_going_on), "likeliest activity right, where there is one");
    report.figure("log_loss", summary::mean(&tally.losses), "mean −ln p of what came, the end counted");
    if !arguments.frozen {
        report.figure("frozen_accuracy", summary::mean(&frozen.right), "the same without learning from the cases checked on");
        report.figure("frozen_log_loss", summary::mean(&frozen.losses), "the same without learning from the cases checked on");
    }
    report.figure("time_mae_days", summary::mean(&tally.waits), "error of the time to the next event");
    report.figure("predict_us", Some(predict_us(&model, &test)), "a prediction");
    report.figure("fit_ms", Some(fit_ms), "learning, choice of order included");
    report.count("order", order as u64, "longest context");
    report.heading("By number of events seen");
    let rows: Vec<Vec<String>> = (tally.by_length.iter().enumerate())
        .map(|(i, (hits, all))| {
            let seen = if i == 9 { "10 and more".to_owned() } else { (i + 1).to_string() };
            vec![seen, format!("{:.3}", hits / all), format!("{all:.0}")]
        })
        .collect();
    report.table(&["events", "accuracy", "predictions"], &rows);
    report.print(arguments.json);
    Ok(())
}

/// Time of a prediction alone, over all test cases at once.
fn predict_us(model: &NextModel, test: &[Case]) -> f64 {
    let mut states = Vec::new();
    for case in test.iter().take(5_000) {
        let mut state = CaseState::default();
        for (&activity, &time) in case.trace.iter().zip(&case.times) {
            state.push(activity, time);
            states.push(state.clone());
        }
    }
    let mut prediction = Prediction::default();
    let run = || {
        let one = |state: &CaseState| {
            model.predict_into(state, &mut prediction);
            prediction.end()
        };
        std::hint::black_box(states.iter().map(one).sum::<f64>());
    };
    cpu_of_a_run(run) * 1e3 / states.len().max(1) as f64
}
