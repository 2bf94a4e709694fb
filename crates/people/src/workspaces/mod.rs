//! Workspaces: a company's own space, its name, languages, looks and how far its set-up has come.

mod api;
mod logo;
mod store;

use std::collections::BTreeMap;

use ennakoi_kernel::{Environment, Problem, ids::WorkspaceId};
use ennakoi_store::{
    Error, Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use store::any;

use crate::{Locale, audit};

pub(crate) fn routes() -> Vec<ennakoi_http::Route> {
    [api::routes(), logo::routes()].into_iter().flatten().collect()
}

/// On which side the widget's launcher sits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LauncherSide {
    #[default]
    Right,
    Left,
}

/// How the company looks to its customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// `#rrggbb`.
    pub color: String,
    pub logo_url: Option<String>,
    #[serde(default)]
    pub launcher: LauncherSide,
    /// First line of the widget, for each language.
    #[serde(default)]
    pub greeting: BTreeMap<Locale, String>,
}

impl Default for Brand {
    fn default() -> Self {
        Self { color: "#2457d6".to_owned(), logo_url: None, launcher: LauncherSide::Right, greeting: BTreeMap::new() }
    }
}

/// How far the set-up wizard has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Names of the finished steps.
    pub done: Vec<String>,
}

/// A company's own space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// Short name in addresses: lower-case letters, digits and hyphens.
    pub slug: String,
    pub name: String,
    /// IANA name, e.g. `Europe/Helsinki`.
    pub timezone: String,
    /// Languages the company serves in; never empty.
    pub languages: Vec<Locale>,
    /// One of `languages`.
    pub default_language: Locale,
    pub brand: Brand,
    /// Features switched on or off by name; an absent one is on.
    pub modules: BTreeMap<String, bool>,
    pub setup: Setup,
}

/// A workspace to be.
#[derive(Clone, Debug, Default)]
pub struct NewWorkspace {
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
    pub timezone: Option<String>,
    pub languages: Vec<Locale>,
}

/// Creates a workspace with its timeline. It has no members yet.
///
/// # Errors
/// The slug is taken or malformed, or the database refuses.
pub async fn create(tx: &mut Tx, environment: &Environment, actor: Actor, new: NewWorkspace) -> Result<Workspace> {
    let wanted = new.slug.clone();
    let base = wanted.clone().unwrap_or_else(|| slug_of(&new.name));
    if !slug_is_valid(&base) {
        return Err(Problem::field("slug", "slug_invalid", "2 to 40 lower-case letters, digits and hyphens").into());
    }
    let mut slug = base.clone();
    for attempt in 2..100 {
        if by_slug(tx, &slug).await?.is_none() {
            break;
        }
        if wanted.is_some() {
            return Err(Problem::field("slug", "taken", "another workspace has this slug").into());
        }
        slug = format!("{base}-{attempt}");
    }
    let languages = if new.languages.is_empty() { vec![Locale::Fi, Locale::Sv, Locale::En] } else { new.languages };
    let workspace = Workspace {
        id: environment.new_id(),
        slug,
        name: new.name,
        timezone: new.timezone.unwrap_or_else(|| "Europe/Helsinki".to_owned()),
        default_language: languages[0],
        languages,
        brand: Brand::default(),
        modules: BTreeMap::new(),
        setup: Setup::default(),
    };
    store::insert(tx, environment.now(), &workspace).await?;
    timeline::open(tx, workspace.id).await?;
    timeline::append(tx, environment, workspace.id, vec![NewEvent::new("workspace.created", actor, json!({ "slug": workspace.slug }))]).await?;
    Ok(workspace)
}

/// The workspace.
///
/// # Errors
/// It is not there.
pub async fn load(tx: &mut Tx, id: WorkspaceId) -> Result<Workspace> {
    store::load(tx, id).await?.ok_or_else(|| Error::Problem(Problem::not_found("the workspace")))
}

/// The workspace with this short name.
///
/// # Errors
/// The database refuses.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Workspace>> {
    store::by_slug(tx, slug).await
}

/// Stores a changed workspace and tells the timeline which fields changed. Whether the values are allowed is the caller's matter.
///
/// # Errors
/// The database refuses.
pub async fn save(tx: &mut Tx, environment: &Environment, actor: Actor, before: &Workspace, after: &Workspace) -> Result<()> {
    let changes = [
        ("name", before.name != after.name),
        ("timezone", before.timezone != after.timezone),
        ("languages", before.languages != after.languages),
        ("default_language", before.default_language != after.default_language),
        ("brand", before.brand != after.brand),
        ("modules", before.modules != after.modules),
        ("setup", before.setup != after.setup),
    ];
    let fields: Vec<&str> = changes.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect();
    if fields.is_empty() {
        return Ok(());
    }
    store::update(tx, environment.now(), after).await?;
    audit::record(tx, environment, after.id, actor, "workspace.updated", "workspace", after.id, json!({ "fields": fields })).await?;
    timeline::append(tx, environment, after.id, vec![NewEvent::new("workspace.updated", actor, json!({ "fields": fields }))]).await?;
    Ok(())
}

fn slug_is_valid(slug: &str) -> bool {
    (2..=40).contains(&slug.len())
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-')
}

/// A short name made from a company's name: `Käpylän Kone Oy` → `kapylan-kone-oy`.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        let plain = match letter {
            'ä' | 'å' | 'á' | 'à' => 'a',
            'ö' | 'ø' | 'ó' => 'o',
            'é' | 'è' => 'e',
            'ü' => 'u',
            other => other,
        };
        if plain.is_ascii_alphanumeric() {
            slug.push(plain);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(36);
    let slug = slug.trim_matches('-');
    if slug.len() < 2 { "workspace".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_come_from_names() {
        for (name, slug) in [("Käpylän Kone Oy", "kapylan-kone-oy"), ("  Åsa & Co. ", "asa-co"), ("日本", "workspace"), ("x", "workspace")] {
            assert_eq!(slug_of(name), slug);
            assert!(slug_is_valid(&slug_of(name)));
        }
        assert!(!slug_is_valid("-a"));
        assert!(!slug_is_valid("Ab"));
    }
}
