//! Macros: several actions at one touch, shown before they are done, on one conversation or many, undone as far as that can be.

pub mod api;
mod run;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem,
    ids::{MacroId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::audit;
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::actions::{self, Action};

pub use run::{MacroOutcome, Preview, Step, preview, run};

/// Macros that one person sees, at most.
const MACROS_MAX: i64 = 500;

/// What a macro does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Definition {
    actions: Vec<Action>,
}

/// A macro.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Macro {
    pub id: MacroId,
    pub name: String,
    /// What is done, in this order.
    pub actions: Vec<Action>,
    /// Everybody has it; else it is its owner's own.
    pub shared: bool,
}

impl FromRow for Macro {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, name) = (row.take()?, row.take()?);
        let definition: Definition = serde_json::from_str(&row.take::<String>()?)?;
        Ok(Self { id, name, actions: definition.actions, shared: row.take::<Option<StaffId>>()?.is_none() })
    }
}

const SELECT: &str = "SELECT id, name, definition, owner_id FROM macros WHERE workspace_id = $1 AND (owner_id IS NULL OR owner_id = $2)";

/// The macros that a person has, their own and shared ones, oldest first. A program sees the shared ones.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>) -> Result<Vec<Macro>> {
    tx.all(&format!("{SELECT} ORDER BY id LIMIT $3"), params![workspace, viewer, MACROS_MAX]).await
}

/// A macro that the person has.
///
/// # Errors
/// A "not found" problem when there is none.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, id: MacroId) -> Result<Macro> {
    let found: Option<Macro> = tx.optional(&format!("{SELECT} AND id = $3"), params![workspace, viewer, id]).await?;
    found.ok_or_else(|| Problem::not_found("the macro").into())
}

/// Writes a new or changed macro. `owner` is who keeps it to themselves; `None` shares it.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn save(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, owner: Option<StaffId>, it: Macro) -> Result<Macro> {
    let mut errors = FieldErrors::default();
    errors.line("name", &it.name, limits::LINE_CHARACTERS);
    errors.finish()?;
    // A shared macro must not lean on somebody's own canned answer.
    actions::check(tx, workspace, owner, &it.actions).await?;
    if let Some(index) = it.actions.iter().position(|action| matches!(action, Action::Tell { .. })) {
        return Err(Problem::field(format!("actions[{index}].kind"), "invalid", "only rules tell webhooks").into());
    }
    if list(tx, workspace, owner).await?.len() as i64 >= MACROS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {MACROS_MAX} macros")).into());
    }
    tx.execute(
        "INSERT INTO macros (id, workspace_id, owner_id, name, definition, created_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
         ON CONFLICT (id) DO UPDATE SET owner_id = $3, name = $4, definition = $5, updated_at = $7 WHERE macros.workspace_id = $2",
        params![it.id, workspace, owner, &it.name, serde_json::to_string(&Definition { actions: it.actions.clone() })?, actor.to_string(), environment.now()],
    )
    .await?;
    if it.shared {
        audit::record(tx, environment, workspace, actor, "macro.saved", "macro", it.id, json!({ "name": it.name, "actions": it.actions })).await?;
    }
    Ok(it)
}

/// Removes a macro.
///
/// # Errors
/// The database refuses.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, it: &Macro) -> Result<()> {
    tx.execute("DELETE FROM macros WHERE workspace_id = $1 AND id = $2", params![workspace, it.id]).await?;
    if it.shared {
        audit::record(tx, environment, workspace, actor, "macro.removed", "macro", it.id, json!({ "name": it.name })).await?;
    }
    Ok(())
}
