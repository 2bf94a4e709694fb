//! A message of another program becomes one of ours, once.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ennakoi_http::App;
use ennakoi_inbox::{
    attachments::{self, Prepared},
    calendars, channels,
    conversations::{self, Conversation, HandOver, NewConversation, Owner, Reason},
    messages::{self, Direction, Format, NewMessage},
};
use ennakoi_kernel::{
    FieldErrors, Problem,
    ids::{AttachmentId, ContactId, ConversationId, MessageId},
    limits,
};
use ennakoi_people::{Locale, contacts};
use ennakoi_store::{Result, Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    people::{self, Person, check_external_id},
    store::{self, Program},
};

/// Files that lie in the call itself, in bytes, all together. Larger ones are uploaded first.
pub(super) const INLINE_BYTES: usize = 5 << 20;
/// Calls that met each other are tried again this often.
const TRIES: usize = 4;

/// A message that a customer wrote elsewhere.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Incoming {
    /// The other program's own id of the message: the same id again is the same message.
    pub(super) id: String,
    pub(super) contact: Person,
    /// The other program's own name of the conversation; a new name begins a new one. Without it the message goes on in the
    /// person's open conversation, or begins one.
    #[serde(default)]
    pub(super) conversation: Option<String>,
    /// The id of the message that came before this one. It is taken in first: until then this one is refused with 409
    /// `predecessor_missing`, to be sent again.
    #[serde(default)]
    pub(super) after: Option<String>,
    /// Of a conversation that begins with this message.
    #[serde(default)]
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) format: Format,
    #[serde(default)]
    pub(super) language: Option<Locale>,
    #[serde(default)]
    pub(super) attachments: Vec<GivenFile>,
}

/// A file: uploaded before, or its bytes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum GivenFile {
    Uploaded { id: AttachmentId },
    Inline { name: String, data: String },
}

/// What became of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Received {
    pub(super) message_id: MessageId,
    pub(super) conversation_id: ConversationId,
    pub(super) contact_id: Option<ContactId>,
    /// Whether it is new, or was here already.
    pub(super) fresh: bool,
}

impl Incoming {
    fn check(&self) -> Result<(), Problem> {
        let mut errors = FieldErrors::default();
        check_external_id(&mut errors, "id", &self.id);
        for (field, id) in [("conversation", &self.conversation), ("after", &self.after)] {
            if let Some(id) = id {
                check_external_id(&mut errors, field, id);
            }
        }
        if self.attachments.len() > limits::ATTACHMENTS {
            errors.add("attachments", "too_many", format!("at most {} files", limits::ATTACHMENTS));
        }
        self.contact.check(&mut errors);
        errors.finish()
    }
}

/// A file whose bytes are stored.
enum Ready {
    Uploaded(AttachmentId),
    Inline(Prepared),
}

/// Takes in a message; the same one again changes nothing.
///
/// # Errors
/// A field is not valid, its predecessor has not come, or the person is blocked.
pub(super) async fn receive(app: &App, program: &Program, incoming: &Incoming) -> Result<Received, Problem> {
    incoming.check()?;
    for _ in 0..TRIES {
        // Outside the transaction, and again for each try: what is prepared is used up.
        let mut tx = app.db.read().await?;
        let known = store::message(&mut tx, program, &incoming.id).await?;
        drop(tx);
        let files = if known.is_some() { Vec::new() } else { prepare(app, program, &incoming.attachments).await? };
        let mut tx = app.db.begin().await?;
        if let Some(received) = take_in(&mut tx, app, program, incoming, files).await? {
            tx.commit().await?;
            return Ok(received);
        }
    }
    Err(Problem::new(ennakoi_kernel::ProblemKind::Unavailable, "busy", "the same message came several times at once; send it again"))
}

async fn prepare(app: &App, program: &Program, given: &[GivenFile]) -> Result<Vec<Ready>, Problem> {
    let (mut ready, mut total) = (Vec::with_capacity(given.len()), 0);
    for (at, file) in given.iter().enumerate() {
        ready.push(match file {
            GivenFile::Uploaded { id } => Ready::Uploaded(*id),
            GivenFile::Inline { name, data } => {
                let bytes = STANDARD.decode(data).map_err(|_| Problem::field(format!("attachments[{at}].data"), "invalid", "base64"))?;
                total += bytes.len();
                if total > INLINE_BYTES {
                    return Err(Problem::field(
                        format!("attachments[{at}].data"),
                        "too_large",
                        format!("at most {INLINE_BYTES} bytes in one call: upload it first"),
                    ));
                }
                Ready::Inline(attachments::prepare(app, program.workspace, name, Bytes::from(bytes)).await?)
            }
        });
    }
    Ok(ready)
}

/// `None` when another call got in between.
async fn take_in(tx: &mut Tx, app: &App, program: &Program, incoming: &Incoming, files: Vec<Ready>) -> Result<Option<Received>> {
    let workspace = program.workspace;
    if let Some(known) = store::message(tx, program, &incoming.id).await? {
        let message = messages::load(tx, workspace, known).await?;
        let contact = conversations::load(tx, workspace, message.conversation_id).await?.contact;
        return Ok(Some(Received { message_id: known, conversation_id: message.conversation_id, contact_id: contact, fresh: false }));
    }
    if let Some(before) = &incoming.after
        && store::message(tx, program, before).await?.is_none()
    {
        let mut problem = Problem::conflict("predecessor_missing", "the message before this one has not come yet; send this one again after it");
        problem.retry_after_seconds = Some(1);
        return Err(problem.into());
    }
    let Some(contact) = people::contact(tx, app, program, &incoming.contact).await? else { return Ok(None) };
    if contacts::briefs(tx, workspace, &[contact]).await?.get(&contact).is_some_and(|brief| brief.blocked) {
        return Err(Problem::new(ennakoi_kernel::ProblemKind::Forbidden, "contact_blocked", "the company takes no messages of this person").into());
    }
    let conversation = conversation(tx, app, program, incoming, contact).await?;
    let author = Actor::Contact(contact);
    let new = NewMessage {
        format: incoming.format,
        language: incoming.language.or(incoming.contact.locale),
        external_id: Some(format!("{}:{}", program.channel, incoming.id)),
        attachments: attach(tx, app, program, author, files).await?,
        ..NewMessage::text(author, Direction::In, incoming.text.clone())
    };
    let added = messages::add(tx, &app.environment, workspace, conversation.id, new).await?.message;
    let now = app.environment.now();
    if let Some(name) = &incoming.conversation {
        store::note_thread(tx, program, name, added.conversation_id, now).await?;
    }
    if !store::note_message(tx, program, &incoming.id, added.id, now).await? {
        return Ok(None);
    }
    contacts::touch_seen(tx, workspace, contact, now).await?;
    Ok(Some(Received { message_id: added.id, conversation_id: added.conversation_id, contact_id: Some(contact), fresh: true }))
}

async fn attach(tx: &mut Tx, app: &App, program: &Program, author: Actor, files: Vec<Ready>) -> Result<Vec<AttachmentId>> {
    let mut ids = Vec::with_capacity(files.len());
    for (at, file) in files.into_iter().enumerate() {
        ids.push(match file {
            Ready::Inline(prepared) => attachments::create(tx, &app.environment, program.workspace, author, prepared).await?.id,
            Ready::Uploaded(id) => {
                // Uploaded by the program, sent by its customer.
                if !attachments::hand_on(tx, program.workspace, id, Actor::System, author).await? {
                    return Err(Problem::field(format!("attachments[{at}].id"), "unknown", "no unsent file of yours has this id").into());
                }
                id
            }
        });
    }
    Ok(ids)
}

/// Where the message goes: the named conversation, else the person's present one, else a new one.
async fn conversation(tx: &mut Tx, app: &App, program: &Program, incoming: &Incoming, contact: ContactId) -> Result<Conversation> {
    let found = match &incoming.conversation {
        Some(name) => match store::thread(tx, program, name).await? {
            Some(id) => Some(conversations::load(tx, program.workspace, id).await?),
            None => None,
        },
        None => conversations::current(tx, program.workspace, program.channel, contact).await?,
    };
    match found {
        Some(found) => Ok(found),
        None => begin(tx, app, program, incoming, contact).await,
    }
}

async fn begin(tx: &mut Tx, app: &App, program: &Program, incoming: &Incoming, contact: ContactId) -> Result<Conversation> {
    let (environment, workspace) = (&app.environment, program.workspace);
    let channel = channels::load(tx, workspace, program.channel).await?;
    let open = calendars::open_state_of_channel(tx, workspace, channel.id, environment.now()).await?.open;
    let bot = channel.settings.mode_now(open).bot_begins();
    let brief = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact);
    let new = NewConversation {
        channel: channel.id,
        contact: Some(contact),
        visitor: None,
        subject: incoming.subject.clone(),
        locale: incoming.language.or_else(|| brief.and_then(|brief| brief.locale)),
        owner: if bot { Owner::Bot } else { Owner::Nobody },
    };
    let begun = conversations::open(tx, environment, workspace, new).await?;
    if bot {
        return Ok(begun);
    }
    let to = HandOver { actor: Actor::Contact(contact), reason: Reason::PERSON_FIRST, queue: channel.settings.queue_id, note: None };
    conversations::hand_over(tx, environment, workspace, begun.id, to).await
}
