//! Gradient boosting of small trees over binned features (Friedman 2001; histograms as in Ke and others 2017).

pub mod bins;
pub mod compiled;
pub mod explain;
pub mod grow;
mod histogram;
pub mod tree;

pub use bins::{Binned, Binner};
pub use compiled::Compiled;
pub use grow::{Boosted, Growing, Loss};
