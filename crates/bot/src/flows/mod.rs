//! Flows: what a customer wants done, step by step, with the shop's data.
//!
//! The core is pure: [`begin`] and [`advance`] turn a definition, where the customer stands, what surrounds them and what they said
//! into sentences, requests and a new standing. Invariants: nothing is recorded that was not confirmed; only the customer's own items
//! are spoken of, and an unknown visitor opens an item only with its number and a verified address of its customer; every step can be
//! left, gone back from, and given up for a person; what the program cannot do itself is recorded as a request and called that.

mod advance;
mod check;
mod definition;
mod hear;
pub mod ready;
mod run;
mod say;
pub mod shop;
pub mod trial;
mod walk;

pub use advance::{advance, begin, remind};
pub use check::{Flaw, flaws};
pub use definition::{Act, Begins, Flow, FlowTest, Step, Texts, Who, of_value, read};
pub use run::{End, Field, Input, Requested, Run, Said, Standing, Tap, Turned, Waits, World};
