//! SQL of companies.

use ennakoi_kernel::{
    Timestamp,
    ids::{CompanyId, ContactId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use serde_json::json;

use super::Company;

impl FromRow for Company {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            domain: row.take()?,
            business_id: row.take()?,
            attributes: serde_json::from_str(&row.take::<String>()?)?,
            version: row.take()?,
            created_at: row.take()?,
        })
    }
}

const COMPANY: &str = "SELECT id, name, domain, business_id, attributes, version, created_at FROM companies WHERE workspace_id = $1";

/// Returns whether domain and registration number were free.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, it: &Company) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO companies (workspace_id, id, name, name_normalised, domain, business_id, attributes, version, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) ON CONFLICT DO NOTHING",
            params![workspace, it.id, &it.name, it.name.to_lowercase(), it.domain.clone(), it.business_id.clone(), json!(it.attributes), it.created_at],
        )
        .await?;
    Ok(inserted == 1)
}

pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId, id: CompanyId) -> Result<Option<Company>> {
    tx.optional(&format!("{COMPANY} AND id = $2"), params![workspace, id]).await
}

/// Like [`load`], and nobody else changes it until this transaction ends.
pub(super) async fn load_locked(tx: &mut Tx, workspace: WorkspaceId, id: CompanyId) -> Result<Option<Company>> {
    let lock = tx.engine().for_update();
    tx.optional(&format!("{COMPANY} AND id = $2{lock}"), params![workspace, id]).await
}

/// Whether another company has the domain or the registration number.
pub(super) async fn is_taken(tx: &mut Tx, workspace: WorkspaceId, it: &Company) -> Result<bool> {
    let other: Option<(CompanyId,)> = tx
        .optional(
            "SELECT id FROM companies WHERE workspace_id = $1 AND id <> $2 AND (domain = $3 OR business_id = $4) LIMIT 1",
            params![workspace, it.id, it.domain.clone(), it.business_id.clone()],
        )
        .await?;
    Ok(other.is_some())
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, it: &Company) -> Result<()> {
    tx.execute(
        "UPDATE companies SET name = $3, name_normalised = $4, domain = $5, business_id = $6, attributes = $7, version = version + 1 \
         WHERE workspace_id = $1 AND id = $2",
        params![workspace, it.id, &it.name, it.name.to_lowercase(), it.domain.clone(), it.business_id.clone(), json!(it.attributes)],
    )
    .await?;
    Ok(())
}

/// Companies by name whose name begins with `prefix` (in lower case).
pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, prefix: &str, after: (String, CompanyId), limit: u32) -> Result<Vec<Company>> {
    // The last character that a text can have closes the range of a prefix, without LIKE and its differences.
    let end = format!("{prefix}\u{10FFFF}");
    tx.all(
        &format!("{COMPANY} AND name_normalised >= $2 AND name_normalised <= $3 AND (name_normalised, id) > ($4, $5) ORDER BY name_normalised, id LIMIT $6"),
        params![workspace, prefix, end, after.0, after.1, limit],
    )
    .await
}

/// Returns whether the connection is new.
pub(super) async fn connect(tx: &mut Tx, now: Timestamp, workspace: WorkspaceId, contact: ContactId, company: CompanyId, role: &str) -> Result<bool> {
    let known = tx
        .execute(
            "UPDATE contact_companies SET role = $4 WHERE workspace_id = $1 AND contact_id = $2 AND company_id = $3",
            params![workspace, contact, company, role],
        )
        .await?;
    if known == 1 {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO contact_companies (workspace_id, contact_id, company_id, role, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, contact_id, company_id) DO NOTHING",
        params![workspace, contact, company, role, now],
    )
    .await?;
    Ok(true)
}

pub(super) async fn disconnect(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId, company: CompanyId) -> Result<bool> {
    let removed = tx
        .execute(
            "DELETE FROM contact_companies WHERE workspace_id = $1 AND company_id = $3 AND contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2)",
            params![workspace, contact, company],
        )
        .await?;
    Ok(removed > 0)
}

/// Contacts of a company, at most `limit`.
pub(super) async fn contacts(tx: &mut Tx, workspace: WorkspaceId, company: CompanyId, limit: i64) -> Result<Vec<ContactId>> {
    let rows: Vec<(ContactId,)> = tx
        .all(
            "SELECT contact_id FROM contact_companies WHERE workspace_id = $1 AND company_id = $2 ORDER BY contact_id LIMIT $3",
            params![workspace, company, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
