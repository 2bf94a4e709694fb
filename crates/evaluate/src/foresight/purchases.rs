//! `ennakoi eval purchases`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use ennakoi_foresight::calendar;
use ennakoi_foresight::purchases::choice::{Choice, MOST_TRIED, Tried, View, insure, repeated};
use ennakoi_foresight::purchases::forecast::{self, Forecast, Kind};
use ennakoi_foresight::purchases::history::OpenLedger;
use ennakoi_foresight::purchases::{Convergence, Fitted, Ledger};
use ennakoi_foresight::score;

use super::input::{Field, Table, mapping};
use super::process::{cpu_ms, cpu_of_a_run, elapsed_ms};
use super::report::{Report, short, sparkline, tenths};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Purchases: customer_id, date, amount (negative amounts are returns)
    #[arg(long)]
    transactions: PathBuf,
    /// Last day the models may see
    #[arg(long)]
    until: String,
    /// Last day of the period held out for checking
    #[arg(long)]
    holdout_until: String,
    /// bg-nbd, mbg-nbd, pareto-nbd, stacked, or auto: chosen by back-test before `--until`
    #[arg(long, default_value = "auto")]
    model: String,
    /// Names of columns, as customer_id=CustomerID,date=InvoiceDate,amount=Quantity*UnitPrice
    #[arg(long)]
    columns: Option<String>,
    /// One JSON object instead of the report
    #[arg(long)]
    json: bool,
}

const FIELDS: [Field; 3] = [
    Field::required("customer_id", &["customer", "customerid", "client_id"]),
    Field::required("date", &["timestamp", "invoicedate", "order_date"]),
    Field::optional("amount", &["value", "revenue", "total"]),
];

/// Ledger, rows read, and whether there were amounts.
fn read(arguments: &Arguments) -> Result<(Ledger, usize, bool)> {
    let mut table = Table::open(&arguments.transactions)?;
    let found = table.find(&FIELDS, &mapping(arguments.columns.as_deref())?)?;
    let [Some(customer), Some(date), amount] = &found[..] else { bail!("customer_id and date are needed") };
    let (mut numbers, mut ledger, mut rows, mut anonymous) = (HashMap::<Box<str>, u32>::new(), OpenLedger::default(), 0_usize, 0_usize);
    table.for_each(|row| {
        if row.text(customer).is_empty() {
            anonymous += 1;
            return Ok(());
        }
        let day = row.moment(date)?.div_euclid(calendar::DAY_MS) as i32;
        let amount = amount.as_ref().map_or(Ok(0.0), |column| row.number(column))?;
        let name = row.text(customer);
        let known = numbers.get(name).copied();
        let number = known.unwrap_or_else(|| {
            // Of millions of customers the names take as much room as the purchases: they are held once, and only to count.
            let new = numbers.len() as u32;
            numbers.insert(name.into(), new);
            new
        });
        ledger.add(number as usize, day, amount);
        rows += 1;
        if rows.is_multiple_of(5_000_000) {
            eprintln!("{} million rows read", rows / 1_000_000);
        }
        Ok(())
    })?;
    if anonymous > 0 {
        eprintln!("{anonymous} rows without a customer were left out");
    }
    if rows == 0 {
        bail!("{}: line 2: there are no transactions", arguments.transactions.display());
    }
    drop(numbers);
    Ok((ledger.close(), rows, amount.is_some()))
}

fn day(text: &str, option: &str) -> Result<i32> {
    let moment = calendar::parse_moment(text.as_bytes());
    let moment = moment.ok_or_else(|| anyhow!("{option}: `{text}` is not a date such as 2026-11-21"))?;
    Ok(moment.div_euclid(calendar::DAY_MS) as i32)
}

/// What was forecast and what came, customer by customer.
struct Holdout {
    purchases: Vec<f64>,
    bought: Vec<bool>,
    value: Vec<f64>,
    naive_value: Vec<f64>,
}

impl Holdout {
    /// The naive forecast of value is the customer's own spending of the last as many days before `until`.
    fn new(ledger: &Ledger, customers: &[usize], until: i32, end: i32) -> Self {
        let activity: Vec<_> = customers.iter().map(|&c| ledger.activity(c, until, end)).collect();
        Self {
            purchases: activity.iter().map(|a| a.purchases).collect(),
            bought: activity.iter().map(|a| a.purchases > 0.0).collect(),
            value: activity.iter().map(|a| a.value).collect(),
            naive_value: repeated(ledger, customers, until, end - until),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (until, end) = (day(&arguments.until, "--until")?, day(&arguments.holdout_until, "--holdout-until")?);
    if end <= until {
        bail!("--holdout-until: {} is not after --until {}", arguments.holdout_until, arguments.until);
    }
    let (ledger, rows, amounts) = read(arguments)?;
    match ledger.span() {
        Some((first, _)) if first <= until => {}
        Some((first, _)) => {
            let (file, first) = (arguments.transactions.display(), calendar::format_day(first));
            bail!("{file}: nobody had bought by --until {}: the first purchase is of {first}", arguments.until);
        }
        None => bail!("{}: there are no purchases, only returns", arguments.transactions.display()),
    }
    let mut report = Report::new("Repeat purchases");
    describe(&mut report, &ledger, rows, until, end);
    let (model, backtest) = choose(arguments, &ledger, until, end - until)?;
    if !backtest.is_empty() {
        report_backtest(&mut report, &backtest, ledger.len(), until, end - until);
    }
    let mut seen = produce(model, &ledger, until, end - until)?;
    seen.insurance = backtest.iter().find(|t| t.choice == model).map_or(0.0, |t| t.insurance);
    let holdout = Holdout::new(&ledger, &seen.view.customers, until, end);
    insure(&mut seen.view.forecasts, &holdout.naive_value, seen.insurance);
    report_fit(&mut report, &seen, model, ledger.len(), amounts);
    report_holdout(&mut report, &seen.view.forecasts, &holdout, amounts);
    report.print(arguments.json);
    Ok(())
}

fn describe(report: &mut Report, ledger: &Ledger, rows: usize, until: i32, end: i32) {
    report.set("rows", rows);
    report.set("customers", ledger.len());
    let (first, last) = ledger.span().unwrap_or((until, until));
    let (first_shown, last_shown) = (calendar::format_day(first), calendar::format_day(last));
    report.line(&format!("{rows} rows, {} customers, {first_shown} … {last_shown}", ledger.len()));
    let (until_shown, end_shown) = (calendar::format_day(until), calendar::format_day(end));
    report.line(&format!("seen until {until_shown}, checked until {end_shown} ({} days)", end - until));
    let weeks = ((end.min(last) - first) / 7 + 1).clamp(1, 520) as usize;
    let mut counts = vec![0.0; weeks];
    for customer in 0..ledger.len() {
        for day in ledger.days(customer).iter().filter(|d| d.bought()) {
            if let Some(count) = counts.get_mut(((day.day - first) / 7).max(0) as usize) {
                *count += 1.0;
            }
        }
    }
    // A bar parts what the model may see from what it is checked on.
    let seen = (((until - first) / 7 + 1).max(0) as usize).min(weeks);
    let bars: Vec<char> = sparkline(&counts).chars().collect();
    let [known, checked] = [&bars[..seen], &bars[seen..]].map(|part| part.iter().collect::<String>());
    report.line(&format!("purchases a week  {known}│{checked}"));
}

/// How a fit ended, in words a program can test.
fn ending(convergence: Convergence) -> String {
    match convergence {
        Convergence::Converged => "converged".to_owned(),
        Convergence::NotIdentified { parameter } => format!("not identified: {parameter}"),
        Convergence::Stopped => "stopped before converging".to_owned(),
    }
}

fn parameter_table(report: &mut Report, key: &str, fitted: &Fitted) {
    let mut values = serde_json::Map::new();
    let mut errors = serde_json::Map::new();
    let mut rows = Vec::new();
    for (i, name) in fitted.names.iter().enumerate() {
        let error = fitted.standard_errors.as_ref().map(|e| e[i]);
        values.insert((*name).to_owned(), fitted.values[i].into());
        errors.insert((*name).to_owned(), error.map_or(serde_json::Value::Null, Into::into));
        rows.push(vec![(*name).to_owned(), short(fitted.values[i]), error.map_or_else(|| "–".to_owned(), short)]);
    }
    report.table(&[key, "estimate", "± error"], &rows);
    report.set(key, values);
    report.set(&format!("{key}_standard_errors"), errors);
    report.set(&format!("{key}_convergence"), ending(fitted.convergence));
    if fitted.convergence != Convergence::Converged {
        report.line(&format!("NOTE: {}; the estimates are the edge of what the data allow", ending(fitted.convergence)));
    }
}

fn report_fit(report: &mut Report, seen: &Seen, model: Choice, ledger_customers: usize, amounts: bool) {
    let view = &seen.view;
    report.heading(&format!("Model {}", model.name()));
    report.set("model", model.name());
    parameter_table(report, "parameters", &view.fitted);
    report.set("convergence", ending(view.fitted.convergence));
    report.figure("log_likelihood", Some(view.fitted.log_likelihood), "natural logarithm, time in weeks");
    report.figure("fit_ms", Some(seen.fit_ms), "CPU time of the fit");
    report.count("evaluations", view.fitted.evaluations as u64, "times the likelihood was computed");
    report.count("distinct", view.fitted.distinct as u64, "different customers after merging equal ones");
    if let Some(fitted) = view.amounts.as_ref().filter(|_| amounts) {
        parameter_table(report, "amount_parameters", fitted);
    }
    let (fitted_to, known) = (view.fitted.customers, view.customers.len());
    report.set("fitted_customers", fitted_to);
    if fitted_to < known {
        report.line(&format!("fitted to {fitted_to} of {known} customers, evenly drawn: more would not change the estimates, only take time"));
    }
    if let Some(lesson) = &view.lesson {
        let days: Vec<String> = lesson.cuts.iter().map(|c| calendar::format_day(*c)).collect();
        report.line(&format!("learned at {}", days.join(", ")));
        report.set("learned_customers", lesson.customers);
        report.count("learned_rows", lesson.rows as u64, "customers at these days, learned from");
        if lesson.customers < ledger_customers {
            report.line(&format!("learned from {} of {ledger_customers} customers, evenly drawn, to bound time and memory", lesson.customers));
        }
        report.figure("season", Some(lesson.season), "factor expected from the same days a year ago");
    }
    if amounts {
        report.figure("naive_share", Some(seen.insurance), "of repeating the last spending in the median forecast, by back-test");
    }
}

fn report_holdout(report: &mut Report, forecasts: &[Forecast], holdout: &Holdout, amounts: bool) {
    report.heading("Against the period held out");
    let column = |f: fn(&Forecast) -> f64| forecasts.iter().map(f).collect::<Vec<f64>>();
    let (purchases, probability) = (column(|f| f.purchases), column(|f| f.probability));
    let total: f64 = holdout.purchases.iter().sum();
    let expected: f64 = purchases.iter().sum();
    report.figure("expected_total", Some(expected), "purchases forecast");
    report.count("actual_total", total as u64, "purchases that came");
    report.figure("total_error", (total > 0.0).then(|| expected / total - 1.0), "forecast ÷ actual − 1");
    let mae = score::mean_absolute_error(&purchases, &holdout.purchases);
    report.figure("holdout_mae", mae, "mean absolute error of purchases a customer");
    report.figure("auc", score::auc(&column(|f| f.rank), &holdout.bought), "who buys at all");
    report.figure("log_loss", score::log_loss(&probability, &holdout.bought), "who buys at all");
    report.figure("ece", score::calibration_error(&probability, &holdout.bought, 15), "calibration error");
    report.figure("c_index", score::concordance(&purchases, &holdout.purchases), "order by number of purchases");
    if amounts {
        let (value, typical) = (column(|f| f.value), column(|f| f.typical_value));
        report.figure("value_mae", score::mean_absolute_error(&typical, &holdout.value), "of the median forecast");
        report.figure("value_mae_of_mean", score::mean_absolute_error(&value, &holdout.value), "of the mean forecast");
        let naive = score::mean_absolute_error(&holdout.naive_value, &holdout.value);
        report.figure("naive_value_mae", naive, "of repeating the last as many days");
        let (forecast, actual) = (value.iter().sum::<f64>(), holdout.value.iter().sum::<f64>());
        report.figure("value_total_error", (actual > 0.0).then(|| forecast / actual - 1.0), "forecast ÷ actual − 1");
        let capture = score::top_decile_capture(&value, &holdout.value);
        report.figure("top_decile_capture", capture, "share of value in the tenth forecast highest");
        let best = score::top_decile_capture(&holdout.value, &holdout.value);
        report.figure("top_decile_possible", best, "the same with perfect foresight");
    } else {
        // A program finds every key it may ask for.
        for key in ["value_mae", "naive_value_mae", "top_decile_capture"] {
            report.set(key, serde_json::Value::Null);
        }
        report.line("no column of amounts: nothing is said about value");
    }
    by_tenth(report, forecasts, holdout, amounts);
    report.heading("Reliability of the chance to buy");
    let bins = score::reliability(&probability, &holdout.bought, 10);
    report.table(&["predicted", "observed", "customers", ""], &super::report::reliability_rows(&bins));
}

/// Who is worth the effort: forecast and outcome by tenth of the customers, the most promising first.
fn by_tenth(report: &mut Report, forecasts: &[Forecast], holdout: &Holdout, amounts: bool) {
    report.heading("By tenth of the customers, highest forecast first");
    let scores: Vec<f64> = forecasts.iter().map(|f| if amounts { f.value } else { f.purchases }).collect();
    let came: f64 = (if amounts { &holdout.value } else { &holdout.purchases }).iter().sum();
    let mut before = 0.0;
    let rows: Vec<Vec<String>> = (tenths(&scores).iter())
        .map(|part| {
            let count = part.len() as f64;
            let mean = |value: &dyn Fn(usize) -> f64| part.iter().map(|&place| value(place)).sum::<f64>() / count;
            let mut figures = vec![mean(&|p| forecasts[p].purchases), mean(&|p| holdout.purchases[p])];
            if amounts {
                figures.extend([mean(&|p| forecasts[p].value), mean(&|p| holdout.value[p])]);
            }
            before += part.iter().map(|&p| if amounts { holdout.value[p] } else { holdout.purchases[p] }).sum::<f64>();
            let bought = 100.0 * mean(&|p| f64::from(u8::from(holdout.bought[p])));
            let held = if came > 0.0 { format!("{:.1} %", 100.0 * before / came) } else { "–".to_owned() };
            let cells = figures.iter().map(|f| format!("{f:.2}"));
            std::iter::once(part.len().to_string()).chain(cells).chain([format!("{bought:.0} %"), held]).collect()
        })
        .collect();
    let mut header = vec!["customers", "purchases forecast", "came"];
    header.extend(if amounts { &["value forecast", "came"][..] } else { &[] });
    header.extend(["bought", if amounts { "of all value so far" } else { "of all purchases so far" }]);
    report.table(&header, &rows);
}

/// What a model says about everyone known on a day, and how long it took.
struct Seen {
    view: View,
    fit_ms: f64,
    /// Share of the naive forecast in that of typical spending.
    insurance: f64,
}

fn produce(model: Choice, ledger: &Ledger, until: i32, days: i32) -> Result<Seen> {
    let (started, before) = (Instant::now(), cpu_ms());
    let view = model.view(ledger, until, days).map_err(|e| anyhow!("--model {}: {e}", model.name()))?;
    let used = cpu_ms().zip(before).map(|(after, before)| after - before);
    let mut fit_ms = used.unwrap_or_else(|| elapsed_ms(started));
    if let Choice::Parametric(kind) = model {
        let (_, summaries) = ledger.summaries(until, forecast::WEEK);
        let fitted_on = forecast::fitted_on(&summaries);
        fit_ms = cpu_of_a_run(|| drop(std::hint::black_box(kind.fit(&fitted_on))));
    }
    Ok(Seen { view, fit_ms, insurance: 0.0 })
}

/// The model asked for, or the one that would have forecast the days just before `until` best, with what was tried. A
/// past too short for that leaves Pareto/NBD.
fn choose(arguments: &Arguments, ledger: &Ledger, until: i32, days: i32) -> Result<(Choice, Vec<Tried>)> {
    let named = Choice::ALL.into_iter().find(|c| c.name() == arguments.model);
    if arguments.model != "auto" && named.is_none() {
        let names: Vec<&str> = Choice::ALL.iter().map(|c| c.name()).collect();
        bail!("--model: `{}` is not one of {}, auto", arguments.model, names.join(", "));
    }
    let mut tried = Vec::new();
    for model in Choice::ALL.into_iter().filter(|c| named.is_none_or(|n| n == *c)) {
        eprintln!("trying {} on the {days} days before --until", model.name());
        tried.extend(model.tried(ledger, until, days));
    }
    let best = tried.iter().min_by(|a, b| a.loss().total_cmp(&b.loss())).map(|t| t.choice);
    Ok((named.or(best).unwrap_or(Choice::Parametric(Kind::ParetoNbd)), tried))
}

fn report_backtest(report: &mut Report, tried: &[Tried], ledger_customers: usize, until: i32, days: i32) {
    report.heading(&format!("Back-test on the {days} days before {} (1 = knowing the averages)", calendar::format_day(until)));
    let rows: Vec<Vec<String>> = (tried.iter())
        .map(|t| {
            let figures = [t.chance, t.count, t.value, t.loss()].map(|v| format!("{v:.4}"));
            std::iter::once(t.choice.name().to_owned()).chain(figures).collect()
        })
        .collect();
    report.table(&["model", "who buys", "how often", "how much", "sum"], &rows);
    let customers = tried.iter().map(|t| t.customers).max().unwrap_or(0);
    report.set("backtest_customers", customers);
    if ledger_customers > MOST_TRIED {
        report.line(&format!("tried on {customers} customers, evenly drawn from {ledger_customers}, to bound time and memory"));
    }
    let list: Vec<serde_json::Value> = tried.iter().map(|t| serde_json::json!({"model": t.choice.name(), "loss": t.loss()})).collect();
    report.set("backtest", list);
}
