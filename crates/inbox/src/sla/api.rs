//! Service policies, clocks and promises over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post, put};
use ennakoi_kernel::{
    Timestamp,
    access::{Access, Permission},
    ids::{CalendarId, ConversationId, MessageId, PolicyId, PromiseId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ClockView,
    policies::{self, Definition, Pauses, Policy, Targets},
    promises::{self, Promise, PromiseState},
    proposals::{self, PromiseProposal},
};
use crate::{calendars::Calendar, conditions::Condition, conversations, patch::present};

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::SettingsRead);
    let manages = Access::Needs(Permission::SettingsManage);
    let sees = Access::Needs(Permission::ConversationsRead);
    let writes = Access::Needs(Permission::ConversationsWrite);
    vec![
        get("/api/v1/sla-policies", "list_sla_policies", reads, list_sla_policies)
            .summary("The service policies, in the order in which they are tried: the first whose condition holds applies.")
            .returns::<Page<Policy>>(200),
        post("/api/v1/sla-policies", "create_sla_policy", manages, create_sla_policy)
            .summary("Creates a service policy, tried after the others.")
            .takes::<CreatePolicy>()
            .returns::<Policy>(201),
        put("/api/v1/sla-policy-order", "order_sla_policies", manages, order_sla_policies)
            .summary("Sets the order in which policies are tried.")
            .takes::<PolicyOrder>()
            .returns::<Page<Policy>>(200),
        patch("/api/v1/sla-policies/{id}", "update_sla_policy", manages, update_sla_policy)
            .summary("Changes a service policy, as a new version: clocks that run go on under the one they began with.")
            .takes::<UpdatePolicy>()
            .returns::<Policy>(200),
        delete("/api/v1/sla-policies/{id}", "delete_sla_policy", manages, delete_sla_policy)
            .summary("Removes a service policy; what was measured under it stays.")
            .answers(204),
        get("/api/v1/sla-policies/{id}/versions", "list_sla_policy_versions", reads, list_sla_policy_versions)
            .summary("Every version of a service policy with its opening hours, newest first.")
            .returns::<Page<PolicyVersion>>(200),
        get("/api/v1/conversations/{id}/clocks", "list_clocks", sees, list_clocks)
            .summary("The clocks of a conversation: the open ones, then those that have ended.")
            .returns::<Page<ClockView>>(200),
        get("/api/v1/conversations/{id}/promises", "list_promises", sees, list_promises)
            .summary("What was promised in a conversation, newest first.")
            .returns::<Page<Promise>>(200),
        post("/api/v1/conversations/{id}/promises", "make_promise", writes, make_promise)
            .summary("Makes a promise to the customer, with a clock of its own.")
            .takes::<MakePromise>()
            .returns::<Promise>(201),
        get("/api/v1/conversations/{id}/messages/{message}/promises", "list_promise_proposals", writes, list_promise_proposals)
            .summary("What an answer seems to promise and nobody has recorded, to be confirmed by a person.")
            .returns::<Page<PromiseProposal>>(200),
        put("/api/v1/promises/{id}/closure", "close_promise", writes, close_promise)
            .summary("Says that a promise was kept, or takes it back.")
            .takes::<ClosePromise>()
            .returns::<Promise>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreatePolicy {
    name: String,
    #[serde(default = "crate::conditions::always")]
    condition: Condition,
    #[serde(default)]
    calendar_id: Option<CalendarId>,
    targets: Targets,
    #[serde(default)]
    pauses: Pauses,
    warn_percent: Option<i64>,
    enabled: Option<bool>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdatePolicy {
    name: Option<String>,
    condition: Option<Condition>,
    /// Null: around the clock.
    #[serde(deserialize_with = "present")]
    calendar_id: Option<Option<CalendarId>>,
    targets: Option<Targets>,
    pauses: Option<Pauses>,
    warn_percent: Option<i64>,
    enabled: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PolicyOrder {
    ids: Vec<PolicyId>,
}

/// A version of a policy.
#[derive(Serialize, JsonSchema)]
struct PolicyVersion {
    version: i64,
    /// `created`, `changed`, or `calendar` when only the opening hours changed.
    cause: String,
    created_by: String,
    created_at: Timestamp,
    #[serde(flatten)]
    definition: Definition,
    calendar: Option<Calendar>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MakePromise {
    body: String,
    due_at: Timestamp,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClosePromise {
    /// `kept` or `withdrawn`.
    state: PromiseState,
}

async fn list_sla_policies(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Policy>>> {
    Ok(Json(Page::whole(policies::list(&mut app.db.read().await?, member.workspace).await?)))
}

async fn create_sla_policy(State(app): State<App>, member: Member, Json(body): Json<CreatePolicy>) -> ApiResult<(StatusCode, Json<Policy>)> {
    let definition = Definition {
        name: body.name.trim().to_owned(),
        condition: body.condition,
        calendar_id: body.calendar_id,
        targets: body.targets,
        pauses: body.pauses,
        warn_percent: body.warn_percent.unwrap_or(80),
    };
    let mut tx = app.db.begin().await?;
    let policy = policies::create(&mut tx, &app.environment, member.workspace, member.actor, definition, body.enabled.unwrap_or(true)).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(policy)))
}

async fn order_sla_policies(State(app): State<App>, member: Member, Json(body): Json<PolicyOrder>) -> ApiResult<Json<Page<Policy>>> {
    let mut tx = app.db.begin().await?;
    let ordered = policies::set_order(&mut tx, &app.environment, member.workspace, member.actor, &body.ids).await?;
    tx.commit().await?;
    Ok(Json(Page::whole(ordered)))
}

async fn update_sla_policy(State(app): State<App>, member: Member, Path(id): Path<PolicyId>, Json(body): Json<UpdatePolicy>) -> ApiResult<Json<Policy>> {
    let mut tx = app.db.begin().await?;
    let mut policy = policies::load(&mut tx, member.workspace, id).await?;
    let definition = &mut policy.definition;
    definition.name = body.name.map_or_else(|| std::mem::take(&mut definition.name), |name| name.trim().to_owned());
    definition.condition = body.condition.unwrap_or_else(|| definition.condition.clone());
    definition.calendar_id = body.calendar_id.unwrap_or(definition.calendar_id);
    definition.targets = body.targets.unwrap_or(definition.targets);
    definition.pauses = body.pauses.unwrap_or(definition.pauses);
    definition.warn_percent = body.warn_percent.unwrap_or(definition.warn_percent);
    policy.enabled = body.enabled.unwrap_or(policy.enabled);
    let policy = policies::update(&mut tx, &app.environment, member.workspace, member.actor, policy).await?;
    tx.commit().await?;
    Ok(Json(policy))
}

async fn delete_sla_policy(State(app): State<App>, member: Member, Path(id): Path<PolicyId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    policies::remove(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_sla_policy_versions(State(app): State<App>, member: Member, Path(id): Path<PolicyId>) -> ApiResult<Json<Page<PolicyVersion>>> {
    let versions = policies::versions(&mut app.db.read().await?, member.workspace, id).await?;
    let shown = versions.into_iter().map(|it| PolicyVersion {
        version: it.version,
        cause: it.cause,
        created_by: it.created_by,
        created_at: it.created_at,
        definition: it.definition,
        calendar: it.calendar,
    });
    Ok(Json(Page::whole(shown.collect())))
}

async fn list_clocks(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<ClockView>>> {
    let mut tx = app.db.read().await?;
    conversations::load(&mut tx, member.workspace, id).await?;
    Ok(Json(Page::whole(super::of_conversation(&mut tx, member.workspace, id, app.environment.now()).await?)))
}

async fn list_promises(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<Promise>>> {
    Ok(Json(Page::whole(promises::list(&mut app.db.read().await?, member.workspace, id).await?)))
}

async fn make_promise(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<MakePromise>,
) -> ApiResult<(StatusCode, Json<Promise>)> {
    let mut tx = app.db.begin().await?;
    let promise = promises::make(&mut tx, &app.environment, member.workspace, id, member.actor, &body.body, body.due_at).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(promise)))
}

async fn close_promise(State(app): State<App>, member: Member, Path(id): Path<PromiseId>, Json(body): Json<ClosePromise>) -> ApiResult<Json<Promise>> {
    let mut tx = app.db.begin().await?;
    let promise = promises::close(&mut tx, &app.environment, member.workspace, id, member.actor, body.state).await?;
    tx.commit().await?;
    Ok(Json(promise))
}

async fn list_promise_proposals(
    State(app): State<App>,
    member: Member,
    Path((id, message)): Path<(ConversationId, MessageId)>,
) -> ApiResult<Json<Page<PromiseProposal>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(proposals::of_message(&mut tx, &app.environment, member.workspace, id, message).await?)))
}
