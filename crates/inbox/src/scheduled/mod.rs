//! Answers that leave at a moment somebody has chosen.
//!
//! Until then the customer sees nothing of them: they stand beside the thread, for staff. At the moment one becomes a message of its
//! author, in the transaction that takes its timer away, and goes the way of every answer from there on. What speaks against it by then —
//! the customer has written again, the conversation was closed or merged — holds it for a person to decide.

pub(crate) mod api;
mod due;
mod store;
mod times;

use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{AttachmentId, ConversationId, ScheduledAnswerId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::staff;
use ennakoi_store::{
    Result, Tx, stored_as_text,
    timeline::{self, Actor, NewEvent},
    timers,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    attachments::{self, Attachment},
    conversations, drafts,
    messages::{Addressing, Author, AuthorKind, Format, Message, check_client_key},
};

pub(crate) use due::kind;
pub use times::SendTime;

/// How far ahead a moment may lie.
const FURTHEST: Duration = Duration::days(366);
/// Answers that wait in one conversation.
const MOST: usize = 20;

/// Why an answer waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The customer has written since; it may not fit any more.
    CustomerWrote,
    ConversationClosed,
    /// Its conversation was merged into this one.
    Merged,
    /// Its author is not of the workspace any more.
    AuthorGone,
    /// One of its files is not there any more.
    FileGone,
    /// The program was not running at the moment, and for long after it.
    TooLate,
}
stored_as_text!(Held {
    CustomerWrote = "customer_wrote", ConversationClosed = "conversation_closed", Merged = "merged", AuthorGone = "author_gone", FileGone = "file_gone",
    TooLate = "too_late",
});

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    pub body: String,
    pub format: Format,
    pub attachment_ids: Vec<AttachmentId>,
    pub addressing: Option<Addressing>,
    /// Closes the conversation after it.
    pub close: bool,
}

/// An answer that waits for its moment.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduledAnswer {
    pub id: ScheduledAnswerId,
    pub conversation_id: ConversationId,
    pub author: Author,
    pub body: String,
    pub format: Format,
    pub attachments: Vec<Attachment>,
    pub addressing: Option<Addressing>,
    pub close: bool,
    pub send_at: Timestamp,
    /// Why it will not leave by itself; null while it will.
    pub held: Option<Held>,
    pub created_at: Timestamp,
    /// Raised with every change; send it along to change what you have seen.
    pub version: i64,
}

/// An answer as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: ScheduledAnswerId,
    pub(crate) conversation: ConversationId,
    pub(crate) author: StaffId,
    pub(crate) client_key: String,
    pub(crate) content: Content,
    pub(crate) send_at: Timestamp,
    pub(crate) held: Option<Held>,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
}

impl Content {
    fn check(&self) -> std::result::Result<(), Problem> {
        let length = self.body.chars().count();
        if length > limits::MESSAGE_CHARACTERS {
            return Err(Problem::field("body", "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS)));
        }
        if self.body.trim().is_empty() && self.attachment_ids.is_empty() {
            return Err(Problem::field("body", "required", "write something or attach a file"));
        }
        if self.body.contains('\0') {
            return Err(Problem::field("body", "invalid", "a text does not contain the character NUL"));
        }
        if self.attachment_ids.len() > limits::ATTACHMENTS {
            return Err(Problem::field("attachment_ids", "too_many", format!("at most {} files", limits::ATTACHMENTS)));
        }
        self.addressing.as_ref().map_or(Ok(()), Addressing::check)
    }
}

fn check_moment(now: Timestamp, send_at: Timestamp) -> std::result::Result<(), Problem> {
    if send_at <= now {
        return Err(Problem::field("send_at", "in_the_past", "a moment that is still to come"));
    }
    if send_at > now + FURTHEST {
        return Err(Problem::field("send_at", "invalid", "within a year"));
    }
    Ok(())
}

/// Keeps an answer until its moment. The same key again gives the same answer.
///
/// # Errors
/// The conversation is not there, the moment has passed, or the text or a file is not in order.
pub async fn schedule(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    (conversation, author): (ConversationId, StaffId),
    (client_key, content, send_at): (String, Content, Timestamp),
) -> Result<ScheduledAnswer> {
    check_client_key(&client_key)?;
    content.check()?;
    let held = conversations::lock(tx, workspace, conversation).await?;
    let waiting = store::of_conversation(tx, workspace, conversation).await?;
    if let Some(known) = waiting.iter().find(|answer| answer.client_key == client_key && answer.author == author) {
        return shown(tx, workspace, known.clone()).await;
    }
    let now = environment.now();
    check_moment(now, send_at)?;
    crate::cases::refuse_merged(tx, workspace, conversation).await?;
    if waiting.len() >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} answers wait in one conversation")).into());
    }
    attachments::keep_until(tx, workspace, Actor::Staff(author), &content.attachment_ids, send_at).await?;
    let new = Stored { id: environment.new_id(), conversation, author, client_key, content, send_at, held: None, version: 1, created_at: now };
    store::insert(tx, workspace, &new).await?;
    due::set(tx, workspace, &new).await?;
    drafts::clear(tx, workspace, conversation, author, drafts::Mode::Reply).await?;
    tell(tx, environment, workspace, Actor::Staff(author), "answer.scheduled", &new, held.contact).await?;
    shown(tx, workspace, new).await
}

/// What changes about an answer; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub content: Option<Content>,
    pub send_at: Option<Timestamp>,
    /// What was seen of it; another version is a conflict.
    pub version: Option<i64>,
}

/// Changes a waiting answer. Whoever changes its words becomes its author. One that was held needs a new moment, and then leaves by itself.
///
/// # Errors
/// It is not there any more, has changed since it was seen, or the moment has passed.
pub async fn change(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    (conversation, id): (ConversationId, ScheduledAnswerId),
    person: StaffId,
    change: Change,
) -> Result<ScheduledAnswer> {
    let (contact, mut answer) = held(tx, workspace, conversation, id).await?;
    if change.version.is_some_and(|seen| seen != answer.version) {
        return Err(Problem::conflict("answer_changed", "somebody has changed this answer meanwhile").into());
    }
    if let Some(content) = change.content {
        content.check()?;
        if person != answer.author && content != answer.content {
            for file in content.attachment_ids.iter().filter(|file| answer.content.attachment_ids.contains(file)) {
                attachments::hand_on(tx, workspace, *file, Actor::Staff(answer.author), Actor::Staff(person)).await?;
            }
            answer.author = person;
        }
        answer.content = content;
    }
    let moved = change.send_at.is_some_and(|send_at| send_at != answer.send_at || answer.held.is_some());
    if let Some(send_at) = change.send_at.filter(|_| moved) {
        check_moment(environment.now(), send_at)?;
        (answer.send_at, answer.held) = (send_at, None);
    }
    attachments::keep_until(tx, workspace, Actor::Staff(answer.author), &answer.content.attachment_ids, answer.send_at).await?;
    answer.version += 1;
    store::update(tx, workspace, &answer).await?;
    due::set(tx, workspace, &answer).await?;
    tell(tx, environment, workspace, Actor::Staff(person), "answer.rescheduled", &answer, contact).await?;
    shown(tx, workspace, answer).await
}

/// What a waiting answer says.
async fn content_of(tx: &mut Tx, workspace: WorkspaceId, (conversation, id): (ConversationId, ScheduledAnswerId)) -> Result<Content> {
    Ok(held(tx, workspace, conversation, id).await?.1.content)
}

/// Takes an answer back; nothing of it leaves.
///
/// # Errors
/// It is not there any more.
pub async fn withdraw(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    (conversation, id): (ConversationId, ScheduledAnswerId),
    actor: Actor,
) -> Result<()> {
    let (contact, answer) = held(tx, workspace, conversation, id).await?;
    forget(tx, workspace, &answer).await?;
    tell(tx, environment, workspace, actor, "answer.withdrawn", &answer, contact).await
}

/// Sends an answer now, whatever held it.
///
/// # Errors
/// It is not there any more, or one of its files is gone.
pub async fn send_now(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    (conversation, id): (ConversationId, ScheduledAnswerId),
) -> Result<Message> {
    let (_, answer) = held(tx, workspace, conversation, id).await?;
    due::send(tx, environment, workspace, answer).await
}

/// The answers that wait in a conversation, the next one first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<ScheduledAnswer>> {
    let mut answers = Vec::new();
    for stored in store::of_conversation(tx, workspace, conversation).await? {
        answers.push(shown(tx, workspace, stored).await?);
    }
    Ok(answers)
}

/// The customer has written: what was to be said may not fit any more. The caller holds the conversation.
///
/// # Errors
/// The database refuses.
pub(crate) async fn customer_wrote(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<NewEvent>> {
    let mut events = Vec::new();
    for answer in store::of_conversation(tx, workspace, conversation).await?.into_iter().filter(|answer| answer.held.is_none()) {
        events.push(hold(tx, workspace, answer, Held::CustomerWrote).await?);
    }
    Ok(events)
}

/// Two conversations have become one: what waits in the one waits in the other, and for somebody's decision.
///
/// # Errors
/// The database refuses.
pub(crate) async fn merged(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, from: ConversationId, into: ConversationId) -> Result<()> {
    let mut events = Vec::new();
    for mut answer in store::of_conversation(tx, workspace, from).await? {
        answer.conversation = into;
        events.push(hold(tx, workspace, answer, Held::Merged).await?.conversation(into));
    }
    if !events.is_empty() {
        timeline::append(tx, environment, workspace, events).await?;
    }
    Ok(())
}

/// Holds an answer; the event lacks its conversation and contact.
async fn hold(tx: &mut Tx, workspace: WorkspaceId, mut answer: Stored, reason: Held) -> Result<NewEvent> {
    answer.held = Some(reason);
    answer.version += 1;
    store::update(tx, workspace, &answer).await?;
    due::set(tx, workspace, &answer).await?;
    Ok(NewEvent::new("answer.held", Actor::System, json!({ "answer": answer.id, "reason": reason, "send_at": answer.send_at, "author": answer.author })))
}

async fn held(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    id: ScheduledAnswerId,
) -> Result<(Option<ennakoi_kernel::ids::ContactId>, Stored)> {
    let locked = conversations::lock(tx, workspace, conversation).await?;
    let answer = store::find(tx, workspace, id).await?.filter(|answer| answer.conversation == conversation);
    Ok((locked.contact, answer.ok_or_else(|| Problem::not_found("the answer: it has left or was taken back"))?))
}

async fn forget(tx: &mut Tx, workspace: WorkspaceId, answer: &Stored) -> Result<()> {
    store::remove(tx, workspace, answer.id).await?;
    timers::clear(tx, workspace, &due::key(answer.id)).await
}

async fn tell(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    kind: &'static str,
    answer: &Stored,
    contact: Option<ennakoi_kernel::ids::ContactId>,
) -> Result<()> {
    let payload = json!({ "answer": answer.id, "send_at": answer.send_at, "author": answer.author });
    let event = NewEvent::new(kind, actor, payload).contact(contact).conversation(answer.conversation);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}

async fn shown(tx: &mut Tx, workspace: WorkspaceId, stored: Stored) -> Result<ScheduledAnswer> {
    let brief = staff::briefs(tx, workspace, &[stored.author]).await?.remove(&stored.author);
    let author = Author {
        kind: AuthorKind::Staff,
        id: Some(stored.author.0),
        name: brief.as_ref().map(|brief| brief.name.clone()).unwrap_or_default(),
        avatar_url: brief.and_then(|brief| brief.avatar_url),
    };
    Ok(ScheduledAnswer {
        id: stored.id,
        conversation_id: stored.conversation,
        author,
        attachments: attachments::unsent(tx, workspace, Actor::Staff(stored.author), &stored.content.attachment_ids).await?,
        body: stored.content.body,
        format: stored.content.format,
        addressing: stored.content.addressing,
        close: stored.content.close,
        send_at: stored.send_at,
        held: stored.held,
        created_at: stored.created_at,
        version: stored.version,
    })
}
