//! Postmark: inbound mail as JSON, without a signature. The address of the hook holds a password, which comes as HTTP basic
//! authentication and is checked before the body is read. The whole mail must be in it ("include raw email content").

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use ennakoi_http::{ApiResult, App, Path, Route, parse_json, post};
use ennakoi_kernel::{Problem, access::Access, ids::MailboxId};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{hooks, receive, taken};
use crate::{
    address,
    mailbox::{Arrival, Mailbox, secrets},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/channels/v1/mail/{id}/postmark", "receive_postmark", Access::Public, receive_postmark)
            .summary("A mail from Postmark, by the password of its address. 403 makes Postmark give it up.")
            .body_bytes(hooks::BODY_BYTES)
            .answers(200),
    ]
}

/// The password in the hook's address: derived from the mailbox and its key, never stored itself. A new key makes it another.
///
/// # Errors
/// The mailbox's secrets cannot be opened.
pub(super) fn password(app: &App, mailbox: &Mailbox) -> ennakoi_store::Result<String> {
    let key = secrets::open(app, mailbox)?.signing_key.unwrap_or_default();
    let text = [mailbox.id.0.as_bytes(), key.as_bytes()].concat();
    Ok(address::hexadecimal(&app.secret.sign("postmark hook", &text)[..20]))
}

fn is_known(headers: &HeaderMap, password: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Basic "));
    let decoded = given.and_then(|text| BASE64_STANDARD.decode(text.trim()).ok()).unwrap_or_default();
    decoded.ct_eq(format!("ennakoi:{password}").as_bytes()).into()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inbound {
    #[serde(default)]
    raw_email: String,
    #[serde(default)]
    original_recipient: String,
}

async fn receive_postmark(State(app): State<App>, Path(id): Path<MailboxId>, request: Request) -> ApiResult<StatusCode> {
    let mailbox = hooks::mailbox(&app, id, Arrival::Postmark).await?;
    if !is_known(request.headers(), &password(&app, &mailbox)?) {
        return Err(hooks::refused("password_wrong", "the address of the hook holds another password").into());
    }
    let _room = hooks::room(mailbox.id).await?;
    let inbound: Inbound = parse_json(&hooks::body(request, &app).await?)?;
    if inbound.raw_email.is_empty() {
        return Err(Problem::field("RawEmail", "required", "switch on \"Include raw email content in JSON payload\"").into());
    }
    let whole = hooks::delivered_to(&inbound.original_recipient, inbound.raw_email.as_bytes());
    drop(inbound);
    match taken::take(&app, &mailbox, whole).await {
        Ok(()) => Ok(StatusCode::OK),
        Err(error) if receive::is_the_mails_fault(&error) => Ok(StatusCode::FORBIDDEN),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_of_the_address_opens() {
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(text)).parse().unwrap());
            headers
        };
        assert!(is_known(&with("ennakoi:sala"), "sala"));
        for wrong in ["ennakoi:sal", "ennakoi:salaa", "ennakoi:", ":sala", "other:sala", ""] {
            assert!(!is_known(&with(wrong), "sala"), "{wrong}");
        }
        assert!(!is_known(&HeaderMap::new(), "sala"));
    }
}
