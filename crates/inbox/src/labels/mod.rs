//! Labels that agents put on conversations.

pub mod api;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem,
    ids::{ConversationId, LabelId, WorkspaceId},
};
use ennakoi_store::{
    Error, Result, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

pub use crate::conversations::LabelBrief as Label;
use crate::conversations::{lock, touch};

/// Labels of one workspace, at most.
const LABELS_MAX: i64 = 500;
/// Labels of one conversation, at most.
const PER_CONVERSATION: i64 = 50;
const NAME_CHARACTERS: usize = 60;

/// All labels by name.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Label>> {
    let rows: Vec<(LabelId, String, String)> =
        tx.all("SELECT id, name, color FROM labels WHERE workspace_id = $1 ORDER BY name_key LIMIT $2", params![workspace, LABELS_MAX]).await?;
    Ok(rows.into_iter().map(|(id, name, color)| Label { id, name, color }).collect())
}

/// One label.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: LabelId) -> Result<Label> {
    let row: Option<(LabelId, String, String)> =
        tx.optional("SELECT id, name, color FROM labels WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    let (id, name, color) = row.ok_or_else(|| Problem::not_found("the label"))?;
    Ok(Label { id, name, color })
}

/// Creates a label.
///
/// # Errors
/// A field is not valid, the name is taken, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, name: &str, color: &str) -> Result<Label> {
    check(name, color)?;
    let label = Label { id: environment.new_id(), name: name.trim().to_owned(), color: color.to_lowercase() };
    let count: i64 = tx.scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM labels WHERE workspace_id = $1", params![workspace]).await?;
    if count >= LABELS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {LABELS_MAX} labels")).into());
    }
    let inserted = tx
        .execute(
            "INSERT INTO labels (id, workspace_id, name, name_key, color, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (workspace_id, name_key) DO NOTHING",
            params![label.id, workspace, &label.name, label.name.to_lowercase(), &label.color, environment.now()],
        )
        .await?;
    if inserted == 0 { Err(taken().into()) } else { Ok(label) }
}

/// Changes a label's name or colour.
///
/// # Errors
/// It is not there, a field is not valid, or the name is taken.
pub async fn update(tx: &mut Tx, workspace: WorkspaceId, id: LabelId, name: Option<&str>, color: Option<&str>) -> Result<Label> {
    let before = load(tx, workspace, id).await?;
    let name = name.map_or(before.name, |name| name.trim().to_owned());
    let color = color.map_or(before.color, str::to_lowercase);
    check(&name, &color)?;
    let changed = tx
        .execute(
            "UPDATE labels SET name = $3, name_key = $4, color = $5 WHERE workspace_id = $1 AND id = $2",
            params![workspace, id, &name, name.to_lowercase(), &color],
        )
        .await;
    match changed {
        Err(Error::Constraint(_)) => Err(taken().into()),
        Err(other) => Err(other),
        Ok(_) => Ok(Label { id, name, color }),
    }
}

/// Removes a label from everything that carries it.
///
/// # Errors
/// It is not there.
pub async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: LabelId) -> Result<()> {
    load(tx, workspace, id).await?;
    tx.execute("DELETE FROM conversation_labels WHERE workspace_id = $1 AND label_id = $2", params![workspace, id]).await?;
    tx.execute("DELETE FROM labels WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

/// The labels of a conversation.
///
/// # Errors
/// The database refuses.
pub(crate) async fn of(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<LabelId>> {
    let rows: Vec<(LabelId,)> = tx
        .all(
            "SELECT label_id FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY label_id LIMIT $3",
            params![workspace, conversation, PER_CONVERSATION],
        )
        .await?;
    Ok(rows.into_iter().map(|(label,)| label).collect())
}

/// Puts a label on a conversation; returns whether it was not there before.
///
/// # Errors
/// The conversation or the label is not there, or the conversation carries too many.
pub async fn put(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: ConversationId, id: LabelId, actor: Actor) -> Result<bool> {
    load(tx, workspace, id).await?;
    let mut held = lock(tx, workspace, conversation).await?;
    let count: i64 = tx
        .scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2", params![workspace, conversation])
        .await?;
    if count >= PER_CONVERSATION {
        return Err(Problem::conflict("too_many", format!("at most {PER_CONVERSATION} labels on a conversation")).into());
    }
    let added = tx
        .execute(
            "INSERT INTO conversation_labels (workspace_id, conversation_id, label_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![workspace, conversation, id],
        )
        .await?;
    if added == 0 {
        return Ok(false);
    }
    touch(tx, workspace, &mut held).await?;
    let event = NewEvent::new("conversation.labelled", actor, json!({ "label": id, "on": true }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(conversation)]).await?;
    Ok(true)
}

/// Takes a label off a conversation; returns whether it was there.
///
/// # Errors
/// The conversation is not there.
pub async fn take_off(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: ConversationId, id: LabelId, actor: Actor) -> Result<bool> {
    let mut held = lock(tx, workspace, conversation).await?;
    let removed = tx
        .execute("DELETE FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2 AND label_id = $3", params![workspace, conversation, id])
        .await?;
    if removed == 0 {
        return Ok(false);
    }
    touch(tx, workspace, &mut held).await?;
    let event = NewEvent::new("conversation.labelled", actor, json!({ "label": id, "on": false }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(conversation)]).await?;
    Ok(true)
}

fn taken() -> Problem {
    Problem::field("name", "taken", "another label has this name")
}

fn check(name: &str, color: &str) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", name, NAME_CHARACTERS);
    let digits = color.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        errors.add("color", "invalid", "a colour like #2457d6");
    }
    errors.finish()
}
