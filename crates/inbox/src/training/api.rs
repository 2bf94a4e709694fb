//! Practising over HTTP. Nothing of a case is read within a transaction that writes: making it anonymous takes its time.

use axum::{Extension, extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, PageQuery, Path, Query, Route, delete, get, post, put};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{ConversationId, TrainingExerciseId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    cases,
    exercises::{self, ExerciseRow, NewAnswer, TrainingExercise},
    progress::{self, Practised},
    scores::{self, NewScore, Scoring},
};
use crate::search::ArticleFinder;

/// Who practises.
const OWN: Access = Access::Needs(Permission::QualityOwn);
/// Who reviews what others share.
const REVIEWS: Access = Access::Needs(Permission::QualityReview);

pub(crate) fn routes() -> Vec<Route> {
    [own_routes(OWN), review_routes(REVIEWS)].into_iter().flatten().collect()
}

fn own_routes(own: Access) -> Vec<Route> {
    vec![
        post("/api/v1/training-exercises", "begin_training_exercise", own, begin_training_exercise)
            .summary("A past case to practise on, without anything that points at somebody; the one under way if there is one, null when none is left.")
            .returns::<Begun>(201),
        get("/api/v1/training-exercises", "list_training_exercises", own, list_training_exercises)
            .summary("What you have practised, newest first.")
            .query::<PageQuery>()
            .returns::<Page<ExerciseRow>>(200),
        get("/api/v1/training-exercises/{id}", "read_training_exercise", own, read_training_exercise)
            .summary("An exercise of yours, with its case as far as you have come.")
            .returns::<TrainingExercise>(200),
        post("/api/v1/training-exercises/{id}/answers", "answer_training_exercise", own, answer_training_exercise)
            .summary("Your answer to the next turn; shows what was really answered.")
            .takes::<NewAnswer>()
            .returns::<TrainingExercise>(201),
        put("/api/v1/training-exercises/{id}/end", "end_training_exercise", own, end_training_exercise)
            .summary("Ends an exercise before its last turn; its case does not come again.")
            .returns::<TrainingExercise>(200),
        put("/api/v1/training-exercises/{id}/score", "score_training_exercise", own, score_training_exercise)
            .summary("What you give yourself by the score sheet; again to change it.")
            .takes::<NewScore>()
            .returns::<TrainingExercise>(200),
        put("/api/v1/training-exercises/{id}/sharing", "share_training_exercise", own, share_training_exercise)
            .summary("Shows a finished exercise to those who review.")
            .returns::<TrainingExercise>(200),
        delete("/api/v1/training-exercises/{id}/sharing", "unshare_training_exercise", own, unshare_training_exercise)
            .summary("Keeps an exercise to yourself again.")
            .returns::<TrainingExercise>(200),
        delete("/api/v1/training-exercises/{id}", "forget_training_exercise", own, forget_training_exercise)
            .summary("Forgets an exercise with its answers and scores.")
            .answers(204),
    ]
}

fn review_routes(reviews: Access) -> Vec<Route> {
    vec![
        get("/api/v1/training-progress", "list_training_progress", reviews, list_training_progress)
            .summary("How much everybody has practised.")
            .returns::<Page<Practised>>(200),
        get("/api/v1/shared-exercises", "list_shared_exercises", reviews, list_shared_exercises)
            .summary("Exercises that their authors share, newest first.")
            .query::<PageQuery>()
            .returns::<Page<ExerciseRow>>(200),
        get("/api/v1/shared-exercises/{id}", "read_shared_exercise", reviews, read_shared_exercise)
            .summary("An exercise that its author shares.")
            .returns::<TrainingExercise>(200),
        put("/api/v1/shared-exercises/{id}/score", "review_shared_exercise", reviews, review_shared_exercise)
            .summary("What you give another’s exercise by the score sheet; again to change it.")
            .takes::<NewScore>()
            .returns::<TrainingExercise>(200),
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

/// What is practised on, if there is anything.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BegunExercise")]
struct Begun {
    exercise: Option<TrainingExercise>,
}

/// Whether a case is marked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrainingExample")]
struct Example {
    marked: bool,
}

async fn begin_training_exercise(State(app): State<App>, member: Member, Extension(finder): Extension<ArticleFinder>) -> ApiResult<(StatusCode, Json<Begun>)> {
    let (workspace, person) = (member.workspace, member.person()?);
    let mut tx = app.db.read().await?;
    let mut id = exercises::current(&mut tx, workspace, person).await?;
    if id.is_none()
        && let Some(past) = cases::next(&mut tx, &app.environment, workspace, person, &finder).await?
    {
        drop(tx);
        let mut writing = app.db.begin().await?;
        id = Some(exercises::begin(&mut writing, &app.environment, workspace, person, &past).await?);
        writing.commit().await?;
    }
    let exercise = match id {
        Some(id) => Some(exercises::read(&mut app.db.read().await?, workspace, person, id).await?),
        None => None,
    };
    Ok((StatusCode::CREATED, Json(Begun { exercise })))
}

async fn list_training_exercises(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<ExerciseRow>>> {
    let person = member.person()?;
    Ok(Json(exercises::own(&mut app.db.read().await?, member.workspace, person, query.limit, query.cursor.as_deref()).await?))
}

async fn own(app: &App, member: &Member, id: TrainingExerciseId) -> ApiResult<Json<TrainingExercise>> {
    let person = member.person()?;
    Ok(Json(exercises::read(&mut app.db.read().await?, member.workspace, person, id).await?))
}

async fn read_training_exercise(State(app): State<App>, member: Member, Path(id): Path<TrainingExerciseId>) -> ApiResult<Json<TrainingExercise>> {
    own(&app, &member, id).await
}

async fn answer_training_exercise(
    State(app): State<App>,
    member: Member,
    Extension(finder): Extension<ArticleFinder>,
    Path(id): Path<TrainingExerciseId>,
    Json(body): Json<NewAnswer>,
) -> ApiResult<(StatusCode, Json<TrainingExercise>)> {
    let person = member.person()?;
    let whose = (member.workspace, person);
    let prepared = exercises::prepare(&mut app.db.read().await?, &app.environment, whose, &finder, id, &body).await?;
    let mut tx = app.db.begin().await?;
    exercises::keep(&mut tx, &app.environment, member.workspace, id, &prepared).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, own(&app, &member, id).await?))
}

async fn end_training_exercise(State(app): State<App>, member: Member, Path(id): Path<TrainingExerciseId>) -> ApiResult<Json<TrainingExercise>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    exercises::end(&mut tx, &app.environment, member.workspace, person, id).await?;
    tx.commit().await?;
    own(&app, &member, id).await
}

async fn score_training_exercise(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TrainingExerciseId>,
    Json(body): Json<NewScore>,
) -> ApiResult<Json<TrainingExercise>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    scores::give(&mut tx, &app.environment, (member.workspace, person), id, Scoring::Own, &body).await?;
    tx.commit().await?;
    own(&app, &member, id).await
}

async fn set_shared(app: &App, member: &Member, id: TrainingExerciseId, shared: bool) -> ApiResult<Json<TrainingExercise>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    exercises::share(&mut tx, member.workspace, person, id, shared).await?;
    tx.commit().await?;
    own(app, member, id).await
}

async fn share_training_exercise(State(app): State<App>, member: Member, Path(id): Path<TrainingExerciseId>) -> ApiResult<Json<TrainingExercise>> {
    set_shared(&app, &member, id, true).await
}

async fn unshare_training_exercise(State(app): State<App>, member: Member, Path(id): Path<TrainingExerciseId>) -> ApiResult<Json<TrainingExercise>> {
    set_shared(&app, &member, id, false).await
}

async fn forget_training_exercise(State(app): State<App>, member: Member, Path(id): Path<TrainingExerciseId>) -> ApiResult<StatusCode> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    exercises::forget(&mut tx, member.workspace, person, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_training_progress(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Practised>>> {
    Ok(Json(Page::whole(progress::counts(&mut app.db.read().await?, member.workspace).await?)))
}

async fn list_shared_exercises(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<ExerciseRow>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(exercises::shared(&mut tx, member.workspace, query.limit, query.cursor.as_deref()).await?))
}

async fn read_shared_exercise(State(app): State<App>, member: Member, Path(id): Path<TrainingExerciseId>) -> ApiResult<Json<TrainingExercise>> {
    Ok(Json(exercises::read_shared(&mut app.db.read().await?, member.workspace, id).await?))
}

async fn review_shared_exercise(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TrainingExerciseId>,
    Json(body): Json<NewScore>,
) -> ApiResult<Json<TrainingExercise>> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    scores::give(&mut tx, &app.environment, (member.workspace, reviewer), id, Scoring::Anothers, &body).await?;
    tx.commit().await?;
    Ok(Json(exercises::read_shared(&mut app.db.read().await?, member.workspace, id).await?))
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
