//! Merging contacts and undoing it.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path};
use ennakoi_kernel::ids::ContactId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub(super) use super::super::duplicates::Duplicate;
use super::super::{Merge, duplicates, merge, merges_of, missing, store, undo_merge};
use crate::audit;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeRequest {
    loser: ContactId,
}

/// The merge's id, by which it is undone.
#[derive(Serialize, JsonSchema)]
pub(super) struct MergeMade {
    id: Uuid,
}

pub(super) async fn merge_contacts(
    State(app): State<App>,
    member: Member,
    Path(winner): Path<ContactId>,
    Json(body): Json<MergeRequest>,
) -> ApiResult<(StatusCode, Json<MergeMade>)> {
    let mut tx = app.db.begin().await?;
    let id = merge(&mut tx, &app.environment, member.workspace, member.actor, winner, body.loser).await?;
    let detail = json!({ "merge": id, "loser": body.loser });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "contact.merged", "contact", winner, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(MergeMade { id })))
}

pub(super) async fn list_merges(State(app): State<App>, member: Member, Path(id): Path<ContactId>) -> ApiResult<Json<Page<Merge>>> {
    let mut tx = app.db.read().await?;
    store::load(&mut tx, member.workspace, id).await?.ok_or_else(missing)?;
    Ok(Json(Page::whole(merges_of(&mut tx, member.workspace, id).await?)))
}

pub(super) async fn undo(State(app): State<App>, member: Member, Path((contact, id)): Path<(ContactId, Uuid)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    undo_merge(&mut tx, &app.environment, member.workspace, member.actor, contact, id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "contact.merge_undone", "contact", contact, json!({ "merge": id })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list_duplicates(State(app): State<App>, member: Member, Path(id): Path<ContactId>) -> ApiResult<Json<Page<Duplicate>>> {
    let mut tx = app.db.read().await?;
    let contact = store::load(&mut tx, member.workspace, id).await?.ok_or_else(missing)?;
    Ok(Json(Page::whole(duplicates::of(&mut tx, member.workspace, &contact).await?)))
}
