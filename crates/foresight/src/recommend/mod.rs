//! What someone may want next: again, or for the first time.
//!
//! New products by what goes together (EASE and item neighbours), known products by the person's own rhythm, both put
//! on one scale of probability that is learned from the company's own past. Never what was just returned.

pub mod affinity;
pub mod history;
mod learn;
pub mod recommender;
pub mod repeat;

pub use history::{Purchases, Seen};
pub use recommender::{Reason, Recommendation, Recommender};
