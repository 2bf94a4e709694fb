//! Snoozed conversations that wake by themselves.

use std::sync::Arc;

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ConversationId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    timeline::Actor,
    timers::{self, Timer, TimerKind},
};
use serde_json::json;

use super::{State, change, store};

const KIND: &str = "inbox.wake";

fn key(conversation: ConversationId) -> String {
    format!("{KIND}:{conversation}")
}

/// Sets the moment of waking, or removes it.
///
/// # Errors
/// The database refuses.
pub(crate) async fn wake_at(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, until: Option<Timestamp>) -> Result<()> {
    match until {
        Some(until) => timers::set(tx, workspace, &key(conversation), KIND, until, json!({ "conversation": conversation })).await,
        None => forget(tx, workspace, conversation).await,
    }
}

/// Removes the moment of waking.
///
/// # Errors
/// The database refuses.
pub(crate) async fn forget(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<()> {
    timers::clear(tx, workspace, &key(conversation)).await
}

pub(crate) fn kind() -> TimerKind {
    TimerKind { kind: KIND, handle: Arc::new(|tx, environment, timer| Box::pin(wake(tx, environment, timer))) }
}

async fn wake(tx: &mut Tx, environment: &Environment, timer: &Timer) -> Result<()> {
    let id: ConversationId = serde_json::from_value(timer.payload["conversation"].clone())?;
    // It may have been erased; and it may have been snoozed again, for longer.
    if store::find(tx, timer.workspace, id).await?.is_none() {
        return Ok(());
    }
    let held = store::lock(tx, timer.workspace, id).await?;
    if held.state == State::Snoozed && held.snoozed_until.is_some_and(|until| until <= environment.now()) {
        change::wake(tx, environment, timer.workspace, held, Actor::System, "timer").await?;
    }
    Ok(())
}
