//! Waiting answers over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post};
use ennakoi_kernel::{
    Timestamp,
    ids::{AttachmentId, ConversationId, ScheduledAnswerId},
};
use ennakoi_people::workspaces;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Change, Content, ScheduledAnswer, SendTime, times};
use crate::{
    calendars,
    conversations::{
        self,
        api::{READS, WRITES},
    },
    messages::{Addressing, Format, Message},
    queues,
};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/conversations/{id}/scheduled-answers", "list_scheduled_answers", READS, list_scheduled_answers)
            .summary("The answers that wait for their moment, the next one first.")
            .returns::<Page<ScheduledAnswer>>(200),
        post("/api/v1/conversations/{id}/scheduled-answers", "create_scheduled_answer", WRITES, create_scheduled_answer)
            .summary("Keeps an answer until `send_at`; a message of the customer's before then holds it. The same client_key again gives the same answer.")
            .takes::<CreateScheduledAnswer>()
            .returns::<ScheduledAnswer>(201),
        patch("/api/v1/conversations/{id}/scheduled-answers/{answer}", "update_scheduled_answer", WRITES, update_scheduled_answer)
            .summary("Changes words or moment. A held answer leaves by itself again when it gets a new moment.")
            .takes::<UpdateScheduledAnswer>()
            .returns::<ScheduledAnswer>(200),
        delete("/api/v1/conversations/{id}/scheduled-answers/{answer}", "delete_scheduled_answer", WRITES, delete_scheduled_answer)
            .summary("Takes an answer back; nothing of it leaves.")
            .answers(204),
        post("/api/v1/conversations/{id}/scheduled-answers/{answer}/sending", "send_scheduled_answer", WRITES, send_scheduled_answer)
            .summary("Sends it now, whatever held it.")
            .returns::<Message>(201),
        get("/api/v1/conversations/{id}/send-times", "list_send_times", READS, list_send_times)
            .summary("Moments to offer, by the opening hours of the conversation's channel.")
            .returns::<Page<SendTime>>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateScheduledAnswer {
    client_key: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    attachment_ids: Vec<AttachmentId>,
    #[serde(default)]
    addressing: Option<Addressing>,
    /// Closes the conversation after it.
    #[serde(default)]
    close: bool,
    send_at: Timestamp,
}

/// What is left out stays.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateScheduledAnswer {
    body: Option<String>,
    attachment_ids: Option<Vec<AttachmentId>>,
    send_at: Option<Timestamp>,
    /// What you have seen; 409 `answer_changed` when somebody has changed it since.
    version: Option<i64>,
}

async fn list_scheduled_answers(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<ScheduledAnswer>>> {
    let mut tx = app.db.read().await?;
    conversations::load(&mut tx, member.workspace, id).await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace, id).await?)))
}

async fn create_scheduled_answer(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<CreateScheduledAnswer>,
) -> ApiResult<(StatusCode, Json<ScheduledAnswer>)> {
    let content = Content { body: body.body, format: body.format, attachment_ids: body.attachment_ids, addressing: body.addressing, close: body.close };
    let who = (id, member.person()?);
    let mut tx = app.db.begin().await?;
    let answer = super::schedule(&mut tx, &app.environment, member.workspace, who, (body.client_key, content, body.send_at)).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn update_scheduled_answer(
    State(app): State<App>,
    member: Member,
    Path(key): Path<(ConversationId, ScheduledAnswerId)>,
    Json(body): Json<UpdateScheduledAnswer>,
) -> ApiResult<Json<ScheduledAnswer>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let mut content = super::content_of(&mut tx, member.workspace, key).await?;
    content.body = body.body.unwrap_or(content.body);
    content.attachment_ids = body.attachment_ids.unwrap_or(content.attachment_ids);
    let change = Change { content: Some(content), send_at: body.send_at, version: body.version };
    let answer = super::change(&mut tx, &app.environment, member.workspace, key, person, change).await?;
    tx.commit().await?;
    Ok(Json(answer))
}

async fn delete_scheduled_answer(State(app): State<App>, member: Member, Path(key): Path<(ConversationId, ScheduledAnswerId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::withdraw(&mut tx, &app.environment, member.workspace, key, member.actor).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send_scheduled_answer(
    State(app): State<App>,
    member: Member,
    Path(key): Path<(ConversationId, ScheduledAnswerId)>,
) -> ApiResult<(StatusCode, Json<Message>)> {
    let mut tx = app.db.begin().await?;
    let message = super::send_now(&mut tx, &app.environment, member.workspace, key).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(message)))
}

async fn list_send_times(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<SendTime>>> {
    let mut tx = app.db.read().await?;
    let workspace = member.workspace;
    let conversation = conversations::load(&mut tx, workspace, id).await?;
    let queue = queues::destination(&mut tx, workspace, conversation.queue, conversation.channel).await?;
    let hours = match queues::calendar_of(&mut tx, workspace, queue).await? {
        Some(calendar) => Some(calendars::load(&mut tx, workspace, calendar).await?.hours()?),
        None => None,
    };
    let timezone = workspaces::load(&mut tx, workspace).await?.timezone;
    let timezone = TimeZone::get(&timezone).unwrap_or(TimeZone::UTC);
    Ok(Json(Page::whole(times::offered(app.environment.now(), hours.as_ref(), &timezone))))
}
