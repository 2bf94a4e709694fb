//! Adding a message: its place in the order, what it changes about the conversation, and who hears of it.

use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{AttachmentId, ChannelId, ConversationId, MessageId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{
    AuthorKind, Delivery, Direction, Format, Kind, Message, Meta, Visibility, hydrate, load, render,
    store::{self, Stored},
};
use crate::{
    attachments, calendars, cases, channels,
    conversations::{self, Conversation, NewConversation, Owner, State, lock, save},
    drafts, queues, read_marks, scheduled,
};

/// A closed conversation is continued by a message within this span; later a new one begins.
pub(crate) const CONTINUED_WITHIN: Duration = Duration::days(7);
/// Characters of the beginning that lists show.
const PREVIEW_CHARACTERS: usize = 160;

/// A message to be added. [`NewMessage::text`] fills in the usual.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub author: Actor,
    pub direction: Direction,
    pub visibility: Visibility,
    pub kind: Kind,
    pub body: String,
    pub format: Format,
    /// Language of the text, when it is known.
    pub language: Option<Locale>,
    pub meta: Meta,
    /// The sender's own key: the same key again is the same message.
    pub client_key: Option<String>,
    /// Where the key means the same message.
    pub key_of: KeyOf,
    /// The channel's own id, e.g. an e-mail's Message-ID.
    pub external_id: Option<String>,
    pub attachments: Vec<AttachmentId>,
    /// How far an outgoing message has come already, for what is brought along from elsewhere. `None`: it goes out now.
    pub delivery: Option<Delivery>,
    /// Colleagues who are to see it.
    pub mentions: Vec<StaffId>,
}

/// Where a sender's key means the same message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOf {
    /// In the conversation, whoever sent it.
    #[default]
    Conversation,
    /// There, and in every other conversation of the author: the first time it may have opened another one, or been moved since.
    Author,
}

/// The message as it now stands.
#[derive(Clone, Debug)]
pub struct Added {
    /// Its `conversation_id` differs from the one asked for when that had been closed for more than seven days.
    pub message: Message,
    /// Whether this call added it, or it had been there.
    pub fresh: bool,
}

/// Adds a message. A customer's message wakes or reopens the conversation and starts the wait for an answer; an agent's public
/// answer ends the wait, and takes the conversation when nobody owned it.
///
/// # Errors
/// The conversation is not there, the text is empty or too long, or an attachment is not the author's to send.
pub async fn add(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: ConversationId, new: NewMessage) -> Result<Added> {
    let held = lock(tx, workspace, conversation).await?;
    match put(tx, environment, workspace, held, new).await? {
        Put::Fresh(stored) => Ok(Added { message: hydrate::one(tx, workspace, stored).await?, fresh: true }),
        Put::Known(id) => Ok(Added { message: load(tx, workspace, id).await?, fresh: false }),
    }
}

/// [`add`] for a caller who holds the conversation already and answers the author, who needs no names: a fresh message comes without.
///
/// # Errors
/// As for [`add`].
pub async fn add_own(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, held: Conversation, new: NewMessage) -> Result<Added> {
    match put(tx, environment, workspace, held, new).await? {
        Put::Fresh(stored) => Ok(Added { message: hydrate::nameless(tx, workspace, stored).await?, fresh: true }),
        Put::Known(id) => Ok(Added { message: load(tx, workspace, id).await?, fresh: false }),
    }
}

/// What became of a new message.
enum Put {
    Fresh(Stored),
    /// It had been there.
    Known(MessageId),
}

async fn put(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, mut held: Conversation, new: NewMessage) -> Result<Put> {
    check(&new)?;
    if let Some(id) = known(tx, workspace, &held, &new).await? {
        return Ok(Put::Known(id));
    }
    let now = environment.now();
    let asked = held.id;
    let live = cases::live(tx, workspace, held, from_customer(&new), now).await?;
    held = live.conversation;
    if held.id != asked
        && let Some(id) = known(tx, workspace, &held, &new).await?
    {
        return Ok(Put::Known(id));
    }
    if from_customer(&new) && live.ends_here {
        // Sent again after a lost answer: the first time it had begun the new conversation already.
        if let Some(key) = &new.client_key
            && let Some(id) = store::by_author_key(tx, workspace, key, new.author).await?
        {
            return Ok(Put::Known(id));
        }
        held = begin_again(tx, environment, workspace, &held).await?;
    }
    let before = held.clone();
    let mut events = effects(&mut held, &new, now);
    if from_customer(&new) {
        events.extend(scheduled::customer_wrote(tx, workspace, held.id).await?);
    }
    let author = new.author;
    let (stored, added) = write(tx, environment, workspace, &mut held, new).await?;
    if before.state == held.state && before.owner == held.owner && before.waiting_since == held.waiting_since && before.locale == held.locale {
        conversations::touch(tx, workspace, &mut held).await?;
    } else {
        save(tx, workspace, &mut held, now).await?;
    }
    if before.state == State::Snoozed && held.state != State::Snoozed {
        conversations::timers::forget(tx, workspace, held.id).await?;
    }
    if let (Owner::Agent(agent), false) = (held.owner, before.owner == held.owner) {
        crate::routing::record_taking(tx, environment, workspace, &held, agent, "answered").await?;
    }
    events.push(added);
    events.iter_mut().for_each(|event| {
        event.contact = held.contact;
        event.conversation = Some(held.id);
        event.actor = author;
    });
    timeline::append(tx, environment, workspace, events).await?;
    Ok(Put::Fresh(stored))
}

/// A new conversation that goes on where a long closed one ended, begun by whoever answers first on the channel now.
async fn begin_again(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, closed: &Conversation) -> Result<Conversation> {
    let settings = channels::load(tx, workspace, closed.channel).await.map(|channel| channel.settings).unwrap_or_default();
    let open = calendars::open_state_of_channel(tx, workspace, closed.channel, environment.now()).await?.open;
    let owner = if settings.mode_now(open).bot_begins() {
        Owner::Bot
    } else {
        queues::destination(tx, workspace, None, closed.channel).await?.map_or(Owner::Nobody, Owner::Queue)
    };
    let begun = conversations::open(tx, environment, workspace, NewConversation::after(closed, owner)).await?;
    cases::continued(tx, environment, workspace, closed.id, begun.id, Actor::System).await?;
    Ok(begun)
}

fn from_customer(new: &NewMessage) -> bool {
    new.direction == Direction::In && new.visibility == Visibility::Public && AuthorKind::of(&new.author) == AuthorKind::Contact && new.kind != Kind::Event
}

fn check(new: &NewMessage) -> Result<(), Problem> {
    if new.body.chars().count() > limits::MESSAGE_CHARACTERS {
        return Err(Problem::field("body", "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS)));
    }
    if new.kind == Kind::Text && new.body.trim().is_empty() && new.attachments.is_empty() {
        return Err(Problem::field("body", "required", "write something or attach a file"));
    }
    if new.body.contains('\0') {
        return Err(Problem::field("body", "invalid", "a text does not contain the character NUL"));
    }
    if new.attachments.len() > limits::ATTACHMENTS {
        return Err(Problem::field("attachment_ids", "too_many", format!("at most {} files", limits::ATTACHMENTS)));
    }
    if new.direction == Direction::Out
        && let Some(addressing) = &new.meta.addressing
    {
        addressing.check()?;
    }
    new.client_key.as_deref().map_or(Ok(()), check_client_key)
}

/// # Errors
/// It is empty, too long, or holds what cannot be seen.
pub fn check_client_key(key: &str) -> Result<(), Problem> {
    if key.is_empty() || key.len() > 200 || key.contains(char::is_control) {
        return Err(Problem::field("client_key", "invalid", "1 to 200 visible bytes"));
    }
    Ok(())
}

/// The message, if it was sent before.
async fn known(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation, new: &NewMessage) -> Result<Option<MessageId>> {
    if let Some(key) = &new.client_key {
        let sent = match new.key_of {
            KeyOf::Conversation => store::by_client_key(tx, workspace, conversation.id, key).await?,
            KeyOf::Author => store::by_client_key_or_author(tx, workspace, conversation.id, key, new.author).await?,
        };
        if sent.is_some() {
            return Ok(sent);
        }
    }
    match &new.external_id {
        Some(external_id) => store::by_external_id(tx, workspace, conversation.id, external_id).await,
        None => Ok(None),
    }
}

/// What the message changes about the conversation. The events still lack actor and conversation.
fn effects(conversation: &mut Conversation, new: &NewMessage, now: Timestamp) -> Vec<NewEvent> {
    let mut events = Vec::new();
    let mut event = |kind, payload| events.push(NewEvent::new(kind, new.author, payload));
    conversation.locale = conversation.locale.or(new.language);
    if from_customer(new) {
        match conversation.state {
            State::Closed => {
                conversations::revive(conversation);
                event("conversation.reopened", json!({ "by": "message" }));
            }
            State::Snoozed => event("conversation.woke", json!({ "by": "message" })),
            State::Open | State::Waiting => {}
        }
        conversation.state = State::Open;
        conversation.snoozed_until = None;
        conversation.waiting_since = conversation.waiting_since.or(Some(now));
        return events;
    }
    let answer = new.direction == Direction::Out && new.visibility == Visibility::Public && new.kind != Kind::Event;
    if !answer {
        return events;
    }
    match new.author {
        Actor::Staff(staff) => {
            conversation.waiting_since = None;
            if conversation.state != State::Closed {
                if conversation.state == State::Snoozed {
                    event("conversation.woke", json!({ "by": "answer" }));
                }
                conversation.state = State::Waiting;
                conversation.snoozed_until = None;
                if !matches!(conversation.owner, Owner::Agent(_)) {
                    conversation.owner = Owner::Agent(staff);
                    event("conversation.assigned", json!({ "agent": staff, "queue": conversation.queue, "by": "answer" }));
                }
            }
        }
        Actor::ApiKey(_) => conversation.waiting_since = None,
        // While the bot owns the conversation its answers are answers; in a queue they only pass the time.
        Actor::Bot if conversation.owner == Owner::Bot => conversation.waiting_since = None,
        _ => {}
    }
    events
}

/// Gives the message its number and writes it with all that hangs on it. The caller saves the conversation and appends the event.
///
/// # Errors
/// An attachment is not the author's to send, or the database refuses.
pub(crate) async fn append(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: &mut Conversation,
    new: NewMessage,
) -> Result<(MessageId, NewEvent)> {
    let (stored, event) = write(tx, environment, workspace, conversation, new).await?;
    Ok((stored.id, event))
}

async fn write(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: &mut Conversation, new: NewMessage) -> Result<(Stored, NewEvent)> {
    let id: MessageId = environment.new_id();
    let now = environment.now();
    conversation.last_seq += 1;
    let seq = conversation.last_seq;
    let seen_from = conversation.contact_seen_seq;
    mark_read(tx, workspace, conversation, new.author, now).await?;
    if !matches!(new.kind, Kind::Event | Kind::Rating) {
        conversation.last_message_at = now;
        conversation.preview = preview(&new);
        conversation.preview_author = AuthorKind::of(&new.author);
    }
    let delivery = first_delivery(tx, workspace, conversation.channel, &new).await?;
    let external_id = new.external_id.clone();
    let payload = json!({ "message": id, "seq": seq, "direction": new.direction, "visibility": new.visibility, "kind": new.kind });
    let stored = Stored {
        id,
        conversation: conversation.id,
        seq,
        author: new.author,
        direction: new.direction,
        visibility: new.visibility,
        kind: new.kind,
        body: new.body,
        format: new.format,
        language: new.language,
        meta: serde_json::to_string(&new.meta)?,
        client_key: new.client_key,
        delivery,
        attachments: i64::try_from(new.attachments.len()).unwrap_or(i64::MAX),
        created_at: now,
        edited_at: None,
        removed_at: None,
        contact: conversation.contact,
        contact_seen_seq: conversation.contact_seen_seq,
    };
    store::insert(tx, workspace, &stored, external_id.as_deref()).await?;
    attachments::give(tx, workspace, conversation.id, id, new.author, &new.attachments).await?;
    for staff in &new.mentions {
        store::mention(tx, workspace, *staff, conversation.id, (id, seq), now).await?;
    }
    // What waited for its moment was no draft any more; its author may be writing the next one.
    if new.kind == Kind::Text
        && let Actor::Staff(staff) = new.author
        && new.meta.scheduled.is_none()
    {
        drafts::clear(tx, workspace, conversation.id, staff, drafts::Mode::of(new.visibility)).await?;
    }
    let mut payload = payload;
    if !new.mentions.is_empty() {
        payload["mentions"] = json!(new.mentions);
    }
    // Whose case it was when the customer wrote; by the time somebody reads this, it may be another's.
    if let (Direction::In, Some(agent)) = (new.direction, conversation.agent()) {
        payload["agent"] = json!(agent);
    }
    // Only when there is something between what they had read and what they write now.
    if conversation.contact_seen_seq > seen_from && seq > seen_from + 1 {
        payload["seen_from"] = json!(seen_from);
    }
    let event = NewEvent::new("message.added", new.author, payload).contact(conversation.contact).conversation(conversation.id);
    Ok((stored, event))
}

/// Whoever writes has read what stands above.
async fn mark_read(tx: &mut Tx, workspace: WorkspaceId, conversation: &mut Conversation, author: Actor, now: Timestamp) -> Result<()> {
    let seq = conversation.last_seq;
    match author {
        Actor::Staff(staff) => {
            conversation.staff_seen_seq = seq;
            read_marks::raise(tx, workspace, staff, conversation.id, seq, now).await
        }
        Actor::Contact(_) | Actor::Visitor(_) => {
            conversation.contact_seen_seq = seq;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// How far a message has come when it is written; `None` for what goes nowhere.
async fn first_delivery(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId, new: &NewMessage) -> Result<Option<Delivery>> {
    let outgoing = new.direction == Direction::Out && new.visibility == Visibility::Public && new.kind != Kind::Event;
    Ok(match outgoing {
        true if new.delivery.is_some() => new.delivery,
        true if matches!(new.kind, Kind::Text | Kind::Options) && channels::is_carried(tx, workspace, channel).await? => Some(Delivery::Pending),
        true => Some(Delivery::Sent),
        false => None,
    })
}

/// The beginning of the text on one line. A message of files only has none; the screen says so in its own words.
pub(super) fn preview(new: &NewMessage) -> String {
    let plain = render::plain(&new.body, new.format);
    let mut line = String::new();
    for word in plain.split_whitespace() {
        if line.chars().count() + word.chars().count() >= PREVIEW_CHARACTERS {
            let room = PREVIEW_CHARACTERS.saturating_sub(line.chars().count());
            line.extend(word.chars().take(room));
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Something that happened and stands in the thread between the messages.
pub(crate) struct Note {
    pub(crate) actor: Actor,
    /// Code for the screen: `handed_over`, `assigned`, `closed`, `reopened`.
    pub(crate) code: &'static str,
    pub(crate) data: serde_json::Value,
}

/// Puts a note about what happened into the thread, visible to both sides. The caller saves the conversation.
///
/// # Errors
/// The database refuses.
pub(crate) async fn note_event(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: &mut Conversation,
    note: Note,
) -> Result<NewEvent> {
    let new = NewMessage {
        kind: Kind::Event,
        meta: Meta { event: Some(note.code.to_owned()), data: Some(note.data), ..Meta::default() },
        ..NewMessage::text(note.actor, Direction::Out, "")
    };
    Ok(append(tx, environment, workspace, conversation, new).await?.1)
}

/// The same, for those who work there only; saved and told at once.
///
/// # Errors
/// The conversation is not there, or the database refuses.
pub(crate) async fn private_note(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, note: Note) -> Result<()> {
    let mut held = lock(tx, workspace, id).await?;
    let new = NewMessage {
        kind: Kind::Event,
        visibility: Visibility::Private,
        meta: Meta { event: Some(note.code.to_owned()), data: Some(note.data), ..Meta::default() },
        ..NewMessage::text(note.actor, Direction::Out, "")
    };
    let event = append(tx, environment, workspace, &mut held, new).await?.1;
    conversations::touch(tx, workspace, &mut held).await?;
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}
