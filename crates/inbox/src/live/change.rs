//! What some events changed, as every listener needs it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use axum::extract::ws::Utf8Bytes;
use ennakoi_kernel::{
    Timestamp,
    ids::{ContactId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_people::contacts::{self, ContactRow};
use ennakoi_store::{
    Result, Tx, Value,
    timeline::{Actor, Event},
};
use serde::Serialize;

use crate::{
    conversations::{self, ConversationRow},
    messages::{self, Message},
};

/// Messages told as read by one change, at most.
const READ_AT_ONCE: i64 = 500;

/// An event without its payload.
#[derive(Clone, Debug, Serialize)]
pub struct EventBrief {
    pub seq: i64,
    pub kind: String,
    pub conversation: Option<ConversationId>,
    pub contact: Option<ContactId>,
    pub actor: Actor,
    pub at: Timestamp,
}

/// The present state of everything that a run of events touched.
#[derive(Debug, Serialize)]
pub struct Change {
    /// The last event in it.
    pub seq: i64,
    pub events: Vec<EventBrief>,
    pub conversations: Vec<ConversationRow>,
    pub messages: Vec<Message>,
    pub contacts: Vec<ContactRow>,
    #[serde(skip)]
    staff_text: OnceLock<Utf8Bytes>,
}

impl Change {
    /// The change as staff sockets get it; written once, shared by all of them.
    #[must_use]
    pub fn staff_text(&self) -> Utf8Bytes {
        #[derive(Serialize)]
        struct Frame<'a> {
            r#type: &'static str,
            #[serde(flatten)]
            change: &'a Change,
        }
        self.staff_text
            .get_or_init(|| {
                let text = serde_json::to_string(&Frame { r#type: "changes", change: self });
                text.unwrap_or_else(|error| {
                    tracing::error!(%error, "a change cannot be written as JSON");
                    format!(r#"{{"type":"changes","seq":{},"events":[],"conversations":[],"messages":[],"contacts":[]}}"#, self.seq)
                })
                .into()
            })
            .clone()
    }
}

/// Looks up what `events` (not empty) touched, in a constant number of queries.
///
/// # Errors
/// The database refuses.
pub async fn build(tx: &mut Tx, workspace: WorkspaceId, events: Vec<Event>) -> Result<Change> {
    let seq = events.last().map_or(0, |event| event.seq);
    let conversation_ids: Vec<ConversationId> = distinct(events.iter().filter_map(|event| event.conversation));
    let named = events.iter().filter_map(|event| event.payload.get("message").and_then(|id| id.as_str()).and_then(|id| id.parse().ok()));
    let read = read_by_customers(tx, workspace, &events).await?;
    let message_ids: Vec<MessageId> = distinct(named.chain(read));
    let about_contacts = events.iter().filter(|event| event.kind.starts_with("contact.") || event.kind.starts_with("identity."));
    let contact_ids: Vec<ContactId> = distinct(about_contacts.filter_map(|event| event.contact));
    let conversations = if conversation_ids.is_empty() { Vec::new() } else { conversations::rows(tx, workspace, &conversation_ids, None).await? };
    let messages = messages::by_ids(tx, workspace, &message_ids).await?;
    let contacts = if contact_ids.is_empty() { Vec::new() } else { contacts::rows(tx, workspace, &contact_ids).await? };
    let events = events
        .into_iter()
        .map(|event| EventBrief {
            seq: event.seq,
            kind: event.kind,
            conversation: event.conversation,
            contact: event.contact,
            actor: event.actor,
            at: event.occurred_at,
        })
        .collect();
    Ok(Change { seq, events, conversations, messages, contacts, staff_text: OnceLock::new() })
}

/// Messages that count as read now, because their customer has read so far; the newest when there are many.
async fn read_by_customers(tx: &mut Tx, workspace: WorkspaceId, events: &[Event]) -> Result<Vec<MessageId>> {
    let mut marks: BTreeMap<ConversationId, (i64, i64)> = BTreeMap::new();
    for event in events {
        // Who writes has read what stands above.
        let from = match event.kind.as_str() {
            "conversation.seen" => &event.payload["from"],
            "message.added" => &event.payload["seen_from"],
            _ => continue,
        };
        let (Some(conversation), Some(from), Some(to)) = (event.conversation, from.as_i64(), event.payload["seq"].as_i64()) else { continue };
        let mark = marks.entry(conversation).or_insert((from, to));
        *mark = (from.min(mark.0), to.max(mark.1));
    }
    let mut found = Vec::new();
    if marks.is_empty() {
        return Ok(found);
    }
    let spans: Vec<String> =
        (0..marks.len()).map(|n| format!("(conversation_id = ${} AND seq > ${} AND seq <= ${})", 3 * n + 3, 3 * n + 4, 3 * n + 5)).collect();
    let mut values: Vec<Value> = vec![workspace.into(), READ_AT_ONCE.into()];
    values.extend(marks.into_iter().flat_map(|(conversation, (from, to))| [conversation.into(), from.into(), to.into()]));
    let sql = format!("SELECT id FROM messages WHERE workspace_id = $1 AND direction = 'out' AND ({}) ORDER BY seq DESC LIMIT $2", spans.join(" OR "));
    let rows: Vec<(MessageId,)> = tx.all(&sql, &values).await?;
    found.extend(rows.into_iter().map(|(id,)| id));
    Ok(found)
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<BTreeSet<T>>().into_iter().collect()
}
