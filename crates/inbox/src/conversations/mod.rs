//! Conversations: who they are with, who owns them, and what state they are in.
//!
//! Invariants: owner and state are two things and never mixed; every change holds the row, saves it and raises
//! `version`; numbers of a workspace have no gaps that a rollback did not make.

pub mod api;
pub mod bulk;
mod change;
mod counts;
mod detail;
mod first_answers;
mod list;
mod open;
mod reason;
mod rows;
mod snapshot;
mod store;
pub mod timers;

use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ChannelId, ContactId, ConversationId, QueueId, StaffId, VisitorId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bulk::{BulkAction, BulkOutcome};
pub use change::{
    Assignment, HandOver, Rating, Snooze, assign, claim, close, hand_over, rate, reopen, set_owner, set_priority, set_subject, snooze, unsnooze, wake,
};
pub(crate) use change::{owner_changed, revive};
pub use counts::{Counts, counts, open_of};
pub use detail::{ConversationDetail, Earlier, detail};
pub use first_answers::first_answers;
pub use list::{ListQuery, Order, Sort, list};
pub(crate) use open::insert_past;
pub use open::{NewConversation, current, of_visitor, open, open_as};
pub use reason::Reason;
pub use rows::{ChannelBrief, ContactSummary, ConversationRow, LabelBrief, OwnerRow, QueueBrief, rows};
pub(crate) use snapshot::Snapshot;
pub use store::{find, lock};
pub(crate) use store::{save, touch};

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Ours: something is to be done.
    Open,
    /// The customer's: our answer is out.
    Waiting,
    /// Out of sight until a moment or the next message.
    Snoozed,
    Closed,
}
stored_as_text!(State { Open = "open", Waiting = "waiting", Snoozed = "snoozed", Closed = "closed" });

impl State {
    /// Open or waiting: on somebody's desk.
    #[must_use]
    pub const fn active(self) -> bool {
        matches!(self, Self::Open | Self::Waiting)
    }
}

/// Who is responsible for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    Bot,
    Queue(QueueId),
    Agent(StaffId),
    Nobody,
}

impl Owner {
    #[must_use]
    pub const fn kind(self) -> OwnerKind {
        match self {
            Self::Bot => OwnerKind::Bot,
            Self::Queue(_) => OwnerKind::Queue,
            Self::Agent(_) => OwnerKind::Agent,
            Self::Nobody => OwnerKind::Nobody,
        }
    }
}

/// The kind of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    Bot,
    Queue,
    Agent,
    Nobody,
}
stored_as_text!(OwnerKind { Bot = "bot", Queue = "queue", Agent = "agent", Nobody = "nobody" });

/// How urgent it is. Ordered: the most urgent first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Urgent,
    High,
    #[default]
    Normal,
    Low,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// As it is stored: 0 is the most urgent, so that ascending order serves the urgent first.
    #[must_use]
    pub const fn rank(self) -> i64 {
        self as i64
    }

    pub(crate) fn of_rank(rank: i64) -> Self {
        usize::try_from(rank).ok().and_then(|rank| Self::ALL.get(rank).copied()).unwrap_or_default()
    }
}

/// A conversation as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    /// Short number that people say aloud; counts up in each workspace.
    pub number: i64,
    /// Raised by every change.
    pub version: i64,
    pub channel: ChannelId,
    pub contact: Option<ContactId>,
    /// The widget's visitor, whether or not a contact is known.
    pub visitor: Option<VisitorId>,
    pub subject: Option<String>,
    pub locale: Option<Locale>,
    pub state: State,
    pub owner: Owner,
    /// The queue that it is in or came through; stays when an agent takes it.
    pub queue: Option<QueueId>,
    pub priority: Priority,
    /// Why it was last handed over.
    pub reason: Option<Reason>,
    /// Sequence number of the last message; the first message has 1.
    pub last_seq: i64,
    pub last_message_at: Timestamp,
    /// Beginning of the last visible text.
    pub preview: String,
    pub preview_author: crate::messages::AuthorKind,
    /// Since when the customer has been waiting for an answer.
    pub waiting_since: Option<Timestamp>,
    /// When a snoozed conversation wakes; `None` means with the next message.
    pub snoozed_until: Option<Timestamp>,
    /// How far the customer has read.
    pub contact_seen_seq: i64,
    /// How far anybody of staff has read.
    pub staff_seen_seq: i64,
    /// 1–5, as the customer gave it.
    pub rating: Option<i64>,
    pub solved: Option<bool>,
    pub rating_comment: Option<String>,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Since when it has been waiting in its queue; derived from state and owner when saved.
    pub queued_at: Option<Timestamp>,
    /// Of the clocks that run, the one that is due first; written by the follower of the clocks alone.
    pub clock: Option<crate::sla::RowClock>,
    /// When the next open promise is due.
    pub promise_due_at: Option<Timestamp>,
}

impl Conversation {
    /// The agent who owns it, if one does.
    #[must_use]
    pub const fn agent(&self) -> Option<StaffId> {
        match self.owner {
            Owner::Agent(agent) => Some(agent),
            _ => None,
        }
    }
}

/// The conversation with this number.
///
/// # Errors
/// The database refuses.
pub async fn by_number(tx: &mut Tx, workspace: WorkspaceId, number: i64) -> Result<Option<ConversationId>> {
    store::by_number(tx, workspace, number).await
}

/// These conversations, in no order; those that are not there are left out.
///
/// # Errors
/// The database refuses.
pub async fn several(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
    store::by_ids(tx, workspace, ids).await
}

/// One conversation.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<Conversation> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the conversation").into())
}
