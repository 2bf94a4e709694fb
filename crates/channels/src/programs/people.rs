//! Who wrote: the contact behind what another program says about a person.

use ennakoi_http::App;
use ennakoi_kernel::{FieldErrors, Problem, ids::ContactId, limits};
use ennakoi_people::{
    Locale,
    contacts::{self, ContactChange, IdentityKind, NewContact, Verified},
};
use ennakoi_store::{Error, Result, Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::Deserialize;

use super::store::{self, Program};

/// Where such contacts come from.
const SOURCE: &str = "api";
/// Bytes of the name under which the other program knows somebody.
const EXTERNAL_ID_BYTES: usize = 200;

/// A person as the other program knows them; at least one way of telling them apart.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Person {
    /// The other program's own name of the person; the same name is the same person.
    pub(super) external_id: Option<String>,
    /// The company's own id of the customer.
    pub(super) user_id: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) name: Option<String>,
    pub(super) locale: Option<Locale>,
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// An id of theirs is opaque, but it can be seen.
pub(super) fn check_external_id(errors: &mut FieldErrors, field: &str, id: &str) {
    if id.is_empty() || id.len() > EXTERNAL_ID_BYTES || id.contains(char::is_control) {
        errors.add(field, "invalid", format!("1 to {EXTERNAL_ID_BYTES} visible bytes"));
    }
}

impl Person {
    pub(super) fn check(&self, errors: &mut FieldErrors) {
        if let Some(id) = &self.external_id {
            check_external_id(errors, "contact.external_id", id);
        }
        if let Some(name) = &self.name
            && (name.chars().count() > limits::LINE_CHARACTERS || name.contains(char::is_control))
        {
            errors.add("contact.name", "invalid", format!("one line of at most {} characters", limits::LINE_CHARACTERS));
        }
        for (kind, value) in self.identities() {
            if contacts::normalise(kind, value, None).is_err() {
                errors.add(format!("contact.{}", kind.as_str()), "invalid", "cannot be what it says");
            }
        }
        if self.external_id.is_none() && self.identities().next().is_none() {
            errors.add("contact.external_id", "required", "an external_id, user_id, email or phone");
        }
    }

    /// The surest first.
    fn identities(&self) -> impl Iterator<Item = (IdentityKind, &str)> {
        let all = [(IdentityKind::UserId, &self.user_id), (IdentityKind::Email, &self.email), (IdentityKind::Phone, &self.phone)];
        all.into_iter().filter_map(|(kind, value)| Some((kind, filled(value.as_ref())?)))
    }
}

/// The contact of a person, made when there is none; `None` when another call has just made it and this one is to be tried again.
pub(super) async fn contact(tx: &mut Tx, app: &App, program: &Program, person: &Person) -> Result<Option<ContactId>> {
    let workspace = program.workspace;
    let known = match &person.external_id {
        Some(id) => store::person(tx, program, id).await?,
        None => None,
    };
    let contact = match known {
        Some(contact) => contacts::resolve(tx, workspace, contact).await?,
        None => {
            let contact = match recognise(tx, program, person).await? {
                Some(contact) => contact,
                None => {
                    let new = NewContact { locale: person.locale, source: SOURCE.to_owned(), ..NewContact::default() };
                    contacts::create(tx, &app.environment, workspace, new).await?
                }
            };
            if let Some(id) = &person.external_id
                && !store::note_person(tx, program, id, contact, app.environment.now()).await?
            {
                return Ok(None);
            }
            contact
        }
    };
    identify(tx, app, program, person, contact).await?;
    Ok(Some(contact))
}

/// Somebody who has proved what is said, or who came from a program under the same claim before.
async fn recognise(tx: &mut Tx, program: &Program, person: &Person) -> Result<Option<ContactId>> {
    for (kind, value) in person.identities() {
        if program.proven {
            let found = contacts::find_by_identity(tx, program.workspace, kind, value).await?;
            if let Some(known) = found.into_iter().find(|known| known.verified) {
                return Ok(Some(known.contact));
            }
        } else if person.external_id.is_none()
            && let Some(known) = contacts::claimed_from(tx, program.workspace, kind, value, SOURCE).await?
        {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

/// Adds what is said and not known yet. What belongs to somebody else stays theirs: a person of staff may merge the two.
async fn identify(tx: &mut Tx, app: &App, program: &Program, person: &Person, contact: ContactId) -> Result<()> {
    let (environment, workspace, actor) = (&app.environment, program.workspace, Actor::System);
    let verified = if program.proven { Verified::Yes } else { Verified::No };
    for (kind, value) in person.identities() {
        match contacts::add_identity(tx, environment, workspace, actor, contact, kind, value, verified, SOURCE).await {
            Ok(_) => {}
            Err(Error::Problem(Problem { code: "identity_taken" | "too_many_identities", .. })) => {}
            Err(other) => return Err(other),
        }
    }
    let Some(brief) = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact) else { return Ok(()) };
    let name = filled(person.name.as_ref()).filter(|_| brief.name.is_empty()).map(ToOwned::to_owned);
    let locale = person.locale.filter(|_| brief.locale.is_none()).map(Some);
    if name.is_some() || locale.is_some() {
        contacts::update(tx, environment, workspace, actor, contact, ContactChange { name, locale, ..ContactChange::default() }, None).await?;
    }
    Ok(())
}
