//! One conversation with all that stands beside its thread.

use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ConversationId, StaffId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Conversation, ConversationRow, State, load, rows::hydrate};
use crate::{
    drafts::{self, Drafts},
    routing::{self, Routing},
    scheduled::{self, ScheduledAnswer},
};

/// Conversations before this one that are shown.
const EARLIER: u32 = 10;

/// An earlier conversation of the same customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Earlier {
    pub id: ConversationId,
    pub number: i64,
    pub subject: Option<String>,
    pub preview: String,
    pub created_at: Timestamp,
    pub state: State,
}

impl FromRow for Earlier {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, number: row.take()?, subject: row.take()?, preview: row.take()?, created_at: row.take()?, state: row.take()? })
    }
}

/// Whether a colleague only looks or also writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceMode {
    Viewing,
    Typing,
}

/// A colleague who has the conversation open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Presence {
    pub staff_id: StaffId,
    pub name: String,
    pub mode: PresenceMode,
}

/// A conversation with what stands beside its thread.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ConversationDetail {
    #[serde(flatten)]
    pub row: ConversationRow,
    pub contact_seen_seq: i64,
    /// The newest decision about who serves it.
    pub routing: Option<Routing>,
    /// The viewer's own unsent texts.
    pub draft: Drafts,
    /// Answers that wait for their moment, the next one first.
    pub scheduled: Vec<ScheduledAnswer>,
    pub presence: Vec<Presence>,
    pub earlier: Vec<Earlier>,
    pub rating_comment: Option<String>,
}

/// The conversation for a viewer; who else looks at it is added by the caller, who knows the sockets.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn detail(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId, viewer: Option<StaffId>) -> Result<ConversationDetail> {
    let conversation = load(tx, workspace, id).await?;
    let earlier = earlier(tx, workspace, &conversation).await?;
    let draft = match viewer {
        Some(viewer) => drafts::of(tx, workspace, id, viewer).await?,
        None => Drafts::default(),
    };
    let (contact_seen_seq, rating_comment) = (conversation.contact_seen_seq, conversation.rating_comment.clone());
    let row = hydrate(tx, workspace, vec![conversation], viewer).await?.pop().ok_or_else(|| Problem::not_found("the conversation"))?;
    Ok(ConversationDetail {
        row,
        contact_seen_seq,
        routing: routing::latest(tx, workspace, id).await?,
        draft,
        scheduled: scheduled::list(tx, workspace, id).await?,
        presence: Vec::new(),
        earlier,
        rating_comment,
    })
}

/// What the same customer asked before, newest first; conversations of contacts merged into this one are among them.
async fn earlier(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation) -> Result<Vec<Earlier>> {
    const COLUMNS: &str = "SELECT id, number, subject, preview, created_at, state FROM conversations WHERE workspace_id = $1";
    if let Some(contact) = conversation.contact {
        let contact = ennakoi_people::contacts::resolve(tx, workspace, contact).await?;
        return tx
            .all(
                &format!(
                    "{COLUMNS} AND contact_id IN (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) AND id <> $3 \
                     ORDER BY number + 0 DESC LIMIT $4"
                ),
                params![workspace, contact, conversation.id, EARLIER],
            )
            .await;
    }
    let Some(visitor) = conversation.visitor else { return Ok(Vec::new()) };
    tx.all(&format!("{COLUMNS} AND visitor_id = $2 AND id <> $3 ORDER BY number DESC LIMIT $4"), params![workspace, visitor, conversation.id, EARLIER]).await
}
