//! Merging: what comes for the one goes to the other, until it is undone.

use std::collections::BTreeSet;

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ConversationId, LabelId, LinkId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::links::{self, Link, LinkKind};
use crate::{
    conversations::{self, Conversation, Snapshot, State, lock, revive, save, timers},
    labels,
    messages::{self, Direction, Kind, Meta, NewMessage, Visibility},
    scheduled,
};

/// Conversations that may be merged into one, directly.
const MERGED_MAX: usize = 50;

/// What undoing needs: how both were, and what the merge made of the one that stays.
#[derive(Debug, Serialize, Deserialize)]
struct Detail {
    loser_before: Snapshot,
    winner_before: Snapshot,
    winner_after: Snapshot,
    labels: Vec<LabelId>,
    /// Whether the one that stays had no contact before.
    contact_given: bool,
}

/// Merges `loser` into `winner`: it is closed, and everything that comes for it from now on goes to the other. Messages stay where
/// they are.
///
/// # Errors
/// They are the same, one of them was merged already, or there are too many.
pub async fn merge(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    winner: ConversationId,
    loser: ConversationId,
) -> Result<LinkId> {
    if winner == loser {
        return Err(Problem::field("conversation_id", "same_conversation", "a conversation cannot be merged with itself").into());
    }
    conversations::load(tx, workspace, winner).await?;
    // In the order in which a message follows the merge, so that the two cannot wait for each other.
    let mut given = lock(tx, workspace, loser).await.map_err(|_| Problem::field("conversation_id", "unknown", "no conversation of this workspace"))?;
    let mut kept = lock(tx, workspace, winner).await?;
    for id in [loser, winner] {
        if links::next(tx, workspace, id).await?.is_some_and(|link| link.kind == LinkKind::Merged) {
            return Err(Problem::conflict("already_merged", "one of the conversations was merged before").into());
        }
    }
    if links::merged_into(tx, workspace, winner).await?.len() >= MERGED_MAX {
        return Err(Problem::conflict("too_many_merged", format!("at most {MERGED_MAX} conversations can be one")).into());
    }
    let now = environment.now();
    let (loser_before, winner_before) = (Snapshot::of(&given), Snapshot::of(&kept));
    let contact_given = kept.contact.is_none() && given.contact.is_some();
    take_over(tx, workspace, &mut kept, &given).await?;
    shut(tx, workspace, &mut given, now).await?;
    note(tx, environment, workspace, &mut kept, actor, "merged", &given).await?;
    note(tx, environment, workspace, &mut given, actor, "merged_into", &kept).await?;
    save(tx, workspace, &mut kept, now).await?;
    save(tx, workspace, &mut given, now).await?;
    scheduled::merged(tx, environment, workspace, loser, winner).await?;
    let labels = share_labels(tx, environment, workspace, actor, winner, loser).await?;
    let revived = winner_before.is_closed() && kept.state != State::Closed;
    let detail = Detail { loser_before, winner_before, winner_after: Snapshot::of(&kept), labels, contact_given };
    let link = links::insert(tx, environment, workspace, actor, LinkKind::Merged, (loser, winner), serde_json::to_value(detail)?).await?;
    let link = link.ok_or_else(|| Problem::conflict("already_merged", "one of the conversations was merged before"))?;
    let mut told = vec![
        ("conversation.merged", &kept, json!({ "link": link, "from": loser, "number": given.number })),
        ("conversation.closed", &given, json!({ "owner": given.owner.kind(), "agent": given.agent(), "queue": given.queue, "by": "merge", "into": winner })),
    ];
    if revived {
        told.push(("conversation.reopened", &kept, json!({ "by": "merge" })));
    }
    tell(tx, environment, workspace, actor, told).await?;
    Ok(link)
}

async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, told: Vec<(&'static str, &Conversation, Value)>) -> Result<()> {
    let events = told.into_iter().map(|(kind, about, payload)| NewEvent::new(kind, actor, payload).contact(about.contact).conversation(about.id));
    timeline::append(tx, environment, workspace, events.collect()).await?;
    Ok(())
}

/// Whoever waited in the one waits in the other.
async fn take_over(tx: &mut Tx, workspace: WorkspaceId, kept: &mut Conversation, given: &Conversation) -> Result<()> {
    kept.contact = kept.contact.or(given.contact);
    kept.priority = kept.priority.min(given.priority);
    if given.state != State::Open {
        return Ok(());
    }
    match kept.state {
        State::Closed => revive(kept),
        State::Snoozed => timers::forget(tx, workspace, kept.id).await?,
        State::Open | State::Waiting => {}
    }
    kept.state = State::Open;
    kept.snoozed_until = None;
    kept.waiting_since = match (kept.waiting_since, given.waiting_since) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Ok(())
}

async fn shut(tx: &mut Tx, workspace: WorkspaceId, given: &mut Conversation, now: Timestamp) -> Result<()> {
    if given.state == State::Snoozed {
        timers::forget(tx, workspace, given.id).await?;
    }
    if given.state != State::Closed {
        given.closed_at = Some(now);
    }
    given.state = State::Closed;
    given.waiting_since = None;
    given.snoozed_until = None;
    Ok(())
}

/// A note for staff in the thread. The caller saves the conversation.
pub(super) async fn note(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    held: &mut Conversation,
    actor: Actor,
    code: &'static str,
    other: &Conversation,
) -> Result<()> {
    let new = NewMessage {
        kind: Kind::Event,
        visibility: Visibility::Private,
        meta: Meta { event: Some(code.to_owned()), data: Some(json!({ "conversation": other.id, "number": other.number })), ..Meta::default() },
        ..NewMessage::text(actor, Direction::Out, "")
    };
    let event = messages::append(tx, environment, workspace, held, new).await?.1;
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}

/// Labels that the other one lacks are put on it too.
async fn share_labels(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    winner: ConversationId,
    loser: ConversationId,
) -> Result<Vec<LabelId>> {
    let mut shared = Vec::new();
    let there: BTreeSet<LabelId> = labels::of(tx, workspace, winner).await?.into_iter().collect();
    for label in labels::of(tx, workspace, loser).await? {
        if there.contains(&label) {
            continue;
        }
        match labels::put(tx, environment, workspace, winner, label, actor).await {
            Ok(true) => shared.push(label),
            Ok(false) => {}
            // It carries as many as it can.
            Err(ennakoi_store::Error::Problem(_)) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(shared)
}

/// Undoes a merge: the one that was merged is as it was before; what the merge changed in the other goes back where nobody has changed
/// it since. What came meanwhile stays where it came.
///
/// # Errors
/// There is no such merge of this conversation, or it was undone before.
pub async fn undo_merge(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, conversation: ConversationId, id: LinkId) -> Result<()> {
    let link = links::find(tx, workspace, id).await?.filter(|link| link.kind == LinkKind::Merged && (link.from == conversation || link.to == conversation));
    let link = link.filter(|link| link.undone_at.is_none()).ok_or_else(|| Problem::not_found("the merge"))?;
    let mut given = lock(tx, workspace, link.from).await?;
    let mut kept = lock(tx, workspace, link.to).await?;
    let now = environment.now();
    if !links::undo(tx, workspace, id, now).await? {
        return Err(Problem::not_found("the merge").into());
    }
    let detail: Detail = serde_json::from_value(link.detail)?;
    detail.loser_before.restore(&mut given);
    let wakes = detail.loser_before.wakes_at().filter(|until| *until > now);
    timers::wake_at(tx, workspace, given.id, wakes).await?;
    if Snapshot::of(&kept) == detail.winner_after {
        detail.winner_before.restore(&mut kept);
        timers::wake_at(tx, workspace, kept.id, detail.winner_before.wakes_at().filter(|until| *until > now)).await?;
    }
    if detail.contact_given && kept.contact == given.contact {
        kept.contact = None;
    }
    note(tx, environment, workspace, &mut kept, actor, "merge_undone", &given).await?;
    note(tx, environment, workspace, &mut given, actor, "merge_undone", &kept).await?;
    save(tx, workspace, &mut kept, now).await?;
    save(tx, workspace, &mut given, now).await?;
    for label in detail.labels {
        labels::take_off(tx, environment, workspace, link.to, label, actor).await?;
    }
    let payload = json!({ "link": id, "from": link.from, "into": link.to });
    let mut told = vec![("conversation.merge_undone", &kept, payload.clone()), ("conversation.merge_undone", &given, payload)];
    if given.state != State::Closed {
        let stands = json!({ "by": "undo", "until": given.snoozed_until, "state": given.state, "waiting_since": given.waiting_since });
        told.push(("conversation.reopened", &given, stands));
    }
    if kept.state == State::Closed {
        told.push(("conversation.closed", &kept, json!({ "by": "undo", "owner": kept.owner.kind(), "agent": kept.agent(), "queue": kept.queue })));
    }
    tell(tx, environment, workspace, actor, told).await
}

/// Whether a conversation is merged into another.
pub(super) async fn is_merged(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<Option<Link>> {
    Ok(links::next(tx, workspace, id).await?.filter(|link| link.kind == LinkKind::Merged))
}
