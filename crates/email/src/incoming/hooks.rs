//! What the adapters of providers that call us have in common: the mailbox of an address, and the refusal of a call.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration as StdDuration,
};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use ennakoi_http::{App, Route};
use ennakoi_kernel::{Duration, Problem, ProblemKind, ids::MailboxId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::{limits, mailgun, postmark, ses};
use crate::mailbox::{Arrival, Mailbox, store};

/// A call that was signed later than this from now is refused.
pub(crate) const SKEW: Duration = Duration::minutes(5);
/// A provider waits this long for an answer, and we for its body.
pub(crate) const WITHIN: StdDuration = StdDuration::from_secs(60);
/// A mail in base64 within JSON, with the provider's own reading of it beside it.
pub(crate) const BODY_BYTES: usize = limits::MAIL_BYTES * 2;
/// Mails that are brought to one node at a time, altogether and to one mailbox, and how long another waits for room before it is told
/// to come back.
const AT_ONCE: usize = 16;
const AT_ONCE_EACH: usize = 4;
const ROOM_WAIT: StdDuration = StdDuration::from_secs(20);
const COME_BACK_SECONDS: u32 = 30;
const RECIPIENT_CHARACTERS: usize = 320;

static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);
static ROOMS: LazyLock<Mutex<HashMap<MailboxId, Arc<Semaphore>>>> = LazyLock::new(Mutex::default);

/// Room for one mail in memory, given back when dropped.
pub(crate) struct Room {
    _all: SemaphorePermit<'static>,
    _own: OwnedSemaphorePermit,
}

pub(crate) fn routes() -> Vec<Route> {
    [mailgun::routes(), postmark::routes(), ses::routes()].into_iter().flatten().collect()
}

/// The mailbox that a call is for. One that is not, and one that gets its mail another way, are not told apart.
///
/// # Errors
/// There is none, or it is switched off: then the provider tries again, as a mail server would.
pub(crate) async fn mailbox(app: &App, id: MailboxId, arrival: Arrival) -> Result<Mailbox, Problem> {
    let mut tx = app.db.read().await?;
    let found = store::by_id_of_all(&mut tx, id).await?;
    let mailbox = found.filter(|mailbox| mailbox.settings.arrival == arrival).ok_or_else(|| Problem::not_found("this mailbox"))?;
    if !store::is_on(&mut tx, &mailbox).await? {
        return Err(not_now("mailbox_off", "this mailbox is switched off; try again later"));
    }
    Ok(mailbox)
}

/// Room for a mail to this mailbox, held until it is taken in: a few for each, so that one that is flooded does not take it all.
///
/// # Errors
/// Too many are being taken in; whoever brings it comes back.
pub(crate) async fn room(mailbox: MailboxId) -> Result<Room, Problem> {
    let own = ROOMS.lock().unwrap_or_else(PoisonError::into_inner).entry(mailbox).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_EACH))).clone();
    let both = async { Some(Room { _own: own.acquire_owned().await.ok()?, _all: ROOM.acquire().await.ok()? }) };
    tokio::time::timeout(ROOM_WAIT, both).await.ok().flatten().ok_or_else(|| Problem::too_many(COME_BACK_SECONDS))
}

/// The body, within the route's limit and in time.
///
/// # Errors
/// It is too large, too slow, or broke off.
pub(crate) async fn body(request: Request, app: &App) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(WITHIN, Bytes::from_request(request, app)).await.map_err(|_| too_slow())?;
    read.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge, "too_large", "the call is larger than allowed here"),
        _ => unreadable(),
    })
}

/// A provider that is told so tries again.
pub(crate) fn too_slow() -> Problem {
    not_now("body_slow", "the body did not come in time")
}

pub(crate) fn unreadable() -> Problem {
    Problem::invalid("body_unreadable", "the body cannot be read")
}

/// The mail with the recipient of its envelope before it, which is known only here; threads are found by it.
pub(crate) fn delivered_to(recipient: &str, mail: &[u8]) -> Bytes {
    let recipient: String = recipient.chars().filter(|c| !c.is_control()).take(RECIPIENT_CHARACTERS).collect();
    let mut whole = Vec::with_capacity(mail.len() + recipient.len() + 16);
    whole.extend_from_slice(b"Delivered-To: ");
    whole.extend_from_slice(recipient.as_bytes());
    whole.extend_from_slice(b"\r\n");
    whole.extend_from_slice(mail);
    whole.into()
}

/// A call that is to be tried again; people never read it.
fn not_now(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Unavailable, code, detail)
}

/// A call that is not the provider's.
pub(crate) fn refused(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, code, detail)
}

/// Where a provider brings a mailbox's mails.
///
/// # Errors
/// Its secrets cannot be opened.
pub(crate) fn url(app: &App, mailbox: &Mailbox) -> ennakoi_store::Result<Option<String>> {
    let base = app.public_url();
    Ok(match mailbox.settings.arrival {
        Arrival::Imap | Arrival::Lmtp => None,
        Arrival::Mailgun => Some(format!("{base}/channels/v1/mail/{}/mailgun/mime", mailbox.id)),
        Arrival::Postmark => {
            let (scheme, host) = base.split_once("://").unwrap_or(("https", &base));
            let password = postmark::password(app, mailbox)?;
            Some(format!("{scheme}://ennakoi:{password}@{host}/channels/v1/mail/{}/postmark", mailbox.id))
        }
        Arrival::Ses => Some(format!("{base}/channels/v1/mail/{}/ses", mailbox.id)),
    })
}
