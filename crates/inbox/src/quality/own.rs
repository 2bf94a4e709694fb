//! What a person sees about their own work, over HTTP.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Member, Page, PageQuery, Path, Query, Route, get, put};
use ennakoi_kernel::{
    access::{Access, Permission, Role},
    ids::{CoachingNoteId, ReviewId, StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ReviewAnswer,
    coaching::{self, CoachingNote},
    disputes,
    reviews::{self, Review, ReviewDetail, ReviewQuery, ReviewRow},
};

pub(crate) fn routes() -> Vec<Route> {
    let own = Access::Needs(Permission::QualityOwn);
    vec![
        get("/api/v1/quality", "read_quality", own, read_quality).summary("What of quality waits for you.").returns::<QualityCounts>(200),
        get("/api/v1/own-reviews", "list_own_reviews", own, list_own_reviews)
            .summary("Published reviews of your own work, newest first.")
            .query::<PageQuery>()
            .returns::<Page<ReviewRow>>(200),
        get("/api/v1/own-reviews/{id}", "read_own_review", own, read_own_review)
            .summary("A published review of your own work, with what its sheet asks.")
            .returns::<ReviewDetail>(200),
        put("/api/v1/own-reviews/{id}/answer", "answer_review", own, answer_review)
            .summary("Acknowledges a review of your own work, or disputes it with a reason; once.")
            .takes::<Answer>()
            .returns::<Review>(200),
        get("/api/v1/own-coaching-notes", "list_own_coaching_notes", own, list_own_coaching_notes)
            .summary("Notes of coaching to you, newest first.")
            .query::<PageQuery>()
            .returns::<Page<CoachingNote>>(200),
        put("/api/v1/own-coaching-notes/{id}/seen", "see_coaching_note", own, see_coaching_note)
            .summary("You have read a note to you.")
            .returns::<CoachingNote>(200),
    ]
}

/// What of quality waits for a person.
#[derive(Serialize, JsonSchema)]
struct QualityCounts {
    /// Cases in the queue; 0 for who does not review.
    waiting: i64,
    /// Disputes that nobody has ended; 0 for who does not review.
    disputed: i64,
    /// Published reviews of one's own work without an answer.
    unanswered: i64,
    /// Notes of coaching that one has not read.
    unseen: i64,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "AnswerReview")]
#[serde(deny_unknown_fields)]
struct Answer {
    answer: ReviewAnswer,
    #[serde(default)]
    reason: String,
}

async fn counts(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, reviews: bool) -> Result<QualityCounts> {
    let (mut waiting, mut disputed) = (0, 0);
    if reviews {
        let queued = "SELECT COUNT(*) FROM quality_cases WHERE workspace_id = $1 AND state IN ('waiting', 'begun') AND agent_id <> $2";
        waiting = tx.scalar(queued, params![workspace, person]).await?;
        let open = "SELECT COUNT(*) FROM quality_reviews WHERE workspace_id = $1 AND answer = 'disputed' AND resolution IS NULL AND agent_id <> $2";
        disputed = tx.scalar(open, params![workspace, person]).await?;
    }
    let open = "SELECT COUNT(*) FROM quality_reviews WHERE workspace_id = $1 AND agent_id = $2 AND state = 'published' AND answer IS NULL";
    let unanswered = tx.scalar(open, params![workspace, person]).await?;
    let unread = "SELECT COUNT(*) FROM coaching_notes WHERE workspace_id = $1 AND agent_id = $2 AND seen_at IS NULL";
    Ok(QualityCounts { waiting, disputed, unanswered, unseen: tx.scalar(unread, params![workspace, person]).await? })
}

async fn read_quality(State(app): State<App>, member: Member) -> ApiResult<Json<QualityCounts>> {
    let person = member.person()?;
    let reviews = member.role.is_some_and(|role: Role| role.may(Permission::QualityReview));
    Ok(Json(counts(&mut app.db.read().await?, member.workspace, person, reviews).await?))
}

async fn list_own_reviews(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<ReviewRow>>> {
    let person = member.person()?;
    let query = ReviewQuery { agent: Some(person), limit: query.limit, cursor: query.cursor, ..ReviewQuery::default() };
    Ok(Json(reviews::list(&mut app.db.read().await?, member.workspace, Some(person), &query).await?))
}

async fn read_own_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>) -> ApiResult<Json<ReviewDetail>> {
    let person = member.person()?;
    let mut tx = app.db.read().await?;
    let review = reviews::load_own(&mut tx, member.workspace, person, id).await?;
    Ok(Json(reviews::detail(&mut tx, member.workspace, Some(person), review).await?))
}

async fn answer_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>, Json(body): Json<Answer>) -> ApiResult<Json<Review>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let review = disputes::answer(&mut tx, &app.environment, member.workspace, person, id, (body.answer, &body.reason)).await?;
    tx.commit().await?;
    Ok(Json(review))
}

async fn list_own_coaching_notes(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<CoachingNote>>> {
    let person = member.person()?;
    Ok(Json(coaching::list(&mut app.db.read().await?, member.workspace, person, query.limit, query.cursor.as_deref()).await?))
}

async fn see_coaching_note(State(app): State<App>, member: Member, Path(id): Path<CoachingNoteId>) -> ApiResult<Json<CoachingNote>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let note = coaching::seen(&mut tx, &app.environment, member.workspace, person, id).await?;
    tx.commit().await?;
    Ok(Json(note))
}
