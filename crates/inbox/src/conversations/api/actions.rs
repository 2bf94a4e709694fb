//! What is done to one conversation, or to many.

use axum::{extract::State as AppState, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Path, Route, delete, post, put};
use ennakoi_kernel::{
    Timestamp,
    ids::{ConversationId, QueueId, StaffId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{WRITES, row};
use crate::conversations::{self, Assignment, BulkAction, BulkOutcome, ConversationRow, Snooze};

pub(super) fn routes() -> Vec<Route> {
    vec![
        put("/api/v1/conversations/{id}/assignment", "assign_conversation", WRITES, assign_conversation)
            .summary("Gives it to a colleague, to a queue, or back (agent null).")
            .takes::<AssignConversation>()
            .returns::<ConversationRow>(200),
        post("/api/v1/conversations/{id}/claim", "claim_conversation", WRITES, claim_conversation)
            .summary("Takes it, if nobody has. 409 `already_claimed` names the colleague: id in errors[0].message, name in errors[1].message.")
            .returns::<ConversationRow>(200),
        put("/api/v1/conversations/{id}/closure", "close_conversation", WRITES, close_conversation).summary("Closes it.").returns::<ConversationRow>(200),
        delete("/api/v1/conversations/{id}/closure", "reopen_conversation", WRITES, reopen_conversation)
            .summary("Opens it again.")
            .returns::<ConversationRow>(200),
        put("/api/v1/conversations/{id}/snooze", "snooze_conversation", WRITES, snooze_conversation)
            .summary("Puts it out of sight until a moment, or until the next message (null).")
            .takes::<SnoozeConversation>()
            .returns::<ConversationRow>(200),
        delete("/api/v1/conversations/{id}/snooze", "wake_conversation", WRITES, wake_conversation)
            .summary("Brings it back into sight.")
            .returns::<ConversationRow>(200),
        post("/api/v1/conversations/bulk", "change_conversations", WRITES, change_conversations)
            .summary("Does one thing to many conversations.")
            .takes::<ChangeConversations>()
            .returns::<BulkOutcome>(200),
        post("/api/v1/conversations/bulk/undo", "undo_bulk_change", WRITES, undo_bulk_change)
            .summary("Undoes a bulk action, where nothing else has happened since.")
            .takes::<UndoBulk>()
            .returns::<Undone>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AssignConversation {
    #[serde(default)]
    agent_id: Option<StaffId>,
    #[serde(default)]
    queue_id: Option<QueueId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SnoozeConversation {
    #[serde(default)]
    until: Option<Timestamp>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangeConversations {
    ids: Vec<ConversationId>,
    action: BulkAction,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UndoBulk {
    undo_token: String,
}

/// What went back.
#[derive(Serialize, JsonSchema)]
struct Undone {
    changed: Vec<ConversationId>,
}

async fn assign_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<AssignConversation>,
) -> ApiResult<Json<ConversationRow>> {
    let mut tx = app.db.begin().await?;
    let to = Assignment { agent: body.agent_id, queue: body.queue_id };
    conversations::assign(&mut tx, &app.environment, member.workspace, id, member.actor, to).await?;
    let row = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(row))
}

async fn claim_conversation(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<ConversationRow>> {
    let staff = member.person()?;
    let mut tx = app.db.begin().await?;
    conversations::claim(&mut tx, &app.environment, member.workspace, id, staff).await?;
    let row = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(row))
}

async fn close_conversation(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<ConversationRow>> {
    let mut tx = app.db.begin().await?;
    conversations::close(&mut tx, &app.environment, member.workspace, id, member.actor).await?;
    let row = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(row))
}

async fn reopen_conversation(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<ConversationRow>> {
    let mut tx = app.db.begin().await?;
    conversations::reopen(&mut tx, &app.environment, member.workspace, id, member.actor).await?;
    let row = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(row))
}

async fn snooze_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<SnoozeConversation>,
) -> ApiResult<Json<ConversationRow>> {
    let mut tx = app.db.begin().await?;
    conversations::snooze(&mut tx, &app.environment, member.workspace, id, member.actor, Snooze { until: body.until }).await?;
    let row = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(row))
}

async fn wake_conversation(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<ConversationRow>> {
    let mut tx = app.db.begin().await?;
    conversations::unsnooze(&mut tx, &app.environment, member.workspace, id, member.actor).await?;
    let row = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(row))
}

async fn change_conversations(AppState(app): AppState<App>, member: Member, Json(body): Json<ChangeConversations>) -> ApiResult<Json<BulkOutcome>> {
    let staff = member.person()?;
    let mut tx = app.db.begin().await?;
    let outcome = conversations::bulk::act(&mut tx, &app.environment, member.workspace, staff, &body.ids, &body.action).await?;
    tx.commit().await?;
    Ok(Json(outcome))
}

async fn undo_bulk_change(AppState(app): AppState<App>, member: Member, Json(body): Json<UndoBulk>) -> ApiResult<(StatusCode, Json<Undone>)> {
    let staff = member.person()?;
    let mut tx = app.db.begin().await?;
    let changed = conversations::bulk::undo(&mut tx, &app.environment, member.workspace, staff, &body.undo_token).await?;
    tx.commit().await?;
    Ok((StatusCode::OK, Json(Undone { changed })))
}
