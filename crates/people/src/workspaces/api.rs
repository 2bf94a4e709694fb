//! Reading and changing the workspace, and making new ones.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Route, SignedIn, get, patch, post};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission, Role},
    limits,
};
use ennakoi_store::timeline::Actor;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{LauncherSide, NewWorkspace, Setup, Workspace, create, load, save, store};
use crate::{
    Locale, accounts, patch as absent,
    sessions::{self, Membership},
    staff,
};

const MODULES_MAX: usize = 50;
const STEPS_MAX: usize = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/workspace", "get_workspace", Access::Needs(Permission::StaffRead), get_workspace).summary("The workspace").returns::<Workspace>(200),
        patch("/api/v1/workspace", "update_workspace", Access::Needs(Permission::SettingsManage), update_workspace)
            .summary("Change name, languages, looks, modules or set-up; what is not named stays")
            .takes::<WorkspaceChange>()
            .returns::<Workspace>(200),
        post("/api/v1/workspaces", "create_workspace", Access::SignedIn, create_workspace)
            .summary("Make a workspace and become its owner; operators of the installation only")
            .takes::<WorkspaceRequest>()
            .returns::<Membership>(201),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorkspaceRequest {
    name: String,
    slug: Option<String>,
    timezone: Option<String>,
    languages: Option<Vec<Locale>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorkspaceChange {
    name: Option<String>,
    /// IANA name.
    timezone: Option<String>,
    languages: Option<Vec<Locale>>,
    default_language: Option<Locale>,
    brand: Option<BrandChange>,
    /// Only the named modules change.
    modules: Option<BTreeMap<String, bool>>,
    setup: Option<Setup>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BrandChange {
    /// `#rrggbb`.
    color: Option<String>,
    #[serde(default, deserialize_with = "absent::present")]
    logo_url: Option<Option<String>>,
    launcher: Option<LauncherSide>,
    greeting: Option<BTreeMap<Locale, String>>,
}

async fn get_workspace(State(app): State<App>, member: Member) -> ApiResult<Json<Workspace>> {
    Ok(Json(load(&mut app.db.read().await?, member.workspace).await?))
}

async fn update_workspace(State(app): State<App>, member: Member, Json(body): Json<WorkspaceChange>) -> ApiResult<Json<Workspace>> {
    let mut tx = app.db.begin().await?;
    let before = store::load_locked(&mut tx, member.workspace).await?.ok_or_else(|| Problem::not_found("the workspace"))?;
    let after = apply(before.clone(), body);
    check(&after)?;
    save(&mut tx, &app.environment, member.actor, &before, &after).await?;
    tx.commit().await?;
    Ok(Json(after))
}

fn apply(mut workspace: Workspace, change: WorkspaceChange) -> Workspace {
    if let Some(name) = change.name {
        name.trim().clone_into(&mut workspace.name);
    }
    workspace.timezone = change.timezone.unwrap_or(workspace.timezone);
    if let Some(languages) = change.languages {
        workspace.languages = distinct(languages);
    }
    workspace.default_language = change.default_language.unwrap_or(workspace.default_language);
    if let Some(brand) = change.brand {
        workspace.brand.color = brand.color.unwrap_or(workspace.brand.color);
        workspace.brand.logo_url = brand.logo_url.unwrap_or(workspace.brand.logo_url);
        workspace.brand.launcher = brand.launcher.unwrap_or(workspace.brand.launcher);
        workspace.brand.greeting.extend(brand.greeting.unwrap_or_default());
    }
    workspace.modules.extend(change.modules.unwrap_or_default());
    workspace.setup = change.setup.unwrap_or(workspace.setup);
    workspace
}

fn distinct(languages: Vec<Locale>) -> Vec<Locale> {
    languages.into_iter().fold(Vec::new(), |mut kept, language| {
        if !kept.contains(&language) {
            kept.push(language);
        }
        kept
    })
}

fn check(workspace: &Workspace) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", &workspace.name, limits::LINE_CHARACTERS);
    check_timezone(&mut errors, "timezone", &workspace.timezone);
    if workspace.languages.is_empty() {
        errors.add("languages", "required", "at least one");
    } else if !workspace.languages.contains(&workspace.default_language) {
        errors.add("default_language", "not_among_languages", "must be one of the languages");
    }
    let digits = workspace.brand.color.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        errors.add("brand.color", "color_invalid", "#rrggbb");
    }
    if workspace.brand.logo_url.as_deref().is_some_and(|address| !is_picture_address(address)) {
        errors.add("brand.logo_url", "url_invalid", "an address that begins with https:// or with a single /");
    }
    for (language, greeting) in &workspace.brand.greeting {
        if greeting.chars().count() > limits::LINE_CHARACTERS {
            errors.add(format!("brand.greeting.{}", language.as_str()), "too_long", format!("at most {} characters", limits::LINE_CHARACTERS));
        }
    }
    let word =
        |text: &String| (1..=60).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
    if workspace.modules.len() > MODULES_MAX || !workspace.modules.keys().all(word) {
        errors.add("modules", "invalid", "names in lower case, at most 50");
    }
    if workspace.setup.done.len() > STEPS_MAX || !workspace.setup.done.iter().all(word) {
        errors.add("setup.done", "invalid", "names in lower case, at most 50");
    }
    errors.finish()
}

fn check_timezone(errors: &mut FieldErrors, field: &str, name: &str) {
    if name.len() > 60 || jiff::tz::TimeZone::get(name).is_err() {
        errors.add(field, "timezone_unknown", "an IANA name such as Europe/Helsinki");
    }
}

fn is_picture_address(address: &str) -> bool {
    let local = address.starts_with('/') && !address.starts_with("//") && !address.contains('\\');
    address.len() <= 1_000 && !address.chars().any(|c| c.is_control() || c.is_whitespace()) && (local || address.starts_with("https://"))
}

async fn create_workspace(State(app): State<App>, me: SignedIn, Json(body): Json<WorkspaceRequest>) -> ApiResult<(StatusCode, Json<Membership>)> {
    if !me.operator {
        return Err(Problem::forbidden("only an operator of the installation makes workspaces").into());
    }
    let mut errors = FieldErrors::default();
    errors.line("name", &body.name, limits::LINE_CHARACTERS);
    if let Some(timezone) = &body.timezone {
        check_timezone(&mut errors, "timezone", timezone);
    }
    errors.finish()?;
    let new =
        NewWorkspace { name: body.name.trim().to_owned(), slug: body.slug, timezone: body.timezone, languages: distinct(body.languages.unwrap_or_default()) };
    let mut tx = app.db.begin().await?;
    let workspace = create(&mut tx, &app.environment, Actor::Staff(me.staff), new).await?;
    staff::join(&mut tx, &app.environment, workspace.id, me.staff, Role::Owner).await?;
    let membership = accounts::memberships(&mut tx, me.staff, Some(workspace.id)).await?.into_iter().next().ok_or_else(Problem::internal)?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok((StatusCode::CREATED, Json(membership.into())))
}
