//! SQL of routing.

use std::collections::HashMap;

use ennakoi_kernel::{
    Duration, Environment, Timestamp,
    ids::{ContactId, ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{Engine, FromRow, Result, Row, Tx, params};
use uuid::Uuid;

use super::{Considered, Decision, POSITION_MAX, Routing};
use crate::conversations::{Conversation, QueueBrief, Reason};

/// A conversation that is the customer's turn still takes attention for this long after its last message.
const ATTENTION: Duration = Duration::minutes(30);
/// Turns are remembered for this long.
const TURNS: Duration = Duration::hours(24);

/// A decision as it is stored.
pub(super) struct Stored {
    at: Timestamp,
    reason: String,
    summary: String,
    rule: String,
    queue: Option<QueueId>,
    agent: Option<StaffId>,
    considered: String,
}

impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            at: row.take()?,
            reason: row.take()?,
            summary: row.take()?,
            rule: row.take()?,
            queue: row.take()?,
            agent: row.take()?,
            considered: row.take()?,
        })
    }
}

impl Stored {
    pub(super) fn with_names(self, queues: &HashMap<QueueId, QueueBrief>) -> Result<Routing> {
        Ok(Routing {
            at: self.at,
            reason: self.reason,
            summary: self.summary,
            rule: self.rule,
            queue: self.queue.and_then(|id| queues.get(&id).cloned()),
            agent_id: self.agent,
            considered: serde_json::from_str::<Vec<Considered>>(&self.considered)?,
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: &Conversation, decision: &Decision<'_>) -> Result<()> {
    let reason = conversation.reason.as_ref().map_or("opened", Reason::as_str);
    tx.execute(
        "INSERT INTO routings (id, workspace_id, conversation_id, decided_at, reason, summary, rule, queue_id, agent_id, considered) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            environment.new_uuid(),
            workspace,
            conversation.id,
            environment.now(),
            reason,
            decision.summary,
            decision.rule,
            conversation.queue,
            decision.agent,
            serde_json::to_value(decision.considered)?
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn history(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, limit: u32) -> Result<Vec<Stored>> {
    tx.all(
        "SELECT decided_at, reason, summary, rule, queue_id, agent_id, considered FROM routings \
         WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT $3",
        params![workspace, conversation, limit],
    )
    .await
}

/// Keeps other nodes from routing in this workspace until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        let lock = tx.engine().for_update();
        let _: Vec<(Uuid,)> = tx.all(&format!("SELECT id FROM queues WHERE workspace_id = $1 ORDER BY id{lock}"), params![workspace]).await?;
    }
    Ok(())
}

/// The queues in which somebody waits.
pub(super) async fn queues_with_a_line(tx: &mut Tx, workspace: WorkspaceId, queues: &[QueueId]) -> Result<Vec<QueueId>> {
    let mut waiting = Vec::new();
    for queue in queues {
        let somebody: Option<(ConversationId,)> = tx
            .optional("SELECT id FROM conversations WHERE workspace_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL LIMIT 1", params![workspace, *queue])
            .await?;
        waiting.extend(somebody.map(|_| *queue));
    }
    Ok(waiting)
}

/// Whether anybody waits anywhere.
pub(super) async fn anybody_waits(tx: &mut Tx, workspace: WorkspaceId) -> Result<bool> {
    let found: Option<(ConversationId,)> =
        tx.optional("SELECT id FROM conversations WHERE workspace_id = $1 AND queued_at IS NOT NULL LIMIT 1", params![workspace]).await?;
    Ok(found.is_some())
}

/// Those who wait in a queue: the most urgent first, then whoever has waited longest.
pub(super) async fn line(tx: &mut Tx, workspace: WorkspaceId, queue: QueueId, limit: i64) -> Result<Vec<ConversationId>> {
    let rows: Vec<(ConversationId,)> = tx
        .all(
            "SELECT id FROM conversations WHERE workspace_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL ORDER BY priority, queued_at, id LIMIT $3",
            params![workspace, queue, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn ahead(tx: &mut Tx, workspace: WorkspaceId, queue: QueueId, conversation: &Conversation, since: Timestamp) -> Result<i64> {
    tx.scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM conversations WHERE workspace_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL \
         AND (priority, queued_at, id) < ($3, $4, $5) LIMIT $6) AS ahead",
        params![workspace, queue, conversation.priority.rank(), since, conversation.id, POSITION_MAX],
    )
    .await
}

/// How many conversations take each agent's attention: those that are their turn, and those that were lively in the last half hour.
///
/// # Errors
/// The database refuses.
pub async fn loads(tx: &mut Tx, workspace: WorkspaceId, now: Timestamp) -> Result<HashMap<StaffId, i64>> {
    let rows: Vec<(StaffId, i64)> = tx
        .all(
            "SELECT agent_id, CAST(SUM(CASE WHEN state = 'open' OR last_message_at > $2 THEN 1 ELSE 0 END) AS BIGINT) FROM conversations \
             WHERE workspace_id = $1 AND active AND agent_id IS NOT NULL GROUP BY agent_id",
            params![workspace, now - ATTENTION],
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// When each agent last got something, within a day.
pub(super) async fn turns(tx: &mut Tx, workspace: WorkspaceId, now: Timestamp) -> Result<HashMap<StaffId, Timestamp>> {
    let rows: Vec<(StaffId, Timestamp)> = tx
        .all(
            "SELECT agent_id, MAX(decided_at) FROM routings WHERE workspace_id = $1 AND agent_id IS NOT NULL AND decided_at > $2 AND summary = 'assigned' \
             GROUP BY agent_id",
            params![workspace, now - TURNS],
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// Who helped the customer before this conversation.
pub(super) async fn usual_agent(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId, except: ConversationId) -> Result<Option<StaffId>> {
    let found: Option<(StaffId,)> = tx
        .optional(
            "SELECT agent_id FROM conversations WHERE workspace_id = $1 AND contact_id = $2 AND agent_id IS NOT NULL AND id <> $3 ORDER BY number DESC LIMIT 1",
            params![workspace, contact, except],
        )
        .await?;
    Ok(found.map(|(agent,)| agent))
}

/// Who gave the conversation back, when that was the last thing that happened to it.
pub(super) async fn gave_back(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Option<StaffId>> {
    let found: Option<(String, Option<StaffId>)> = tx
        .optional(
            "SELECT summary, agent_id FROM routings WHERE workspace_id = $1 AND conversation_id = $2 \
             AND summary IN ('assigned', 'taken', 'returned') ORDER BY id DESC LIMIT 1",
            params![workspace, conversation],
        )
        .await?;
    Ok(found.filter(|(summary, _)| summary == "returned").and_then(|(_, agent)| agent))
}

/// Conversations of somebody who cannot serve them any more.
pub(super) async fn of_agent(tx: &mut Tx, workspace: WorkspaceId, agent: StaffId, limit: i64) -> Result<Vec<ConversationId>> {
    let rows: Vec<(ConversationId,)> = tx
        .all(
            "SELECT id FROM conversations WHERE workspace_id = $1 AND active AND agent_id = $2 ORDER BY last_message_at LIMIT $3",
            params![workspace, agent, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
