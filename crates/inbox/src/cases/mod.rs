//! Cases: conversations that are one matter, were two matters, or have to do with each other.
//!
//! Invariants: nothing moves and nothing is deleted, so that every step can be undone; a conversation that was merged is closed and
//! stays so until the merge is undone, and what comes for it goes to the one it was merged into; a customer who answers a long closed
//! conversation several times opens one new one.

pub(crate) mod api;
mod links;
mod merge;
mod split;

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ConversationId, LinkId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

pub use links::LinkKind;
pub use merge::{merge, undo_merge};
pub use split::{split, undo_split};

use crate::conversations::{self, Conversation, State, lock};

/// Steps that are followed from a conversation to the one in which it goes on.
const STEPS: usize = 20;

/// Where a message belongs.
pub(crate) struct Live {
    /// Held.
    pub(crate) conversation: Conversation,
    /// Whether a message of the customer begins a new conversation after this one.
    pub(crate) ends_here: bool,
}

fn is_long_closed(conversation: &Conversation, now: Timestamp) -> bool {
    conversation.state == State::Closed && conversation.closed_at.is_some_and(|at| at + crate::messages::CONTINUED_WITHIN < now)
}

/// The conversation in which a held one goes on, held as well: the one it was merged into, and for the customer's messages the one
/// that was begun after it had been closed for long. Itself, when it goes on in none.
///
/// Somebody at the chat sees only the chat: what they write after their talk was merged into one of another channel begins a new talk.
pub(crate) async fn live(tx: &mut Tx, workspace: WorkspaceId, held: Conversation, from_customer: bool, now: Timestamp) -> Result<Live> {
    let mut at = held;
    for _ in 0..STEPS {
        if at.state != State::Closed {
            break;
        }
        let onward = links::onward(tx, workspace, at.id).await?;
        let mut ends_here = is_long_closed(&at, now);
        if let Some(link) = onward.iter().find(|link| link.kind == LinkKind::Merged) {
            let target = lock(tx, workspace, link.to).await?;
            if !(from_customer && at.visitor.is_some() && target.channel != at.channel) {
                at = target;
                continue;
            }
            ends_here = true;
        }
        match onward.iter().find(|link| link.kind == LinkKind::Continued) {
            Some(link) if from_customer && ends_here => at = lock(tx, workspace, link.to).await?,
            _ => return Ok(Live { conversation: at, ends_here }),
        }
    }
    Ok(Live { conversation: at, ends_here: false })
}

/// Notes that a conversation has gone on in another.
pub(crate) async fn continued(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    from: ConversationId,
    to: ConversationId,
    actor: Actor,
) -> Result<()> {
    links::insert(tx, environment, workspace, actor, LinkKind::Continued, (from, to), json!({})).await?;
    Ok(())
}

/// # Errors
/// It is merged into another one, which a person must undo first.
pub(crate) async fn refuse_merged(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<()> {
    match merge::is_merged(tx, workspace, id).await? {
        Some(_) => Err(Problem::conflict("conversation_merged", "undo the merge first").into()),
        None => Ok(()),
    }
}

/// Says that two conversations have to do with each other. Saying it again gives the same link.
///
/// # Errors
/// They are the same, or one of them is not there.
pub async fn relate(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    one: ConversationId,
    other: ConversationId,
) -> Result<LinkId> {
    if one == other {
        return Err(Problem::field("conversation_id", "same_conversation", "a conversation is not related to itself").into());
    }
    let held = conversations::load(tx, workspace, one).await?;
    conversations::load(tx, workspace, other).await.map_err(|_| Problem::field("conversation_id", "unknown", "no conversation of this workspace"))?;
    // It has no direction: the smaller id stands first.
    let pair = (one.min(other), one.max(other));
    if let Some(link) = links::insert(tx, environment, workspace, actor, LinkKind::Related, pair, json!({})).await? {
        let event = NewEvent::new("conversation.related", actor, json!({ "link": link, "other": other }));
        timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(one)]).await?;
        return Ok(link);
    }
    let known = links::of(tx, workspace, one).await?.into_iter().find(|link| link.kind == LinkKind::Related && (link.from, link.to) == pair);
    known.map(|link| link.id).ok_or_else(|| Problem::not_found("the relation").into())
}

/// Takes a relation back.
///
/// # Errors
/// There is none by this id.
pub async fn unrelate(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, conversation: ConversationId, id: LinkId) -> Result<()> {
    let missing = || Problem::not_found("the relation");
    let link = links::find(tx, workspace, id).await?.filter(|link| link.kind == LinkKind::Related && (link.from == conversation || link.to == conversation));
    let link = link.ok_or_else(missing)?;
    if !links::undo(tx, workspace, link.id, environment.now()).await? {
        return Err(missing().into());
    }
    let held = conversations::load(tx, workspace, conversation).await?;
    let event = NewEvent::new("conversation.unrelated", actor, json!({ "link": id }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(conversation)]).await?;
    Ok(())
}
