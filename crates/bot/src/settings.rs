//! How a company sets its bot.

use std::collections::BTreeMap;

use axum::{Extension, extract::State};
use ennakoi_http::{ApiResult, App, Json, Member, Route, get, patch};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::WorkspaceId,
};
use ennakoi_people::{Locale, audit};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Knowledge,
    dialogue::SmallTalk,
    flows::Texts,
    meaning::{Meaning, State as MeaningState},
};

/// How much machinery reads the customers' questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Words and characters, and the product's own knowledge of customers' needs.
    #[default]
    Words,
    /// A sentence-embedding model beside them, if the installation has one; words alone if not.
    Meaning,
}

/// What a company can set. The disclosure, the sensitive layer and the way to a person are not among it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Off: everything goes to people.
    pub enabled: bool,
    /// Shown beside its messages.
    pub name: String,
    /// How many times worse a wrong answer is than asking back, 1–20. Higher: more careful.
    pub wrong_cost: f32,
    /// Questions in a row it may fail to answer before a person is asked.
    pub unknowns_before_person: u32,
    /// Words that send a conversation to people at once, besides the built-in ones.
    pub always_person: Vec<String>,
    /// How questions are read.
    pub tier: Tier,
    /// What it says to small talk, by kind, where the company wants other words than the built-in ones.
    pub small_talk: BTreeMap<String, Texts>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            name: String::new(),
            wrong_cost: 4.0,
            unknowns_before_person: 2,
            always_person: Vec::new(),
            tier: Tier::Words,
            small_talk: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SettingsChange {
    enabled: Option<bool>,
    name: Option<String>,
    wrong_cost: Option<f32>,
    unknowns_before_person: Option<u32>,
    always_person: Option<Vec<String>>,
    tier: Option<Tier>,
    small_talk: Option<BTreeMap<String, Texts>>,
}

/// A kind of small talk with what the bot says to it unless it is told otherwise.
#[derive(Debug, Serialize, JsonSchema)]
struct BotSmallTalk {
    kind: &'static str,
    built_in: Texts,
}

/// Whether this installation can read meaning.
#[derive(Debug, Serialize, JsonSchema)]
struct BotMeaning {
    state: MeaningState,
    /// The installed model's name and version.
    model: Option<String>,
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/bot", "read_bot_settings", Access::Needs(Permission::SettingsRead), read_bot_settings)
            .summary("How the bot is set")
            .returns::<Settings>(200),
        patch("/api/v1/bot", "update_bot_settings", Access::Needs(Permission::SettingsManage), update_bot_settings)
            .summary("Set the bot")
            .takes::<SettingsChange>()
            .returns::<Settings>(200),
        get("/api/v1/bot/meaning", "read_bot_meaning", Access::Needs(Permission::SettingsRead), read_bot_meaning)
            .summary("Whether the installation has a model for reading meaning")
            .returns::<BotMeaning>(200),
        get("/api/v1/bot/small-talk", "list_bot_small_talk", Access::Needs(Permission::SettingsRead), list_bot_small_talk)
            .summary("The kinds of small talk and the built-in answers")
            .returns::<Vec<BotSmallTalk>>(200),
    ]
}

/// The workspace's settings, or the defaults.
///
/// # Errors
/// The database refuses.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId) -> Result<Settings> {
    let row: Option<(String,)> = tx.optional("SELECT settings FROM bot_settings WHERE workspace_id = $1", params![workspace]).await?;
    Ok(row.and_then(|(text,)| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn read_bot_settings(State(app): State<App>, member: Member) -> ApiResult<Json<Settings>> {
    Ok(Json(load(&mut app.db.read().await?, member.workspace).await?))
}

async fn read_bot_meaning(Extension(meaning): Extension<Meaning>, _member: Member) -> Json<BotMeaning> {
    Json(BotMeaning { state: meaning.state(), model: meaning.model().map(|model| model.embedder.version().to_owned()) })
}

async fn list_bot_small_talk(_member: Member) -> Json<Vec<BotSmallTalk>> {
    let told = |kind: SmallTalk| Texts { fi: kind.built_in(Locale::Fi), sv: kind.built_in(Locale::Sv), en: kind.built_in(Locale::En) };
    Json(SmallTalk::ALL.into_iter().map(|kind| BotSmallTalk { kind: kind.as_str(), built_in: told(kind) }).collect())
}

async fn update_bot_settings(
    State(app): State<App>,
    Extension(knowledge): Extension<Knowledge>,
    member: Member,
    Json(change): Json<SettingsChange>,
) -> ApiResult<Json<Settings>> {
    let mut tx = app.db.begin().await?;
    let before = load(&mut tx, member.workspace).await?;
    let after = checked(Settings {
        enabled: change.enabled.unwrap_or(before.enabled),
        name: change.name.unwrap_or(before.name),
        wrong_cost: change.wrong_cost.unwrap_or(before.wrong_cost),
        unknowns_before_person: change.unknowns_before_person.unwrap_or(before.unknowns_before_person),
        always_person: change.always_person.unwrap_or(before.always_person),
        tier: change.tier.unwrap_or(before.tier),
        small_talk: change.small_talk.unwrap_or(before.small_talk),
    })?;
    tx.execute(
        "INSERT INTO bot_settings (workspace_id, settings, knowledge_version, updated_at) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (workspace_id) DO UPDATE SET settings = $2, updated_at = $3, knowledge_version = bot_settings.knowledge_version + 1",
        params![member.workspace, serde_json::to_string(&after).map_err(|_| Problem::internal())?, app.environment.now()],
    )
    .await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.settings_changed", "workspace", member.workspace.0, json!(after)).await?;
    tx.commit().await?;
    knowledge.forget(member.workspace);
    Ok(Json(after))
}

/// Characters of an answer to small talk.
const SMALL_TALK_CHARACTERS: usize = 300;

fn checked(mut settings: Settings) -> std::result::Result<Settings, Problem> {
    // Without own words the built-in ones are said.
    settings.small_talk.retain(|_, texts| Locale::ALL.iter().any(|locale| !texts.own(*locale).trim().is_empty()));
    let mut wrong = ennakoi_kernel::FieldErrors::default();
    if !(1.0..=20.0).contains(&settings.wrong_cost) {
        wrong.add("wrong_cost", "out_of_range", "1 to 20");
    }
    if !(1..=5).contains(&settings.unknowns_before_person) {
        wrong.add("unknowns_before_person", "out_of_range", "1 to 5");
    }
    if settings.name.chars().count() > 60 || settings.name.contains(['\n', '\r', '\0']) {
        wrong.add("name", "too_long", "at most 60 characters on one line");
    }
    if settings.always_person.len() > 200 || settings.always_person.iter().any(|phrase| phrase.trim().is_empty() || phrase.chars().count() > 100) {
        wrong.add("always_person", "invalid", "at most 200 phrases of 1 to 100 characters");
    }
    let unknown = |kind: &String| SmallTalk::ALL.iter().all(|known| known.as_str() != kind);
    let too_long = |texts: &Texts| Locale::ALL.iter().any(|locale| texts.own(*locale).chars().count() > SMALL_TALK_CHARACTERS);
    if settings.small_talk.iter().any(|(kind, texts)| unknown(kind) || too_long(texts)) {
        wrong.add("small_talk", "invalid", "known kinds, at most 300 characters a language");
    }
    wrong.finish().map(|()| settings)
}
