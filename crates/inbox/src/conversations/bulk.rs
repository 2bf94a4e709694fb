//! One action on many conversations, and its undoing.
//!
//! Undoing compares: a field goes back to what it was before only where it still is what the action made it, so that nothing that
//! happened since is lost.

use std::collections::BTreeSet;

use ennakoi_http::Secret;
use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{ConversationId, LabelId, QueueId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_store::{
    Error, Result, Tx, params,
    timeline::{Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Assignment, Priority, Snapshot, Snooze, State, change, load, lock, timers};
use crate::labels;

/// What is done to each of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BulkAction {
    /// To a colleague, or back to the queue (null).
    Assign {
        agent_id: Option<StaffId>,
    },
    Queue {
        queue_id: QueueId,
    },
    Close {},
    Reopen {},
    Label {
        label_id: LabelId,
    },
    Unlabel {
        label_id: LabelId,
    },
    Priority {
        priority: Priority,
    },
    /// Until a moment, or until the next message (null).
    Snooze {
        until: Option<Timestamp>,
    },
}

/// One that could not be changed, and the code of the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BulkFailure {
    pub id: ConversationId,
    pub code: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BulkOutcome {
    pub changed: Vec<ConversationId>,
    pub failed: Vec<BulkFailure>,
    /// Undoes all of it, once, within an hour; null when nothing changed.
    pub undo_token: Option<String>,
}

/// How long an action can be undone.
const UNDONE_WITHIN: Duration = Duration::hours(1);

/// What a conversation was before, and what the action made of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    id: ConversationId,
    before: Snapshot,
    after: Snapshot,
    /// A label that was put on (`true`) or taken off.
    label: Option<(LabelId, bool)>,
}

/// Does the action to each conversation; those that refuse it are named with the reason.
///
/// # Errors
/// Too many conversations, or the database refuses: then nothing is changed.
pub async fn act(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    staff: StaffId,
    ids: &[ConversationId],
    action: &BulkAction,
) -> Result<BulkOutcome> {
    if ids.is_empty() || ids.len() > limits::BULK {
        return Err(Problem::field("ids", "out_of_range", format!("1 to {} conversations", limits::BULK)).into());
    }
    let mut outcome = BulkOutcome { changed: Vec::new(), failed: Vec::new(), undo_token: None };
    let mut changes = Vec::new();
    // Rows are held in the order of their ids, so that two actions at once cannot wait for each other.
    for id in ids.iter().copied().collect::<BTreeSet<_>>() {
        match apply(tx, environment, workspace, Actor::Staff(staff), id, action).await {
            Ok(Some(change)) => {
                outcome.changed.push(id);
                changes.push(change);
            }
            Ok(None) => {}
            Err(Error::Problem(problem)) => {
                let code = problem.fields.first().map_or_else(|| problem.code.to_owned(), |field| field.code.clone());
                outcome.failed.push(BulkFailure { id, code });
            }
            Err(other) => return Err(other),
        }
    }
    if !changes.is_empty() {
        outcome.undo_token = Some(remember(tx, environment, workspace, staff, &changes).await?);
    }
    Ok(outcome)
}

/// The change, or `None` when it was so already. A refusal comes before anything is written.
///
/// # Errors
/// It is refused, or the database refuses.
pub(crate) async fn apply(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ConversationId,
    action: &BulkAction,
) -> Result<Option<Change>> {
    let before = load(tx, workspace, id).await?;
    let mut label = None;
    let after = match action {
        BulkAction::Assign { agent_id } => change::assign(tx, environment, workspace, id, actor, Assignment { agent: *agent_id, queue: None }).await?,
        BulkAction::Queue { queue_id } => change::assign(tx, environment, workspace, id, actor, Assignment { agent: None, queue: Some(*queue_id) }).await?,
        BulkAction::Close {} => change::close(tx, environment, workspace, id, actor).await?,
        BulkAction::Reopen {} => change::reopen(tx, environment, workspace, id, actor).await?,
        BulkAction::Priority { priority } => change::set_priority(tx, environment, workspace, id, actor, *priority).await?,
        BulkAction::Snooze { until } => change::snooze(tx, environment, workspace, id, actor, Snooze { until: *until }).await?,
        BulkAction::Label { label_id } | BulkAction::Unlabel { label_id } => {
            let on = matches!(action, BulkAction::Label { .. });
            let changed = if on {
                labels::put(tx, environment, workspace, id, *label_id, actor).await?
            } else {
                labels::take_off(tx, environment, workspace, id, *label_id, actor).await?
            };
            label = changed.then_some((*label_id, on));
            before.clone()
        }
    };
    let (before, after) = (Snapshot::of(&before), Snapshot::of(&after));
    Ok((before != after || label.is_some()).then_some(Change { id, before, after, label }))
}

/// Keeps what undoes these changes, in the order in which they go back; returns the token.
///
/// # Errors
/// The database refuses.
pub(crate) async fn remember(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, staff: StaffId, changes: &[Change]) -> Result<String> {
    let token = environment.token(24);
    let now = environment.now();
    tx.execute("DELETE FROM bulk_undos WHERE created_at < $1", params![now - UNDONE_WITHIN]).await?;
    tx.execute(
        "INSERT INTO bulk_undos (token_hash, workspace_id, staff_id, changes, created_at) VALUES ($1, $2, $3, $4, $5)",
        params![Secret::token_hash(&token), workspace, staff, serde_json::to_value(changes)?, now],
    )
    .await?;
    Ok(token)
}

/// Undoes a bulk action of this person; returns what went back.
///
/// # Errors
/// The token is unknown, used, somebody else's or older than an hour.
pub async fn undo(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, staff: StaffId, token: &str) -> Result<Vec<ConversationId>> {
    let stored: Option<(Value,)> = tx
        .optional(
            "DELETE FROM bulk_undos WHERE token_hash = $1 AND workspace_id = $2 AND staff_id = $3 AND created_at >= $4 RETURNING changes",
            params![Secret::token_hash(token), workspace, staff, environment.now() - UNDONE_WITHIN],
        )
        .await?;
    let (changes,) = stored.ok_or_else(|| Problem::not_found("this undo"))?;
    let mut undone = Vec::new();
    for change in serde_json::from_value::<Vec<Change>>(changes)? {
        let id = change.id;
        if restore(tx, environment, workspace, Actor::Staff(staff), change).await? {
            undone.push(id);
        }
    }
    Ok(undone)
}

async fn restore(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, change: Change) -> Result<bool> {
    if let Some((label, on)) = change.label {
        return if on {
            labels::take_off(tx, environment, workspace, change.id, label, actor).await
        } else {
            // It may have been removed altogether since.
            Ok(labels::load(tx, workspace, label).await.is_ok() && labels::put(tx, environment, workspace, change.id, label, actor).await?)
        };
    }
    let mut held = lock(tx, workspace, change.id).await?;
    let now = Snapshot::of(&held);
    let (before, after) = (change.before, change.after);
    let mut events = Vec::new();
    if now.state == after.state && before.state != after.state {
        held.state = before.state;
        held.snoozed_until = before.snoozed_until;
        held.waiting_since = before.waiting_since;
        held.closed_at = before.closed_at;
        let kind = match (before.state, after.state) {
            (State::Closed, _) => "conversation.closed",
            (State::Snoozed, _) => "conversation.snoozed",
            (_, State::Closed) => "conversation.reopened",
            _ => "conversation.woke",
        };
        events.push(NewEvent::new(
            kind,
            actor,
            json!({ "by": "undo", "until": before.snoozed_until, "state": before.state, "waiting_since": before.waiting_since }),
        ));
        let wakes = before.snoozed_until.filter(|until| before.state == State::Snoozed && *until > environment.now());
        timers::wake_at(tx, workspace, change.id, wakes).await?;
    }
    if now.owner == after.owner && before.owner != after.owner {
        held.owner = before.owner();
        held.queue = before.queue;
        let payload = json!({ "agent": held.agent(), "queue": held.queue, "owner": held.owner.kind(), "by": "undo" });
        events.push(NewEvent::new("conversation.assigned", actor, payload));
    }
    if now.priority == after.priority && before.priority != after.priority {
        held.priority = before.priority;
        events.push(NewEvent::new("conversation.updated", actor, json!({ "fields": ["priority"], "priority": before.priority })));
    }
    if events.is_empty() {
        return Ok(false);
    }
    change::finish(tx, environment, workspace, held, events).await?;
    Ok(true)
}
