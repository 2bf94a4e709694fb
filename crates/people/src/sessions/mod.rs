//! Sessions: who is signed in, from where, until when.
//!
//! The browser holds a random token; the database holds its SHA-256. A token is made at each sign-in and never taken over
//! from the browser, so that nobody can plant one. A session ends after the configured days without use, and in any case
//! after half a year.

mod api;
mod authenticator;
mod store;

use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use ennakoi_http::{App, ClientAddress, cookie};
use ennakoi_kernel::{
    Duration, Problem, Timestamp,
    ids::{SessionId, StaffId},
};
use ennakoi_store::{Result, Tx};

pub use api::{Membership, MembershipWorkspace, Session, SessionRow, StaffProfile};
pub(crate) use api::{answer, load_session, prove, routes};
pub(crate) use authenticator::forget_cached;
pub use authenticator::{VisitorHook, authenticator};
pub(crate) use store::is_strong;

/// The cookie's name.
pub const COOKIE: &str = "ennakoi_session";
const TOKEN_BYTES: usize = 32;
/// However much it is used, a session ends after this.
const LONGEST: Duration = Duration::days(180);
/// The last use is written at most this often.
const TOUCH: Duration = Duration::minutes(5);

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Password,
    /// Password and code, a passkey with user verification, or an identity provider.
    TwoFactors,
}

/// From where a request comes.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) user_agent: String,
    pub(crate) address: String,
}

impl Origin {
    pub(crate) fn new(headers: &HeaderMap, address: ClientAddress) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { user_agent: agent.chars().filter(|c| !c.is_control()).take(300).collect(), address: address.0.chars().take(60).collect() }
    }
}

/// A session that has just begun; `token` is shown once, to the browser.
pub(crate) struct Begun {
    pub(crate) id: SessionId,
    pub(crate) token: String,
}

/// Begins a session and ends the one that the browser may have held before.
pub(crate) async fn begin(tx: &mut Tx, app: &App, staff: StaffId, proof: Proof, origin: &Origin, headers: &HeaderMap) -> Result<Begun> {
    if let Some(old) = token_of(headers) {
        store::delete_by_token(tx, &old).await?;
    }
    let now = app.environment.now();
    store::delete_ended(tx, now).await?;
    let begun = Begun { id: app.environment.new_id(), token: app.environment.token(TOKEN_BYTES) };
    store::insert(tx, staff, &begun, proof, origin, now, expiry(app, now, now)).await?;
    Ok(begun)
}

fn expiry(app: &App, created_at: Timestamp, now: Timestamp) -> Timestamp {
    let idle = Duration::days(i64::from(app.configuration.security.session_days.max(1)));
    (now + idle).min(created_at + LONGEST)
}

/// Ends every session of a person, except `keep`. Call [`forget_cached`] after the commit.
pub(crate) async fn end_all(tx: &mut Tx, staff: StaffId, keep: Option<SessionId>) -> Result<u64> {
    store::delete_of_staff(tx, staff, keep).await
}

/// Whether the session still counts, for connections that outlive the request that opened them.
///
/// # Errors
/// The database refuses.
pub async fn alive(tx: &mut Tx, session: SessionId, now: Timestamp) -> Result<bool> {
    store::alive(tx, session, now).await
}

/// The person signed in by the request's cookie, for public routes that behave differently then.
pub(crate) async fn staff_of(tx: &mut Tx, headers: &HeaderMap, now: Timestamp) -> Result<Option<(StaffId, Proof)>> {
    match token_of(headers) {
        Some(token) => store::staff_by_token(tx, &token, now).await,
        None => Ok(None),
    }
}

fn token_of(headers: &HeaderMap) -> Option<String> {
    cookie_of(headers, COOKIE)
}

/// The value of a cookie.
pub(crate) fn cookie_of(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE);
    let pairs = cookies.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

fn token_in(parts: &Parts) -> Option<&str> {
    cookie(parts, COOKIE).filter(|token| token.len() == TOKEN_BYTES * 2)
}

/// `Set-Cookie` with a token.
pub(crate) fn set_cookie(app: &App, token: &str) -> Result<HeaderValue, Problem> {
    let seconds = i64::from(app.configuration.security.session_days.max(1)) * 86_400;
    cookie_value(app, token, seconds)
}

/// `Set-Cookie` that removes it.
pub(crate) fn clear_cookie(app: &App) -> Result<HeaderValue, Problem> {
    cookie_value(app, "", 0)
}

fn cookie_value(app: &App, token: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let secure = if app.public_url().starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|_| Problem::internal())
}
