//! Mails that came.

pub(crate) mod api;
pub(crate) mod authentication;
pub(crate) mod bounce;
pub(crate) mod classify;
pub(crate) mod hooks;
pub(crate) mod html;
pub(crate) mod keeper;
pub(crate) mod limits;
pub(crate) mod lmtp;
pub(crate) mod mailgun;
pub(crate) mod parse;
pub(crate) mod postmark;
pub(crate) mod receive;
pub(crate) mod ses;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod taken;
pub(crate) mod thread;
pub(crate) mod trim;
