//! Canned answers: texts that agents insert by a shortcut.

pub mod api;

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem,
    ids::{CannedAnswerId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{Error, FromRow, Result, Row, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;

/// Canned answers that one person sees, at most.
const ANSWERS_MAX: i64 = 1_000;
const SHORTCUT_CHARACTERS: usize = 40;

/// A text that is inserted by `/shortcut`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CannedAnswer {
    pub id: CannedAnswerId,
    /// Without the slash; letters, digits, `-` and `_`.
    pub shortcut: String,
    pub title: String,
    /// The text in each language that it exists in.
    pub body: BTreeMap<Locale, String>,
    /// Everybody has it; else it is its owner's own.
    pub shared: bool,
}

impl FromRow for CannedAnswer {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            shortcut: row.take()?,
            title: row.take()?,
            body: serde_json::from_str(&row.take::<String>()?)?,
            shared: row.take::<Option<StaffId>>()?.is_none(),
        })
    }
}

const SELECT: &str = "SELECT id, shortcut, title, body, owner_id FROM canned_answers WHERE workspace_id = $1 AND (owner_id IS NULL OR owner_id = $2)";

/// The answers that a person has, their own and shared ones, by shortcut. A program sees the shared ones.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>) -> Result<Vec<CannedAnswer>> {
    tx.all(&format!("{SELECT} ORDER BY shortcut_key, id LIMIT $3"), params![workspace, viewer, ANSWERS_MAX]).await
}

/// An answer that the person has.
///
/// # Errors
/// A "not found" problem when there is none.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, id: CannedAnswerId) -> Result<CannedAnswer> {
    let found: Option<CannedAnswer> = tx.optional(&format!("{SELECT} AND id = $3"), params![workspace, viewer, id]).await?;
    found.ok_or_else(|| Problem::not_found("the canned answer").into())
}

/// Writes a new or changed answer. `owner` is who keeps it to themselves; `None` shares it.
///
/// # Errors
/// A field is not valid, the shortcut is taken, or there are too many.
pub async fn save(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    owner: Option<StaffId>,
    answer: CannedAnswer,
) -> Result<CannedAnswer> {
    check(&answer)?;
    if list(tx, workspace, owner).await?.len() as i64 >= ANSWERS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {ANSWERS_MAX} canned answers")).into());
    }
    let written = tx
        .execute(
            "INSERT INTO canned_answers (id, workspace_id, owner_id, shortcut, shortcut_key, title, body, created_by, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (id) DO UPDATE SET owner_id = $3, shortcut = $4, shortcut_key = $5, title = $6, \
             body = $7, updated_at = $9 WHERE canned_answers.workspace_id = $2",
            params![
                answer.id,
                workspace,
                owner,
                &answer.shortcut,
                answer.shortcut.to_lowercase(),
                &answer.title,
                serde_json::to_value(&answer.body)?,
                actor.to_string(),
                environment.now()
            ],
        )
        .await;
    match written {
        Err(Error::Constraint(_)) => Err(Problem::field("shortcut", "taken", "another canned answer has this shortcut").into()),
        Err(other) => Err(other),
        Ok(_) => Ok(answer),
    }
}

/// Removes an answer.
///
/// # Errors
/// The database refuses.
pub async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: CannedAnswerId) -> Result<()> {
    tx.execute("DELETE FROM canned_answers WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

fn check(answer: &CannedAnswer) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("shortcut", &answer.shortcut, SHORTCUT_CHARACTERS);
    if !answer.shortcut.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
        errors.add("shortcut", "invalid", "letters, digits, - and _");
    }
    errors.line("title", &answer.title, limits::LINE_CHARACTERS);
    if answer.body.values().all(|text| text.trim().is_empty()) {
        errors.add("body", "required", "a text in at least one language");
    }
    for (locale, text) in &answer.body {
        if text.chars().count() > limits::MESSAGE_CHARACTERS || text.contains('\0') {
            errors.add(format!("body.{}", locale.as_str()), "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS));
        }
    }
    errors.finish()
}
