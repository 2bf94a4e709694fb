//! The timeline: one append-only, gapless sequence of events for each workspace.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ApiKeyId, ContactId, ConversationId, StaffId, VisitorId, WorkspaceId},
};
use serde::{Deserialize, Serialize};

use crate::{Error, FromRow, Result, Row, Tx, Value, params};

/// Who caused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    System,
    Bot,
    Staff(StaffId),
    Contact(ContactId),
    Visitor(VisitorId),
    ApiKey(ApiKeyId),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Bot => f.write_str("bot"),
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::Contact(id) => write!(f, "contact:{id}"),
            Self::Visitor(id) => write!(f, "visitor:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
        }
    }
}

impl std::str::FromStr for Actor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::Decode(format!("unknown actor {text:?}"));
        match text.split_once(':') {
            None if text == "system" => Ok(Self::System),
            None if text == "bot" => Ok(Self::Bot),
            Some(("staff", id)) => id.parse().map(Self::Staff).map_err(|_| bad()),
            Some(("contact", id)) => id.parse().map(Self::Contact).map_err(|_| bad()),
            Some(("visitor", id)) => id.parse().map(Self::Visitor).map_err(|_| bad()),
            Some(("api_key", id)) => id.parse().map(Self::ApiKey).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An event before it has a number.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Stable name in the past tense, `subject.verb`: `message.added`.
    pub kind: &'static str,
    pub actor: Actor,
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    /// When it happened; `None` means now.
    pub occurred_at: Option<Timestamp>,
    /// The facts, small: ids and changed values, not whole resources.
    pub payload: serde_json::Value,
}

impl NewEvent {
    #[must_use]
    pub const fn new(kind: &'static str, actor: Actor, payload: serde_json::Value) -> Self {
        Self { kind, actor, contact: None, conversation: None, occurred_at: None, payload }
    }
    #[must_use]
    pub fn contact(mut self, contact: impl Into<Option<ContactId>>) -> Self {
        self.contact = contact.into();
        self
    }
    #[must_use]
    pub fn conversation(mut self, conversation: impl Into<Option<ConversationId>>) -> Self {
        self.conversation = conversation.into();
        self
    }
    #[must_use]
    pub const fn occurred_at(mut self, at: Timestamp) -> Self {
        self.occurred_at = Some(at);
        self
    }
}

/// An event on the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub seq: i64,
    pub kind: String,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub actor: Actor,
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    pub payload: serde_json::Value,
}

impl Event {
    /// The payload as the type that the kind implies.
    ///
    /// # Errors
    /// The payload does not fit: a bug, or a very old event.
    pub fn payload<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.payload.clone()).map_err(|error| Error::Decode(format!("event {} {}: {error}", self.seq, self.kind)))
    }
}

impl FromRow for Event {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            seq: row.take()?,
            kind: row.take()?,
            occurred_at: row.take()?,
            recorded_at: row.take()?,
            actor: row.take::<String>()?.parse()?,
            contact: row.take()?,
            conversation: row.take()?,
            payload: row.take()?,
        })
    }
}

/// Appends events in order and returns the number of the last one (or the present head when there are none). Call it last in
/// a command: on PostgreSQL it holds the workspace's head until the commit, which is what makes commit order sequence order.
///
/// # Errors
/// The workspace has no timeline, or the database refuses.
pub async fn append(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, events: Vec<NewEvent>) -> Result<i64> {
    let head: i64 = tx
        .optional::<(i64,)>("UPDATE timeline_heads SET seq = seq + $2 WHERE workspace_id = $1 RETURNING seq", params![workspace, events.len()])
        .await?
        .ok_or_else(|| Error::Other(format!("workspace {workspace} has no timeline")))?
        .0;
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let now = environment.now();
    for (event, seq) in events.into_iter().zip(head - count + 1..) {
        tx.execute(
            "INSERT INTO events (workspace_id, seq, kind, occurred_at, recorded_at, actor, contact_id, conversation_id, payload) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                workspace.into(),
                seq.into(),
                event.kind.into(),
                event.occurred_at.unwrap_or(now).into(),
                now.into(),
                event.actor.to_string().into(),
                event.contact.into(),
                event.conversation.into(),
                Value::from(event.payload),
            ],
        )
        .await?;
    }
    if count > 0 {
        tx.wake_after_commit(workspace, head);
    }
    Ok(head)
}

/// Gives a new workspace its timeline.
///
/// # Errors
/// It already has one.
pub async fn open(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    tx.execute("INSERT INTO timeline_heads (workspace_id, seq) VALUES ($1, 0)", params![workspace]).await?;
    Ok(())
}

/// The number of the last event.
///
/// # Errors
/// The workspace has no timeline.
pub async fn head(tx: &mut Tx, workspace: WorkspaceId) -> Result<i64> {
    tx.scalar("SELECT seq FROM timeline_heads WHERE workspace_id = $1", params![workspace]).await
}

/// Events after `seq`, oldest first, at most `limit`.
///
/// # Errors
/// The database refuses.
pub async fn after(tx: &mut Tx, workspace: WorkspaceId, seq: i64, limit: i64) -> Result<Vec<Event>> {
    tx.all(
        "SELECT seq, kind, occurred_at, recorded_at, actor, contact_id, conversation_id, payload \
         FROM events WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        params![workspace, seq, limit],
    )
    .await
}

/// Events of these kinds after `seq` up to `until`, in order, at most `limit`. No kinds: all.
///
/// # Errors
/// The database refuses.
pub async fn of_kinds(tx: &mut Tx, workspace: WorkspaceId, seq: i64, until: i64, kinds: &[&str], limit: i64) -> Result<Vec<Event>> {
    let places: Vec<String> = (5..5 + kinds.len()).map(|number| format!("${number}")).collect();
    let of_kind = if kinds.is_empty() { String::new() } else { format!(" AND kind IN ({})", places.join(", ")) };
    let query = format!(
        "SELECT seq, kind, occurred_at, recorded_at, actor, contact_id, conversation_id, payload \
         FROM events WHERE workspace_id = $1 AND seq > $2 AND seq <= $3{of_kind} ORDER BY seq LIMIT $4"
    );
    let mut values: Vec<Value> = params![workspace, seq, until, limit].to_vec();
    values.extend(kinds.iter().map(|kind| Value::from(*kind)));
    tx.all(&query, &values).await
}

/// A contact's events, newest first, before `seq` (use `i64::MAX` for the newest page).
///
/// # Errors
/// The database refuses.
pub async fn of_contact(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId, before: i64, limit: i64) -> Result<Vec<Event>> {
    tx.all(
        "SELECT seq, kind, occurred_at, recorded_at, actor, contact_id, conversation_id, payload \
         FROM events WHERE workspace_id = $1 AND contact_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
        params![workspace, contact, before, limit],
    )
    .await
}

/// A conversation's events, oldest first.
///
/// # Errors
/// The database refuses.
pub async fn of_conversation(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, after: i64, limit: i64) -> Result<Vec<Event>> {
    tx.all(
        "SELECT seq, kind, occurred_at, recorded_at, actor, contact_id, conversation_id, payload \
         FROM events WHERE workspace_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
        params![workspace, conversation, after, limit],
    )
    .await
}
