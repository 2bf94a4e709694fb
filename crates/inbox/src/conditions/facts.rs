//! What trees are judged by, looked up once for a conversation.

use std::collections::{BTreeMap, BTreeSet};

use ennakoi_kernel::{
    Timestamp,
    ids::{CalendarId, ContactId, ConversationId, LabelId, MessageId, WorkspaceId},
};
use ennakoi_people::{
    Locale,
    contacts::{self, Attributes},
};
use ennakoi_store::{Result, Tx, params};

use crate::{
    calendars,
    channels::{self, ChannelKind},
    conversations::Conversation,
};

/// The facts of one conversation at one moment.
#[derive(Clone, Debug)]
pub struct Facts {
    pub conversation: Conversation,
    pub channel_kind: Option<ChannelKind>,
    pub labels: BTreeSet<LabelId>,
    pub person: Option<PersonFacts>,
    /// The message that the event is about.
    pub message: Option<MessageFacts>,
    /// Whether each calendar that somebody asks for is open; `None` is the conversation's queue.
    pub open: BTreeMap<Option<CalendarId>, bool>,
    pub now: Timestamp,
}

/// The customer.
#[derive(Clone, Debug)]
pub struct PersonFacts {
    pub email: Option<String>,
    pub attributes: Attributes,
}

/// A message.
#[derive(Clone, Debug)]
pub struct MessageFacts {
    pub body: String,
    pub language: Option<Locale>,
    pub attachments: i64,
}

/// Looks up the facts; `asked` are the calendars that the trees ask for.
///
/// # Errors
/// The database refuses.
pub(crate) async fn look_up(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: Conversation,
    asked: &BTreeSet<Option<CalendarId>>,
    now: Timestamp,
) -> Result<Facts> {
    let labels: Vec<(LabelId,)> =
        tx.all("SELECT label_id FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2", params![workspace, conversation.id]).await?;
    let channel_kind = channels::briefs(tx, workspace).await?.get(&conversation.channel).map(|channel| channel.kind);
    let person = match conversation.contact {
        Some(contact) => person(tx, workspace, contact).await?,
        None => None,
    };
    let mut open = BTreeMap::new();
    for calendar in asked {
        let state = match calendar {
            None => Some(calendars::open_state_of_queue(tx, workspace, conversation.queue, now).await?),
            // A calendar that has been removed is neither open nor closed.
            Some(id) => match calendars::find(tx, workspace, *id).await? {
                Some(calendar) => Some(calendars::open_state(&calendar, now)?),
                None => None,
            },
        };
        open.extend(state.map(|state| (*calendar, state.open)));
    }
    Ok(Facts { conversation, channel_kind, labels: labels.into_iter().map(|(id,)| id).collect(), person, message: None, open, now })
}

async fn person(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<Option<PersonFacts>> {
    let Some(attributes) = contacts::attributes(tx, workspace, contact).await? else { return Ok(None) };
    let email = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact).and_then(|brief| brief.email);
    Ok(Some(PersonFacts { email, attributes }))
}

/// The message, if it is still there.
///
/// # Errors
/// The database refuses.
pub(crate) async fn message(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, id: MessageId) -> Result<Option<MessageFacts>> {
    let found: Option<(String, Option<Locale>, i64)> = tx
        .optional(
            "SELECT body, language, attachments FROM messages WHERE workspace_id = $1 AND id = $2 AND conversation_id = $3 AND removed_at IS NULL",
            params![workspace, id, conversation],
        )
        .await?;
    Ok(found.map(|(body, language, attachments)| MessageFacts { body, language, attachments }))
}
