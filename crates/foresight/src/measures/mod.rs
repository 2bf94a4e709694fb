//! The arithmetic of customer-experience measures: every figure with its definition, its count and its interval.

pub mod proportion;

pub use proportion::{Interval, wilson};
