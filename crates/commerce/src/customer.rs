//! Who bought: the contact behind an order.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_people::{
    Locale,
    contacts::{self, ContactChange, IdentityKind, NewContact, Verified},
};
use ennakoi_store::{Error, Result, Tx, timeline::Actor};

use crate::{Customer, Mirrored};

/// What a customer is known by, the surest first, and the name.
struct Told {
    keys: Vec<(IdentityKind, String)>,
    name: String,
}

fn told(customer: &Customer) -> Told {
    let filled = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let keys = [(IdentityKind::UserId, &customer.id), (IdentityKind::Email, &customer.email), (IdentityKind::Phone, &customer.phone)];
    let keys = keys.into_iter().filter_map(|(kind, value)| filled(value).map(|value| (kind, value))).collect();
    Told { keys, name: filled(&customer.name).unwrap_or_default() }
}

/// The contact who has one of the identities verified.
async fn recognise(tx: &mut Tx, workspace: WorkspaceId, told: &Told) -> Result<Option<ContactId>> {
    for (kind, value) in &told.keys {
        match contacts::find_by_identity(tx, workspace, *kind, value).await {
            Ok(matches) => {
                if let Some(known) = matches.into_iter().find(|known| known.verified) {
                    return Ok(Some(known.contact));
                }
            }
            // Not an address or a number: the shop's data are as they are.
            Err(Error::Problem(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// The contact of a customer, made when there is none. The shop vouches for what it says: its ids, addresses and numbers count as
/// verified. A value that another contact has verified stays there.
///
/// # Errors
/// The database refuses.
pub(crate) async fn contact(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, customer: &Customer) -> Result<Option<ContactId>> {
    let told = told(customer);
    if told.keys.is_empty() {
        return Ok(None);
    }
    let contact = match recognise(tx, workspace, &told).await? {
        Some(contact) => contact,
        None => {
            let new = NewContact { name: told.name.clone(), source: "shop".to_owned(), actor, ..NewContact::default() };
            contacts::create(tx, environment, workspace, new).await?
        }
    };
    for (kind, value) in &told.keys {
        match contacts::add_identity(tx, environment, workspace, actor, contact, *kind, value, Verified::Yes, "shop").await {
            Ok(_) | Err(Error::Problem(_)) => {}
            Err(other) => return Err(other),
        }
    }
    if !told.name.is_empty() {
        let brief = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact);
        if brief.is_some_and(|brief| brief.name.is_empty()) {
            contacts::update(tx, environment, workspace, actor, contact, ContactChange { name: Some(told.name), ..ContactChange::default() }, None).await?;
        }
    }
    Ok(Some(contact))
}

/// Takes over a customer from a list: name and language are taken as the list says, addresses and numbers must be well formed.
///
/// # Errors
/// An address or number is malformed or belongs to somebody else; the database refuses.
pub(crate) async fn bring(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    customer: &Customer,
    (locale, seen_at): (Option<Locale>, Option<Timestamp>),
) -> Result<Mirrored> {
    let told = told(customer);
    for (kind, value) in &told.keys {
        // A national number is as good as any here: its country is known only with the workspace.
        contacts::normalise(*kind, value, None).map_err(|problem| named(problem, *kind))?;
    }
    let Some(contact) = recognise(tx, workspace, &told).await? else {
        let new = NewContact { name: told.name.clone(), locale, source: "import".to_owned(), actor, seen_at, ..NewContact::default() };
        let contact = contacts::create(tx, environment, workspace, new).await?;
        identify(tx, environment, workspace, actor, contact, &told).await?;
        return Ok(Mirrored::Created);
    };
    let change = ContactChange { name: Some(told.name.clone()).filter(|name| !name.is_empty()), locale: locale.map(Some), ..ContactChange::default() };
    let before = contacts::update(tx, environment, workspace, actor, contact, ContactChange::default(), None).await?;
    identify(tx, environment, workspace, actor, contact, &told).await?;
    let after = contacts::update(tx, environment, workspace, actor, contact, change, None).await?;
    Ok(if after == before { Mirrored::Unchanged } else { Mirrored::Updated })
}

async fn identify(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, contact: ContactId, told: &Told) -> Result<()> {
    for (kind, value) in &told.keys {
        match contacts::add_identity(tx, environment, workspace, actor, contact, *kind, value, Verified::Yes, "import").await {
            Ok(_) => {}
            // Another customer has it: families share a telephone.
            Err(Error::Problem(problem)) if problem.code == "identity_taken" => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

fn named(mut problem: Problem, kind: IdentityKind) -> Problem {
    let field = match kind {
        IdentityKind::UserId => "id",
        other => other.as_str(),
    };
    for wrong in &mut problem.fields {
        field.clone_into(&mut wrong.field);
    }
    problem
}
