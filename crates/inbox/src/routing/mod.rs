//! Routing: who of those who serve a queue gets a conversation, and why.
//!
//! What waits, waits in the database in the order of [`store::line`]; routing only ever takes from it, so nothing is lost when nobody
//! has room, when people go home, or when the process dies. Every decision is stored with the people who were considered.

pub mod choose;
pub mod follow;
mod store;

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conversations::{Conversation, QueueBrief};

pub use choose::{Candidate, Considered, Need, Outcome, choose};
pub use store::loads;

/// A stored decision.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Routing {
    pub at: Timestamp,
    /// Why the conversation needed a person.
    pub reason: String,
    /// Code of the outcome: `assigned`, `taken`, `returned`, `nobody_online`, `everybody_full`, `nobody_with_skills`, `closed`.
    pub summary: String,
    pub considered: Vec<Considered>,
    pub queue: Option<QueueBrief>,
    /// Code of the rule that decided: `usual_agent`, `language`, `most_room`, `only_one`, `claimed`, `assigned`, `answered`.
    pub rule: String,
    /// Who got it, or who gave it back.
    pub agent_id: Option<StaffId>,
}

/// A decision to be stored.
pub(crate) struct Decision<'a> {
    pub(crate) summary: &'a str,
    pub(crate) rule: &'a str,
    pub(crate) agent: Option<StaffId>,
    pub(crate) considered: &'a [Considered],
}

/// Stores a decision.
///
/// # Errors
/// The database refuses.
pub(crate) async fn record(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: &Conversation, decision: Decision<'_>) -> Result<()> {
    store::insert(tx, environment, workspace, conversation, &decision).await
}

/// Somebody took it without routing: by claiming, by being given it, or by answering.
///
/// # Errors
/// The database refuses.
pub(crate) async fn record_taking(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: &Conversation,
    agent: StaffId,
    how: &'static str,
) -> Result<()> {
    record(tx, environment, workspace, conversation, Decision { summary: "taken", rule: how, agent: Some(agent), considered: &[] }).await
}

/// Somebody gave it back; routing will not offer it to the same person next.
///
/// # Errors
/// The database refuses.
pub(crate) async fn record_return(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: &Conversation, agent: StaffId) -> Result<()> {
    record(tx, environment, workspace, conversation, Decision { summary: "returned", rule: "by_agent", agent: Some(agent), considered: &[] }).await
}

/// The newest decision about a conversation.
///
/// # Errors
/// The database refuses.
pub async fn latest(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Option<Routing>> {
    Ok(history(tx, workspace, conversation, 1).await?.pop())
}

/// Decisions about a conversation, newest first.
///
/// # Errors
/// The database refuses.
pub async fn history(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, limit: u32) -> Result<Vec<Routing>> {
    let stored = store::history(tx, workspace, conversation, limit).await?;
    if stored.is_empty() {
        return Ok(Vec::new());
    }
    let queues = crate::queues::briefs(tx, workspace).await?;
    stored.into_iter().map(|row| row.with_names(&queues)).collect()
}

/// How many wait in front of a conversation in its queue, at most [`POSITION_MAX`]; `None` when it does not wait.
///
/// # Errors
/// The database refuses.
pub async fn ahead(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation) -> Result<Option<i64>> {
    match (conversation.queue, conversation.queued_at) {
        (Some(queue), Some(since)) => store::ahead(tx, workspace, queue, conversation, since).await.map(Some),
        _ => Ok(None),
    }
}

/// A place in the queue beyond this is not counted.
pub const POSITION_MAX: i64 = 100;

/// Where a timer's payload names a queue.
#[derive(Debug, Serialize, Deserialize)]
struct Opening {
    queue: Option<QueueId>,
}
