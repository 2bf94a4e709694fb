//! What can be done to a conversation. Each function holds the row, changes it, saves it and tells the timeline.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ConversationId, QueueId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::staff::{self, StaffMember};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::{Value, json};

use super::{Conversation, Owner, Priority, Reason, State, lock, save, timers};
use crate::{
    cases,
    messages::{self, NewMessage, Note, Visibility},
    queues, routing, search,
};

/// Who is to take a conversation. Neither: it goes back to its queue, or to nobody when it never had one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    pub agent: Option<StaffId>,
    pub queue: Option<QueueId>,
}

/// A conversation goes to people.
#[derive(Clone, Debug)]
pub struct HandOver {
    pub actor: Actor,
    pub reason: Reason,
    /// `None`: the channel's queue, else the default one.
    pub queue: Option<QueueId>,
    /// A private note for whoever takes it.
    pub note: Option<String>,
}

/// What the customer said about the help. `None` leaves what was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// 1–5.
    pub score: Option<i64>,
    pub solved: Option<bool>,
    pub comment: Option<String>,
}

/// Until when a conversation is out of sight. `None`: until the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snooze {
    pub until: Option<Timestamp>,
}

/// Saves the held conversation and appends its events.
pub(super) async fn finish(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    mut conversation: Conversation,
    events: Vec<NewEvent>,
) -> Result<Conversation> {
    save(tx, workspace, &mut conversation, environment.now()).await?;
    let (contact, id) = (conversation.contact, conversation.id);
    let events = events.into_iter().map(|event| event.contact(contact).conversation(id)).collect();
    timeline::append(tx, environment, workspace, events).await?;
    Ok(conversation)
}

/// Closes it. Closing a closed one changes nothing.
///
/// # Errors
/// It is not there.
pub async fn close(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, actor: Actor) -> Result<Conversation> {
    let mut held = lock(tx, workspace, id).await?;
    if held.state == State::Closed {
        return Ok(held);
    }
    if held.state == State::Snoozed {
        timers::forget(tx, workspace, id).await?;
    }
    let payload = json!({ "owner": held.owner.kind(), "agent": held.agent(), "queue": held.queue });
    held.state = State::Closed;
    held.closed_at = Some(environment.now());
    held.waiting_since = None;
    held.snoozed_until = None;
    let note = messages::note_event(tx, environment, workspace, &mut held, Note { actor, code: "closed", data: json!({}) }).await?;
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.closed", actor, payload), note]).await
}

/// Opens a closed one again. Reopening an open one changes nothing.
///
/// # Errors
/// It is not there.
pub async fn reopen(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, actor: Actor) -> Result<Conversation> {
    let mut held = lock(tx, workspace, id).await?;
    if held.state != State::Closed {
        return Ok(held);
    }
    cases::refuse_merged(tx, workspace, id).await?;
    revive(&mut held);
    let note = messages::note_event(tx, environment, workspace, &mut held, Note { actor, code: "reopened", data: json!({}) }).await?;
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.reopened", actor, json!({ "by": "hand" })), note]).await
}

/// Makes a closed conversation live again: whoever owned it owns it still.
pub(crate) fn revive(conversation: &mut Conversation) {
    conversation.state = State::Open;
    conversation.closed_at = None;
    conversation.snoozed_until = None;
    conversation.solved = None;
    if let (Owner::Nobody, Some(queue)) = (conversation.owner, conversation.queue) {
        conversation.owner = Owner::Queue(queue);
    }
}

/// Gives it to a colleague, to a queue, or back.
///
/// # Errors
/// It is not there, or the colleague or the queue is not of this workspace.
pub async fn assign(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, actor: Actor, to: Assignment) -> Result<Conversation> {
    if let Some(queue) = to.queue {
        queues::load(tx, workspace, queue).await.map_err(|_| Problem::field("queue_id", "unknown", "no queue of this workspace"))?;
    }
    let agent = match to.agent {
        Some(agent) => Some(able(tx, workspace, agent).await?),
        None => None,
    };
    let mut held = lock(tx, workspace, id).await?;
    let before = held.owner;
    held.owner = match (&agent, to.queue.or(held.queue)) {
        (Some(agent), _) => Owner::Agent(agent.id),
        (None, Some(queue)) => Owner::Queue(queue),
        (None, None) => Owner::Nobody,
    };
    if to.agent.is_some() {
        held.queue = to.queue.or(held.queue);
    }
    if held.owner == before {
        return Ok(held);
    }
    match &agent {
        Some(agent) => routing::record_taking(tx, environment, workspace, &held, agent.id, "assigned").await?,
        None => {
            held.reason = Some(Reason::BY_AGENT);
            if let Owner::Agent(left) = before {
                routing::record_return(tx, environment, workspace, &held, left).await?;
            }
        }
    }
    owner_changed(tx, environment, workspace, held, actor, agent.as_ref(), "assigned").await
}

/// Takes it, if nobody has. Of two who claim at once one gets it.
///
/// # Errors
/// A conflict `already_claimed` that names the colleague (id in `errors[0].message`, name in `errors[1].message`), or
/// `conversation_closed`.
pub async fn claim(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, staff: StaffId) -> Result<Conversation> {
    let agent = able(tx, workspace, staff).await?;
    let mut held = lock(tx, workspace, id).await?;
    match held.owner {
        Owner::Agent(owner) if owner == staff => return Ok(held),
        Owner::Agent(owner) => return Err(taken_by(tx, workspace, owner).await?.into()),
        _ if held.state == State::Closed => return Err(Problem::conflict("conversation_closed", "reopen it first").into()),
        _ => {}
    }
    held.owner = Owner::Agent(staff);
    if held.state == State::Snoozed {
        held.state = State::Open;
        held.snoozed_until = None;
        timers::forget(tx, workspace, id).await?;
    }
    routing::record_taking(tx, environment, workspace, &held, staff, "claimed").await?;
    owner_changed(tx, environment, workspace, held, Actor::Staff(staff), Some(&agent), "claimed").await
}

async fn taken_by(tx: &mut Tx, workspace: WorkspaceId, owner: StaffId) -> Result<Problem> {
    let name = staff::briefs(tx, workspace, &[owner]).await?.remove(&owner).map(|brief| brief.name).unwrap_or_default();
    let mut problem = Problem::conflict("already_claimed", "a colleague has taken it");
    problem.fields = [("agent_id", owner.to_string()), ("agent_name", name)]
        .map(|(field, message)| ennakoi_kernel::FieldError { field: field.to_owned(), code: "taken".to_owned(), message })
        .into();
    Ok(problem)
}

/// A member who may answer customers.
async fn able(tx: &mut Tx, workspace: WorkspaceId, agent: StaffId) -> Result<StaffMember> {
    let member = staff::member(tx, workspace, agent).await?;
    member
        .filter(|member| member.role.may(ennakoi_kernel::access::Permission::ConversationsWrite))
        .ok_or_else(|| Problem::field("agent_id", "unknown", "nobody of this workspace who answers customers").into())
}

/// Saves a new owner, with a note in the thread that both sides see.
pub(crate) async fn owner_changed(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    mut held: Conversation,
    actor: Actor,
    agent: Option<&StaffMember>,
    by: &'static str,
) -> Result<Conversation> {
    let payload = json!({ "agent": held.agent(), "queue": held.queue, "owner": held.owner.kind(), "by": by });
    let data: Value = json!({ "agent": agent.map(|agent| json!({ "id": agent.id, "name": agent.name })), "by": by });
    let note = messages::note_event(tx, environment, workspace, &mut held, Note { actor, code: "assigned", data }).await?;
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.assigned", actor, payload), note]).await
}

/// Hands it to people: it enters a queue, the customer's wait begins, and routing looks for somebody. One that an agent has, or that
/// waits in the same queue already, only gets the note.
///
/// # Errors
/// It is not there, or the named queue is not of this workspace.
pub async fn hand_over(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, to: HandOver) -> Result<Conversation> {
    let held = lock(tx, workspace, id).await?;
    let mut held = cases::live(tx, workspace, held, false, environment.now()).await?.conversation;
    let id = held.id;
    let queue = queues::destination(tx, workspace, to.queue, held.channel).await?;
    let mut events = Vec::new();
    if let Some(body) = to.note.filter(|note| !note.trim().is_empty()) {
        let note = NewMessage { visibility: Visibility::Private, ..NewMessage::text(to.actor, messages::Direction::Out, body) };
        events.push(messages::append(tx, environment, workspace, &mut held, note).await?.1);
    }
    let owner = queue.map_or(Owner::Nobody, Owner::Queue);
    let already = matches!(held.owner, Owner::Agent(_)) || held.owner == owner;
    if already && held.state != State::Closed && held.reason.is_some() {
        return finish(tx, environment, workspace, held, events).await;
    }
    if held.state == State::Closed {
        revive(&mut held);
        events.push(NewEvent::new("conversation.reopened", to.actor, json!({ "by": "hand_over" })));
    }
    if held.state == State::Snoozed {
        timers::forget(tx, workspace, id).await?;
    }
    held.state = State::Open;
    held.snoozed_until = None;
    held.owner = owner;
    held.reason = Some(to.reason.clone());
    held.waiting_since = held.waiting_since.or(Some(environment.now()));
    let note = Note { actor: to.actor, code: "handed_over", data: json!({ "reason": to.reason }) };
    let note = messages::note_event(tx, environment, workspace, &mut held, note).await?;
    events.push(NewEvent::new("conversation.handed_over", to.actor, json!({ "reason": to.reason, "queue": queue })));
    events.push(note);
    finish(tx, environment, workspace, held, events).await
}

/// Sets the owner as the bot and the set-up do, without looking for anybody.
///
/// # Errors
/// It is not there, or the owner is not of this workspace.
pub async fn set_owner(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, owner: Owner, actor: Actor) -> Result<Conversation> {
    match owner {
        Owner::Agent(agent) => return assign(tx, environment, workspace, id, actor, Assignment { agent: Some(agent), queue: None }).await,
        Owner::Queue(queue) => return assign(tx, environment, workspace, id, actor, Assignment { agent: None, queue: Some(queue) }).await,
        Owner::Bot | Owner::Nobody => {}
    }
    let mut held = lock(tx, workspace, id).await?;
    if held.owner == owner {
        return Ok(held);
    }
    held.owner = owner;
    let payload = json!({ "agent": null, "queue": held.queue, "owner": owner.kind(), "by": "set" });
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.assigned", actor, payload)]).await
}

/// Records what the customer said about the help.
///
/// # Errors
/// It is not there, the score is not 1–5, or the comment is too long.
pub async fn rate(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, actor: Actor, rating: Rating) -> Result<Conversation> {
    if rating.score.is_some_and(|score| !(1..=5).contains(&score)) {
        return Err(Problem::field("score", "out_of_range", "1 to 5").into());
    }
    if rating.comment.as_ref().is_some_and(|comment| comment.chars().count() > 2_000 || comment.contains('\0')) {
        return Err(Problem::field("comment", "too_long", "at most 2000 characters").into());
    }
    let mut held = lock(tx, workspace, id).await?;
    let after = (rating.score.or(held.rating), rating.solved.or(held.solved), rating.comment.or(held.rating_comment.clone()));
    if after == (held.rating, held.solved, held.rating_comment.clone()) {
        return Ok(held);
    }
    (held.rating, held.solved, held.rating_comment) = after;
    let data = json!({ "score": held.rating, "solved": held.solved, "comment": held.rating_comment });
    let note = messages::note_event(tx, environment, workspace, &mut held, Note { actor, code: "rated", data }).await?;
    let payload = json!({ "score": held.rating, "solved": held.solved, "agent": held.agent() });
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.rated", actor, payload), note]).await
}

/// Puts it out of sight until a moment, or until the next message.
///
/// # Errors
/// It is not there, is closed, or the moment has passed.
pub async fn snooze(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, actor: Actor, snooze: Snooze) -> Result<Conversation> {
    if snooze.until.is_some_and(|until| until <= environment.now()) {
        return Err(Problem::field("until", "in_the_past", "must lie in the future").into());
    }
    let mut held = lock(tx, workspace, id).await?;
    if held.state == State::Closed {
        return Err(Problem::conflict("conversation_closed", "reopen it first").into());
    }
    held.state = State::Snoozed;
    held.snoozed_until = snooze.until;
    timers::wake_at(tx, workspace, id, snooze.until).await?;
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.snoozed", actor, json!({ "until": snooze.until }))]).await
}

/// Brings a snoozed one back into sight. Others stay as they are.
///
/// # Errors
/// It is not there.
pub async fn unsnooze(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: ConversationId, actor: Actor) -> Result<Conversation> {
    let held = lock(tx, workspace, id).await?;
    timers::forget(tx, workspace, id).await?;
    wake(tx, environment, workspace, held, actor, "hand").await
}

/// Wakes a held conversation if it is snoozed.
///
/// # Errors
/// The database refuses.
pub async fn wake(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    mut held: Conversation,
    actor: Actor,
    by: &'static str,
) -> Result<Conversation> {
    if held.state != State::Snoozed {
        return Ok(held);
    }
    held.state = State::Open;
    held.snoozed_until = None;
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.woke", actor, json!({ "by": by }))]).await
}

/// Changes the priority.
///
/// # Errors
/// It is not there.
pub async fn set_priority(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    id: ConversationId,
    actor: Actor,
    priority: Priority,
) -> Result<Conversation> {
    let mut held = lock(tx, workspace, id).await?;
    if held.priority == priority {
        return Ok(held);
    }
    held.priority = priority;
    let payload = json!({ "fields": ["priority"], "priority": priority });
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.updated", actor, payload)]).await
}

/// Changes the subject; an empty one removes it.
///
/// # Errors
/// It is not there, or the subject is too long.
pub async fn set_subject(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    id: ConversationId,
    actor: Actor,
    subject: Option<String>,
) -> Result<Conversation> {
    let subject = checked_subject(subject)?;
    let mut held = lock(tx, workspace, id).await?;
    if held.subject == subject {
        return Ok(held);
    }
    held.subject = subject;
    search::index_subject(tx, workspace, id, held.subject.as_deref(), held.locale, held.created_at).await?;
    finish(tx, environment, workspace, held, vec![NewEvent::new("conversation.updated", actor, json!({ "fields": ["subject"] }))]).await
}

/// A subject of one line, or none.
pub(super) fn checked_subject(subject: Option<String>) -> Result<Option<String>> {
    let Some(subject) = subject.map(|subject| subject.trim().to_owned()).filter(|subject| !subject.is_empty()) else { return Ok(None) };
    let mut errors = ennakoi_kernel::FieldErrors::default();
    errors.line("subject", &subject, limits::LINE_CHARACTERS);
    errors.finish()?;
    Ok(Some(subject))
}
