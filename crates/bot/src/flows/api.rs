//! Flows over HTTP: listing, editing as text or as a drawing, checking, trying out, publishing.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post, put};
use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    access::{Access, Permission},
};
use ennakoi_language::{
    Language,
    needs::{Corpus, Need},
};
use ennakoi_people::{Locale, audit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    check::{Flaw, flaws},
    definition::{DEFINITION_BYTES, Flow, Who, of_value, read},
    ready,
    run::{Input, Run},
    shop::Item,
    store::{self, Version},
    trial::{self, TestResult, Tried},
    write::write,
};

const READS: Access = Access::Needs(Permission::SettingsRead);
const MANAGES: Access = Access::Needs(Permission::SettingsManage);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/bot/flows", "list_flows", READS, list_flows).summary("The bot's flows: ready ones and the company's own").returns::<Page<FlowRow>>(200),
        get("/api/v1/bot/needs", "list_needs", Access::Needs(Permission::KnowledgeRead), list_needs)
            .summary("What customers want, as the program knows it: the names that flows, gaps and the bot's reasons use")
            .returns::<Page<NeedRow>>(200),
        get("/api/v1/bot/flows/{flow}", "read_flow", READS, read_flow).summary("A flow as it is edited").returns::<FlowDetail>(200),
        put("/api/v1/bot/flows/{flow}", "save_flow", MANAGES, save_flow)
            .summary("Keeps a draft; what is live does not change")
            .takes::<SaveFlow>()
            .returns::<FlowDetail>(200),
        patch("/api/v1/bot/flows/{flow}", "update_flow", MANAGES, update_flow)
            .summary("Switches a flow on or off")
            .takes::<UpdateFlow>()
            .returns::<FlowDetail>(200),
        delete("/api/v1/bot/flows/{flow}", "delete_flow", MANAGES, delete_flow)
            .summary("Takes the company's own definition away")
            .returns::<Page<FlowRow>>(200),
        put("/api/v1/bot/flows/{flow}/publication", "publish_flow", MANAGES, publish_flow)
            .summary("Makes the draft live, if it is sound and passes its tests")
            .takes::<PublishFlow>()
            .returns::<FlowDetail>(200),
        get("/api/v1/bot/flows/{flow}/versions/{version}", "read_flow_version", READS, read_flow_version)
            .summary("A published version; 0 is the program's own")
            .returns::<FlowText>(200),
        post("/api/v1/bot/flow-checks", "check_flow", READS, check_flow)
            .summary("Reads a definition as text or as steps, and tells what is wrong; nothing is stored")
            .takes::<CheckFlow>()
            .returns::<CheckedFlow>(200),
        post("/api/v1/bot/flow-trials", "try_flow", READS, try_flow)
            .summary("A turn with a demo customer; nothing is stored")
            .takes::<TryFlow>()
            .returns::<Tried>(200),
    ]
}

/// A flow in a list.
#[derive(Debug, Serialize, JsonSchema)]
struct FlowRow {
    id: String,
    title: super::Texts,
    enabled: bool,
    /// Whether the program brings it.
    ready: bool,
    /// 0: the program's own definition, or nothing, is live.
    published: i64,
    has_draft: bool,
    needs: Vec<String>,
    steps: usize,
    /// What is wrong with the text that is edited.
    flaws: usize,
    updated_at: Option<Timestamp>,
}

/// Something that customers want.
#[derive(Debug, Serialize, JsonSchema)]
struct NeedRow {
    /// Such as `track_order`.
    id: &'static str,
    /// Such as `delivery`.
    area: &'static str,
    title: super::Texts,
}

/// A flow as it is edited.
#[derive(Debug, Serialize, JsonSchema)]
struct FlowDetail {
    id: String,
    enabled: bool,
    ready: bool,
    published: i64,
    has_draft: bool,
    /// To be sent back with the next save.
    draft_version: i64,
    definition: String,
    versions: Vec<Version>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowText {
    definition: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SaveFlow {
    definition: String,
    /// `draft_version` that was read; 0 for a new flow.
    version: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateFlow {
    enabled: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PublishFlow {
    version: i64,
}

/// One of the two is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct CheckFlow {
    definition: Option<String>,
    /// A flow with its steps, as a check gave it, changed by the drawing.
    flow: Option<Value>,
    /// Whether its tests are run.
    test: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CheckedFlow {
    /// As text; the given one when it could not be read.
    definition: String,
    /// Absent when it could not be read.
    flow: Option<Flow>,
    /// Ways between the steps, for the drawing.
    ways: Vec<Way>,
    flaws: Vec<Flaw>,
    tests: Vec<TestResult>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Way {
    from: String,
    way: String,
    to: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TryFlow {
    definition: String,
    #[serde(default)]
    customer: Who,
    locale: Locale,
    /// What the turn before gave; absent at the beginning.
    #[serde(default)]
    state: Option<Value>,
    #[serde(default)]
    says: Option<String>,
    #[serde(default)]
    taps: Option<String>,
}

/// What a trial carries from turn to turn.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct TrialState {
    run: Option<Run>,
    proved: Vec<String>,
}

async fn list_needs(_: Member) -> Json<Page<NeedRow>> {
    let title = |need: &Need| {
        let [fi, sv, en] = [Language::Fi, Language::Sv, Language::En].map(|language| need.title(language).to_owned());
        super::Texts { fi, sv, en }
    };
    Json(Page::whole(Corpus::built_in().needs().iter().map(|need| NeedRow { id: need.id, area: need.area, title: title(need) }).collect()))
}

async fn list_flows(State(app): State<App>, member: Member) -> ApiResult<Json<Page<FlowRow>>> {
    Ok(Json(rows(&mut app.db.read().await?, member.workspace).await?))
}

async fn rows(tx: &mut ennakoi_store::Tx, workspace: ennakoi_kernel::ids::WorkspaceId) -> ennakoi_store::Result<Page<FlowRow>> {
    let own = store::owns(tx, workspace).await?;
    let known = ready::all().iter().map(|(flow, _)| flow.id.clone());
    let mut ids: Vec<String> = known.collect();
    ids.extend(own.iter().map(|own| own.flow_id.clone()).filter(|id| ready::find(id).is_none()));
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let mine = own.iter().find(|own| own.flow_id == id);
        let text = store::text(tx, workspace, &id).await?.unwrap_or_default();
        let (flow, wrong) = match read(&text) {
            Ok(flow) => {
                let wrong = flaws(&flow).len();
                (Some(flow), wrong)
            }
            Err(flaws) => (None, flaws.len()),
        };
        rows.push(FlowRow {
            title: flow.as_ref().map(|flow| flow.title.clone()).unwrap_or_default(),
            enabled: mine.is_none_or(|own| own.enabled),
            ready: ready::find(&id).is_some(),
            published: mine.map_or(0, |own| own.published),
            has_draft: mine.is_some_and(|own| !own.draft.is_empty()),
            needs: flow.as_ref().map(|flow| flow.needs.clone()).unwrap_or_default(),
            steps: flow.as_ref().map_or(0, |flow| flow.steps.len()),
            flaws: wrong,
            updated_at: mine.map(|own| own.updated_at),
            id,
        });
    }
    Ok(Page::whole(rows))
}

async fn detail(tx: &mut ennakoi_store::Tx, workspace: ennakoi_kernel::ids::WorkspaceId, id: &str) -> ennakoi_store::Result<FlowDetail> {
    let own = store::own(tx, workspace, id).await?;
    let definition = store::text(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the flow"))?;
    Ok(FlowDetail {
        id: id.to_owned(),
        enabled: own.as_ref().is_none_or(|own| own.enabled),
        ready: ready::find(id).is_some(),
        published: own.as_ref().map_or(0, |own| own.published),
        has_draft: own.as_ref().is_some_and(|own| !own.draft.is_empty()),
        draft_version: own.as_ref().map_or(0, |own| own.draft_version),
        definition,
        versions: store::versions(tx, workspace, id).await?,
    })
}

async fn read_flow(State(app): State<App>, member: Member, Path(id): Path<String>) -> ApiResult<Json<FlowDetail>> {
    Ok(Json(detail(&mut app.db.read().await?, member.workspace, &id).await?))
}

async fn save_flow(State(app): State<App>, member: Member, Path(id): Path<String>, Json(body): Json<SaveFlow>) -> ApiResult<Json<FlowDetail>> {
    let mut tx = app.db.begin().await?;
    store::keep_draft(&mut tx, &app.environment, member.workspace, member.actor, &id, &body.definition, body.version).await?;
    let detail = detail(&mut tx, member.workspace, &id).await?;
    tx.commit().await?;
    Ok(Json(detail))
}

async fn update_flow(State(app): State<App>, member: Member, Path(id): Path<String>, Json(body): Json<UpdateFlow>) -> ApiResult<Json<FlowDetail>> {
    let mut tx = app.db.begin().await?;
    store::enable(&mut tx, &app.environment, member.workspace, member.actor, &id, body.enabled).await?;
    let what = json!({ "enabled": body.enabled });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.flow_changed", "flow", &id, what).await?;
    let detail = detail(&mut tx, member.workspace, &id).await?;
    tx.commit().await?;
    Ok(Json(detail))
}

async fn delete_flow(State(app): State<App>, member: Member, Path(id): Path<String>) -> ApiResult<Json<Page<FlowRow>>> {
    let mut tx = app.db.begin().await?;
    store::forget(&mut tx, member.workspace, &id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.flow_removed", "flow", &id, json!({})).await?;
    let rows = rows(&mut tx, member.workspace).await?;
    tx.commit().await?;
    Ok(Json(rows))
}

async fn publish_flow(State(app): State<App>, member: Member, Path(id): Path<String>, Json(body): Json<PublishFlow>) -> ApiResult<Json<FlowDetail>> {
    let mut tx = app.db.begin().await?;
    let version = store::publish(&mut tx, &app.environment, member.workspace, member.actor, &id, body.version).await?;
    let what = json!({ "version": version });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.flow_published", "flow", &id, what).await?;
    let detail = detail(&mut tx, member.workspace, &id).await?;
    tx.commit().await?;
    Ok(Json(detail))
}

async fn read_flow_version(State(app): State<App>, member: Member, Path((id, version)): Path<(String, i64)>) -> ApiResult<Json<FlowText>> {
    let definition = match (version, ready::find(&id)) {
        (0, Some((_, text))) => Some((*text).to_owned()),
        _ => store::version(&mut app.db.read().await?, member.workspace, &id, version).await?,
    };
    let definition = definition.ok_or_else(|| Problem::not_found("the version"))?;
    Ok(Json(FlowText { definition }))
}

async fn check_flow(_: Member, Json(body): Json<CheckFlow>) -> ApiResult<Json<CheckedFlow>> {
    let (given, parsed) = match (body.definition, body.flow) {
        (Some(text), None) => (text.clone(), read(&text)),
        (None, Some(value)) => (String::new(), of_value(value)),
        _ => return Err(Problem::field("definition", "required", "a definition or a flow").into()),
    };
    let checked = match parsed {
        Err(flaws) => CheckedFlow { definition: given, flow: None, ways: Vec::new(), flaws, tests: Vec::new() },
        Ok(flow) => {
            let flaws = flaws(&flow);
            let ways = flow
                .steps
                .iter()
                .flat_map(|step| step.act.ways().into_iter().map(|(way, to)| Way { from: step.id.clone(), way, to: to.to_owned() }).collect::<Vec<_>>());
            let ways = ways.collect();
            let tests = if body.test && flaws.is_empty() { flow.tests.iter().map(|test| trial::run_test(&flow, test)).collect() } else { Vec::new() };
            let definition = if given.is_empty() { write(&flow) } else { given };
            CheckedFlow { definition, ways, flaws, tests, flow: Some(flow) }
        }
    };
    Ok(Json(checked))
}

async fn try_flow(_: Member, Json(body): Json<TryFlow>) -> ApiResult<Json<Tried>> {
    let mut wrong = FieldErrors::default();
    if body.definition.len() > DEFINITION_BYTES {
        wrong.add("definition", "too_long", "");
    }
    if body.says.as_ref().is_some_and(|says| says.chars().count() > 2_000) {
        wrong.add("says", "too_long", "at most 2000 characters");
    }
    wrong.finish()?;
    let flow = read(&body.definition)
        .map_err(|flaws| Problem::field("definition", "invalid", flaws.into_iter().map(|flaw| flaw.message).collect::<Vec<_>>().join("; ")))?;
    if let Some(flaw) = flaws(&flow).first() {
        return Err(Problem::field("definition", "flawed", flaw.message.clone()).into());
    }
    let state: TrialState = match body.state {
        Some(state) => serde_json::from_value(state).map_err(|_| Problem::field("state", "invalid", "not what a trial gave"))?,
        None => TrialState::default(),
    };
    let mut proved: Vec<Item> = trial::items().into_iter().filter(|item| state.proved.contains(&item.id)).collect();
    let input = match (&body.taps, &body.says) {
        (Some(key), _) => Input::Taps(key),
        (None, Some(says)) => Input::Says(says),
        (None, None) => return Err(Problem::field("says", "required", "say or tap something").into()),
    };
    let turned = trial::turn(&flow, body.customer, body.locale, (state.run, &mut proved), input);
    let at = trial::place(&turned);
    let reason = match &turned.end {
        Some(super::End::Person(reason)) => Some(reason.clone()),
        _ => None,
    };
    let proved = proved.into_iter().map(|item| item.id).collect();
    let state = turned.run.map(|run| serde_json::to_value(TrialState { run: Some(run), proved })).transpose().map_err(|_| Problem::internal())?;
    Ok(Json(Tried { says: turned.says, at, state, requests: turned.requests, rule: turned.rule.to_owned(), missed: turned.missed, reason }))
}
