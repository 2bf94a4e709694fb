//! Companies that contacts belong to.

mod api;
mod store;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{CompanyId, ContactId, WorkspaceId},
    limits,
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

pub(crate) use api::routes;

use crate::contacts::{self, Attributes};

/// A company.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Company {
    pub id: CompanyId,
    pub name: String,
    /// Internet domain in lower case, without `www.`; one company of a workspace has it.
    pub domain: Option<String>,
    /// Registration number, e.g. a Finnish Y-tunnus; one company of a workspace has it.
    pub business_id: Option<String>,
    pub attributes: Attributes,
    pub version: i64,
    pub created_at: Timestamp,
}

/// A company to be.
#[derive(Clone, Debug, Default)]
pub struct NewCompany {
    pub name: String,
    pub domain: Option<String>,
    pub business_id: Option<String>,
    pub attributes: Attributes,
}

/// Creates a company.
///
/// # Errors
/// A value is not valid, or another company has the domain or the registration number.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: NewCompany) -> Result<Company> {
    let company = Company {
        id: environment.new_id(),
        name: new.name.trim().to_owned(),
        domain: new.domain.as_deref().map(domain).transpose()?,
        business_id: new.business_id.as_deref().map(business_id).transpose()?,
        attributes: new.attributes,
        version: 1,
        created_at: environment.now(),
    };
    check(&company)?;
    if !store::insert(tx, workspace, &company).await? {
        return Err(taken());
    }
    timeline::append(tx, environment, workspace, vec![NewEvent::new("company.created", actor, json!({ "company": company.id }))]).await?;
    Ok(company)
}

/// The company.
///
/// # Errors
/// It is not there.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: CompanyId) -> Result<Company> {
    store::load(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the company").into())
}

/// Connects a contact with a company, or changes what the person is there.
///
/// # Errors
/// The contact or the company is not there.
pub async fn connect(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    contact: ContactId,
    company: CompanyId,
    role: &str,
) -> Result<()> {
    let contact = contacts::resolve(tx, workspace, contact).await?;
    if store::load(tx, workspace, company).await?.is_none() {
        return Err(Problem::field("company_id", "not_found", "the company is not here").into());
    }
    if store::connect(tx, environment.now(), workspace, contact, company, role.trim()).await? {
        contacts::reindex(tx, workspace, contact).await?;
        let event = NewEvent::new("contact.company_added", actor, json!({ "company": company })).contact(contact);
        timeline::append(tx, environment, workspace, vec![event]).await?;
    }
    Ok(())
}

/// Disconnects them.
///
/// # Errors
/// They were not connected.
pub async fn disconnect(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, contact: ContactId, company: CompanyId) -> Result<()> {
    if !store::disconnect(tx, workspace, contact, company).await? {
        return Err(Problem::not_found("the connection").into());
    }
    contacts::reindex(tx, workspace, contact).await?;
    let event = NewEvent::new("contact.company_removed", actor, json!({ "company": company })).contact(contact);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}

fn taken() -> ennakoi_store::Error {
    Problem::conflict("company_exists", "another company has this domain or registration number").into()
}

fn check(company: &Company) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", &company.name, limits::LINE_CHARACTERS);
    errors.finish()?;
    contacts::check_attributes(&company.attributes)
}

/// `https://www.Example.fi/x` → `example.fi`.
fn domain(text: &str) -> Result<String, Problem> {
    let wrong = || Problem::field("domain", "domain_invalid", "a domain name such as example.fi");
    let text = text.trim();
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = url::Url::parse(&with_scheme).map_err(|_| wrong())?;
    match url.host() {
        Some(url::Host::Domain(host)) if host.contains('.') && host.len() <= 253 => Ok(host.strip_prefix("www.").unwrap_or(host).to_owned()),
        _ => Err(wrong()),
    }
}

fn business_id(text: &str) -> Result<String, Problem> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let ok = (3..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if ok { Ok(text) } else { Err(Problem::field("business_id", "business_id_invalid", "letters, digits and hyphens")) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn domains_are_taken_from_addresses() {
        for (text, wanted) in [("Example.FI", "example.fi"), ("https://www.example.fi/path", "example.fi"), ("äiti.fi", "xn--iti-pla.fi")] {
            assert_eq!(super::domain(text).unwrap(), wanted);
        }
        for wrong in ["", "localhost", "127.0.0.1", "a b.fi", "http://"] {
            assert!(super::domain(wrong).is_err(), "{wrong}");
        }
    }
}
