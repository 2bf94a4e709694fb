//! The dialogue: what was heard, what is decided, what is said.

mod decide;
mod excerpt;
mod follow;
mod small_talk;
mod speak;

pub(crate) use decide::{Heard, Talk, decide};
pub(crate) use follow::follower;
