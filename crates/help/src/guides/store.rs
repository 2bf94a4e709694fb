//! SQL of guides.

use std::collections::BTreeMap;

use ennakoi_kernel::{Environment, Problem, Timestamp, ids::WorkspaceId};
use ennakoi_people::{Locale, workspaces};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Guide, GuideId};
use crate::slug;

/// Guides of a workspace, at most.
const MOST: i64 = 200;

/// A guide as staff see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct GuideView {
    pub(super) id: GuideId,
    pub(super) slug: String,
    /// The working definition.
    pub(super) guide: Guide,
    /// Raised by every save; a save names the one it is based on.
    pub(super) version: i64,
    /// 0: nothing is public.
    pub(super) published: i64,
    pub(super) updated_at: Timestamp,
    /// Languages in which everything is written.
    pub(super) complete: Vec<Locale>,
    /// What keeps it from being public: path and code.
    pub(super) flaws: Vec<GuideFlaw>,
}

/// What keeps a guide from being public.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct GuideFlaw {
    pub(super) path: String,
    /// `required`, `no_complete_language`, `unknown_step`, `unreachable`.
    pub(super) code: String,
}

impl FromRow for GuideView {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, slug) = (row.take()?, row.take()?);
        let guide: Guide = serde_json::from_str(&row.take::<String>()?)?;
        let (version, published, updated_at) = (row.take()?, row.take()?, row.take()?);
        let flaws = guide.flaws().into_iter().map(|(path, code)| GuideFlaw { path, code: code.to_owned() }).collect();
        Ok(Self { id, slug, complete: guide.complete(), flaws, guide, version, published, updated_at })
    }
}

const COLUMNS: &str = "id, slug, definition, version, published, updated_at";

pub(super) async fn all(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<GuideView>> {
    let sql = format!("SELECT {COLUMNS} FROM guides WHERE workspace_id = $1 AND archived_at IS NULL ORDER BY updated_at DESC, id LIMIT $2");
    tx.all(&sql, params![workspace, MOST]).await
}

pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId, id: GuideId) -> Result<GuideView> {
    let sql = format!("SELECT {COLUMNS} FROM guides WHERE workspace_id = $1 AND id = $2 AND archived_at IS NULL");
    tx.optional(&sql, params![workspace, id]).await?.ok_or_else(|| Problem::not_found("the guide").into())
}

/// Begins a guide.
pub(super) async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, guide: &Guide) -> Result<GuideView> {
    guide.check()?;
    let count: i64 = tx.scalar("SELECT COUNT(*) FROM guides WHERE workspace_id = $1 AND archived_at IS NULL", params![workspace]).await?;
    if count >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} guides")).into());
    }
    let title = guide.title.values().find(|title| !title.trim().is_empty()).map_or("guide", String::as_str);
    let (base, id): (String, GuideId) = (slug::of(title), environment.new_uuid());
    let mut free = base.clone();
    for number in 2..1_000 {
        let taken: Option<(i64,)> = tx.optional("SELECT 1 FROM guides WHERE workspace_id = $1 AND slug = $2", params![workspace, &free]).await?;
        if taken.is_none() {
            break;
        }
        free = format!("{base}-{number}");
    }
    let now = environment.now();
    tx.execute(
        "INSERT INTO guides (id, workspace_id, slug, definition, version, published, created_at, updated_at, updated_by, archived_at) \
         VALUES ($1, $2, $3, $4, 1, 0, $5, $5, $6, NULL)",
        params![id, workspace, free, serde_json::to_string(guide)?, now, actor.to_string()],
    )
    .await?;
    load(tx, workspace, id).await
}

/// Saves the working definition.
pub(super) async fn save(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: GuideId,
    guide: &Guide,
    version: i64,
) -> Result<GuideView> {
    guide.check()?;
    let written = tx
        .execute(
            "UPDATE guides SET definition = $3, version = version + 1, updated_at = $4, updated_by = $5 \
             WHERE workspace_id = $1 AND id = $2 AND version = $6 AND archived_at IS NULL",
            params![workspace, id, serde_json::to_string(guide)?, environment.now(), actor.to_string(), version],
        )
        .await?;
    let saved = load(tx, workspace, id).await?;
    if written == 0 {
        let mut problem = Problem::conflict("stale_version", "somebody saved this guide in between");
        problem.fields.push(ennakoi_kernel::FieldError { field: "version".to_owned(), code: "stale".to_owned(), message: saved.version.to_string() });
        return Err(problem.into());
    }
    Ok(saved)
}

/// Makes the working definition public, as a version of its own. Those who walk it learn it from the event.
pub(super) async fn publish(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: GuideId) -> Result<GuideView> {
    let view = load(tx, workspace, id).await?;
    if !view.flaws.is_empty() {
        let mut problem = Problem::invalid("guide_unfinished", "it has flaws");
        problem.fields =
            view.flaws.iter().map(|flaw| ennakoi_kernel::FieldError { field: flaw.path.clone(), code: flaw.code.clone(), message: String::new() }).collect();
        return Err(problem.into());
    }
    let newest: i64 = tx
        .scalar("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM guide_versions WHERE workspace_id = $1 AND guide_id = $2", params![workspace, id])
        .await?;
    let (version, now) = (newest + 1, environment.now());
    tx.execute(
        "INSERT INTO guide_versions (workspace_id, guide_id, version, definition, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)",
        params![workspace, id, version, serde_json::to_string(&view.guide)?, now, actor.to_string()],
    )
    .await?;
    tx.execute("UPDATE guides SET published = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, version]).await?;
    let home = workspaces::load(tx, workspace).await?.slug;
    let urls: BTreeMap<Locale, String> = view.complete.iter().map(|locale| (*locale, format!("/help/{home}/{}/g/{}", locale.as_str(), view.slug))).collect();
    let payload = json!({ "guide": id, "version": version, "definition": view.guide, "urls": urls });
    timeline::append(tx, environment, workspace, vec![NewEvent::new("guide.published", actor, payload)]).await?;
    load(tx, workspace, id).await
}

/// Takes it back.
pub(super) async fn unpublish(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: GuideId) -> Result<GuideView> {
    let taken = tx.execute("UPDATE guides SET published = 0 WHERE workspace_id = $1 AND id = $2 AND published > 0", params![workspace, id]).await?;
    if taken > 0 {
        timeline::append(tx, environment, workspace, vec![NewEvent::new("guide.unpublished", actor, json!({ "guide": id }))]).await?;
    }
    load(tx, workspace, id).await
}

/// Puts it away.
pub(super) async fn archive(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: GuideId) -> Result<()> {
    unpublish(tx, environment, workspace, actor, id).await?;
    tx.execute("UPDATE guides SET archived_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, environment.now()]).await?;
    Ok(())
}

/// A guide as the public sees it.
#[derive(Clone, Debug)]
pub(crate) struct PublishedGuide {
    pub(crate) id: GuideId,
    pub(crate) slug: String,
    pub(crate) guide: Guide,
    pub(crate) published_at: Timestamp,
}

impl FromRow for PublishedGuide {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, slug: row.take()?, guide: serde_json::from_str(&row.take::<String>()?)?, published_at: row.take()? })
    }
}

/// What is public, the newest first; or the one of this address.
pub(crate) async fn published(tx: &mut Tx, workspace: WorkspaceId, slug: Option<&str>) -> Result<Vec<PublishedGuide>> {
    let sql = "SELECT g.id, g.slug, v.definition, v.published_at FROM guides g JOIN guide_versions v ON v.workspace_id = g.workspace_id \
        AND v.guide_id = g.id AND v.version = g.published WHERE g.workspace_id = $1 AND g.archived_at IS NULL AND ($2 = '' OR g.slug = $2) \
        ORDER BY v.published_at DESC, g.id LIMIT $3";
    tx.all(sql, params![workspace, slug.unwrap_or_default(), MOST]).await
}
