//! SQL of staff and memberships.

use ennakoi_kernel::{
    Timestamp,
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, Value, params};

use serde_json::json;

use super::{Availability, MEMBERS_MAX, Reader, StaffBrief, StaffMember, avatar_url};
use crate::sql;

const MEMBER: &str = "SELECT s.id, s.email, s.name, s.avatar, m.role, m.availability, m.capacity, m.skills, m.languages \
                      FROM memberships m JOIN staff s ON s.id = m.staff_id WHERE m.workspace_id = $1 AND m.left_at IS NULL";

pub(super) async fn members(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<StaffMember>> {
    tx.all(&format!("{MEMBER} ORDER BY s.name, s.id LIMIT $2"), params![workspace, MEMBERS_MAX]).await
}

pub(super) async fn member(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<Option<StaffMember>> {
    tx.optional(&format!("{MEMBER} AND m.staff_id = $2"), params![workspace, staff]).await
}

pub(super) async fn reader(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<Option<Reader>> {
    tx.optional(
        "SELECT s.id, s.email, s.locale, m.role FROM memberships m JOIN staff s ON s.id = m.staff_id \
         WHERE m.workspace_id = $1 AND m.left_at IS NULL AND m.staff_id = $2",
        params![workspace, staff],
    )
    .await
}

/// A colleague who has left keeps a name in old conversations, so former members are found too.
pub(super) async fn briefs(tx: &mut Tx, workspace: WorkspaceId, ids: &[StaffId]) -> Result<Vec<StaffBrief>> {
    let (places, values) = sql::list(2, ids);
    let parameters: Vec<Value> = std::iter::once(workspace.into()).chain(values).collect();
    let rows: Vec<(StaffId, String, Option<String>)> = tx
        .all(
            &format!(
                "SELECT s.id, s.name, s.avatar FROM staff s WHERE s.id IN ({places}) AND \
                 EXISTS (SELECT 1 FROM memberships m WHERE m.workspace_id = $1 AND m.staff_id = s.id)"
            ),
            &parameters,
        )
        .await?;
    Ok(rows.into_iter().map(|(id, name, avatar)| StaffBrief { id, name, avatar_url: avatar.map(|digest| avatar_url(id, &digest)) }).collect())
}

pub(super) async fn page(tx: &mut Tx, workspace: WorkspaceId, after: Option<(String, StaffId)>, limit: u32) -> Result<Vec<StaffMember>> {
    let (name, id) = after.unwrap_or((String::new(), StaffId(uuid::Uuid::nil())));
    tx.all(&format!("{MEMBER} AND (s.name, s.id) > ($2, $3) ORDER BY s.name, s.id LIMIT $4"), params![workspace, name, id, limit]).await
}

/// Returns whether the person was not a member before.
pub(super) async fn join(tx: &mut Tx, now: Timestamp, workspace: WorkspaceId, person: StaffId, role: Role, capacity: i64) -> Result<bool> {
    let joined = tx
        .execute(
            "INSERT INTO memberships (workspace_id, staff_id, role, availability, capacity, skills, languages, joined_at, left_at) \
             VALUES ($1, $2, $3, 'offline', $4, '[]', '[]', $5, NULL) ON CONFLICT (workspace_id, staff_id) \
             DO UPDATE SET role = $3, availability = 'offline', capacity = $4, joined_at = $5, left_at = NULL WHERE memberships.left_at IS NOT NULL",
            params![workspace, person, role.as_str(), capacity, now],
        )
        .await?;
    Ok(joined == 1)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, it: &StaffMember) -> Result<()> {
    tx.execute(
        "UPDATE memberships SET role = $3, capacity = $4, skills = $5, languages = $6 WHERE workspace_id = $1 AND staff_id = $2",
        params![workspace, it.id, it.role.as_str(), it.capacity, json!(it.skills), json!(it.languages)],
    )
    .await?;
    Ok(())
}

pub(super) async fn leave(tx: &mut Tx, now: Timestamp, workspace: WorkspaceId, person: StaffId) -> Result<()> {
    tx.execute("UPDATE memberships SET left_at = $3, availability = 'offline' WHERE workspace_id = $1 AND staff_id = $2", params![workspace, person, now])
        .await?;
    Ok(())
}

/// Owners are counted while the workspace's row is held, so that two owners cannot both leave as "not the last".
pub(super) async fn has_other_owner(tx: &mut Tx, workspace: WorkspaceId, leaving: StaffId) -> Result<bool> {
    let lock = tx.engine().for_update();
    tx.optional::<(WorkspaceId,)>(&format!("SELECT id FROM workspaces WHERE id = $1{lock}"), params![workspace]).await?;
    let other: Option<(StaffId,)> = tx
        .optional(
            "SELECT staff_id FROM memberships WHERE workspace_id = $1 AND role = 'owner' AND left_at IS NULL AND staff_id <> $2 LIMIT 1",
            params![workspace, leaving],
        )
        .await?;
    Ok(other.is_some())
}

/// Returns whether it changed.
pub(super) async fn set_availability(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, availability: Availability) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE memberships SET availability = $3 WHERE workspace_id = $1 AND staff_id = $2 AND left_at IS NULL AND availability <> $3",
            params![workspace, person, availability],
        )
        .await?;
    Ok(changed == 1)
}
