//! Budgets and grants over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Query, Route, delete, get, post, put};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission, Role},
    ids::{ContactId, ConversationId, GrantId, StaffId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    GrantState, Period,
    budgets::{self, Budget, Giver, Till},
    grants::{self, Grant, GrantRow, NewGrant},
};

pub(crate) fn routes() -> Vec<Route> {
    let gives = Access::Needs(Permission::GrantsGive);
    let decides = Access::Needs(Permission::GrantsDecide);
    let sees = Access::Needs(Permission::ConversationsRead);
    vec![
        get("/api/v1/authority-budgets", "list_authority_budgets", Access::Needs(Permission::SettingsRead), list_authority_budgets)
            .summary("How much each person may give without asking.")
            .returns::<Page<Budget>>(200),
        put("/api/v1/authority-budgets", "set_authority_budget", Access::Needs(Permission::SettingsManage), set_authority_budget)
            .summary("Sets a person's budget in a currency, or the one of everybody who has none.")
            .takes::<SetBudget>()
            .returns::<Budget>(200),
        delete("/api/v1/authority-budgets", "delete_authority_budget", Access::Needs(Permission::SettingsManage), delete_authority_budget)
            .summary("Takes a budget away.")
            .query::<WhichBudget>()
            .answers(204),
        get("/api/v1/authority", "read_authority", gives, read_authority).summary("What you may give right now.").returns::<Authority>(200),
        get("/api/v1/conversations/{id}/grants", "list_conversation_grants", sees, list_conversation_grants)
            .summary("What was given to the customer of this conversation, newest first.")
            .returns::<Page<Grant>>(200),
        get("/api/v1/contacts/{id}/grants", "list_contact_grants", sees, list_contact_grants)
            .summary("What was given to a customer, newest first.")
            .returns::<Page<Grant>>(200),
        post("/api/v1/conversations/{id}/grants", "create_grant", gives, create_grant)
            .summary("Gives a credit, a gift or a discount within your budget; above it, asks for it.")
            .takes::<NewGrant>()
            .returns::<Grant>(201),
        get("/api/v1/grants", "list_grants", decides, list_grants)
            .summary("Grants of the workspace in one state, newest first.")
            .query::<GrantQuery>()
            .returns::<Page<GrantRow>>(200),
        put("/api/v1/grants/{id}/decision", "decide_grant", decides, decide_grant)
            .summary("Approves or declines what somebody else asked for.")
            .takes::<Decision>()
            .returns::<Grant>(200),
        put("/api/v1/grants/{id}/withdrawal", "withdraw_grant", gives, withdraw_grant)
            .summary("Takes back your request, or, if you may decide, anything that was given.")
            .returns::<Grant>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetBudget {
    /// Null: everybody who has none of their own.
    #[serde(default)]
    staff_id: Option<StaffId>,
    currency: String,
    period: Period,
    limit_minor: i64,
    #[serde(default)]
    single_minor: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichBudget {
    staff: Option<StaffId>,
    currency: String,
}

/// What a person may give right now.
#[derive(Serialize, JsonSchema)]
struct Authority {
    /// Only what stands among the tills is bounded: who decides about others is bound by a budget of their own only.
    unbounded: bool,
    tills: Vec<Till>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GrantQuery {
    /// `asked` when not given.
    state: Option<GrantState>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// `given` or `declined`.
    state: GrantState,
    #[serde(default)]
    note: String,
}

/// The person of the call; programs give nothing.
fn giver(member: &Member) -> Result<Giver, Problem> {
    Ok(Giver { staff: member.person()?, decides: member.role.is_some_and(|role: Role| role.may(Permission::GrantsDecide)) })
}

async fn list_authority_budgets(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Budget>>> {
    Ok(Json(Page::whole(budgets::list(&mut app.db.read().await?, member.workspace).await?)))
}

async fn set_authority_budget(State(app): State<App>, member: Member, Json(body): Json<SetBudget>) -> ApiResult<Json<Budget>> {
    let SetBudget { staff_id, currency, period, limit_minor, single_minor } = body;
    let new = Budget { staff_id, currency, period, limit_minor, single_minor, updated_by: String::new(), updated_at: Timestamp::default() };
    let mut tx = app.db.begin().await?;
    let budget = budgets::set(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    tx.commit().await?;
    Ok(Json(budget))
}

async fn delete_authority_budget(State(app): State<App>, member: Member, Query(query): Query<WhichBudget>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    budgets::remove(&mut tx, &app.environment, member.workspace, member.actor, query.staff, &query.currency).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_authority(State(app): State<App>, member: Member) -> ApiResult<Json<Authority>> {
    let giver = giver(&member)?;
    let mut tx = app.db.read().await?;
    let tills = budgets::tills(&mut tx, &app.environment, member.workspace, giver).await?;
    Ok(Json(Authority { unbounded: giver.decides, tills }))
}

async fn list_conversation_grants(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<Grant>>> {
    Ok(Json(Page::whole(grants::of_conversation(&mut app.db.read().await?, member.workspace, id).await?)))
}

async fn list_contact_grants(State(app): State<App>, member: Member, Path(id): Path<ContactId>) -> ApiResult<Json<Page<Grant>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(grants::of_contact(&mut tx, member.workspace, id).await?)))
}

async fn create_grant(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Json(body): Json<NewGrant>,
) -> ApiResult<(StatusCode, Json<Grant>)> {
    let giver = giver(&member)?;
    let mut tx = app.db.begin().await?;
    let grant = grants::give(&mut tx, &app.environment, member.workspace, giver, id, body).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(grant)))
}

async fn list_grants(State(app): State<App>, member: Member, Query(query): Query<GrantQuery>) -> ApiResult<Json<Page<GrantRow>>> {
    let mut tx = app.db.read().await?;
    let state = query.state.unwrap_or(GrantState::Asked);
    Ok(Json(grants::in_state(&mut tx, member.workspace, state, query.limit, query.cursor.as_deref()).await?))
}

async fn decide_grant(State(app): State<App>, member: Member, Path(id): Path<GrantId>, Json(body): Json<Decision>) -> ApiResult<Json<Grant>> {
    let decider = member.person()?;
    let mut tx = app.db.begin().await?;
    let grant = grants::decide(&mut tx, &app.environment, member.workspace, decider, id, (body.state, &body.note)).await?;
    tx.commit().await?;
    Ok(Json(grant))
}

async fn withdraw_grant(State(app): State<App>, member: Member, Path(id): Path<GrantId>) -> ApiResult<Json<Grant>> {
    let giver = giver(&member)?;
    let mut tx = app.db.begin().await?;
    let grant = grants::withdraw(&mut tx, &app.environment, member.workspace, giver, id).await?;
    tx.commit().await?;
    Ok(Json(grant))
}
