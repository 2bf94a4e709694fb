//! The dialogue: what was heard, what is decided, what is said.

mod carry;
mod decide;
mod excerpt;
mod follow;
mod guide;
mod manner;
mod small_talk;
mod speak;
mod speak_flow;
mod word;

pub(crate) use carry::Reach;
pub(crate) use decide::{Act, Heard, Talk, decide};
pub(crate) use excerpt::excerpt;
pub(crate) use follow::follower;
pub(crate) use small_talk::SmallTalk;
