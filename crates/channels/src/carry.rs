//! How answers leave: each channel that does not speak live has an adapter behind [`Channel`], and one courier takes what the
//! outbox holds to it.
//!
//! Invariants: an answer is planned once, in the transaction that follows its message; it is claimed under a lease before it
//! leaves; how it ended is recorded with the message's delivery state in one transaction. An answer whose end is not known is
//! tried again under the same identity, so that the other side can tell that it is the same one.

mod courier;
mod plan;

use std::sync::Arc;

use ennakoi_http::{App, Module};
use ennakoi_inbox::{channels::ChannelKind, conversations::Conversation, messages::Message};
use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ChannelId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, outbox::Intent};
use futures_util::future::BoxFuture;

pub use plan::{ANSWER, settled};

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has taken responsibility for it.
    Sent,
    /// Not now; `after` when the other side named a wait, else the usual next one.
    Again { reason: String, after: Option<Duration> },
    /// Not at all. `code` is for screens, `reason` what the other side said.
    Refused { code: &'static str, reason: String },
    /// It was handed over, but the answer was lost.
    Unclear { reason: String },
    /// It must not be sent; nobody is to blame.
    Withheld { code: &'static str },
    /// Went out together with another one.
    Joined,
    /// The customer has got it another way meanwhile.
    Unneeded,
}

/// Takes what the outbox holds under one name to where it belongs.
pub trait Carrier: Send + Sync + 'static {
    /// What the outbox calls it.
    fn transport(&self) -> &'static str;
    /// Takes one intent out. Called again with the same intent after an unclear end.
    fn send<'a>(&'a self, app: &'a App, intent: &'a Intent) -> BoxFuture<'a, Result<Outcome>>;
}

/// An answer that looks for its way.
pub struct Answer<'a> {
    pub workspace: WorkspaceId,
    pub conversation: &'a Conversation,
    pub message: &'a Message,
    pub now: Timestamp,
}

/// What carries messages to customers who are not listening live. One adapter for each kind; the inbox knows only the kind.
pub trait Channel: Carrier {
    /// Which channels' answers it carries.
    fn kind(&self) -> ChannelKind;
    /// Whether answers of one conversation leave one after another, so that a later one waits while an earlier one is tried again.
    fn keeps_order(&self) -> bool {
        false
    }
    /// Whether it can carry answers of this channel at all.
    fn takes<'a>(&'a self, _tx: &'a mut Tx, _workspace: WorkspaceId, _channel: ChannelId) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async { Ok(true) })
    }
    /// Whether it carries an answer of a channel that does not reach the customer now: they wrote last by this one, or have gone and
    /// left an address. How long to wait first, in case they come back; `None`: it does not.
    fn instead<'a>(&'a self, _tx: &'a mut Tx, _answer: &'a Answer<'a>) -> BoxFuture<'a, Result<Option<Duration>>> {
        Box::pin(async { Ok(None) })
    }
    /// How long an answer rests before it leaves, so that it can be taken back.
    fn hold<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, channel: ChannelId) -> BoxFuture<'a, Result<Duration>>;
}

/// The module: plans answers on these channels and takes them out, and whatever else `carriers` take.
#[must_use]
pub fn module(channels: Vec<Arc<dyn Channel>>, carriers: Vec<Arc<dyn Carrier>>) -> Module {
    let mut module = Module::new("carry");
    module.followers = vec![plan::follower(channels.clone())];
    let all = channels.into_iter().map(|channel| -> Arc<dyn Carrier> { channel }).chain(carriers);
    module.background =
        all.map(|carrier| -> ennakoi_http::Background { Arc::new(move |app, stop| Box::pin(courier::run(app, carrier.clone(), stop))) }).collect();
    module
}
