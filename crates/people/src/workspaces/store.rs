//! SQL of workspaces.

use ennakoi_kernel::{Timestamp, ids::WorkspaceId};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Workspace;

fn stored<T: DeserializeOwned>(row: &mut Row) -> Result<T> {
    Ok(serde_json::from_str(&row.take::<String>()?)?)
}

impl FromRow for Workspace {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            slug: row.take()?,
            name: row.take()?,
            timezone: row.take()?,
            languages: stored(row)?,
            default_language: row.take()?,
            brand: stored(row)?,
            modules: stored(row)?,
            setup: stored(row)?,
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, now: Timestamp, it: &Workspace) -> Result<()> {
    tx.execute(
        "INSERT INTO workspaces (id, slug, name, timezone, languages, default_language, brand, modules, setup, version, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)",
        params![it.id, &it.slug, &it.name, &it.timezone, json!(it.languages), it.default_language, json!(it.brand), json!(it.modules), json!(it.setup), now],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, now: Timestamp, it: &Workspace) -> Result<()> {
    tx.execute(
        "UPDATE workspaces SET name = $2, timezone = $3, languages = $4, default_language = $5, brand = $6, modules = $7, setup = $8, \
         version = version + 1, updated_at = $9 WHERE id = $1",
        params![it.id, &it.name, &it.timezone, json!(it.languages), it.default_language, json!(it.brand), json!(it.modules), json!(it.setup), now],
    )
    .await?;
    Ok(())
}

const COLUMNS: &str = "id, slug, name, timezone, languages, default_language, brand, modules, setup";

pub(super) async fn load(tx: &mut Tx, id: WorkspaceId) -> Result<Option<Workspace>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM workspaces WHERE id = $1"), params![id]).await
}

/// Like [`load`], and nobody else changes it until this transaction ends.
pub(super) async fn load_locked(tx: &mut Tx, id: WorkspaceId) -> Result<Option<Workspace>> {
    let lock = tx.engine().for_update();
    tx.optional(&format!("SELECT {COLUMNS} FROM workspaces WHERE id = $1{lock}"), params![id]).await
}

pub(super) async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Workspace>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM workspaces WHERE slug = $1"), params![slug]).await
}

/// Whether the installation has any workspace.
pub(crate) async fn any(tx: &mut Tx) -> Result<bool> {
    Ok(tx.optional::<(WorkspaceId,)>("SELECT id FROM workspaces LIMIT 1", params![]).await?.is_some())
}
