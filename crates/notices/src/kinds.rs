//! What people are told, and in which ways.

use ennakoi_kernel::access::Role;
use ennakoi_store::stored_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A case became mine, by somebody else or by routing.
    Assigned,
    /// A colleague named me in a note.
    Mentioned,
    /// The customer wrote in a case of mine.
    CustomerAnswered,
    /// A clock of a case of mine has become urgent.
    ClockWarned,
    /// The target of a clock of a case of mine is spent.
    ClockBreached,
    /// A promise of mine comes due, or was not kept.
    PromiseDue,
    /// Somebody asks to give more than they may.
    ApprovalAsked,
    /// What I asked for was decided.
    ApprovalDecided,
    /// A review of my work, what became of a dispute, a note of coaching; for reviewers: a dispute.
    Review,
    /// A target was missed in somebody else's case.
    TeamBreached,
    /// More cases wait in a queue than I want.
    QueueFull,
}
stored_as_text!(NoticeKind {
    Assigned = "assigned",
    Mentioned = "mentioned",
    CustomerAnswered = "customer_answered",
    ClockWarned = "clock_warned",
    ClockBreached = "clock_breached",
    PromiseDue = "promise_due",
    ApprovalAsked = "approval_asked",
    ApprovalDecided = "approval_decided",
    Review = "review",
    TeamBreached = "team_breached",
    QueueFull = "queue_full",
});

impl NoticeKind {
    /// Told only to those who lead.
    #[must_use]
    pub const fn leads(self) -> bool {
        matches!(self, Self::TeamBreached | Self::QueueFull)
    }

    /// Whether a channel of the whole company may hear of it.
    #[must_use]
    pub const fn for_everybody(self) -> bool {
        matches!(self, Self::TeamBreached | Self::QueueFull | Self::ApprovalAsked)
    }
}

/// A way out of the building; the list in the console is no such way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Email,
    /// To the browsers that the person has added.
    Push,
    /// To the person's own Slack and Teams addresses.
    Chat,
}
stored_as_text!(Way { Email = "email", Push = "push", Chat = "chat" });

/// How one kind is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ways {
    /// In the console.
    pub list: bool,
    pub email: bool,
    pub push: bool,
    pub chat: bool,
}

impl Ways {
    #[must_use]
    pub const fn has(self, way: Way) -> bool {
        match way {
            Way::Email => self.email,
            Way::Push => self.push,
            Way::Chat => self.chat,
        }
    }

    #[must_use]
    pub const fn any(self) -> bool {
        self.list || self.email || self.push || self.chat
    }

    /// What holds for who has chosen nothing: everything that is one's own is listed and goes to the browsers and addresses one has added;
    /// mails only to who wants them. Those who lead hear of the team; who owns the company only when they ask for it.
    #[must_use]
    pub const fn usual(kind: NoticeKind, role: Role) -> Self {
        let on = !kind.leads() || matches!(role, Role::Supervisor);
        Self { list: on, email: false, push: on, chat: on }
    }
}
