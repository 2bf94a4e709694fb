//! A learner on top of the parametric models.
//!
//! The past is cut at several days; each cut gives every customer's facts as known then and what the next days brought.
//! Trees and a regression learn who buys; trees correct the parametric model's number of purchases; a third model
//! learns how much buyers spend. The parametric model keeps a say beside them: the two err differently. What the season
//! does is taken from the same days a year ago, where there is a year.

use super::features::Columns;
use super::fit::Fitted;
use super::forecast::{Forecast, Kind, Parametric, WEEK, parametric};
use super::history::Ledger;
use super::{BetaGeometric, DropOut, RepeatModel};
use crate::numeric::summary;
use crate::outcome::boosting::{Binner, Boosted, Growing, Loss};
use crate::outcome::{Frame, Model, Options, split};

/// Most cuts of the past.
const MOST_CUTS: i32 = 6;
/// Most rows to learn from: one is a customer at one cut.
const MOST_LEARNED: usize = 300_000;
/// Whole weeks, so that days of the week lie on each other.
const YEAR: i32 = 364;
/// Share of the deviation of a year ago, in logarithms, that is expected again: one year is one observation.
const SEASON_KEPT: f64 = 0.9;
/// Purchases in each window that a season is read from.
const SEASON_LEAST: f64 = 50.0;
/// Say of the learner against the parametric model in the order of customers; in everything else both have half.
const LEARNER_SAY: f64 = 0.6;

/// Forecast of everyone known at the end of a day.
#[derive(Debug, Clone)]
pub struct Stacked {
    pub customers: Vec<usize>,
    pub forecasts: Vec<Forecast>,
    /// Days at which the past was cut.
    pub cuts: Vec<i32>,
    /// Factor by which the season is expected to change the number of purchases.
    pub season: f64,
}

/// One cut of the past.
struct Cut {
    view: Parametric,
    purchases: Vec<f64>,
    value: Vec<f64>,
}

/// Learns from what was known at the end of day `until` and forecasts the `days` after it. `None` when the past is too
/// short (less than two horizons) or too thin (fewer than 100 customers, fewer than 20 who bought again).
#[must_use]
pub fn stacked(ledger: &Ledger, until: i32, days: i32, seed: u64) -> Option<Stacked> {
    let (first, _) = ledger.span()?;
    let step = (days / 3).max(7);
    let cuts: Vec<i32> = (0..MOST_CUTS).map(|k| until - days - k * step).filter(|c| c - first >= days.min(90)).collect();
    let mut past = Vec::new();
    let mut columns = Columns::default();
    // Of very many customers a part tells as much as all of them, in a part of the memory and the time.
    let every = (ledger.len() * cuts.len()).div_ceil(MOST_LEARNED).max(1);
    for &cut in &cuts {
        let view = parametric(ledger, Kind::BgNbd, cut, days).ok()?.every(every);
        let came: Vec<_> = view.customers.iter().map(|&c| ledger.activity(c, cut, cut + days)).collect();
        past.push(Cut { purchases: came.iter().map(|a| a.purchases).collect(), value: came.iter().map(|a| a.value).collect(), view });
    }
    let view = parametric(ledger, Kind::BgNbd, until, days).ok()?;
    // Windows that reach before the first cut's data are left out everywhere: columns must mean the same in all cuts.
    let oldest = cuts.last().copied()?;
    let common = oldest - first;
    for (cut, &day) in past.iter().zip(&cuts) {
        columns.add(ledger, &cut.view, day, days, common);
    }
    columns.add(ledger, &view, until, days, common);
    let frame = columns.frame();
    let learned: Vec<usize> = (0..past.iter().map(|c| c.purchases.len()).sum()).collect();
    let asked: Vec<usize> = (learned.len()..frame.rows).collect();
    let groups: Vec<u32> = past.iter().flat_map(|c| c.view.customers.iter().map(|n| *n as u32)).collect();
    let purchases: Vec<f64> = past.iter().flat_map(|c| c.purchases.iter().copied()).collect();
    let value: Vec<f64> = past.iter().flat_map(|c| c.value.iter().copied()).collect();
    let bought: Vec<bool> = purchases.iter().map(|p| *p > 0.0).collect();
    if view.customers.len() < 100 || bought.iter().filter(|b| **b).count() < 20 {
        return None;
    }
    let growing = Growing { least_rows: 40.0, rate: 0.06, ..Growing::default() };
    let options = Options { groups: Some(groups.clone()), shapes: vec![growing], seed, ..Options::default() };
    let model = Model::fit(&frame, &learned, &bought, &options).ok()?;
    let chances = model.probabilities(&frame, &asked);
    let learner = Learner { frame: &frame, groups: &groups, asked: &asked, seed };
    let offset: Vec<f64> = (past.iter().flat_map(|c| &c.view.forecasts).chain(&view.forecasts)).map(|f| f.purchases.max(1e-4).ln()).collect();
    let counts = learner.counts(&learned, &purchases, &offset);
    let spent = learner.spending(&learned, &value, &bought)?;
    let season = season(ledger, until, days, counts.iter().sum(), &view.fitted);
    let learned = Learned { chances, counts, spent, season };
    let forecasts = learned.beside(&view.forecasts);
    Some(Stacked { customers: view.customers, forecasts, cuts, season })
}

/// What the learners say of each asked customer, before the season.
struct Learned {
    chances: Vec<f64>,
    counts: Vec<f64>,
    spent: Spending,
    season: f64,
}

impl Learned {
    fn forecast(&self, place: usize) -> Forecast {
        let (chance, season) = (self.chances[place], self.season);
        // More purchases a customer means a larger chance of at least one.
        let probability = 1.0 - (1.0 - chance).powf(season);
        let purchases = (self.counts[place] * season).max(probability);
        // What a buyer spends grows with the purchases of a buyer, not with their number.
        let log = self.spent.logs[place] + (season * chance / probability.max(1e-9)).ln();
        let value = probability * log.exp() * self.spent.smear;
        Forecast { alive: 0.0, purchases, probability, rank: chance, value, typical_value: self.spent.median(probability, log) }
    }

    /// The mean of both models, the parametric one brought to the totals of the learner, which knows the season.
    fn beside(&self, parametric: &[Forecast]) -> Vec<Forecast> {
        let own: Vec<Forecast> = (0..self.chances.len()).map(|place| self.forecast(place)).collect();
        let scale = |f: fn(&Forecast) -> f64| {
            let [ours, theirs] = [&own[..], parametric].map(|list| list.iter().map(f).sum::<f64>());
            if theirs > 0.0 && ours > 0.0 { ours / theirs } else { 1.0 }
        };
        let (more, dearer) = (scale(|f| f.purchases), scale(|f| f.value));
        let [order, other] = [&own[..], parametric].map(|list| places(&list.iter().map(|f| f.rank).collect::<Vec<f64>>()));
        let both = |a: f64, b: f64| f64::midpoint(a, b);
        (own.iter().zip(parametric).enumerate())
            .map(|(place, (own, base))| {
                let purchases = both(own.purchases, base.purchases * more).max(own.probability);
                Forecast {
                    alive: base.alive.max(own.probability),
                    purchases,
                    probability: own.probability,
                    rank: LEARNER_SAY * order[place] + (1.0 - LEARNER_SAY) * other[place],
                    value: both(own.value, base.value * dearer),
                    typical_value: both(own.typical_value, base.typical_value * more),
                }
            })
            .collect()
    }
}

/// Place of each value in ascending order, from 0 to 1; equal values share the middle of their places.
fn places(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut places = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let middle = before as f64 + equal.len() as f64 / 2.0;
        equal.iter().for_each(|&i| places[i] = middle / values.len() as f64);
        before += equal.len();
    }
    places
}

/// Factor between what the learner expects in total, which knows the customers, and what the same days did a year ago to
/// the purchases of the days before them.
///
/// That is read twice from the customers who were known at the time, and the middle is used: once as purchases a customer,
/// which takes the fading of old customers for season, and once against what a model without a season expects of the same
/// customers, which knows the fading, but has seen a part of the season in their histories. Both leave out arrivals: where
/// they were more a year ago, they would look like a season. It is measured against the learner's own total because the
/// learner has seen what each customer did in these days last year: what it already expects is not added a second time.
fn season(ledger: &Ledger, until: i32, days: i32, expected: f64, fitted: &Fitted) -> f64 {
    let Some((first, _)) = ledger.span() else { return 1.0 };
    let then = until - YEAR;
    if then - days < first || expected <= 0.0 {
        return 1.0;
    }
    let [after_then, before_then, lately] = [then, then - days, until - days].map(|from| Window::of(ledger, from, days));
    if after_then.purchases.min(before_then.purchases).min(lately.purchases) < SEASON_LEAST {
        return 1.0;
    }
    let now = (0..ledger.len()).filter(|&c| ledger.days(c).iter().any(|d| d.bought && d.day <= until)).count() as f64;
    let change = (after_then.purchases / before_then.purchases).ln();
    let by_customer = change - (after_then.customers / before_then.customers).ln() + (now / lately.customers).ln();
    let steady = steady(ledger, fitted, days, [then, then - days, until, until - days]);
    let by_model = change - (steady[0] / steady[1]).ln() + (steady[2] / steady[3]).ln();
    let change = if by_model.is_finite() { f64::midpoint(by_customer, by_model) } else { by_customer };
    (SEASON_KEPT * (lately.purchases.ln() + change - expected.ln())).clamp(-0.7, 0.7).exp()
}

/// What the parametric model, which knows no season, expects of everyone known on each of some days.
fn steady(ledger: &Ledger, fitted: &Fitted, days: i32, at: [i32; 4]) -> [f64; 4] {
    let [r, alpha, a, b] = fitted.values[..] else { return [f64::NAN; 4] };
    let (model, horizon) = (BetaGeometric::new(r, alpha, a, b, DropOut::AfterRepeat), f64::from(days) / WEEK);
    at.map(|day| ledger.summaries(day, WEEK).1.iter().map(|customer| model.expected_purchases(customer, horizon)).sum())
}

/// Purchases in the days after a day by customers known on it, and how many these were.
struct Window {
    purchases: f64,
    customers: f64,
}

impl Window {
    fn of(ledger: &Ledger, from: i32, days: i32) -> Self {
        let mut window = Self { purchases: 0.0, customers: 0.0 };
        for customer in (0..ledger.len()).filter(|&c| ledger.days(c).iter().any(|d| d.bought && d.day <= from)) {
            window.purchases += ledger.activity(customer, from, from + days).purchases;
            window.customers += 1.0;
        }
        window
    }
}

struct Learner<'a> {
    frame: &'a Frame,
    groups: &'a [u32],
    asked: &'a [usize],
    seed: u64,
}

/// Logarithm of what each asked customer spends if they buy, and how reality scatters around it.
struct Spending {
    logs: Vec<f64>,
    /// Ascending residuals of held-out buyers, in logarithms.
    residuals: Vec<f64>,
    /// Mean of e^residual (Duan's smearing, 1983).
    smear: f64,
}

impl Spending {
    /// Median of nothing with chance 1 − p and of the spending with chance p.
    fn median(&self, chance: f64, log: f64) -> f64 {
        if chance <= 0.5 {
            return 0.0;
        }
        let share = (chance - 0.5) / chance;
        (log + summary::quantile_sorted(&self.residuals, share).unwrap_or(0.0)).exp_m1().max(0.0)
    }
}

impl Learner<'_> {
    /// Expected number of purchases: the parametric one times what trees correct.
    fn counts(&self, rows: &[usize], purchases: &[f64], offset: &[f64]) -> Vec<f64> {
        let growing = Growing { loss: Loss::Poisson, least_rows: 40.0, rate: 0.06, seed: self.seed, ..Growing::default() };
        let scores = self.boost(rows, purchases, offset, &growing);
        // A fold's trees are shrunk, which leaves a bias in the mean: it is taken out on all rows learned from.
        let total: f64 = scores.learned.iter().map(|s| s.exp()).sum();
        let bias = purchases.iter().sum::<f64>() / total.max(1e-9);
        scores.asked.iter().map(|s| s.exp() * bias).collect()
    }

    fn spending(&self, rows: &[usize], value: &[f64], bought: &[bool]) -> Option<Spending> {
        let buyers: Vec<usize> = rows.iter().copied().filter(|&r| bought[r] && value[r] > 0.0).collect();
        if buyers.len() < 20 {
            return None;
        }
        let logs: Vec<f64> = (0..self.frame.rows).map(|r| value.get(r).map_or(0.0, |v| v.max(0.0).ln_1p())).collect();
        let mean = buyers.iter().map(|&r| logs[r]).sum::<f64>() / buyers.len() as f64;
        let growing = Growing { loss: Loss::Squared, least_rows: 30.0, rate: 0.06, seed: self.seed, ..Growing::default() };
        let targets: Vec<f64> = logs[..value.len()].to_vec();
        let scores = self.boost(&buyers, &targets, &vec![mean; self.frame.rows], &growing);
        let mut residuals: Vec<f64> = buyers.iter().zip(&scores.learned).map(|(&r, s)| logs[r] - s).collect();
        residuals.sort_unstable_by(f64::total_cmp);
        let smear = summary::mean(&residuals.iter().map(|r| r.clamp(-3.0, 3.0).exp()).collect::<Vec<f64>>())?;
        Some(Spending { logs: scores.asked, residuals, smear })
    }

    /// Boosts on three folds of customers; learned rows get the score of the fold that had not seen them, asked rows
    /// the mean of all.
    fn boost(&self, rows: &[usize], target: &[f64], offset: &[f64], growing: &Growing) -> Scores {
        let binner = Binner::learn(self.frame, rows, 128);
        let every: Vec<usize> = rows.iter().chain(self.asked).copied().collect();
        let binned = binner.apply(self.frame, &every);
        let targets: Vec<f64> = every.iter().map(|&r| target.get(r).copied().unwrap_or(0.0)).collect();
        let offsets: Vec<f64> = every.iter().map(|&r| offset[r]).collect();
        let groups: Vec<u32> = rows.iter().map(|&r| self.groups[r]).collect();
        let fold = split::grouped(&groups, 3, self.seed);
        let mut scores = Scores { learned: offsets[..rows.len()].to_vec(), asked: offsets[rows.len()..].to_vec() };
        let mut bins = vec![0_u8; binned.columns.len()];
        for number in 0..3 {
            let (held, train): (Vec<u32>, Vec<u32>) = (0..rows.len() as u32).partition(|&r| fold[r as usize] == number);
            let trees = Boosted::grow(&binned, &targets, Some(&offsets), (&train, &held), &binner.monotone, growing);
            let mut score = |row: usize| {
                bins.iter_mut().zip(&binned.columns).for_each(|(bin, column)| *bin = column[row]);
                trees.score(&bins)
            };
            for &row in &held {
                scores.learned[row as usize] += score(row as usize);
            }
            for place in 0..self.asked.len() {
                scores.asked[place] += score(rows.len() + place) / 3.0;
            }
        }
        scores
    }
}

struct Scores {
    learned: Vec<f64>,
    asked: Vec<f64>,
}
