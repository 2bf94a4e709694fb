//! The ground everything stands on: identifiers, time, randomness, limits, problems, permissions and configuration.
//!
//! Invariants: no I/O, no async. Time and randomness reach the rest of the product only through [`Environment`], so that a
//! test decides both.

pub mod access;
pub mod configuration;
mod environment;
pub mod ids;
pub mod limits;
mod problem;
mod spans;
mod time;

pub use environment::{Clock, Entropy, Environment, FixedClock, SeededEntropy, SystemClock, SystemEntropy};
pub use problem::{FieldError, FieldErrors, Problem, ProblemKind};
pub use spans::SPANS;
pub use time::{Duration, Timestamp};
