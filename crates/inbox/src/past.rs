//! Conversations and messages brought along from elsewhere, at the times at which they were. Nobody is told: nothing is sent, woken,
//! routed or counted as new.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{AttachmentId, ChannelId, ContactId, ConversationId, MessageId, QueueId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, timeline::Actor};

use crate::{
    attachments,
    conversations::{self, Conversation, Owner, State},
    messages::{self, Delivery, Direction, Imported, Meta, NewMessage, Visibility},
};

/// A conversation of the past.
#[derive(Clone, Debug)]
pub struct PastConversation {
    pub channel: ChannelId,
    pub contact: ContactId,
    pub subject: Option<String>,
    pub locale: Option<Locale>,
    pub state: State,
    /// Where it lies when something is still to be done.
    pub queue: Option<QueueId>,
    pub created_at: Timestamp,
}

/// A message of the past.
#[derive(Clone, Debug)]
pub struct PastMessage {
    pub author: Actor,
    /// The name of an author who is nobody here.
    pub name: Option<String>,
    pub direction: Direction,
    pub visibility: Visibility,
    pub body: String,
    pub language: Option<Locale>,
    pub external_id: String,
    pub attachments: Vec<AttachmentId>,
    pub at: Timestamp,
}

/// Opens a conversation of the past, without messages.
///
/// # Errors
/// The subject is too long, or the database refuses.
pub async fn open(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, past: PastConversation) -> Result<Conversation> {
    conversations::insert_past(tx, environment, workspace, past).await
}

/// Adds a message of the past to the end of a held conversation; `None` when it is there already. Save it afterwards with [`settle`].
///
/// # Errors
/// The database refuses.
pub async fn add(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, held: &mut Conversation, past: PastMessage) -> Result<Option<MessageId>> {
    let delivery = (past.direction == Direction::Out && past.visibility == Visibility::Public).then_some(Delivery::Sent);
    let new = NewMessage {
        visibility: past.visibility,
        language: past.language,
        external_id: Some(past.external_id),
        meta: Meta { imported: Some(Imported { author: past.name }), ..Meta::default() },
        delivery,
        ..NewMessage::text(past.author, past.direction, past.body)
    };
    messages::insert_past(tx, environment, workspace, held, new, &past.attachments, past.at).await
}

/// A conversation by its id, held.
///
/// # Errors
/// It is not there.
pub async fn hold(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<Conversation> {
    conversations::lock(tx, workspace, id).await
}

/// Saves a conversation after its messages were added: everything in it counts as read, and whoever waits has waited since then.
///
/// # Errors
/// The database refuses.
pub async fn settle(tx: &mut Tx, workspace: WorkspaceId, mut held: Conversation, waiting_since: Option<Timestamp>, now: Timestamp) -> Result<()> {
    held.staff_seen_seq = held.last_seq;
    held.contact_seen_seq = held.last_seq;
    held.waiting_since = waiting_since.filter(|_| held.state == State::Open);
    if held.state == State::Closed {
        held.closed_at = held.closed_at.or(Some(held.last_message_at));
    }
    if let (Owner::Nobody, Some(queue)) = (held.owner, held.queue)
        && held.state.active()
    {
        held.owner = Owner::Queue(queue);
    }
    conversations::save(tx, workspace, &mut held, now).await
}

/// Gives a prepared file to an author of the past, ready to hang on a message.
///
/// # Errors
/// The database refuses.
pub async fn file(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, author: Actor, prepared: attachments::Prepared) -> Result<AttachmentId> {
    Ok(attachments::create(tx, environment, workspace, author, prepared).await?.id)
}
