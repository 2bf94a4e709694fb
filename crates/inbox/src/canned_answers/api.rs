//! Canned answers over HTTP. Everybody keeps their own; shared ones need the right to manage the desk.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::{CannedAnswerId, StaffId},
};
use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::Deserialize;

use super::CannedAnswer;

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::ConversationsRead);
    let writes = Access::Needs(Permission::ConversationsWrite);
    vec![
        get("/api/v1/canned-answers", "list_canned_answers", reads, list_canned_answers)
            .summary("Your canned answers and the shared ones, by shortcut.")
            .returns::<Page<CannedAnswer>>(200),
        post("/api/v1/canned-answers", "create_canned_answer", writes, create_canned_answer)
            .summary("Creates a canned answer.")
            .takes::<CreateCannedAnswer>()
            .returns::<CannedAnswer>(201),
        patch("/api/v1/canned-answers/{id}", "update_canned_answer", writes, update_canned_answer)
            .summary("Changes a canned answer; `body` is replaced as a whole.")
            .takes::<UpdateCannedAnswer>()
            .returns::<CannedAnswer>(200),
        delete("/api/v1/canned-answers/{id}", "delete_canned_answer", writes, delete_canned_answer).summary("Removes a canned answer.").answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateCannedAnswer {
    shortcut: String,
    title: String,
    body: BTreeMap<Locale, String>,
    #[serde(default)]
    shared: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateCannedAnswer {
    shortcut: Option<String>,
    title: Option<String>,
    body: Option<BTreeMap<Locale, String>>,
    shared: Option<bool>,
}

/// Who keeps it: nobody in particular when it is shared, which not everybody may do.
fn owner(member: &Member, shared: bool) -> Result<Option<StaffId>, Problem> {
    if !shared {
        return member.person().map(Some);
    }
    if member.role.is_none_or(|role| role.may(Permission::DeskManage)) {
        return Ok(None);
    }
    Err(Problem::forbidden("this needs the permission desk:manage"))
}

async fn list_canned_answers(State(app): State<App>, member: Member) -> ApiResult<Json<Page<CannedAnswer>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace, member.staff).await?)))
}

async fn create_canned_answer(State(app): State<App>, member: Member, Json(body): Json<CreateCannedAnswer>) -> ApiResult<(StatusCode, Json<CannedAnswer>)> {
    let owner = owner(&member, body.shared)?;
    let answer =
        CannedAnswer { id: app.environment.new_id(), shortcut: body.shortcut, title: body.title.trim().to_owned(), body: body.body, shared: body.shared };
    let mut tx = app.db.begin().await?;
    let answer = super::save(&mut tx, &app.environment, member.workspace, member.actor, owner, answer).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn update_canned_answer(
    State(app): State<App>,
    member: Member,
    Path(id): Path<CannedAnswerId>,
    Json(body): Json<UpdateCannedAnswer>,
) -> ApiResult<Json<CannedAnswer>> {
    let mut tx = app.db.begin().await?;
    let mut answer = super::load(&mut tx, member.workspace, member.staff, id).await?;
    // Taking back a shared one is a change of a shared one, too.
    owner(&member, answer.shared)?;
    answer.shortcut = body.shortcut.unwrap_or(answer.shortcut);
    answer.title = body.title.map_or(answer.title, |title| title.trim().to_owned());
    answer.body = body.body.unwrap_or(answer.body);
    answer.shared = body.shared.unwrap_or(answer.shared);
    let owner = owner(&member, answer.shared)?;
    let answer = super::save(&mut tx, &app.environment, member.workspace, member.actor, owner, answer).await?;
    tx.commit().await?;
    Ok(Json(answer))
}

async fn delete_canned_answer(State(app): State<App>, member: Member, Path(id): Path<CannedAnswerId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let answer = super::load(&mut tx, member.workspace, member.staff, id).await?;
    owner(&member, answer.shared)?;
    super::remove(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
