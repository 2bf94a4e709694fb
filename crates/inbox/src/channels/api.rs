//! Channels over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::ChannelId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channel, ChannelChange, ChannelKind, NewChannel, Settings};

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::SettingsRead);
    let manages = Access::Needs(Permission::SettingsManage);
    vec![
        get("/api/v1/channels", "list_channels", reads, list_channels).summary("The channels of the workspace.").returns::<Page<Channel>>(200),
        post("/api/v1/channels", "create_channel", manages, create_channel).summary("Creates a channel.").takes::<CreateChannel>().returns::<Channel>(201),
        get("/api/v1/channels/{id}", "read_channel", reads, read_channel).summary("One channel.").returns::<Channel>(200),
        patch("/api/v1/channels/{id}", "update_channel", manages, update_channel)
            .summary("Changes a channel; `settings` are replaced as a whole.")
            .takes::<UpdateChannel>()
            .returns::<Channel>(200),
        delete("/api/v1/channels/{id}", "delete_channel", manages, delete_channel).summary("Removes a channel; its conversations stay.").answers(204),
        get("/api/v1/channels/{id}/identity-secret", "read_identity_secret", manages, read_identity_secret)
            .summary("The key with which your server signs who its visitors are.")
            .returns::<IdentitySecret>(200),
        post("/api/v1/channels/{id}/identity-secret", "rotate_identity_secret", manages, rotate_identity_secret)
            .summary("Replaces the identity key; the one before stays good for 24 hours.")
            .returns::<IdentitySecret>(201),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateChannel {
    kind: ChannelKind,
    name: String,
    #[serde(default = "enabled")]
    enabled: bool,
    #[serde(default)]
    settings: Settings,
}

const fn enabled() -> bool {
    true
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct UpdateChannel {
    name: Option<String>,
    enabled: Option<bool>,
    settings: Option<Settings>,
}

/// A key for signing identities.
#[derive(Serialize, JsonSchema)]
struct IdentitySecret {
    identity_secret: String,
}

async fn list_channels(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Channel>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace).await?)))
}

async fn create_channel(State(app): State<App>, member: Member, Json(body): Json<CreateChannel>) -> ApiResult<(StatusCode, Json<Channel>)> {
    let mut tx = app.db.begin().await?;
    let new = NewChannel { kind: body.kind, name: body.name, enabled: body.enabled, settings: body.settings };
    let channel = super::create(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(channel)))
}

async fn read_channel(State(app): State<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<Json<Channel>> {
    let mut tx = app.db.read().await?;
    Ok(Json(super::load(&mut tx, member.workspace, id).await?))
}

async fn update_channel(State(app): State<App>, member: Member, Path(id): Path<ChannelId>, Json(body): Json<UpdateChannel>) -> ApiResult<Json<Channel>> {
    let mut tx = app.db.begin().await?;
    let change = ChannelChange { name: body.name, enabled: body.enabled, settings: body.settings };
    let channel = super::update(&mut tx, &app.environment, member.workspace, member.actor, id, change).await?;
    tx.commit().await?;
    Ok(Json(channel))
}

async fn delete_channel(State(app): State<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::remove(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_identity_secret(State(app): State<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<Json<IdentitySecret>> {
    let mut tx = app.db.read().await?;
    let channel = super::load(&mut tx, member.workspace, id).await?;
    Ok(Json(IdentitySecret { identity_secret: channel.identity_secret(&app.secret) }))
}

async fn rotate_identity_secret(State(app): State<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<(StatusCode, Json<IdentitySecret>)> {
    let mut tx = app.db.begin().await?;
    let channel = super::rotate_identity_secret(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(IdentitySecret { identity_secret: channel.identity_secret(&app.secret) })))
}
