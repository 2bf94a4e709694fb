//! What comes next in a case, when, and whether anything comes at all.
//!
//! The same model serves the next step of a process, the next page, and the next reason to get in touch.

pub mod contact;
mod contexts;
mod fading;
mod mixing;
pub mod suffix;
pub mod waits;

pub use contact::{ContactEvent, ContactModel, NextContact};
pub use suffix::{CaseState, NextModel, Prediction};
