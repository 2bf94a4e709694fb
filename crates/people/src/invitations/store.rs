//! SQL of invitations.

use ennakoi_http::Secret;
use ennakoi_kernel::{
    Timestamp,
    ids::{InvitationId, StaffId, WorkspaceId},
};
use ennakoi_store::{Error, FromRow, Result, Row, Tx, params, timeline::Actor};

use super::{Invitation, Open};

impl FromRow for Invitation {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            email: row.take()?,
            role: row.take::<String>()?.parse().map_err(Error::Decode)?,
            created_at: row.take()?,
            expires_at: row.take()?,
            link: None,
        })
    }
}

impl FromRow for Open {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { workspace: row.take()?, id: row.take()?, email: row.take()?, role: row.take::<String>()?.parse().map_err(Error::Decode)? })
    }
}

pub(super) async fn is_member(tx: &mut Tx, workspace: WorkspaceId, email_normalised: &str) -> Result<bool> {
    let row: Option<(StaffId,)> = tx
        .optional(
            "SELECT s.id FROM staff s JOIN memberships m ON m.staff_id = s.id WHERE m.workspace_id = $1 AND s.email_normalised = $2 AND m.left_at IS NULL",
            params![workspace, email_normalised],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn replace(tx: &mut Tx, workspace: WorkspaceId, it: &Invitation, email_normalised: &str, token_hash: &str, actor: Actor) -> Result<()> {
    tx.execute("DELETE FROM invitations WHERE workspace_id = $1 AND email_normalised = $2", params![workspace, email_normalised]).await?;
    tx.execute(
        "INSERT INTO invitations (workspace_id, id, email, email_normalised, role, token_hash, invited_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![workspace, it.id, &it.email, email_normalised, it.role.as_str(), token_hash, actor.to_string(), it.created_at, it.expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, before: InvitationId, limit: u32) -> Result<Vec<Invitation>> {
    tx.all(
        "SELECT id, email, role, created_at, expires_at FROM invitations WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        params![workspace, before, limit],
    )
    .await
}

pub(super) async fn find_open(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<Open>> {
    tx.optional("SELECT workspace_id, id, email, role FROM invitations WHERE token_hash = $1 AND expires_at > $2", params![Secret::token_hash(token), now])
        .await
}

/// Removes the invitation; `false` when it is not there any more.
pub(super) async fn take(tx: &mut Tx, workspace: WorkspaceId, id: InvitationId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM invitations WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await? == 1)
}
