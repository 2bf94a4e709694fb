//! Amazon SES by SNS: a topic posts notices that hold the whole mail (up to 150 KB; SES refuses larger ones for this action). A notice is
//! signed by Amazon, and must be of the topic that the mailbox names: a good signature alone says only that somebody has an account.

mod signature;

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use ennakoi_egress::{Egress, Limits, Method, Reach, header::HeaderMap};
use ennakoi_http::{ApiResult, App, Path, Route, parse_json, post};
use ennakoi_kernel::{Duration, Problem, Timestamp, access::Access, ids::MailboxId};
use serde::Deserialize;
use url::Url;

use super::{hooks, receive, taken};
use crate::mailbox::Arrival;
use signature::Envelope;

/// SNS goes on trying for up to an hour, under the time at which the notice was published, and begins after SES has published it.
const FRESH: Duration = Duration::hours(2);
/// A notice holds a mail of at most 150 KB in base64 within JSON within JSON.
const BODY_BYTES: usize = 1 << 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/channels/v1/mail/{id}/ses", "receive_ses", Access::Public, receive_ses)
            .summary("A mail from Amazon SES, brought and signed by SNS (signature version 2).")
            .body_bytes(BODY_BYTES)
            .answers(200),
    ]
}

async fn receive_ses(State(app): State<App>, Path(id): Path<MailboxId>, request: Request) -> ApiResult<StatusCode> {
    let mailbox = hooks::mailbox(&app, id, Arrival::Ses).await?;
    let _room = hooks::room(mailbox.id).await?;
    let envelope: Envelope = parse_json(&hooks::body(request, &app).await?)?;
    if mailbox.settings.topic.is_empty() || envelope.topic_arn != mailbox.settings.topic {
        return Err(hooks::refused("topic_unknown", "a notice of another topic").into());
    }
    signature::verify(&envelope).await?;
    let signed_at = envelope.timestamp.parse::<jiff::Timestamp>().map(|at| Timestamp(at.as_microsecond())).unwrap_or_default();
    let age = app.environment.now() - signed_at;
    if age.0 > FRESH.0 || age.0 < -hooks::SKEW.0 {
        return Err(hooks::refused("timestamp_skewed", "signed too long ago, or in the future").into());
    }
    match envelope.kind.as_str() {
        "SubscriptionConfirmation" => confirm(&envelope).await?,
        "Notification" => {
            let Some(whole) = mail_of(&envelope.message)? else { return Ok(StatusCode::OK) };
            match taken::take(&app, &mailbox, whole).await {
                Ok(()) => {}
                // Said to be taken, so that it is not brought for an hour: it never can be.
                Err(error) if receive::is_the_mails_fault(&error) => tracing::error!(mailbox = %mailbox.id, %error, "a mail was passed over"),
                Err(error) => return Err(error.into()),
            }
        }
        _ => {}
    }
    Ok(StatusCode::OK)
}

#[derive(Deserialize)]
struct Notice {
    #[serde(rename = "notificationType")]
    kind: Option<String>,
    content: Option<String>,
    receipt: Option<Receipt>,
}

#[derive(Deserialize)]
struct Receipt {
    #[serde(default)]
    recipients: Vec<String>,
    action: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    encoding: Option<String>,
}

/// The mail in a notice; `None` when it is about something else.
fn mail_of(message: &str) -> Result<Option<Bytes>, Problem> {
    let notice: Notice = serde_json::from_str(message).map_err(|_| Problem::invalid("body_unreadable", "not a notice of SES"))?;
    if notice.kind.as_deref() != Some("Received") {
        return Ok(None);
    }
    let content = notice.content.ok_or_else(|| Problem::invalid("body_unreadable", "let SES publish the mail to the topic, not only a notice of it"))?;
    let encoded = notice.receipt.as_ref().and_then(|receipt| receipt.action.as_ref()).and_then(|action| action.encoding.as_deref());
    let mail = match encoded {
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            BASE64_STANDARD.decode(content.as_bytes()).map_err(|_| Problem::invalid("body_unreadable", "not base64"))?
        }
        _ => content.into_bytes(),
    };
    let recipient: String = notice.receipt.and_then(|receipt| receipt.recipients.into_iter().next()).unwrap_or_default();
    Ok(Some(hooks::delivered_to(&recipient, &mail)))
}

/// Says to SNS that the topic is wanted. The address is signed, and of Amazon's all the same.
async fn confirm(envelope: &Envelope) -> Result<(), Problem> {
    let url = envelope.subscribe_url.as_deref().and_then(|url| Url::parse(url).ok()).filter(signature::is_of_amazon);
    let url = url.ok_or_else(|| hooks::refused("subscription_invalid", "the address to confirm is not Amazon's"))?;
    let unreachable = |_| Problem::internal();
    let egress = Egress::new(Reach::Public, Limits { answer_bytes: 64 << 10, total: hooks::WITHIN, ..Limits::default() }).map_err(unreachable)?;
    let answer = egress.call(ennakoi_egress::Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }).await.map_err(unreachable)?;
    if answer.status.is_success() { Ok(()) } else { Err(Problem::internal()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_is_in_the_notice() {
        let mail = "From: a@b.fi\r\n\r\nHei\r\n";
        let notice = |action: serde_json::Value, content: &str| {
            serde_json::json!({ "notificationType": "Received", "content": content, "receipt": { "recipients": ["tuki@kone.example"], "action": action } })
                .to_string()
        };
        let expected = format!("Delivered-To: tuki@kone.example\r\n{mail}");
        assert_eq!(mail_of(&notice(serde_json::json!({ "type": "SNS", "encoding": "BASE64" }), &BASE64_STANDARD.encode(mail))).unwrap().unwrap(), expected);
        assert_eq!(mail_of(&notice(serde_json::json!({ "type": "SNS", "encoding": "UTF8" }), mail)).unwrap().unwrap(), expected);
        assert!(mail_of(r#"{"notificationType":"Bounce"}"#).unwrap().is_none());
        assert!(mail_of(r#"{"notificationType":"Received"}"#).is_err());
        assert!(mail_of("Hei").is_err());
    }
}
