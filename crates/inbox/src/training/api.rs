//! Practising over HTTP.

use axum::{Extension, extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, PageQuery, Path, Query, Route, delete, get, post, put};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{AttemptId, ConversationId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    cases::{self, PracticeCase},
    progress::{self, Attempt, NewAttempt, PracticeOutcome, Practised},
};
use crate::search::ArticleFinder;

pub(crate) fn routes() -> Vec<Route> {
    let own = Access::Needs(Permission::QualityOwn);
    let reviews = Access::Needs(Permission::QualityReview);
    vec![
        get("/api/v1/training/case", "read_practice_case", own, read_practice_case)
            .summary("A past case to practise on, without anything that points at somebody; null when there is none left.")
            .returns::<NextCase>(200),
        post("/api/v1/training-attempts", "practise", own, practise)
            .summary("Your answer to a turn of a past case; tells what was really answered.")
            .takes::<NewAttempt>()
            .returns::<PracticeOutcome>(201),
        get("/api/v1/training-attempts", "list_own_attempts", own, list_own_attempts)
            .summary("What you have practised, newest first.")
            .query::<PageQuery>()
            .returns::<Page<Attempt>>(200),
        put("/api/v1/training-attempts/{id}/sharing", "share_attempt", own, share_attempt)
            .summary("Shows your answer to those who review.")
            .returns::<Attempt>(200),
        delete("/api/v1/training-attempts/{id}/sharing", "unshare_attempt", own, unshare_attempt)
            .summary("Keeps your answer to yourself again.")
            .returns::<Attempt>(200),
        delete("/api/v1/training-attempts/{id}", "forget_attempt", own, forget_attempt).summary("Forgets your answer.").answers(204),
        get("/api/v1/training/progress", "list_practised", reviews, list_practised)
            .summary("How much everybody has practised.")
            .returns::<Page<Practised>>(200),
        get("/api/v1/training/shared", "list_shared_attempts", reviews, list_shared_attempts)
            .summary("Answers that their authors share, newest first.")
            .query::<PageQuery>()
            .returns::<Page<Attempt>>(200),
        get("/api/v1/conversations/{id}/training-example", "read_training_example", reviews, read_training_example)
            .summary("Whether a case is marked as good practice.")
            .returns::<Example>(200),
        put("/api/v1/conversations/{id}/training-example", "mark_training_example", reviews, mark_training_example)
            .summary("Marks a closed case as good practice.")
            .answers(204),
        delete("/api/v1/conversations/{id}/training-example", "unmark_training_example", reviews, unmark_training_example)
            .summary("Takes the mark of good practice away.")
            .answers(204),
    ]
}

/// The next case, if there is one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NextPracticeCase")]
struct NextCase {
    case: Option<PracticeCase>,
}

/// Whether a case is marked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrainingExample")]
struct Example {
    marked: bool,
}

async fn read_practice_case(State(app): State<App>, member: Member, Extension(finder): Extension<ArticleFinder>) -> ApiResult<Json<NextCase>> {
    let person = member.person()?;
    let mut tx = app.db.read().await?;
    Ok(Json(NextCase { case: cases::next(&mut tx, &app.environment, member.workspace, person, &finder).await? }))
}

async fn practise(
    State(app): State<App>,
    member: Member,
    Extension(finder): Extension<ArticleFinder>,
    Json(body): Json<NewAttempt>,
) -> ApiResult<(StatusCode, Json<PracticeOutcome>)> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let outcome = progress::answer(&mut tx, &app.environment, member.workspace, person, &finder, &body).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(outcome)))
}

async fn list_own_attempts(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<Attempt>>> {
    let person = member.person()?;
    Ok(Json(progress::own(&mut app.db.read().await?, member.workspace, person, query.limit, query.cursor.as_deref()).await?))
}

async fn set_shared(app: &App, member: &Member, id: AttemptId, shared: bool) -> ApiResult<Json<Attempt>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let attempt = progress::share(&mut tx, member.workspace, person, id, shared).await?;
    tx.commit().await?;
    Ok(Json(attempt))
}

async fn share_attempt(State(app): State<App>, member: Member, Path(id): Path<AttemptId>) -> ApiResult<Json<Attempt>> {
    set_shared(&app, &member, id, true).await
}

async fn unshare_attempt(State(app): State<App>, member: Member, Path(id): Path<AttemptId>) -> ApiResult<Json<Attempt>> {
    set_shared(&app, &member, id, false).await
}

async fn forget_attempt(State(app): State<App>, member: Member, Path(id): Path<AttemptId>) -> ApiResult<StatusCode> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    progress::forget(&mut tx, member.workspace, person, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_practised(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Practised>>> {
    Ok(Json(Page::whole(progress::counts(&mut app.db.read().await?, member.workspace).await?)))
}

async fn list_shared_attempts(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<Attempt>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(progress::shared(&mut tx, member.workspace, query.limit, query.cursor.as_deref()).await?))
}

async fn read_training_example(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Example>> {
    let mut tx = app.db.read().await?;
    crate::conversations::load(&mut tx, member.workspace, id).await?;
    Ok(Json(Example { marked: cases::is_example(&mut tx, member.workspace, id).await? }))
}

async fn mark_training_example(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<StatusCode> {
    let by = member.person()?;
    let mut tx = app.db.begin().await?;
    cases::mark(&mut tx, &app.environment, member.workspace, by, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unmark_training_example(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<StatusCode> {
    let by = member.person()?;
    let mut tx = app.db.begin().await?;
    cases::unmark(&mut tx, &app.environment, member.workspace, by, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
