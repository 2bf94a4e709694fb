//! Splitting: messages about another matter go on in a conversation of their own, as copies; the originals stay and say where to.

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ConversationId, LinkId, MessageId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{
    links::{self, LinkKind},
    merge,
};
use crate::{
    conversations::{self, Conversation, NewConversation, Owner, lock, save, touch},
    messages::{self, AuthorKind, Direction, Message, Moved},
    queues,
};

/// Messages of one split.
pub const MOST: usize = 200;

/// Opens a conversation with copies of these messages, on the same channel, with whoever wrote the first of them.
///
/// # Errors
/// A message is not of this conversation, is no text, or was split off before; the subject is too long.
pub async fn split(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ConversationId,
    chosen: &[MessageId],
    subject: Option<String>,
) -> Result<(LinkId, ConversationId)> {
    if chosen.is_empty() || chosen.len() > MOST {
        return Err(Problem::field("message_ids", "out_of_range", format!("1 to {MOST} messages")).into());
    }
    let mut origin = lock(tx, workspace, id).await?;
    let found = messages::by_ids(tx, workspace, chosen).await?;
    for (at, wanted) in chosen.iter().enumerate() {
        let fits = |message: &&Message| message.id == *wanted && message.conversation_id == id && message.can_be_split();
        if !found.iter().any(|message| fits(&message)) {
            return Err(Problem::field(format!("message_ids[{at}]"), "unknown", "no text of this conversation that can be split off").into());
        }
    }
    let mut begun = begin(tx, environment, workspace, actor, &origin, &found, subject).await?;
    let copies = messages::copy(tx, environment, workspace, &mut begun, &found).await?;
    settle(&mut begun, &origin, &found);
    merge::note(tx, environment, workspace, &mut begun, actor, "split_from", &origin).await?;
    merge::note(tx, environment, workspace, &mut origin, actor, "split", &begun).await?;
    save(tx, workspace, &mut begun, environment.now()).await?;
    touch(tx, workspace, &mut origin).await?;
    let moved = Moved { conversation: begun.id, number: begun.number };
    messages::mark_moved(tx, workspace, chosen, Some(moved)).await?;
    let detail = json!({ "messages": chosen, "copies": copies });
    let link = links::insert(tx, environment, workspace, actor, LinkKind::Split, (id, begun.id), detail).await?;
    let link = link.ok_or_else(|| Problem::conflict("already_split", "it was split off before"))?;
    let mut events: Vec<NewEvent> = chosen.iter().map(|message| NewEvent::new("message.moved", actor, json!({ "message": message, "to": begun.id }))).collect();
    events.push(NewEvent::new("conversation.split", actor, json!({ "link": link, "into": begun.id, "number": begun.number })));
    let mut events: Vec<NewEvent> = events.into_iter().map(|event| event.contact(origin.contact).conversation(id)).collect();
    let told = copies.iter().map(|copy| NewEvent::new("message.copied", actor, json!({ "message": copy })).contact(begun.contact).conversation(begun.id));
    events.extend(told);
    timeline::append(tx, environment, workspace, events).await?;
    Ok((link, begun.id))
}

async fn begin(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    origin: &Conversation,
    chosen: &[Message],
    subject: Option<String>,
) -> Result<Conversation> {
    let author = chosen.iter().find(|message| message.direction == Direction::In).map(|message| message.actor.0);
    let contact = match author {
        Some(Actor::Contact(contact)) => Some(contact),
        _ => origin.contact,
    };
    let owner = match origin.owner {
        // The person who splits it knows what it is about.
        Owner::Bot | Owner::Nobody => match actor {
            Actor::Staff(staff) => Owner::Agent(staff),
            _ => queues::destination(tx, workspace, None, origin.channel).await?.map_or(Owner::Nobody, Owner::Queue),
        },
        owner => owner,
    };
    let visitor = origin.visitor.filter(|_| contact == origin.contact);
    let subject = subject.or_else(|| origin.subject.clone());
    let new = NewConversation { channel: origin.channel, contact, visitor, subject, locale: origin.locale, owner };
    conversations::open_as(tx, environment, workspace, actor, new).await
}

/// Whose turn it is in the new one: the customer waits when they spoke last.
fn settle(begun: &mut Conversation, origin: &Conversation, chosen: &[Message]) {
    begun.priority = origin.priority;
    let first_unanswered = chosen.iter().rev().take_while(|message| message.author.kind == AuthorKind::Contact).last();
    begun.waiting_since = first_unanswered.map(|message| message.created_at);
    begun.state = if first_unanswered.is_some() { conversations::State::Open } else { conversations::State::Waiting };
}

/// Undoes a split: the originals stand as before, and the conversation that was split off is merged back, with whatever was said in it
/// meanwhile.
///
/// # Errors
/// There is no such split of this conversation, or the other has been merged elsewhere.
pub async fn undo_split(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    conversation: ConversationId,
    id: LinkId,
) -> Result<LinkId> {
    let link = links::find(tx, workspace, id).await?.filter(|link| link.kind == LinkKind::Split && (link.from == conversation || link.to == conversation));
    let link = link.filter(|link| link.undone_at.is_none()).ok_or_else(|| Problem::not_found("the split"))?;
    if !links::undo(tx, workspace, id, environment.now()).await? {
        return Err(Problem::not_found("the split").into());
    }
    let moved: Vec<MessageId> = serde_json::from_value(link.detail["messages"].clone())?;
    let merged = merge::merge(tx, environment, workspace, actor, link.from, link.to).await?;
    messages::mark_moved(tx, workspace, &moved, None).await?;
    let origin = conversations::load(tx, workspace, link.from).await?;
    let mut events: Vec<NewEvent> = moved.iter().map(|message| NewEvent::new("message.moved", actor, json!({ "message": message, "to": null }))).collect();
    events.push(NewEvent::new("conversation.split_undone", actor, json!({ "link": id, "into": link.to })));
    let events = events.into_iter().map(|event| event.contact(origin.contact).conversation(link.from)).collect();
    timeline::append(tx, environment, workspace, events).await?;
    Ok(merged)
}
