//! Service levels: what a company promises about time, and the clocks that measure whether it holds.
//!
//! A *policy* says for which conversations (a condition) how long a first answer, a next answer and the whole matter may take, by whose opening
//! hours, and when the clocks stand. The first enabled policy whose condition holds applies. A *promise* is made by hand for one conversation.
//!
//! Invariants:
//! - a clock runs under one version of one policy, and a version never changes: what has been measured is never rewritten;
//! - the clocks of a conversation follow from its events in their order ([`track`]) and from the time they carry, so a late follower measures the
//!   same;
//! - a clock ends once, as `met`, `missed` or `void` (nothing more to answer), and says `breached_at` the moment its target was spent;
//! - the arithmetic is pure ([`business`], [`clock`]) and agrees with a minute-by-minute walk.

pub mod api;
pub mod business;
pub mod clock;
pub(crate) mod follow;
pub mod policies;
pub mod promises;
pub mod proposals;
mod store;
pub(crate) mod timers;
pub mod track;

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ChannelId, ClockId, ConversationId, PolicyId, PromiseId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::clock::Clock;

/// What a clock measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// From the wish for a person to the first answer of one.
    FirstAnswer,
    /// From a later message of the customer to the next answer.
    NextAnswer,
    /// From the wish for a person to the end of the matter.
    Resolution,
    /// From a promise to its keeping.
    Promise,
}
stored_as_text!(ClockKind { FirstAnswer = "first_answer", NextAnswer = "next_answer", Resolution = "resolution", Promise = "promise" });

/// How a clock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockOutcome {
    Met,
    Missed,
    /// There was nothing more to do: closed before an answer was late, or a promise was withdrawn in time.
    Void,
}
stored_as_text!(ClockOutcome { Met = "met", Missed = "missed", Void = "void" });

/// A clock as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) id: ClockId,
    pub(crate) conversation: ConversationId,
    pub(crate) kind: ClockKind,
    pub(crate) policy: Option<(PolicyId, i64)>,
    pub(crate) promise: Option<PromiseId>,
    pub(crate) started_at: Timestamp,
    pub(crate) clock: Clock,
    pub(crate) warn_at: Option<Timestamp>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) warned_at: Option<Timestamp>,
    pub(crate) breached_at: Option<Timestamp>,
    pub(crate) outcome: Option<ClockOutcome>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) queue: Option<QueueId>,
    pub(crate) agent: Option<StaffId>,
}

/// A clock as people see it. Spans are seconds of opening hours.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClockView {
    pub id: ClockId,
    pub kind: ClockKind,
    /// The policy and the version of it under which the clock runs; null for a promise.
    pub policy: Option<PolicyBrief>,
    pub promise_id: Option<PromiseId>,
    pub started_at: Timestamp,
    pub target_seconds: i64,
    pub spent_seconds: i64,
    /// It stands: the customer's turn, or snoozed.
    pub paused: bool,
    /// When it turns urgent, and when its target is spent; null while it stands.
    pub warn_at: Option<Timestamp>,
    pub due_at: Option<Timestamp>,
    pub breached_at: Option<Timestamp>,
    pub outcome: Option<ClockOutcome>,
    pub finished_at: Option<Timestamp>,
    /// From beginning to end by the wall clock, once it has ended.
    pub wall_seconds: Option<i64>,
}

/// A policy as a clock names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PolicyBrief {
    pub id: PolicyId,
    pub version: i64,
    pub name: String,
}

/// The clock of a row: of those that run, the one that is due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowClock {
    pub kind: ClockKind,
    /// From this moment it is shown as urgent.
    pub warn_at: Timestamp,
    pub due_at: Timestamp,
}

/// All clocks of a conversation: those that are open first, then the newest that have ended.
///
/// # Errors
/// The database refuses.
pub async fn of_conversation(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, now: Timestamp) -> Result<Vec<ClockView>> {
    let mut clocks = store::of_conversation(tx, workspace, conversation).await?;
    clocks.sort_by_key(|clock| (clock.outcome.is_some(), std::cmp::Reverse(clock.started_at)));
    let mut views = Vec::with_capacity(clocks.len());
    for clock in clocks {
        let version = match clock.policy {
            Some((policy, version)) => policies::version(tx, workspace, policy, version).await?,
            None => None,
        };
        let spent = clock.clock.spent(version.as_ref().and_then(policies::Version::hours), now);
        let policy = version.map(|version| PolicyBrief { id: version.policy, version: version.version, name: version.definition.name });
        views.push(clock.view(policy, spent));
    }
    Ok(views)
}

impl Stored {
    fn view(self, policy: Option<PolicyBrief>, spent: Duration) -> ClockView {
        let seconds = |span: Duration| span.0 / 1_000_000;
        ClockView {
            id: self.id,
            kind: self.kind,
            policy,
            promise_id: self.promise,
            started_at: self.started_at,
            target_seconds: seconds(self.clock.target),
            spent_seconds: seconds(spent),
            paused: self.outcome.is_none() && self.clock.running_since.is_none(),
            warn_at: self.warn_at,
            due_at: self.due_at,
            breached_at: self.breached_at,
            outcome: self.outcome,
            finished_at: self.finished_at,
            wall_seconds: self.finished_at.map(|at| seconds(at - self.started_at)),
        }
    }
}
