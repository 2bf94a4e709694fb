//! Web push: browsers that a person has added are told through the push service of whoever made them.

pub(crate) mod encrypt;
pub(crate) mod store;
pub(crate) mod vapid;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_channels::carry::{Carrier, Outcome};
use ennakoi_egress::{Egress, Limits, Method, Reach, Request, header, signed};
use ennakoi_http::App;
use ennakoi_kernel::{
    Duration,
    ids::{NoticeId, PushSubscriptionId, StaffId, WorkspaceId},
};
use ennakoi_people::{Locale, staff::Reader};
use ennakoi_store::{
    Error, Result, Tx,
    outbox::{self, Class, Intent, NewIntent},
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use url::Url;

use crate::{kinds::Way, letter, settings::Detail, store::Notice, words};

const TRANSPORT: &str = "notice_push";
/// So long the push service keeps it for a browser that is not running, and so long it is worth a try.
const NEWS: Duration = Duration::hours(12);
const ANSWER_BYTES: usize = 16 << 10;

/// Any member may add a browser, so its push service is never one on a private network.
pub(crate) fn reach(app: &App) -> Reach {
    if app.configuration.security.private_staff_egress { Reach::Anywhere } else { Reach::Public }
}

/// Plans what the person's browsers are told: the newest, and how many more there are.
pub(crate) async fn plan(tx: &mut Tx, app: &App, workspace: WorkspaceId, reader: &Reader, detail: Detail, notices: &[Notice]) -> Result<()> {
    let lines = letter::lines(tx, workspace, reader.locale, detail, notices).await?;
    let Some((first, newest)) = notices.first().zip(lines.first()) else { return Ok(()) };
    let others = (notices.len() > 1).then(|| words::and_more(reader.locale, notices.len() - 1));
    let body = [newest.more.clone(), others].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let message = json!({ "title": newest.text, "body": body, "path": newest.path, "tag": first.id, "workspace": workspace });
    let ids: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
    for subscription in store::of(tx, workspace, reader.id).await? {
        post(tx, app, workspace, subscription.id, (&first.id.to_string(), Some(reader.id), &ids), &message).await?;
    }
    Ok(())
}

/// Plans a message that says that it works.
pub(crate) async fn try_out(tx: &mut Tx, app: &App, workspace: WorkspaceId, id: PushSubscriptionId, locale: Locale) -> Result<()> {
    let path = letter::within(workspace, "/app/profile#notices");
    let message = json!({ "title": words::trial(locale), "body": "", "path": path, "tag": "trial", "workspace": workspace });
    post(tx, app, workspace, id, (&format!("trial:{}", app.environment.now().0), None, &[]), &message).await
}

async fn post(
    tx: &mut Tx,
    app: &App,
    workspace: WorkspaceId,
    id: PushSubscriptionId,
    (fact, staff, notices): (&str, Option<StaffId>, &[NoticeId]),
    message: &Value,
) -> Result<()> {
    let now = app.environment.now();
    let intent = NewIntent {
        dedupe_key: &format!("notice:push:{id}:{fact}"),
        class: Class::Personal,
        transport: TRANSPORT,
        contact: None,
        payload: json!({ "subscription": id, "staff": staff, "notices": notices, "until": now + NEWS, "body": message }),
        send_at: now,
        lane: None,
    };
    outbox::plan(tx, &app.environment, workspace, intent).await?;
    Ok(())
}

/// Takes planned messages to push services.
pub(crate) struct Push {
    client: Egress,
}

impl Push {
    pub(crate) fn new(app: &App) -> Option<Self> {
        let client = Egress::new(reach(app), Limits { answer_bytes: ANSWER_BYTES, ..Limits::default() });
        Some(Self { client: client.inspect_err(|error| tracing::error!(%error, "notices cannot be pushed")).ok()? })
    }

    async fn send(&self, app: &App, intent: &Intent) -> Result<Outcome> {
        let (workspace, now) = (intent.workspace, app.environment.now());
        let id: PushSubscriptionId = serde_json::from_value(intent.payload["subscription"].clone())?;
        let mut tx = app.db.read().await?;
        if let Some(over) = crate::over(&mut tx, intent, Way::Push, now).await? {
            return Ok(over);
        }
        // What a browser has not fetched by then must not ring in the night.
        let quiet_from = crate::reader_of(&mut tx, intent).await?.and_then(|(_, settings)| settings.quiet_from(now));
        let kept = quiet_from.map_or(NEWS, |from| (from - now).min(NEWS));
        let found = store::receiver(&mut tx, app, workspace, id).await?;
        drop(tx);
        let Some(receiver) = found else { return Ok(Outcome::Withheld { code: "removed" }) };
        let Ok(request) = request(app, &receiver, kept, &intent.payload["body"]) else {
            return Ok(Outcome::Refused { code: "keys_invalid", reason: "the browser's keys cannot be used".to_owned() });
        };
        let answer = match self.client.call(request).await {
            Ok(answer) => answer,
            Err(error @ (ennakoi_egress::Error::Address(_) | ennakoi_egress::Error::Private)) => {
                return Ok(Outcome::Refused { code: "not_allowed", reason: error.to_string() });
            }
            Err(error) => return Ok(Outcome::Again { reason: error.to_string(), after: None }),
        };
        let status = answer.status.as_u16();
        let mut tx = app.db.begin().await?;
        match status {
            200..300 => store::used(&mut tx, workspace, id, now).await?,
            // The browser has taken its consent back, or is gone (RFC 8030 §7.3).
            404 | 410 => store::forget(&mut tx, workspace, id).await?,
            _ => {}
        }
        tx.commit().await?;
        let reason = status.to_string();
        let after = signed::retry_after_seconds(&answer.headers, now.seconds()).map(Duration::seconds);
        Ok(match status {
            200..300 => Outcome::Sent,
            404 | 410 => Outcome::Refused { code: "gone", reason },
            408 | 429 | 500.. => Outcome::Again { reason, after },
            _ => Outcome::Refused { code: "refused", reason },
        })
    }
}

/// The encrypted message and who sends it (RFC 8030 §5, RFC 8291, RFC 8292).
fn request(app: &App, receiver: &store::Receiver, kept: Duration, message: &Value) -> Result<Request> {
    let wrong = |_| Error::Decode("the keys of a browser cannot be used".to_owned());
    let url = Url::parse(&receiver.endpoint).map_err(|error| Error::Decode(error.to_string()))?;
    let body = encrypt::seal(&app.environment, &receiver.public_key, &receiver.secret, message.to_string().as_bytes()).map_err(wrong)?;
    let key = vapid::key(&app.secret);
    let authorization = format!("vapid t={}, k={}", vapid::token(&key, &url, &app.public_url(), app.environment.now()), vapid::public_text(&key));
    let ttl = (kept.0 / 1_000_000).to_string();
    let mut headers = header::HeaderMap::new();
    for (name, value) in [
        ("authorization", authorization.as_str()),
        ("content-encoding", "aes128gcm"),
        ("content-type", "application/octet-stream"),
        ("ttl", &ttl),
        ("urgency", "high"),
    ] {
        let value = value.parse().map_err(|_| Error::Decode("a header cannot be written".to_owned()))?;
        headers.insert(header::HeaderName::from_static(name), value);
    }
    Ok(Request { method: Method::POST, url, headers, body: body.into() })
}

impl Carrier for Push {
    fn transport(&self) -> &'static str {
        TRANSPORT
    }

    fn send<'a>(&'a self, app: &'a App, intent: &'a Intent) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.send(app, intent))
    }
}

/// Unpadded or padded, with the alphabet of addresses, as browsers write keys.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}
