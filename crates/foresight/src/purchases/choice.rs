//! Which model to trust with the days ahead: the one that would have forecast the days just past best.

use super::fit::{FitError, Fitted};
use super::forecast::{Forecast, Kind, Parametric, parametric};
use super::history::Ledger;
use super::stacked::{self, Lesson, Stacked};
use crate::{numeric::summary, score};

/// A model that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Parametric(Kind),
    Stacked,
}

/// Why a model says nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Declined {
    Fit(FitError),
    /// The stacked model needs more past, or more customers.
    TooThin,
}

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fit(error) => error.fmt(f),
            Self::TooThin => f.write_str("the past is too short or too thin for the stacked model to learn from"),
        }
    }
}

impl std::error::Error for Declined {}

/// What a model says about everyone known on a day.
#[derive(Debug, Clone)]
pub struct View {
    pub customers: Vec<usize>,
    pub forecasts: Vec<Forecast>,
    /// The parametric model, or the one under the stacked one.
    pub fitted: Fitted,
    pub amounts: Option<Fitted>,
    /// What the stacked model learned from.
    pub lesson: Option<Lesson>,
}

/// How one model did in the back-test, as losses relative to knowing only the averages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    pub choice: Choice,
    pub chance: f64,
    pub count: f64,
    pub value: f64,
    /// Share that a repetition of the customer's own last spending has in the forecast of it, see [`insurance`].
    pub insurance: f64,
    /// Customers it was tried on.
    pub customers: usize,
}

/// Most customers in the back-test: the errors of a hundred thousand tell two models apart that differ by a hundredth.
pub const MOST_TRIED: usize = 100_000;

impl Choice {
    pub const ALL: [Self; 4] = [Self::Parametric(Kind::BgNbd), Self::Parametric(Kind::MbgNbd), Self::Parametric(Kind::ParetoNbd), Self::Stacked];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parametric(kind) => kind.name(),
            Self::Stacked => "stacked",
        }
    }

    /// Learns from what was known at the end of day `until` and forecasts the `days` after it.
    ///
    /// # Errors
    /// When there is nobody to learn from, or too little for the stacked model.
    pub fn view(self, ledger: &Ledger, until: i32, days: i32) -> Result<View, Declined> {
        match self {
            Self::Parametric(kind) => {
                let Parametric { customers, forecasts, fitted, amounts, .. } = parametric(ledger, kind, until, days).map_err(Declined::Fit)?;
                Ok(View { customers, forecasts, fitted, amounts, lesson: None })
            }
            Self::Stacked => {
                let Stacked { customers, forecasts, fitted, amounts, lesson } = stacked::stacked(ledger, until, days, 1).ok_or(Declined::TooThin)?;
                Ok(View { customers, forecasts, fitted, amounts, lesson: Some(lesson) })
            }
        }
    }

    /// How this model would have forecast the `days` before `until`; `None` when the past is too short for that. Of more
    /// customers than [`MOST_TRIED`] one in so many is looked at.
    #[must_use]
    pub fn tried(self, ledger: &Ledger, until: i32, days: i32) -> Option<Tried> {
        let cut = until - days;
        let part = ledger.part(MOST_TRIED);
        let ledger = part.as_ref();
        let view = self.view(ledger, cut, days).ok()?;
        let came: Vec<_> = view.customers.iter().map(|&c| ledger.activity(c, cut, until)).collect();
        let bought: Vec<bool> = came.iter().map(|a| a.purchases > 0.0).collect();
        let (purchases, value): (Vec<f64>, Vec<f64>) = came.iter().map(|a| (a.purchases, a.value)).unzip();
        let column = |f: fn(&Forecast) -> f64| view.forecasts.iter().map(f).collect::<Vec<f64>>();
        let share = bought.iter().filter(|b| **b).count() as f64 / bought.len().max(1) as f64;
        let flat = score::log_loss(&vec![share; bought.len()], &bought)?;
        let chance = score::log_loss(&column(|f| f.probability), &bought)? / flat;
        let even = vec![summary::mean(&purchases)?; purchases.len()];
        let count = score::mean_absolute_error(&column(|f| f.purchases), &purchases)? / score::mean_absolute_error(&even, &purchases)?;
        let nothing = summary::mean(&value.iter().map(|v| v.abs()).collect::<Vec<f64>>())?;
        let mut typical = column(|f| f.typical_value);
        let repeated = repeated(ledger, &view.customers, cut, days);
        let insurance = insurance(&typical, &repeated, &value);
        mix(&mut typical, &repeated, insurance);
        let value = score::mean_absolute_error(&typical, &value)? / nothing.max(1e-9);
        let tried = Tried { choice: self, chance, count, value, insurance, customers: view.customers.len() };
        tried.loss().is_finite().then_some(tried)
    }
}

impl Tried {
    /// All three losses together.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.chance + self.count + self.value
    }
}

/// The naive forecast of each customer's spending: that of the last as many days again.
#[must_use]
pub fn repeated(ledger: &Ledger, customers: &[usize], until: i32, days: i32) -> Vec<f64> {
    customers.iter().map(|&c| ledger.activity(c, until - days, until).value).collect()
}

/// Puts the share of a repetition of the last days into the forecasts of typical spending.
pub fn insure(forecasts: &mut [Forecast], repeated: &[f64], share: f64) {
    for (forecast, last) in forecasts.iter_mut().zip(repeated) {
        forecast.typical_value += share * (last - forecast.typical_value);
    }
}

/// Steps in which the share is tried.
const STEP: f64 = 0.05;
/// Loss in the back-test that insurance may cost.
const PREMIUM: f64 = 0.02;

/// Largest share of the naive forecast that would have cost at most a fiftieth of the best absolute error in the
/// back-test: where repetition is the better forecast it takes over, where it is nearly as good it insures against days
/// unlike the past, for which a model has no example.
#[must_use]
pub fn insurance(model: &[f64], naive: &[f64], came: &[f64]) -> f64 {
    let error = |share: f64| {
        let mut mixed = model.to_vec();
        mix(&mut mixed, naive, share);
        score::mean_absolute_error(&mixed, came).unwrap_or(f64::INFINITY)
    };
    let tried: Vec<(f64, f64)> = (0..=20).map(|step| f64::from(step) * STEP).map(|share| (share, error(share))).collect();
    let best = tried.iter().map(|t| t.1).fold(f64::INFINITY, f64::min);
    tried.iter().rev().find(|t| t.1 <= best * (1.0 + PREMIUM)).filter(|t| t.1.is_finite()).map_or(0.0, |t| t.0)
}

fn mix(model: &mut [f64], naive: &[f64], share: f64) {
    model.iter_mut().zip(naive).for_each(|(m, n)| *m += share * (n - *m));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_takes_over_where_it_is_better_and_leaves_where_it_is_worse() {
        let came: Vec<f64> = (0..200).map(|i| f64::from(i % 17)).collect();
        let off = |by: f64| came.iter().enumerate().map(|(i, v)| v + if i % 2 == 0 { by } else { -by }).collect::<Vec<f64>>();
        assert_eq!(insurance(&off(9.0), &came, &came), 1.0);
        assert_eq!(insurance(&came, &off(9.0), &came), 0.0);
        // Errors that point the same way: each share costs in proportion, and only little may be spent.
        let (good, bad): (Vec<f64>, Vec<f64>) = came.iter().map(|v| (v + 10.0, v + 11.0)).unzip();
        assert!((0.14..0.21).contains(&insurance(&good, &bad, &came)));
        assert_eq!(insurance(&[], &[], &[]), 0.0);
    }

    #[test]
    fn a_past_too_short_for_a_back_test_has_none() {
        let ledger = Ledger::new(1, [(0, 100, 5.0)]);
        assert_eq!(Choice::Stacked.tried(&ledger, 110, 30), None);
        assert!(matches!(Choice::Stacked.view(&ledger, 110, 30), Err(Declined::TooThin)));
    }
}
