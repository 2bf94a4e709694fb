//! Contacts: the company's customers and those who may become one, with the identities they are known by.
//!
//! Invariants:
//! - an identity is *verified* or only *claimed*. A verified one belongs to one contact; a claimed one never finds, merges or
//!   opens anything, because anybody can type somebody else's address;
//! - a merge only redirects: identities, pages and events stay with the contact they came to, so that undoing it is exact.

mod api;
mod duplicates;
mod identities;
mod merges;
mod recorded;
mod search;
mod store;
mod values;

use std::collections::{BTreeMap, HashMap};

use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{CompanyId, ContactId, WorkspaceId},
};
use ennakoi_store::{
    Error, Result, Tx, stored_as_text,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use api::routes;
pub use identities::{Identity, IdentityMatch, add_identity, claimed_from, ensure_by_identity, find_by_identity, remove_identity, verify_identity};
pub use merges::{Merge, members_of, merge, merges_of, resolve, undo_merge};
pub use recorded::{Recorded, bring_along};
pub use search::find;
pub use values::normalise;
pub(crate) use values::{attribute_key_is_valid, check_attributes, merge_attributes};

use crate::Locale;

/// By what a contact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    Email,
    Phone,
    /// The company's own id of the customer, e.g. of its web shop.
    UserId,
    /// A name on some other service.
    Handle,
}
stored_as_text!(IdentityKind { Email = "email", Phone = "phone", UserId = "user_id", Handle = "handle" });

/// Whether it is proven that the identity is the contact's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    Yes,
    /// Only claimed: somebody typed it.
    No,
}

/// A value of a custom attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    Text(String),
    Number(f64),
    Boolean(bool),
    Null(()),
}

/// Custom attributes by key.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// A contact to be.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// May be empty while nobody has said a name.
    pub name: String,
    pub locale: Option<Locale>,
    /// IANA name.
    pub timezone: Option<String>,
    pub avatar_url: Option<String>,
    pub attributes: Attributes,
    /// Where the contact comes from, e.g. `widget`, `email`, `api`, `import`, `staff`.
    pub source: String,
    pub actor: Actor,
    /// When they were first seen; `None` means now.
    pub seen_at: Option<Timestamp>,
}

impl Default for NewContact {
    fn default() -> Self {
        Self {
            name: String::new(),
            locale: None,
            timezone: None,
            avatar_url: None,
            attributes: Attributes::new(),
            source: "system".to_owned(),
            actor: Actor::System,
            seen_at: None,
        }
    }
}

/// As much of a contact as a list needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ContactBrief {
    pub id: ContactId,
    pub name: String,
    /// The main e-mail address: a verified one if there is one, else a claimed one.
    pub email: Option<String>,
    pub phone: Option<String>,
    pub avatar_url: Option<String>,
    pub locale: Option<Locale>,
    pub blocked: bool,
}

/// A company as a contact's row names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CompanyBrief {
    pub id: CompanyId,
    pub name: String,
}

/// A contact in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ContactRow {
    pub id: ContactId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub locale: Option<Locale>,
    pub company: Option<CompanyBrief>,
    pub last_seen_at: Timestamp,
    pub created_at: Timestamp,
    pub blocked: bool,
}

/// What has changed in a contact. `None` leaves a field, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    pub name: Option<String>,
    pub locale: Option<Option<Locale>>,
    pub timezone: Option<Option<String>>,
    pub avatar_url: Option<Option<String>>,
    /// Only the named attributes change; null removes one.
    pub attributes: Option<Attributes>,
    pub blocked: Option<bool>,
}

/// Creates a contact.
///
/// # Errors
/// The name is too long, or the database refuses.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, new: NewContact) -> Result<ContactId> {
    values::check_name(&new.name)?;
    values::check_attributes(&new.attributes)?;
    let id: ContactId = environment.new_id();
    store::insert(tx, environment.now(), workspace, id, &new).await?;
    store::index(tx, workspace, id).await?;
    let event = NewEvent::new("contact.created", new.actor, json!({ "source": new.source })).contact(id);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(id)
}

/// Changes a contact; returns its new version.
///
/// # Errors
/// The contact is not there, `expected_version` is no longer the present one, or a value is not valid.
pub async fn update(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ContactId,
    change: ContactChange,
    expected_version: Option<i64>,
) -> Result<i64> {
    let before = store::load_locked(tx, workspace, id).await?.ok_or_else(missing)?;
    if expected_version.is_some_and(|expected| expected != before.version) {
        return Err(Problem::conflict("version_stale", format!("the contact is at version {}", before.version)).into());
    }
    let mut after = before.clone();
    let fields = values::apply(&mut after, change)?;
    if fields.is_empty() {
        return Ok(before.version);
    }
    store::update(tx, workspace, &after).await?;
    store::index(tx, workspace, id).await?;
    let event = NewEvent::new("contact.updated", actor, json!({ "fields": fields })).contact(id);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(before.version + 1)
}

/// Names and addresses of the given contacts, keyed by the id asked for; a merged one shows the contact it was merged into.
///
/// # Errors
/// The database refuses.
pub async fn briefs(tx: &mut Tx, workspace: WorkspaceId, ids: &[ContactId]) -> Result<HashMap<ContactId, ContactBrief>> {
    store::briefs(tx, workspace, ids).await
}

/// The custom attributes of a contact, or of the contact that it was merged into; `None` when it is not there.
///
/// # Errors
/// The database refuses.
pub async fn attributes(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Option<Attributes>> {
    store::attributes(tx, workspace, id).await
}

/// Rows of the given contacts in the order asked for, following redirects; unknown ids are left out.
///
/// # Errors
/// The database refuses.
pub async fn rows(tx: &mut Tx, workspace: WorkspaceId, ids: &[ContactId]) -> Result<Vec<ContactRow>> {
    store::rows(tx, workspace, ids).await
}

/// Notes that the contact was there at `at`. Written only when it moves the stored moment by more than a minute, because pages
/// and messages come in bursts.
///
/// # Errors
/// The database refuses.
pub async fn touch_seen(tx: &mut Tx, workspace: WorkspaceId, id: ContactId, at: Timestamp) -> Result<()> {
    store::touch_seen(tx, workspace, id, at, at - Duration::minutes(1)).await
}

/// Puts the contact into the search index again, after a company's name or link changed.
pub(crate) async fn reindex(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<()> {
    store::index(tx, workspace, id).await
}

fn missing() -> Error {
    Problem::not_found("the contact").into()
}

/// The stored contact.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) id: ContactId,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) avatar_url: Option<String>,
    pub(crate) locale: Option<Locale>,
    pub(crate) timezone: Option<String>,
    pub(crate) attributes: Attributes,
    pub(crate) blocked: bool,
    pub(crate) merged_into: Option<ContactId>,
    pub(crate) version: i64,
    pub(crate) first_seen_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) created_at: Timestamp,
}
