//! Conversations and messages as the widget shows them: nothing private, nobody's surname, no ids of staff.

use ennakoi_http::App;
use ennakoi_inbox::{
    attachments::Attachment,
    conversations::{self, ConversationRow, OwnerKind, State},
    messages::{AuthorKind, Kind, Message, Meta, Visibility},
    routing,
};
use ennakoi_kernel::{
    Timestamp,
    ids::{ConversationId, MessageId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::Serialize;

use super::files;

/// Whether the conversation goes on, for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WidgetState {
    Open,
    Closed,
}

/// Who is on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WidgetAgent {
    /// First name.
    pub name: String,
    pub avatar_url: Option<String>,
}

/// A conversation for its customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WidgetConversation {
    pub id: ConversationId,
    pub version: i64,
    pub state: WidgetState,
    pub owner: OwnerKind,
    pub agent: Option<WidgetAgent>,
    pub last_seq: i64,
    /// How far the customer has read.
    pub seen_seq: i64,
    /// How far staff has read.
    pub agent_seen_seq: i64,
    /// Conversations that are served first, plus one; null when not waiting in a queue.
    pub queue_position: Option<i64>,
    /// Whether to ask for a rating now.
    pub ask_rating: bool,
    pub rating: Option<i64>,
    pub solved: Option<bool>,
    pub created_at: Timestamp,
}

/// The author of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WidgetAuthor {
    pub kind: AuthorKind,
    pub name: String,
    pub avatar_url: Option<String>,
}

/// A message for the customer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WidgetMessage {
    pub id: MessageId,
    pub seq: i64,
    pub client_key: Option<String>,
    pub author: WidgetAuthor,
    pub mine: bool,
    pub kind: Kind,
    pub body: String,
    /// Sanitised; safe to put into a page.
    pub html: String,
    pub attachments: Vec<Attachment>,
    pub meta: Meta,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub removed_at: Option<Timestamp>,
}

/// Read marks and place in the line, which the desk's rows do not carry.
struct Extra {
    contact_seen_seq: i64,
    staff_seen_seq: i64,
    queue_position: Option<i64>,
}

/// The customer's view of one conversation.
///
/// # Errors
/// The database refuses.
pub async fn conversation(tx: &mut Tx, workspace: WorkspaceId, row: &ConversationRow) -> Result<WidgetConversation> {
    let extra = extra(tx, workspace, row).await?;
    let closed = row.state == State::Closed;
    Ok(WidgetConversation {
        id: row.id,
        version: row.version,
        state: if closed { WidgetState::Closed } else { WidgetState::Open },
        owner: row.owner.kind,
        agent: row.owner.agent.as_ref().map(|agent| WidgetAgent { name: first_name(&agent.name), avatar_url: agent.avatar_url.clone() }),
        last_seq: row.last_seq,
        seen_seq: extra.contact_seen_seq,
        agent_seen_seq: extra.staff_seen_seq,
        queue_position: extra.queue_position,
        ask_rating: closed && row.rating.is_none() && row.solved.is_none(),
        rating: row.rating,
        solved: row.solved,
        created_at: row.created_at,
    })
}

async fn extra(tx: &mut Tx, workspace: WorkspaceId, row: &ConversationRow) -> Result<Extra> {
    let held = conversations::load(tx, workspace, row.id).await?;
    let queue_position = routing::ahead(tx, workspace, &held).await?.map(|ahead| ahead + 1);
    Ok(Extra { contact_seen_seq: held.contact_seen_seq, staff_seen_seq: held.staff_seen_seq, queue_position })
}

/// A message as its customer sees it; `None` for what only staff may see.
#[must_use]
pub fn message(app: &App, message: Message) -> Option<WidgetMessage> {
    if message.visibility != Visibility::Public {
        return None;
    }
    let removed = message.removed_at.is_some();
    let conversation = message.conversation_id;
    let mine = message.author.kind == AuthorKind::Contact;
    Some(WidgetMessage {
        id: message.id,
        seq: message.seq,
        client_key: message.client_key.filter(|_| mine),
        author: WidgetAuthor {
            kind: message.author.kind,
            name: if message.author.kind == AuthorKind::Staff { first_name(&message.author.name) } else { String::new() },
            avatar_url: message.author.avatar_url.filter(|_| message.author.kind == AuthorKind::Staff),
        },
        mine,
        kind: message.kind,
        body: if removed { String::new() } else { message.body },
        html: if removed { String::new() } else { message.html },
        attachments: if removed { Vec::new() } else { message.attachments.into_iter().map(|file| files::signed(app, conversation, file)).collect() },
        meta: shown(message.meta, message.kind, mine),
        created_at: message.created_at,
        edited_at: message.edited_at,
        removed_at: message.removed_at,
    })
}

/// What of a message's extras its customer may see: not who of staff did what, nor the bot's inner reasons.
fn shown(meta: Meta, kind: Kind, mine: bool) -> Meta {
    let data = meta.data.filter(|_| mine || kind == Kind::Form);
    Meta { bot_turn: None, data, ..meta }
}

fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or_default().to_owned()
}
