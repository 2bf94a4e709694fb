//! Notices to staff: what people are told about their work, in the console, by mail, on their screens, in Slack and in Teams.
//!
//! Invariants:
//! - a notice follows from an event and commits with the follower's cursor: nothing is told twice, and no request does the work;
//! - what goes out is decided when it goes: who has read it meanwhile, is asleep, absent or looking at the console is not disturbed;
//! - what leaves the building names the kind and the case's number, and more only where the person has said so;
//! - everything leaves through the outbox; addresses that others gave are called through the one egress client and kept sealed.

mod api;
mod due;
mod follow;
mod hooks;
mod kinds;
mod letter;
mod push;
mod settings;
mod store;
mod words;

use std::sync::Arc;

use ennakoi_channels::carry::{Carrier, Outcome};
use ennakoi_http::{App, Module};
use ennakoi_kernel::Timestamp;
use ennakoi_store::{Result, Tx, outbox::Intent};

/// What this crate adds to the program.
#[must_use]
pub fn module(app: &App) -> Module {
    let mut module = Module::new("notices");
    module.routes = api::routes();
    module.routes.extend(api::outside::routes());
    module.followers = vec![follow::follower(app)];
    module.timers = vec![due::timer(app)];
    module
}

/// What takes notices out; none where no call can be made at all.
#[must_use]
pub fn carriers(app: &App) -> Vec<Arc<dyn Carrier>> {
    let chat = hooks::Chat::new(app).map(|chat| -> Arc<dyn Carrier> { Arc::new(chat) });
    let push = push::Push::new(app).map(|push| -> Arc<dyn Carrier> { Arc::new(push) });
    chat.into_iter().chain(push).collect()
}

/// How a planned message ends that is no news any more: everything in it was read, or it is too old.
async fn over(tx: &mut Tx, intent: &Intent, now: Timestamp) -> Result<Option<Outcome>> {
    let until: Timestamp = serde_json::from_value(intent.payload["until"].clone())?;
    if now > until {
        return Ok(Some(Outcome::Withheld { code: "stale" }));
    }
    Ok((!hooks::is_news(tx, intent.workspace, &intent.payload).await?).then_some(Outcome::Unneeded))
}
