//! Rules over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post, put};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{ConversationId, RuleId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Definition, Rule, Run, When, store,
    trial::{self, Trial},
};
use crate::{actions::Action, conditions::Condition, conversations};

/// Runs shown, the newest.
const RUNS: u32 = 100;

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::SettingsRead);
    let manages = Access::Needs(Permission::SettingsManage);
    vec![
        get("/api/v1/rules", "list_rules", reads, list_rules).summary("The rules, in the order in which they run.").returns::<Page<Rule>>(200),
        post("/api/v1/rules", "create_rule", manages, create_rule)
            .summary("Creates a rule that runs after the others, from now on.")
            .takes::<CreateRule>()
            .returns::<Rule>(201),
        put("/api/v1/rule-order", "order_rules", manages, order_rules)
            .summary("Sets the order in which rules run.")
            .takes::<RuleOrder>()
            .returns::<Page<Rule>>(200),
        post("/api/v1/rule-trials", "try_rule", reads, try_rule)
            .summary("Which cases of the past days a rule would have taken; nothing is changed.")
            .takes::<TryRule>()
            .returns::<Trial>(200),
        patch("/api/v1/rules/{id}", "update_rule", manages, update_rule).summary("Changes a rule.").takes::<UpdateRule>().returns::<Rule>(200),
        delete("/api/v1/rules/{id}", "delete_rule", manages, delete_rule).summary("Removes a rule; the log of its runs stays.").answers(204),
        get("/api/v1/rules/{id}/runs", "list_rule_runs", reads, list_rule_runs).summary("The newest runs of a rule.").returns::<Page<Run>>(200),
        get("/api/v1/conversations/{id}/rule-runs", "list_conversation_rule_runs", Access::Needs(Permission::ConversationsRead), list_conversation_rule_runs)
            .summary("What rules did to a conversation, newest first.")
            .returns::<Page<Run>>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateRule {
    name: String,
    when: Vec<When>,
    #[serde(default = "crate::conditions::always")]
    condition: Condition,
    actions: Vec<Action>,
    #[serde(default)]
    last: bool,
    enabled: Option<bool>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateRule {
    name: Option<String>,
    when: Option<Vec<When>>,
    condition: Option<Condition>,
    actions: Option<Vec<Action>>,
    last: Option<bool>,
    enabled: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleOrder {
    ids: Vec<RuleId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TryRule {
    /// The past days, 1–30.
    days: i64,
    rule: Definition,
}

async fn list_rules(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Rule>>> {
    Ok(Json(Page::whole(super::list(&mut app.db.read().await?, member.workspace).await?)))
}

async fn create_rule(State(app): State<App>, member: Member, Json(body): Json<CreateRule>) -> ApiResult<(StatusCode, Json<Rule>)> {
    let definition = Definition { name: body.name.trim().to_owned(), when: body.when, condition: body.condition, actions: body.actions, last: body.last };
    let mut tx = app.db.begin().await?;
    let rule = super::create(&mut tx, &app.environment, member.workspace, member.actor, definition, body.enabled.unwrap_or(true)).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(rule)))
}

async fn order_rules(State(app): State<App>, member: Member, Json(body): Json<RuleOrder>) -> ApiResult<Json<Page<Rule>>> {
    let mut tx = app.db.begin().await?;
    let ordered = super::set_order(&mut tx, &app.environment, member.workspace, member.actor, &body.ids).await?;
    tx.commit().await?;
    Ok(Json(Page::whole(ordered)))
}

async fn try_rule(State(app): State<App>, member: Member, Json(body): Json<TryRule>) -> ApiResult<Json<Trial>> {
    let mut tx = app.db.read().await?;
    Ok(Json(trial::run(&mut tx, &app.environment, member.workspace, &body.rule, body.days).await?))
}

async fn update_rule(State(app): State<App>, member: Member, Path(id): Path<RuleId>, Json(body): Json<UpdateRule>) -> ApiResult<Json<Rule>> {
    let mut tx = app.db.begin().await?;
    let mut rule = super::load(&mut tx, member.workspace, id).await?;
    let definition = &mut rule.definition;
    definition.name = body.name.map_or_else(|| std::mem::take(&mut definition.name), |name| name.trim().to_owned());
    definition.when = body.when.unwrap_or_else(|| std::mem::take(&mut definition.when));
    definition.condition = body.condition.unwrap_or_else(|| definition.condition.clone());
    definition.actions = body.actions.unwrap_or_else(|| std::mem::take(&mut definition.actions));
    definition.last = body.last.unwrap_or(definition.last);
    rule.enabled = body.enabled.unwrap_or(rule.enabled);
    let rule = super::update(&mut tx, &app.environment, member.workspace, member.actor, rule).await?;
    tx.commit().await?;
    Ok(Json(rule))
}

async fn delete_rule(State(app): State<App>, member: Member, Path(id): Path<RuleId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::remove(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_rule_runs(State(app): State<App>, member: Member, Path(id): Path<RuleId>) -> ApiResult<Json<Page<Run>>> {
    let mut tx = app.db.read().await?;
    super::load(&mut tx, member.workspace, id).await?;
    Ok(Json(Page::whole(store::runs_of_rule(&mut tx, member.workspace, id, RUNS).await?)))
}

async fn list_conversation_rule_runs(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<Run>>> {
    let mut tx = app.db.read().await?;
    conversations::load(&mut tx, member.workspace, id).await?;
    Ok(Json(Page::whole(store::runs_of_conversation(&mut tx, member.workspace, id, RUNS).await?)))
}
