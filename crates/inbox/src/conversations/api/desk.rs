//! What an agent keeps about a conversation: read marks and drafts; and how it came here.

use axum::{extract::State as AppState, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, Path, Query, Route, delete, get, put};
use ennakoi_kernel::{
    Timestamp,
    ids::{AttachmentId, ConversationId},
};
use ennakoi_store::timeline::{self, Event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{READS, WRITES};
use crate::{
    conversations,
    drafts::{self, Draft, Mode},
    messages::Author,
    names, read_marks,
    routing::{self, Routing},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        put("/api/v1/conversations/{id}/seen", "mark_seen", READS, mark_seen).summary("You have read up to this message.").takes::<Seen>().answers(204),
        put("/api/v1/conversations/{id}/draft", "keep_draft", WRITES, keep_draft)
            .summary("Keeps an unsent text. With `updated_at`, 409 `draft_changed` when another window has written since.")
            .takes::<KeepDraft>()
            .returns::<Draft>(200),
        delete("/api/v1/conversations/{id}/draft", "delete_draft", WRITES, delete_draft)
            .summary("Throws an unsent text away.")
            .query::<WhichDraft>()
            .answers(204),
        get("/api/v1/conversations/{id}/events", "list_conversation_events", READS, list_conversation_events)
            .summary("What happened to the conversation, oldest first.")
            .query::<ennakoi_http::PageQuery>()
            .returns::<Page<ConversationEvent>>(200),
        get("/api/v1/conversations/{id}/routings", "list_routings", READS, list_routings)
            .summary("Why it came to whom, newest first.")
            .returns::<Page<Routing>>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    seq: i64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeepDraft {
    mode: Mode,
    body: String,
    #[serde(default)]
    attachment_ids: Vec<AttachmentId>,
    /// `updated_at` of the draft that you started from.
    #[serde(default)]
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichDraft {
    mode: Mode,
}

/// Something that happened to a conversation.
#[derive(Serialize, JsonSchema)]
struct ConversationEvent {
    seq: i64,
    kind: String,
    occurred_at: Timestamp,
    actor: Author,
    payload: serde_json::Value,
}

async fn mark_seen(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>, Json(body): Json<Seen>) -> ApiResult<StatusCode> {
    let staff = member.person()?;
    let mut tx = app.db.begin().await?;
    read_marks::by_staff(&mut tx, &app.environment, member.workspace, id, staff, body.seq).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn keep_draft(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>, Json(body): Json<KeepDraft>) -> ApiResult<Json<Draft>> {
    let key = (id, member.person()?, body.mode);
    let mut tx = app.db.begin().await?;
    let draft = drafts::keep(&mut tx, &app.environment, member.workspace, key, (&body.body, &body.attachment_ids), body.updated_at).await?;
    tx.commit().await?;
    Ok(Json(draft))
}

async fn delete_draft(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>, Query(which): Query<WhichDraft>) -> ApiResult<StatusCode> {
    let staff = member.person()?;
    let mut tx = app.db.begin().await?;
    drafts::clear(&mut tx, member.workspace, id, staff, which.mode).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_conversation_events(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Query(query): Query<ennakoi_http::PageQuery>,
) -> ApiResult<Json<Page<ConversationEvent>>> {
    let after: Option<i64> = Cursor::read(query.cursor.as_deref())?;
    let limit = query.limit();
    let mut tx = app.db.read().await?;
    let conversation = conversations::load(&mut tx, member.workspace, id).await?;
    let events = timeline::of_conversation(&mut tx, member.workspace, id, after.unwrap_or(0), i64::from(limit) + 1).await?;
    let page = Page::of(events, limit, |event: &Event| event.seq);
    let actors: Vec<_> = page.items.iter().map(|event| (event.actor, conversation.contact)).collect();
    let names = names::of(&mut tx, member.workspace, &actors).await?;
    Ok(Json(page.map(|event| ConversationEvent {
        seq: event.seq,
        kind: event.kind,
        occurred_at: event.occurred_at,
        actor: crate::messages::author(&event.actor, conversation.contact, &names),
        payload: event.payload,
    })))
}

/// Decisions shown, the newest first.
const ROUTINGS: u32 = 50;

async fn list_routings(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<Routing>>> {
    let mut tx = app.db.read().await?;
    conversations::load(&mut tx, member.workspace, id).await?;
    Ok(Json(Page::whole(routing::history(&mut tx, member.workspace, id, ROUTINGS).await?)))
}
