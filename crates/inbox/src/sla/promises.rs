//! Promises that an agent makes to one customer: "you will hear from me by Friday".

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{ClockId, ConversationId, PromiseId, WorkspaceId},
    limits,
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params, stored_as_text,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ClockKind, Stored, clock::Clock};
use crate::conversations;

/// Promises of one conversation, at most.
const PROMISES_MAX: usize = 100;
/// The warning comes when so much of the time to the promised moment has passed.
const WARN_PERCENT: i64 = 80;

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromiseState {
    Open,
    Kept,
    Withdrawn,
}
stored_as_text!(PromiseState { Open = "open", Kept = "kept", Withdrawn = "withdrawn" });

/// A promise. Whether it was kept in time, its clock tells.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Promise {
    pub id: PromiseId,
    pub conversation_id: ConversationId,
    /// What was promised, in the agent's words.
    pub body: String,
    pub due_at: Timestamp,
    pub state: PromiseState,
    /// `staff:…` or `api_key:…`.
    pub made_by: String,
    pub made_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

impl FromRow for Promise {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            conversation_id: row.take()?,
            body: row.take()?,
            due_at: row.take()?,
            state: row.take()?,
            made_by: row.take()?,
            made_at: row.take()?,
            closed_at: row.take()?,
        })
    }
}

const SELECT: &str = "SELECT id, conversation_id, body, due_at, state, made_by, made_at, closed_at FROM promises WHERE workspace_id = $1";

/// The promises of a conversation, newest first.
///
/// # Errors
/// The conversation is not there.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<Promise>> {
    conversations::load(tx, workspace, conversation).await?;
    of(tx, workspace, conversation).await
}

/// Who made a promise; `None` when it is not there, or a program made it.
///
/// # Errors
/// The database refuses.
pub async fn maker(tx: &mut Tx, workspace: WorkspaceId, id: PromiseId) -> Result<Option<ennakoi_kernel::ids::StaffId>> {
    let found: Option<(String,)> = tx.optional("SELECT made_by FROM promises WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(match found.map(|(actor,)| actor.parse::<Actor>()).transpose()? {
        Some(Actor::Staff(staff)) => Some(staff),
        _ => None,
    })
}

async fn of(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<Promise>> {
    tx.all(&format!("{SELECT} AND conversation_id = $2 ORDER BY id DESC LIMIT $3"), params![workspace, conversation, PROMISES_MAX]).await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: PromiseId) -> Result<Option<Promise>> {
    tx.optional(&format!("{SELECT} AND id = $2"), params![workspace, id]).await
}

/// Makes a promise.
///
/// # Errors
/// The conversation is not there, the moment has passed, or the words are missing.
pub async fn make(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: ConversationId,
    actor: Actor,
    body: &str,
    due_at: Timestamp,
) -> Result<Promise> {
    let held = conversations::lock(tx, workspace, conversation).await?;
    let now = environment.now();
    let mut errors = FieldErrors::default();
    errors.line("body", body, limits::LINE_CHARACTERS);
    if due_at <= now {
        errors.add("due_at", "in_the_past", "must lie in the future");
    }
    errors.finish()?;
    if of(tx, workspace, conversation).await?.len() >= PROMISES_MAX {
        return Err(Problem::conflict("too_many", format!("at most {PROMISES_MAX} promises")).into());
    }
    let id: PromiseId = environment.new_id();
    tx.execute(
        "INSERT INTO promises (workspace_id, id, conversation_id, body, due_at, state, made_by, made_at, closed_by, closed_at) \
         VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, NULL, NULL)",
        params![workspace, id, conversation, body.trim(), due_at, actor.to_string(), now],
    )
    .await?;
    let event = NewEvent::new("promise.made", actor, json!({ "promise": id, "due_at": due_at }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(conversation)]).await?;
    find(tx, workspace, id).await?.ok_or_else(|| Problem::internal().into())
}

/// Says that a promise was kept, or takes it back. Once said, it stays.
///
/// # Errors
/// It is not there, or it has been closed otherwise.
pub async fn close(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: PromiseId, actor: Actor, state: PromiseState) -> Result<Promise> {
    let promise = find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the promise"))?;
    if state == PromiseState::Open {
        return Err(Problem::field("state", "invalid", "kept or withdrawn").into());
    }
    if promise.state == state {
        return Ok(promise);
    }
    let held = conversations::lock(tx, workspace, promise.conversation_id).await?;
    let closed = tx
        .execute(
            "UPDATE promises SET state = $3, closed_by = $4, closed_at = $5 WHERE workspace_id = $1 AND id = $2 AND state = 'open'",
            params![workspace, id, state, actor.to_string(), environment.now()],
        )
        .await?;
    if closed == 0 {
        return Err(Problem::conflict("promise_closed", "it has been closed already").into());
    }
    let kind = if state == PromiseState::Kept { "promise.kept" } else { "promise.withdrawn" };
    let event = NewEvent::new(kind, actor, json!({ "promise": id, "due_at": promise.due_at }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(promise.conversation_id)]).await?;
    find(tx, workspace, id).await?.ok_or_else(|| Problem::internal().into())
}

/// The clock of a promise, which runs from its making to the promised moment whatever the opening hours.
pub(super) fn clock(promise: &Promise, id: ClockId) -> Stored {
    let target = promise.due_at - promise.made_at;
    let warn_after = ennakoi_kernel::Duration(target.0 / 100 * WARN_PERCENT);
    Stored {
        id,
        conversation: promise.conversation_id,
        kind: ClockKind::Promise,
        policy: None,
        promise: Some(promise.id),
        started_at: promise.made_at,
        clock: Clock::started(promise.made_at, target, warn_after),
        warn_at: None,
        due_at: None,
        warned_at: None,
        breached_at: None,
        outcome: None,
        finished_at: None,
        channel: None,
        queue: None,
        agent: None,
    }
}
