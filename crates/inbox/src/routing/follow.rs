//! When routing runs: after whatever may have changed who waits or who has room.

use std::{collections::BTreeSet, sync::Arc};

use ennakoi_kernel::{
    Duration, Environment,
    ids::{ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_people::staff::{self, StaffMember};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    timeline::{Actor, Event},
    timers::{self, Timer, TimerKind},
};
use serde_json::json;

use super::{Candidate, Decision, Need, Opening, Outcome, choose, record, store};
use crate::{
    calendars::{self, OpenState},
    conversations::{self, Assignment, Conversation, HandOver, Owner, Reason},
    queues::{self, Queue},
};

const KINDS: &[&str] = &[
    "conversation.opened",
    "conversation.handed_over",
    "conversation.assigned",
    "conversation.closed",
    "conversation.reopened",
    "conversation.snoozed",
    "conversation.woke",
    "conversation.updated",
    "staff.availability_changed",
    "staff.updated",
    "staff.joined",
    "staff.left",
    "queue.created",
    "queue.updated",
    "queue.removed",
    "calendar.updated",
];
const TIMER: &str = "inbox.route";
/// Conversations of one queue that one run looks at.
const LINE: i64 = 100;
/// While somebody waits only because everybody is full, routing looks again this often: attention ends by itself.
const LOOK_AGAIN: Duration = Duration::minutes(1);
/// Conversations of one who left, or of a removed queue, that one run moves.
const MOVED: i64 = 200;

pub(crate) fn follower() -> Follower {
    Follower { name: "inbox.routing", kinds: KINDS, handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

pub(crate) fn timer() -> TimerKind {
    TimerKind { kind: TIMER, handle: Arc::new(|tx, environment, timer| Box::pin(on_timer(tx, environment, timer))) }
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.begin().await?;
    for event in &batch.events {
        match event.kind.as_str() {
            "staff.left" => give_away(&mut tx, &batch.environment, batch.workspace, event).await?,
            "queue.removed" => move_line(&mut tx, &batch.environment, batch.workspace, event).await?,
            _ => {}
        }
    }
    let fresh = batch.events.iter().filter(|event| event.kind.starts_with("conversation.")).filter_map(|event| event.conversation).collect();
    route(&mut tx, &batch.environment, batch.workspace, &fresh).await?;
    batch.commit(tx).await
}

async fn on_timer(tx: &mut Tx, environment: &Environment, timer: &Timer) -> Result<()> {
    route(tx, environment, timer.workspace, &BTreeSet::new()).await
}

/// What everybody who serves looks like while one run decides.
struct Desk {
    members: Vec<StaffMember>,
    candidates: Vec<Candidate>,
}

impl Desk {
    async fn load(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId) -> Result<Self> {
        let now = environment.now();
        let mut members = staff::members(tx, workspace).await?;
        members.retain(|member| member.role.may(ennakoi_kernel::access::Permission::ConversationsWrite));
        let loads = store::loads(tx, workspace, now).await?;
        let turns = store::turns(tx, workspace, now).await?;
        let candidates = members
            .iter()
            .map(|member| Candidate {
                staff_id: member.id,
                name: member.name.clone(),
                availability: member.availability,
                capacity: member.capacity,
                load: loads.get(&member.id).copied().unwrap_or(0),
                skills: member.skills.clone(),
                languages: member.languages.clone(),
                last_assigned_at: turns.get(&member.id).copied(),
            })
            .collect();
        Ok(Self { members, candidates })
    }

    /// Those who serve the queue; a queue without members is served by everybody.
    fn of(&self, queue: &Queue) -> Vec<Candidate> {
        self.candidates.iter().filter(|candidate| queue.members.is_empty() || queue.members.contains(&candidate.staff_id)).cloned().collect()
    }

    fn took(&mut self, agent: StaffId, environment: &Environment) {
        for candidate in self.candidates.iter_mut().filter(|candidate| candidate.staff_id == agent) {
            candidate.load += 1;
            candidate.last_assigned_at = Some(environment.now());
        }
    }
}

/// Gives those who wait to those who have room. `fresh` are the conversations whose wait began or changed just now: for them it is
/// stored why nobody took them.
///
/// # Errors
/// The database refuses.
pub async fn route(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, fresh: &BTreeSet<ConversationId>) -> Result<()> {
    if !store::anybody_waits(tx, workspace).await? {
        return Ok(());
    }
    store::hold(tx, workspace).await?;
    let queues = queues::list(tx, workspace).await?;
    let ids: Vec<QueueId> = queues.iter().map(|queue| queue.id).collect();
    let waiting = store::queues_with_a_line(tx, workspace, &ids).await?;
    let mut desk = Desk::load(tx, environment, workspace).await?;
    let mut look_again = false;
    for queue in queues.iter().filter(|queue| waiting.contains(&queue.id)) {
        let state = calendars::open_state_of_queue(tx, workspace, Some(queue.id), environment.now()).await?;
        if state.open {
            look_again |= serve(tx, environment, workspace, queue, &mut desk, fresh).await?;
        } else {
            wait_for_opening(tx, environment, workspace, queue, state, fresh).await?;
        }
    }
    if look_again {
        let due = environment.now() + LOOK_AGAIN;
        timers::set(tx, workspace, TIMER, TIMER, due, json!(Opening { queue: None })).await?;
    }
    Ok(())
}

/// Serves one open queue; returns whether somebody waits who may be served when attention ends.
async fn serve(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    queue: &Queue,
    desk: &mut Desk,
    fresh: &BTreeSet<ConversationId>,
) -> Result<bool> {
    let mut somebody_full = false;
    for id in store::line(tx, workspace, queue.id, LINE).await? {
        let candidates = desk.of(queue);
        let has_room = candidates.iter().any(|candidate| candidate.availability == staff::Availability::Online && candidate.load < candidate.capacity);
        if !has_room && !fresh.contains(&id) {
            somebody_full |= candidates.iter().any(|candidate| candidate.availability == staff::Availability::Online);
            continue;
        }
        let conversation = conversations::lock(tx, workspace, id).await?;
        // Somebody may have claimed it since the line was read.
        if conversation.owner != Owner::Queue(queue.id) || !conversation.state.active() {
            continue;
        }
        let need = Need {
            skills: queue.skills.clone(),
            locale: conversation.locale,
            usual: match conversation.contact {
                Some(contact) => store::usual_agent(tx, workspace, contact, id).await?,
                None => None,
            },
            gave_back: store::gave_back(tx, workspace, id).await?,
        };
        let outcome = choose(&need, &candidates);
        match outcome.chosen {
            Some(agent) => {
                give(tx, environment, workspace, conversation, agent, &outcome, desk).await?;
                desk.took(agent, environment);
            }
            None => {
                somebody_full |= outcome.summary == "everybody_full";
                if fresh.contains(&id) {
                    explain(tx, environment, workspace, &conversation, &outcome).await?;
                }
            }
        }
    }
    Ok(somebody_full)
}

async fn give(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    mut conversation: Conversation,
    agent: StaffId,
    outcome: &Outcome,
    desk: &Desk,
) -> Result<()> {
    conversation.owner = Owner::Agent(agent);
    let decision = Decision { summary: outcome.summary, rule: outcome.rule, agent: Some(agent), considered: &outcome.considered };
    record(tx, environment, workspace, &conversation, decision).await?;
    let member = desk.members.iter().find(|member| member.id == agent);
    conversations::owner_changed(tx, environment, workspace, conversation, Actor::System, member, "routing").await?;
    Ok(())
}

/// Stores why nobody took it, unless the same stands there already.
async fn explain(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: &Conversation, outcome: &Outcome) -> Result<()> {
    let before = super::latest(tx, workspace, conversation.id).await?;
    if before.is_some_and(|before| before.summary == outcome.summary && before.considered == outcome.considered) {
        return Ok(());
    }
    record(tx, environment, workspace, conversation, Decision { summary: outcome.summary, rule: "", agent: None, considered: &outcome.considered }).await
}

async fn wait_for_opening(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    queue: &Queue,
    state: OpenState,
    fresh: &BTreeSet<ConversationId>,
) -> Result<()> {
    if let Some(opens_at) = state.opens_at {
        timers::set(tx, workspace, &format!("{TIMER}:{}", queue.id), TIMER, opens_at, json!(Opening { queue: Some(queue.id) })).await?;
    }
    let closed = Outcome { chosen: None, summary: "closed", rule: "", considered: Vec::new() };
    for id in fresh {
        let conversation = conversations::load(tx, workspace, *id).await?;
        if conversation.owner == Owner::Queue(queue.id) && conversation.state.active() {
            explain(tx, environment, workspace, &conversation, &closed).await?;
        }
    }
    Ok(())
}

/// What one who left had goes back to its queues.
async fn give_away(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, event: &Event) -> Result<()> {
    let Ok(agent) = serde_json::from_value::<StaffId>(event.payload["staff"].clone()) else { return Ok(()) };
    loop {
        let ids = store::of_agent(tx, workspace, agent, MOVED).await?;
        for id in &ids {
            let conversation = conversations::load(tx, workspace, *id).await?;
            let queue = queues::destination(tx, workspace, None, conversation.channel).await?;
            conversations::assign(tx, environment, workspace, *id, Actor::System, Assignment { agent: None, queue: conversation.queue.or(queue) }).await?;
        }
        if (ids.len() as i64) < MOVED {
            return Ok(());
        }
    }
}

/// What waits in a removed queue moves to the one that is named.
async fn move_line(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, event: &Event) -> Result<()> {
    let queue = |key: &str| serde_json::from_value::<QueueId>(event.payload[key].clone()).ok();
    let (Some(from), Some(to)) = (queue("queue"), queue("moved_to")) else { return Ok(()) };
    // The named one may be gone by now as well.
    let to = queues::load(tx, workspace, to).await.ok().map(|queue| queue.id);
    loop {
        let ids = store::line(tx, workspace, from, MOVED).await?;
        for id in &ids {
            let hand_over = HandOver { actor: Actor::System, reason: Reason::BY_RULE, queue: to, note: None };
            conversations::hand_over(tx, environment, workspace, *id, hand_over).await?;
        }
        if (ids.len() as i64) < MOVED {
            return Ok(());
        }
    }
}
