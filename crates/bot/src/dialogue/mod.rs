//! The dialogue: what was heard, what is decided, what is said.

mod carry;
mod decide;
mod excerpt;
mod follow;
mod small_talk;
mod speak;
mod speak_flow;

pub(crate) use decide::{Act, Heard, Talk, decide};
pub(crate) use follow::follower;
