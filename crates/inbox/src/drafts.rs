//! Unsent texts, kept on the server for each person, conversation and mode, so that nothing typed is lost.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{AttachmentId, ConversationId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_store::{Result, Tx, params, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{conversations, messages::Visibility};

/// What the text is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Reply,
    Note,
}
stored_as_text!(Mode { Reply = "reply", Note = "note" });

impl Mode {
    pub(crate) const fn of(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Reply,
            Visibility::Private => Self::Note,
        }
    }
}

/// An unsent text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Draft {
    pub body: String,
    pub attachment_ids: Vec<AttachmentId>,
    pub updated_at: Timestamp,
}

/// The drafts of one person in one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Drafts {
    pub reply: Option<Draft>,
    pub note: Option<Draft>,
}

/// Keeps a draft. `seen` is the moment of the draft that the writer started from, if the client knows it.
///
/// # Errors
/// The conversation is not there, the text is too long, or another window has written since `seen` (conflict `draft_changed`).
pub async fn keep(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    (conversation, staff, mode): (ConversationId, StaffId, Mode),
    (body, attachments): (&str, &[AttachmentId]),
    seen: Option<Timestamp>,
) -> Result<Draft> {
    if body.chars().count() > limits::MESSAGE_CHARACTERS || body.contains('\0') {
        return Err(Problem::field("body", "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS)).into());
    }
    if attachments.len() > limits::ATTACHMENTS {
        return Err(Problem::field("attachment_ids", "too_many", format!("at most {}", limits::ATTACHMENTS)).into());
    }
    conversations::load(tx, workspace, conversation).await?;
    let now = environment.now();
    let kept = tx
        .execute(
            "INSERT INTO drafts (workspace_id, conversation_id, staff_id, mode, body, attachment_ids, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (workspace_id, conversation_id, staff_id, mode) DO UPDATE SET body = $5, attachment_ids = $6, updated_at = $7 \
             WHERE drafts.updated_at <= $8",
            params![workspace, conversation, staff, mode, body, serde_json::to_value(attachments)?, now, seen.unwrap_or(Timestamp(i64::MAX))],
        )
        .await?;
    if kept == 0 {
        return Err(Problem::conflict("draft_changed", "another window has changed this draft").into());
    }
    Ok(Draft { body: body.to_owned(), attachment_ids: attachments.to_vec(), updated_at: now })
}

/// Throws a draft away.
///
/// # Errors
/// The database refuses.
pub async fn clear(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, staff: StaffId, mode: Mode) -> Result<()> {
    tx.execute(
        "DELETE FROM drafts WHERE workspace_id = $1 AND conversation_id = $2 AND staff_id = $3 AND mode = $4",
        params![workspace, conversation, staff, mode],
    )
    .await?;
    Ok(())
}

/// The drafts of a person in a conversation.
///
/// # Errors
/// The database refuses.
pub async fn of(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, staff: StaffId) -> Result<Drafts> {
    let rows: Vec<(Mode, String, String, Timestamp)> = tx
        .all(
            "SELECT mode, body, attachment_ids, updated_at FROM drafts WHERE workspace_id = $1 AND conversation_id = $2 AND staff_id = $3",
            params![workspace, conversation, staff],
        )
        .await?;
    let mut drafts = Drafts::default();
    for (mode, body, attachments, updated_at) in rows {
        let draft = Some(Draft { body, attachment_ids: serde_json::from_str(&attachments)?, updated_at });
        match mode {
            Mode::Reply => drafts.reply = draft,
            Mode::Note => drafts.note = draft,
        }
    }
    Ok(drafts)
}
