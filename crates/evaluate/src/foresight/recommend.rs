//! `ennakoi eval recommend`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use ennakoi_foresight::calendar::DAY_MS;
use ennakoi_foresight::numeric::summary;
use ennakoi_foresight::recommend::{Purchases, Reason, Recommender};

use super::input::{Field, Names, Table, mapping};
use super::process::{cpu_of_a_run, elapsed_ms};
use super::report::Report;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Purchases: customer_id, product_id, timestamp (a negative quantity is a return)
    #[arg(long)]
    train: PathBuf,
    /// Later purchases to check on
    #[arg(long)]
    test: PathBuf,
    /// Recommend and count products bought before as well
    #[arg(long)]
    repeats: bool,
    /// Names of columns, as customer_id=CustomerID,product_id=StockCode,timestamp=InvoiceDate
    #[arg(long)]
    columns: Option<String>,
    /// One JSON object instead of the report
    #[arg(long)]
    json: bool,
}

const FIELDS: [Field; 4] = [
    Field::required("customer_id", &["customer", "customerid", "user_id"]),
    Field::required("product_id", &["product", "productid", "stockcode", "item_id", "item"]),
    Field::required("timestamp", &["date", "time", "invoicedate"]),
    Field::optional("quantity", &["qty"]),
];
/// Length of the list.
const LIST: usize = 20;

type Rows = Vec<(usize, usize, i32, bool)>;

fn read(path: &Path, columns: Option<&str>, people: &mut Names, items: &mut Names) -> Result<Rows> {
    let mut table = Table::open(path)?;
    let found = table.find(&FIELDS, &mapping(columns)?)?;
    let [Some(customer), Some(product), Some(time), quantity] = &found[..] else { bail!("three columns are needed") };
    let mut rows = Vec::new();
    table.for_each(|row| {
        if row.text(customer).is_empty() {
            return Ok(());
        }
        let returned = match quantity {
            Some(quantity) => row.number(quantity)? < 0.0,
            None => false,
        };
        let day = row.moment(time)?.div_euclid(DAY_MS) as i32;
        rows.push((people.number(row.text(customer)), items.number(row.key(product)?), day, returned));
        Ok(())
    })?;
    if rows.is_empty() {
        bail!("{}: line 2: there are no purchases", path.display());
    }
    Ok(rows)
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (mut people, mut items) = (Names::default(), Names::default());
    let columns = arguments.columns.as_deref();
    let train = read(&arguments.train, columns, &mut people, &mut items)?;
    let (known_people, known_items) = (people.len(), items.len());
    let test = read(&arguments.test, columns, &mut people, &mut items)?;
    let until = train.iter().map(|r| r.2).max().unwrap_or(0);
    let purchases = Purchases::new(known_people, known_items, train);
    let later = Purchases::new(known_people, items.len(), test);
    let started = Instant::now();
    let recommender = Recommender::fit(&purchases, until, 1);
    let fit_ms = elapsed_ms(started);
    let (mut recalls, mut all_recalls, mut capped, mut gains, mut examples) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut asked, mut returned) = (Vec::new(), 0);
    for who in 0..known_people {
        let seen = purchases.seen(who, until);
        // A product that nobody had bought yet cannot be recommended and is left out.
        let mut wanted = later.bought(who, i32::MIN, i32::MAX);
        let unheard_of = wanted.iter().filter(|item| **item as usize >= known_items).count();
        wanted.retain(|item| (*item as usize) < known_items);
        if !arguments.repeats {
            wanted.retain(|item| seen.binary_search_by_key(item, |s| s.item).is_err());
        }
        if wanted.is_empty() {
            continue;
        }
        asked.push(who);
        let list = recommender.recommend(&purchases, who, LIST, arguments.repeats);
        let hits: Vec<bool> = list.iter().map(|r| wanted.binary_search(&r.item).is_ok()).collect();
        let found = hits.iter().filter(|h| **h).count() as f64;
        recalls.push(found / wanted.len() as f64);
        all_recalls.push(found / (wanted.len() + unheard_of) as f64);
        capped.push(found / wanted.len().min(LIST) as f64);
        gains.push(ndcg(&hits, wanted.len()));
        returned += list.iter().filter(|r| seen.iter().any(|s| s.item == r.item && s.returned)).count();
        if examples.len() < 5 {
            examples.extend(list.first().map(|r| (who, *r)));
        }
    }
    if recalls.is_empty() {
        bail!("{}: nobody from the training file bought anything to check on", arguments.test.display());
    }
    let mut report = Report::new("Recommendations");
    report.set("people", recalls.len());
    report.line(&format!("{known_people} people, {known_items} products; {} people to check on", recalls.len()));
    report.line(if arguments.repeats { "known products count too" } else { "new products only" });
    report.figure("recall_at_20", summary::mean(&recalls), "share of the known products bought later that were among the 20");
    report.figure("recall_at_20_of_all", summary::mean(&all_recalls), "the same with products that nobody had bought before counted as missed");
    report.figure("recall_at_20_capped", summary::mean(&capped), "the same, at most 20 counted as bought");
    report.figure("ndcg_at_20", summary::mean(&gains), "the earlier in the list the better");
    report.figure("us_per_person", Some(us_per_person(&recommender, &purchases, &asked, arguments.repeats)), "one list");
    report.figure("fit_ms", Some(fit_ms), "");
    report.figure("returned_offered", Some(f64::from(returned as u32)), "returned products offered again");
    report.heading("For example");
    for (who, first) in examples {
        let name = |item: u32| items.list[item as usize].as_str();
        let why = match first.reason {
            Reason::Again { days, ago, usual_gap } => {
                format!("bought on {days} days, last {ago} days ago, usually every {usual_gap:.0} days")
            }
            Reason::GoesWith { item } => format!("goes with {}", name(item)),
            Reason::Popular => "popular these weeks".to_owned(),
        };
        let likely = 100.0 * first.probability;
        report.line(&format!("{}: {} ({likely:.0} %), {why}", people.list[who], name(first.item)));
    }
    report.print(arguments.json);
    Ok(())
}

/// CPU time of one list alone, over some people.
fn us_per_person(recommender: &Recommender, purchases: &Purchases, people: &[usize], repeats: bool) -> f64 {
    let some: Vec<usize> = people.iter().copied().step_by((people.len() / 300).max(1)).collect();
    let lists = || some.iter().for_each(|&who| drop(std::hint::black_box(recommender.recommend(purchases, who, LIST, repeats))));
    cpu_of_a_run(lists) * 1e3 / some.len().max(1) as f64
}

/// Discounted gain of the hits over that of a perfect list (Järvelin and Kekäläinen 2002).
fn ndcg(hits: &[bool], wanted: usize) -> f64 {
    let gain = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let found: f64 = hits.iter().enumerate().filter(|h| *h.1).map(|h| gain(h.0)).sum();
    found / (0..wanted.min(LIST)).map(gain).sum::<f64>()
}
