//! Mails that leave.

pub(crate) mod answers;
pub(crate) mod compose;
pub(crate) mod dkim;
pub(crate) mod letters;
pub(crate) mod outcome;
mod render;
