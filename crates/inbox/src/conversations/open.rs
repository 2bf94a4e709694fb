//! Beginning a conversation, and finding the one that goes on.

use ennakoi_kernel::{
    Environment,
    ids::{ChannelId, ContactId, ConversationId, VisitorId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{
    Result, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{Conversation, Owner, Priority, State, store};
use crate::{channels, messages::AuthorKind, search};

/// A conversation to be opened.
#[derive(Clone, Debug)]
pub struct NewConversation {
    pub channel: ChannelId,
    pub contact: Option<ContactId>,
    pub visitor: Option<VisitorId>,
    pub subject: Option<String>,
    pub locale: Option<Locale>,
    pub owner: Owner,
}

impl NewConversation {
    /// One that goes on where a long closed one ended.
    pub(crate) fn after(closed: &Conversation, owner: Owner) -> Self {
        Self { channel: closed.channel, contact: closed.contact, visitor: closed.visitor, subject: closed.subject.clone(), locale: closed.locale, owner }
    }

    /// The customer's side of it.
    fn customer(&self) -> Actor {
        self.visitor.map(Actor::Visitor).or(self.contact.map(Actor::Contact)).unwrap_or(Actor::System)
    }
}

/// Opens a conversation on the customer's behalf. It has no messages yet.
///
/// # Errors
/// The channel is not of this workspace, the subject is too long, or the database refuses.
pub async fn open(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, new: NewConversation) -> Result<Conversation> {
    let actor = new.customer();
    open_as(tx, environment, workspace, actor, new).await
}

/// Opens a conversation on behalf of `actor`.
///
/// # Errors
/// As [`open`].
pub async fn open_as(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: NewConversation) -> Result<Conversation> {
    channels::load(tx, workspace, new.channel).await?;
    let subject = super::change::checked_subject(new.subject)?;
    let now = environment.now();
    let mut conversation = Conversation {
        id: environment.new_id(),
        number: store::next_number(tx, workspace).await?,
        version: 1,
        channel: new.channel,
        contact: new.contact,
        visitor: new.visitor,
        subject,
        locale: new.locale,
        state: State::Open,
        owner: new.owner,
        queue: None,
        priority: Priority::Normal,
        reason: None,
        last_seq: 0,
        last_message_at: now,
        preview: String::new(),
        preview_author: AuthorKind::of(&actor),
        waiting_since: None,
        snoozed_until: None,
        contact_seen_seq: 0,
        staff_seen_seq: 0,
        rating: None,
        solved: None,
        rating_comment: None,
        created_at: now,
        closed_at: None,
        queued_at: None,
        clock: None,
        promise_due_at: None,
    };
    store::insert(tx, workspace, &mut conversation).await?;
    if conversation.subject.is_some() {
        search::index_subject(tx, workspace, conversation.id, conversation.subject.as_deref(), conversation.locale, now).await?;
    }
    let payload = json!({ "channel": new.channel, "number": conversation.number, "owner": conversation.owner.kind(), "queue": conversation.queue });
    let event = NewEvent::new("conversation.opened", actor, payload).contact(new.contact).conversation(conversation.id);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(conversation)
}

/// Opens a conversation of the past: it has its own time, and nobody hears of it.
pub(crate) async fn insert_past(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, past: crate::past::PastConversation) -> Result<Conversation> {
    channels::load(tx, workspace, past.channel).await?;
    let subject = super::change::checked_subject(past.subject)?;
    let mut conversation = Conversation {
        id: environment.new_id(),
        number: store::next_number(tx, workspace).await?,
        version: 1,
        channel: past.channel,
        contact: Some(past.contact),
        visitor: None,
        subject,
        locale: past.locale,
        state: past.state,
        owner: Owner::Nobody,
        queue: past.queue,
        priority: Priority::Normal,
        reason: None,
        last_seq: 0,
        last_message_at: past.created_at,
        preview: String::new(),
        preview_author: AuthorKind::Contact,
        waiting_since: None,
        snoozed_until: None,
        contact_seen_seq: 0,
        staff_seen_seq: 0,
        rating: None,
        solved: None,
        rating_comment: None,
        created_at: past.created_at,
        closed_at: (past.state == State::Closed).then_some(past.created_at),
        queued_at: None,
        clock: None,
        promise_due_at: None,
    };
    store::insert(tx, workspace, &mut conversation).await?;
    if conversation.subject.is_some() {
        search::index_subject(tx, workspace, conversation.id, conversation.subject.as_deref(), conversation.locale, past.created_at).await?;
    }
    Ok(conversation)
}

/// The conversation that a new message of this contact continues: the newest open one on the channel, else the newest closed one (a
/// message begins a new one by itself when that was closed too long ago).
///
/// # Errors
/// The database refuses.
pub async fn current(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId, contact: ContactId) -> Result<Option<Conversation>> {
    let found: Option<(ConversationId,)> = tx
        .optional(
            "SELECT id FROM conversations WHERE workspace_id = $1 AND contact_id = $2 AND channel_id = $3 \
             ORDER BY CASE WHEN state = 'closed' THEN 1 ELSE 0 END, number DESC LIMIT 1",
            params![workspace, contact, channel],
        )
        .await?;
    match found {
        Some((id,)) => store::find(tx, workspace, id).await,
        None => Ok(None),
    }
}

/// Conversations of a visitor on a channel, newest first; with `contact`, who has proved to be that contact, all of the contact's there.
///
/// # Errors
/// The database refuses.
pub async fn of_visitor(
    tx: &mut Tx,
    workspace: WorkspaceId,
    channel: ChannelId,
    visitor: VisitorId,
    contact: Option<ContactId>,
    limit: u32,
) -> Result<Vec<Conversation>> {
    let select = |condition: &str| format!("{} AND {condition} AND channel_id = $3 ORDER BY number + 0 DESC LIMIT $4", store::select());
    let mut found: Vec<Conversation> = tx.all(&select("visitor_id = $2"), params![workspace, visitor, channel, limit]).await?;
    if let Some(contact) = contact {
        let theirs = "contact_id IN (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2)";
        found.extend(tx.all::<Conversation>(&select(theirs), params![workspace, contact, channel, limit]).await?);
    }
    found.sort_by_key(|conversation| std::cmp::Reverse(conversation.number));
    found.dedup_by_key(|conversation| conversation.id);
    found.truncate(limit as usize);
    Ok(found)
}
