//! Reading the audit.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, Query, Route, get, limit};
use ennakoi_kernel::{
    Timestamp,
    access::{Access, Permission},
    ids::{AuditId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::actors;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/audit", "list_audit", Access::Needs(Permission::AuditRead), list_audit)
            .summary("The audit, newest first")
            .query::<AuditQuery>()
            .returns::<Page<AuditEntry>>(200),
    ]
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct AuditQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    /// Only this action, e.g. `staff.invited`.
    action: Option<String>,
}

/// One line of the audit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct AuditEntry {
    id: AuditId,
    at: Timestamp,
    /// `system`, `bot`, `staff:<id>`, `api_key:<id>`.
    actor: String,
    actor_name: Option<String>,
    action: String,
    subject_kind: String,
    subject_id: String,
    detail: serde_json::Value,
}

impl FromRow for AuditEntry {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            at: row.take()?,
            actor: row.take()?,
            actor_name: None,
            action: row.take()?,
            subject_kind: row.take()?,
            subject_id: row.take()?,
            detail: row.take()?,
        })
    }
}

async fn list_audit(State(app): State<App>, member: Member, Query(query): Query<AuditQuery>) -> ApiResult<Json<Page<AuditEntry>>> {
    let before = Cursor::read(query.cursor.as_deref())?;
    let wanted = limit(query.limit);
    let mut tx = app.db.read().await?;
    let mut rows = entries(&mut tx, member.workspace, before, query.action, wanted + 1).await?;
    let names = actors::names(&mut tx, member.workspace, rows.iter().map(|row| row.actor.as_str())).await?;
    for row in &mut rows {
        row.actor_name = names.get(&row.actor).cloned();
    }
    Ok(Json(Page::of(rows, wanted, |row| (row.at, row.id))))
}

async fn entries(tx: &mut Tx, workspace: WorkspaceId, before: Option<(Timestamp, AuditId)>, action: Option<String>, limit: u32) -> Result<Vec<AuditEntry>> {
    let (at, id) = before.unwrap_or((Timestamp(i64::MAX), AuditId(uuid::Uuid::max())));
    let filter = if action.is_some() { "AND action = $5" } else { "" };
    let parameters: Vec<Value> = [Value::from(workspace), at.into(), id.into(), limit.into()].into_iter().chain(action.map(Value::from)).collect();
    tx.all(
        &format!(
            "SELECT id, at, actor, action, subject_kind, subject_id, detail FROM audit WHERE workspace_id = $1 AND (at, id) < ($2, $3) {filter} \
             ORDER BY at DESC, id DESC LIMIT $4"
        ),
        &parameters,
    )
    .await
}
