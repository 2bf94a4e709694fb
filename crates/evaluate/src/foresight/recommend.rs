//! `ennakoi eval recommend`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use ennakoi_foresight::calendar::DAY_MS;
use ennakoi_foresight::numeric::summary;
use ennakoi_foresight::recommend::{Purchases, Reason, Recommendation, Recommender};

use super::drawing::wrapped;
use super::input::{Field, Names, Table, mapping};
use super::process::{cpu_ms, cpu_of_a_run, elapsed_ms};
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

const FIELDS: [Field; 5] = [
    Field::required("customer_id", &["customer", "customerid", "user_id"]),
    Field::required("product_id", &["product", "productid", "stockcode", "item_id", "item"]),
    Field::required("timestamp", &["date", "time", "invoicedate"]),
    Field::optional("quantity", &["qty"]),
    Field::optional("product_name", &["description", "product_title", "title"]),
];
/// Length of the list.
const LIST: usize = 20;
/// People shown as examples, and lines of each.
const EXAMPLES: usize = 4;
const EXAMPLE_LINES: usize = 5;
/// Days that count as lately in the plain list of what is popular.
const LATELY: i32 = 28;

type Rows = Vec<(usize, usize, i32, bool)>;

/// Names by number.
#[derive(Default)]
struct Known {
    people: Names,
    items: Names,
    /// What a product is called, where the file says so.
    called: Vec<String>,
}

fn read(path: &Path, columns: Option<&str>, known: &mut Known) -> Result<Rows> {
    let mut table = Table::open(path)?;
    let found = table.find(&FIELDS, &mapping(columns)?)?;
    let [Some(customer), Some(product), Some(time), quantity, name] = &found[..] else { bail!("three columns are needed") };
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
        let item = known.items.number(row.key(product)?);
        if item >= known.called.len() {
            known.called.resize(item + 1, String::new());
        }
        if let Some(name) = name.as_ref().filter(|_| known.called[item].is_empty()) {
            row.text(name).clone_into(&mut known.called[item]);
        }
        rows.push((known.people.number(row.text(customer)), item, day, returned));
        Ok(())
    })?;
    if rows.is_empty() {
        bail!("{}: line 2: there are no purchases", path.display());
    }
    Ok(rows)
}

/// What was found out about everybody's lists.
#[derive(Default)]
struct Tally {
    recalls: Vec<f64>,
    all_recalls: Vec<f64>,
    capped: Vec<f64>,
    gains: Vec<f64>,
    /// Whether the first of the list, and any of it, was bought.
    first: Vec<f64>,
    any: Vec<f64>,
    /// Recall of the plain lists: the person's own most frequent products, and what most people bought lately.
    own_recalls: Vec<f64>,
    popular_recalls: Vec<f64>,
    asked: Vec<usize>,
    returned: u64,
    examples: Vec<(usize, Vec<(Recommendation, bool)>)>,
}

/// Purchases to learn from and to check on.
struct Data<'a> {
    purchases: &'a Purchases,
    later: &'a Purchases,
    until: i32,
    known_items: usize,
    repeats: bool,
}

impl Tally {
    fn check(&mut self, who: usize, data: &Data<'_>, recommender: &Recommender, popular: &[u32]) {
        let seen = data.purchases.seen(who, data.until);
        // A product that nobody had bought yet cannot be recommended and is left out.
        let mut wanted = data.later.bought(who, i32::MIN, i32::MAX);
        let unheard_of = wanted.iter().filter(|item| **item as usize >= data.known_items).count();
        wanted.retain(|item| (*item as usize) < data.known_items);
        let is_known = |item: u32| seen.binary_search_by_key(&item, |s| s.item).is_ok();
        if !data.repeats {
            wanted.retain(|item| !is_known(*item));
        }
        if wanted.is_empty() {
            return;
        }
        let list = recommender.recommend(data.purchases, who, LIST, data.repeats);
        let bought = |item: u32| wanted.binary_search(&item).is_ok();
        let hits: Vec<bool> = list.iter().map(|r| bought(r.item)).collect();
        let found = hits.iter().filter(|h| **h).count() as f64;
        let share = |found: f64| found / wanted.len() as f64;
        self.asked.push(who);
        self.recalls.push(share(found));
        self.all_recalls.push(found / (wanted.len() + unheard_of) as f64);
        self.capped.push(found / wanted.len().min(LIST) as f64);
        self.gains.push(ndcg(&hits, wanted.len()));
        self.first.push(f64::from(u8::from(hits.first() == Some(&true))));
        self.any.push(f64::from(u8::from(found > 0.0)));
        self.returned += list.iter().filter(|r| seen.iter().any(|s| s.item == r.item && s.returned)).count() as u64;
        let plain = popular.iter().filter(|item| data.repeats || !is_known(**item)).take(LIST);
        self.popular_recalls.push(share(plain.filter(|item| bought(**item)).count() as f64));
        if data.repeats {
            let mut own: Vec<_> = seen.iter().filter(|s| s.days > 0).map(|s| (std::cmp::Reverse((s.days, s.last)), s.item)).collect();
            own.sort_unstable();
            self.own_recalls.push(share(own.iter().take(LIST).filter(|o| bought(o.1)).count() as f64));
        }
        if self.examples.len() < EXAMPLES && !list.is_empty() {
            self.examples.push((who, list.into_iter().zip(hits).take(EXAMPLE_LINES).collect()));
        }
    }
}

/// Products by the number of people who bought them lately, most first.
fn popular(purchases: &Purchases, until: i32) -> Vec<u32> {
    let mut buyers = vec![0_u32; purchases.items];
    for who in 0..purchases.people() {
        purchases.bought(who, until - LATELY, until).iter().for_each(|&item| buyers[item as usize] += 1);
    }
    let mut order: Vec<u32> = (0..purchases.items as u32).collect();
    order.sort_by_key(|&item| std::cmp::Reverse(buyers[item as usize]));
    order
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut known = Known::default();
    let columns = arguments.columns.as_deref();
    let train = read(&arguments.train, columns, &mut known)?;
    let (known_people, known_items) = (known.people.len(), known.items.len());
    let test = read(&arguments.test, columns, &mut known)?;
    let until = train.iter().map(|r| r.2).max().unwrap_or(0);
    let purchases = Purchases::new(known_people, known_items, train);
    let later = Purchases::new(known_people, known.items.len(), test);
    eprintln!("learning from {known_people} people and {known_items} products");
    let (started, before) = (Instant::now(), cpu_ms());
    let recommender = Recommender::fit(&purchases, until, 1);
    let used = cpu_ms().zip(before).map(|(after, before)| after - before);
    let fit_ms = used.unwrap_or_else(|| elapsed_ms(started));
    let data = Data { purchases: &purchases, later: &later, until, known_items, repeats: arguments.repeats };
    let (mut tally, most_bought) = (Tally::default(), popular(&purchases, until));
    (0..known_people).for_each(|who| tally.check(who, &data, &recommender, &most_bought));
    if tally.recalls.is_empty() {
        bail!("{}: nobody from the training file bought anything to check on", arguments.test.display());
    }
    let mut report = Report::new("Recommendations");
    report.set("people", tally.recalls.len());
    report.line(&format!("{known_people} people, {known_items} products; {} people to check on", tally.recalls.len()));
    report.line(if arguments.repeats { "known products count too" } else { "new products only" });
    figures(&mut report, &tally, arguments.repeats);
    report.figure("us_per_person", Some(us_per_person(&recommender, &purchases, &tally.asked, arguments.repeats)), "CPU time of one list, reasons included");
    report.figure("fit_ms", Some(fit_ms), "CPU time of learning");
    examples(&mut report, &tally, &known);
    report.print(arguments.json);
    Ok(())
}

fn figures(report: &mut Report, tally: &Tally, repeats: bool) {
    report.figure("recall_at_20", summary::mean(&tally.recalls), "share of the known products bought later that were among the 20");
    if repeats {
        report.figure("recall_of_own_history", summary::mean(&tally.own_recalls), "what the person's own 20 most frequent products reach");
    }
    report.figure("recall_of_popular", summary::mean(&tally.popular_recalls), &format!("what the 20 most bought in the last {LATELY} days reach"));
    report.figure("recall_at_20_of_all", summary::mean(&tally.all_recalls), "with products that nobody had bought before counted as missed");
    report.figure("recall_at_20_capped", summary::mean(&tally.capped), "at most 20 counted as bought");
    report.figure("ndcg_at_20", summary::mean(&tally.gains), "the earlier in the list the better");
    report.figure("first_right", summary::mean(&tally.first), "people who bought the first of their list");
    report.figure("any_right", summary::mean(&tally.any), "people who bought any of it");
    report.count("returned_offered", tally.returned, "returned products offered again");
}

fn examples(report: &mut Report, tally: &Tally, known: &Known) {
    report.heading("For example (✓ was bought later)");
    let name = |item: u32| {
        let (number, called) = (&known.items.list[item as usize], &known.called[item as usize]);
        let whole = if called.is_empty() || called == number { number.clone() } else { format!("{number} {called}") };
        wrapped(&whole, 38, 1).remove(0)
    };
    for (who, lines) in &tally.examples {
        report.line(&format!("customer {}", known.people.list[*who]));
        for (recommended, bought) in lines {
            let why = match recommended.reason {
                Reason::Again { days: 1, ago, usual_gap } => {
                    format!("bought once, {ago} days ago; people buy it again after {usual_gap:.0} days or so")
                }
                Reason::Again { days, ago, usual_gap } => format!("bought on {days} days, last {ago} days ago, usually every {usual_gap:.0} days"),
                Reason::GoesWith { item } => format!("goes with {}", name(item)),
                Reason::Popular => "popular these weeks".to_owned(),
            };
            let mark = if *bought { '✓' } else { '·' };
            report.line(&format!("  {mark} {:<38} {:>3.0} %  {why}", name(recommended.item), 100.0 * recommended.probability));
        }
    }
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
