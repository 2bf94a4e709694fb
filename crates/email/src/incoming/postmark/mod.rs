//! Postmark: inbound mail as JSON, without a signature. The address of the hook holds a password, which comes as HTTP basic
//! authentication and is checked before the body is read. The whole mail must be in it ("include raw email content").

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App, Route, parse_json, post};
use ennakoi_kernel::{Problem, access::Access};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{hooks, receive, taken};
use crate::{
    address,
    mailbox::{Arrival, Mailbox},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/channels/v1/mail/{id}/postmark", "receive_postmark", Access::Public, receive_postmark)
            .summary("A mail from Postmark, by the password of its address. 403 makes Postmark give it up.")
            .body_bytes(hooks::BODY_BYTES)
            .answers(200),
    ]
}

/// The password in the hook's address: derived, never stored; it changes with the mailbox's secrets.
pub(super) fn password(app: &App, mailbox: &Mailbox) -> String {
    address::hexadecimal(&app.secret.sign("postmark hook", mailbox.id.0.as_bytes())[..20])
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

async fn receive_postmark(State(app): State<App>, Path(id): Path<Uuid>, request: Request) -> ApiResult<StatusCode> {
    let mailbox = hooks::mailbox(&app, id, Arrival::Postmark).await?;
    if !is_known(request.headers(), &password(&app, &mailbox)) {
        return Err(hooks::refused("password_wrong", "the address of the hook holds another password").into());
    }
    let inbound: Inbound = parse_json(&hooks::body(request, &app).await?)?;
    if inbound.raw_email.is_empty() {
        return Err(Problem::field("RawEmail", "required", "switch on \"Include raw email content in JSON payload\"").into());
    }
    let recipient: String = inbound.original_recipient.chars().filter(|c| !c.is_control()).take(320).collect();
    let whole = Bytes::from(format!("Delivered-To: {recipient}\r\n{}", inbound.raw_email));
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
