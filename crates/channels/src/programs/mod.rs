//! Programs of others as channels: any system that can make and take signed calls brings its customers' messages and gets the answers.
//!
//! Invariants:
//! - nothing of a call is parsed before its signature fits, unless a key of this workspace brings it;
//! - a message is taken in once for each channel, however often and from whichever side it is sent;
//! - what the other program says about a person proves that person's identities only where an administrator has said so;
//! - answers of one conversation leave in their order; a later one waits for an earlier one that is tried again;
//! - the two secrets (calls in, calls out) are derived, never stored, and shown once.

mod admin;
mod answers;
mod inbound;
mod people;
mod receive;
mod secrets;
mod statuses;
mod store;

use std::sync::Arc;

use ennakoi_http::{App, Module};

use crate::carry::Channel;

/// Settings of these channels and what their programs bring.
#[must_use]
pub fn module() -> Module {
    let mut module = Module::new("programs");
    module.routes = admin::routes();
    module.routes.extend(inbound::routes());
    module
}

/// What carries answers to them; nothing when no call can be made at all.
#[must_use]
pub fn carrier(app: &App) -> Option<Arc<dyn Channel>> {
    let client = answers::client(app)?;
    Some(Arc::new(answers::Answers { client }))
}
