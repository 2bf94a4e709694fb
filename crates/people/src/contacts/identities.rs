//! By what contacts are known.

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ContactId, IdentityId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde::Serialize;
use serde_json::json;

use super::{IdentityKind, NewContact, Verified, merges, missing, store, values};
use crate::workspaces;

/// Identities of one contact, at most.
const IDENTITIES_MAX: i64 = 50;

/// One identity of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Identity {
    pub id: IdentityId,
    pub kind: IdentityKind,
    /// As it was written.
    pub value: String,
    pub verified: bool,
    /// Where it comes from, e.g. `widget`, `email`, `staff`.
    pub source: String,
}

impl FromRow for Identity {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, kind: row.take()?, value: row.take()?, verified: row.take()?, source: row.take()? })
    }
}

/// A contact that has, or claims, an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityMatch {
    /// The live contact, after redirects.
    pub contact: ContactId,
    pub verified: bool,
}

impl FromRow for IdentityMatch {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { contact: row.take()?, verified: row.take()? })
    }
}

/// The comparable form of a value in this workspace, whose place decides what a national phone number means.
async fn normalised(tx: &mut Tx, workspace: WorkspaceId, kind: IdentityKind, value: &str) -> Result<String> {
    let country = if kind == IdentityKind::Phone && !value.trim_start().starts_with('+') {
        values::country_code(&workspaces::load(tx, workspace).await?.timezone)
    } else {
        None
    };
    Ok(values::normalise(kind, value, country)?)
}

/// The contact with this identity.
///
/// With [`Verified::Yes`] the caller has proof that the person is who they say: the contact that has the identity verified is
/// returned, or a new one is made. With [`Verified::No`] the value is only claimed, and a **new** contact is always made:
/// otherwise whoever types an address would become its owner.
///
/// # Errors
/// The value cannot be an identity of this kind, or the database refuses.
pub async fn ensure_by_identity(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    kind: IdentityKind,
    value: &str,
    verified: Verified,
    new: NewContact,
) -> Result<ContactId> {
    let value_normalised = normalised(tx, workspace, kind, value).await?;
    if verified == Verified::Yes
        && let Some(contact) = verified_owner(tx, workspace, kind, &value_normalised).await?
    {
        return merges::resolve(tx, workspace, contact).await;
    }
    values::check_name(&new.name)?;
    values::check_attributes(&new.attributes)?;
    let id: ContactId = environment.new_id();
    store::insert(tx, environment.now(), workspace, id, &new).await?;
    let added = insert(tx, environment, workspace, id, kind, value, &value_normalised, verified, &new.source).await?;
    if added.is_none() {
        // Somebody else made the same contact at the same moment: theirs is kept.
        tx.execute("DELETE FROM contacts WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
        let contact = verified_owner(tx, workspace, kind, &value_normalised).await?.ok_or_else(missing)?;
        return merges::resolve(tx, workspace, contact).await;
    }
    store::refresh_primary(tx, workspace, id).await?;
    store::index(tx, workspace, id).await?;
    let events = vec![
        NewEvent::new("contact.created", new.actor, json!({ "source": new.source })).contact(id),
        NewEvent::new("identity.added", new.actor, json!({ "identity": added, "kind": kind, "verified": verified == Verified::Yes })).contact(id),
    ];
    timeline::append(tx, environment, workspace, events).await?;
    Ok(id)
}

async fn verified_owner(tx: &mut Tx, workspace: WorkspaceId, kind: IdentityKind, value_normalised: &str) -> Result<Option<ContactId>> {
    let row: Option<(ContactId,)> = tx
        .optional(
            "SELECT contact_id FROM contact_identities WHERE workspace_id = $1 AND kind = $2 AND value_normalised = $3 AND verified",
            params![workspace, kind, value_normalised],
        )
        .await?;
    Ok(row.map(|(contact,)| contact))
}

/// The contact that once came from `source` under this identity without proving it, if there is one. For channels whose senders
/// never read what is kept about them: another unproven message under the same name then goes where the first one went.
///
/// # Errors
/// The value cannot be an identity of this kind, or the database refuses.
pub async fn claimed_from(tx: &mut Tx, workspace: WorkspaceId, kind: IdentityKind, value: &str, source: &str) -> Result<Option<ContactId>> {
    let value_normalised = normalised(tx, workspace, kind, value).await?;
    let found: Option<(ContactId,)> = tx
        .optional(
            "SELECT contact_id FROM contact_identities WHERE workspace_id = $1 AND kind = $2 AND value_normalised = $3 AND NOT verified AND source = $4 \
             ORDER BY created_at LIMIT 1",
            params![workspace, kind, value_normalised, source],
        )
        .await?;
    match found {
        Some((contact,)) => Ok(Some(merges::resolve(tx, workspace, contact).await?)),
        None => Ok(None),
    }
}

/// Contacts that have or claim this identity, verified first, at most 20. For a person of staff to choose from; never for
/// opening a history to whoever named the value.
///
/// # Errors
/// The value cannot be an identity of this kind, or the database refuses.
pub async fn find_by_identity(tx: &mut Tx, workspace: WorkspaceId, kind: IdentityKind, value: &str) -> Result<Vec<IdentityMatch>> {
    let value_normalised = normalised(tx, workspace, kind, value).await?;
    tx.all(
        "SELECT COALESCE(c.merged_into, c.id), i.verified FROM contact_identities i \
         JOIN contacts c ON c.workspace_id = i.workspace_id AND c.id = i.contact_id \
         WHERE i.workspace_id = $1 AND i.kind = $2 AND i.value_normalised = $3 ORDER BY i.verified DESC, i.created_at LIMIT 20",
        params![workspace, kind, value_normalised],
    )
    .await
}

/// Gives a contact an identity. Saying the same again changes nothing, except that a claimed one may become verified.
///
/// # Errors
/// `identity_taken` when another contact has it verified (a claim beside it is allowed); the contact is not there; the value
/// cannot be an identity of this kind.
#[expect(clippy::too_many_arguments, reason = "an identity has these parts")]
pub async fn add_identity(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    contact: ContactId,
    kind: IdentityKind,
    value: &str,
    verified: Verified,
    source: &str,
) -> Result<IdentityId> {
    let contact = merges::resolve(tx, workspace, contact).await?;
    let value_normalised = normalised(tx, workspace, kind, value).await?;
    let present: Vec<(IdentityId, String, String, bool)> = tx
        .all(
            "SELECT i.id, i.kind, i.value_normalised, i.verified FROM contact_identities i WHERE i.workspace_id = $1 AND i.contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) ORDER BY i.verified DESC LIMIT 200",
            params![workspace, contact],
        )
        .await?;
    let same = present.iter().find(|(_, its_kind, its_value, _)| its_kind == kind.as_str() && *its_value == value_normalised);
    match same {
        Some((id, _, _, true)) => return Ok(*id),
        Some((id, _, _, false)) if verified == Verified::No => return Ok(*id),
        Some((id, _, _, false)) => {
            verify_identity(tx, environment, workspace, actor, *id).await?;
            return Ok(*id);
        }
        None => {}
    }
    if i64::try_from(present.len()).unwrap_or(i64::MAX) >= IDENTITIES_MAX {
        return Err(Problem::conflict("too_many_identities", format!("a contact has at most {IDENTITIES_MAX} identities")).into());
    }
    let id = insert(tx, environment, workspace, contact, kind, value, &value_normalised, verified, source).await?.ok_or_else(taken)?;
    changed(tx, workspace, contact).await?;
    let event = NewEvent::new("identity.added", actor, json!({ "identity": id, "kind": kind, "verified": verified == Verified::Yes })).contact(contact);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(id)
}

fn taken() -> ennakoi_store::Error {
    Problem::conflict("identity_taken", "another contact has this identity; merge the two if they are one person").into()
}

/// Records an identity of a new contact without telling anybody; one that somebody else has verified is left to them.
#[expect(clippy::too_many_arguments, reason = "an identity has these parts")]
pub(super) async fn record(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    contact: ContactId,
    kind: IdentityKind,
    value: &str,
    verified: Verified,
    source: &str,
) -> Result<()> {
    let value_normalised = match normalised(tx, workspace, kind, value).await {
        Ok(value) => value,
        Err(ennakoi_store::Error::Problem(_)) => return Ok(()),
        Err(other) => return Err(other),
    };
    insert(tx, environment, workspace, contact, kind, value, &value_normalised, verified, source).await?;
    Ok(())
}

/// Inserts the row; `None` when the identity is verified elsewhere.
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
async fn insert(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    contact: ContactId,
    kind: IdentityKind,
    value: &str,
    value_normalised: &str,
    verified: Verified,
    source: &str,
) -> Result<Option<IdentityId>> {
    let id: IdentityId = environment.new_id();
    let inserted = tx
        .execute(
            "INSERT INTO contact_identities (workspace_id, id, contact_id, kind, value, value_normalised, verified, source, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            params![workspace, id, contact, kind, value.trim(), value_normalised, verified == Verified::Yes, source, environment.now()],
        )
        .await?;
    Ok((inserted == 1).then_some(id))
}

/// Marks a claimed identity as proven.
///
/// # Errors
/// It is not there, or another contact has it verified.
pub async fn verify_identity(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: IdentityId) -> Result<()> {
    let (contact, kind, value): (ContactId, IdentityKind, String) = tx
        .optional("SELECT contact_id, kind, value_normalised FROM contact_identities WHERE workspace_id = $1 AND id = $2", params![workspace, id])
        .await?
        .ok_or_else(|| Problem::not_found("the identity"))?;
    if verified_owner(tx, workspace, kind, &value).await?.is_some_and(|owner| owner != contact) {
        return Err(taken());
    }
    tx.execute("UPDATE contact_identities SET verified = TRUE WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    let live = merges::resolve(tx, workspace, contact).await?;
    changed(tx, workspace, live).await?;
    let event = NewEvent::new("identity.verified", actor, json!({ "identity": id, "kind": kind })).contact(live);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}

/// Takes an identity away from a contact.
///
/// # Errors
/// The contact has no such identity.
pub async fn remove_identity(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, contact: ContactId, id: IdentityId) -> Result<()> {
    let removed: Option<(IdentityKind,)> = tx
        .optional(
            "DELETE FROM contact_identities WHERE workspace_id = $1 AND id = $3 AND contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) RETURNING kind",
            params![workspace, contact, id],
        )
        .await?;
    let (kind,) = removed.ok_or_else(|| Problem::not_found("the identity"))?;
    changed(tx, workspace, contact).await?;
    let event = NewEvent::new("identity.removed", actor, json!({ "identity": id, "kind": kind })).contact(contact);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}

pub(super) async fn load(tx: &mut Tx, workspace: WorkspaceId, id: IdentityId) -> Result<Identity> {
    tx.one("SELECT id, kind, value, verified, source FROM contact_identities WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await
}

/// Identities of a contact and of those merged into it, oldest first.
pub(super) async fn of_contact(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<Identity>> {
    tx.all(
        "SELECT i.id, i.kind, i.value, i.verified, i.source FROM contact_identities i WHERE i.workspace_id = $1 AND i.contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2) ORDER BY i.created_at, i.id LIMIT 200",
        params![workspace, contact],
    )
    .await
}

async fn changed(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<()> {
    store::refresh_primary(tx, workspace, contact).await?;
    store::index(tx, workspace, contact).await
}
