//! The moment of an answer.

use std::sync::Arc;

use ennakoi_kernel::{
    Duration, Environment, Problem,
    ids::{ConversationId, ScheduledAnswerId, WorkspaceId},
};
use ennakoi_people::staff;
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor},
    timers::{self, Timer, TimerKind},
};
use serde_json::json;

use super::{Held, Stored, forget, hold, store};
use crate::{
    attachments, cases,
    conversations::{self, State},
    messages::{self, Direction, Message, Meta, NewMessage, Scheduled},
};

const KIND: &str = "inbox.answer";
/// An answer whose moment passed longer ago than this, because nothing ran, waits for somebody's decision.
const PATIENCE: Duration = Duration::hours(12);

pub(crate) fn kind() -> TimerKind {
    TimerKind { kind: KIND, handle: Arc::new(|tx, environment, timer| Box::pin(fire(tx, environment, timer))) }
}

pub(super) fn key(id: ScheduledAnswerId) -> String {
    format!("{KIND}:{id}")
}

/// Sets the timer of an answer that leaves by itself, and takes it away from one that does not.
pub(super) async fn set(tx: &mut Tx, workspace: WorkspaceId, answer: &Stored) -> Result<()> {
    if answer.held.is_some() {
        return timers::clear(tx, workspace, &key(answer.id)).await;
    }
    let payload = json!({ "answer": answer.id, "conversation": answer.conversation });
    timers::set(tx, workspace, &key(answer.id), KIND, answer.send_at, payload).await
}

async fn fire(tx: &mut Tx, environment: &Environment, timer: &Timer) -> Result<()> {
    let workspace = timer.workspace;
    let id: ScheduledAnswerId = serde_json::from_value(timer.payload["answer"].clone())?;
    let conversation: ConversationId = serde_json::from_value(timer.payload["conversation"].clone())?;
    if conversations::find(tx, workspace, conversation).await?.is_none() {
        return store::remove(tx, workspace, id).await;
    }
    let held = conversations::lock(tx, workspace, conversation).await?;
    let Some(answer) = store::find(tx, workspace, id).await?.filter(|answer| answer.held.is_none() && answer.send_at <= environment.now()) else {
        return Ok(());
    };
    let contact = held.contact;
    let live = cases::live(tx, workspace, held, false, environment.now()).await?.conversation;
    let obstacle = if live.state == State::Closed {
        Some(Held::ConversationClosed)
    } else if answer.send_at + PATIENCE < environment.now() {
        Some(Held::TooLate)
    } else if staff::member(tx, workspace, answer.author).await?.is_none() {
        Some(Held::AuthorGone)
    } else if !files_are_there(tx, workspace, &answer).await? {
        Some(Held::FileGone)
    } else {
        None
    };
    match obstacle {
        Some(reason) => {
            let event = hold(tx, workspace, answer, reason).await?.contact(contact).conversation(conversation);
            timeline::append(tx, environment, workspace, vec![event]).await?;
        }
        None => {
            send(tx, environment, workspace, answer).await?;
        }
    }
    Ok(())
}

async fn files_are_there(tx: &mut Tx, workspace: WorkspaceId, answer: &Stored) -> Result<bool> {
    let there = attachments::unsent(tx, workspace, Actor::Staff(answer.author), &answer.content.attachment_ids).await?;
    Ok(there.len() == answer.content.attachment_ids.len())
}

/// The answer becomes a message. From here on it goes the way of every other: undo time, outbox, delivery.
pub(super) async fn send(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, answer: Stored) -> Result<Message> {
    if !files_are_there(tx, workspace, &answer).await? {
        return Err(Problem::conflict("file_gone", "one of its files is not there any more").into());
    }
    forget(tx, workspace, &answer).await?;
    let author = Actor::Staff(answer.author);
    let scheduled = Scheduled { written_at: answer.created_at, for_at: answer.send_at };
    let content = answer.content;
    let new = NewMessage {
        format: content.format,
        client_key: Some(answer.client_key),
        attachments: content.attachment_ids,
        meta: Meta { addressing: content.addressing, scheduled: Some(scheduled), ..Meta::default() },
        ..NewMessage::text(author, Direction::Out, content.body)
    };
    let added = messages::add(tx, environment, workspace, answer.conversation, new).await?;
    if content.close && added.fresh {
        conversations::close(tx, environment, workspace, added.message.conversation_id, author).await?;
    }
    Ok(added.message)
}
