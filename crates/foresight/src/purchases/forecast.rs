//! What is expected of each customer in the period after a day.

use std::borrow::Cow;

use super::fit::{FitError, Fitted};
use super::history::{Ledger, Summary};
use super::{BetaGeometric, DropOut, GammaGamma, Pareto, RepeatModel};

/// The expectation for one customer over the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Forecast {
    pub alive: f64,
    pub purchases: f64,
    /// Probability of at least one purchase.
    pub probability: f64,
    /// Orders customers by how likely they are to buy; for the parametric models the expected purchases, which order
    /// better than their own probability.
    pub rank: f64,
    /// Mean of the money spent.
    pub value: f64,
    /// Median of the money spent: the forecast that is nearest in absolute error; zero when no purchase is the
    /// likelier case.
    pub typical_value: f64,
}

/// A parametric model of repeat purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    BgNbd,
    MbgNbd,
    ParetoNbd,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// The name used on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "bg-nbd",
            Self::MbgNbd => "mbg-nbd",
            Self::ParetoNbd => "pareto-nbd",
        }
    }

    /// Fits to customers, times in any one unit.
    ///
    /// # Errors
    /// Those of the model's own fit.
    pub fn fit(self, customers: &[Summary]) -> Result<(Box<dyn RepeatModel>, Fitted), FitError> {
        Ok(match self {
            Self::BgNbd => {
                let (model, fitted) = BetaGeometric::fit(customers, DropOut::AfterRepeat)?;
                (Box::new(model), fitted)
            }
            Self::MbgNbd => {
                let (model, fitted) = BetaGeometric::fit(customers, DropOut::AfterAny)?;
                (Box::new(model), fitted)
            }
            Self::ParetoNbd => {
                let (model, fitted) = Pareto::fit(customers)?;
                (Box::new(model), fitted)
            }
        })
    }
}

/// Most customers a parametric model is fitted to: at this many its standard errors are a thousandth or so of the
/// estimates, and more customers only take time.
pub const MOST_FITTED: usize = 200_000;

/// The customers a parametric model is fitted to: one in so many where there are more than [`MOST_FITTED`].
#[must_use]
pub fn fitted_on(summaries: &[Summary]) -> Cow<'_, [Summary]> {
    let every = summaries.len().div_ceil(MOST_FITTED).max(1);
    if every == 1 { Cow::Borrowed(summaries) } else { summaries.iter().step_by(every).copied().collect() }
}

/// Days in the unit of time the parametric models work in.
pub const WEEK: f64 = 7.0;

/// A parametric model's view of everyone known on a day.
#[derive(Debug, Clone)]
pub struct Parametric {
    /// Numbers of the customers in the ledger.
    pub customers: Vec<usize>,
    pub summaries: Vec<Summary>,
    pub forecasts: Vec<Forecast>,
    pub fitted: Fitted,
    pub amounts: Option<Fitted>,
}

/// Fits on what was known at the end of day `until` and forecasts the `days` after it.
///
/// # Errors
/// [`FitError::NoCustomers`] when nobody had bought by then.
pub fn parametric(ledger: &Ledger, kind: Kind, until: i32, days: i32) -> Result<Parametric, FitError> {
    let (customers, summaries) = ledger.summaries(until, WEEK);
    let learned = fitted_on(&summaries);
    let (model, fitted) = kind.fit(&learned)?;
    let amounts = GammaGamma::fit(&learned).ok();
    drop(learned);
    let horizon = f64::from(days) / WEEK;
    let forecasts = (summaries.iter())
        .map(|customer| {
            let purchases = model.expected_purchases(customer, horizon);
            let probability = model.probability_of_purchase(customer, horizon).min(1.0);
            let amount = amounts.as_ref().map_or(0.0, |(amounts, _)| amounts.expected_amount(customer));
            Forecast {
                alive: model.probability_alive(customer),
                purchases,
                probability,
                rank: purchases,
                value: purchases * amount,
                typical_value: amount * median_count(purchases, probability),
            }
        })
        .collect();
    Ok(Parametric { customers, summaries, forecasts, fitted, amounts: amounts.map(|a| a.1) })
}

/// Median of a count with the given mean and chance of being positive, taken as geometric once positive and read
/// continuously between whole numbers.
fn median_count(mean: f64, positive: f64) -> f64 {
    if positive <= 0.5 || mean <= 0.0 {
        return 0.0;
    }
    let stop = (positive / mean).clamp(1e-9, 1.0 - 1e-9);
    1.0 + (0.5 / positive).ln() / (-stop).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_counts_follow_the_chance_and_the_mean() {
        assert_eq!(median_count(3.0, 0.5), 0.0);
        assert!((median_count(1.0, 1.0) - 1.0).abs() < 0.1);
        // P(count > k | positive) = 0.75^k: half is left at k = 2.41.
        assert!((median_count(4.0, 1.0) - 3.41).abs() < 0.01);
    }
}
