//! Practising on past cases: an agent answers what a customer once wrote, turn by turn, and then sees what was answered and how it went.
//!
//! Invariants:
//! - nothing of a case leaves the server here before it was made anonymous, the same value under the same mark throughout the case; notes,
//!   attachments, subject and dates are left out, and so is which case it was;
//! - nobody practises on a sensitive case, nor on one in which they wrote;
//! - no text of a case is kept: it goes with the case;
//! - what somebody answered is theirs: others see how much was practised, and the answers only of who shares them;
//! - what was really answered to a turn is shown once that turn is practised, never before.

mod anonymise;
pub mod api;
pub mod cases;
pub mod exercises;
mod hiding;
mod introductions;
pub mod measures;
mod names;
pub mod progress;
pub mod scores;
mod sensitive;
