//! What the adapters of providers that call us have in common: the mailbox of an address, and the refusal of a call.

use std::time::Duration as StdDuration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use ennakoi_http::{App, Route};
use ennakoi_kernel::{Duration, Problem, ProblemKind, ids::MailboxId};
use uuid::Uuid;

use super::{limits, mailgun, postmark, ses};
use crate::mailbox::{Arrival, Mailbox, store};

/// A call that was signed longer ago, or later, is refused.
pub(crate) const SKEW: Duration = Duration::minutes(5);
/// A provider waits this long for an answer.
pub(crate) const WITHIN: StdDuration = StdDuration::from_secs(60);
/// A mail in base64 within JSON, with the provider's own reading of it beside it.
pub(crate) const BODY_BYTES: usize = limits::MAIL_BYTES * 2;

pub(crate) fn routes() -> Vec<Route> {
    [mailgun::routes(), postmark::routes(), ses::routes()].into_iter().flatten().collect()
}

/// The mailbox that a call is for. One that is not, that is switched off, or that gets its mail another way, is not told apart.
///
/// # Errors
/// There is none.
pub(crate) async fn mailbox(app: &App, id: Uuid, arrival: Arrival) -> Result<Mailbox, Problem> {
    let mut tx = app.db.read().await?;
    let found = store::by_id_of_all(&mut tx, MailboxId(id)).await?;
    found.filter(|mailbox| mailbox.settings.arrival == arrival).ok_or_else(|| Problem::not_found("this mailbox"))
}

/// The body, within the route's limit.
///
/// # Errors
/// It is too large or broke off.
pub(crate) async fn body(request: Request, app: &App) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge, "too_large", "the call is larger than allowed here"),
        _ => Problem::invalid("body_unreadable", "the body cannot be read"),
    })
}

/// A call that is not the provider's.
pub(crate) fn refused(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, code, detail)
}

/// Where a provider brings a mailbox's mails.
pub(crate) fn url(app: &App, mailbox: &Mailbox) -> Option<String> {
    let base = app.public_url();
    match mailbox.settings.arrival {
        Arrival::Imap | Arrival::Lmtp => None,
        Arrival::Mailgun => Some(format!("{base}/channels/v1/mail/{}/mailgun/mime", mailbox.id)),
        Arrival::Postmark => {
            let (scheme, host) = base.split_once("://").unwrap_or(("https", &base));
            Some(format!("{scheme}://ennakoi:{}@{host}/channels/v1/mail/{}/postmark", postmark::password(app, mailbox), mailbox.id))
        }
        Arrival::Ses => Some(format!("{base}/channels/v1/mail/{}/ses", mailbox.id)),
    }
}
