//! A visitor writes: which conversation it belongs to, and who answers first.

use ennakoi_http::App;
use ennakoi_inbox::{
    calendars,
    channels::{self, Mode},
    conversations::{self, Conversation, HandOver, NewConversation, Owner, Reason},
    messages::{self, Added, Direction, KeyOf, Meta, NewMessage},
};
use ennakoi_kernel::{
    Environment, Problem,
    ids::{AttachmentId, ConversationId, WorkspaceId},
};
use ennakoi_people::contacts;
use ennakoi_store::{Result, Tx};
use serde_json::json;

use super::{contact, visitors::Caller};

/// What a visitor sends.
#[derive(Clone, Debug)]
pub struct Written {
    /// The visitor's own key: the same key again is the same message.
    pub client_key: String,
    /// `None`: the open conversation, or a new one.
    pub conversation: Option<ConversationId>,
    pub body: String,
    pub attachments: Vec<AttachmentId>,
    /// The option that was tapped, if one was.
    pub option_key: Option<String>,
}

/// Bytes of the key of an option.
const OPTION_KEY_BYTES: usize = 200;

/// Stores what a visitor wrote, in one transaction.
///
/// # Errors
/// The text is empty or too long, the conversation is not the visitor's, or the database refuses.
pub async fn write(app: &App, caller: &mut Caller, written: Written) -> Result<Added, Problem> {
    let mut tx = app.db.begin().await?;
    let added = write_in(&mut tx, &app.environment, caller, written).await?;
    tx.commit().await?;
    Ok(added)
}

async fn write_in(tx: &mut Tx, environment: &Environment, caller: &mut Caller, written: Written) -> Result<Added> {
    messages::check_client_key(&written.client_key)?;
    if written.option_key.as_ref().is_some_and(|key| key.len() > OPTION_KEY_BYTES) {
        return Err(Problem::field("option_key", "too_long", format!("at most {OPTION_KEY_BYTES} bytes")).into());
    }
    let workspace = caller.workspace;
    let conversation = match written.conversation {
        Some(id) => {
            // Whoever has a conversation is somebody, as a rule.
            if caller.contact.is_none() {
                contact::ensure(tx, environment, caller).await?;
            }
            let held = conversations::lock(tx, workspace, id).await?;
            check_owned(tx, caller, &held).await?;
            held
        }
        None => {
            let contact = contact::ensure(tx, environment, caller).await?;
            // Sent again after a lost answer: the first one had opened the conversation.
            if let Some(message) = messages::by_client_key(tx, workspace, caller.actor(), &written.client_key).await? {
                return Ok(Added { message, fresh: false });
            }
            let id = match conversations::current(tx, workspace, caller.channel, contact).await? {
                Some(current) => current.id,
                None => begin(tx, environment, caller, contact).await?.id,
            };
            conversations::lock(tx, workspace, id).await?
        }
    };
    let new = NewMessage {
        client_key: Some(written.client_key),
        key_of: KeyOf::Author,
        attachments: written.attachments,
        meta: Meta { data: written.option_key.map(|key| json!({ "option": key })), ..Meta::default() },
        ..NewMessage::text(caller.actor(), Direction::In, written.body)
    };
    messages::add_own(tx, environment, workspace, conversation, new).await
}

/// The conversation, if it is the visitor's.
///
/// # Errors
/// "Not found" when it is somebody else's: its existence is not told.
pub async fn owned(tx: &mut Tx, caller: &Caller, id: ConversationId) -> Result<Conversation> {
    let conversation = conversations::load(tx, caller.workspace, id).await?;
    check_owned(tx, caller, &conversation).await?;
    Ok(conversation)
}

async fn check_owned(tx: &mut Tx, caller: &Caller, conversation: &Conversation) -> Result<()> {
    let missing = || Problem::not_found("the conversation");
    if conversation.channel != caller.channel {
        return Err(missing().into());
    }
    // Earlier conversations of a contact open only to who has proved to be that contact.
    let begun_here = conversation.visitor == Some(caller.id);
    if (begun_here || caller.verified) && is_theirs(tx, caller, conversation).await? { Ok(()) } else { Err(missing().into()) }
}

/// Whether the conversation is with the person who sits at the browser now. Another one who has proved who they are since does
/// not get the first one's words.
pub(super) async fn is_theirs(tx: &mut Tx, caller: &Caller, conversation: &Conversation) -> Result<bool> {
    let (Some(theirs), Some(mine)) = (conversation.contact, caller.contact) else { return Ok(conversation.contact.is_none()) };
    if theirs == mine {
        return Ok(true);
    }
    let resolved = contacts::resolve(tx, caller.workspace, mine).await?;
    Ok(theirs == resolved || contacts::resolve(tx, caller.workspace, theirs).await? == resolved)
}

async fn begin(tx: &mut Tx, environment: &Environment, caller: &Caller, contact: ennakoi_kernel::ids::ContactId) -> Result<Conversation> {
    let channel = channels::load(tx, caller.workspace, caller.channel).await?;
    let open = calendars::open_state_of_queue(tx, caller.workspace, channel.settings.queue_id, environment.now()).await?.open;
    let mode = if open { channel.settings.mode } else { channel.settings.night_mode.unwrap_or(channel.settings.mode) };
    let new = NewConversation {
        channel: channel.id,
        contact: Some(contact),
        visitor: Some(caller.id),
        subject: None,
        locale: caller.locale,
        owner: if mode.bot_begins() { Owner::Bot } else { Owner::Nobody },
    };
    let conversation = conversations::open(tx, environment, caller.workspace, new).await?;
    if mode.bot_begins() {
        return Ok(conversation);
    }
    let actor = caller.actor();
    let to = HandOver { actor, reason: Reason::PERSON_FIRST, queue: channel.settings.queue_id, note: None };
    conversations::hand_over(tx, environment, caller.workspace, conversation.id, to).await
}

/// The visitor wants a person: the conversation goes to the queue at once, whatever the hour. Outside opening hours it waits
/// there; the bot says when people are back.
///
/// # Errors
/// The conversation is not the visitor's, or the database refuses.
pub async fn ask_for_person(app: &App, caller: &mut Caller, conversation: Option<ConversationId>) -> Result<ConversationId, Problem> {
    let mut tx = app.db.begin().await?;
    let contact = contact::ensure(&mut tx, &app.environment, caller).await?;
    let workspace = caller.workspace;
    let held = match conversation {
        Some(id) => owned(&mut tx, caller, id).await?,
        None => match conversations::current(&mut tx, workspace, caller.channel, contact).await? {
            Some(current) => current,
            None => begin(&mut tx, &app.environment, caller, contact).await?,
        },
    };
    // Somebody is there already, or it waits for them: asking again changes nothing.
    if matches!(held.owner, Owner::Bot | Owner::Nobody) {
        let channel = channels::load(&mut tx, workspace, caller.channel).await?;
        let actor = caller.actor();
        let to = HandOver { actor, reason: Reason::PERSON_REQUESTED, queue: channel.settings.queue_id, note: None };
        conversations::hand_over(&mut tx, &app.environment, workspace, held.id, to).await?;
    }
    tx.commit().await?;
    Ok(held.id)
}

/// Whether a first answer of the bot is to be expected in a new conversation now.
#[must_use]
pub const fn bot_answers_first(mode: Mode) -> bool {
    mode.bot_begins()
}

/// Unread messages of a conversation's other side.
///
/// # Errors
/// The database refuses.
pub async fn unread(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation) -> Result<i64> {
    tx.scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND seq > $3 AND direction = 'out' \
         AND visibility = 'public' AND kind <> 'event' LIMIT 100) AS unread",
        ennakoi_store::params![workspace, conversation.id, conversation.contact_seen_seq],
    )
    .await
}
