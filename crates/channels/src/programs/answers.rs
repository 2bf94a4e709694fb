//! Answers on their way to another program: one signed call for each, the same one at every try.

use std::time::Duration as StdDuration;

use bytes::Bytes;
use ennakoi_egress::{Egress, Error as CallError, Limits, Reach, signed};
use ennakoi_http::App;
use ennakoi_inbox::{
    channels::ChannelKind,
    conversations::{self, Conversation},
    messages::{self, Message},
};
use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ChannelId, MessageId, WorkspaceId},
};
use ennakoi_people::contacts;
use ennakoi_store::{Result, Tx, outbox::Intent};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use url::Url;

use super::{
    secrets,
    store::{self, Program},
};
use crate::{
    carry::{Carrier, Channel, Outcome},
    chat,
};

/// What answers are called in the calls.
const KIND: &str = "message.created";

pub(super) fn client(app: &App) -> Option<Egress> {
    let reach = if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public };
    let limits = Limits { answer_bytes: 64 << 10, total: StdDuration::from_secs(20), ..Limits::default() };
    Egress::new(reach, limits).inspect_err(|error| tracing::error!(%error, "answers cannot be delivered to programs")).ok()
}

/// The adapter of channels of other programs.
pub(super) struct Answers {
    pub(super) client: Egress,
}

impl Carrier for Answers {
    fn transport(&self) -> &'static str {
        "program"
    }

    fn send<'a>(&'a self, app: &'a App, intent: &'a Intent) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.carry(app, intent))
    }
}

impl Channel for Answers {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Api
    }

    fn keeps_order(&self) -> bool {
        true
    }

    fn takes<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, channel: ChannelId) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(store::find(tx, workspace, channel).await?.is_some_and(|program| program.url.is_some())) })
    }

    fn hold<'a>(&'a self, _tx: &'a mut Tx, _workspace: WorkspaceId, _channel: ChannelId) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async { Ok(Duration::seconds(0)) })
    }
}

impl Answers {
    async fn carry(&self, app: &App, intent: &Intent) -> Result<Outcome> {
        let Some(id) = intent.payload["message"].as_str().and_then(|id| id.parse::<MessageId>().ok()) else {
            return Ok(Outcome::Refused { code: "invalid", reason: "the intent names no message".to_owned() });
        };
        let mut tx = app.db.read().await?;
        let Some(message) = messages::by_ids(&mut tx, intent.workspace, &[id]).await?.pop().filter(|message| message.removed_at.is_none()) else {
            return Ok(Outcome::Withheld { code: "taken_back" });
        };
        let conversation = conversations::load(&mut tx, intent.workspace, message.conversation_id).await?;
        let program = store::find(&mut tx, intent.workspace, conversation.channel).await?;
        let Some((program, url)) = program.and_then(|program| Some((program.clone(), program.url?))) else {
            return Ok(Outcome::Refused { code: "no_address", reason: "the channel has no address for answers".to_owned() });
        };
        let body = letter(&mut tx, app, &program, &conversation, &message).await?;
        drop(tx);
        let tried = call(&self.client, app, &program, &url, &format!("msg_{}", id.0.simple()), &body).await;
        let (outcome, trouble) = judged(&tried);
        if program.trouble.as_deref() != trouble {
            let mut tx = app.db.begin().await?;
            store::set_trouble(&mut tx, &program, trouble, app.environment.now()).await?;
            tx.commit().await?;
        }
        Ok(outcome)
    }
}

/// Status and the wait that was asked for.
type Tried = std::result::Result<(u16, Option<Duration>), CallError>;

/// One signed call.
pub(super) async fn call(client: &Egress, app: &App, program: &Program, url: &str, id: &str, body: &Value) -> Tried {
    let url = Url::parse(url).map_err(|_| CallError::Address("not an address"))?;
    let (now, body) = (app.environment.now(), Bytes::from(body.to_string()));
    let signatures = secrets::signatures(app, program, id, now, &body);
    let letter = signed::Letter { id, timestamp_seconds: now.seconds(), signatures: &signatures, body };
    let answer = signed::post(client, url, letter).await?;
    Ok((answer.status.as_u16(), signed::retry_after_seconds(&answer.headers, now.seconds()).map(Duration::seconds)))
}

/// What a try means for the message, and the code of what is wrong with the other program, if anything is. What it said is not
/// repeated: the address may lead to something that was never meant to be read here.
fn judged(tried: &Tried) -> (Outcome, Option<&'static str>) {
    let (status, after) = match tried {
        Ok(answered) => answered,
        Err(error @ (CallError::Address(_) | CallError::Private)) => return (Outcome::Again { reason: error.to_string(), after: None }, Some("address")),
        Err(error @ CallError::Unresolved) => return (Outcome::Again { reason: error.to_string(), after: None }, Some("unreachable")),
        // It may have arrived; the same id tells the other side that it is the same message.
        Err(error) => return (Outcome::Unclear { reason: error.to_string() }, Some("unreachable")),
    };
    let again = |trouble| (Outcome::Again { reason: format!("status {status}"), after: *after }, Some(trouble));
    let refused = |code| (Outcome::Refused { code, reason: format!("status {status}") }, None);
    match status {
        200..300 => (Outcome::Sent, None),
        300..400 => again("redirects"),
        401 | 403 => again("refuses_us"),
        404 | 405 => again("not_there"),
        408 | 409 | 425 | 429 => again("busy"),
        410 => (Outcome::Refused { code: "address_unknown", reason: format!("status {status}") }, Some("gone")),
        413 => refused("too_large"),
        400..500 => refused("refused"),
        _ => again("broken"),
    }
}

/// The call's body. It says everything that is needed to deliver the answer, and nothing of notes.
async fn letter(tx: &mut Tx, app: &App, program: &Program, conversation: &Conversation, message: &Message) -> Result<Value> {
    let workspace = program.workspace;
    let contact = match conversation.contact {
        Some(contact) => {
            let live = contacts::resolve(tx, workspace, contact).await?;
            let brief = contacts::briefs(tx, workspace, &[live]).await?.remove(&live);
            let external = store::external_id_of(tx, program, live).await?;
            brief.map(
                |brief| json!({ "id": live, "external_id": external, "name": brief.name, "email": brief.email, "phone": brief.phone, "locale": brief.locale }),
            )
        }
        None => None,
    };
    let public = &app.configuration.server.public_url;
    let files: Vec<Value> = message
        .attachments
        .iter()
        .map(|file| chat::signed_file(app, conversation.id, file.clone()))
        .map(|file| json!({ "name": file.name, "media_type": file.media_type, "bytes": file.bytes, "url": format!("{public}{}", file.url) }))
        .collect();
    Ok(json!({
        "type": KIND,
        "timestamp": message.created_at,
        "data": {
            "message_id": message.id,
            "conversation_id": conversation.id,
            "conversation": store::external_id_of_thread(tx, program, conversation.id).await?,
            "number": conversation.number,
            "seq": message.seq,
            "contact": contact,
            "author": { "kind": message.author.kind, "name": message.author.name },
            "text": message.body,
            "html": message.html,
            "format": message.format,
            "language": message.language,
            "options": message.meta.options,
            "sources": message.meta.sources,
            "attachments": files,
        },
    }))
}

/// A call that only asks whether the other program is there; what it answered.
pub(super) async fn test(app: &App, program: &Program, url: &str) -> (Option<u16>, Option<&'static str>) {
    let Some(client) = client(app) else { return (None, Some("unreachable")) };
    let now: Timestamp = app.environment.now();
    let body = json!({ "type": "channel.tested", "timestamp": now, "data": { "channel_id": program.channel } });
    let tried = call(&client, app, program, url, &format!("msg_{}", app.environment.new_uuid().simple()), &body).await;
    let (outcome, trouble) = judged(&tried);
    let status = tried.ok().map(|(status, _)| status);
    // What refuses a test message may well take others, but it has heard us.
    let trouble = trouble.or(matches!(outcome, Outcome::Refused { .. }).then_some("refuses_us"));
    (status, trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_programs_are_understood() {
        let of = |status| judged(&Ok((status, None)));
        assert_eq!(of(204), (Outcome::Sent, None));
        assert!(matches!(of(422), (Outcome::Refused { code: "refused", .. }, None)));
        assert!(matches!(of(413), (Outcome::Refused { code: "too_large", .. }, None)));
        assert!(matches!(of(410), (Outcome::Refused { .. }, Some("gone"))));
        for again in [301, 401, 403, 404, 408, 429, 500, 503] {
            assert!(matches!(of(again), (Outcome::Again { .. }, Some(_))), "{again}");
        }
        let asked = judged(&Ok((429, Some(Duration::seconds(90)))));
        assert!(matches!(asked.0, Outcome::Again { after: Some(wait), .. } if wait == Duration::seconds(90)));
        assert!(matches!(judged(&Err(CallError::Timeout)).0, Outcome::Unclear { .. }));
        assert!(matches!(judged(&Err(CallError::Private)), (Outcome::Again { .. }, Some("address"))));
    }
}
