//! Labels over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post, put};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{ConversationId, LabelId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Label;

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::ConversationsRead);
    let writes = Access::Needs(Permission::ConversationsWrite);
    let manages = Access::Needs(Permission::DeskManage);
    vec![
        get("/api/v1/labels", "list_labels", reads, list_labels).summary("The labels of the workspace, by name.").returns::<Page<Label>>(200),
        post("/api/v1/labels", "create_label", manages, create_label).summary("Creates a label.").takes::<CreateLabel>().returns::<Label>(201),
        patch("/api/v1/labels/{id}", "update_label", manages, update_label).summary("Changes a label.").takes::<UpdateLabel>().returns::<Label>(200),
        delete("/api/v1/labels/{id}", "delete_label", manages, delete_label).summary("Removes a label everywhere.").answers(204),
        put("/api/v1/conversations/{id}/labels/{label}", "label_conversation", writes, label_conversation)
            .summary("Puts a label on a conversation.")
            .answers(204),
        delete("/api/v1/conversations/{id}/labels/{label}", "unlabel_conversation", writes, unlabel_conversation)
            .summary("Takes a label off a conversation.")
            .answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateLabel {
    name: String,
    /// `#rrggbb`.
    color: String,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateLabel {
    name: Option<String>,
    color: Option<String>,
}

async fn list_labels(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Label>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace).await?)))
}

async fn create_label(State(app): State<App>, member: Member, Json(body): Json<CreateLabel>) -> ApiResult<(StatusCode, Json<Label>)> {
    let mut tx = app.db.begin().await?;
    let label = super::create(&mut tx, &app.environment, member.workspace, &body.name, &body.color).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(label)))
}

async fn update_label(State(app): State<App>, member: Member, Path(id): Path<LabelId>, Json(body): Json<UpdateLabel>) -> ApiResult<Json<Label>> {
    let mut tx = app.db.begin().await?;
    let label = super::update(&mut tx, member.workspace, id, body.name.as_deref(), body.color.as_deref()).await?;
    tx.commit().await?;
    Ok(Json(label))
}

async fn delete_label(State(app): State<App>, member: Member, Path(id): Path<LabelId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::remove(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn label_conversation(State(app): State<App>, member: Member, Path((id, label)): Path<(ConversationId, LabelId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::put(&mut tx, &app.environment, member.workspace, id, label, member.actor).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unlabel_conversation(State(app): State<App>, member: Member, Path((id, label)): Path<(ConversationId, LabelId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::take_off(&mut tx, &app.environment, member.workspace, id, label, member.actor).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
