//! Who looks at what and who types: never stored, heard from all nodes, forgotten by itself.

use std::collections::HashMap;

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ConversationId, StaffId, WorkspaceId},
};
use ennakoi_people::staff::Availability;
use serde::{Deserialize, Serialize};

use crate::messages::{AuthorKind, Visibility};

/// Without a sign of life for this long, somebody is no longer there.
const FORGOTTEN_AFTER: Duration = Duration::seconds(45);

/// What somebody does in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Viewing,
    Typing,
}

/// Somebody who looks at a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub staff_id: StaffId,
    pub name: String,
    pub mode: Mode,
}

/// Who types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typist {
    pub kind: AuthorKind,
    pub id: Option<uuid::Uuid>,
    pub name: String,
}

/// Passing things, as they go between nodes and to sockets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Ephemeral {
    /// A member of staff looks at a conversation, or at none (between nodes only).
    Looking {
        person: Person,
        conversation: Option<ConversationId>,
    },
    Presence {
        conversation: ConversationId,
        people: Vec<Person>,
    },
    Typing {
        conversation: ConversationId,
        author: Typist,
        visibility: Visibility,
        on: bool,
    },
    /// What one person is told has changed; it goes to their own sockets and to no other.
    Notices {
        staff: StaffId,
    },
    /// A colleague came or went.
    Staff {
        id: StaffId,
        availability: Availability,
    },
}

impl Ephemeral {
    pub(super) const fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Typing { conversation, .. } => Some(*conversation),
            _ => None,
        }
    }

    /// Whether it is a matter of one person, who is not this one.
    pub(super) fn is_for_another(&self, person: StaffId) -> bool {
        matches!(self, Self::Notices { staff } if *staff != person)
    }
}

struct Seen {
    conversation: ConversationId,
    person: Person,
    at: Timestamp,
}

/// Where everybody was last seen.
#[derive(Default)]
pub(super) struct Presence(HashMap<(WorkspaceId, StaffId), Seen>);

impl Presence {
    /// Notes where somebody is; returns the conversations whose presence changed.
    pub(super) fn see(&mut self, workspace: WorkspaceId, person: Person, conversation: Option<ConversationId>, at: Timestamp) -> Vec<ConversationId> {
        let key = (workspace, person.staff_id);
        let before = self.0.remove(&key);
        let mut changed = Vec::new();
        if let Some(before) = &before
            && Some(before.conversation) != conversation
        {
            changed.push(before.conversation);
        }
        if let Some(conversation) = conversation {
            if before.is_none_or(|before| before.conversation != conversation || before.person != person) {
                changed.push(conversation);
            }
            self.0.insert(key, Seen { conversation, person, at });
        }
        changed
    }

    pub(super) fn of(&self, workspace: WorkspaceId, conversation: ConversationId, now: Timestamp) -> Vec<Person> {
        let here = |((in_workspace, _), seen): &(&(WorkspaceId, StaffId), &Seen)| {
            *in_workspace == workspace && seen.conversation == conversation && (now - seen.at) < FORGOTTEN_AFTER
        };
        let mut people: Vec<Person> = self.0.iter().filter(here).map(|(_, seen)| seen.person.clone()).collect();
        people.sort_by(|a, b| a.name.cmp(&b.name).then(a.staff_id.cmp(&b.staff_id)));
        people
    }

    /// Forgets those without a sign of life; returns where they were.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(WorkspaceId, ConversationId)> {
        let mut gone = Vec::new();
        self.0.retain(|(workspace, _), seen| {
            let stays = (now - seen.at) < FORGOTTEN_AFTER;
            if !stays {
                gone.push((*workspace, seen.conversation));
            }
            stays
        });
        gone
    }
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::{Environment, FixedClock, SeededEntropy};

    use super::*;

    #[test]
    fn people_are_where_they_last_were_and_are_forgotten() {
        let environment = Environment::new(std::sync::Arc::new(FixedClock::new(Timestamp(0))), std::sync::Arc::new(SeededEntropy::new(1)));
        let (workspace, first, second): (WorkspaceId, ConversationId, ConversationId) = (environment.new_id(), environment.new_id(), environment.new_id());
        let person = Person { staff_id: environment.new_id(), name: "Aino".to_owned(), mode: Mode::Viewing };
        let mut presence = Presence::default();
        let start = Timestamp::from_seconds(100);
        assert_eq!(presence.see(workspace, person.clone(), Some(first), start), [first]);
        assert!(presence.see(workspace, person.clone(), Some(first), start).is_empty());
        assert_eq!(presence.see(workspace, person.clone(), Some(second), start), [first, second]);
        assert_eq!(presence.of(workspace, second, start), std::slice::from_ref(&person));
        assert!(presence.of(workspace, first, start).is_empty());
        assert_eq!(presence.expire(start + FORGOTTEN_AFTER), [(workspace, second)]);
        assert!(presence.see(workspace, person, None, start).is_empty());
    }
}
