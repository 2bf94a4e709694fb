//! Which of a workspace's intents a message has, how sure that is, and whether it is none of them.
//!
//! Words and character n-grams, a linear model by dual coordinate descent, a probability that means what it says, and
//! a rejector learned from held-out examples. Trains in seconds and answers in microseconds.

mod model;
mod neighbours;
pub(crate) mod rehearsal;
mod trainer;

pub use model::{Model, Prediction};
pub(crate) use model::{Reading, top_probability, top_two};
pub use trainer::{Example, Trainer, TrainingError, names};
pub(crate) use trainer::{few, labels_of, number_of};

#[cfg(test)]
mod tests;
