//! Setting up programs as channels. Secrets come out once.

use axum::{extract::State as AppState, http::StatusCode};
use ennakoi_egress::{Reach, check};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, RateLimit, Route, delete, get, patch, post};
use ennakoi_inbox::channels::{self, Channel, ChannelChange, ChannelKind, NewChannel, Settings};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
    ids::{ChannelId, WorkspaceId},
};
use ennakoi_people::audit;
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{
    answers,
    secrets::{self, Way},
    store::{self, Program},
};

/// Such channels of one workspace, at most.
const MOST: i64 = 100;
const URL_BYTES: usize = 1_000;

pub(super) fn routes() -> Vec<Route> {
    let manages = Access::Needs(Permission::IntegrationsManage);
    vec![
        get("/api/v1/api-channels", "list_api_channels", manages, list_api_channels)
            .summary("Other programs as channels, and whether answers reach them.")
            .returns::<Page<ProgramView>>(200),
        post("/api/v1/api-channels", "create_api_channel", manages, create_api_channel)
            .summary("Makes another program a channel; its two secrets are shown once.")
            .secret_answer()
            .takes::<CreateProgram>()
            .returns::<ProgramWithSecrets>(201),
        get("/api/v1/api-channels/{id}", "read_api_channel", manages, read_api_channel).summary("One program.").returns::<ProgramView>(200),
        patch("/api/v1/api-channels/{id}", "update_api_channel", manages, update_api_channel)
            .summary("Changes name, address, whether it is on, and whom it proves; `settings` are replaced as a whole.")
            .takes::<UpdateProgram>()
            .returns::<ProgramView>(200),
        delete("/api/v1/api-channels/{id}", "delete_api_channel", manages, delete_api_channel)
            .summary("Removes the channel; its conversations stay.")
            .answers(204),
        post("/api/v1/api-channels/{id}/secrets", "rotate_api_channel_secrets", manages, rotate_api_channel_secrets)
            .summary("New secrets; those before stay good for a day.")
            .secret_answer()
            .returns::<ProgramWithSecrets>(200),
        post("/api/v1/api-channels/{id}/test", "test_api_channel", manages, test_api_channel)
            .summary("Calls the program now and says what it answered.")
            .rate(RateLimit::SignIn)
            .returns::<TestOutcome>(200),
    ]
}

/// A program as a channel.
#[derive(Serialize, JsonSchema)]
struct ProgramView {
    id: ChannelId,
    name: String,
    enabled: bool,
    settings: Settings,
    /// Where answers go; null: it takes none.
    url: Option<String>,
    /// Whether what it says about people proves who they are.
    proven: bool,
    /// Where its signed calls go.
    inbound_url: String,
    /// Code of what keeps answers from arriving: `address`, `unreachable`, `refuses_us`, `not_there`, `busy`, `gone`, `redirects`, `broken`.
    trouble: Option<String>,
    trouble_at: Option<Timestamp>,
    rotated_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// A program with its secrets.
#[derive(Serialize, JsonSchema)]
struct ProgramWithSecrets {
    #[serde(flatten)]
    program: ProgramView,
    /// With it the program signs its calls to us: `whsec_…`.
    inbound_secret: String,
    /// With it the program checks our calls: `whsec_…`.
    outbound_secret: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateProgram {
    name: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    proven: bool,
    #[serde(default)]
    settings: Settings,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateProgram {
    name: Option<String>,
    enabled: Option<bool>,
    settings: Option<Settings>,
    /// Empty: it takes no answers.
    url: Option<String>,
    proven: Option<bool>,
}

/// How a test went.
#[derive(Serialize, JsonSchema)]
struct TestOutcome {
    ok: bool,
    /// HTTP status; null when there was no answer.
    status: Option<u16>,
    trouble: Option<&'static str>,
}

fn view(app: &App, channel: Channel, program: Program) -> ProgramView {
    ProgramView {
        id: channel.id,
        inbound_url: format!("{}/channels/v1/{}/messages", app.configuration.server.public_url, channel.public_key),
        name: channel.name,
        enabled: channel.enabled,
        settings: channel.settings,
        url: program.url,
        proven: program.proven,
        trouble: program.trouble,
        trouble_at: program.trouble_at,
        rotated_at: program.rotated_at,
        created_at: channel.created_at,
    }
}

async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ChannelId) -> Result<(Channel, Program)> {
    let program = store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the channel"))?;
    Ok((channels::load(tx, workspace, id).await?, program))
}

fn with_secrets(app: &App, channel: Channel, program: Program) -> ProgramWithSecrets {
    ProgramWithSecrets {
        inbound_secret: secrets::present(app, &program, Way::In),
        outbound_secret: secrets::present(app, &program, Way::Out),
        program: view(app, channel, program),
    }
}

fn checked(app: &App, url: Option<String>) -> Result<Option<String>, Problem> {
    let Some(url) = url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()) else { return Ok(None) };
    let reach = if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public };
    let parsed = Url::parse(&url).ok().filter(|_| url.len() <= URL_BYTES);
    let parsed = parsed.ok_or_else(|| Problem::field("url", "invalid", "a whole address: https://example.fi/messages"))?;
    check(&parsed, reach).map_err(|error| Problem::field("url", "not_allowed", error.to_string()))?;
    Ok(Some(url))
}

async fn list_api_channels(AppState(app): AppState<App>, member: Member) -> ApiResult<Json<Page<ProgramView>>> {
    let mut tx = app.db.read().await?;
    let mut views = Vec::new();
    for program in store::list(&mut tx, member.workspace, MOST).await? {
        let channel = channels::load(&mut tx, member.workspace, program.channel).await?;
        views.push(view(&app, channel, program));
    }
    Ok(Json(Page::whole(views)))
}

async fn create_api_channel(
    AppState(app): AppState<App>,
    member: Member,
    Json(body): Json<CreateProgram>,
) -> ApiResult<(StatusCode, Json<ProgramWithSecrets>)> {
    let url = checked(&app, body.url)?;
    let mut tx = app.db.begin().await?;
    if i64::try_from(store::list(&mut tx, member.workspace, MOST).await?.len()).unwrap_or(MOST) >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} such channels")).into());
    }
    let new = NewChannel { kind: ChannelKind::Api, name: body.name, enabled: true, settings: body.settings };
    let channel = channels::create(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    let (_, mut program) = load(&mut tx, member.workspace, channel.id).await?;
    (program.url, program.proven) = (url, body.proven);
    store::put(&mut tx, &program).await?;
    let detail = json!({ "name": channel.name, "url": program.url, "proven": program.proven });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "api_channel.created", "channel", channel.id, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(with_secrets(&app, channel, program))))
}

async fn read_api_channel(AppState(app): AppState<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<Json<ProgramView>> {
    let (channel, program) = load(&mut app.db.read().await?, member.workspace, id).await?;
    Ok(Json(view(&app, channel, program)))
}

async fn update_api_channel(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<ChannelId>,
    Json(body): Json<UpdateProgram>,
) -> ApiResult<Json<ProgramView>> {
    let url = match body.url {
        Some(url) => Some(checked(&app, Some(url))?),
        None => None,
    };
    let mut tx = app.db.begin().await?;
    let (_, mut program) = load(&mut tx, member.workspace, id).await?;
    program.url = url.unwrap_or(program.url);
    program.proven = body.proven.unwrap_or(program.proven);
    store::put(&mut tx, &program).await?;
    let change = ChannelChange { name: body.name, enabled: body.enabled, settings: body.settings };
    channels::update(&mut tx, &app.environment, member.workspace, member.actor, id, change).await?;
    let (channel, program) = load(&mut tx, member.workspace, id).await?;
    let detail = json!({ "name": channel.name, "enabled": channel.enabled, "url": program.url, "proven": program.proven });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "api_channel.changed", "channel", id, detail).await?;
    tx.commit().await?;
    Ok(Json(view(&app, channel, program)))
}

async fn delete_api_channel(AppState(app): AppState<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let (channel, _) = load(&mut tx, member.workspace, id).await?;
    channels::remove(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "api_channel.removed", "channel", id, json!({ "name": channel.name })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate_api_channel_secrets(AppState(app): AppState<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<Json<ProgramWithSecrets>> {
    let mut tx = app.db.begin().await?;
    let (channel, mut program) = load(&mut tx, member.workspace, id).await?;
    program.rotation += 1;
    program.rotated_at = Some(app.environment.now());
    store::put(&mut tx, &program).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "api_channel.secrets_rotated", "channel", id, json!({})).await?;
    tx.commit().await?;
    Ok(Json(with_secrets(&app, channel, program)))
}

async fn test_api_channel(AppState(app): AppState<App>, member: Member, Path(id): Path<ChannelId>) -> ApiResult<Json<TestOutcome>> {
    let (_, program) = load(&mut app.db.read().await?, member.workspace, id).await?;
    let url = program.url.clone().ok_or_else(|| Problem::conflict("no_address", "give the channel an address first"))?;
    let (status, trouble) = answers::test(&app, &program, &url).await;
    let mut tx = app.db.begin().await?;
    store::set_trouble(&mut tx, &program, trouble, app.environment.now()).await?;
    tx.commit().await?;
    Ok(Json(TestOutcome { ok: trouble.is_none(), status, trouble }))
}
