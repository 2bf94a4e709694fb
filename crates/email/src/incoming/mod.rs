//! Mails that came.

pub(crate) mod api;
pub(crate) mod authentication;
pub(crate) mod bounce;
pub(crate) mod classify;
pub(crate) mod html;
pub(crate) mod keeper;
pub(crate) mod limits;
pub(crate) mod parse;
pub(crate) mod receive;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod thread;
