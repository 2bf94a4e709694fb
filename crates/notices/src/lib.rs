//! Notices to staff: what people are told about their work, in the console, by mail, on their screens, in Slack and in Teams.
//!
//! Invariants:
//! - a notice follows from an event and commits with the follower's cursor: nothing is told twice, and no request does the work;
//! - what goes out is decided when its rest ends: who has read it meanwhile, is asleep, absent or looking at the console is not disturbed;
//!   for screens and chats, whose ways out may take long, all but the last is asked once more before each call, for letters not;
//! - what leaves the building names the kind and the case's number, and more only where the company and the person have said so;
//! - everything leaves through the outbox; addresses that others gave are called through the one egress client and kept sealed;
//! - what any member may give as an address never leads into a private network, whatever the operator allows elsewhere.

mod api;
mod due;
mod follow;
mod hooks;
mod kinds;
mod letter;
mod policy;
mod push;
mod settings;
mod store;
mod words;

use std::sync::Arc;

use ennakoi_channels::carry::{Carrier, Outcome};
use ennakoi_http::{App, Module};
use ennakoi_kernel::{Timestamp, ids::StaffId};
use ennakoi_people::staff::{self, Reader};
use ennakoi_store::{Result, Tx, outbox::Intent};

use crate::{kinds::Way, settings::NoticeSettings};

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

/// How a planned message ends that must not go now: everything in it was read, it is too old, or the person wants it no more or not yet.
async fn over(tx: &mut Tx, intent: &Intent, way: Way, now: Timestamp) -> Result<Option<Outcome>> {
    let until: Timestamp = serde_json::from_value(intent.payload["until"].clone())?;
    if now > until {
        return Ok(Some(Outcome::Withheld { code: "stale" }));
    }
    let notices = hooks::notices_in(&intent.payload);
    // About no notice in particular: a trial, or what a channel of the company hears.
    if notices.is_empty() {
        return Ok(None);
    }
    let kinds = store::unread_kinds(tx, intent.workspace, &notices).await?;
    if kinds.is_empty() {
        return Ok(Some(Outcome::Unneeded));
    }
    let Some((reader, settings)) = reader_of(tx, intent).await? else { return Ok(Some(Outcome::Withheld { code: "removed" })) };
    if !kinds.iter().any(|kind| settings.ways(*kind, reader.role, now).has(way)) {
        return Ok(Some(Outcome::Withheld { code: "unwanted" }));
    }
    let later = |until: Timestamp| Outcome::Again { reason: "quiet hours".to_owned(), after: Some(until - now) };
    Ok(settings.quiet_until(now).map(later))
}

/// Whom a planned message is for, and what they have chosen.
async fn reader_of(tx: &mut Tx, intent: &Intent) -> Result<Option<(Reader, NoticeSettings)>> {
    let Some(id) = serde_json::from_value::<Option<StaffId>>(intent.payload["staff"].clone())? else { return Ok(None) };
    let Some(reader) = staff::reader(tx, intent.workspace, id).await? else { return Ok(None) };
    let settings = settings::of(tx, intent.workspace, id, reader.role).await?;
    Ok(Some((reader, settings)))
}
