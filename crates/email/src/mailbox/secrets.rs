//! Passwords and tokens of a mailbox: sealed under a key of the installation, bound to the mailbox, opened only to sign in.

use std::time::Duration as StdDuration;

use bytes::Bytes;
use ennakoi_egress::{Egress, Limits, Method, Request, header};
use ennakoi_http::App;
use ennakoi_kernel::{Duration, Timestamp, ids::MailboxId};
use ennakoi_people::sealed;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Mailbox, OauthClient, SignIn, store};
use crate::wire::{Credentials, Trouble, reach};

const PURPOSE: &str = "mailbox";
/// A token that ends sooner than this is renewed first.
const FRESH_FOR: Duration = Duration::minutes(2);

/// What is sealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Secrets {
    #[serde(default)]
    pub(crate) password: Option<String>,
    #[serde(default)]
    pub(crate) client_secret: Option<String>,
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    #[serde(default)]
    pub(crate) access_token: Option<String>,
    #[serde(default)]
    pub(crate) access_until: Option<Timestamp>,
    /// Mailgun's key for signing webhooks; for Postmark, what the password of the hook's address is made of besides the mailbox.
    #[serde(default)]
    pub(crate) signing_key: Option<String>,
}

pub(crate) fn seal(app: &App, id: MailboxId, secrets: &Secrets) -> ennakoi_store::Result<Vec<u8>> {
    Ok(sealed::seal(app, PURPOSE, id.0.as_bytes(), &serde_json::to_vec(secrets)?))
}

pub(crate) fn open(app: &App, mailbox: &Mailbox) -> ennakoi_store::Result<Secrets> {
    Ok(serde_json::from_slice(&sealed::open(app, PURPOSE, mailbox.id.0.as_bytes(), &mailbox.sealed)?)?)
}

/// Whether a token that the server has just refused is to be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renew {
    WhenDue,
    Now,
}

/// How to sign in now. A fresh token is stored with the mailbox.
pub(crate) async fn credentials(app: &App, mailbox: &mut Mailbox, renew: Renew) -> Result<Credentials, Trouble> {
    let internal = |error: ennakoi_store::Error| Trouble::new("internal", error.to_string());
    let mut secrets = open(app, mailbox).map_err(internal)?;
    let user = mailbox.user().to_owned();
    if mailbox.settings.sign_in == SignIn::Password {
        return Ok(Credentials::Password { user, password: secrets.password.unwrap_or_default() });
    }
    let good = renew == Renew::WhenDue && secrets.access_until.is_some_and(|until| app.environment.now() + FRESH_FOR < until);
    if let (true, Some(token)) = (good, &secrets.access_token) {
        return Ok(Credentials::Bearer { user, token: token.clone() });
    }
    let token = refresh(app, mailbox, &mut secrets).await?;
    mailbox.sealed = seal(app, mailbox.id, &secrets).map_err(internal)?;
    let mut tx = app.db.begin().await.map_err(internal)?;
    store::reseal(&mut tx, mailbox).await.map_err(internal)?;
    tx.commit().await.map_err(internal)?;
    Ok(Credentials::Bearer { user, token })
}

#[derive(Deserialize)]
struct Token {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<i64>,
    error: Option<String>,
}

fn form(client: &OauthClient, secrets: &Secrets, refresh_token: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", refresh_token).append_pair("client_id", &client.client_id);
    if let Some(secret) = &secrets.client_secret {
        form.append_pair("client_secret", secret);
    }
    if !client.scope.is_empty() {
        form.append_pair("scope", &client.scope);
    }
    form.finish()
}

/// Exchanges the refresh token (RFC 6749, section 6).
async fn refresh(app: &App, mailbox: &Mailbox, secrets: &mut Secrets) -> Result<String, Trouble> {
    let (Some(client), Some(refresh_token)) = (&mailbox.settings.oauth, &secrets.refresh_token) else {
        return Err(Trouble::new("consent_needed", "no refresh token"));
    };
    let body = form(client, secrets, refresh_token);
    let url = Url::parse(&client.token_url).map_err(|_| Trouble::new("token_url_invalid", "not an address"))?;
    let mut headers = header::HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/x-www-form-urlencoded"));
    let limits = Limits { answer_bytes: 64 << 10, total: StdDuration::from_secs(20), ..Limits::default() };
    let egress = Egress::new(reach(app), limits)?;
    let answer = egress.call(Request { method: Method::POST, url, headers, body: Bytes::from(body) }).await?;
    let token: Token = serde_json::from_slice(&answer.body).map_err(|_| Trouble::new("token_refused", format!("status {}", answer.status.as_u16())))?;
    match token.access_token {
        Some(access) if answer.status.is_success() => {
            secrets.access_token = Some(access.clone());
            secrets.access_until = Some(app.environment.now() + Duration::seconds(token.expires_in.unwrap_or(300).clamp(0, 86_400)));
            // Providers may give a new one with each use, and the old one is then void.
            if token.refresh_token.is_some() {
                secrets.refresh_token = token.refresh_token;
            }
            Ok(access)
        }
        _ => {
            let error = token.error.unwrap_or_default();
            let code = if error == "invalid_grant" { "consent_needed" } else { "token_refused" };
            Err(Trouble::new(code, format!("status {} {error}", answer.status.as_u16())))
        }
    }
}
