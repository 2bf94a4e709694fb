//! How a conversation stood at a moment, to go back to it.

use ennakoi_kernel::{
    Timestamp,
    ids::{QueueId, StaffId},
};
use serde::{Deserialize, Serialize};

use super::{Conversation, Owner, Priority, State};

/// What an action may change about a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(super) state: State,
    pub(super) owner: SnapshotOwner,
    pub(super) queue: Option<QueueId>,
    pub(super) priority: Priority,
    pub(super) snoozed_until: Option<Timestamp>,
    pub(super) waiting_since: Option<Timestamp>,
    pub(super) closed_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SnapshotOwner {
    Bot,
    Queue(QueueId),
    Agent(StaffId),
    Nobody,
}

impl Snapshot {
    pub(crate) fn of(it: &Conversation) -> Self {
        let owner = match it.owner {
            Owner::Bot => SnapshotOwner::Bot,
            Owner::Queue(queue) => SnapshotOwner::Queue(queue),
            Owner::Agent(agent) => SnapshotOwner::Agent(agent),
            Owner::Nobody => SnapshotOwner::Nobody,
        };
        Self {
            state: it.state,
            owner,
            queue: it.queue,
            priority: it.priority,
            snoozed_until: it.snoozed_until,
            waiting_since: it.waiting_since,
            closed_at: it.closed_at,
        }
    }
}

impl Snapshot {
    /// Puts it back as it was. The caller holds and saves the conversation.
    pub(crate) fn restore(&self, conversation: &mut Conversation) {
        conversation.state = self.state;
        conversation.owner = self.owner();
        conversation.queue = self.queue;
        conversation.priority = self.priority;
        conversation.snoozed_until = self.snoozed_until;
        conversation.waiting_since = self.waiting_since;
        conversation.closed_at = self.closed_at;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// When it was to wake by itself.
    pub(crate) fn wakes_at(&self) -> Option<Timestamp> {
        self.snoozed_until.filter(|_| self.state == State::Snoozed)
    }

    pub(super) const fn owner(&self) -> Owner {
        self.owner.owner()
    }
}

impl SnapshotOwner {
    const fn owner(self) -> Owner {
        match self {
            Self::Bot => Owner::Bot,
            Self::Queue(queue) => Owner::Queue(queue),
            Self::Agent(agent) => Owner::Agent(agent),
            Self::Nobody => Owner::Nobody,
        }
    }
}
