//! From what happened to what is to be expected: purchases, outcomes, next steps, recommendations, journeys, measures.
//!
//! Invariants of the whole crate:
//! - pure: no files, sockets, clocks or global randomness; a seed is an argument;
//! - nothing diverges unsaid: every fit carries how it ended, every estimate that is not identified is marked so;
//! - a prediction never sees what happened after the moment it is made for;
//! - the source of every formula stands beside it.

pub mod calendar;
pub mod journey;
pub mod measures;
pub mod next;
pub mod numeric;
pub mod outcome;
pub mod purchases;
pub mod recommend;
pub mod score;
