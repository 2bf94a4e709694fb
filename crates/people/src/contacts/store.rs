//! SQL of contacts.

use std::collections::HashMap;

use ennakoi_kernel::{
    Timestamp,
    ids::{CompanyId, ContactId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, Value, params,
    search::{self, Document},
};
use serde_json::json;

use super::{Attributes, CompanyBrief, ContactBrief, ContactRow, NewContact, Stored, api::ContactCompany};
use crate::{sql, words};

impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            email: row.take()?,
            phone: row.take()?,
            avatar_url: row.take()?,
            locale: row.take()?,
            timezone: row.take()?,
            attributes: serde_json::from_str(&row.take::<String>()?)?,
            blocked: row.take()?,
            merged_into: row.take()?,
            version: row.take()?,
            first_seen_at: row.take()?,
            last_seen_at: row.take()?,
            created_at: row.take()?,
        })
    }
}

const STORED: &str = "id, name, email, phone, avatar_url, locale, timezone, attributes, blocked, merged_into, version, first_seen_at, last_seen_at, created_at";

pub(super) async fn insert(tx: &mut Tx, now: Timestamp, workspace: WorkspaceId, id: ContactId, new: &NewContact) -> Result<()> {
    let name = new.name.trim();
    tx.execute(
        "INSERT INTO contacts (workspace_id, id, name, name_normalised, email, phone, avatar_url, locale, timezone, attributes, blocked, merged_into, \
         version, first_seen_at, last_seen_at, created_at) \
         VALUES ($1, $2, $3, $4, NULL, NULL, $5, $6, $7, $8, FALSE, NULL, 1, $9, $9, $10)",
        params![
            workspace,
            id,
            name,
            name.to_lowercase(),
            new.avatar_url.clone(),
            new.locale,
            new.timezone.clone(),
            json!(new.attributes),
            new.seen_at.unwrap_or(now),
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Option<Stored>> {
    tx.optional(&format!("SELECT {STORED} FROM contacts WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

/// Like [`load`], and nobody else changes it until this transaction ends.
pub(super) async fn load_locked(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Option<Stored>> {
    let lock = tx.engine().for_update();
    tx.optional(&format!("SELECT {STORED} FROM contacts WHERE workspace_id = $1 AND id = $2{lock}"), params![workspace, id]).await
}

/// Writes the fields that people change, and raises the version.
pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, it: &Stored) -> Result<()> {
    tx.execute(
        "UPDATE contacts SET name = $3, name_normalised = $4, avatar_url = $5, locale = $6, timezone = $7, attributes = $8, blocked = $9, \
         version = version + 1 WHERE workspace_id = $1 AND id = $2",
        params![workspace, it.id, &it.name, it.name.to_lowercase(), it.avatar_url.clone(), it.locale, it.timezone.clone(), json!(it.attributes), it.blocked],
    )
    .await?;
    Ok(())
}

/// Takes the main address and number from the identities of the contact and of those merged into it: verified before claimed,
/// older before newer. Raises the version.
pub(super) async fn refresh_primary(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<()> {
    let main = |kind: &str| {
        format!(
            "(SELECT i.value FROM contact_identities i WHERE i.workspace_id = $1 AND i.contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) AND i.kind = '{kind}' ORDER BY i.verified DESC, i.created_at, i.id LIMIT 1)"
        )
    };
    let statement =
        format!("UPDATE contacts SET email = {}, phone = {}, version = version + 1 WHERE workspace_id = $1 AND id = $2", main("email"), main("phone"));
    tx.execute(&statement, params![workspace, id]).await?;
    Ok(())
}

pub(super) async fn touch_seen(tx: &mut Tx, workspace: WorkspaceId, id: ContactId, at: Timestamp, stale_before: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE contacts SET last_seen_at = $3 WHERE workspace_id = $1 AND last_seen_at < $4 AND \
         id = (SELECT COALESCE(merged_into, id) FROM contacts WHERE workspace_id = $1 AND id = $2)",
        params![workspace, id, at, stale_before],
    )
    .await?;
    Ok(())
}

fn in_list(workspace: WorkspaceId, ids: &[ContactId]) -> (String, Vec<Value>) {
    let (places, values) = sql::list(2, ids);
    (places, std::iter::once(workspace.into()).chain(values).collect())
}

pub(super) async fn briefs(tx: &mut Tx, workspace: WorkspaceId, ids: &[ContactId]) -> Result<HashMap<ContactId, ContactBrief>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (places, parameters) = in_list(workspace, ids);
    let statement = format!(
        "SELECT c.id, w.id, w.name, w.email, w.phone, w.avatar_url, w.locale, w.blocked FROM contacts c \
         JOIN contacts w ON w.workspace_id = c.workspace_id AND w.id = COALESCE(c.merged_into, c.id) WHERE c.workspace_id = $1 AND c.id IN ({places})"
    );
    let mut found = HashMap::with_capacity(ids.len());
    tx.each(&statement, &parameters, |mut row| {
        let asked: ContactId = row.take()?;
        let brief = ContactBrief {
            id: row.take()?,
            name: row.take()?,
            email: row.take()?,
            phone: row.take()?,
            avatar_url: row.take()?,
            locale: row.take()?,
            blocked: row.take()?,
        };
        found.insert(asked, brief);
        Ok(true)
    })
    .await?;
    Ok(found)
}

impl FromRow for ContactRow {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            email: row.take()?,
            phone: row.take()?,
            locale: row.take()?,
            company: match (row.take::<Option<CompanyId>>()?, row.take::<Option<String>>()?) {
                (Some(id), Some(name)) => Some(CompanyBrief { id, name }),
                _ => None,
            },
            last_seen_at: row.take()?,
            created_at: row.take()?,
            blocked: row.take()?,
        })
    }
}

/// Columns of a [`ContactRow`] from contact `w`; the company is the one the contact joined first.
pub(super) const ROW: &str = "w.id, w.name, w.email, w.phone, w.locale, o.id, o.name, w.last_seen_at, w.created_at, w.blocked";
pub(super) const ROW_COMPANY: &str = "LEFT JOIN companies o ON o.workspace_id = w.workspace_id AND o.id = (SELECT l.company_id FROM contact_companies l \
                                      WHERE l.workspace_id = w.workspace_id AND l.contact_id = w.id ORDER BY l.created_at, l.company_id LIMIT 1)";

pub(super) async fn rows(tx: &mut Tx, workspace: WorkspaceId, ids: &[ContactId]) -> Result<Vec<ContactRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (places, parameters) = in_list(workspace, ids);
    let statement = format!(
        "SELECT c.id, {ROW} FROM contacts c JOIN contacts w ON w.workspace_id = c.workspace_id AND w.id = COALESCE(c.merged_into, c.id) {ROW_COMPANY} \
         WHERE c.workspace_id = $1 AND c.id IN ({places})"
    );
    let mut found: HashMap<ContactId, ContactRow> = HashMap::with_capacity(ids.len());
    tx.each(&statement, &parameters, |mut row| {
        let asked = row.take()?;
        found.insert(asked, ContactRow::from_row(&mut row)?);
        Ok(true)
    })
    .await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Puts the contact into the search index, or takes a merged one out of it.
pub(super) async fn index(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<()> {
    let Some(contact) = load(tx, workspace, id).await? else { return Ok(()) };
    if contact.merged_into.is_some() {
        return search::remove(tx, workspace, "contact", id.0).await;
    }
    let identities: Vec<(String,)> = tx
        .all(
            "SELECT i.value_normalised FROM contact_identities i WHERE i.workspace_id = $1 AND i.contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) ORDER BY i.created_at LIMIT 100",
            params![workspace, id],
        )
        .await?;
    let companies: Vec<(String,)> = tx
        .all(
            "SELECT o.name FROM contact_companies l JOIN companies o ON o.workspace_id = l.workspace_id AND o.id = l.company_id \
             WHERE l.workspace_id = $1 AND l.contact_id = $2 ORDER BY l.created_at LIMIT 20",
            params![workspace, id],
        )
        .await?;
    let texts = std::iter::once(contact.name.as_str()).chain(identities.iter().chain(&companies).map(|(text,)| text.as_str()));
    let words = words::of(texts).join(" ");
    let document = Document { kind: "contact", id: id.0, parent: None, occurred_at: contact.last_seen_at, words: &words };
    search::index(tx, workspace, &document).await
}

impl FromRow for ContactCompany {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, name: row.take()?, role: row.take()? })
    }
}

/// Companies of the contact and of those merged into it, first joined first.
pub(super) async fn companies_of(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Vec<ContactCompany>> {
    tx.all(
        "SELECT o.id, o.name, MIN(l.role) FROM contact_companies l JOIN companies o ON o.workspace_id = l.workspace_id AND o.id = l.company_id \
         WHERE l.workspace_id = $1 AND l.contact_id IN (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) GROUP BY o.id, o.name ORDER BY MIN(l.created_at), o.id LIMIT 50",
        params![workspace, id],
    )
    .await
}

/// The custom attributes of a contact, or of the contact that it was merged into.
pub(super) async fn attributes(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Option<Attributes>> {
    let found: Option<(String,)> = tx
        .optional(
            "SELECT attributes FROM contacts WHERE workspace_id = $1 AND id = (SELECT COALESCE(merged_into, id) FROM contacts WHERE workspace_id = $1 AND id = $2)",
            params![workspace, id],
        )
        .await?;
    found.map(|(text,)| Ok(serde_json::from_str(&text)?)).transpose()
}
