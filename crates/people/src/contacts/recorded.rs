//! People from the company's own records elsewhere.

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_store::{
    Error, Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{IdentityKind, NewContact, Verified, find_by_identity, identities, merges, store, values};

/// Where such contacts come from.
const SOURCE: &str = "import";

/// A person as another system of the company knew them.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// That system's id, with its name before it.
    pub handle: Option<String>,
}

/// The contact of a recorded person, made when there is none. The company vouches for its own records: their addresses count as
/// verified, unless they are somebody else's already. Nobody is told of a new contact but the lists.
///
/// # Errors
/// Nothing tells the person apart; the database refuses.
pub async fn bring_along(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, recorded: Recorded) -> Result<ContactId> {
    let all = [(IdentityKind::Email, &recorded.email), (IdentityKind::Phone, &recorded.phone), (IdentityKind::Handle, &recorded.handle)];
    let filled = |value: &Option<String>| value.as_deref().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    // What cannot be an address or a number is left out: old records are as they are.
    let keys: Vec<(IdentityKind, String)> = all
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, filled(value)?)))
        .filter(|(kind, value)| values::normalise(*kind, value, None).is_ok())
        .collect();
    if keys.is_empty() {
        return Err(Problem::field("email", "required", "nothing tells the person apart").into());
    }
    for (kind, value) in &keys {
        let known = find_by_identity(tx, workspace, *kind, value).await;
        match known {
            Ok(found) => {
                if let Some(owner) = found.into_iter().find(|found| found.verified) {
                    return Ok(owner.contact);
                }
            }
            Err(Error::Problem(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let name: String = recorded.name.chars().filter(|c| !c.is_control()).take(200).collect();
    let new = NewContact { name: name.trim().to_owned(), source: SOURCE.to_owned(), actor, ..NewContact::default() };
    let id: ContactId = environment.new_id();
    store::insert(tx, environment.now(), workspace, id, &new).await?;
    for (kind, value) in &keys {
        identities::record(tx, environment, workspace, id, *kind, value, Verified::Yes, SOURCE).await?;
    }
    store::refresh_primary(tx, workspace, id).await?;
    store::index(tx, workspace, id).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new("contact.imported", actor, json!({ "source": SOURCE })).contact(id)]).await?;
    merges::resolve(tx, workspace, id).await
}
