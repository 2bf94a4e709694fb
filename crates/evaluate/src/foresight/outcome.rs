//! `ennakoi eval outcome`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};
use ennakoi_foresight::numeric::special::logistic;
use ennakoi_foresight::outcome::calibration::Calibration;
use ennakoi_foresight::outcome::frame::{Kind, Understood};
use ennakoi_foresight::outcome::{Frame, Model, Options, Values, drift, leakage, reasons, split};
use ennakoi_foresight::score;

use super::input::{Table, mapping};
use super::process::{cpu_ms, cpu_of_a_run, elapsed_ms};
use super::report::{Report, reliability_rows, tenths};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Any table with a header
    #[arg(long)]
    table: PathBuf,
    /// Column with the outcome
    #[arg(long)]
    label: String,
    /// Its value that counts as having happened
    #[arg(long)]
    positive: String,
    /// Checked on so many folds
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Checked on the later rows: column and share before, as ordered_at:0.7
    #[arg(long)]
    time_split: Option<String>,
    /// Checked on another table with the same columns
    #[arg(long, conflicts_with = "time_split")]
    test: Option<PathBuf>,
    /// Columns the model may not see, separated by commas
    #[arg(long)]
    ignore: Option<String>,
    /// Column with the moment of the prediction: moments after it count as unknown
    #[arg(long)]
    known_at: Option<String>,
    /// Column whose rows of one value stay in one fold, such as the customer
    #[arg(long)]
    group: Option<String>,
    /// Columns to keep although they look as if written after the outcome
    #[arg(long)]
    keep: Option<String>,
    /// How log-odds become probabilities: platt, isotonic, or auto, which tries both on rows held out
    #[arg(long, default_value = "platt", value_parser = ["platt", "isotonic", "auto"])]
    calibration: String,
    /// Names for columns, to be used in the other options, as outcome=Churn,customer=customerID
    #[arg(long)]
    columns: Option<String>,
    /// Seed of the folds
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object instead of the report
    #[arg(long)]
    json: bool,
}

/// A table in text, with the labels apart.
struct Raw {
    columns: Vec<(String, Vec<String>)>,
    labels: Vec<bool>,
    groups: Vec<String>,
    times: Vec<f64>,
}

fn listed(list: Option<&str>) -> Vec<String> {
    list.unwrap_or("").split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
}

/// Equal as text without regard to case, or as numbers.
fn same(cell: &str, wanted: &str) -> bool {
    cell.eq_ignore_ascii_case(wanted) || cell.parse::<f64>().ok().zip(wanted.parse::<f64>().ok()).is_some_and(|(a, b)| a == b)
}

fn read(path: &Path, arguments: &Arguments) -> Result<Raw> {
    let mut table = Table::open(path)?;
    table.rename(&mapping(arguments.columns.as_deref())?)?;
    let place = |table: &Table, name: &str, why: &str| {
        let found = table.headers.iter().position(|h| h.eq_ignore_ascii_case(name));
        found.ok_or_else(|| table.missing(name, why))
    };
    let label = place(&table, &arguments.label, "named by --label")?;
    let ignored = listed(arguments.ignore.as_deref());
    for name in &ignored {
        place(&table, name, "named by --ignore")?;
    }
    let group = arguments.group.as_deref().map(|g| place(&table, g, "named by --group")).transpose()?;
    if let Some(known_at) = &arguments.known_at {
        place(&table, known_at, "named by --known-at")?;
    }
    let time = match arguments.time_split.as_deref() {
        Some(split) => Some(place(&table, split.rsplit_once(':').map_or(split, |s| s.0), "named by --time-split")?),
        None => None,
    };
    let used: Vec<usize> =
        (0..table.headers.len()).filter(|&i| i != label && Some(i) != group && !ignored.iter().any(|n| n.eq_ignore_ascii_case(&table.headers[i]))).collect();
    let mut columns: Vec<(String, Vec<String>)> = used.iter().map(|&i| (table.headers[i].clone(), Vec::new())).collect();
    let (mut labels, mut groups, mut times, mut unlabelled) = (Vec::new(), Vec::new(), Vec::new(), 0_usize);
    table.for_each(|row| {
        if row.cell(label).is_empty() {
            unlabelled += 1;
            return Ok(());
        }
        labels.push(same(row.cell(label), arguments.positive.trim()));
        for (&i, column) in used.iter().zip(&mut columns) {
            column.1.push(row.plain(i));
        }
        if let Some(group) = group {
            groups.push(row.cell(group).to_owned());
        }
        if let Some(time) = time {
            times.push(row.moment_or_number(time).unwrap_or(f64::NAN));
        }
        Ok(())
    })?;
    if unlabelled > 0 {
        eprintln!("{}: {unlabelled} rows without a value in `{}` were left out", path.display(), arguments.label);
    }
    if labels.is_empty() {
        bail!("{}: line 2: there are no rows with a value in `{}`", path.display(), arguments.label);
    }
    Ok(Raw { columns, labels, groups, times })
}

/// Rows to learn from and rows to check on.
struct Part {
    train: Vec<usize>,
    test: Vec<usize>,
}

fn parts(arguments: &Arguments, raw: &Raw, known: usize) -> Result<Vec<Part>> {
    if arguments.test.is_some() {
        return Ok(vec![Part { train: (0..known).collect(), test: (known..raw.labels.len()).collect() }]);
    }
    if let Some(text) = &arguments.time_split {
        let share = text.rsplit_once(':').map_or(Ok(0.7), |s| s.1.parse::<f64>());
        let share = share.ok().filter(|s| *s > 0.0 && *s < 1.0);
        let share = share.with_context(|| format!("--time-split: `{text}` is not of the form column:0.7"))?;
        let (train, test) = split::by_time(&raw.times, share);
        if test.is_empty() || train.is_empty() {
            bail!("--time-split: no rows on one side; does the column hold dates or numbers?");
        }
        return Ok(vec![Part { train, test }]);
    }
    if arguments.folds < 2 {
        bail!("--folds: at least 2 are needed");
    }
    let fold = if raw.groups.is_empty() {
        split::stratified(&raw.labels, arguments.folds, arguments.seed)
    } else {
        split::grouped(&numbered(&raw.groups), arguments.folds, arguments.seed)
    };
    let part = |f: usize| {
        let (test, train) = (0..fold.len()).partition(|&r| fold[r] == f);
        Part { train, test }
    };
    Ok((0..arguments.folds).map(part).collect())
}

fn numbered(groups: &[String]) -> Vec<u32> {
    let mut names = super::input::Names::default();
    groups.iter().map(|g| names.number(g) as u32).collect()
}

#[derive(Default)]
struct Outcome {
    probabilities: Vec<f64>,
    labels: Vec<bool>,
    aucs: Vec<f64>,
    fit_ms: Vec<f64>,
    predict_us: Vec<f64>,
    trees: usize,
    isotonic: bool,
    /// Probabilities by time when the level takes in each day's outcomes after they have come, with the rows they belong to.
    followed: Vec<(f64, bool)>,
    /// Sum of absolute log-odds by column, over explained rows.
    importance: Vec<f64>,
    example: Option<String>,
}

/// Rows explained per part for the overview of reasons.
const EXPLAINED: usize = 200;

fn check(frame: &Frame, raw: &Raw, part: &Part, arguments: &Arguments, outcome: &mut Outcome) -> Result<()> {
    let labels: Vec<bool> = part.train.iter().map(|&r| raw.labels[r]).collect();
    let groups = (!raw.groups.is_empty()).then(|| {
        let all = numbered(&raw.groups);
        part.train.iter().map(|&r| all[r]).collect()
    });
    let calibration = match arguments.calibration.as_str() {
        "isotonic" => Calibration::Isotonic,
        "auto" => Calibration::Auto,
        _ => Calibration::Platt,
    };
    let times = (!raw.times.is_empty()).then(|| part.train.iter().map(|&r| raw.times[r]).collect());
    let options = Options { groups, times, calibration, seed: arguments.seed, ..Options::for_rows(part.train.len()) };
    let (started, cpu) = (Instant::now(), cpu_ms());
    let model = Model::fit(frame, &part.train, &labels, &options).map_err(|e| anyhow!("{}: {e}", arguments.table.display()))?;
    let used = cpu_ms().zip(cpu).map(|(after, before)| after - before);
    outcome.fit_ms.push(used.unwrap_or_else(|| elapsed_ms(started)));
    let probabilities = model.probabilities(frame, &part.test);
    // One part is enough to tell the time of a row.
    if outcome.predict_us.is_empty() {
        let predict_ms = cpu_of_a_run(|| drop(std::hint::black_box(model.probabilities(frame, &part.test))));
        outcome.predict_us.push(predict_ms * 1e3 / part.test.len().max(1) as f64);
    }
    let truth: Vec<bool> = part.test.iter().map(|&r| raw.labels[r]).collect();
    outcome.aucs.extend(score::auc(&probabilities, &truth));
    outcome.trees = model.shape().0;
    outcome.isotonic = model.is_isotonic();
    outcome.importance.resize(frame.columns.len(), 0.0);
    for &row in part.test.iter().step_by((part.test.len() / EXPLAINED).max(1)) {
        for reason in model.explain(frame, row).reasons {
            outcome.importance[reason.column] += reason.log_odds.abs();
        }
    }
    if outcome.example.is_none() {
        let riskiest = (0..part.test.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        outcome.example = riskiest.map(|place| example(frame, &model, part.test[place]));
    }
    if !raw.times.is_empty() {
        outcome.followed = follow(&model, frame, raw, part);
    }
    outcome.probabilities.extend(probabilities);
    outcome.labels.extend(truth);
    Ok(())
}

/// Rows checked after which the level takes in what came of them.
const FOLLOWED_EVERY: usize = 50;

/// What a company sees that lets the level follow the outcomes as they come: each row is predicted before any outcome of its
/// own batch is known.
fn follow(model: &Model, frame: &Frame, raw: &Raw, part: &Part) -> Vec<(f64, bool)> {
    let Some(mut level) = model.level().filter(|_| !model.is_isotonic()) else { return Vec::new() };
    let odds = model.log_odds_of(frame, &part.test);
    let mut followed = Vec::with_capacity(odds.len());
    for (rows, odds) in part.test.chunks(FOLLOWED_EVERY).zip(odds.chunks(FOLLOWED_EVERY)) {
        let labels: Vec<bool> = rows.iter().map(|&row| raw.labels[row]).collect();
        followed.extend(odds.iter().zip(&labels).map(|(odds, label)| (logistic(odds + level.shift), *label)));
        level.observe(odds, &labels, raw.times[rows[rows.len() - 1]]);
    }
    followed
}

/// One prediction in words.
fn example(frame: &Frame, model: &Model, row: usize) -> String {
    let explained = model.explain(frame, row);
    let mut text = format!("{:.0} % likely, because", explained.probability * 100.0);
    for reason in explained.reasons.iter().take(5) {
        let value = reasons::value_in_words(&frame.columns[reason.column], row);
        text += &format!("\n    {value} {}", reasons::strength_in_words(reason.log_odds));
    }
    text
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut raw = read(&arguments.table, arguments)?;
    let known = raw.labels.len();
    if let Some(path) = &arguments.test {
        append(&mut raw, read(path, arguments)?, path)?;
    }
    let parts = parts(arguments, &raw, known)?;
    // Under a split by time the day itself cannot help: it only grows.
    let absolute = arguments.time_split.is_none() && arguments.test.is_none();
    let (mut frame, understood) = Frame::understand(&raw.columns, known, arguments.known_at.as_deref(), absolute);
    let removed = guard(&mut frame, &raw, &parts, arguments);
    let mut outcome = Outcome::default();
    for (number, part) in parts.iter().enumerate() {
        check(&frame, &raw, part, arguments, &mut outcome)?;
        eprintln!("part {} of {} checked", number + 1, parts.len());
    }
    let mut report = Report::new(&format!("Outcome: {} = {}", arguments.label, arguments.positive));
    let positives = raw.labels.iter().filter(|l| **l).count();
    report.set("rows", raw.labels.len());
    report.set("positives", positives);
    report.line(&format!("{} rows, {positives} with the outcome", raw.labels.len()));
    describe_columns(&mut report, &understood, &removed);
    figures(&mut report, &outcome);
    main_reasons(&mut report, &frame, &outcome);
    if let [part] = &parts[..] {
        moved(&mut report, &frame, part);
    }
    report.print(arguments.json);
    Ok(())
}

fn append(raw: &mut Raw, more: Raw, path: &Path) -> Result<()> {
    for (name, cells) in &mut raw.columns {
        let other = more.columns.iter().find(|c| c.0.eq_ignore_ascii_case(name));
        let other = other.ok_or_else(|| anyhow!("{}: line 1: no column `{name}`, which the table has", path.display()))?;
        cells.extend(other.1.iter().cloned());
    }
    raw.labels.extend(more.labels);
    raw.groups.extend(more.groups);
    Ok(())
}

/// Takes out columns that know the answer, judged on the rows to learn from.
fn guard(frame: &mut Frame, raw: &Raw, parts: &[Part], arguments: &Arguments) -> Vec<leakage::Suspect> {
    let rows = &parts[0].train;
    let labels: Vec<bool> = rows.iter().map(|&r| raw.labels[r]).collect();
    let kept = listed(arguments.keep.as_deref());
    let mut suspects = leakage::suspects(frame, rows, &labels);
    suspects.retain(|s| !kept.iter().any(|k| k.eq_ignore_ascii_case(&s.name)));
    for suspect in suspects.iter().rev() {
        frame.columns.remove(suspect.column);
    }
    suspects
}

fn describe_columns(report: &mut Report, understood: &Understood, removed: &[leakage::Suspect]) {
    let names = |kind: Kind| {
        let all: Vec<&str> = understood.kinds.iter().filter(|k| k.1 == kind).map(|k| k.0.as_str()).collect();
        if all.is_empty() { "–".to_owned() } else { all.join(", ") }
    };
    report.line(&format!("numbers: {}", names(Kind::Number)));
    report.line(&format!("categories: {}", names(Kind::Category)));
    report.line(&format!("moments: {}", names(Kind::Date)));
    report.line(&format!("left out, every row its own: {}", names(Kind::Unique)));
    for (name, count) in &understood.unreadable {
        report.line(&format!("{name}: {count} cells could not be read and count as missing"));
    }
    let leaks: Vec<&str> = removed.iter().map(|s| s.name.as_str()).collect();
    report.set("left_out_as_leaks", leaks.clone());
    for suspect in removed {
        let what = if suspect.by_missing { "whether it is filled in" } else { "it alone" };
        report.line(&format!("LEFT OUT: {} looks written after the outcome ({what} has AUC {:.3}); --keep to use it", suspect.name, suspect.auc));
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    ennakoi_foresight::numeric::summary::mean(values)
}

fn figures(report: &mut Report, outcome: &Outcome) {
    let (p, y) = (&outcome.probabilities, &outcome.labels);
    report.heading("On rows held out");
    report.figure("auc", mean(&outcome.aucs), "mean over the parts");
    report.figure("auc_pooled", score::auc(p, y), "all held-out rows together");
    let sure = score::auc_interval(p, y, 0.95);
    report.figure("auc_low", sure.map(|i| i.low), "lower end of its 95 % interval (DeLong)");
    report.figure("auc_high", sure.map(|i| i.high), "upper end");
    report.figure("pr_auc", score::average_precision(p, y), "average precision");
    report.figure("log_loss", score::log_loss(p, y), "");
    report.figure("brier", score::brier(p, y), "");
    report.figure("ece", score::calibration_error(p, y, 15), "calibration error, 15 bins, likelier answer");
    report.figure("top_decile_precision", score::top_decile_precision(p, y), "right among the tenth scored highest");
    let share = y.iter().filter(|l| **l).count() as f64 / y.len().max(1) as f64;
    report.figure("mean_bias", mean(p).map(|m| m - share), "mean predicted − observed share");
    if !outcome.followed.is_empty() {
        let (p, y): (Vec<f64>, Vec<bool>) = outcome.followed.iter().copied().unzip();
        report.figure("mean_bias_followed", mean(&p).map(|m| m - share), "the same when the level takes in outcomes as they come");
        report.figure("ece_followed", score::calibration_error(&p, &y, 15), "calibration error, likewise");
    }
    report.figure("fit_ms", mean(&outcome.fit_ms), "CPU time of one fit, folds and calibration included");
    report.figure("predict_us", mean(&outcome.predict_us), "a row");
    report.count("trees", outcome.trees as u64, "in the last fit");
    report.set("calibration", if outcome.isotonic { "isotonic" } else { "platt" });
    report.heading("By tenth of the rows, highest score first");
    let positives = y.iter().filter(|l| **l).count().max(1) as f64;
    let mut before = 0.0;
    let rows: Vec<Vec<String>> = (tenths(p).iter())
        .map(|part| {
            let hits = part.iter().filter(|&&row| y[row]).count() as f64;
            let predicted = part.iter().map(|&row| p[row]).sum::<f64>() / part.len() as f64;
            before += hits;
            let shares = [predicted, hits / part.len() as f64, before / positives].map(|share| format!("{:.1} %", 100.0 * share));
            std::iter::once(part.len().to_string()).chain(shares).collect()
        })
        .collect();
    report.table(&["rows", "predicted", "observed", "of all outcomes so far"], &rows);
    report.heading("Reliability");
    report.table(&["predicted", "observed", "rows", ""], &reliability_rows(&score::reliability(p, y, 10)));
}

fn main_reasons(report: &mut Report, frame: &Frame, outcome: &Outcome) {
    report.heading("Main reasons");
    let total: f64 = outcome.importance.iter().sum();
    let mut order: Vec<usize> = (0..frame.columns.len()).collect();
    order.sort_by(|&a, &b| outcome.importance[b].total_cmp(&outcome.importance[a]));
    order.truncate(12);
    let share = |f: usize| outcome.importance[f] / total.max(1e-12);
    let list: Vec<serde_json::Value> = (order.iter()).map(|&f| serde_json::json!({"column": frame.columns[f].name, "share": share(f)})).collect();
    report.set("main_reasons", list);
    let rows: Vec<Vec<String>> = (order.iter())
        .map(|&f| {
            let kind = if matches!(frame.columns[f].values, Values::Number(_)) { "number" } else { "category" };
            vec![frame.columns[f].name.clone(), format!("{:.1} %", 100.0 * share(f)), kind.to_owned()]
        })
        .collect();
    report.table(&["column", "share", "kind"], &rows);
    if let Some(example) = &outcome.example {
        report.heading("For example, the row scored highest");
        report.line(example);
        report.set("example", example.as_str());
    }
}

fn moved(report: &mut Report, frame: &Frame, part: &Part) {
    let shifts = drift::shifts(frame, &part.train, &part.test);
    report.heading("Columns that moved between learning and checking (stability index)");
    let rows: Vec<Vec<String>> = (shifts.iter().filter(|s| s.index > s.by_chance).take(8))
        .map(|s| vec![s.name.clone(), format!("{:.3}", s.index), format!("{:.3}", s.by_chance)])
        .collect();
    report.set("moved_columns", shifts.iter().filter(|s| s.index > 0.25_f64.max(s.by_chance)).count());
    report.table(&["column", "index", "by chance"], &rows);
}
