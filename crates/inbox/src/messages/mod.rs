//! Messages: one order for everybody, each written once however often it is sent.

mod add;
mod addressing;
pub mod api;
mod copy;
mod delivery;
mod edit;
mod hydrate;
mod past;
pub mod render;
mod store;

use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ArticleId, AttachmentId, ConversationId, MessageId, StaffId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, stored_as_text, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attachments::Attachment;

pub use add::{Added, KeyOf, NewMessage, add, add_own, check_client_key};
pub(crate) use add::{CONTINUED_WITHIN, Note, append, note_event, private_note};
pub use addressing::{Addressing, Correspondent, Origin, Proof};
pub(crate) use copy::{copy, mark_moved};
pub use delivery::set_delivery;
pub use edit::{edit, remove};
pub(crate) use hydrate::author;
pub(crate) use past::insert_past;

/// What kind of author a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    Contact,
    Staff,
    Bot,
    System,
}
stored_as_text!(AuthorKind { Contact = "contact", Staff = "staff", Bot = "bot", System = "system" });

impl AuthorKind {
    /// The kind of author that an actor is.
    #[must_use]
    pub const fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Contact(_) | Actor::Visitor(_) => Self::Contact,
            Actor::Staff(_) => Self::Staff,
            Actor::Bot => Self::Bot,
            Actor::System | Actor::ApiKey(_) => Self::System,
        }
    }
}

/// From the customer, or to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    In,
    Out,
}
stored_as_text!(Direction { In = "in", Out = "out" });

/// Who may see a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The customer and staff.
    Public,
    /// Staff only: a note.
    Private,
}
stored_as_text!(Visibility { Public = "public", Private = "private" });

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    /// Something happened: `meta.event` says what.
    Event,
    /// Asks for, or holds, a rating.
    Rating,
    /// Offers `meta.options`.
    Options,
    Form,
}
stored_as_text!(Kind { Text = "text", Event = "event", Rating = "rating", Options = "options", Form = "form" });

/// How the body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Text,
    Markdown,
}
stored_as_text!(Format { Text = "text", Markdown = "markdown" });

/// How far a message on its way out has come; never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Written, and not gone yet.
    Pending,
    Sent,
    Delivered,
    Read,
    Failed,
}
stored_as_text!(Delivery { Pending = "pending", Sent = "sent", Delivered = "delivered", Read = "read", Failed = "failed" });

/// Who reads: a contact never sees private messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Staff,
    Contact,
}

/// An article that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    pub article_id: ArticleId,
    pub title: String,
    pub url: String,
}

/// A choice the customer can tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    pub key: String,
    pub label: String,
}

/// What a message carries besides its text; absent parts are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Meta {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<Source>>,
    /// How sure the bot was, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<Choice>>,
    /// Code of what happened, e.g. `assigned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_turn: Option<String>,
    /// From whom and to whom, on channels where each message says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressing: Option<Addressing>,
    /// What is known about a message that came from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Code of why it was not delivered, e.g. `address_unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_code: Option<String>,
    /// Where it goes on, after it was split off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<Moved>,
    /// What it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<Copied>,
    /// It was brought along from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// It was written before, and waited for its moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Scheduled>,
}

/// When an answer was written, and for when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scheduled {
    pub written_at: Timestamp,
    pub for_at: Timestamp,
}

/// What is known about a message that was brought along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// The author's name, when it is nobody here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// The conversation in which a message goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    pub conversation: ConversationId,
    pub number: i64,
}

/// The original of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copied {
    pub conversation: ConversationId,
    pub message: MessageId,
}

/// Who wrote a message. `name` is empty for the bot, the system and strangers: the screen has its own words for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Author {
    pub kind: AuthorKind,
    pub id: Option<uuid::Uuid>,
    pub name: String,
    pub avatar_url: Option<String>,
}

/// A message with its author's name, its attachments and its safe HTML.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// Position in the conversation, from 1, without gaps.
    pub seq: i64,
    pub client_key: Option<String>,
    pub author: Author,
    pub direction: Direction,
    pub visibility: Visibility,
    pub kind: Kind,
    pub body: String,
    pub format: Format,
    /// Sanitised; safe to put into a page.
    pub html: String,
    pub language: Option<Locale>,
    pub attachments: Vec<Attachment>,
    pub meta: Meta,
    pub delivery: Option<Delivery>,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub removed_at: Option<Timestamp>,
    /// Exactly who wrote it; not for screens.
    #[serde(skip)]
    pub actor: ActorOf,
}

impl Message {
    /// Whether it is a text that can go on in a conversation of its own.
    #[must_use]
    pub fn can_be_split(&self) -> bool {
        self.kind == Kind::Text && self.removed_at.is_none() && self.meta.moved_to.is_none()
    }
}

/// The actor of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorOf(pub Actor);

impl JsonSchema for ActorOf {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ActorOf".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// A piece of a conversation, oldest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MessagePage {
    pub items: Vec<Message>,
    /// Whether there are more in the direction that was read.
    pub has_more: bool,
}

/// Which piece of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Messages after this one, oldest first; wins over `before_seq`.
    pub after_seq: Option<i64>,
    /// The last messages before this one; neither: the last messages.
    pub before_seq: Option<i64>,
    pub limit: u32,
}

/// A piece of a conversation as `audience` may see it.
///
/// # Errors
/// The database refuses. A conversation of another workspace has no messages.
pub async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    after_seq: Option<i64>,
    before_seq: Option<i64>,
    limit: u32,
    audience: Audience,
) -> Result<MessagePage> {
    let (stored, has_more) = store::window(tx, workspace, conversation, Window { after_seq, before_seq, limit }, audience).await?;
    Ok(MessagePage { items: hydrate::hydrate(tx, workspace, stored).await?, has_more })
}

/// Messages by their ids, in order of conversation and sequence. Those of other workspaces are left out.
///
/// # Errors
/// The database refuses.
pub async fn by_ids(tx: &mut Tx, workspace: WorkspaceId, ids: &[MessageId]) -> Result<Vec<Message>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let stored = store::by_ids(tx, workspace, ids).await?;
    hydrate::hydrate(tx, workspace, stored).await
}

/// One message.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: MessageId) -> Result<Message> {
    by_ids(tx, workspace, &[id]).await?.pop().ok_or_else(|| Problem::not_found("the message").into())
}

/// The message that `author` once sent under this key, in whatever conversation: how a repeated first message finds the
/// conversation that it had opened.
///
/// # Errors
/// The database refuses.
pub async fn by_client_key(tx: &mut Tx, workspace: WorkspaceId, author: Actor, client_key: &str) -> Result<Option<Message>> {
    let Some(id) = store::by_author_key(tx, workspace, client_key, author).await? else { return Ok(None) };
    Ok(by_ids(tx, workspace, &[id]).await?.pop())
}

/// A new plain text without anything else.
impl NewMessage {
    #[must_use]
    pub fn text(author: Actor, direction: Direction, body: impl Into<String>) -> Self {
        Self {
            author,
            direction,
            visibility: Visibility::Public,
            kind: Kind::Text,
            body: body.into(),
            format: Format::Text,
            language: None,
            meta: Meta::default(),
            client_key: None,
            key_of: KeyOf::default(),
            external_id: None,
            attachments: Vec::<AttachmentId>::new(),
            delivery: None,
            mentions: Vec::<StaffId>::new(),
        }
    }
}
