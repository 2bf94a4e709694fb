//! Conversations over HTTP.

mod actions;
mod desk;

use axum::{Extension, extract::State as AppState, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Query, Route, get, patch, post};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::{ChannelId, ContactId, ConversationId},
};
use ennakoi_store::Tx;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    ConversationDetail, ConversationRow, Counts, ListQuery, NewConversation, Owner, Priority,
    detail::{Presence, PresenceMode},
};
use crate::{
    channels::{self, ChannelKind},
    live::{self, Hub},
    messages::{self, Direction, NewMessage, Visibility},
};

pub(crate) const READS: Access = Access::Needs(Permission::ConversationsRead);
pub(crate) const WRITES: Access = Access::Needs(Permission::ConversationsWrite);

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        get("/api/v1/conversations", "list_conversations", READS, list_conversations)
            .summary("Conversations of a view, filtered and ordered.")
            .query::<ListQuery>()
            .returns::<Page<ConversationRow>>(200),
        post("/api/v1/conversations", "create_conversation", WRITES, create_conversation)
            .summary("Begins a conversation with a contact by a first message.")
            .takes::<CreateConversation>()
            .returns::<ConversationDetail>(201),
        get("/api/v1/conversations/counts", "count_conversations", READS, count_conversations)
            .summary("How many active conversations each view holds; 1000 means 1000 or more.")
            .returns::<Counts>(200),
        get("/api/v1/conversations/{id}", "read_conversation", READS, read_conversation)
            .summary("A conversation with what stands beside its thread.")
            .returns::<ConversationDetail>(200),
        patch("/api/v1/conversations/{id}", "update_conversation", WRITES, update_conversation)
            .summary("Changes subject or priority.")
            .takes::<UpdateConversation>()
            .returns::<ConversationDetail>(200),
    ];
    routes.extend(actions::routes());
    routes.extend(desk::routes());
    routes
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateConversation {
    /// The workspace's first channel of its kind (API, else any) when not given.
    #[serde(default)]
    channel_id: Option<ChannelId>,
    contact_id: ContactId,
    #[serde(default)]
    subject: Option<String>,
    body: String,
    #[serde(default = "public")]
    visibility: Visibility,
}

const fn public() -> Visibility {
    Visibility::Public
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateConversation {
    /// Empty or null removes it.
    #[serde(deserialize_with = "crate::patch::present")]
    #[schemars(with = "Option<String>")]
    subject: Option<Option<String>>,
    priority: Option<Priority>,
}

async fn list_conversations(AppState(app): AppState<App>, member: Member, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<ConversationRow>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(super::list(&mut tx, &app.environment, member.workspace, member.staff, &query).await?))
}

async fn count_conversations(AppState(app): AppState<App>, member: Member) -> ApiResult<Json<Counts>> {
    let mut tx = app.db.read().await?;
    Ok(Json(super::counts(&mut tx, &app.environment, member.workspace, member.staff).await?))
}

async fn create_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Json(body): Json<CreateConversation>,
) -> ApiResult<(StatusCode, Json<ConversationDetail>)> {
    let mut tx = app.db.begin().await?;
    let workspace = member.workspace;
    let channel = channel_for(&mut tx, &member, body.channel_id).await?;
    let contact = ennakoi_people::contacts::resolve(&mut tx, workspace, body.contact_id).await?;
    let brief = ennakoi_people::contacts::briefs(&mut tx, workspace, &[contact]).await?.remove(&contact);
    let brief = brief.ok_or_else(|| Problem::field("contact_id", "unknown", "no contact of this workspace"))?;
    // Nobody's until the first public message, which makes it its author's.
    let new = NewConversation { channel, contact: Some(contact), visitor: None, subject: body.subject, locale: brief.locale, owner: Owner::Nobody };
    let conversation = super::open_as(&mut tx, &app.environment, workspace, member.actor, new).await?;
    let first = NewMessage { visibility: body.visibility, ..NewMessage::text(member.actor, Direction::Out, body.body) };
    messages::add(&mut tx, &app.environment, workspace, conversation.id, first).await?;
    let detail = super::detail(&mut tx, workspace, conversation.id, member.staff).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(detail)))
}

async fn channel_for(tx: &mut Tx, member: &Member, wanted: Option<ChannelId>) -> Result<ChannelId, Problem> {
    if let Some(wanted) = wanted {
        let found = channels::load(tx, member.workspace, wanted).await;
        return found.map(|channel| channel.id).map_err(|_| Problem::field("channel_id", "unknown", "no channel of this workspace"));
    }
    let known = channels::list(tx, member.workspace).await?;
    let of_kind = |kind: ChannelKind| known.iter().find(|channel| channel.kind == kind && channel.enabled);
    let channel = of_kind(ChannelKind::Email).or_else(|| of_kind(ChannelKind::Chat)).or_else(|| of_kind(ChannelKind::Api));
    channel.map(|channel| channel.id).ok_or_else(|| Problem::conflict("no_channel", "create a channel first"))
}

async fn read_conversation(
    AppState(app): AppState<App>,
    member: Member,
    hub: Option<Extension<Hub>>,
    Path(id): Path<ConversationId>,
) -> ApiResult<Json<ConversationDetail>> {
    let mut tx = app.db.read().await?;
    let mut detail = super::detail(&mut tx, member.workspace, id, member.staff).await?;
    if let Some(Extension(hub)) = hub {
        detail.presence = presence(&hub, &app, member.workspace, id);
    }
    Ok(Json(detail))
}

fn presence(hub: &Hub, app: &App, workspace: ennakoi_kernel::ids::WorkspaceId, id: ConversationId) -> Vec<Presence> {
    let people = hub.present(workspace, id, app.environment.now());
    let mode = |mode| match mode {
        live::Mode::Viewing => PresenceMode::Viewing,
        live::Mode::Typing => PresenceMode::Typing,
    };
    people.into_iter().map(|person| Presence { staff_id: person.staff_id, name: person.name, mode: mode(person.mode) }).collect()
}

async fn update_conversation(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<UpdateConversation>,
) -> ApiResult<Json<ConversationDetail>> {
    let mut tx = app.db.begin().await?;
    if let Some(subject) = body.subject {
        super::set_subject(&mut tx, &app.environment, member.workspace, id, member.actor, subject).await?;
    }
    if let Some(priority) = body.priority {
        super::set_priority(&mut tx, &app.environment, member.workspace, id, member.actor, priority).await?;
    }
    let detail = super::detail(&mut tx, member.workspace, id, member.staff).await?;
    tx.commit().await?;
    Ok(Json(detail))
}

/// The row as the caller sees it after a change.
async fn row(tx: &mut Tx, member: &Member, id: ConversationId) -> Result<ConversationRow, Problem> {
    super::rows(tx, member.workspace, &[id], member.staff).await?.pop().ok_or_else(|| Problem::not_found("the conversation"))
}
