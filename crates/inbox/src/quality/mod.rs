//! Quality: score sheets, the queue of closed cases that wait for a review, reviews, what the reviewed person answers, and notes of coaching.
//!
//! Invariants:
//! - a review keeps the version of its sheet, and a version never changes: editing a sheet rewrites no past review;
//! - nobody reviews their own work, nor resolves a dispute about it;
//! - a person sees published reviews and notes about themselves, and no other; events tell neither the case nor the person;
//! - the weekly sample of an agent is the cases with the smallest draws, and a draw follows from the seed and the case alone, so that anybody can
//!   draw it again and nobody can choose; what a reviewer has begun stays in it.

pub mod api;
pub mod coaching;
mod disputes;
pub mod follow;
pub mod own;
pub mod queue;
pub mod reviews;
pub mod sampling;
pub(crate) mod score;
pub mod sheets;

use ennakoi_kernel::ids::{CoachingNoteId, ConversationId, ReviewId, StaffId, WorkspaceId};
use ennakoi_store::{FromRow, Result, Row, Tx, params, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a case was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBecause {
    /// The customer gave one or two of five.
    LowRating,
    /// A promise was not kept in time.
    BrokenPromise,
    /// The customer had to come back.
    Reopened,
    /// The customer waited longer than the rule says.
    LongWait,
    /// Drawn.
    Sample,
}
stored_as_text!(ChosenBecause {
    LowRating = "low_rating",
    BrokenPromise = "broken_promise",
    Reopened = "reopened",
    LongWait = "long_wait",
    Sample = "sample",
});

/// How a case in the queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    Waiting,
    /// Somebody has opened a sheet beside it.
    Begun,
    Reviewed,
    /// A reviewer decided that there is nothing to learn from it.
    Skipped,
}
stored_as_text!(CaseState { Waiting = "waiting", Begun = "begun", Reviewed = "reviewed", Skipped = "skipped" });

/// How a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Only its reviewer sees it.
    Draft,
    Published,
}
stored_as_text!(ReviewState { Draft = "draft", Published = "published" });

/// What the reviewed person says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAnswer {
    Acknowledged,
    Disputed,
}
stored_as_text!(ReviewAnswer { Acknowledged = "acknowledged", Disputed = "disputed" });

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    Stands,
    Corrected,
}
stored_as_text!(Resolution { Stands = "stands", Corrected = "corrected" });

/// Characters of a summary, an answer, or a note of coaching.
pub(crate) const TEXT_MAX: usize = 5_000;

/// Whom a review or a note concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concerned {
    pub agent: StaffId,
    pub reviewer: StaffId,
    pub conversation: Option<ConversationId>,
    /// Whether the reviewed person disputes it.
    pub disputed: bool,
}

impl FromRow for Concerned {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { agent: row.take()?, reviewer: row.take()?, conversation: row.take()?, disputed: row.take()? })
    }
}

/// Whom a published review concerns; `None` when it is not there.
///
/// # Errors
/// The database refuses.
pub async fn concerned_by_review(tx: &mut Tx, workspace: WorkspaceId, id: ReviewId) -> Result<Option<Concerned>> {
    let sql = "SELECT agent_id, reviewer_id, conversation_id, (answer IS NOT NULL AND answer = 'disputed') FROM quality_reviews \
               WHERE workspace_id = $1 AND id = $2 AND state = 'published'";
    tx.optional(sql, params![workspace, id]).await
}

/// Whom a note of coaching concerns; `None` when it was taken back.
///
/// # Errors
/// The database refuses.
pub async fn concerned_by_note(tx: &mut Tx, workspace: WorkspaceId, id: CoachingNoteId) -> Result<Option<Concerned>> {
    let sql = "SELECT agent_id, author_id, conversation_id, FALSE FROM coaching_notes WHERE workspace_id = $1 AND id = $2";
    tx.optional(sql, params![workspace, id]).await
}
