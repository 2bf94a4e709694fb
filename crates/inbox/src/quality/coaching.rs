//! Notes of coaching: from who reviews to one person, with or without a case.

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{CoachingNoteId, ConversationId, StaffId, WorkspaceId},
};
use ennakoi_people::{audit, staff};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::TEXT_MAX;
use crate::conversations;

/// A note of coaching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CoachingNote {
    pub id: CoachingNoteId,
    /// For whom.
    pub agent_id: StaffId,
    pub author_id: StaffId,
    pub conversation_id: Option<ConversationId>,
    /// The case's number, for people.
    pub number: Option<i64>,
    pub body: String,
    pub created_at: Timestamp,
    /// When they have read it.
    pub seen_at: Option<Timestamp>,
}

impl FromRow for CoachingNote {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            agent_id: row.take()?,
            author_id: row.take()?,
            conversation_id: row.take()?,
            number: row.take()?,
            body: row.take()?,
            created_at: row.take()?,
            seen_at: row.take()?,
        })
    }
}

/// A note to be written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoachingNote {
    pub agent_id: StaffId,
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
    pub body: String,
}

const SELECT: &str = "SELECT n.id, n.agent_id, n.author_id, n.conversation_id, c.number, n.body, n.created_at, n.seen_at FROM coaching_notes n \
                      LEFT JOIN conversations c ON c.workspace_id = n.workspace_id AND c.id = n.conversation_id WHERE n.workspace_id = $1";

/// Notes to one person, newest first; what a person has written about themselves there is none of.
///
/// # Errors
/// The cursor is of another list.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, agent: StaffId, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<CoachingNote>> {
    let limit = ennakoi_http::limit(limit);
    let before: CoachingNoteId = Cursor::read(cursor)?.unwrap_or(CoachingNoteId(uuid::Uuid::max()));
    let found =
        tx.all(&format!("{SELECT} AND n.agent_id = $2 AND n.id < $3 ORDER BY n.id DESC LIMIT $4"), params![workspace, agent, before, limit + 1]).await?;
    Ok(Page::of(found, limit, |note: &CoachingNote| note.id))
}

async fn load(tx: &mut Tx, workspace: WorkspaceId, id: CoachingNoteId) -> Result<CoachingNote> {
    let found = tx.optional(&format!("{SELECT} AND n.id = $2"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the note").into())
}

/// Writes a note to somebody else.
///
/// # Errors
/// It says nothing, or the person or the case is not of this workspace.
pub async fn write(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, author: StaffId, new: &NewCoachingNote) -> Result<CoachingNote> {
    if new.body.trim().is_empty() {
        return Err(Problem::field("body", "required", "must not be empty").into());
    }
    if new.body.chars().count() > TEXT_MAX {
        return Err(Problem::field("body", "too_long", format!("at most {TEXT_MAX} characters")).into());
    }
    if new.agent_id == author {
        return Err(Problem::conflict("own_work", "a note is for somebody else").into());
    }
    if staff::member(tx, workspace, new.agent_id).await?.is_none() {
        return Err(Problem::field("agent_id", "unknown", "nobody of this workspace").into());
    }
    if let Some(conversation) = new.conversation_id {
        conversations::load(tx, workspace, conversation).await?;
    }
    let id: CoachingNoteId = environment.new_id();
    tx.execute(
        "INSERT INTO coaching_notes (workspace_id, id, agent_id, author_id, conversation_id, body, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
        params![workspace, id, new.agent_id, author, new.conversation_id, new.body.trim(), environment.now()],
    )
    .await?;
    let actor = Actor::Staff(author);
    let detail = json!({ "agent": new.agent_id, "conversation": new.conversation_id });
    audit::record(tx, environment, workspace, actor, "coaching.written", "coaching_note", id, detail).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new("coaching.written", actor, json!({ "note": id }))]).await?;
    load(tx, workspace, id).await
}

/// Takes a note back; only who wrote it.
///
/// # Errors
/// It is not there, or somebody else's.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, author: StaffId, id: CoachingNoteId) -> Result<()> {
    let note = load(tx, workspace, id).await?;
    if note.author_id != author {
        return Err(Problem::forbidden("only who wrote a note takes it back").into());
    }
    tx.execute("DELETE FROM coaching_notes WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    audit::record(tx, environment, workspace, Actor::Staff(author), "coaching.removed", "coaching_note", id, json!({ "agent": note.agent_id })).await
}

/// The person has read a note to them.
///
/// # Errors
/// It is not to them.
pub(super) async fn seen(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, agent: StaffId, id: CoachingNoteId) -> Result<CoachingNote> {
    let note = load(tx, workspace, id).await?;
    if note.agent_id != agent {
        return Err(Problem::not_found("the note").into());
    }
    tx.execute("UPDATE coaching_notes SET seen_at = $3 WHERE workspace_id = $1 AND id = $2 AND seen_at IS NULL", params![workspace, id, environment.now()])
        .await?;
    load(tx, workspace, id).await
}
