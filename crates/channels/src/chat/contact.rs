//! Where a visitor becomes a contact.

use ennakoi_kernel::{Environment, Problem, ids::ContactId};
use ennakoi_people::{
    Locale,
    contacts::{self, ContactChange, IdentityKind, NewContact, Verified},
    visits,
};
use ennakoi_store::{
    Error, Result, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    identity::Claims,
    visitors::{self, Caller},
};

/// A page seen before the visitor was a contact, kept on the visitor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeenPage {
    pub at: ennakoi_kernel::Timestamp,
    pub url: String,
    pub title: String,
    pub referrer: Option<String>,
}

/// Pages kept on a visitor who is not a contact yet.
const PAGES_KEPT: usize = 20;

/// The visitor's contact, made now if there is none.
///
/// # Errors
/// The database refuses.
pub async fn ensure(tx: &mut Tx, environment: &Environment, caller: &mut Caller) -> Result<ContactId> {
    if let Some(contact) = caller.contact {
        return contacts::resolve(tx, caller.workspace, contact).await;
    }
    let new = NewContact { locale: caller.locale, source: "widget".to_owned(), actor: Actor::Visitor(caller.id), ..NewContact::default() };
    let contact = contacts::create(tx, environment, caller.workspace, new).await?;
    visitors::bind(tx, caller, contact, false).await?;
    hand_over_pages(tx, environment, caller, contact).await?;
    Ok(contact)
}

/// Binds the visitor to the contact that a verified token names. What they wrote before, as nobody in particular, becomes part
/// of that contact: both tokens are theirs, on the same channel.
///
/// # Errors
/// The database refuses.
pub async fn identify(tx: &mut Tx, environment: &Environment, caller: &mut Caller, claims: &Claims) -> Result<ContactId> {
    let workspace = caller.workspace;
    let locale = claims.locale.as_deref().and_then(|code| code.parse::<Locale>().ok()).or(caller.locale);
    let name = claims.name.clone().unwrap_or_default();
    let new = NewContact { name: name.clone(), locale, source: "widget".to_owned(), actor: Actor::Visitor(caller.id), ..NewContact::default() };
    let known = contacts::ensure_by_identity(tx, environment, workspace, IdentityKind::UserId, &claims.sub, Verified::Yes, new).await?;
    let actor = Actor::Contact(known);
    for (kind, value) in [(IdentityKind::Email, &claims.email), (IdentityKind::Phone, &claims.phone)] {
        let Some(value) = value.as_deref().filter(|value| !value.trim().is_empty()) else { continue };
        match contacts::add_identity(tx, environment, workspace, actor, known, kind, value, Verified::Yes, "widget").await {
            Ok(_) => {}
            // Somebody else has it verified, or it is not an address: a person must look at that, the visitor is let in all the same.
            Err(Error::Problem(problem)) => tracing::info!(code = problem.code, "a signed identity carries a value that cannot be verified"),
            Err(other) => return Err(other),
        }
    }
    if !name.is_empty() {
        contacts::update(tx, environment, workspace, actor, known, ContactChange { name: Some(name), ..ContactChange::default() }, None).await?;
    }
    let before = match caller.contact {
        Some(before) => Some(contacts::resolve(tx, workspace, before).await?),
        None => None,
    };
    match before {
        // Signed in as somebody else on the same browser: their own anonymous words are theirs, another person's are not.
        Some(before) if before != known && !caller.verified => {
            contacts::merge(tx, environment, workspace, actor, known, before).await?;
        }
        _ => {}
    }
    visitors::bind(tx, caller, known, true).await?;
    hand_over_pages(tx, environment, caller, known).await?;
    let event = NewEvent::new("visitor.identified", Actor::Contact(known), json!({ "visitor": caller.id })).contact(known);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(known)
}

/// What an unsigned visitor says about themselves: shown to agents as claimed, opening nothing.
///
/// # Errors
/// A value is malformed (the field is named), or the database refuses.
pub async fn claim(
    tx: &mut Tx,
    environment: &Environment,
    caller: &mut Caller,
    name: Option<&str>,
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<ContactId> {
    let contact = ensure(tx, environment, caller).await?;
    let (workspace, actor) = (caller.workspace, Actor::Contact(contact));
    if let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) {
        contacts::update(tx, environment, workspace, actor, contact, ContactChange { name: Some(name.to_owned()), ..ContactChange::default() }, None).await?;
    }
    for (field, kind, value) in [("email", IdentityKind::Email, email), ("phone", IdentityKind::Phone, phone)] {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { continue };
        contacts::add_identity(tx, environment, workspace, actor, contact, kind, value, Verified::No, "widget").await.map_err(|error| named(field, error))?;
    }
    Ok(contact)
}

/// The identity's own problem speaks of `value`; the visitor filled in a field with another name.
fn named(field: &str, error: Error) -> Error {
    match error {
        Error::Problem(mut problem) => {
            for wrong in &mut problem.fields {
                field.clone_into(&mut wrong.field);
            }
            problem.into()
        }
        other => other,
    }
}

/// Records a page: on the contact, or on the visitor until there is one.
///
/// # Errors
/// The database refuses.
pub async fn see_page(tx: &mut Tx, environment: &Environment, caller: &Caller, page: SeenPage) -> Result<()> {
    if let Some(contact) = caller.contact {
        let contact = contacts::resolve(tx, caller.workspace, contact).await?;
        let view = visits::NewPageView { contact, actor: Actor::Contact(contact), at: page.at, url: page.url, title: page.title, referrer: page.referrer };
        visits::record_page(tx, environment, caller.workspace, view).await?;
        return Ok(());
    }
    let mut pages = kept_pages(tx, caller).await?;
    pages.push(page);
    let from = pages.len().saturating_sub(PAGES_KEPT);
    keep_pages(tx, caller, &pages[from..]).await
}

async fn kept_pages(tx: &mut Tx, caller: &Caller) -> Result<Vec<SeenPage>> {
    let text: String = tx.scalar("SELECT pages FROM visitors WHERE workspace_id = $1 AND id = $2", params![caller.workspace, caller.id]).await?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

async fn keep_pages(tx: &mut Tx, caller: &Caller, pages: &[SeenPage]) -> Result<()> {
    let text = serde_json::to_string(pages).map_err(|_| Problem::internal())?;
    tx.execute("UPDATE visitors SET pages = $3 WHERE workspace_id = $1 AND id = $2", params![caller.workspace, caller.id, text]).await?;
    Ok(())
}

async fn hand_over_pages(tx: &mut Tx, environment: &Environment, caller: &Caller, contact: ContactId) -> Result<()> {
    let pages = kept_pages(tx, caller).await?;
    if pages.is_empty() {
        return Ok(());
    }
    for page in pages {
        let view = visits::NewPageView { contact, actor: Actor::Contact(contact), at: page.at, url: page.url, title: page.title, referrer: page.referrer };
        visits::record_page(tx, environment, caller.workspace, view).await?;
    }
    keep_pages(tx, caller, &[]).await
}
