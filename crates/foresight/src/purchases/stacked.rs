//! A learner on top of the parametric models.
//!
//! The past is cut at several days; each cut gives every customer's facts as known then and what the next days brought.
//! Trees and a regression learn who buys; trees correct the parametric model's number of purchases; a third model
//! learns how much buyers spend. What the season does is taken from the same days a year ago, where there is a year.

use super::features::Columns;
use super::forecast::{Forecast, Kind, Parametric, parametric};
use super::history::Ledger;
use crate::numeric::summary;
use crate::outcome::boosting::{Binner, Boosted, Growing, Loss};
use crate::outcome::{Frame, Model, Options, split};

/// Most cuts of the past.
const MOST_CUTS: i32 = 6;
const YEAR: i32 = 365;
/// Share of the deviation of a year ago, in logarithms, that is expected again: one year is one observation.
const SEASON_KEPT: f64 = 0.7;

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
    for &cut in &cuts {
        let view = parametric(ledger, Kind::BgNbd, cut, days).ok()?;
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
    let season = season(ledger, until, days, &past);
    let growing = Growing { least_rows: 40.0, rate: 0.06, ..Growing::default() };
    let options = Options { groups: Some(groups.clone()), shapes: vec![growing], seed, ..Options::default() };
    let model = Model::fit(&frame, &learned, &bought, &options).ok()?;
    let chances = model.probabilities(&frame, &asked);
    let learner = Learner { frame: &frame, groups: &groups, asked: &asked, seed };
    let offset: Vec<f64> = (past.iter().flat_map(|c| &c.view.forecasts).chain(&view.forecasts)).map(|f| f.purchases.max(1e-4).ln()).collect();
    let counts = learner.counts(&learned, &purchases, &offset);
    let spent = learner.spending(&learned, &value, &bought)?;
    let forecasts = (chances.iter().zip(&counts).zip(&spent.logs).zip(&view.forecasts))
        .map(|(((&chance, &count), &log), base)| {
            // More purchases a customer means a larger chance of at least one.
            let probability = 1.0 - (1.0 - chance).powf(season);
            let purchases = (count * season).max(probability);
            // What a buyer spends grows with the purchases of a buyer, not with their number.
            let log = log + (season * chance / probability.max(1e-9)).ln();
            let value = probability * log.exp() * spent.smear;
            Forecast { alive: base.alive.max(probability), purchases, probability, rank: chance, value, typical_value: spent.median(probability, log) }
        })
        .collect();
    Some(Stacked { customers: view.customers, forecasts, cuts, season })
}

/// What the same days did a year ago to the number of purchases, beside what they did in the cuts: the ratio of
/// purchases that came to purchases that the parametric model, fitted then, expected.
fn season(ledger: &Ledger, until: i32, days: i32, past: &[Cut]) -> f64 {
    let Some((first, _)) = ledger.span() else { return 1.0 };
    let then = until - YEAR;
    if then - first < days || past.is_empty() {
        return 1.0;
    }
    let ratio = |came: f64, view: &Parametric| {
        let expected: f64 = view.forecasts.iter().map(|f| f.purchases).sum();
        (came > 20.0 && expected > 0.0).then(|| (came / expected).ln())
    };
    let Ok(view) = parametric(ledger, Kind::BgNbd, then, days) else { return 1.0 };
    let came: f64 = view.customers.iter().map(|&c| ledger.activity(c, then, then + days).purchases).sum();
    let recent: Vec<f64> = past.iter().filter_map(|cut| ratio(cut.purchases.iter().sum(), &cut.view)).collect();
    match (ratio(came, &view), summary::mean(&recent)) {
        (Some(a_year_ago), Some(usual)) => (SEASON_KEPT * (a_year_ago - usual)).clamp(-0.7, 0.7).exp(),
        _ => 1.0,
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
