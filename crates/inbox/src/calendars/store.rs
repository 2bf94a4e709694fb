//! SQL of calendars.

use ennakoi_kernel::{
    Timestamp,
    ids::{CalendarId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};

use super::Calendar;

const SELECT: &str = "SELECT id, name, timezone, weekly, holidays, exceptions FROM calendars WHERE workspace_id = $1";

impl FromRow for Calendar {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            timezone: row.take()?,
            weekly: serde_json::from_str(&row.take::<String>()?)?,
            holidays: row.take()?,
            exceptions: serde_json::from_str(&row.take::<String>()?)?,
        })
    }
}

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, limit: usize) -> Result<Vec<Calendar>> {
    tx.all(&format!("{SELECT} ORDER BY id LIMIT $2"), params![workspace, limit]).await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: CalendarId) -> Result<Option<Calendar>> {
    tx.optional(&format!("{SELECT} AND id = $2"), params![workspace, id]).await
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, calendar: &Calendar, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO calendars (id, workspace_id, name, timezone, weekly, holidays, exceptions, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        params![
            calendar.id,
            workspace,
            &calendar.name,
            &calendar.timezone,
            serde_json::to_value(&calendar.weekly)?,
            calendar.holidays,
            serde_json::to_value(&calendar.exceptions)?,
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, calendar: &Calendar, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE calendars SET name = $3, timezone = $4, weekly = $5, holidays = $6, exceptions = $7, updated_at = $8 WHERE workspace_id = $1 AND id = $2",
        params![
            workspace,
            calendar.id,
            &calendar.name,
            &calendar.timezone,
            serde_json::to_value(&calendar.weekly)?,
            calendar.holidays,
            serde_json::to_value(&calendar.exceptions)?,
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn forget_in_removed_queues(tx: &mut Tx, workspace: WorkspaceId, id: CalendarId) -> Result<()> {
    tx.execute("UPDATE queues SET calendar_id = NULL WHERE workspace_id = $1 AND calendar_id = $2 AND removed_at IS NOT NULL", params![workspace, id]).await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: CalendarId) -> Result<()> {
    tx.execute("DELETE FROM calendars WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}
