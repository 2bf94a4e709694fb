//! SQL of queues.

use std::collections::HashMap;

use ennakoi_kernel::{
    Timestamp,
    ids::{QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};

use super::Queue;
use crate::conversations::QueueBrief;

const SELECT: &str = "SELECT id, name, calendar_id, skills, is_default FROM queues WHERE workspace_id = $1 AND removed_at IS NULL";

impl FromRow for Queue {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            calendar_id: row.take()?,
            skills: serde_json::from_str(&row.take::<String>()?)?,
            members: Vec::new(),
            is_default: row.take()?,
        })
    }
}

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, limit: usize) -> Result<Vec<Queue>> {
    let mut queues: Vec<Queue> = tx.all(&format!("{SELECT} ORDER BY id LIMIT $2"), params![workspace, limit]).await?;
    let rows: Vec<(QueueId, StaffId)> =
        tx.all("SELECT queue_id, staff_id FROM queue_members WHERE workspace_id = $1 ORDER BY queue_id, staff_id", params![workspace]).await?;
    let mut members: HashMap<QueueId, Vec<StaffId>> = HashMap::new();
    for (queue, staff) in rows {
        members.entry(queue).or_default().push(staff);
    }
    for queue in &mut queues {
        queue.members = members.remove(&queue.id).unwrap_or_default();
    }
    Ok(queues)
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: QueueId) -> Result<Option<Queue>> {
    let Some(mut queue) = tx.optional::<Queue>(&format!("{SELECT} AND id = $2"), params![workspace, id]).await? else { return Ok(None) };
    let members: Vec<(StaffId,)> =
        tx.all("SELECT staff_id FROM queue_members WHERE workspace_id = $1 AND queue_id = $2 ORDER BY staff_id", params![workspace, id]).await?;
    queue.members = members.into_iter().map(|(staff,)| staff).collect();
    Ok(Some(queue))
}

pub(super) async fn default(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<QueueId>> {
    let found: Option<(QueueId,)> =
        tx.optional("SELECT id FROM queues WHERE workspace_id = $1 AND removed_at IS NULL ORDER BY is_default DESC, id LIMIT 1", params![workspace]).await?;
    Ok(found.map(|(id,)| id))
}

pub(super) async fn briefs(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<QueueBrief>> {
    let rows: Vec<(QueueId, String)> = tx.all("SELECT id, name FROM queues WHERE workspace_id = $1 ORDER BY id LIMIT 1000", params![workspace]).await?;
    Ok(rows.into_iter().map(|(id, name)| QueueBrief { id, name }).collect())
}

pub(super) async fn no_default(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    tx.execute("UPDATE queues SET is_default = FALSE WHERE workspace_id = $1 AND is_default", params![workspace]).await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, queue: &Queue, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO queues (id, workspace_id, name, calendar_id, skills, is_default, created_at, removed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
        params![queue.id, workspace, &queue.name, queue.calendar_id, serde_json::to_value(&queue.skills)?, queue.is_default, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, queue: &Queue) -> Result<()> {
    tx.execute(
        "UPDATE queues SET name = $3, calendar_id = $4, skills = $5, is_default = $6 WHERE workspace_id = $1 AND id = $2",
        params![workspace, queue.id, &queue.name, queue.calendar_id, serde_json::to_value(&queue.skills)?, queue.is_default],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_members(tx: &mut Tx, workspace: WorkspaceId, queue: &Queue) -> Result<()> {
    tx.execute("DELETE FROM queue_members WHERE workspace_id = $1 AND queue_id = $2", params![workspace, queue.id]).await?;
    for staff in &queue.members {
        tx.execute("INSERT INTO queue_members (workspace_id, queue_id, staff_id) VALUES ($1, $2, $3)", params![workspace, queue.id, *staff]).await?;
    }
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: QueueId, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE queues SET removed_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, now]).await?;
    tx.execute("DELETE FROM queue_members WHERE workspace_id = $1 AND queue_id = $2", params![workspace, id]).await?;
    Ok(())
}

pub(super) async fn waiting(tx: &mut Tx, workspace: WorkspaceId, queue: QueueId, most: i64) -> Result<i64> {
    tx.scalar(
        "SELECT COUNT(*) FROM (SELECT id FROM conversations WHERE workspace_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL LIMIT $3) AS waiting",
        params![workspace, queue, most],
    )
    .await
}
