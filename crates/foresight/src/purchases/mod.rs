//! When customers buy again, how often, whether they are still customers, and what they are worth.
//!
//! The customer of a shop does not cancel: leaving is never observed. The models here ("buy till you die") infer it from
//! the rhythm of purchases. A customer is three numbers — repeat purchases `x`, time of the last one `t_x`, time watched
//! `T` — and equal customers are computed once ([`merged`]).

pub mod beta_geometric;
pub mod choice;
mod features;
pub mod fit;
pub mod forecast;
pub mod gamma_gamma;
#[cfg(test)]
mod gradients;
pub mod history;
pub mod merged;
pub mod pareto;
pub mod stacked;

pub use beta_geometric::{BetaGeometric, DropOut};
pub use choice::Choice;
pub use fit::{Convergence, FitError, Fitted};
pub use gamma_gamma::GammaGamma;
pub use history::{Ledger, Summary};
pub use pareto::Pareto;

/// What every model of repeat purchasing can say about one customer. Times are in the unit the model was fitted in.
pub trait RepeatModel {
    /// Probability that the customer still buys at the end of the time watched.
    fn probability_alive(&self, customer: &Summary) -> f64;
    /// Expected number of purchases in the `horizon` after the time watched.
    fn expected_purchases(&self, customer: &Summary, horizon: f64) -> f64;
    /// Probability of at least one purchase in the `horizon` after the time watched.
    fn probability_of_purchase(&self, customer: &Summary, horizon: f64) -> f64;
    /// Time until the next purchase has happened with probability `share`; `None` when it never reaches that share.
    fn time_to_next(&self, customer: &Summary, share: f64) -> Option<f64>;
    /// Natural logarithm of the likelihood of one customer.
    fn log_likelihood(&self, customer: &Summary) -> f64;
}
