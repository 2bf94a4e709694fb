//! Mails that leave.

pub(crate) mod answers;
mod away;
pub(crate) mod compose;
pub(crate) mod dkim;
pub(crate) mod letters;
pub(crate) mod outcome;
mod render;
pub(crate) mod unclear;
