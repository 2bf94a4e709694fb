//! Signing in with an identity provider (OpenID Connect, authorisation code with PKCE).
//!
//! - The state is random, bound to the browser by a cookie, kept on the server with nonce and PKCE verifier, and works once.
//! - The return address is made of the configured public address, never of the request.
//! - The ID token is checked for signature, issuer, audience, time and nonce by `openidconnect`; everything is fetched through
//!   the egress client.
//! - A person is recognised by provider and subject. The first time they are linked by an address that the provider says is
//!   verified and whose domain the operator has entrusted to this provider; nobody gets an account by this.

mod api;
mod client;
mod store;

use ennakoi_http::App;
use ennakoi_kernel::{Problem, ProblemKind, Timestamp};
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

pub(crate) use api::routes;

use crate::{
    accounts::{self, Account},
    email,
};

/// The use of the installation's key that encrypts client secrets.
const PURPOSE: &str = "people.oidc";

/// A provider, as operators see it. The secret is never shown again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Provider {
    id: Uuid,
    name: String,
    issuer: String,
    client_id: String,
    /// Domains of addresses that this provider may vouch for.
    domains: Vec<String>,
    created_at: Timestamp,
    /// To be registered with the provider.
    redirect_url: String,
}

/// What a provider has said about a person, after every check.
struct Claims {
    subject: String,
    email: Option<String>,
    email_verified: bool,
}

fn redirect_url(app: &App, provider: Uuid) -> String {
    format!("{}/api/v1/session/oidc/{provider}/callback", app.public_url())
}

fn refused() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, "oidc_refused", "the identity provider's answer was not accepted")
}

fn no_account() -> Problem {
    Problem::new(ProblemKind::Forbidden, "oidc_no_account", "nobody here has this identity; ask for an invitation")
}

/// The account that the claims prove.
async fn recognise(tx: &mut Tx, app: &App, provider: &Provider, claims: &Claims) -> Result<Account> {
    if let Some(staff) = accounts::linked_by_oidc(tx, provider.id, &claims.subject).await? {
        return accounts::load(tx, staff).await?.ok_or_else(|| no_account().into());
    }
    let address = claims.email.as_deref().filter(|_| claims.email_verified).and_then(email::normalise).ok_or_else(no_account)?;
    let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    if !provider.domains.contains(&domain) {
        return Err(no_account().into());
    }
    let account = accounts::by_email(tx, &address).await?.ok_or_else(no_account)?;
    accounts::link_oidc(tx, app.environment.now(), provider.id, &claims.subject, account.id).await?;
    Ok(account)
}
