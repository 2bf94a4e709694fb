//! SQL of imports.

use ennakoi_kernel::{
    Timestamp,
    ids::{ChannelId, ConversationId, ImportId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, outbox::work::Claim, params, stored_as_text, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Rejection};

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// The dry run.
    Checking,
    /// The dry run is through; nothing is written before somebody says so.
    Checked,
    Running,
    /// Held by somebody; it goes on where it was.
    Paused,
    Finished,
    /// The file cannot be read; `trouble` says why.
    Failed,
}
stored_as_text!(Phase { Checking = "checking", Checked = "checked", Running = "running", Paused = "paused", Finished = "finished", Failed = "failed" });

/// An import.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) id: ImportId,
    pub(super) workspace: WorkspaceId,
    pub(super) channel: ChannelId,
    pub(super) format: Format,
    /// Name of the system that the ids are of.
    pub(super) source: String,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) bytes: i64,
    pub(super) phase: Phase,
    pub(super) trouble: Option<String>,
    pub(super) counts: Counts,
    pub(super) preview: Value,
    pub(super) started_by: Actor,
    pub(super) created_at: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
}

/// What came of the records so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Counts {
    pub(super) total: i64,
    pub(super) done: i64,
    pub(super) created: i64,
    pub(super) updated: i64,
    pub(super) unchanged: i64,
    pub(super) rejected: i64,
    pub(super) messages: i64,
}

impl FromRow for Import {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            workspace: row.take()?,
            channel: row.take()?,
            format: row.take()?,
            source: row.take()?,
            name: row.take()?,
            sha256: row.take()?,
            bytes: row.take()?,
            phase: row.take()?,
            trouble: row.take()?,
            counts: Counts {
                total: row.take()?,
                done: row.take()?,
                created: row.take()?,
                updated: row.take()?,
                unchanged: row.take()?,
                rejected: row.take()?,
                messages: row.take()?,
            },
            preview: row.take()?,
            started_by: row.take::<String>()?.parse()?,
            created_at: row.take()?,
            finished_at: row.take()?,
        })
    }
}

const COLUMNS: &str = "id, workspace_id, channel_id, format, source, name, sha256, bytes, state, trouble, total, done, created, updated, unchanged, rejected, \
                       messages, preview, started_by, created_at, finished_at";

pub(super) async fn insert(tx: &mut Tx, it: &Import) -> Result<()> {
    tx.execute(
        "INSERT INTO history_imports (workspace_id, id, channel_id, format, source, name, sha256, bytes, state, trouble, total, done, created, updated, \
         unchanged, rejected, messages, preview, started_by, lease_owner, lease_until, created_at, finished_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 0, 0, 0, 0, 0, 0, 0, $10, $11, NULL, 0, $12, NULL)",
        params![
            it.workspace,
            it.id,
            it.channel,
            it.format,
            &it.source,
            &it.name,
            &it.sha256,
            it.bytes,
            it.phase,
            it.preview.clone(),
            it.started_by.to_string(),
            it.created_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: ImportId) -> Result<Option<Import>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM history_imports WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, before: ImportId, limit: u32) -> Result<Vec<Import>> {
    tx.all(&format!("SELECT {COLUMNS} FROM history_imports WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"), params![workspace, before, limit])
        .await
}

pub(super) async fn due(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let found: Option<(i64,)> =
        tx.optional("SELECT 1 FROM history_imports WHERE state IN ('checking', 'running') AND lease_until < $1 LIMIT 1", params![now]).await?;
    Ok(found.is_some())
}

pub(super) async fn claim(tx: &mut Tx, claim: Claim<'_>) -> Result<Vec<Import>> {
    let lock = tx.engine().skip_locked();
    tx.all(
        &format!(
            "UPDATE history_imports SET lease_owner = $2, lease_until = $3 WHERE id IN (SELECT id FROM history_imports \
             WHERE state IN ('checking', 'running') AND lease_until < $1 ORDER BY created_at LIMIT $4{lock}) RETURNING {COLUMNS}"
        ),
        params![claim.now, claim.owner, claim.until, claim.limit],
    )
    .await
}

/// Imports that a process which is gone was working on go on at once.
pub(super) async fn reclaim(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE history_imports SET lease_owner = NULL, lease_until = 0 WHERE lease_owner IS NOT NULL", params![]).await?;
    Ok(())
}

/// Notes how far it has come and keeps the lease; false when it was held, removed, or is another's now.
pub(super) async fn advance(tx: &mut Tx, it: &Import, owner: &str, until: Timestamp) -> Result<bool> {
    let kept = tx
        .execute(
            "UPDATE history_imports SET total = $4, done = $5, created = $6, updated = $7, unchanged = $8, rejected = $9, messages = $10, lease_until = $11 \
             WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3 AND state = $12",
            params![
                it.workspace,
                it.id,
                owner,
                it.counts.total,
                it.counts.done,
                it.counts.created,
                it.counts.updated,
                it.counts.unchanged,
                it.counts.rejected,
                it.counts.messages,
                until,
                it.phase
            ],
        )
        .await?;
    Ok(kept == 1)
}

/// Ends a phase.
pub(super) async fn settle(tx: &mut Tx, it: &Import, phase: Phase, trouble: Option<&str>, finished_at: Option<Timestamp>) -> Result<()> {
    tx.execute(
        "UPDATE history_imports SET state = $3, trouble = $4, preview = $5, finished_at = $6, lease_owner = NULL, lease_until = 0 \
         WHERE workspace_id = $1 AND id = $2 AND state = $7",
        params![it.workspace, it.id, phase, trouble.map(str::to_owned), it.preview.clone(), finished_at, it.phase],
    )
    .await?;
    Ok(())
}

/// Changes the phase by hand; false when it was in another one by now.
pub(super) async fn turn(tx: &mut Tx, it: &Import, phase: Phase) -> Result<bool> {
    let turned = tx
        .execute(
            "UPDATE history_imports SET state = $3, lease_owner = NULL, lease_until = 0 WHERE workspace_id = $1 AND id = $2 AND state = $4",
            params![it.workspace, it.id, phase, it.phase],
        )
        .await?;
    Ok(turned == 1)
}

/// The counts of the dry run, and what it rejected, make room for those of the writing.
pub(super) async fn begin(tx: &mut Tx, it: &Import) -> Result<()> {
    tx.execute(
        "UPDATE history_imports SET done = 0, created = 0, updated = 0, unchanged = 0, rejected = 0, messages = 0 WHERE workspace_id = $1 AND id = $2",
        params![it.workspace, it.id],
    )
    .await?;
    forget_rejections(tx, it).await
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: ImportId) -> Result<()> {
    tx.execute("DELETE FROM history_imports WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

pub(super) async fn forget_rejections(tx: &mut Tx, it: &Import) -> Result<()> {
    tx.execute("DELETE FROM history_rejections WHERE workspace_id = $1 AND import_id = $2", params![it.workspace, it.id]).await?;
    Ok(())
}

/// `place` is the record's in the file, from 0.
pub(super) async fn reject(tx: &mut Tx, it: &Import, place: i64, rejection: &Rejection) -> Result<()> {
    tx.execute(
        "INSERT INTO history_rejections (workspace_id, import_id, place, record, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![it.workspace, it.id, place, &rejection.record, rejection.reason],
    )
    .await?;
    Ok(())
}

/// A record that was not taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct RejectionRow {
    /// Its place in the file, from 1.
    pub(super) place: i64,
    pub(super) record: String,
    /// Code of the reason.
    pub(super) reason: String,
}

impl FromRow for RejectionRow {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { place: row.take()?, record: row.take()?, reason: row.take()? })
    }
}

pub(super) async fn rejections(tx: &mut Tx, workspace: WorkspaceId, id: ImportId, after: i64, limit: u32) -> Result<Vec<RejectionRow>> {
    tx.all(
        "SELECT place + 1, record, reason FROM history_rejections WHERE workspace_id = $1 AND import_id = $2 AND place >= $3 ORDER BY place LIMIT $4",
        params![workspace, id, after, limit],
    )
    .await
}

/// The conversation that a record became before.
pub(super) async fn known(tx: &mut Tx, it: &Import, record: &str) -> Result<Option<ConversationId>> {
    let found: Option<(ConversationId,)> = tx
        .optional(
            "SELECT conversation_id FROM history_conversations WHERE workspace_id = $1 AND source = $2 AND record = $3",
            params![it.workspace, &it.source, record],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

pub(super) async fn remember(tx: &mut Tx, it: &Import, record: &str, conversation: ConversationId) -> Result<()> {
    tx.execute(
        "INSERT INTO history_conversations (workspace_id, source, record, conversation_id) VALUES ($1, $2, $3, $4)",
        params![it.workspace, &it.source, record, conversation],
    )
    .await?;
    Ok(())
}
