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
    Result, Tx, Value, params,
    timeline::{Actor, Event},
};
use serde::Serialize;

use super::Ephemeral;
use crate::{
    conversations::{self, ConversationRow},
    messages::{self, Message},
    sql,
};

/// Messages told as read by one look, at most, and customers whose reading is looked at together.
const READ_AT_ONCE: i64 = 500;
const MARKS_AT_ONCE: usize = 64;

/// Conversations told again by one change because their contact changed, at most.
const OF_CONTACTS_AT_ONCE: i64 = 200;
/// A frame to a socket, at most, unless one event alone is larger.
const FRAME_BYTES: usize = 1 << 20;

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
    /// Colleagues who came or went.
    #[serde(skip)]
    pub(super) availability: Vec<Ephemeral>,
    #[serde(skip)]
    staff_text: OnceLock<Utf8Bytes>,
}

impl Change {
    /// One that says no more than how far it came.
    #[cfg(test)]
    pub(super) fn to(seq: i64) -> Self {
        let (events, conversations, messages, contacts, availability) = Default::default();
        Self { seq, events, conversations, messages, contacts, availability, staff_text: OnceLock::new() }
    }

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
    let named = events.iter().filter_map(|event| event.payload.get("message").and_then(|id| id.as_str()).and_then(|id| id.parse().ok()));
    let read = read_by_customers(tx, workspace, &events).await?;
    let message_ids: Vec<MessageId> = distinct(named.chain(read));
    let about_contacts: Vec<&Event> = events.iter().filter(|event| event.kind.starts_with("contact.") || event.kind.starts_with("identity.")).collect();
    let contact_ids: Vec<ContactId> = distinct(about_contacts.iter().filter_map(|event| event.contact));
    let losers = about_contacts.iter().filter_map(|event| event.payload.get("loser").and_then(|id| id.as_str()).and_then(|id| id.parse().ok()));
    let theirs = of_contacts(tx, workspace, &distinct(losers.chain(contact_ids.iter().copied()))).await?;
    let conversation_ids: Vec<ConversationId> = distinct(events.iter().filter_map(|event| event.conversation).chain(theirs));
    let conversations = if conversation_ids.is_empty() { Vec::new() } else { conversations::rows(tx, workspace, &conversation_ids, None).await? };
    let messages = messages::by_ids(tx, workspace, &message_ids).await?;
    let contacts = if contact_ids.is_empty() { Vec::new() } else { contacts::rows(tx, workspace, &contact_ids).await? };
    let availability = events.iter().filter(|event| event.kind == "staff.availability_changed").filter_map(came_or_went).collect();
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
    Ok(Change { seq, events, conversations, messages, contacts, availability, staff_text: OnceLock::new() })
}

fn came_or_went(event: &Event) -> Option<Ephemeral> {
    let read = |field: &str| event.payload.get(field).cloned();
    Some(Ephemeral::Staff { id: serde_json::from_value(read("staff")?).ok()?, availability: serde_json::from_value(read("availability")?).ok()? })
}

/// Conversations whose row shows one of these people, the newest when there are many.
async fn of_contacts(tx: &mut Tx, workspace: WorkspaceId, contacts: &[ContactId]) -> Result<Vec<ConversationId>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let (places, values) = sql::list(3, contacts);
    let statement = format!(
        "SELECT id FROM conversations WHERE workspace_id = $1 AND (contact_id IN ({places}) OR contact_id IN \
         (SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into IN ({places}))) ORDER BY number DESC LIMIT $2"
    );
    let rows: Vec<(ConversationId,)> = tx.all(&statement, &sql::with_list(params![workspace, OF_CONTACTS_AT_ONCE], values)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Messages that count as read now, because their customer has read so far; not more than fit when there are many.
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
    let marks: Vec<(ConversationId, (i64, i64))> = marks.into_iter().collect();
    for some in marks.chunks(MARKS_AT_ONCE) {
        // One span each and not all of them joined by OR, for which databases read everything that the workspace has ever written.
        // Padded like every list, so that they see few different statements.
        let padded = some.iter().chain(some.iter().cycle()).take(some.len().next_power_of_two());
        let mut values: Vec<Value> = vec![workspace.into(), READ_AT_ONCE.into()];
        values.extend(padded.flat_map(|(conversation, (from, to))| [(*conversation).into(), (*from).into(), (*to).into()]));
        let spans: Vec<String> = (3..values.len())
            .step_by(3)
            .map(|n| {
                format!(
                    "SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = ${n} AND seq > ${} AND seq <= ${} AND direction = 'out'",
                    n + 1,
                    n + 2
                )
            })
            .collect();
        let rows: Vec<(MessageId,)> = tx.all(&format!("{} LIMIT $2", spans.join(" UNION ALL ")), &values).await?;
        found.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(found)
}

/// The change of as many of the first events (not empty) as fit into one frame; its `seq` says how far it came.
///
/// # Errors
/// The database refuses.
pub async fn build_frame(tx: &mut Tx, workspace: WorkspaceId, mut events: Vec<Event>) -> Result<Change> {
    loop {
        let change = build(tx, workspace, events.clone()).await?;
        if events.len() <= 1 || change.staff_text().len() <= FRAME_BYTES {
            return Ok(change);
        }
        events.truncate(events.len() / 2);
    }
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<BTreeSet<T>>().into_iter().collect()
}
