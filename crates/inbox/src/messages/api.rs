//! Messages over HTTP, for staff and programs.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Path, Query, Route, delete, get, patch, post};
use ennakoi_kernel::{
    Problem,
    ids::{AttachmentId, ConversationId, MessageId, StaffId, WorkspaceId},
};
use ennakoi_store::Tx;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Addressing, Audience, Direction, Format, Message, MessagePage, Meta, NewMessage, Visibility};
use crate::conversations::{
    self,
    api::{READS, WRITES},
};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/conversations/{id}/messages", "list_messages", READS, list_messages)
            .summary("A piece of the thread, oldest first: the end of it, or what is before or after a message.")
            .query::<MessageQuery>()
            .returns::<MessagePage>(200),
        post("/api/v1/conversations/{id}/messages", "create_message", WRITES, create_message)
            .summary("Answers the customer or writes a note. The same client_key again gives the same message (200).")
            .takes::<CreateMessage>()
            .returns::<Message>(201),
        patch("/api/v1/conversations/{id}/messages/{message}", "update_message", WRITES, update_message)
            .summary("Corrects your own text.")
            .takes::<UpdateMessage>()
            .returns::<Message>(200),
        delete("/api/v1/conversations/{id}/messages/{message}", "delete_message", WRITES, delete_message)
            .summary("Removes your own text; its place in the thread stays.")
            .returns::<Message>(200),
    ]
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct MessageQuery {
    before_seq: Option<i64>,
    after_seq: Option<i64>,
    limit: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateMessage {
    client_key: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    format: Format,
    visibility: Visibility,
    #[serde(default)]
    attachment_ids: Vec<AttachmentId>,
    /// Colleagues who are to see it.
    #[serde(default)]
    mentions: Vec<StaffId>,
    /// From whom and to whom, on channels where each message says it; what is left out is filled in.
    #[serde(default)]
    addressing: Option<Addressing>,
    /// Closes the conversation after it.
    #[serde(default)]
    close: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateMessage {
    body: String,
}

async fn list_messages(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Query(query): Query<MessageQuery>,
) -> ApiResult<Json<MessagePage>> {
    let mut tx = app.db.read().await?;
    conversations::load(&mut tx, member.workspace, id).await?;
    let limit = ennakoi_http::limit(query.limit);
    Ok(Json(super::list(&mut tx, member.workspace, id, query.after_seq, query.before_seq, limit, Audience::Staff).await?))
}

async fn create_message(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<CreateMessage>,
) -> ApiResult<(StatusCode, Json<Message>)> {
    let mut tx = app.db.begin().await?;
    check_mentions(&mut tx, member.workspace, &body.mentions).await?;
    let new = NewMessage {
        visibility: body.visibility,
        format: body.format,
        client_key: Some(body.client_key),
        attachments: body.attachment_ids,
        mentions: body.mentions,
        meta: Meta { addressing: body.addressing, ..Meta::default() },
        ..NewMessage::text(member.actor, Direction::Out, body.body)
    };
    let added = super::add(&mut tx, &app.environment, member.workspace, id, new).await?;
    if body.close && added.fresh {
        conversations::close(&mut tx, &app.environment, member.workspace, id, member.actor).await?;
    }
    tx.commit().await?;
    Ok((if added.fresh { StatusCode::CREATED } else { StatusCode::OK }, Json(added.message)))
}

const MENTIONS_MAX: usize = 50;

async fn check_mentions(tx: &mut Tx, workspace: WorkspaceId, mentions: &[StaffId]) -> Result<(), Problem> {
    if mentions.is_empty() {
        return Ok(());
    }
    if mentions.len() > MENTIONS_MAX {
        return Err(Problem::field("mentions", "too_many", format!("at most {MENTIONS_MAX}")));
    }
    let members = ennakoi_people::staff::members(tx, workspace).await?;
    match mentions.iter().position(|id| members.iter().all(|member| member.id != *id)) {
        Some(index) => Err(Problem::field(format!("mentions[{index}]"), "unknown", "nobody of this workspace")),
        None => Ok(()),
    }
}

async fn update_message(
    State(app): State<App>,
    member: Member,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    Json(body): Json<UpdateMessage>,
) -> ApiResult<Json<Message>> {
    let mut tx = app.db.begin().await?;
    let message = super::edit(&mut tx, &app.environment, member.workspace, id, message, member.actor, &body.body).await?;
    tx.commit().await?;
    Ok(Json(message))
}

async fn delete_message(State(app): State<App>, member: Member, Path((id, message)): Path<(ConversationId, MessageId)>) -> ApiResult<Json<Message>> {
    let mut tx = app.db.begin().await?;
    let message = super::remove(&mut tx, &app.environment, member.workspace, id, message, member.actor).await?;
    tx.commit().await?;
    Ok(Json(message))
}
