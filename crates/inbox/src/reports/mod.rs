//! First reports: how much comes, how long people wait, how long matters take, what comes back.
//!
//! Invariants:
//! - a follower turns events into *facts*, one for each measured thing, and adds each to the *cell* of its hour, channel, queue, agent and length in
//!   the same transaction: figures are sums of cells, and open into the facts that they are sums of;
//! - spans are measured by the time that events carry, by the wall clock and by the opening hours of the conversation's queue;
//! - quantiles are read from lengths in steps of 4 %, so a figure is at most 2 % beside the exact one ([`steps`]).
//!
//! What is still open is no fact yet: it is told beside the figures as a number of its own (censored), never left out in silence.

pub mod api;
pub(crate) mod follow;
pub mod read;
pub mod service;
pub mod steps;
mod store;

use ennakoi_store::stored_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Conversations that began, the bot's too.
    Opened,
    /// Customers who came to people.
    Asked,
    /// From the wish for a person to the first answer of one.
    FirstAnswer,
    /// From a later message to the next answer.
    NextAnswer,
    Closed,
    /// From the wish for a person to the closing.
    Resolution,
    Reopened,
}
stored_as_text!(Measure {
    Opened = "opened",
    Asked = "asked",
    FirstAnswer = "first_answer",
    NextAnswer = "next_answer",
    Closed = "closed",
    Resolution = "resolution",
    Reopened = "reopened"
});
