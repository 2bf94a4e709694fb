//! Rows of the desk's lists: conversations with the names that belong to them, in a constant number of queries.

use std::collections::{BTreeSet, HashMap, HashSet};

use ennakoi_kernel::{
    Timestamp,
    ids::{ChannelId, ContactId, ConversationId, LabelId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_people::{Locale, staff::StaffBrief};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Conversation, OwnerKind, Priority, Reason, State, store};
use crate::{
    channels,
    messages::AuthorKind,
    names::{self, Names},
    queues, read_marks,
    sla::RowClock,
    sql,
};

/// A channel as a row names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChannelBrief {
    pub id: ChannelId,
    pub kind: channels::ChannelKind,
    pub name: String,
}

/// The customer as a row names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContactSummary {
    pub id: ContactId,
    pub name: String,
    pub email: Option<String>,
    pub avatar_url: Option<String>,
}

/// A queue as a row names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QueueBrief {
    pub id: QueueId,
    pub name: String,
}

/// A label as a row shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LabelBrief {
    pub id: LabelId,
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
}

/// Whose the conversation is, with names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnerRow {
    pub kind: OwnerKind,
    /// The queue that it is in or came through.
    pub queue: Option<QueueBrief>,
    pub agent: Option<StaffBrief>,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ConversationRow {
    pub id: ConversationId,
    pub number: i64,
    /// Raised by every change; a client keeps the higher one.
    pub version: i64,
    pub channel: ChannelBrief,
    pub contact: Option<ContactSummary>,
    pub subject: Option<String>,
    /// Beginning of the last text.
    pub preview: String,
    pub preview_author: AuthorKind,
    pub state: State,
    pub owner: OwnerRow,
    pub priority: Priority,
    pub labels: Vec<LabelBrief>,
    pub locale: Option<Locale>,
    pub last_seq: i64,
    /// How far the viewer has read; 0 when nobody in particular looks.
    pub seen_seq: i64,
    pub last_message_at: Timestamp,
    pub waiting_since: Option<Timestamp>,
    pub snoozed_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub reason: Option<Reason>,
    pub rating: Option<i64>,
    pub solved: Option<bool>,
    /// Of the clocks that run, the one that is due first.
    pub clock: Option<RowClock>,
    /// When the next open promise is due.
    pub promise_due_at: Option<Timestamp>,
    /// What was written to the customer last did not reach them.
    pub undelivered: bool,
}

/// Rows of the given conversations, in the order asked for; those that are not in this workspace are left out. Eight queries at most.
///
/// # Errors
/// The database refuses.
pub async fn rows(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId], viewer: Option<StaffId>) -> Result<Vec<ConversationRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = store::by_ids(tx, workspace, ids).await?;
    let mut by_id: HashMap<ConversationId, ConversationRow> = hydrate(tx, workspace, found, viewer).await?.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// Rows of conversations that are at hand already, in their order.
pub(super) async fn hydrate(tx: &mut Tx, workspace: WorkspaceId, found: Vec<Conversation>, viewer: Option<StaffId>) -> Result<Vec<ConversationRow>> {
    let ids: Vec<ConversationId> = found.iter().map(|conversation| conversation.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let people: BTreeSet<StaffId> = found.iter().filter_map(Conversation::agent).collect();
    let customers: BTreeSet<ContactId> = found.iter().filter_map(|conversation| conversation.contact).collect();
    let names = names::of_ids(tx, workspace, people, customers).await?;
    let channels = channels::briefs(tx, workspace).await?;
    let queues = if found.iter().any(|conversation| conversation.queue.is_some()) { queues::briefs(tx, workspace).await? } else { HashMap::new() };
    let mut labels = labels_of(tx, workspace, &ids).await?;
    let seen = match viewer {
        Some(viewer) => read_marks::of(tx, workspace, viewer, &ids).await?,
        None => HashMap::new(),
    };
    let undelivered = undelivered(tx, workspace, &ids).await?;
    let beside = Beside { names, channels, queues, undelivered };
    Ok(found
        .into_iter()
        .map(|conversation| {
            let labels = labels.remove(&conversation.id).unwrap_or_default();
            let seen_seq = seen.get(&conversation.id).copied().unwrap_or(0);
            beside.row(conversation, labels, seen_seq)
        })
        .collect())
}

/// What rows name besides the conversations themselves.
struct Beside {
    names: Names,
    channels: HashMap<ChannelId, ChannelBrief>,
    queues: HashMap<QueueId, QueueBrief>,
    undelivered: HashSet<ConversationId>,
}

impl Beside {
    fn row(&self, it: Conversation, labels: Vec<LabelBrief>, seen_seq: i64) -> ConversationRow {
        let contact = it.contact.and_then(|id| self.names.contacts.get(&id)).map(|brief| ContactSummary {
            id: brief.id,
            name: brief.name.clone(),
            email: brief.email.clone(),
            avatar_url: brief.avatar_url.clone(),
        });
        let nameless = |id| StaffBrief { id, name: String::new(), avatar_url: None };
        let owner = OwnerRow {
            kind: it.owner.kind(),
            queue: it.queue.and_then(|id| self.queues.get(&id).cloned()),
            agent: it.agent().map(|id| self.names.staff.get(&id).cloned().unwrap_or_else(|| nameless(id))),
        };
        let unknown = || ChannelBrief { id: it.channel, kind: channels::ChannelKind::Api, name: String::new() };
        ConversationRow {
            id: it.id,
            number: it.number,
            version: it.version,
            channel: self.channels.get(&it.channel).cloned().unwrap_or_else(unknown),
            contact,
            subject: it.subject,
            preview: it.preview,
            preview_author: it.preview_author,
            state: it.state,
            owner,
            priority: it.priority,
            labels,
            locale: it.locale,
            last_seq: it.last_seq,
            seen_seq,
            last_message_at: it.last_message_at,
            waiting_since: it.waiting_since,
            snoozed_until: it.snoozed_until,
            created_at: it.created_at,
            closed_at: it.closed_at,
            reason: it.reason,
            rating: it.rating,
            solved: it.solved,
            clock: it.clock,
            promise_due_at: it.promise_due_at,
            undelivered: self.undelivered.contains(&it.id),
        }
    }
}

/// Conversations in which an answer failed and nothing has been written to the customer since.
async fn undelivered(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<HashSet<ConversationId>> {
    let (places, values) = sql::list(2, ids);
    let found: Vec<(ConversationId,)> = tx
        .all(
            &format!(
                "SELECT f.conversation_id FROM messages f WHERE f.workspace_id = $1 AND f.conversation_id IN ({places}) AND f.delivery = 'failed' \
                 AND f.removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM messages l WHERE l.workspace_id = f.workspace_id \
                 AND l.conversation_id = f.conversation_id AND l.seq > f.seq AND l.direction = 'out' AND l.visibility = 'public' \
                 AND l.kind IN ('text', 'options') AND l.removed_at IS NULL)"
            ),
            &sql::with_list(params![workspace], values),
        )
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

async fn labels_of(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<HashMap<ConversationId, Vec<LabelBrief>>> {
    let (places, values) = sql::list(2, ids);
    let mut labels: HashMap<ConversationId, Vec<LabelBrief>> = HashMap::new();
    tx.each(
        &format!(
            "SELECT a.conversation_id, l.id, l.name, l.color FROM conversation_labels a JOIN labels l ON l.id = a.label_id \
             WHERE a.workspace_id = $1 AND a.conversation_id IN ({places}) ORDER BY l.name_key"
        ),
        &sql::with_list(params![workspace], values),
        |mut row| {
            let conversation: ConversationId = row.take()?;
            labels.entry(conversation).or_default().push(LabelBrief { id: row.take()?, name: row.take()?, color: row.take()? });
            Ok(true)
        },
    )
    .await?;
    Ok(labels)
}
