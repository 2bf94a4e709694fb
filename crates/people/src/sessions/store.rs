//! SQL of sessions.

use ennakoi_http::Secret;
use ennakoi_kernel::{
    Timestamp,
    access::{Permission, Role},
    ids::{ApiKeyId, SessionId, StaffId, WorkspaceId},
};
use ennakoi_store::{Error, FromRow, Result, Row, Tx, params};

use super::{Begun, Origin, Proof, api::SessionRow};

pub(super) async fn insert(tx: &mut Tx, staff: StaffId, begun: &Begun, proof: Proof, origin: &Origin, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO sessions (id, staff_id, token_hash, second_factor, user_agent, address, created_at, last_seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        params![begun.id, staff, Secret::token_hash(&begun.token), proof == Proof::TwoFactors, &origin.user_agent, &origin.address, now, expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_by_token(tx: &mut Tx, token: &str) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE token_hash = $1", params![Secret::token_hash(token)]).await?;
    Ok(())
}

/// A few at a time, so that no sign-in pays for all.
pub(super) async fn delete_ended(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT 50)", params![now]).await?;
    Ok(())
}

pub(super) async fn delete_of_staff(tx: &mut Tx, staff: StaffId, keep: Option<SessionId>) -> Result<u64> {
    match keep {
        Some(keep) => tx.execute("DELETE FROM sessions WHERE staff_id = $1 AND id <> $2", params![staff, keep]).await,
        None => tx.execute("DELETE FROM sessions WHERE staff_id = $1", params![staff]).await,
    }
}

pub(super) async fn delete_one(tx: &mut Tx, staff: StaffId, id: SessionId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM sessions WHERE staff_id = $1 AND id = $2", params![staff, id]).await? == 1)
}

pub(super) async fn staff_by_token(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<(StaffId, Proof)>> {
    let row: Option<(StaffId, bool)> =
        tx.optional("SELECT staff_id, second_factor FROM sessions WHERE token_hash = $1 AND expires_at > $2", params![Secret::token_hash(token), now]).await?;
    Ok(row.map(|(staff, strong)| (staff, if strong { Proof::TwoFactors } else { Proof::Password })))
}

impl FromRow for SessionRow {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, created_at: row.take()?, last_seen_at: row.take()?, user_agent: row.take()?, address: row.take()?, current: false })
    }
}

pub(super) async fn list(tx: &mut Tx, staff: StaffId, now: Timestamp, before: Option<(Timestamp, SessionId)>, limit: u32) -> Result<Vec<SessionRow>> {
    let (at, id) = before.unwrap_or((Timestamp(i64::MAX), SessionId(uuid::Uuid::max())));
    tx.all(
        "SELECT id, created_at, last_seen_at, user_agent, address FROM sessions WHERE staff_id = $1 AND expires_at > $2 AND (last_seen_at, id) < ($3, $4) \
         ORDER BY last_seen_at DESC, id DESC LIMIT $5",
        params![staff, now, at, id, limit],
    )
    .await
}

pub(super) async fn alive(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<bool> {
    let row: Option<(SessionId,)> = tx.optional("SELECT id FROM sessions WHERE id = $1 AND expires_at > $2", params![id, now]).await?;
    Ok(row.is_some())
}

/// Whether two factors, a passkey or an identity provider began the session.
pub(crate) async fn is_strong(tx: &mut Tx, id: SessionId) -> Result<bool> {
    tx.scalar("SELECT second_factor FROM sessions WHERE id = $1", params![id]).await
}

/// A session with what a request needs to know.
pub(super) struct Found {
    pub(super) session: SessionId,
    pub(super) staff: StaffId,
    pub(super) operator: bool,
    pub(super) workspace: Option<(WorkspaceId, Role)>,
    pub(super) created_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl FromRow for Found {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (session, staff, operator) = (row.take()?, row.take()?, row.take()?);
        let workspace = match (row.take::<Option<WorkspaceId>>()?, row.take::<Option<String>>()?) {
            (Some(workspace), Some(role)) => Some((workspace, role.parse().map_err(Error::Decode)?)),
            _ => None,
        };
        Ok(Self { session, staff, operator, workspace, created_at: row.take()?, last_seen_at: row.take()?, expires_at: row.take()? })
    }
}

/// The one query of a signed-in request. A nil workspace matches no membership.
pub(super) async fn find(tx: &mut Tx, token_hash: &str, workspace: WorkspaceId) -> Result<Option<Found>> {
    tx.optional(
        "SELECT s.id, s.staff_id, p.operator, m.workspace_id, m.role, s.created_at, s.last_seen_at, s.expires_at FROM sessions s \
         JOIN staff p ON p.id = s.staff_id \
         LEFT JOIN memberships m ON m.staff_id = s.staff_id AND m.workspace_id = $2 AND m.left_at IS NULL WHERE s.token_hash = $1",
        params![token_hash, workspace],
    )
    .await
}

pub(super) async fn touch(tx: &mut Tx, id: SessionId, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    tx.execute("UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1", params![id, now, expires_at]).await?;
    Ok(())
}

/// A key with what a request needs to know.
pub(super) struct FoundKey {
    pub(super) key: ApiKeyId,
    pub(super) workspace: WorkspaceId,
    pub(super) scopes: Vec<Permission>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) last_used_at: Option<Timestamp>,
}

impl FromRow for FoundKey {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            key: row.take()?,
            workspace: row.take()?,
            scopes: serde_json::from_str(&row.take::<String>()?)?,
            expires_at: row.take()?,
            last_used_at: row.take()?,
        })
    }
}

pub(super) async fn find_key(tx: &mut Tx, key_hash: &str) -> Result<Option<FoundKey>> {
    tx.optional("SELECT id, workspace_id, scopes, expires_at, last_used_at FROM api_keys WHERE key_hash = $1", params![key_hash]).await
}

pub(super) async fn touch_key(tx: &mut Tx, workspace: WorkspaceId, key: ApiKeyId, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE api_keys SET last_used_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, key, now]).await?;
    Ok(())
}
