//! SQL of webhooks and their deliveries.

use ennakoi_kernel::{
    Timestamp,
    ids::{DeliveryId, WebhookId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

/// Webhooks of one workspace, at most.
pub(crate) const MOST: i64 = 50;

/// Where events are told.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Webhook {
    pub(crate) id: WebhookId,
    pub(crate) url: String,
    /// Kinds of events it hears of; empty: all.
    pub(crate) kinds: Vec<String>,
    pub(crate) enabled: bool,
    /// Why it was switched off by itself, e.g. `gone`.
    pub(crate) disabled_reason: Option<String>,
    #[serde(skip)]
    pub(crate) rotation: i64,
    pub(crate) rotated_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

impl FromRow for Webhook {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            url: row.take()?,
            kinds: serde_json::from_str(&row.take::<String>()?)?,
            enabled: row.take()?,
            disabled_reason: row.take()?,
            rotation: row.take()?,
            rotated_at: row.take()?,
            created_at: row.take()?,
        })
    }
}

const COLUMNS: &str = "id, url, kinds, enabled, disabled_reason, rotation, rotated_at, created_at";

pub(crate) async fn all(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Webhook>> {
    tx.all(&format!("SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 ORDER BY id LIMIT $2"), params![workspace, MOST]).await
}

pub(crate) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: WebhookId) -> Result<Option<Webhook>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

/// A delivery as it is listed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DeliveryRow {
    pub(crate) id: DeliveryId,
    pub(crate) kind: String,
    /// `planned`, `delivered`, `failed`.
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: Timestamp,
    /// HTTP status of the last answer.
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

impl FromRow for DeliveryRow {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            kind: row.take()?,
            state: row.take()?,
            attempts: row.take()?,
            next_at: row.take()?,
            last_status: row.take()?,
            last_error: row.take()?,
            created_at: row.take()?,
            finished_at: row.take()?,
        })
    }
}

pub(crate) async fn deliveries(tx: &mut Tx, workspace: WorkspaceId, webhook: WebhookId, before: DeliveryId, limit: u32) -> Result<Vec<DeliveryRow>> {
    tx.all(
        "SELECT id, kind, state, attempts, next_at, last_status, last_error, created_at, finished_at FROM webhook_deliveries \
         WHERE workspace_id = $1 AND webhook_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
        params![workspace, webhook, before, limit],
    )
    .await
}

pub(crate) struct NewDelivery<'a> {
    pub(crate) id: DeliveryId,
    pub(crate) webhook: WebhookId,
    /// Number of the event; a test message has a negative one.
    pub(crate) seq: i64,
    pub(crate) kind: &'a str,
    pub(crate) body: &'a str,
}

pub(crate) async fn plan(tx: &mut Tx, workspace: WorkspaceId, now: Timestamp, new: NewDelivery<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO webhook_deliveries (id, workspace_id, webhook_id, event_seq, kind, body, state, attempts, next_at, lease_until, last_status, last_error, \
         created_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, 'planned', 0, $7, 0, NULL, NULL, $7, NULL) ON CONFLICT (webhook_id, event_seq) DO NOTHING",
        params![new.id, workspace, new.webhook, new.seq, new.kind, new.body, now],
    )
    .await?;
    Ok(())
}

/// A delivery claimed for one attempt.
pub(crate) struct Claimed {
    pub(crate) id: DeliveryId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) webhook: WebhookId,
    pub(crate) body: String,
    pub(crate) attempts: i64,
}

impl FromRow for Claimed {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, workspace: row.take()?, webhook: row.take()?, body: row.take()?, attempts: row.take()? })
    }
}

pub(crate) async fn due(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let row: Option<(i64,)> =
        tx.optional("SELECT 1 FROM webhook_deliveries WHERE state = 'planned' AND next_at <= $1 AND lease_until < $1 LIMIT 1", params![now]).await?;
    Ok(row.is_some())
}

/// Deliveries that a process which is gone had begun are due again.
pub(crate) async fn reclaim(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE webhook_deliveries SET lease_until = 0 WHERE state = 'planned' AND lease_until > 0", params![]).await?;
    Ok(())
}

pub(crate) async fn claim(tx: &mut Tx, now: Timestamp, lease_until: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    let lock = tx.engine().skip_locked();
    tx.all(
        &format!(
            "UPDATE webhook_deliveries SET lease_until = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM webhook_deliveries \
             WHERE state = 'planned' AND next_at <= $1 AND lease_until < $1 ORDER BY next_at LIMIT $3{lock}) \
             RETURNING id, workspace_id, webhook_id, body, attempts"
        ),
        params![now, lease_until, limit],
    )
    .await
}

/// How one attempt ended.
pub(crate) struct Attempt {
    pub(crate) state: &'static str,
    pub(crate) next_at: Timestamp,
    pub(crate) status: Option<i64>,
    pub(crate) error: Option<String>,
    pub(crate) finished_at: Option<Timestamp>,
}

pub(crate) async fn record(tx: &mut Tx, workspace: WorkspaceId, id: DeliveryId, attempt: Attempt) -> Result<()> {
    tx.execute(
        "UPDATE webhook_deliveries SET state = $3, next_at = $4, lease_until = 0, last_status = $5, last_error = $6, finished_at = $7 \
         WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, attempt.state, attempt.next_at, attempt.status, attempt.error, attempt.finished_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn disable(tx: &mut Tx, workspace: WorkspaceId, id: WebhookId, reason: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE webhooks SET enabled = FALSE, disabled_reason = $3, updated_at = $4 WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, reason, now],
    )
    .await?;
    tx.execute(
        "UPDATE webhook_deliveries SET state = 'failed', last_error = $3, finished_at = $4 WHERE workspace_id = $1 AND webhook_id = $2 AND state = 'planned'",
        params![workspace, id, reason, now],
    )
    .await?;
    Ok(())
}

/// Removes what is finished and older than `before`.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute(
        "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE state <> 'planned' AND created_at < $1 LIMIT 1000)",
        params![before],
    )
    .await
}
