//! Flows: what a customer wants done, step by step, with the shop's data.
//!
//! The core is pure: [`begin`] and [`advance`] turn a definition, where the customer stands, what surrounds them and what they said
//! into sentences, requests and a new standing. Invariants: nothing is recorded that was not confirmed; only the customer's own items
//! are spoken of, and an unknown visitor opens an item only with its number and a verified address of its customer; every step can be
//! left, gone back from, and given up for a person; what the program cannot do itself is recorded as a request and called that.

mod advance;
pub(crate) mod api;
mod check;
mod definition;
mod hear;
pub(crate) mod proofs;
pub mod ready;
pub(crate) mod requests;
mod run;
mod say;
pub mod shop;
pub(crate) mod store;
pub mod trial;
mod walk;
mod write;

pub use advance::{advance, begin, remind};
pub use check::{Flaw, flaws};
pub use definition::{Act, Begins, Flow, FlowTest, Step, Texts, Who, of_value, read};
pub(crate) use hear::{bare, command, correction, number, other};
pub use run::{End, Field, Input, Requested, Run, Said, Standing, Tap, Turned, Waits, World};
pub(crate) use say::fact;
pub(crate) use walk::names_choice;
pub use write::write;
