//! Where notices go: addresses in Slack and Teams, and browsers; over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, post, put};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::{NoticeHookId, PushSubscriptionId, StaffId},
};
use ennakoi_people::{Locale, audit, staff, workspaces};
use ennakoi_store::{Error, Tx};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::OWN;
use crate::{
    hooks::{self, NewNoticeHook, NoticeHook},
    policy::{self, NoticePolicy},
    push::{
        self,
        store::{NewPushSubscription, PushSubscription},
        vapid,
    },
};

pub(crate) fn routes() -> Vec<Route> {
    let manage = Access::Needs(Permission::IntegrationsManage);
    vec![
        get("/api/v1/notice-hooks", "list_notice_hooks", OWN, list_notice_hooks)
            .summary("Your own addresses in Slack and Teams.")
            .returns::<Page<NoticeHook>>(200),
        post("/api/v1/notice-hooks", "create_notice_hook", OWN, create_notice_hook)
            .summary("Add an address of your own; it is not shown again.")
            .takes::<NewNoticeHook>()
            .returns::<NoticeHook>(201),
        delete("/api/v1/notice-hooks/{id}", "delete_notice_hook", OWN, delete_notice_hook).summary("Remove an address of your own.").answers(204),
        post("/api/v1/notice-hooks/{id}/test", "test_notice_hook", OWN, test_notice_hook).summary("Send a message to an address of your own.").answers(202),
        get("/api/v1/workspace-notice-hooks", "list_workspace_notice_hooks", manage, list_workspace_notice_hooks)
            .summary("Channels of the whole company in Slack and Teams.")
            .returns::<Page<NoticeHook>>(200),
        post("/api/v1/workspace-notice-hooks", "create_workspace_notice_hook", manage, create_workspace_notice_hook)
            .summary("Tell a channel of the whole company; its address is not shown again.")
            .takes::<NewNoticeHook>()
            .returns::<NoticeHook>(201),
        delete("/api/v1/workspace-notice-hooks/{id}", "delete_workspace_notice_hook", manage, delete_workspace_notice_hook)
            .summary("Tell a channel no more.")
            .answers(204),
        post("/api/v1/workspace-notice-hooks/{id}/test", "test_workspace_notice_hook", manage, test_workspace_notice_hook)
            .summary("Send a message to a channel.")
            .answers(202),
        get("/api/v1/notice-policy", "get_notice_policy", manage, get_notice_policy)
            .summary("What of a case may leave the building.")
            .returns::<NoticePolicy>(200),
        put("/api/v1/notice-policy", "set_notice_policy", manage, set_notice_policy)
            .summary("Choose what of a case may leave the building.")
            .takes::<NoticePolicy>()
            .returns::<NoticePolicy>(200),
        get("/api/v1/push-subscriptions", "list_push_subscriptions", OWN, list_push_subscriptions)
            .summary("Browsers that are told, and the key that a browser asks for.")
            .returns::<PushSubscriptions>(200),
        post("/api/v1/push-subscriptions", "create_push_subscription", OWN, create_push_subscription)
            .summary("Add this browser.")
            .takes::<NewPushSubscription>()
            .returns::<PushSubscription>(201),
        delete("/api/v1/push-subscriptions/{id}", "delete_push_subscription", OWN, delete_push_subscription).summary("Remove a browser.").answers(204),
        post("/api/v1/push-subscriptions/{id}/test", "test_push_subscription", OWN, test_push_subscription)
            .summary("Send a message to a browser.")
            .answers(202),
    ]
}

/// Browsers of a person.
#[derive(Serialize, JsonSchema)]
struct PushSubscriptions {
    /// `applicationServerKey` of this installation.
    public_key: String,
    items: Vec<PushSubscription>,
}

async fn locale_of(tx: &mut Tx, member: &Member, person: Option<StaffId>) -> Result<Locale, Error> {
    match person {
        Some(person) => Ok(staff::reader(tx, member.workspace, person).await?.map(|reader| reader.locale).unwrap_or_default()),
        None => Ok(workspaces::load(tx, member.workspace).await?.default_language),
    }
}

async fn hooks_of(app: &App, member: &Member, person: Option<StaffId>) -> ApiResult<Json<Page<NoticeHook>>> {
    Ok(Json(Page::whole(hooks::of(&mut app.db.read().await?, member.workspace, person).await?)))
}

async fn add_hook(app: &App, member: &Member, person: Option<StaffId>, new: &NewNoticeHook) -> ApiResult<(StatusCode, Json<NoticeHook>)> {
    let mut tx = app.db.begin().await?;
    let hook = hooks::add(&mut tx, app, member.workspace, person, new).await?;
    let detail = json!({ "service": hook.service, "name": hook.name, "host": hook.host, "staff": person });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "notice_hook.created", "notice_hook", hook.id, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(hook)))
}

async fn remove_hook(app: &App, member: &Member, person: Option<StaffId>, id: NoticeHookId) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    hooks::remove(&mut tx, member.workspace, person, id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "notice_hook.removed", "notice_hook", id, json!({ "staff": person })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn try_hook(app: &App, member: &Member, person: Option<StaffId>, id: NoticeHookId) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let hook = hooks::load(&mut tx, member.workspace, person, id).await?;
    let locale = locale_of(&mut tx, member, person).await?;
    hooks::try_out(&mut tx, app, member.workspace, &hook, locale).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn list_notice_hooks(State(app): State<App>, member: Member) -> ApiResult<Json<Page<NoticeHook>>> {
    hooks_of(&app, &member, Some(member.person()?)).await
}

async fn create_notice_hook(State(app): State<App>, member: Member, Json(new): Json<NewNoticeHook>) -> ApiResult<(StatusCode, Json<NoticeHook>)> {
    add_hook(&app, &member, Some(member.person()?), &new).await
}

async fn delete_notice_hook(State(app): State<App>, member: Member, Path(id): Path<NoticeHookId>) -> ApiResult<StatusCode> {
    remove_hook(&app, &member, Some(member.person()?), id).await
}

async fn test_notice_hook(State(app): State<App>, member: Member, Path(id): Path<NoticeHookId>) -> ApiResult<StatusCode> {
    try_hook(&app, &member, Some(member.person()?), id).await
}

async fn list_workspace_notice_hooks(State(app): State<App>, member: Member) -> ApiResult<Json<Page<NoticeHook>>> {
    hooks_of(&app, &member, None).await
}

async fn create_workspace_notice_hook(State(app): State<App>, member: Member, Json(new): Json<NewNoticeHook>) -> ApiResult<(StatusCode, Json<NoticeHook>)> {
    add_hook(&app, &member, None, &new).await
}

async fn delete_workspace_notice_hook(State(app): State<App>, member: Member, Path(id): Path<NoticeHookId>) -> ApiResult<StatusCode> {
    remove_hook(&app, &member, None, id).await
}

async fn test_workspace_notice_hook(State(app): State<App>, member: Member, Path(id): Path<NoticeHookId>) -> ApiResult<StatusCode> {
    try_hook(&app, &member, None, id).await
}

async fn get_notice_policy(State(app): State<App>, member: Member) -> ApiResult<Json<NoticePolicy>> {
    Ok(Json(policy::of(&mut app.db.read().await?, member.workspace).await?))
}

async fn set_notice_policy(State(app): State<App>, member: Member, Json(wanted): Json<NoticePolicy>) -> ApiResult<Json<NoticePolicy>> {
    let mut tx = app.db.begin().await?;
    if policy::of(&mut tx, member.workspace).await? != wanted {
        policy::save(&mut tx, member.workspace, wanted, app.environment.now()).await?;
        audit::record(&mut tx, &app.environment, member.workspace, member.actor, "notice_policy.changed", "workspace", member.workspace, json!(wanted)).await?;
    }
    tx.commit().await?;
    Ok(Json(wanted))
}

async fn list_push_subscriptions(State(app): State<App>, member: Member) -> ApiResult<Json<PushSubscriptions>> {
    let person = member.person()?;
    let items = push::store::of(&mut app.db.read().await?, member.workspace, person).await?;
    Ok(Json(PushSubscriptions { public_key: vapid::public_text(&vapid::key(&app.secret)), items }))
}

async fn create_push_subscription(
    State(app): State<App>,
    member: Member,
    Json(new): Json<NewPushSubscription>,
) -> ApiResult<(StatusCode, Json<PushSubscription>)> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let made = push::store::add(&mut tx, &app, member.workspace, person, &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn delete_push_subscription(State(app): State<App>, member: Member, Path(id): Path<PushSubscriptionId>) -> ApiResult<StatusCode> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    push::store::remove(&mut tx, member.workspace, person, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn test_push_subscription(State(app): State<App>, member: Member, Path(id): Path<PushSubscriptionId>) -> ApiResult<StatusCode> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    if !push::store::of(&mut tx, member.workspace, person).await?.iter().any(|one| one.id == id) {
        return Err(Problem::not_found("the browser").into());
    }
    let locale = locale_of(&mut tx, &member, Some(person)).await?;
    push::try_out(&mut tx, &app, member.workspace, id, locale).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
