//! Contacts that may be the same person. Only suggestions: a person of staff decides.

use ennakoi_kernel::ids::{ContactId, WorkspaceId};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{ContactRow, Stored, rows};

/// Suggestions for one contact, at most.
const MOST: usize = 20;

/// A contact that may be the same person.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Duplicate {
    contact: ContactRow,
    /// What is the same: `email`, `phone`, `user_id`, `handle`, `name`. The more, the likelier.
    reasons: Vec<String>,
}

/// Contacts that share an identity (claimed or verified) or a full name, likeliest first.
pub(super) async fn of(tx: &mut Tx, workspace: WorkspaceId, contact: &Stored) -> Result<Vec<Duplicate>> {
    let mut found = sharing_identity(tx, workspace, contact.id).await?;
    // A single word ("Matti") is no reason; a first and a last name is.
    if contact.name.trim().contains(' ') {
        found.extend(sharing_name(tx, workspace, contact).await?.into_iter().map(|id| (id, "name".to_owned())));
    }
    let mut candidates: Vec<(ContactId, Vec<String>)> = Vec::new();
    for (id, reason) in found {
        match candidates.iter_mut().find(|(known, _)| *known == id) {
            Some((_, reasons)) if !reasons.contains(&reason) => reasons.push(reason),
            Some(_) => {}
            None => candidates.push((id, vec![reason])),
        }
    }
    candidates.sort_by_key(|(_, reasons)| std::cmp::Reverse(reasons.len()));
    candidates.truncate(MOST);
    let ids: Vec<ContactId> = candidates.iter().map(|(id, _)| *id).collect();
    let mut rows = rows(tx, workspace, &ids).await?;
    Ok(candidates
        .into_iter()
        .filter_map(|(id, reasons)| {
            let at = rows.iter().position(|row| row.id == id)?;
            Some(Duplicate { contact: rows.swap_remove(at), reasons })
        })
        .collect())
}

async fn sharing_identity(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<(ContactId, String)>> {
    tx.all(
        "SELECT DISTINCT COALESCE(oc.merged_into, oc.id), o.kind FROM contact_identities i \
         JOIN contact_identities o ON o.workspace_id = i.workspace_id AND o.kind = i.kind AND o.value_normalised = i.value_normalised \
         JOIN contacts oc ON oc.workspace_id = o.workspace_id AND oc.id = o.contact_id \
         WHERE i.workspace_id = $1 AND i.contact_id IN (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) AND COALESCE(oc.merged_into, oc.id) <> $2 LIMIT 100",
        params![workspace, contact],
    )
    .await
}

async fn sharing_name(tx: &mut Tx, workspace: WorkspaceId, contact: &Stored) -> Result<Vec<ContactId>> {
    let rows: Vec<(ContactId,)> = tx
        .all(
            "SELECT id FROM contacts WHERE workspace_id = $1 AND name_normalised = $2 AND id <> $3 AND merged_into IS NULL ORDER BY id LIMIT 50",
            params![workspace, contact.name.trim().to_lowercase(), contact.id],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
