//! The warning before a breach, and the breach, at the moment they come.

use std::sync::Arc;

use ennakoi_kernel::{
    Duration, Environment, Timestamp,
    ids::{ClockId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
    timers::{self, Timer, TimerKind},
};
use serde_json::{Value, json};

use super::{Stored, follow, store};
use crate::conversations;

const KIND: &str = "inbox.sla";
/// While the follower has events before it, an answer may be among them: the timer waits this long and looks again.
const PATIENCE: Duration = Duration::seconds(1);
/// A follower that is further behind than this holds up nobody's warning.
const AT_MOST: Duration = Duration::minutes(2);

pub(crate) fn kind() -> TimerKind {
    TimerKind { kind: KIND, handle: Arc::new(|tx, environment, timer| Box::pin(fire(tx, environment, timer))) }
}

/// Sets the timer of the clock's next moment, or takes it away.
///
/// # Errors
/// The database refuses.
pub(super) async fn set(tx: &mut Tx, workspace: WorkspaceId, clock: &Stored) -> Result<()> {
    let key = format!("{KIND}:{}", clock.id);
    match next(clock) {
        Some(due) => timers::set(tx, workspace, &key, KIND, due, json!({ "clock": clock.id, "moment": due })).await,
        None => timers::clear(tx, workspace, &key).await,
    }
}

fn next(clock: &Stored) -> Option<Timestamp> {
    if clock.outcome.is_some() {
        return None;
    }
    let warning = clock.warn_at.filter(|_| clock.warned_at.is_none() && clock.breached_at.is_none());
    warning.or(clock.due_at.filter(|_| clock.breached_at.is_none()))
}

/// Notes the moments of the clock that have come by `at`, each once, and returns what is to be told.
pub(super) fn come(clock: &mut Stored, at: Timestamp) -> Vec<NewEvent> {
    let mut events = Vec::new();
    let facts = |clock: &Stored| -> Value {
        json!({ "clock": clock.id, "kind": clock.kind, "due_at": clock.due_at, "policy": clock.policy.map(|(policy, _)| policy), "promise": clock.promise })
    };
    if let Some(moment) = clock.warn_at.filter(|moment| *moment <= at && clock.warned_at.is_none()) {
        clock.warned_at = Some(moment);
        events.push(NewEvent::new("sla.warned", Actor::System, facts(clock)).occurred_at(moment));
    }
    if let Some(moment) = clock.due_at.filter(|moment| *moment <= at && clock.breached_at.is_none()) {
        clock.breached_at = Some(moment);
        events.push(NewEvent::new("sla.breached", Actor::System, facts(clock)).occurred_at(moment));
    }
    events
}

async fn fire(tx: &mut Tx, environment: &Environment, timer: &Timer) -> Result<()> {
    let (workspace, now) = (timer.workspace, environment.now());
    let id: ClockId = serde_json::from_value(timer.payload["clock"].clone())?;
    let moment: Timestamp = serde_json::from_value(timer.payload["moment"].clone())?;
    if store::is_behind(tx, workspace, follow::NAME, moment).await? && now < moment + AT_MOST {
        return timers::set(tx, workspace, &timer.key, KIND, now + PATIENCE, timer.payload.clone()).await;
    }
    let Some(mut clock) = store::find(tx, workspace, id).await?.filter(|clock| clock.outcome.is_none()) else { return Ok(()) };
    let events = come(&mut clock, now);
    if events.is_empty() {
        return set(tx, workspace, &clock).await;
    }
    let Some(conversation) = conversations::find(tx, workspace, clock.conversation).await? else { return Ok(()) };
    store::keep(tx, workspace, &clock).await?;
    set(tx, workspace, &clock).await?;
    let events = events.into_iter().map(|event| event.contact(conversation.contact).conversation(conversation.id)).collect();
    timeline::append(tx, environment, workspace, events).await?;
    Ok(())
}
