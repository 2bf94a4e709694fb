//! SQL of channels.

use ennakoi_kernel::{
    Timestamp,
    ids::{ChannelId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use uuid::Uuid;

use super::Channel;
use crate::conversations::ChannelBrief;

const SELECT: &str = "SELECT id, workspace_id, kind, name, enabled, settings, public_key, identity_generation, previous_identity_until, created_at \
                      FROM channels WHERE removed_at IS NULL";

impl FromRow for Channel {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            workspace: row.take()?,
            kind: row.take()?,
            name: row.take()?,
            enabled: row.take()?,
            settings: serde_json::from_str(&row.take::<String>()?)?,
            public_key: row.take()?,
            identity_generation: row.take()?,
            previous_identity_until: row.take()?,
            created_at: row.take()?,
        })
    }
}

pub(super) async fn by_public_key(tx: &mut Tx, public_key: Uuid) -> Result<Option<Channel>> {
    tx.optional(&format!("{SELECT} AND public_key = $1 AND enabled"), params![public_key]).await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: ChannelId) -> Result<Option<Channel>> {
    tx.optional(&format!("{SELECT} AND workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

pub(super) async fn kind(tx: &mut Tx, workspace: WorkspaceId, id: ChannelId) -> Result<Option<super::ChannelKind>> {
    let found: Option<(super::ChannelKind,)> = tx.optional("SELECT kind FROM channels WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(found.map(|(kind,)| kind))
}

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, limit: usize) -> Result<Vec<Channel>> {
    tx.all(&format!("{SELECT} AND workspace_id = $1 ORDER BY id LIMIT $2"), params![workspace, limit]).await
}

pub(super) async fn briefs(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<ChannelBrief>> {
    let rows: Vec<(ChannelId, super::ChannelKind, String)> =
        tx.all("SELECT id, kind, name FROM channels WHERE workspace_id = $1 ORDER BY id LIMIT 1000", params![workspace]).await?;
    Ok(rows.into_iter().map(|(id, kind, name)| ChannelBrief { id, kind, name }).collect())
}

pub(super) async fn insert(tx: &mut Tx, channel: &Channel) -> Result<()> {
    tx.execute(
        "INSERT INTO channels (id, workspace_id, kind, name, enabled, settings, public_key, identity_generation, previous_identity_until, created_at, \
         updated_at, removed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, NULL)",
        params![
            channel.id,
            channel.workspace,
            channel.kind,
            &channel.name,
            channel.enabled,
            serde_json::to_value(&channel.settings)?,
            channel.public_key,
            channel.identity_generation,
            channel.previous_identity_until,
            channel.created_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, channel: &Channel, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE channels SET name = $3, enabled = $4, settings = $5, identity_generation = $6, previous_identity_until = $7, updated_at = $8 \
         WHERE workspace_id = $1 AND id = $2",
        params![
            channel.workspace,
            channel.id,
            &channel.name,
            channel.enabled,
            serde_json::to_value(&channel.settings)?,
            channel.identity_generation,
            channel.previous_identity_until,
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: ChannelId, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE channels SET removed_at = $3, enabled = FALSE, updated_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, now])
        .await?;
    Ok(())
}
