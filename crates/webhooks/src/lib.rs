//! Outgoing webhooks: what happens here, told to other programs, at least once, signed (Standard Webhooks), in ten tries over
//! 75 hours.
//!
//! Invariants: a delivery is planned in the transaction that follows the event, once for each webhook and event; only the egress
//! client calls out; a receiver that answers 410 is not called again; a secret is never stored, and shown once.

mod api;
mod deliver;
mod follow;
mod sign;
mod store;

use std::sync::Arc;

use ennakoi_http::{App, Module};

/// The module. `kinds` are the events of all modules that webhooks may carry.
#[must_use]
pub fn module(app: &App, kinds: Vec<&'static str>) -> Module {
    let kinds: Arc<[&'static str]> = kinds.into();
    let mut module = Module::new("webhooks");
    module.routes = api::routes();
    module.followers = vec![follow::follower(kinds.clone())];
    let client = deliver::client(app);
    module.background = vec![Arc::new(move |app, stop| Box::pin(deliver::run(app, client.clone(), stop)))];
    module.share(api::Kinds(kinds))
}
