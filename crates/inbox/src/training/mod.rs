//! Practising on past cases: an agent answers what a customer once wrote, and then sees what was answered.
//!
//! Invariants:
//! - nothing of a case leaves the server here before it was made anonymous, the same value under the same mark throughout the case; notes and
//!   attachments are left out;
//! - no text of a case is kept: it goes with the case;
//! - what somebody answered is theirs: others see how much was practised, and the answers only of who shares them.

mod anonymise;
pub mod api;
pub mod cases;
pub mod measures;
pub mod progress;
