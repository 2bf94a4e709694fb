//! The outbox: what leaves the building is first an intent in the database, unique by a business fact.

pub mod work;

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ContactId, IntentId, WorkspaceId},
};

use crate::{FromRow, Result, Row, Tx, params, stored_as_text};

/// What kind of message it is; decides who may stop it and what happens after an unclear end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Legal,
    Transactional,
    Personal,
    Promotional,
}
stored_as_text!(Class { Legal = "legal", Transactional = "transactional", Personal = "personal", Promotional = "promotional" });

/// How far an intent has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Planned,
    Sending,
    Sent,
    Failed,
    /// The provider's answer was lost; promotional messages stay so, others are retried under the same identity.
    Unknown,
    Cancelled,
    Withheld,
}
stored_as_text!(State {
    Planned = "planned", Sending = "sending", Sent = "sent", Failed = "failed", Unknown = "unknown", Cancelled = "cancelled", Withheld = "withheld",
});

/// A row in which intents leave one after another: the next one when those before it have ended.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Of the workspace, e.g. a conversation.
    pub name: String,
    pub place: i64,
}

/// A message that should leave.
#[derive(Clone, Debug)]
pub struct NewIntent<'a> {
    /// Business facts, e.g. `order:77:confirm`: a second intent with the same key is the same intent.
    pub dedupe_key: &'a str,
    pub class: Class,
    /// Who carries it: `email`, `webhook`.
    pub transport: &'a str,
    pub contact: Option<ContactId>,
    pub payload: serde_json::Value,
    pub send_at: Timestamp,
    /// `None`: whenever it is due.
    pub lane: Option<Lane>,
}

/// An intent claimed for sending.
#[derive(Clone, Debug)]
pub struct Intent {
    pub id: IntentId,
    pub workspace: WorkspaceId,
    pub dedupe_key: String,
    pub class: Class,
    pub contact: Option<ContactId>,
    pub payload: serde_json::Value,
    pub attempts: i64,
}

impl FromRow for Intent {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            workspace: row.take()?,
            dedupe_key: row.take()?,
            class: row.take()?,
            contact: row.take()?,
            payload: row.take()?,
            attempts: row.take()?,
        })
    }
}

/// Plans a message; `None` when the same fact was planned before.
///
/// # Errors
/// The database refuses.
pub async fn plan(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, intent: NewIntent<'_>) -> Result<Option<IntentId>> {
    let id: IntentId = environment.new_id();
    let inserted = tx
        .execute(
            "INSERT INTO intents (id, workspace_id, dedupe_key, class, transport, contact_id, payload, state, send_at, attempts, lease_owner, \
             lease_until, last_error, created_at, finished_at, lane, place) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'planned', $8, 0, NULL, 0, NULL, $9, NULL, $10, $11) ON CONFLICT (workspace_id, dedupe_key) DO NOTHING",
            params![
                id,
                workspace,
                intent.dedupe_key,
                intent.class,
                intent.transport,
                intent.contact,
                intent.payload,
                intent.send_at,
                environment.now(),
                intent.lane.as_ref().map(|lane| lane.name.clone()),
                intent.lane.map(|lane| lane.place)
            ],
        )
        .await?;
    Ok((inserted == 1).then_some(id))
}

/// What was planned under a key, whatever became of it; `None` when nothing was.
///
/// # Errors
/// The database refuses.
pub async fn planned(tx: &mut Tx, workspace: WorkspaceId, dedupe_key: &str) -> Result<Option<serde_json::Value>> {
    let found: Option<(serde_json::Value,)> =
        tx.optional("SELECT payload FROM intents WHERE workspace_id = $1 AND dedupe_key = $2", params![workspace, dedupe_key]).await?;
    Ok(found.map(|(payload,)| payload))
}

/// Cancels what has not been sent yet; returns whether there was something to cancel.
///
/// # Errors
/// The database refuses.
pub async fn cancel(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, dedupe_key: &str) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE intents SET state = 'cancelled', finished_at = $3 WHERE workspace_id = $1 AND dedupe_key = $2 AND state = 'planned'",
            params![workspace, dedupe_key, environment.now()],
        )
        .await?;
    Ok(changed > 0)
}

/// Nothing earlier of the same lane has begun, or should have, and not ended. `$1` is now.
const FIRST_IN_LANE: &str = "(lane IS NULL OR NOT EXISTS (SELECT 1 FROM intents AS earlier WHERE earlier.workspace_id = intents.workspace_id AND \
                             earlier.lane = intents.lane AND earlier.place < intents.place AND earlier.state IN ('planned', 'sending') AND \
                             (earlier.attempts > 0 OR earlier.send_at <= $1)))";

/// Whether something of this transport is due.
///
/// # Errors
/// The database refuses.
pub async fn due(tx: &mut Tx, now: Timestamp, transport: &str) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional(
            &format!("SELECT 1 FROM intents WHERE state IN ('planned', 'sending') AND send_at <= $1 AND lease_until < $1 AND transport = $2 AND {FIRST_IN_LANE} LIMIT 1"),
            params![now, transport],
        )
        .await?;
    Ok(found.is_some())
}

/// Advertising whose sender died while it was on its way: nobody knows whether it arrived, and it is not worth arriving twice.
///
/// # Errors
/// The database refuses.
pub async fn leave_unclear(tx: &mut Tx, now: Timestamp, transport: &str) -> Result<u64> {
    tx.execute(
        "UPDATE intents SET state = 'unknown', lease_owner = NULL, lease_until = 0, finished_at = $1 \
         WHERE state IN ('planned', 'sending') AND state = 'sending' AND send_at <= $1 AND lease_until < $1 AND transport = $2 AND class = 'promotional'",
        params![now, transport],
    )
    .await
}

/// What a process that is gone was sending is due again, without waiting for the end of its lease.
///
/// # Errors
/// The database refuses.
pub async fn reclaim(tx: &mut Tx, transport: &str) -> Result<()> {
    // The first condition is the one of the index of what is due.
    tx.execute(
        "UPDATE intents SET lease_owner = NULL, lease_until = 0 \
         WHERE state IN ('planned', 'sending') AND state = 'sending' AND transport = $1 AND lease_until > 0",
        params![transport],
    )
    .await?;
    Ok(())
}

/// Claims due intents of one transport for `lease_until`, marking them `sending`.
///
/// # Errors
/// The database refuses.
pub async fn claim(tx: &mut Tx, now: Timestamp, lease_until: Timestamp, transport: &str, owner: &str, limit: i64) -> Result<Vec<Intent>> {
    let lock = tx.engine().skip_locked();
    tx.all(
        &format!(
            "UPDATE intents SET state = 'sending', lease_owner = $3, lease_until = $2, attempts = attempts + 1 WHERE id IN \
             (SELECT id FROM intents WHERE state IN ('planned', 'sending') AND send_at <= $1 AND lease_until < $1 AND transport = $4 \
             AND {FIRST_IN_LANE} ORDER BY send_at LIMIT $5{lock}) RETURNING id, workspace_id, dedupe_key, class, contact_id, payload, attempts"
        ),
        params![now, lease_until, owner, transport, limit],
    )
    .await
}

/// Records how a claimed intent ended. `again_at` plans another attempt.
///
/// # Errors
/// The database refuses.
pub async fn finish(tx: &mut Tx, now: Timestamp, id: IntentId, owner: &str, state: State, error: Option<&str>, again_at: Option<Timestamp>) -> Result<()> {
    let (state, send_at, finished_at) = match again_at {
        Some(at) => (State::Planned, Some(at), None),
        None => (state, None, Some(now)),
    };
    tx.execute(
        "UPDATE intents SET state = $3, lease_owner = NULL, lease_until = 0, last_error = $4, send_at = COALESCE($5, send_at), finished_at = $6 \
         WHERE id = $1 AND lease_owner = $2",
        params![id, owner, state, error, send_at, finished_at],
    )
    .await?;
    Ok(())
}
