//! Answers from the console, and the machine's, as mails of a mailbox.

use bytes::Bytes;
use ennakoi_channels::carry::{Answer, Carrier, Channel, Outcome};
use ennakoi_http::App;
use ennakoi_inbox::{
    channels::ChannelKind,
    conversations::{self, Conversation, HandOver, Owner, Reason},
    messages::{self, Audience, AuthorKind, Correspondent, Delivery, Direction, Kind, Message},
};
use ennakoi_kernel::{
    Duration,
    ids::{ChannelId, MailId, MessageId, WorkspaceId},
};
use ennakoi_people::contacts;
use ennakoi_store::{Result, Tx, files, outbox::Intent, timeline::Actor};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::{
    away,
    compose::{self, Letter},
    dkim::Signer,
    outcome, render, unclear,
};
use crate::{
    address,
    incoming::{
        receive::instance,
        store::{self, Mail, NewMail, Way},
        thread,
    },
    mailbox::{self, Mailbox, secrets, secrets::Renew},
    texts,
    wire::{Credentials, pool::Pool, reach, smtp},
};

/// Messages of the machine that go out together, and how far back they are looked for.
const TOGETHER: u32 = 20;

/// The adapter of mail conversations.
pub(crate) struct Answers {
    pub(crate) signer: Option<Signer>,
    pub(crate) pool: Pool,
}

impl Carrier for Answers {
    fn transport(&self) -> &'static str {
        "mailbox"
    }

    fn send<'a>(&'a self, app: &'a App, intent: &'a Intent) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.send(app, intent))
    }
}

impl Channel for Answers {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Email
    }

    fn instead<'a>(&'a self, tx: &'a mut Tx, answer: &'a Answer<'a>) -> BoxFuture<'a, Result<Option<Duration>>> {
        Box::pin(away::hold(tx, answer))
    }

    fn hold<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, channel: ChannelId) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async move {
            let mailbox = mailbox::store::of_channel(tx, workspace, channel).await?;
            Ok(Duration::seconds(mailbox.map_or(0, |mailbox| i64::from(mailbox.settings.undo_seconds))))
        })
    }
}

/// What goes out, and as whom.
struct Outgoing {
    mailbox: Mailbox,
    mail: Mail,
    raw: Bytes,
}

/// A mail that was written, with what it was made of.
struct Draft {
    id: MailId,
    message_id: String,
    raw: Bytes,
    head: Head,
    parts: Vec<Message>,
    by_machine: bool,
}

enum Ready {
    Send(Box<Outgoing>),
    Not(Outcome),
}

impl Answers {
    async fn send(&self, app: &App, intent: &Intent) -> Result<Outcome> {
        let Some(message) = intent.payload["message"].as_str().and_then(|id| id.parse::<MessageId>().ok()) else {
            return Ok(Outcome::Refused { code: "invalid", reason: "the intent names no message".to_owned() });
        };
        let mut outgoing = match self.ready(app, intent, message).await? {
            Ready::Send(outgoing) => *outgoing,
            Ready::Not(outcome) => return Ok(outcome),
        };
        let fates: Map<String, Value> = outgoing.mail.recipients.as_object().cloned().unwrap_or_default();
        let waiting: Vec<String> = fates.iter().filter(|(_, fate)| *fate == "waiting").map(|(to, _)| to.clone()).collect();
        let credentials = match secrets::credentials(app, &mut outgoing.mailbox, Renew::WhenDue).await {
            Ok(credentials) => credentials,
            Err(trouble) => return Ok(Outcome::Again { reason: trouble.to_string(), after: None }),
        };
        if outgoing.mail.being_handed_over {
            unclear::note(app, intent.workspace, outgoing.mail.id).await?;
            outgoing.mail.perhaps_twice = true;
        }
        let mut tried = self.hand_over(app, &outgoing, &credentials, &waiting).await?;
        if let (Err(smtp::Failure::SignIn(_)), Credentials::Bearer { .. }) = (&tried, &credentials) {
            tried = match secrets::credentials(app, &mut outgoing.mailbox, Renew::Now).await {
                Ok(fresh) => self.hand_over(app, &outgoing, &fresh, &waiting).await?,
                Err(trouble) => return Ok(Outcome::Again { reason: trouble.to_string(), after: None }),
            };
        }
        match tried {
            Ok(tried) => conclude(app, intent.workspace, &outgoing.mail, fates, tried).await,
            Err(failure) => {
                let outcome = outcome::of_failure(&failure);
                if matches!(outcome, Outcome::Refused { .. }) {
                    let mut tx = app.db.begin().await?;
                    store::set_recipients(&mut tx, intent.workspace, outgoing.mail.id, "failed", fates.into()).await?;
                    tx.commit().await?;
                }
                Ok(outcome)
            }
        }
    }

    async fn hand_over(
        &self,
        app: &App,
        outgoing: &Outgoing,
        credentials: &Credentials,
        to: &[String],
    ) -> Result<std::result::Result<smtp::Fates, smtp::Failure>> {
        let (mailbox, mail) = (&outgoing.mailbox, &outgoing.mail);
        let parcel = smtp::Parcel { from: &mailbox.address, to, mail: &outgoing.raw };
        let sender = format!("{}.{}", mailbox.id, mailbox.revision);
        let way = smtp::Way { sender, server: &mailbox.settings.outgoing, reach: reach(app), credentials: Some(credentials) };
        let prepared = match smtp::prepare(app, &self.pool, way, &parcel).await {
            Ok(prepared) => prepared,
            Err(failure) => return Ok(Err(failure)),
        };
        if !prepared.for_nobody() {
            // Whoever finds this mark later knows that the server may have the mail already.
            unclear::mark(app, mailbox.workspace, mail.id).await?;
        }
        let tried = prepared.hand_over(parcel.mail).await;
        match &tried {
            // How it went is stored with the fates of the recipients, and that takes the mark away.
            Ok(_) => {}
            Err(smtp::Failure::Unclear(_)) => unclear::note(app, mailbox.workspace, mail.id).await?,
            Err(_) => unclear::unmark(app, mailbox.workspace, mail.id).await?,
        }
        Ok(tried)
    }

    /// The mail of a message: as it was written at the first try, so that every try sends the same bytes.
    async fn ready(&self, app: &App, intent: &Intent, id: MessageId) -> Result<Ready> {
        let workspace = intent.workspace;
        let mut tx = app.db.read().await?;
        let Some(message) = messages::by_ids(&mut tx, workspace, &[id]).await?.pop().filter(|message| message.removed_at.is_none()) else {
            return Ok(Ready::Not(Outcome::Withheld { code: "taken_back" }));
        };
        let conversation = conversations::load(&mut tx, workspace, message.conversation_id).await?;
        let own = mailbox::store::of_channel(&mut tx, workspace, conversation.channel).await?;
        let away = own.is_none();
        let Some(mailbox) = (match own {
            Some(own) => Some(own),
            None => away::mailbox(&mut tx, workspace).await?,
        }) else {
            return Ok(Ready::Not(Outcome::Refused { code: "no_mailbox", reason: "the channel has no mailbox".to_owned() }));
        };
        let known = store::of_message(&mut tx, workspace, id).await?;
        if away
            && known.is_none()
            && conversation.contact_seen_seq >= message.seq
            && !away::wrote_by_mail(&mut tx, workspace, &conversation, message.seq).await?
        {
            return Ok(Ready::Not(Outcome::Unneeded));
        }
        drop(tx);
        let mail = match known {
            Some(mail) => mail,
            None => match self.write(app, intent, &mailbox, &conversation, message).await? {
                Ok(mail) => mail,
                Err(outcome) => return Ok(Ready::Not(outcome)),
            },
        };
        // Another message of the same mail has taken it out, or is about to.
        if mail.outcome == "sent" {
            return Ok(Ready::Not(Outcome::Sent));
        }
        if mail.outcome == "failed" {
            return Ok(Ready::Not(Outcome::Refused { code: "refused", reason: "the mail it belongs to was refused".to_owned() }));
        }
        if mail.id.0 != intent.id.0 {
            return Ok(Ready::Not(Outcome::Again { reason: "goes out with another message".to_owned(), after: None }));
        }
        let raw = app.blobs.get(&files::key(workspace, &mail.sha256)).await?;
        Ok(Ready::Send(Box::new(Outgoing { mailbox, mail, raw })))
    }

    /// Writes the mail and stores it under the intent's id.
    async fn write(
        &self,
        app: &App,
        intent: &Intent,
        mailbox: &Mailbox,
        conversation: &Conversation,
        message: Message,
    ) -> Result<std::result::Result<Mail, Outcome>> {
        let (workspace, asked) = (intent.workspace, message.id);
        let draft = match self.draft(app, intent, mailbox, conversation, message).await? {
            Ok(draft) => draft,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let sha256 = files::digest(&draft.raw);
        app.blobs.put(&files::key(workspace, &sha256), draft.raw.clone()).await?;
        let mut tx = app.db.begin().await?;
        // Two pieces of what the machine said may be tried at once: who is first has them all, in order so that nobody waits crosswise.
        for part in &draft.parts {
            if !store::join(&mut tx, workspace, part.id, draft.id).await? {
                drop(tx);
                let others = store::of_message(&mut app.db.read().await?, workspace, asked).await?;
                return Ok(others.ok_or_else(|| Outcome::Again { reason: "goes out with another message".to_owned(), after: None }));
            }
        }
        if draft.by_machine {
            for to in &draft.head.to {
                if !store::take_automatic(&mut tx, workspace, &address::key(&to.address), app.environment.now(), draft.id).await? {
                    return self.one_was_enough(app, tx, workspace, conversation).await.map(Err);
                }
            }
        }
        let recipients: Map<String, Value> = draft.head.everybody().map(|it| (compose::plain_address(&it.address), json!("waiting"))).collect();
        let new = NewMail {
            id: draft.id,
            mailbox: mailbox.id,
            way: Way::Out,
            message_id: &draft.message_id,
            conversation: Some(conversation.id),
            sha256: &sha256,
            bytes: draft.raw.len(),
            outcome: "planned",
            recipients: recipients.into(),
            at: app.environment.now(),
        };
        store::insert(&mut tx, workspace, new).await?;
        for other in draft.head.everybody() {
            let key = address::key(&other.address);
            store::note_participant(&mut tx, workspace, conversation.id, &key, other.name.as_deref(), None, true, app.environment.now()).await?;
        }
        let stored = store::of_message(&mut tx, workspace, asked).await?;
        tx.commit().await?;
        stored.map(Ok).ok_or_else(|| ennakoi_store::Error::Other("a mail was written and is not there".to_owned()))
    }

    /// The mail as it will leave, not stored anywhere.
    async fn draft(
        &self,
        app: &App,
        intent: &Intent,
        mailbox: &Mailbox,
        conversation: &Conversation,
        message: Message,
    ) -> Result<std::result::Result<Draft, Outcome>> {
        let (workspace, id): (_, MailId) = (intent.workspace, intent.id.0.into());
        let mut tx = app.db.read().await?;
        let by_machine = message.author.kind == AuthorKind::Bot;
        let away = conversation.channel != mailbox.channel;
        let asked = if away { away::asked(&mut tx, workspace, &message).await? } else { None };
        let parts = if by_machine {
            together(&mut tx, workspace, &message).await?
        } else if away {
            away::unread(&mut tx, workspace, conversation, &message).await?
        } else {
            vec![message]
        };
        let head = addressing(&mut tx, workspace, mailbox, conversation, &parts[0]).await?;
        if head.to.is_empty() {
            return Ok(Err(Outcome::Refused { code: "address_missing", reason: "nobody to write to".to_owned() }));
        }
        let chain = store::chain(&mut tx, workspace, conversation.id).await?;
        drop(tx);
        let message_id = thread::message_id(&app.secret, workspace, conversation.id, id, &mailbox.address);
        let enclosures = match render::enclosures(app, workspace, &parts).await? {
            Ok(enclosures) => enclosures,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let (text, html) = render::bodies(mailbox, conversation, &parts, by_machine, asked.as_deref());
        let name = (!mailbox.settings.name.is_empty()).then(|| mailbox.settings.name.clone());
        let instance = instance(app);
        let reply_to = mailbox.settings.plus_addressing.then(|| thread::reply_address(&app.secret, workspace, conversation.id, &mailbox.address));
        let raw = compose::write(Letter {
            from: &Correspondent { address: mailbox.address.clone(), name },
            to: &head.to,
            cc: &head.cc,
            reply_to: reply_to.as_deref(),
            subject: &head.subject,
            message_id: &message_id,
            in_reply_to: chain.last().map(String::as_str),
            references: &chain,
            date: app.environment.now(),
            text: &text,
            html: Some(&html),
            enclosures,
            written_by_machine: by_machine.then_some(instance.as_str()),
        });
        let signed = match &self.signer {
            Some(signer) => signer.sign(&mailbox.address, raw),
            None => Ok(raw),
        };
        let raw = match signed {
            Ok(raw) => raw.into(),
            Err(error) => return Ok(Err(Outcome::Again { reason: error, after: None })),
        };
        Ok(Ok(Draft { id, message_id, raw, head, parts, by_machine }))
    }

    /// The machine has written to this address today: the conversation goes to people, who may write as often as they like.
    async fn one_was_enough(&self, app: &App, mut tx: Tx, workspace: WorkspaceId, conversation: &Conversation) -> Result<Outcome> {
        let present = conversations::load(&mut tx, workspace, conversation.id).await?;
        if present.owner == Owner::Bot {
            let to = HandOver { actor: Actor::System, reason: Reason::new("machine_answered_once")?, queue: None, note: None };
            conversations::hand_over(&mut tx, &app.environment, workspace, conversation.id, to).await?;
        }
        tx.commit().await?;
        Ok(Outcome::Withheld { code: "machine_answered_once" })
    }
}

/// The messages that the machine said at the same time as this one, in order.
async fn together(tx: &mut Tx, workspace: WorkspaceId, message: &Message) -> Result<Vec<Message>> {
    let before = message.seq.saturating_sub(i64::from(TOGETHER) / 2) - 1;
    let page = messages::list(tx, workspace, message.conversation_id, Some(before), None, TOGETHER, Audience::Contact).await?;
    let mut parts: Vec<Message> = Vec::new();
    for candidate in page.items {
        let same_breath =
            candidate.author.kind == AuthorKind::Bot && candidate.delivery == Some(Delivery::Pending) && matches!(candidate.kind, Kind::Text | Kind::Options);
        let free = candidate.id == message.id || same_breath && store::of_message(tx, workspace, candidate.id).await?.is_none();
        if free {
            parts.push(candidate);
        } else if candidate.author.kind == AuthorKind::Contact {
            // What was said before the customer wrote again belongs to another mail.
            if candidate.seq > message.seq {
                break;
            }
            parts.clear();
        }
    }
    if parts.is_empty() {
        parts.push(message.clone());
    }
    Ok(parts)
}

struct Head {
    to: Vec<Correspondent>,
    cc: Vec<Correspondent>,
    bcc: Vec<Correspondent>,
    subject: String,
}

impl Head {
    fn everybody(&self) -> impl Iterator<Item = &Correspondent> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }
}

/// What the author said about recipients and subject, filled in where they said nothing.
async fn addressing(tx: &mut Tx, workspace: WorkspaceId, mailbox: &Mailbox, conversation: &Conversation, message: &Message) -> Result<Head> {
    let said = message.meta.addressing.clone().unwrap_or_default();
    let mut to = said.to;
    if to.is_empty() {
        to.extend(default_recipient(tx, workspace, mailbox, conversation, message).await?);
    }
    let begun = conversation.subject.clone().unwrap_or_default();
    let subject = match said.subject {
        Some(subject) if !subject.trim().is_empty() => subject,
        _ if begun.is_empty() && conversation.channel != mailbox.channel => {
            texts::answer_elsewhere(message.language.or(conversation.locale).unwrap_or_default(), &mailbox.settings.name, conversation.number)
        }
        _ if begun.is_empty() => format!("[#{}]", conversation.number),
        // The first mail of a conversation that we began is no answer.
        _ if message.seq == 1 || is_answer(&begun) => begun,
        _ => format!("Re: {begun}"),
    };
    Ok(Head { to, cc: said.cc, bcc: said.bcc, subject })
}

fn is_answer(subject: &str) -> bool {
    let lower = subject.trim_start().to_lowercase();
    ["re:", "vs:", "sv:", "aw:", "vast:"].iter().any(|prefix| lower.starts_with(prefix))
}

/// Who wrote last, if they were invited; else the conversation's contact.
async fn default_recipient(
    tx: &mut Tx,
    workspace: WorkspaceId,
    mailbox: &Mailbox,
    conversation: &Conversation,
    message: &Message,
) -> Result<Option<Correspondent>> {
    let page = messages::list(tx, workspace, conversation.id, None, Some(message.seq), TOGETHER, Audience::Contact).await?;
    for earlier in page.items.iter().rev() {
        let invited = earlier.meta.origin.as_ref().is_some_and(|origin| !origin.newcomer && !origin.automatic);
        let Some(head) = earlier.meta.addressing.as_ref().filter(|_| earlier.direction == Direction::In && invited) else { continue };
        let wanted = head.reply_to.clone().or_else(|| head.from.clone());
        // An answer to ourselves would go round in a circle.
        if let Some(wanted) = wanted.filter(|it| address::key(&it.address) != mailbox.address) {
            return Ok(Some(wanted));
        }
    }
    let Some(contact) = conversation.contact else { return Ok(None) };
    let brief = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact);
    Ok(brief.and_then(|brief| Some(Correspondent { address: brief.email?, name: (!brief.name.is_empty()).then_some(brief.name) })))
}

/// Stores how it went for each recipient. The mail is out when nobody waits any more.
async fn conclude(app: &App, workspace: WorkspaceId, mail: &Mail, mut fates: Map<String, Value>, tried: smtp::Fates) -> Result<Outcome> {
    let (mut again, mut refused) = (None, None);
    for (to, refusal) in tried {
        let fate = match refusal {
            None => "sent",
            Some(reply) if reply.is_temporary() => {
                again.get_or_insert(reply);
                "waiting"
            }
            Some(reply) => {
                refused.get_or_insert(reply);
                "refused"
            }
        };
        fates.insert(to, json!(fate));
    }
    let someone = fates.values().any(|fate| fate == "sent");
    let outcome = if again.is_some() { "planned" } else { "sent" };
    let mut tx = app.db.begin().await?;
    store::set_recipients(&mut tx, workspace, mail.id, outcome, fates.into()).await?;
    if outcome == "sent" {
        let (state, code) = match &refused {
            Some(reply) => (Delivery::Failed, Some(if someone { "some_refused" } else { outcome::code_of(&reply.text) })),
            None if mail.perhaps_twice => (Delivery::Sent, Some(unclear::CODE)),
            None => (Delivery::Sent, None),
        };
        for message in store::parts(&mut tx, workspace, mail.id).await? {
            messages::set_delivery(&mut tx, &app.environment, workspace, message, state, code).await?;
        }
    }
    tx.commit().await?;
    Ok(match (again, refused) {
        (Some(reply), _) => outcome::of_reply(&reply),
        (None, Some(reply)) if !someone => outcome::of_reply(&reply),
        _ => Outcome::Sent,
    })
}
