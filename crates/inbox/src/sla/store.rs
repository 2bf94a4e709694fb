//! SQL of tracks and clocks.

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ClockId, ConversationId, PolicyId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};

use super::{ClockKind, Stored, clock::Clock, track::Track};
use crate::{conversations::State, sql};

/// Clocks of one conversation that are read at once; the newest.
const CLOCKS_MAX: u32 = 200;

const COLUMNS: &str = "id, conversation_id, kind, policy_id, policy_version, promise_id, started_at, target, warn_after, elapsed, running_since, \
                       warn_at, due_at, warned_at, breached_at, outcome, finished_at, channel_id, queue_id, agent_id";

impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, conversation, kind) = (row.take()?, row.take()?, row.take()?);
        let (policy, version): (Option<PolicyId>, Option<i64>) = (row.take()?, row.take()?);
        let (promise, started_at) = (row.take()?, row.take()?);
        let clock = Clock { target: Duration(row.take()?), warn_after: Duration(row.take()?), elapsed: Duration(row.take()?), running_since: row.take()? };
        Ok(Self {
            id,
            conversation,
            kind,
            policy: policy.zip(version),
            promise,
            started_at,
            clock,
            warn_at: row.take()?,
            due_at: row.take()?,
            warned_at: row.take()?,
            breached_at: row.take()?,
            outcome: row.take()?,
            finished_at: row.take()?,
            channel: row.take()?,
            queue: row.take()?,
            agent: row.take()?,
        })
    }
}

/// A conversation, whether it is a person's, its state, whether it waits, since when, whether it was answered.
type Kept = (ConversationId, bool, State, bool, Option<Timestamp>, bool);

/// Where these conversations stand, those that were followed before.
pub(super) async fn tracks(tx: &mut Tx, workspace: WorkspaceId, conversations: &[ConversationId]) -> Result<BTreeMap<ConversationId, Track>> {
    let (places, values) = sql::list(2, conversations);
    let found: Vec<Kept> = tx
        .all(
            &format!(
                "SELECT conversation_id, peoples, state, waits, asked_at, answered FROM sla_tracks WHERE workspace_id = $1 AND conversation_id IN ({places})"
            ),
            &sql::with_list(&[workspace.into()], values),
        )
        .await?;
    Ok(found.into_iter().map(|(id, peoples, state, waits, asked_at, answered)| (id, Track { peoples, state, asked_at, answered, waits })).collect())
}

pub(super) async fn keep_track(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, track: Track) -> Result<()> {
    tx.execute(
        "INSERT INTO sla_tracks (workspace_id, conversation_id, peoples, state, waits, asked_at, answered) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET peoples = $3, state = $4, waits = $5, asked_at = $6, answered = $7",
        params![workspace, conversation, track.peoples, track.state, track.waits, track.asked_at, track.answered],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_conversation(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<Stored>> {
    tx.all(
        &format!("SELECT {COLUMNS} FROM sla_clocks WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT $3"),
        params![workspace, conversation, CLOCKS_MAX],
    )
    .await
}

/// The clocks of these conversations that have not ended, oldest first within each.
pub(super) async fn open_of(tx: &mut Tx, workspace: WorkspaceId, conversations: &[ConversationId]) -> Result<Vec<Stored>> {
    let (places, values) = sql::list(2, conversations);
    let query =
        format!("SELECT {COLUMNS} FROM sla_clocks WHERE workspace_id = $1 AND conversation_id IN ({places}) AND outcome IS NULL ORDER BY conversation_id, id");
    tx.all(&query, &sql::with_list(&[workspace.into()], values)).await
}

/// The clocks that run under a policy, a piece at a time.
pub(super) async fn open_under(tx: &mut Tx, workspace: WorkspaceId, policy: PolicyId, after: ClockId, limit: i64) -> Result<Vec<Stored>> {
    tx.all(
        &format!("SELECT {COLUMNS} FROM sla_clocks WHERE workspace_id = $1 AND policy_id = $2 AND outcome IS NULL AND id > $3 ORDER BY id LIMIT $4"),
        params![workspace, policy, after, limit],
    )
    .await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: ClockId) -> Result<Option<Stored>> {
    let lock = tx.engine().for_update();
    tx.optional(&format!("SELECT {COLUMNS} FROM sla_clocks WHERE workspace_id = $1 AND id = $2{lock}"), params![workspace, id]).await
}

/// Writes a new or changed clock.
pub(super) async fn keep(tx: &mut Tx, workspace: WorkspaceId, it: &Stored) -> Result<()> {
    tx.execute(
        "INSERT INTO sla_clocks (workspace_id, id, conversation_id, kind, policy_id, policy_version, promise_id, started_at, target, warn_after, elapsed, \
         running_since, warn_at, due_at, warned_at, breached_at, outcome, finished_at, channel_id, queue_id, agent_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET policy_id = $5, policy_version = $6, target = $9, warn_after = $10, elapsed = $11, \
         running_since = $12, warn_at = $13, due_at = $14, warned_at = $15, breached_at = $16, outcome = $17, finished_at = $18, channel_id = $19, \
         queue_id = $20, agent_id = $21",
        params![
            workspace,
            it.id,
            it.conversation,
            it.kind,
            it.policy.map(|(policy, _)| policy),
            it.policy.map(|(_, version)| version),
            it.promise,
            it.started_at,
            it.clock.target.0,
            it.clock.warn_after.0,
            it.clock.elapsed.0,
            it.clock.running_since,
            it.warn_at,
            it.due_at,
            it.warned_at,
            it.breached_at,
            it.outcome,
            it.finished_at,
            it.channel,
            it.queue,
            it.agent
        ],
    )
    .await?;
    Ok(())
}

/// What the lists show of the open clocks, in the conversation's own row. Returns whether anything is different now.
pub(super) async fn show(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, open: &[Stored]) -> Result<bool> {
    type Shown = (Option<ClockKind>, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>);
    let first = open.iter().filter_map(|clock| Some((clock.due_at?, clock.warn_at?, clock.kind))).min_by_key(|(due, ..)| *due);
    let promised = open.iter().filter(|clock| clock.kind == ClockKind::Promise).filter_map(|clock| clock.due_at).min();
    let next: Shown = first.map_or((None, None, None, promised), |(due, warn, kind)| (Some(kind), Some(warn), Some(due), promised));
    let before: Option<Shown> = tx
        .optional(
            "SELECT sla_kind, sla_warn_at, sla_due_at, promise_due_at FROM conversations WHERE workspace_id = $1 AND id = $2",
            params![workspace, conversation],
        )
        .await?;
    if before.is_none_or(|before| before == next) {
        return Ok(false);
    }
    let (kind, warn, due, promised) = next;
    tx.execute(
        "UPDATE conversations SET sla_kind = $3, sla_warn_at = $4, sla_due_at = $5, promise_due_at = $6, version = version + 1 \
         WHERE workspace_id = $1 AND id = $2",
        params![workspace, conversation, kind, warn, due, promised],
    )
    .await?;
    Ok(true)
}

/// Whether the follower has events before it that happened by `until`: one of them may have stopped a clock.
pub(super) async fn is_behind(tx: &mut Tx, workspace: WorkspaceId, follower: &str, until: Timestamp) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional(
            "SELECT seq FROM events WHERE workspace_id = $1 AND occurred_at <= $3 \
             AND seq > COALESCE((SELECT f.seq FROM followers f WHERE f.workspace_id = $1 AND f.name = $2), 0) ORDER BY seq LIMIT 1",
            params![workspace, follower, until],
        )
        .await?;
    Ok(found.is_some())
}
