//! Queues over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{CalendarId, QueueId, StaffId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Queue, QueueChange};

pub(crate) fn routes() -> Vec<Route> {
    // Every agent moves conversations between queues, so every agent sees their names.
    let reads = Access::Needs(Permission::ConversationsRead);
    let manages = Access::Needs(Permission::SettingsManage);
    vec![
        get("/api/v1/queues", "list_queues", reads, list_queues).summary("The queues of the workspace.").returns::<Page<Queue>>(200),
        post("/api/v1/queues", "create_queue", manages, create_queue).summary("Creates a queue.").takes::<CreateQueue>().returns::<Queue>(201),
        patch("/api/v1/queues/{id}", "update_queue", manages, update_queue).summary("Changes a queue.").takes::<UpdateQueue>().returns::<Queue>(200),
        delete("/api/v1/queues/{id}", "delete_queue", manages, delete_queue)
            .summary("Removes a queue; what waits in it moves to the default one.")
            .answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateQueue {
    name: String,
    #[serde(default)]
    calendar_id: Option<CalendarId>,
    #[serde(default)]
    skills: Vec<String>,
    #[serde(default)]
    members: Vec<StaffId>,
    #[serde(default)]
    is_default: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateQueue {
    name: Option<String>,
    #[serde(deserialize_with = "crate::patch::present")]
    #[schemars(with = "Option<CalendarId>")]
    calendar_id: Option<Option<CalendarId>>,
    skills: Option<Vec<String>>,
    members: Option<Vec<StaffId>>,
    is_default: Option<bool>,
}

async fn list_queues(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Queue>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace).await?)))
}

async fn create_queue(State(app): State<App>, member: Member, Json(body): Json<CreateQueue>) -> ApiResult<(StatusCode, Json<Queue>)> {
    let new = QueueChange {
        name: Some(body.name),
        calendar_id: Some(body.calendar_id),
        skills: Some(body.skills),
        members: Some(body.members),
        is_default: Some(body.is_default),
    };
    let mut tx = app.db.begin().await?;
    let queue = super::create(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(queue)))
}

async fn update_queue(State(app): State<App>, member: Member, Path(id): Path<QueueId>, Json(body): Json<UpdateQueue>) -> ApiResult<Json<Queue>> {
    let change = QueueChange { name: body.name, calendar_id: body.calendar_id, skills: body.skills, members: body.members, is_default: body.is_default };
    let mut tx = app.db.begin().await?;
    let queue = super::update(&mut tx, &app.environment, member.workspace, member.actor, id, change).await?;
    tx.commit().await?;
    Ok(Json(queue))
}

async fn delete_queue(State(app): State<App>, member: Member, Path(id): Path<QueueId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::remove(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
