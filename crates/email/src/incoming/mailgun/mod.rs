//! Mailgun: a route that forwards to an address ending in `mime` posts the whole mail as a field of a form, with a signature over a
//! time and a token. The signature does not cover the mail: so a token is good for one mail only, for as long as it can be used.

use axum::{
    extract::{FromRequest, Multipart, Request, State},
    http::{StatusCode, header},
};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App, Path, Route, post};
use ennakoi_kernel::{Duration, Problem, Timestamp, access::Access, ids::MailboxId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{hooks, receive, taken};
use crate::mailbox::{Arrival, secrets, store};

/// Mailgun goes on trying for eight hours, and is not known to sign anew each time: after an outage mails must still come through.
const FRESH: Duration = Duration::hours(9);
/// How long a token is remembered: longer than its time is good for.
const REMEMBERED: Duration = Duration::hours(10);
const FIELD_BYTES: usize = 1_024;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/channels/v1/mail/{id}/mailgun/mime", "receive_mailgun", Access::Public, receive_mailgun)
            .summary("A mail from Mailgun, signed with the account's key. 406 makes Mailgun give it up.")
            .body_bytes(hooks::BODY_BYTES)
            .answers(200),
    ]
}

/// The fields of a forwarded mail that matter; the rest is Mailgun's own reading of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Form {
    timestamp: String,
    token: String,
    signature: String,
    recipient: String,
    mail: Bytes,
}

impl Form {
    fn take(&mut self, name: &str, value: Bytes) {
        if name == "body-mime" {
            self.mail = value;
            return;
        }
        let Ok(text) = String::from_utf8(value.to_vec()) else { return };
        match name {
            "timestamp" => self.timestamp = text,
            "token" => self.token = text,
            "signature" => self.signature = text,
            "recipient" => self.recipient = text,
            _ => {}
        }
    }
}

/// Whether `signature` (hexadecimal) is the key's over time and token.
fn is_signed(key: &str, form: &Form) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return false };
    mac.update(form.timestamp.as_bytes());
    mac.update(form.token.as_bytes());
    let given: Option<Vec<u8>> =
        (0..form.signature.len()).step_by(2).map(|at| form.signature.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok())).collect();
    !key.is_empty() && given.is_some_and(|given| mac.verify_slice(&given).is_ok())
}

/// Whether a call signed at `timestamp` (seconds) may still come.
fn is_fresh(timestamp: &str, now: Timestamp) -> bool {
    let Ok(signed_at) = timestamp.parse::<i64>() else { return false };
    let age_seconds = now.seconds().saturating_sub(signed_at);
    (-hooks::SKEW.0 / 1_000_000..=FRESH.0 / 1_000_000).contains(&age_seconds)
}

async fn receive_mailgun(State(app): State<App>, Path(id): Path<MailboxId>, request: Request) -> ApiResult<StatusCode> {
    let mailbox = hooks::mailbox(&app, id, Arrival::Mailgun).await?;
    let _room = hooks::room(mailbox.id).await?;
    let form = tokio::time::timeout(hooks::WITHIN, read(request, &app)).await.map_err(|_| hooks::too_slow())??;
    let key = secrets::open(&app, &mailbox)?.signing_key.unwrap_or_default();
    if !is_signed(&key, &form) {
        return Err(hooks::refused("signature_invalid", "the signature does not fit the signing key").into());
    }
    let now = app.environment.now();
    if !is_fresh(&form.timestamp, now) {
        return Err(hooks::refused("timestamp_skewed", "signed too long ago, or in the future").into());
    }
    let digest = ennakoi_store::files::digest(&form.mail);
    let mut tx = app.db.begin().await?;
    // The same mail again under its token is a repeated call; another mail under it is a stolen token.
    if !store::use_token(&mut tx, mailbox.workspace, mailbox.id, (&form.token, &digest), now, now - REMEMBERED).await? {
        return Err(hooks::refused("token_used", "this token has brought another mail").into());
    }
    tx.commit().await?;
    if form.mail.is_empty() {
        return Err(Problem::field("body-mime", "required", "forward to an address that ends in mime").into());
    }
    let whole = hooks::delivered_to(&form.recipient, &form.mail);
    drop(form);
    match taken::take(&app, &mailbox, whole).await {
        Ok(()) => Ok(StatusCode::OK),
        // What can never be taken need not be brought again.
        Err(error) if receive::is_the_mails_fault(&error) => Ok(StatusCode::NOT_ACCEPTABLE),
        Err(error) => Err(error.into()),
    }
}

/// Takes the form apart; nothing of the mail is looked at.
async fn read(request: Request, app: &App) -> Result<Form, Problem> {
    let multipart = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("multipart/"));
    let mut form = Form::default();
    if multipart {
        let mut parts = Multipart::from_request(request, app).await.map_err(|_| hooks::unreadable())?;
        while let Some(part) = parts.next_field().await.map_err(|_| hooks::unreadable())? {
            let name = part.name().unwrap_or_default().to_owned();
            let value = part.bytes().await.map_err(|_| hooks::unreadable())?;
            if name == "body-mime" || value.len() <= FIELD_BYTES {
                form.take(&name, value);
            }
        }
        return Ok(form);
    }
    let body = hooks::body(request, app).await?;
    for (name, value) in pairs(&body) {
        if name == b"body-mime" || value.len() <= FIELD_BYTES {
            form.take(&String::from_utf8_lossy(&name), Bytes::from(value));
        }
    }
    Ok(form)
}

/// The fields of a urlencoded form as bytes: a mail need not be UTF-8, and its signature covers what was sent.
fn pairs(body: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let decoded = |text: &[u8]| {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>()
    };
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let middle = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (decoded(&pair[..middle]), decoded(pair.get(middle + 1..).unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_bytes_that_are_no_utf_8() {
        let found: Vec<_> = pairs(b"a=1+2&body-mime=p%E4iv%E4%0D%0A%2B&&empty=&bare").collect();
        let expected: [(&[u8], &[u8]); 4] = [(b"a", b"1 2"), (b"body-mime", b"p\xe4iv\xe4\r\n+"), (b"empty", b""), (b"bare", b"")];
        assert_eq!(found.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_signature_is_mailguns() {
        let mut form = Form {
            timestamp: "1529006854".to_owned(),
            token: "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0".to_owned(),
            signature: "b63c0701c4f4b614f272106a1b367c5c3369bcdca664ae73ebd52787e45eef07".to_owned(),
            ..Form::default()
        };
        let key = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0";
        assert!(is_signed(key, &form));
        assert!(!is_signed("", &form) && !is_signed("key-other", &form));
        form.timestamp = "1529006855".to_owned();
        assert!(!is_signed(key, &form));
        for other in ["zz", "", "b63c", "ä"] {
            form.signature = other.to_owned();
            assert!(!is_signed(key, &form), "{other}");
        }
    }

    #[test]
    fn what_was_signed_long_ago_or_later_is_refused() {
        let now = Timestamp::from_seconds(1_800_000_000);
        for (off, fresh) in [(0, true), (-8 * 3_600, true), (299, true), (-9 * 3_600 - 1, false), (301, false)] {
            assert_eq!(is_fresh(&(now.seconds() + off).to_string(), now), fresh, "{off}");
        }
        for odd in ["", "x", "1e9", &i64::MAX.to_string(), &i64::MIN.to_string()] {
            assert!(!is_fresh(odd, now), "{odd}");
        }
    }
}
