//! What someone may want next: again, or for the first time.
//!
//! New products by what goes together (EASE and item neighbours), known products by the person's own rhythm, both put
//! on one scale of probability that is learned from the company's own past: a regression picks the candidates, boosted
//! trees rank them. Never what was just returned.

pub mod affinity;
mod candidates;
pub mod history;
mod learn;
mod rank;
pub mod recommender;
pub mod repeat;

pub use history::{Purchases, Seen};
pub use recommender::{Reason, Recommendation, Recommender};
