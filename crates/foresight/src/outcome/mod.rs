//! Will it happen? Any labelled outcome — churn, a low answer, lateness — from any table, calibrated and explained.
//!
//! Two models that fail differently, a regularised logistic regression and boosted trees, are fitted on folds; what they
//! said about rows they had not seen decides how they are weighed and calibrated ([`model`]). Both are additive in
//! log-odds, so every prediction is exactly the sum of its reasons ([`reasons`]).

pub mod boosting;
pub mod calibration;
pub mod drift;
pub mod frame;
pub mod leakage;
pub mod level;
pub mod logistic;
pub mod model;
pub mod reasons;
pub mod split;

pub use frame::{Column, Frame, Values};
pub use level::Level;
pub use model::{Model, Options};
