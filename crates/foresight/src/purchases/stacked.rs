//! A learner on top of the parametric models.
//!
//! The past is cut at several days; each cut gives every customer's facts as known then and what the next days brought.
//! Trees and a regression learn who buys; trees correct the parametric model's number of purchases; a third model
//! learns how much buyers spend. The parametric model keeps a say beside them: the two err differently. What the season
//! does is taken from the same days a year ago, where there is a year.

use super::features::Columns;
use super::fit::Fitted;
use super::forecast::{Forecast, Kind, WEEK, parametric};
use super::history::Ledger;
use super::{BetaGeometric, DropOut, RepeatModel};
use crate::numeric::summary;
use crate::outcome::boosting::{Binner, Boosted, Growing, Loss};
use crate::outcome::{Frame, Model, Options, split};

/// Most cuts of the past.
const MOST_CUTS: i32 = 6;
/// Most rows to learn from: one is a customer at one cut. Of more customers one in so many is learned from.
const MOST_LEARNED: usize = 200_000;
/// Customers whose facts are held at a time while everyone is forecast.
const AT_A_TIME: usize = 50_000;
/// Folds of customers that trees are grown on.
const FOLDS: usize = 3;
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
    pub lesson: Lesson,
    /// The parametric model under the learner.
    pub fitted: Fitted,
    pub amounts: Option<Fitted>,
}

/// What was learned from.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Days at which the past was cut.
    pub cuts: Vec<i32>,
    /// Customers looked at, of all in the ledger, and rows that these and the cuts made.
    pub customers: usize,
    pub rows: usize,
    /// Factor by which the season is expected to change the number of purchases.
    pub season: f64,
}

/// Learns from what was known at the end of day `until` and forecasts the `days` after it. `None` when the past is too
/// short (less than two horizons) or too thin (fewer than 100 customers, fewer than 20 who bought again).
///
/// Memory is bounded: besides the forecasts of everyone, only the rows learned from and those of one part of the customers
/// are held.
#[must_use]
pub fn stacked(ledger: &Ledger, until: i32, days: i32, seed: u64) -> Option<Stacked> {
    stacked_by(ledger, until, days, seed, AT_A_TIME)
}

fn stacked_by(ledger: &Ledger, until: i32, days: i32, seed: u64, at_a_time: usize) -> Option<Stacked> {
    let (first, _) = ledger.span()?;
    let step = (days / 3).max(7);
    let cuts: Vec<i32> = (0..MOST_CUTS).map(|k| until - days - k * step).filter(|c| c - first >= days.min(90)).collect();
    // Windows that reach before the first cut's data are left out everywhere: columns must mean the same in all cuts.
    let history = cuts.last()? - first;
    // Of very many customers a part tells as much as all of them, in a part of the memory and the time.
    let part = ledger.part(MOST_LEARNED / cuts.len());
    let past = Past::new(&part, &cuts, days, history)?;
    let view = parametric(ledger, Kind::BgNbd, until, days).ok()?;
    if view.customers.len() < 100 || past.bought.iter().filter(|b| **b).count() < 20 {
        return None;
    }
    let learners = past.learn(seed)?;
    let mut learned = Learned::default();
    for (customers, forecasts) in view.customers.chunks(at_a_time).zip(view.forecasts.chunks(at_a_time)) {
        let mut columns = Columns::default();
        columns.add(ledger, (customers, forecasts), until, days, history);
        learners.ask(&columns.frame(), forecasts, &mut learned);
    }
    learned.season = season(ledger, &part, until, days, learned.counts.iter().sum(), &view.fitted);
    let forecasts = learned.beside(&view.forecasts, &learners.spent);
    let lesson = Lesson { cuts, customers: part.len(), rows: past.frame.rows, season: learned.season };
    Some(Stacked { customers: view.customers, forecasts, lesson, fitted: view.fitted, amounts: view.amounts })
}

/// Customers at all cuts of the past, with what the days after each brought.
struct Past {
    frame: Frame,
    /// Number of the customer of each row.
    groups: Vec<u32>,
    purchases: Vec<f64>,
    value: Vec<f64>,
    bought: Vec<bool>,
    /// Logarithm of the purchases that the parametric model expects.
    offset: Vec<f64>,
}

fn offset(forecast: &Forecast) -> f64 {
    forecast.purchases.max(1e-4).ln()
}

impl Past {
    fn new(ledger: &Ledger, cuts: &[i32], days: i32, history: i32) -> Option<Self> {
        let mut columns = Columns::default();
        let (mut groups, mut came, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
        for &cut in cuts {
            let view = parametric(ledger, Kind::BgNbd, cut, days).ok()?;
            columns.add(ledger, (&view.customers, &view.forecasts), cut, days, history);
            groups.extend(view.customers.iter().map(|&c| c as u32));
            came.extend(view.customers.iter().map(|&c| ledger.activity(c, cut, cut + days)));
            offsets.extend(view.forecasts.iter().map(offset));
        }
        let purchases: Vec<f64> = came.iter().map(|a| a.purchases).collect();
        let bought = purchases.iter().map(|p| *p > 0.0).collect();
        Some(Self { frame: columns.frame(), groups, purchases, value: came.iter().map(|a| a.value).collect(), bought, offset: offsets })
    }

    fn learn(&self, seed: u64) -> Option<Learners> {
        let rows: Vec<usize> = (0..self.frame.rows).collect();
        let growing = Growing { least_rows: 40.0, rate: 0.06, ..Growing::default() };
        let options = Options { groups: Some(self.groups.clone()), shapes: vec![growing], seed, ..Options::default() };
        let chance = Model::fit(&self.frame, &rows, &self.bought, &options).ok()?;
        let (count, bias) = self.learn_counts(&rows, seed);
        let (spending, spent) = self.learn_spending(&rows, seed)?;
        Some(Learners { chance, count, bias, spending, spent })
    }

    /// The number of purchases: the parametric one times what trees correct, and the bias of the product.
    fn learn_counts(&self, rows: &[usize], seed: u64) -> (Ensemble, f64) {
        let growing = Growing { loss: Loss::Poisson, least_rows: 40.0, rate: 0.06, seed, ..Growing::default() };
        let (trees, scores) = self.boost(rows, &self.purchases, &self.offset, &growing);
        // A fold's trees are shrunk, which leaves a bias in the mean: it is taken out on all rows learned from.
        let total: f64 = scores.iter().map(|s| s.exp()).sum();
        (trees, self.purchases.iter().sum::<f64>() / total.max(1e-9))
    }

    fn learn_spending(&self, rows: &[usize], seed: u64) -> Option<(Ensemble, Spending)> {
        let buyers: Vec<usize> = rows.iter().copied().filter(|&r| self.bought[r] && self.value[r] > 0.0).collect();
        if buyers.len() < 20 {
            return None;
        }
        let logs: Vec<f64> = self.value.iter().map(|v| v.max(0.0).ln_1p()).collect();
        let mean = buyers.iter().map(|&r| logs[r]).sum::<f64>() / buyers.len() as f64;
        let growing = Growing { loss: Loss::Squared, least_rows: 30.0, rate: 0.06, seed, ..Growing::default() };
        let (trees, scores) = self.boost(&buyers, &logs, &vec![mean; self.frame.rows], &growing);
        let mut residuals: Vec<f64> = buyers.iter().zip(&scores).map(|(&r, s)| logs[r] - s).collect();
        residuals.sort_unstable_by(f64::total_cmp);
        let smear = summary::mean(&residuals.iter().map(|r| r.clamp(-3.0, 3.0).exp()).collect::<Vec<f64>>())?;
        Some((trees, Spending { mean, residuals, smear }))
    }

    /// Boosts on three folds of customers; every row gets the score of the fold that had not seen it.
    fn boost(&self, rows: &[usize], target: &[f64], offset: &[f64], growing: &Growing) -> (Ensemble, Vec<f64>) {
        let binner = Binner::learn(&self.frame, rows, 128);
        let binned = binner.apply(&self.frame, rows);
        let targets: Vec<f64> = rows.iter().map(|&r| target[r]).collect();
        let mut scores: Vec<f64> = rows.iter().map(|&r| offset[r]).collect();
        let offsets = scores.clone();
        let groups: Vec<u32> = rows.iter().map(|&r| self.groups[r]).collect();
        let fold = split::grouped(&groups, FOLDS, growing.seed);
        let mut folds = Vec::new();
        for number in 0..FOLDS {
            let (held, train): (Vec<u32>, Vec<u32>) = (0..rows.len() as u32).partition(|&r| fold[r as usize] == number);
            let trees = Boosted::grow(&binned, &targets, Some(&offsets), (&train, &held), &binner.monotone, growing);
            let mut bins = vec![0_u8; binned.columns.len()];
            for row in held {
                bins.iter_mut().zip(&binned.columns).for_each(|(bin, column)| *bin = column[row as usize]);
                scores[row as usize] += trees.score(&bins);
            }
            folds.push(trees);
        }
        (Ensemble { binner, folds }, scores)
    }
}

/// Trees of every fold.
struct Ensemble {
    binner: Binner,
    folds: Vec<Boosted>,
}

impl Ensemble {
    /// What the trees add to a row, the mean of all folds.
    fn score(&self, frame: &Frame, row: usize, bins: &mut Vec<u8>) -> f64 {
        bins.clear();
        bins.extend(frame.columns.iter().enumerate().map(|(feature, column)| self.binner.bin(feature, column, row)));
        self.folds.iter().map(|trees| trees.score(bins)).sum::<f64>() / self.folds.len() as f64
    }
}

/// What has been learned from the past.
struct Learners {
    chance: Model,
    count: Ensemble,
    bias: f64,
    spending: Ensemble,
    spent: Spending,
}

impl Learners {
    /// Adds what is said of the customers of a frame.
    fn ask(&self, frame: &Frame, parametric: &[Forecast], said: &mut Learned) {
        let rows: Vec<usize> = (0..frame.rows).collect();
        said.chances.extend(self.chance.probabilities(frame, &rows));
        let mut bins = Vec::new();
        for (row, forecast) in parametric.iter().enumerate() {
            said.counts.push((offset(forecast) + self.count.score(frame, row, &mut bins)).exp() * self.bias);
            said.logs.push(self.spent.mean + self.spending.score(frame, row, &mut bins));
        }
    }
}

/// What the learners say of each asked customer, before the season.
#[derive(Default)]
struct Learned {
    chances: Vec<f64>,
    counts: Vec<f64>,
    /// Logarithm of what each spends if they buy.
    logs: Vec<f64>,
    season: f64,
}

impl Learned {
    fn forecast(&self, place: usize, spent: &Spending) -> Forecast {
        let (chance, season) = (self.chances[place], self.season);
        // More purchases a customer means a larger chance of at least one.
        let probability = 1.0 - (1.0 - chance).powf(season);
        let purchases = (self.counts[place] * season).max(probability);
        // What a buyer spends grows with the purchases of a buyer, not with their number.
        let log = self.logs[place] + (season * chance / probability.max(1e-9)).ln();
        let value = probability * log.exp() * spent.smear;
        Forecast { alive: 0.0, purchases, probability, rank: chance, value, typical_value: spent.median(probability, log) }
    }

    /// The mean of both models, the parametric one brought to the totals of the learner, which knows the season.
    fn beside(&self, parametric: &[Forecast], spent: &Spending) -> Vec<Forecast> {
        let own: Vec<Forecast> = (0..self.chances.len()).map(|place| self.forecast(place, spent)).collect();
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
///
/// The model is asked about a part of the customers: only ratios of what it expects are used.
fn season(ledger: &Ledger, part: &Ledger, until: i32, days: i32, expected: f64, fitted: &Fitted) -> f64 {
    let Some((first, _)) = ledger.span() else { return 1.0 };
    let then = until - YEAR;
    if then - days < first || expected <= 0.0 {
        return 1.0;
    }
    let [after_then, before_then, lately] = [then, then - days, until - days].map(|from| Window::of(ledger, from, days));
    if after_then.purchases.min(before_then.purchases).min(lately.purchases) < SEASON_LEAST {
        return 1.0;
    }
    let now = (0..ledger.len()).filter(|&c| ledger.days(c).iter().any(|d| d.bought() && d.day <= until)).count() as f64;
    let change = (after_then.purchases / before_then.purchases).ln();
    let by_customer = change - (after_then.customers / before_then.customers).ln() + (now / lately.customers).ln();
    let steady = steady(part, fitted, days, [then, then - days, until, until - days]);
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
        for customer in (0..ledger.len()).filter(|&c| ledger.days(c).iter().any(|d| d.bought() && d.day <= from)) {
            window.purchases += ledger.activity(customer, from, from + days).purchases;
            window.customers += 1.0;
        }
        window
    }
}

/// What buyers spend, and how reality scatters around what is expected of each.
struct Spending {
    /// Mean of the logarithm.
    mean: f64,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn customers_asked_in_parts_are_told_the_same() {
        let mut random = Random::new(3);
        let rows: Vec<(usize, i32, f64)> = (0..6_000).map(|_| (random.below(900), random.below(400) as i32, 1.0 + 9.0 * random.uniform())).collect();
        let ledger = Ledger::new(900, rows);
        let [whole, parts] = [AT_A_TIME, 37].map(|at_a_time| stacked_by(&ledger, 360, 40, 1, at_a_time).expect("enough past"));
        assert_eq!(whole.lesson, parts.lesson);
        assert_eq!(whole.forecasts, parts.forecasts);
        assert_eq!(whole.lesson.customers, 900);
    }
}
