//! Sheets, the queue, reviews and notes over HTTP, for those who review.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, PageQuery, Path, Query, Route, delete, get, post, put};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{CoachingNoteId, ConversationId, QualityCaseId, ReviewId, SheetId, StaffId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Resolution,
    coaching::{self, CoachingNote, NewCoachingNote},
    disputes::{self, Ending},
    queue::{self, QualityCaseRow},
    reviews::{self, Marks, NewReview, Review, ReviewDetail, ReviewQuery, ReviewRow, SaveReview},
    sampling::{self, Rule},
    sheets::{self, Definition, Section, Sheet, SheetTemplate},
};

/// Who reviews, and who chooses what is reviewed.
const REVIEWS: Access = Access::Needs(Permission::QualityReview);

pub(crate) fn routes() -> Vec<Route> {
    [sheet_routes(REVIEWS), work_routes(REVIEWS)].into_iter().flatten().collect()
}

fn sheet_routes(reviews: Access) -> Vec<Route> {
    vec![
        get("/api/v1/quality-sheets", "list_quality_sheets", reviews, list_quality_sheets).summary("The score sheets in use.").returns::<Page<Sheet>>(200),
        get("/api/v1/quality-sheet-templates", "list_quality_sheet_templates", reviews, list_quality_sheet_templates)
            .summary("The score sheet that comes with the program, in each language.")
            .returns::<Page<SheetTemplate>>(200),
        post("/api/v1/quality-sheets", "create_quality_sheet", reviews, create_quality_sheet)
            .summary("A new score sheet.")
            .takes::<NewSheet>()
            .returns::<Sheet>(201),
        put("/api/v1/quality-sheets/{id}", "save_quality_sheet", reviews, save_quality_sheet)
            .summary("A new version of a score sheet; reviews keep the one under which they were written.")
            .takes::<SaveSheet>()
            .returns::<Sheet>(200),
        delete("/api/v1/quality-sheets/{id}", "archive_quality_sheet", reviews, archive_quality_sheet)
            .summary("Takes a score sheet out of use; its reviews stay.")
            .answers(204),
        get("/api/v1/quality-sampling", "read_quality_sampling", reviews, read_quality_sampling)
            .summary("Which closed cases come into the queue of reviews; null until somebody has said it.")
            .returns::<Sampling>(200),
        put("/api/v1/quality-sampling", "set_quality_sampling", reviews, set_quality_sampling)
            .summary("Says which closed cases come into the queue of reviews, the last two weeks included.")
            .takes::<Rule>()
            .returns::<Sampling>(200),
    ]
}

fn work_routes(reviews: Access) -> Vec<Route> {
    vec![
        get("/api/v1/quality-cases", "list_quality_cases", reviews, list_quality_cases)
            .summary("Closed cases that wait for a review, oldest first, each with why it was chosen; never your own work.")
            .query::<PageQuery>()
            .returns::<Page<QualityCaseRow>>(200),
        put("/api/v1/quality-cases/{id}/skip", "skip_quality_case", reviews, skip_quality_case)
            .summary("Takes a case out of the queue without a review.")
            .answers(204),
        delete("/api/v1/quality-cases/{id}/skip", "put_back_quality_case", reviews, put_back_quality_case)
            .summary("Puts a skipped case back into the queue.")
            .answers(204),
        post("/api/v1/conversations/{id}/reviews", "begin_review", reviews, begin_review)
            .summary("Opens a score sheet beside a closed case; yours again if you have one open.")
            .takes::<NewReview>()
            .returns::<Review>(201),
        get("/api/v1/reviews", "list_reviews", reviews, list_reviews)
            .summary("Published reviews, or your own drafts, newest first.")
            .query::<ReviewQuery>()
            .returns::<Page<ReviewRow>>(200),
        get("/api/v1/reviews/{id}", "read_review", reviews, read_review)
            .summary("A review with what its sheet asks, and its case.")
            .returns::<ReviewDetail>(200),
        put("/api/v1/reviews/{id}", "save_review", reviews, save_review)
            .summary("Keeps what your draft says so far.")
            .takes::<SaveReview>()
            .returns::<Review>(200),
        delete("/api/v1/reviews/{id}", "discard_review", reviews, discard_review).summary("Throws your draft away; its case waits again.").answers(204),
        put("/api/v1/reviews/{id}/publication", "publish_review", reviews, publish_review)
            .summary("Shows your draft to the person whose work it is about, for good.")
            .returns::<Review>(200),
        put("/api/v1/reviews/{id}/resolution", "resolve_review", reviews, resolve_review)
            .summary("Ends a dispute: the review stands, or is corrected.")
            .takes::<Resolve>()
            .returns::<Review>(200),
        get("/api/v1/coaching-notes", "list_coaching_notes", reviews, list_coaching_notes)
            .summary("Notes of coaching to one person, newest first.")
            .query::<NoteQuery>()
            .returns::<Page<CoachingNote>>(200),
        post("/api/v1/coaching-notes", "write_coaching_note", reviews, write_coaching_note)
            .summary("Writes a note of coaching to somebody.")
            .takes::<NewCoachingNote>()
            .returns::<CoachingNote>(201),
        delete("/api/v1/coaching-notes/{id}", "remove_coaching_note", reviews, remove_coaching_note).summary("Takes your note back.").answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewQualitySheet")]
#[serde(deny_unknown_fields)]
struct NewSheet {
    name: String,
    sections: Vec<Section>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SaveQualitySheet")]
#[serde(deny_unknown_fields)]
struct SaveSheet {
    /// The version that was edited.
    version: i64,
    name: String,
    sections: Vec<Section>,
}

/// The rule, if there is one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "QualitySamplingState")]
struct Sampling {
    rule: Option<Rule>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ResolveReview")]
#[serde(deny_unknown_fields)]
struct Resolve {
    resolution: Resolution,
    note: String,
    /// The whole of the corrected marks; only for a correction.
    #[serde(default)]
    marks: Option<Marks>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "CoachingNoteQuery")]
#[serde(deny_unknown_fields)]
struct NoteQuery {
    /// To whom.
    agent: StaffId,
    limit: Option<u32>,
    cursor: Option<String>,
}

async fn list_quality_sheets(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Sheet>>> {
    Ok(Json(Page::whole(sheets::list(&mut app.db.read().await?, member.workspace).await?)))
}

async fn list_quality_sheet_templates(_: Member) -> ApiResult<Json<Page<SheetTemplate>>> {
    Ok(Json(Page::whole(sheets::templates()?)))
}

async fn create_quality_sheet(State(app): State<App>, member: Member, Json(body): Json<NewSheet>) -> ApiResult<(StatusCode, Json<Sheet>)> {
    let definition = Definition { sections: body.sections };
    let mut tx = app.db.begin().await?;
    let sheet = sheets::create(&mut tx, &app.environment, member.workspace, member.actor, &body.name, &definition).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(sheet)))
}

async fn save_quality_sheet(State(app): State<App>, member: Member, Path(id): Path<SheetId>, Json(body): Json<SaveSheet>) -> ApiResult<Json<Sheet>> {
    let definition = Definition { sections: body.sections };
    let mut tx = app.db.begin().await?;
    let sheet = sheets::save(&mut tx, &app.environment, member.workspace, member.actor, (id, body.version), &body.name, &definition).await?;
    tx.commit().await?;
    Ok(Json(sheet))
}

async fn archive_quality_sheet(State(app): State<App>, member: Member, Path(id): Path<SheetId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    sheets::archive(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_quality_sampling(State(app): State<App>, member: Member) -> ApiResult<Json<Sampling>> {
    Ok(Json(Sampling { rule: sampling::read(&mut app.db.read().await?, member.workspace).await? }))
}

async fn set_quality_sampling(State(app): State<App>, member: Member, Json(body): Json<Rule>) -> ApiResult<Json<Sampling>> {
    let mut tx = app.db.begin().await?;
    let rule = sampling::set(&mut tx, &app.environment, member.workspace, member.actor, body).await?;
    tx.commit().await?;
    Ok(Json(Sampling { rule: Some(rule) }))
}

async fn list_quality_cases(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<QualityCaseRow>>> {
    Ok(Json(queue::list(&mut app.db.read().await?, member.workspace, member.staff, query.limit, query.cursor.as_deref()).await?))
}

async fn skip_quality_case(State(app): State<App>, member: Member, Path(id): Path<QualityCaseId>) -> ApiResult<StatusCode> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    queue::skip(&mut tx, &app.environment, member.workspace, reviewer, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_back_quality_case(State(app): State<App>, member: Member, Path(id): Path<QualityCaseId>) -> ApiResult<StatusCode> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    queue::put_back(&mut tx, &app.environment, member.workspace, reviewer, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn begin_review(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<NewReview>,
) -> ApiResult<(StatusCode, Json<Review>)> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    let review = reviews::begin(&mut tx, &app.environment, member.workspace, reviewer, id, &body).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(review)))
}

async fn list_reviews(State(app): State<App>, member: Member, Query(query): Query<ReviewQuery>) -> ApiResult<Json<Page<ReviewRow>>> {
    Ok(Json(reviews::list(&mut app.db.read().await?, member.workspace, member.staff, &query).await?))
}

async fn read_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>) -> ApiResult<Json<ReviewDetail>> {
    let mut tx = app.db.read().await?;
    let review = reviews::load(&mut tx, member.workspace, member.staff, id).await?;
    Ok(Json(reviews::detail(&mut tx, member.workspace, member.staff, review).await?))
}

async fn save_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>, Json(body): Json<SaveReview>) -> ApiResult<Json<Review>> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    let review = reviews::save(&mut tx, member.workspace, reviewer, id, &body).await?;
    tx.commit().await?;
    Ok(Json(review))
}

async fn discard_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>) -> ApiResult<StatusCode> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    reviews::discard(&mut tx, member.workspace, reviewer, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn publish_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>) -> ApiResult<Json<Review>> {
    let reviewer = member.person()?;
    let mut tx = app.db.begin().await?;
    let review = reviews::publish(&mut tx, &app.environment, member.workspace, reviewer, id).await?;
    tx.commit().await?;
    Ok(Json(review))
}

async fn resolve_review(State(app): State<App>, member: Member, Path(id): Path<ReviewId>, Json(body): Json<Resolve>) -> ApiResult<Json<Review>> {
    let supervisor = member.person()?;
    let ending = Ending { resolution: body.resolution, note: &body.note, marks: body.marks.as_ref() };
    let mut tx = app.db.begin().await?;
    let review = disputes::resolve(&mut tx, &app.environment, member.workspace, supervisor, id, ending).await?;
    tx.commit().await?;
    Ok(Json(review))
}

async fn list_coaching_notes(State(app): State<App>, member: Member, Query(query): Query<NoteQuery>) -> ApiResult<Json<Page<CoachingNote>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(coaching::list(&mut tx, member.workspace, query.agent, query.limit, query.cursor.as_deref()).await?))
}

async fn write_coaching_note(State(app): State<App>, member: Member, Json(body): Json<NewCoachingNote>) -> ApiResult<(StatusCode, Json<CoachingNote>)> {
    let author = member.person()?;
    let mut tx = app.db.begin().await?;
    let note = coaching::write(&mut tx, &app.environment, member.workspace, author, &body).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(note)))
}

async fn remove_coaching_note(State(app): State<App>, member: Member, Path(id): Path<CoachingNoteId>) -> ApiResult<StatusCode> {
    let author = member.person()?;
    let mut tx = app.db.begin().await?;
    coaching::remove(&mut tx, &app.environment, member.workspace, author, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
