//! What the reviewed person answers, and how a dispute ends.

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ReviewId, StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params, timeline::Actor};

use super::{
    Resolution, ReviewAnswer, TEXT_MAX,
    reviews::{self, Marks, Review},
    score, sheets,
};

fn check_text(field: &'static str, text: &str) -> Result<(), Problem> {
    if text.chars().count() > TEXT_MAX {
        return Err(Problem::field(field, "too_long", format!("at most {TEXT_MAX} characters")));
    }
    Ok(())
}

/// The person whose work it is acknowledges a review, or disputes it with a reason; once.
///
/// # Errors
/// It is not about them, is answered already, or a dispute has no reason.
pub(super) async fn answer(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    agent: StaffId,
    id: ReviewId,
    (answer, reason): (ReviewAnswer, &str),
) -> Result<Review> {
    reviews::load_own(tx, workspace, agent, id).await?;
    check_text("reason", reason)?;
    if answer == ReviewAnswer::Disputed && reason.trim().is_empty() {
        return Err(Problem::field("reason", "required", "a dispute has a reason").into());
    }
    let done = tx
        .execute(
            "UPDATE quality_reviews SET answer = $3, answer_reason = $4, answered_at = $5, version = version + 1 \
             WHERE workspace_id = $1 AND id = $2 AND answer IS NULL",
            params![workspace, id, answer, reason.trim(), environment.now()],
        )
        .await?;
    if done == 0 {
        return Err(Problem::conflict("already_decided", "the review is answered").into());
    }
    let review = reviews::load_own(tx, workspace, agent, id).await?;
    reviews::tell(tx, environment, workspace, Actor::Staff(agent), "review.answered", &review).await?;
    Ok(review)
}

/// How a dispute is to end.
pub(super) struct Ending<'a> {
    pub(super) resolution: Resolution,
    pub(super) note: &'a str,
    /// The whole of the corrected marks.
    pub(super) marks: Option<&'a Marks>,
}

/// Ends a dispute: the review stands, or is corrected; what a correction replaces is kept.
///
/// # Errors
/// There is no dispute, it is about the caller's own work, or the marks do not fit.
pub(super) async fn resolve(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    supervisor: StaffId,
    id: ReviewId,
    ending: Ending<'_>,
) -> Result<Review> {
    let review = reviews::load(tx, workspace, Some(supervisor), id).await?;
    if review.agent_id == supervisor {
        return Err(Problem::conflict("own_work", "nobody decides about their own work").into());
    }
    if review.answer != Some(ReviewAnswer::Disputed) || review.resolution.is_some() {
        return Err(Problem::conflict("already_decided", "there is no open dispute").into());
    }
    check_text("note", ending.note)?;
    if ending.note.trim().is_empty() {
        return Err(Problem::field("note", "required", "say why").into());
    }
    let marks = match (ending.resolution, ending.marks) {
        (Resolution::Stands, None) => review.marks.clone(),
        (Resolution::Corrected, Some(marks)) => marks.clone(),
        _ => return Err(Problem::field("marks", "invalid", "a correction has marks, and nothing else does").into()),
    };
    let (_, definition) = sheets::version(tx, workspace, review.sheet_id, review.sheet_version).await?;
    reviews::check_marks(&definition, &marks)?;
    reviews::check_whole(&definition, &marks)?;
    let outcome = score::outcome(&definition, &marks);
    let corrected = ending.resolution == Resolution::Corrected;
    let done = tx
        .execute(
            "UPDATE quality_reviews SET resolution = $4, resolution_note = $5, resolved_by = $6, resolved_at = $7, marks = $8, points = $9, failed = $10, \
             first_marks = $11, first_points = $12, version = version + 1 WHERE workspace_id = $1 AND id = $2 AND version = $3",
            params![
                workspace,
                id,
                review.version,
                ending.resolution,
                ending.note.trim(),
                supervisor,
                environment.now(),
                serde_json::to_string(&marks)?,
                outcome.points,
                outcome.failed,
                corrected.then(|| serde_json::to_string(&review.marks)).transpose()?,
                review.points.filter(|_| corrected)
            ],
        )
        .await?;
    if done == 0 {
        return Err(Problem::conflict("already_decided", "somebody else has ended the dispute").into());
    }
    let review = reviews::load(tx, workspace, Some(supervisor), id).await?;
    reviews::tell(tx, environment, workspace, Actor::Staff(supervisor), "review.resolved", &review).await?;
    Ok(review)
}
