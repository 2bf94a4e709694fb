//! SQL of staff and memberships.

use ennakoi_kernel::ids::{StaffId, WorkspaceId};
use ennakoi_store::{Result, Tx, Value, params};

use super::{MEMBERS_MAX, StaffBrief, StaffMember, avatar_url};
use crate::sql;

const MEMBER: &str = "SELECT s.id, s.email, s.name, s.avatar, m.role, m.availability, m.capacity, m.skills, m.languages \
                      FROM memberships m JOIN staff s ON s.id = m.staff_id WHERE m.workspace_id = $1 AND m.left_at IS NULL";

pub(super) async fn members(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<StaffMember>> {
    tx.all(&format!("{MEMBER} ORDER BY s.name, s.id LIMIT $2"), params![workspace, MEMBERS_MAX]).await
}

pub(super) async fn member(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<Option<StaffMember>> {
    tx.optional(&format!("{MEMBER} AND m.staff_id = $2"), params![workspace, staff]).await
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
