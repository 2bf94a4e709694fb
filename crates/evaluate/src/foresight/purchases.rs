//! `ennakoi eval purchases`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use ennakoi_foresight::calendar;
use ennakoi_foresight::purchases::forecast::{self, Forecast, Kind, Parametric};
use ennakoi_foresight::purchases::{Convergence, Fitted, Ledger};
use ennakoi_foresight::score;

use super::input::{Field, Names, Table, mapping};
use super::report::{Report, short, sparkline};

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
    /// bg-nbd, mbg-nbd, pareto-nbd, or auto: chosen by back-test before `--until`
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
    let (mut names, mut rows, mut anonymous) = (Names::default(), Vec::new(), 0_usize);
    table.for_each(|row| {
        if row.text(customer).is_empty() {
            anonymous += 1;
            return Ok(());
        }
        let day = row.moment(date)?.div_euclid(calendar::DAY_MS) as i32;
        let amount = amount.as_ref().map_or(Ok(0.0), |column| row.number(column))?;
        rows.push((names.number(row.text(customer)), day, amount));
        Ok(())
    })?;
    if anonymous > 0 {
        eprintln!("{anonymous} rows without a customer were left out");
    }
    if rows.is_empty() {
        bail!("{}: line 2: there are no transactions", arguments.transactions.display());
    }
    Ok((Ledger::new(names.len(), rows.iter().copied()), rows.len(), amount.is_some()))
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
            naive_value: customers.iter().map(|&c| ledger.activity(c, until - (end - until), until).value).collect(),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (until, end) = (day(&arguments.until, "--until")?, day(&arguments.holdout_until, "--holdout-until")?);
    if end <= until {
        bail!("--holdout-until: {} is not after --until {}", arguments.holdout_until, arguments.until);
    }
    let (ledger, rows, amounts) = read(arguments)?;
    let mut report = Report::new("Repeat purchases");
    describe(&mut report, &ledger, rows, until, end);
    let kind = Kind::ALL.into_iter().find(|k| k.name() == arguments.model);
    let kind = kind.ok_or_else(|| anyhow!("--model: `{}` is not known", arguments.model))?;
    let started = Instant::now();
    let (_, summaries) = ledger.summaries(until, forecast::WEEK);
    kind.fit(&summaries)?;
    let fit_ms = started.elapsed().as_secs_f64() * 1e3;
    let parametric = forecast::parametric(&ledger, kind, until, end - until)?;
    report_fit(&mut report, &parametric, kind, fit_ms);
    let holdout = Holdout::new(&ledger, &parametric.customers, until, end);
    report_holdout(&mut report, &parametric.forecasts, &holdout, amounts);
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
        for day in ledger.days(customer).iter().filter(|d| d.bought) {
            if let Some(count) = counts.get_mut(((day.day - first) / 7).max(0) as usize) {
                *count += 1.0;
            }
        }
    }
    report.line(&format!("purchases a week  {}", sparkline(&counts)));
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

fn report_fit(report: &mut Report, parametric: &Parametric, kind: Kind, fit_ms: f64) {
    report.heading(&format!("Model {}", kind.name()));
    report.set("model", kind.name());
    parameter_table(report, "parameters", &parametric.fitted);
    report.set("convergence", ending(parametric.fitted.convergence));
    report.figure("log_likelihood", Some(parametric.fitted.log_likelihood), "natural logarithm, time in weeks");
    report.figure("fit_ms", Some(fit_ms), "time of the fit, CPU and wall alike (one thread)");
    report.figure("distinct", Some(parametric.fitted.distinct as f64), "different customers after merging equal ones");
    if let Some(amounts) = &parametric.amounts {
        parameter_table(report, "amount_parameters", amounts);
    }
}

fn report_holdout(report: &mut Report, forecasts: &[Forecast], holdout: &Holdout, amounts: bool) {
    report.heading("Against the period held out");
    let column = |f: fn(&Forecast) -> f64| forecasts.iter().map(f).collect::<Vec<f64>>();
    let (purchases, probability) = (column(|f| f.purchases), column(|f| f.probability));
    let total: f64 = holdout.purchases.iter().sum();
    let expected: f64 = purchases.iter().sum();
    report.figure("expected_total", Some(expected), "purchases forecast");
    report.figure("actual_total", Some(total), "purchases that came");
    report.figure("total_error", (total > 0.0).then(|| expected / total - 1.0), "forecast ÷ actual − 1");
    let mae = score::mean_absolute_error(&purchases, &holdout.purchases);
    report.figure("holdout_mae", mae, "mean absolute error of purchases a customer");
    report.figure("auc", score::auc(&probability, &holdout.bought), "who buys at all");
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
    }
    report.heading("Reliability of the chance to buy");
    let bins = score::reliability(&probability, &holdout.bought, 10);
    report.table(&["predicted", "observed", "customers", ""], &super::report::reliability_rows(&bins));
}
