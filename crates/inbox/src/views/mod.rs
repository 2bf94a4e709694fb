//! Views: filters that people keep, for themselves or for everybody.

pub mod api;
pub mod filter;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{StaffId, ViewId, WorkspaceId},
    limits,
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

pub use filter::Filter;

/// Views that one person sees, at most.
const VIEWS_MAX: i64 = 100;

/// A kept filter.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct View {
    pub id: ViewId,
    pub name: String,
    pub filter: Filter,
    /// Everybody sees it.
    pub shared: bool,
    /// Whose it is.
    pub owner_id: StaffId,
}

impl FromRow for View {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, name: row.take()?, filter: serde_json::from_str(&row.take::<String>()?)?, shared: row.take()?, owner_id: row.take()? })
    }
}

const SELECT: &str = "SELECT id, name, filter, shared, owner_id FROM views WHERE workspace_id = $1 AND (shared OR owner_id = $2)";

/// The views that a person sees: their own and shared ones, oldest first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, viewer: StaffId) -> Result<Vec<View>> {
    tx.all(&format!("{SELECT} ORDER BY id LIMIT $3"), params![workspace, viewer, VIEWS_MAX]).await
}

/// A view that the person sees.
///
/// # Errors
/// A "not found" problem when there is none.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, viewer: StaffId, id: ViewId) -> Result<View> {
    let found: Option<View> = tx.optional(&format!("{SELECT} AND id = $3"), params![workspace, viewer, id]).await?;
    found.ok_or_else(|| Problem::not_found("the view").into())
}

/// Creates a view.
///
/// # Errors
/// The name or the filter is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, owner: StaffId, name: &str, filter: Filter, shared: bool) -> Result<View> {
    let view = View { id: environment.new_id(), name: name.trim().to_owned(), filter, shared, owner_id: owner };
    check(&view, environment.now())?;
    if list(tx, workspace, owner).await?.len() as i64 >= VIEWS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {VIEWS_MAX} views")).into());
    }
    tx.execute(
        "INSERT INTO views (id, workspace_id, owner_id, shared, name, filter, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        params![view.id, workspace, owner, shared, &view.name, serde_json::to_value(&view.filter)?, environment.now()],
    )
    .await?;
    Ok(view)
}

/// Writes a changed view of the person's own, or a shared one when they manage the desk.
///
/// # Errors
/// It is not theirs to change, or a field is not valid.
pub async fn update(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, view: View) -> Result<View> {
    check(&view, environment.now())?;
    tx.execute(
        "UPDATE views SET name = $3, filter = $4, shared = $5, updated_at = $6 WHERE workspace_id = $1 AND id = $2",
        params![workspace, view.id, &view.name, serde_json::to_value(&view.filter)?, view.shared, environment.now()],
    )
    .await?;
    Ok(view)
}

/// Removes a view.
///
/// # Errors
/// The database refuses.
pub async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: ViewId) -> Result<()> {
    tx.execute("DELETE FROM views WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

fn check(view: &View, now: Timestamp) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", &view.name, limits::LINE_CHARACTERS);
    errors.finish()?;
    filter::compile(&view.filter, filter::Context { viewer: Some(view.owner_id), now }, 2).map(drop)
}
