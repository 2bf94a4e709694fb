//! Cases over HTTP.

use axum::{extract::State as AppState, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, post};
use ennakoi_kernel::{
    Timestamp,
    ids::{ConversationId, LinkId, MessageId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LinkKind, links};
use crate::conversations::{
    self, ConversationRow,
    api::{READS, WRITES},
};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/conversations/{id}/cases", "list_cases", READS, list_cases)
            .summary("Conversations that this one was merged with, split from, continued in, or is related to.")
            .returns::<Page<Case>>(200),
        post("/api/v1/conversations/{id}/merges", "merge_conversation", WRITES, merge_conversation)
            .summary("Merges another conversation into this one; it is closed, and what comes for it comes here.")
            .takes::<Other>()
            .returns::<Linked>(201),
        delete("/api/v1/conversations/{id}/merges/{link}", "undo_conversation_merge", WRITES, undo_conversation_merge)
            .summary("Undoes a merge; the other conversation is as it was.")
            .answers(204),
        post("/api/v1/conversations/{id}/splits", "split_conversation", WRITES, split_conversation)
            .summary("Opens a conversation of its own with these messages.")
            .takes::<Split>()
            .returns::<Linked>(201),
        delete("/api/v1/conversations/{id}/splits/{link}", "undo_conversation_split", WRITES, undo_conversation_split)
            .summary("Undoes a split; what was said in the other conversation meanwhile stays readable as merged.")
            .answers(204),
        post("/api/v1/conversations/{id}/relations", "relate_conversation", WRITES, relate_conversation)
            .summary("Says that another conversation has to do with this one.")
            .takes::<Other>()
            .returns::<Linked>(201),
        delete("/api/v1/conversations/{id}/relations/{link}", "unrelate_conversation", WRITES, unrelate_conversation)
            .summary("Says that they have nothing to do with each other after all.")
            .answers(204),
    ]
}

/// Another conversation of the same matter.
#[derive(Serialize, JsonSchema)]
struct Case {
    link: LinkId,
    kind: LinkKind,
    /// Whether the other one came first: it was merged into this one, goes on in it, or is what this one was split from.
    from_other: bool,
    linked_at: Timestamp,
    conversation: ConversationRow,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Other {
    conversation_id: ConversationId,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Split {
    message_ids: Vec<MessageId>,
    /// The same subject, unless said otherwise.
    #[serde(default)]
    subject: Option<String>,
}

/// The link, by which it is undone, and the conversation that goes on.
#[derive(Serialize, JsonSchema)]
struct Linked {
    link: LinkId,
    conversation: ConversationRow,
}

async fn row(tx: &mut Tx, member: &Member, id: ConversationId) -> Result<ConversationRow> {
    let found = conversations::rows(tx, member.workspace, &[id], member.staff).await?.pop();
    found.ok_or_else(|| ennakoi_kernel::Problem::not_found("the conversation").into())
}

async fn cases_of(tx: &mut Tx, workspace: WorkspaceId, member: &Member, id: ConversationId) -> Result<Vec<Case>> {
    conversations::load(tx, workspace, id).await?;
    let links = links::of(tx, workspace, id).await?;
    let others: Vec<ConversationId> = links.iter().map(|link| if link.from == id { link.to } else { link.from }).collect();
    let rows = if others.is_empty() { Vec::new() } else { conversations::rows(tx, workspace, &others, member.staff).await? };
    let case = |link: &links::Link| {
        let other = if link.from == id { link.to } else { link.from };
        let conversation = rows.iter().find(|row| row.id == other)?.clone();
        Some(Case { link: link.id, kind: link.kind, from_other: link.to == id, linked_at: link.created_at, conversation })
    };
    Ok(links.iter().filter_map(case).collect())
}

async fn list_cases(AppState(app): AppState<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<Case>>> {
    Ok(Json(Page::whole(cases_of(&mut app.db.read().await?, member.workspace, &member, id).await?)))
}

async fn merge_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<Other>,
) -> ApiResult<(StatusCode, Json<Linked>)> {
    let mut tx = app.db.begin().await?;
    let link = super::merge(&mut tx, &app.environment, member.workspace, member.actor, id, body.conversation_id).await?;
    let conversation = row(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Linked { link, conversation })))
}

async fn undo_conversation_merge(AppState(app): AppState<App>, member: Member, Path((id, link)): Path<(ConversationId, LinkId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::undo_merge(&mut tx, &app.environment, member.workspace, member.actor, id, link).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn split_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<Split>,
) -> ApiResult<(StatusCode, Json<Linked>)> {
    let mut tx = app.db.begin().await?;
    let (link, begun) = super::split(&mut tx, &app.environment, member.workspace, member.actor, id, &body.message_ids, body.subject).await?;
    let conversation = row(&mut tx, &member, begun).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Linked { link, conversation })))
}

async fn undo_conversation_split(AppState(app): AppState<App>, member: Member, Path((id, link)): Path<(ConversationId, LinkId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::undo_split(&mut tx, &app.environment, member.workspace, member.actor, id, link).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn relate_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<Other>,
) -> ApiResult<(StatusCode, Json<Linked>)> {
    let mut tx = app.db.begin().await?;
    let link = super::relate(&mut tx, &app.environment, member.workspace, member.actor, id, body.conversation_id).await?;
    let conversation = row(&mut tx, &member, body.conversation_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Linked { link, conversation })))
}

async fn unrelate_conversation(AppState(app): AppState<App>, member: Member, Path((id, link)): Path<(ConversationId, LinkId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::unrelate(&mut tx, &app.environment, member.workspace, member.actor, id, link).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
