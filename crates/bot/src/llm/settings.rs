//! Which model a workspace uses, for what, and within which limits.

use axum::{Extension, extract::State};
use ennakoi_egress::check;
use ennakoi_http::{ApiResult, App, Json, Member, Route, get, patch, post};
use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    access::{Access, Permission},
    ids::WorkspaceId,
};
use ennakoi_people::{audit, sealed};
use ennakoi_store::{Error, Result, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Llm, Outcome, prompts, reach,
    session::Purpose,
    wire::{self, completions},
};

const PURPOSE: &str = "llm";
const DAY: i64 = 86_400_000_000;

/// How a company uses a language model of its choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LlmSettings {
    /// Off: nothing leaves, and nothing of it shows.
    pub(crate) enabled: bool,
    /// Base address of an OpenAI-compatible endpoint: `https://llm.example.fi/v1`.
    pub(crate) url: String,
    pub(crate) model: String,
    /// Answers to customers, out of articles and their own data.
    pub(crate) answers: bool,
    /// Help for staff: rewriting, translating, summarising, drafting.
    pub(crate) writing: bool,
    /// Longest wait of a customer for it, 1000–20000.
    pub(crate) time_limit_ms: u32,
    /// Most calls and tokens of one day.
    pub(crate) daily_calls: u32,
    pub(crate) daily_tokens: u32,
}

impl Default for LlmSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            url: String::new(),
            model: String::new(),
            answers: true,
            writing: true,
            time_limit_ms: 4_000,
            daily_calls: 2_000,
            daily_tokens: 2_000_000,
        }
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct LlmChange {
    enabled: Option<bool>,
    url: Option<String>,
    model: Option<String>,
    /// The key of the endpoint; empty removes it. It is never shown again.
    key: Option<String>,
    answers: Option<bool>,
    writing: Option<bool>,
    time_limit_ms: Option<u32>,
    daily_calls: Option<u32>,
    daily_tokens: Option<u32>,
}

/// How the model is set, and how it does today.
#[derive(Debug, Serialize, JsonSchema)]
struct LlmState {
    #[serde(flatten)]
    settings: LlmSettings,
    has_key: bool,
    /// Whether addresses on the company's own network may be named.
    private_addresses: bool,
    /// Since it failed repeatedly: until when it is left alone.
    paused_until: Option<Timestamp>,
    today: LlmDay,
}

/// Use of one day.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct LlmDay {
    calls: i64,
    failures: i64,
    /// Answers that came and were not used, because they did not rest on their sources.
    refused: i64,
    tokens: i64,
}

/// How trying the endpoint went.
#[derive(Debug, Serialize, JsonSchema)]
struct LlmTrial {
    ok: bool,
    outcome: Outcome,
    milliseconds: i64,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/bot/llm", "read_llm", Access::Needs(Permission::SettingsRead), read_llm)
            .summary("The language model that the workspace has connected, and its use today")
            .returns::<LlmState>(200),
        patch("/api/v1/bot/llm", "update_llm", Access::Needs(Permission::SettingsManage), update_llm)
            .summary("Connect a language model, or set what it may do")
            .takes::<LlmChange>()
            .returns::<LlmState>(200),
        post("/api/v1/bot/llm/trials", "try_llm", Access::Needs(Permission::SettingsManage), try_llm)
            .summary("Ask the endpoint one harmless question")
            .returns::<LlmTrial>(200),
    ]
}

/// Settings and the sealed key, if the workspace has connected a model.
pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<(LlmSettings, Option<Vec<u8>>)>> {
    let row: Option<(String, Option<Vec<u8>>)> = tx.optional("SELECT settings, sealed_key FROM bot_llm WHERE workspace_id = $1", params![workspace]).await?;
    Ok(row.map(|(settings, key)| (serde_json::from_str(&settings).unwrap_or_default(), key)))
}

pub(super) fn open_key(app: &App, workspace: WorkspaceId, stored: &[u8]) -> Result<String> {
    let key = sealed::open(app, PURPOSE, workspace.0.as_bytes(), stored)?;
    String::from_utf8(key).map_err(|_| Error::Decode("a stored key is not text".to_owned()))
}

async fn state(tx: &mut Tx, app: &App, llm: &Llm, workspace: WorkspaceId) -> Result<LlmState> {
    let (settings, key) = load(tx, workspace).await?.unwrap_or_default();
    let today: Option<(i64, i64, i64, i64)> = tx
        .optional(
            "SELECT calls, failures, refused, tokens FROM bot_llm_days WHERE workspace_id = $1 AND day = $2",
            params![workspace, app.environment.now().0.div_euclid(DAY)],
        )
        .await?;
    let today = today.map(|(calls, failures, refused, tokens)| LlmDay { calls, failures, refused, tokens }).unwrap_or_default();
    let private_addresses = app.configuration.security.private_egress;
    Ok(LlmState { settings, has_key: key.is_some(), private_addresses, paused_until: llm.paused_until(workspace), today })
}

async fn read_llm(State(app): State<App>, Extension(llm): Extension<Llm>, member: Member) -> ApiResult<Json<LlmState>> {
    Ok(Json(state(&mut app.db.read().await?, &app, &llm, member.workspace).await?))
}

async fn update_llm(State(app): State<App>, Extension(llm): Extension<Llm>, member: Member, Json(change): Json<LlmChange>) -> ApiResult<Json<LlmState>> {
    let mut tx = app.db.begin().await?;
    let (before, stored) = load(&mut tx, member.workspace).await?.unwrap_or_default();
    let key = change.key.as_deref().map(str::trim);
    let after = checked(&app, merged(&before, &change), key)?;
    let stored = match key {
        Some("") => None,
        Some(key) => Some(sealed::seal(&app, PURPOSE, member.workspace.0.as_bytes(), key.as_bytes())),
        // A key is given to one place: another address gets none until somebody gives it one.
        None => stored.filter(|_| origin(&before.url) == origin(&after.url)),
    };
    tx.execute(
        "INSERT INTO bot_llm (workspace_id, settings, sealed_key, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id) DO UPDATE SET settings = $2, sealed_key = $3, updated_at = $4",
        params![member.workspace, serde_json::to_string(&after).map_err(|_| Problem::internal())?, stored.clone(), app.environment.now()],
    )
    .await?;
    let what = json!({ "settings": after, "has_key": stored.is_some() });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.llm_changed", "workspace", member.workspace, what).await?;
    let state = state(&mut tx, &app, &llm, member.workspace).await?;
    tx.commit().await?;
    llm.forgive(member.workspace);
    Ok(Json(LlmState { paused_until: None, ..state }))
}

fn merged(before: &LlmSettings, change: &LlmChange) -> LlmSettings {
    LlmSettings {
        enabled: change.enabled.unwrap_or(before.enabled),
        url: change.url.as_deref().map_or_else(|| before.url.clone(), |url| url.trim().to_owned()),
        model: change.model.as_deref().map_or_else(|| before.model.clone(), |model| model.trim().to_owned()),
        answers: change.answers.unwrap_or(before.answers),
        writing: change.writing.unwrap_or(before.writing),
        time_limit_ms: change.time_limit_ms.unwrap_or(before.time_limit_ms),
        daily_calls: change.daily_calls.unwrap_or(before.daily_calls),
        daily_tokens: change.daily_tokens.unwrap_or(before.daily_tokens),
    }
}

/// Where a key goes: scheme, host and port.
fn origin(url: &str) -> Option<String> {
    completions(url).ok().map(|url| url.origin().ascii_serialization())
}

fn checked(app: &App, settings: LlmSettings, key: Option<&str>) -> std::result::Result<LlmSettings, Problem> {
    let mut wrong = FieldErrors::default();
    if !settings.url.is_empty() {
        match completions(&settings.url) {
            Ok(url) if settings.url.len() <= 500 && url.query().is_none() => {
                if let Err(error) = check(&url, reach(app)) {
                    wrong.add("url", "not_allowed", error.to_string());
                }
            }
            _ => wrong.add("url", "invalid", "a whole address: https://llm.example.fi/v1"),
        }
    } else if settings.enabled {
        wrong.add("url", "required", "the address of the endpoint");
    }
    if settings.model.chars().count() > 200 || settings.model.contains(char::is_control) {
        wrong.add("model", "invalid", "at most 200 characters on one line");
    } else if settings.enabled && settings.model.is_empty() {
        wrong.add("model", "required", "the name by which the endpoint knows the model");
    }
    if key.is_some_and(|key| key.len() > 1_000 || !key.is_ascii() || key.contains(|character: char| character.is_ascii_control() || character == ' ')) {
        wrong.add("key", "invalid", "at most 1000 printable characters");
    }
    for (field, value, least, most) in [
        ("time_limit_ms", settings.time_limit_ms, 1_000, 20_000),
        ("daily_calls", settings.daily_calls, 1, 1_000_000),
        ("daily_tokens", settings.daily_tokens, 1_000, 1_000_000_000),
    ] {
        if !(least..=most).contains(&value) {
            wrong.add(field, "out_of_range", format!("{least} to {most}"));
        }
    }
    wrong.finish().map(|()| settings)
}

async fn try_llm(State(app): State<App>, Extension(llm): Extension<Llm>, member: Member) -> ApiResult<Json<LlmTrial>> {
    let mut session = match llm.begin(member.workspace, Purpose::Trial).await? {
        None => return Err(Problem::field("url", "required", "name an address and a model first").into()),
        Some(Err((_, outcome))) => return Ok(Json(LlmTrial { ok: false, outcome, milliseconds: 0 })),
        Some(Ok(session)) => session,
    };
    let outcome = match session.ask(&prompts::trial(), &serde_json::Value::Null).await {
        Ok(reply) => wire::object::<serde_json::Value>(&reply.content).map_or(Outcome::Unreadable, |_| Outcome::Used),
        Err(outcome) => outcome,
    };
    let milliseconds = session.end(outcome).await?;
    if outcome == Outcome::Used {
        llm.forgive(member.workspace);
    }
    let mut tx = app.db.begin().await?;
    let what = json!({ "outcome": outcome });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.llm_tried", "workspace", member.workspace, what).await?;
    tx.commit().await?;
    Ok(Json(LlmTrial { ok: outcome == Outcome::Used, outcome, milliseconds }))
}
