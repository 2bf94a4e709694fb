//! A mail becomes a message: read, judged, threaded, and stored with everything that follows from it in one transaction.

use bytes::Bytes;
use ennakoi_http::App;
use ennakoi_inbox::{
    attachments::{self, Prepared},
    calendars, channels,
    conversations::{self, Conversation, HandOver, NewConversation, Owner, Reason, State},
    messages::{self, Addressing, Correspondent, Delivery, Direction, Meta, NewMessage, Origin, Proof},
    queues,
};
use ennakoi_kernel::{
    ProblemKind, Timestamp,
    ids::{AttachmentId, ContactId, ConversationId, MailId, WorkspaceId},
    limits as common,
};
use ennakoi_people::{
    Locale,
    contacts::{self, IdentityKind, NewContact, Verified},
    workspaces,
};
use ennakoi_store::{Result, Tx, files, timeline::Actor};
use serde_json::json;

use super::{
    authentication, bounce,
    classify::{self, Kind},
    limits::{self, Excess},
    parse::{self, Parsed},
    store::{self, NewMail, Way},
    thread, trim,
};
use crate::{
    address,
    mailbox::{self, Cursor, Mailbox},
    texts,
};

/// What a server showed.
pub(crate) enum Shown {
    Whole(Bytes),
    /// It was too large to fetch: its head, and its size.
    Head {
        head: Bytes,
        size: u64,
    },
}

/// What was learned from the bytes alone.
struct Reading {
    parsed: Parsed,
    kind: Kind,
    judged: Option<Proof>,
    report: bounce::Report,
    /// Why only the head was read.
    excess: Option<Excess>,
}

/// The name of this installation in loop headers.
pub(crate) fn instance(app: &App) -> String {
    address::hexadecimal(&app.secret.sign("mail loop", b"instance")[..8])
}

/// Takes in one mail. Showing the same mail again only moves the cursor.
pub(crate) async fn receive(app: &App, mailbox: &Mailbox, shown: Shown, cursor: Option<Cursor>) -> Result<()> {
    let (raw, size) = match shown {
        Shown::Whole(raw) => {
            let size = raw.len() as u64;
            (raw, size)
        }
        Shown::Head { head, size } => (head, size),
    };
    // A large one is kept before it is read, so that its parts can leave the memory; one that is known is not kept again.
    let kept = if raw.len() > trim::LARGE {
        if is_known(app, mailbox, &parse::head(&raw).message_id).await? {
            return move_cursor(app, mailbox, cursor).await;
        }
        Some(keep(app, mailbox.workspace, raw.clone()).await?)
    } else {
        None
    };
    let again = kept.is_none().then(|| raw.clone());
    let reading = read(app, mailbox, raw, (size, kept.clone())).await?;
    if is_known(app, mailbox, &reading.parsed.message_id).await? {
        return move_cursor(app, mailbox, cursor).await;
    }
    // The bytes are on disk before anything says that they are.
    let sha256 = match (kept, &again) {
        (None, Some(raw)) => keep(app, mailbox.workspace, raw.clone()).await?,
        (kept, _) => kept.unwrap_or_default(),
    };
    let proof = match (reading.judged, &reading.parsed.from) {
        (Some(judged), _) => judged,
        (None, Some(from)) if reading.excess.is_none() => {
            let raw = match again {
                Some(raw) => raw,
                None => app.blobs.get(&files::key(mailbox.workspace, &sha256)).await?,
            };
            authentication::signed(&raw, &from.address).await
        }
        (None, _) => Proof::Unproven,
    };
    let prepared = prepare(app, mailbox.workspace, &reading.parsed).await?;
    let mut tx = app.db.begin().await?;
    let mail: MailId = app.environment.new_id();
    let new = NewMail {
        id: mail,
        mailbox: mailbox.id,
        way: Way::In,
        message_id: &reading.parsed.message_id,
        conversation: None,
        sha256: &sha256,
        bytes: usize::try_from(size).unwrap_or(usize::MAX >> 1),
        outcome: "new",
        recipients: json!([]),
        at: app.environment.now(),
    };
    if store::insert(&mut tx, mailbox.workspace, new).await? {
        let arrival = Arrival { app, mailbox, mail, reading: &reading, proof };
        arrival.process(&mut tx, prepared).await?;
    }
    if let Some(cursor) = cursor {
        mailbox::store::advance(&mut tx, mailbox.workspace, mailbox.id, cursor).await?;
    }
    tx.commit().await
}

async fn is_known(app: &App, mailbox: &Mailbox, message_id: &str) -> Result<bool> {
    let mut tx = app.db.read().await?;
    store::is_known(&mut tx, mailbox.workspace, mailbox.id, message_id).await
}

/// Keeps a mail as it came; its name in the store is its SHA-256.
async fn keep(app: &App, workspace: WorkspaceId, raw: Bytes) -> Result<String> {
    let bytes = raw.clone();
    let digest = tokio::task::spawn_blocking(move || files::digest(&bytes)).await;
    let sha256 = digest.map_err(|error| ennakoi_store::Error::Other(format!("a mail could not be digested: {error}")))?;
    app.blobs.put(&files::key(workspace, &sha256), raw).await?;
    Ok(sha256)
}

async fn move_cursor(app: &App, mailbox: &Mailbox, cursor: Option<Cursor>) -> Result<()> {
    let Some(cursor) = cursor else { return Ok(()) };
    let mut tx = app.db.begin().await?;
    mailbox::store::advance(&mut tx, mailbox.workspace, mailbox.id, cursor).await?;
    tx.commit().await
}

/// Reading may take a while for a large mail, so it has a thread of its own. One that is `kept` already, by its SHA-256, may be shortened.
async fn read(app: &App, mailbox: &Mailbox, raw: Bytes, (size, kept): (u64, Option<String>)) -> Result<Reading> {
    let (settings, instance) = (mailbox.settings.clone(), instance(app));
    let reading = tokio::task::spawn_blocking(move || {
        let excess = if size > raw.len() as u64 { Some(Excess::Bytes) } else { limits::check(&raw).err() };
        let (raw, cut) = if excess.is_none() && kept.is_some() { shortened(raw) } else { (raw, false) };
        let message = if excess.is_none() { parse::message(&raw) } else { None };
        let shaped = message.filter(|message| {
            let (depth, parts) = parse::shape(message);
            depth <= limits::DEPTH && parts <= limits::PARTS
        });
        match shaped {
            Some(message) => {
                let mut parsed = parse::read(&message, &raw);
                parsed.text_cut |= cut;
                // A mail without a name is known by all of its bytes.
                if let Some(whole) = kept.filter(|_| parsed.message_id == parse::synthetic_id(&raw)) {
                    parsed.message_id = parse::named_by(&whole);
                }
                let kind = classify::classify(&message, &parsed, &instance);
                let judged = authentication::judged(&message, &parsed, &settings);
                let report = match kind {
                    Kind::Bounce => bounce::read(&message, &parsed.text),
                    Kind::Complaint => bounce::Report { about: bounce::about(&message, &parsed.text), ..bounce::Report::default() },
                    _ => bounce::Report::default(),
                };
                Reading { parsed, kind, judged, report, excess: None }
            }
            // A machine is never answered, and of what made this nothing is known.
            None => Reading {
                parsed: parse::head(&raw),
                kind: Kind::Automatic,
                judged: None,
                report: bounce::Report::default(),
                excess: Some(excess.unwrap_or(Excess::Parts)),
            },
        }
    });
    reading.await.map_err(|error| ennakoi_store::Error::Other(format!("a mail could not be read: {error}")))
}

fn shortened(raw: Bytes) -> (Bytes, bool) {
    let mut bytes = Vec::from(raw);
    let cut = trim::trim(&mut bytes);
    // What was cut off is given back before the rest is read.
    bytes.shrink_to_fit();
    (bytes.into(), cut)
}

type Files = Vec<(Option<String>, Prepared)>;

async fn prepare(app: &App, workspace: WorkspaceId, parsed: &Parsed) -> Result<Files> {
    let mut prepared = Vec::with_capacity(parsed.files.len());
    for file in &parsed.files {
        match attachments::prepare(app, workspace, &file.name, file.bytes.clone()).await {
            Ok(ready) => prepared.push((file.content_id.clone(), ready)),
            Err(problem) => return Err(problem.into()),
        }
    }
    Ok(prepared)
}

struct Arrival<'a> {
    app: &'a App,
    mailbox: &'a Mailbox,
    mail: MailId,
    reading: &'a Reading,
    proof: Proof,
}

impl Arrival<'_> {
    fn workspace(&self) -> WorkspaceId {
        self.mailbox.workspace
    }

    fn now(&self) -> Timestamp {
        self.app.environment.now()
    }

    async fn process(&self, tx: &mut Tx, prepared: Files) -> Result<()> {
        let parsed = &self.reading.parsed;
        let ours = mailbox::store::addresses(tx, self.workspace()).await?;
        let from = parsed.from.as_ref().map(|from| address::key(&from.address));
        // What we sent ourselves comes back through a rule, a list or our own copy.
        let own = thread::own(&self.app.secret, self.workspace(), &parsed.message_id).is_some() || from.as_ref().is_some_and(|from| is_ours(from, &ours));
        match self.reading.kind {
            _ if own => self.settle(tx, None, "own", json!({})).await,
            Kind::Loop => self.settle(tx, None, "loop", json!({})).await,
            Kind::Bounce => self.bounced(tx).await,
            Kind::Complaint => self.complained(tx).await,
            kind @ (Kind::Person | Kind::Automatic) => self.post(tx, prepared, kind, &ours).await,
        }
    }

    async fn settle(&self, tx: &mut Tx, conversation: Option<ConversationId>, outcome: &str, inline: serde_json::Value) -> Result<()> {
        store::settle(tx, self.workspace(), self.mail, conversation, outcome, inline).await
    }

    async fn bounced(&self, tx: &mut Tx) -> Result<()> {
        let report = &self.reading.report;
        let mut conversation = None;
        for id in &report.about {
            let Some(sent) = store::sent_as(tx, self.workspace(), id).await? else { continue };
            conversation = sent.conversation;
            let Some(failed) = report.failed.first().filter(|_| !report.harmless) else { continue };
            for message in store::parts(tx, self.workspace(), sent.id).await? {
                messages::set_delivery(tx, &self.app.environment, self.workspace(), message, Delivery::Failed, Some(failed.code)).await?;
            }
        }
        self.settle(tx, conversation, "bounce", json!({})).await
    }

    async fn complained(&self, tx: &mut Tx) -> Result<()> {
        let mut conversation = None;
        for id in &self.reading.report.about {
            let Some(sent) = store::sent_as(tx, self.workspace(), id).await? else { continue };
            conversation = sent.conversation;
            for message in store::parts(tx, self.workspace(), sent.id).await? {
                messages::set_delivery(tx, &self.app.environment, self.workspace(), message, Delivery::Failed, Some("complaint")).await?;
            }
        }
        self.settle(tx, conversation, "complaint", json!({})).await
    }

    async fn post(&self, tx: &mut Tx, prepared: Files, kind: Kind, ours: &[String]) -> Result<()> {
        let (app, workspace) = (self.app, self.workspace());
        let sender = self.sender();
        let found = thread::find(tx, app, self.mailbox, &self.reading.parsed).await?;
        // Held before anything is told of the sender: everybody else takes the conversation first and the timeline after it.
        if let Some(id) = found {
            conversations::lock(tx, workspace, id).await?;
        }
        let person = kind == Kind::Person;
        let (contact, newcomer) = match (&found, person) {
            (Some(conversation), _) => self.known_or_newcomer(tx, *conversation, &sender).await?,
            (None, _) => (self.contact(tx, &sender).await?, false),
        };
        if contacts::briefs(tx, workspace, &[contact]).await?.get(&contact).is_some_and(|brief| brief.blocked) {
            return self.settle(tx, found, "blocked", json!({})).await;
        }
        let author = if person { Actor::Contact(contact) } else { Actor::System };
        let conversation = match found {
            Some(id) => self.go_on(tx, id, person, &sender).await?,
            None => self.begin(tx, contact, author, person, &sender).await?,
        };
        let (attached, inline) = self.attach(tx, author, prepared).await?;
        let message = self.message(tx, author, person, newcomer, attached).await?;
        let added = messages::add(tx, &app.environment, workspace, conversation.id, message).await?.message;
        store::join(tx, workspace, added.id, self.mail).await?;
        // A long closed conversation has gone on in a new one.
        let now_in = added.conversation_id;
        let key = address::key(&sender.address);
        store::note_participant(tx, workspace, now_in, &key, sender.name.as_deref(), Some(contact), !newcomer, self.now()).await?;
        if !newcomer && person {
            for other in self.reading.parsed.to.iter().chain(&self.reading.parsed.cc).take(50) {
                let other_key = address::key(&other.address);
                if !is_ours(&other_key, ours) {
                    store::note_participant(tx, workspace, now_in, &other_key, other.name.as_deref(), None, true, self.now()).await?;
                }
            }
        }
        self.settle(tx, Some(now_in), if person { "threaded" } else { "automatic" }, inline).await
    }

    fn sender(&self) -> Correspondent {
        let parsed = &self.reading.parsed;
        let nobody = || Correspondent { address: "unknown@invalid".to_owned(), name: None };
        parsed.from.clone().unwrap_or_else(nobody)
    }

    /// Who of the conversation wrote; a stranger who knows its name is told apart.
    async fn known_or_newcomer(&self, tx: &mut Tx, conversation: ConversationId, sender: &Correspondent) -> Result<(ContactId, bool)> {
        let workspace = self.workspace();
        let held = conversations::load(tx, workspace, conversation).await?;
        let participant = store::participant(tx, workspace, conversation, &address::key(&sender.address)).await?;
        let invited = participant.as_ref().is_some_and(|it| it.invited);
        if let Some(contact) = participant.and_then(|it| it.contact) {
            return Ok((contacts::resolve(tx, workspace, contact).await?, !invited));
        }
        // A conversation that did not begin by mail knows its customer by what they proved or said.
        if let Some(contact) = held.contact {
            let brief = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact);
            if brief.and_then(|brief| brief.email).is_some_and(|email| address::key(&email) == address::key(&sender.address)) {
                return Ok((contact, false));
            }
        }
        Ok((self.contact(tx, sender).await?, !invited))
    }

    /// The contact of an address: the one that has proved it when this mail proves it too, else one that is only claimed.
    async fn contact(&self, tx: &mut Tx, sender: &Correspondent) -> Result<ContactId> {
        let (environment, workspace) = (&self.app.environment, self.workspace());
        let new = NewContact { name: sender.name.clone().unwrap_or_default(), source: "email".to_owned(), ..NewContact::default() };
        if self.proof == Proof::Proven {
            return contacts::ensure_by_identity(tx, environment, workspace, IdentityKind::Email, &sender.address, Verified::Yes, new).await;
        }
        if let Some(known) = contacts::claimed_from(tx, workspace, IdentityKind::Email, &sender.address, "email").await? {
            return Ok(known);
        }
        contacts::ensure_by_identity(tx, environment, workspace, IdentityKind::Email, &sender.address, Verified::No, new).await
    }

    /// Whether a machine may answer this mail: a person wrote it, nobody disowns it, and it is the first today.
    async fn may_be_answered_by_machine(&self, tx: &mut Tx, person: bool, sender: &Correspondent) -> Result<bool> {
        let had = store::had_automatic(tx, self.workspace(), &address::key(&sender.address), self.now()).await?;
        Ok(person && self.proof != Proof::Forged && !had)
    }

    async fn go_on(&self, tx: &mut Tx, id: ConversationId, person: bool, sender: &Correspondent) -> Result<Conversation> {
        let (environment, workspace) = (&self.app.environment, self.workspace());
        let held = conversations::load(tx, workspace, id).await?;
        if held.owner == Owner::Bot && held.state != State::Closed && person && !self.may_be_answered_by_machine(tx, person, sender).await? {
            let to = HandOver { actor: Actor::System, reason: Reason::new("machine_answered_once")?, queue: None, note: None };
            return conversations::hand_over(tx, environment, workspace, id, to).await;
        }
        Ok(held)
    }

    async fn begin(&self, tx: &mut Tx, contact: ContactId, author: Actor, person: bool, sender: &Correspondent) -> Result<Conversation> {
        let (environment, workspace) = (&self.app.environment, self.workspace());
        let channel = channels::load(tx, workspace, self.mailbox.channel).await?;
        let open = calendars::open_state_of_channel(tx, workspace, channel.id, self.now()).await?.open;
        let bot = channel.settings.mode_now(open).bot_begins() && self.may_be_answered_by_machine(tx, person, sender).await?;
        let locale = contacts::briefs(tx, workspace, &[contact]).await?.get(&contact).and_then(|brief| brief.locale);
        let new = NewConversation {
            channel: channel.id,
            contact: Some(contact),
            visitor: None,
            subject: self.reading.parsed.subject.clone(),
            locale: locale.or_else(|| self.language()),
            // A machine's mail lies in the queue, and nobody is said to wait.
            owner: if bot {
                Owner::Bot
            } else if person {
                Owner::Nobody
            } else {
                queues::destination(tx, workspace, None, channel.id).await?.map_or(Owner::Nobody, Owner::Queue)
            },
        };
        let begun = conversations::open_as(tx, environment, workspace, author, new).await?;
        if bot || !person {
            return Ok(begun);
        }
        let to = HandOver { actor: Actor::System, reason: Reason::PERSON_FIRST, queue: channel.settings.queue_id, note: None };
        conversations::hand_over(tx, environment, workspace, begun.id, to).await
    }

    fn language(&self) -> Option<Locale> {
        texts::language(&self.reading.parsed.text)
    }

    async fn attach(&self, tx: &mut Tx, author: Actor, prepared: Files) -> Result<(Vec<AttachmentId>, serde_json::Value)> {
        let (mut ids, mut inline) = (Vec::new(), serde_json::Map::new());
        for (content_id, file) in prepared {
            let attachment = attachments::create(tx, &self.app.environment, self.workspace(), author, file).await?;
            ids.push(attachment.id);
            if let Some(content_id) = content_id {
                inline.insert(content_id, json!(attachment.url));
            }
        }
        Ok((ids, inline.into()))
    }

    async fn message(&self, tx: &mut Tx, author: Actor, person: bool, newcomer: bool, attached: Vec<AttachmentId>) -> Result<NewMessage> {
        let parsed = &self.reading.parsed;
        let said = if person { ennakoi_language::quotes::strip(&parsed.text).text } else { parsed.text.trim().to_owned() };
        let mut body: String = said.chars().take(common::MESSAGE_CHARACTERS).collect();
        let shortened = parsed.text_cut || parsed.files_left_out > 0 || self.reading.excess.is_some() || body.trim() != parsed.text.trim();
        if body.trim().is_empty() && attached.is_empty() {
            let locale = workspaces::load(tx, self.workspace()).await?.default_language;
            body = texts::without_text(locale, self.reading.excess).to_owned();
        }
        let sender = self.sender();
        let addressing = Addressing {
            from: Some(sender),
            reply_to: parsed
                .reply_to
                .clone()
                .filter(|reply_to| parsed.from.as_ref().is_none_or(|from| address::key(&from.address) != address::key(&reply_to.address))),
            to: parsed.to.iter().take(50).cloned().collect(),
            cc: parsed.cc.iter().take(50).cloned().collect(),
            bcc: Vec::new(),
            subject: parsed.subject.clone(),
        };
        let origin = Origin { proof: self.proof, automatic: !person, shortened, formatted: parsed.formatted, remote_images: parsed.remote_images, newcomer };
        Ok(NewMessage {
            language: if person { self.language() } else { None },
            meta: Meta { addressing: Some(addressing), origin: Some(origin), ..Meta::default() },
            external_id: Some(parsed.message_id.clone()),
            attachments: attached,
            ..NewMessage::text(author, Direction::In, body)
        })
    }
}

/// Whether an address is one of the company's mailboxes, with or without what stands behind a plus.
fn is_ours(address: &str, ours: &[String]) -> bool {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let bare = format!("{}@{domain}", local.split('+').next().unwrap_or(local));
    ours.iter().any(|own| own == address || *own == bare)
}

/// A mail that can never be taken in must not keep the others waiting. What is our own trouble (a file store that does not answer, a
/// full disk) passes, and the mail is to be brought again.
pub(crate) fn is_the_mails_fault(error: &ennakoi_store::Error) -> bool {
    let ours = |kind| matches!(kind, ProblemKind::Unavailable | ProblemKind::Internal | ProblemKind::TooMany);
    matches!(error, ennakoi_store::Error::Problem(problem) if !ours(problem.kind))
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::Problem;
    use ennakoi_store::Error;

    use super::*;

    #[test]
    fn our_own_trouble_is_not_the_mails_fault() {
        assert!(is_the_mails_fault(&Problem::field("body", "too_long", "too long").into()));
        for ours in [Problem::internal(), Problem::new(ProblemKind::Unavailable, "files", "the files cannot be reached"), Problem::too_many(3)] {
            assert!(!is_the_mails_fault(&ours.into()));
        }
        assert!(!is_the_mails_fault(&Error::Unavailable("the disk is full".to_owned())));
        // What a file store says comes as a problem.
        assert!(!is_the_mails_fault(&Problem::from(Error::Unavailable("no answer".to_owned())).into()));
    }
}
