//! What events do to the clocks of a conversation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{CalendarId, ClockId, ConversationId, PolicyId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    timeline::{self, Actor, Event, NewEvent},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    ClockKind, ClockOutcome, Stored,
    clock::Clock,
    policies::{self, Version},
    promises, store, timers,
    track::Track,
};
use crate::{
    conditions,
    conversations::{self, Conversation, State},
};

pub(super) const NAME: &str = "inbox.sla";
const KINDS: &[&str] = &[
    "conversation.opened",
    "conversation.handed_over",
    "conversation.assigned",
    "conversation.closed",
    "conversation.reopened",
    "conversation.snoozed",
    "conversation.woke",
    "conversation.updated",
    "conversation.labelled",
    "message.added",
    "promise.made",
    "promise.kept",
    "promise.withdrawn",
    "calendar.updated",
];
/// Clocks of a policy whose hours changed that are looked at in one piece.
const PIECE: i64 = 200;

pub(crate) fn follower() -> Follower {
    Follower { name: NAME, kinds: KINDS, handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.begin().await?;
    let mut desk = Desk {
        environment: batch.environment.clone(),
        workspace: batch.workspace,
        policies: policies::in_force(&mut tx, batch.workspace).await?,
        events: Vec::new(),
    };
    for run in batch.events.chunk_by(|_, next| next.kind != "calendar.updated") {
        if let Some(changed) = run.first().filter(|event| event.kind == "calendar.updated") {
            desk.hours_changed(&mut tx, changed).await?;
        }
        desk.follow(&mut tx, run).await?;
    }
    // At the end, because it holds the timeline: nobody who holds a conversation may wait for it meanwhile.
    if !desk.events.is_empty() {
        timeline::append(&mut tx, &batch.environment, batch.workspace, std::mem::take(&mut desk.events)).await?;
    }
    batch.commit(tx).await
}

/// A conversation at hand.
struct Case {
    conversation: Conversation,
    track: Track,
    track_before: Option<Track>,
    open: Vec<Stored>,
    /// Those that ended, or changed, and have to be written.
    touched: Vec<Stored>,
    events: Vec<NewEvent>,
}

impl Case {
    /// Those that are still there: some may have been erased since.
    async fn load(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<BTreeMap<ConversationId, Self>> {
        let tracks = store::tracks(tx, workspace, ids).await?;
        let mut open: BTreeMap<ConversationId, Vec<Stored>> = BTreeMap::new();
        for clock in store::open_of(tx, workspace, ids).await? {
            open.entry(clock.conversation).or_default().push(clock);
        }
        let found = conversations::several(tx, workspace, ids).await?.into_iter().map(|conversation| {
            let id = conversation.id;
            let track_before = tracks.get(&id).copied();
            let open = open.remove(&id).unwrap_or_default();
            (id, Self { conversation, track: track_before.unwrap_or_default(), track_before, open, touched: Vec::new(), events: Vec::new() })
        });
        Ok(found.collect())
    }

    fn position(&self, kind: ClockKind) -> Option<usize> {
        self.open.iter().position(|clock| clock.kind == kind)
    }
}

/// The policies that one batch applies.
struct Desk {
    environment: Environment,
    workspace: WorkspaceId,
    policies: Vec<Version>,
    events: Vec<NewEvent>,
}

impl Desk {
    /// Events between two changes of opening hours.
    async fn follow(&mut self, tx: &mut Tx, events: &[Event]) -> Result<()> {
        let ids: BTreeSet<ConversationId> = events.iter().filter_map(|event| event.conversation).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<ConversationId> = ids.into_iter().collect();
        let mut cases = Case::load(tx, self.workspace, &ids).await?;
        for event in events {
            if let Some(case) = event.conversation.and_then(|id| cases.get_mut(&id)) {
                self.take(tx, case, event).await?;
            }
        }
        for case in cases.into_values() {
            self.keep(tx, case).await?;
        }
        Ok(())
    }

    async fn take(&mut self, tx: &mut Tx, case: &mut Case, event: &Event) -> Result<()> {
        let at = event.occurred_at;
        if event.kind.starts_with("promise.") {
            return self.promised(tx, case, event).await;
        }
        let before = case.track;
        let answer = case.track.take(event);
        self.answers(tx, case, before, at, answer).await?;
        self.resolution(tx, case, before, at).await?;
        if matches!(event.kind.as_str(), "conversation.updated" | "conversation.labelled" | "conversation.assigned" | "conversation.handed_over") {
            self.choose_again(tx, case, at).await?;
        }
        Ok(())
    }

    /// First and next answers: a clock runs from the customer's wish for people to their answer.
    async fn answers(&self, tx: &mut Tx, case: &mut Case, before: Track, at: Timestamp, answer: bool) -> Result<()> {
        let track = case.track;
        let asked = track.asked_at;
        for kind in [ClockKind::FirstAnswer, ClockKind::NextAnswer] {
            let Some(index) = case.position(kind) else { continue };
            if asked.is_none() {
                self.end(tx, case, index, at, answer).await?;
            } else {
                self.run_or_stand(tx, case, index, at, track.state == State::Snoozed, false).await?;
            }
        }
        let kind = if track.answered { ClockKind::NextAnswer } else { ClockKind::FirstAnswer };
        if let Some(asked) = asked.filter(|_| before.asked_at.is_none())
            && case.position(kind).is_none()
        {
            self.begin(tx, case, kind, asked).await?;
        }
        Ok(())
    }

    /// The whole matter: from the first wish for people to the closing; a reopened one is measured anew.
    async fn resolution(&self, tx: &mut Tx, case: &mut Case, before: Track, at: Timestamp) -> Result<()> {
        let track = case.track;
        match case.position(ClockKind::Resolution) {
            Some(index) if track.state == State::Closed => self.end(tx, case, index, at, true).await,
            Some(index) => {
                let (snoozed, waiting) = (track.state == State::Snoozed, track.state == State::Waiting);
                self.run_or_stand(tx, case, index, at, snoozed, waiting).await
            }
            None => {
                if let Some(asked) = track.asked_at.filter(|_| before.asked_at.is_none()) {
                    self.begin(tx, case, ClockKind::Resolution, asked).await?;
                }
                Ok(())
            }
        }
    }

    /// Starts a clock, if a policy promises something of this kind.
    async fn begin(&self, tx: &mut Tx, case: &mut Case, kind: ClockKind, at: Timestamp) -> Result<()> {
        let Some(version) = self.policy_for(tx, case, at).await? else { return Ok(()) };
        let Some((target, warn_after)) = version.spans(kind) else { return Ok(()) };
        let clock = Clock::started(at, target, warn_after);
        let mut stored = Stored {
            id: self.environment.new_id(),
            conversation: case.conversation.id,
            kind,
            policy: Some((version.policy, version.version)),
            promise: None,
            started_at: at,
            clock,
            warn_at: None,
            due_at: None,
            warned_at: None,
            breached_at: None,
            outcome: None,
            finished_at: None,
            channel: None,
            queue: None,
            agent: None,
        };
        set_moments(&mut stored, Some(version));
        case.open.push(stored.clone());
        case.touched.push(stored);
        Ok(())
    }

    /// The policy that applies to the conversation: the first whose condition holds, among those that were there at the time.
    async fn policy_for(&self, tx: &mut Tx, case: &Case, at: Timestamp) -> Result<Option<&Version>> {
        if self.policies.is_empty() {
            return Ok(None);
        }
        let facts = conditions::look_up(tx, self.workspace, case.conversation.clone(), &std::collections::BTreeSet::new(), at).await?;
        // What happened before there was such a policy is not judged by it.
        Ok(self.policies.iter().find(|version| version.policy_since <= at && conditions::holds(&version.definition.condition, &facts)))
    }

    /// Lets a clock run or stand, as its own version says.
    async fn run_or_stand(&self, tx: &mut Tx, case: &mut Case, index: usize, at: Timestamp, snoozed: bool, waiting: bool) -> Result<()> {
        let Some(clock) = case.open.get(index).cloned() else { return Ok(()) };
        let Some(version) = self.version_of(tx, &clock).await? else { return Ok(()) };
        let pauses = version.definition.pauses;
        let stands = snoozed && pauses.snoozed || waiting && pauses.waiting;
        if stands == clock.clock.running_since.is_none() {
            return Ok(());
        }
        let mut clock = clock;
        if stands {
            self.look(case, &mut clock, at);
            clock.clock.pause(version.hours(), at);
        } else {
            clock.clock.resume(at);
        }
        set_moments(&mut clock, Some(&version));
        replace(case, index, clock);
        Ok(())
    }

    /// Ends a clock: as met or missed when what it waits for is done, as void when it will not be.
    async fn end(&self, tx: &mut Tx, case: &mut Case, index: usize, at: Timestamp, done: bool) -> Result<()> {
        let Some(mut clock) = case.open.get(index).cloned() else { return Ok(()) };
        let version = self.version_of(tx, &clock).await?;
        self.look(case, &mut clock, at);
        clock.clock.pause(version.as_ref().and_then(Version::hours), at);
        clock.outcome = Some(match (clock.breached_at.is_some(), done) {
            (true, _) => ClockOutcome::Missed,
            (false, true) => ClockOutcome::Met,
            (false, false) => ClockOutcome::Void,
        });
        clock.finished_at = Some(at);
        (clock.warn_at, clock.due_at) = (None, None);
        let it = &case.conversation;
        (clock.channel, clock.queue, clock.agent) = (Some(it.channel), it.queue, it.agent());
        replace(case, index, clock);
        Ok(())
    }

    /// Whether the moments of the clock had come by `at`; the timers tell it sooner, but a late follower must find the same.
    fn look(&self, case: &mut Case, clock: &mut Stored, at: Timestamp) {
        case.events.extend(timers::come(clock, at));
    }

    /// A label, a queue or a priority may bring another policy: clocks that run go on under it, with what they have spent.
    async fn choose_again(&self, tx: &mut Tx, case: &mut Case, at: Timestamp) -> Result<()> {
        for index in 0..case.open.len() {
            let Some(clock) = case.open.get(index).cloned().filter(|clock| clock.promise.is_none() && clock.breached_at.is_none()) else { continue };
            let Some(next) = self.policy_for(tx, case, at).await?.cloned() else { continue };
            if clock.policy.is_some_and(|(policy, _)| policy == next.policy) {
                continue;
            }
            let Some((target, warn_after)) = next.spans(clock.kind) else { continue };
            let before = self.version_of(tx, &clock).await?;
            let mut clock = clock;
            self.look(case, &mut clock, at);
            let ran = clock.clock.running_since.is_some();
            clock.clock.pause(before.as_ref().and_then(Version::hours), at);
            clock.clock.target = target;
            clock.clock.warn_after = warn_after;
            if ran {
                clock.clock.resume(at);
            }
            clock.policy = Some((next.policy, next.version));
            set_moments(&mut clock, Some(&next));
            replace(case, index, clock);
        }
        Ok(())
    }

    /// Opening hours changed: what has been counted stays, what is to come is counted by the new ones.
    async fn hours_changed(&mut self, tx: &mut Tx, event: &Event) -> Result<()> {
        let Ok(calendar) = serde_json::from_value::<CalendarId>(event.payload["calendar"].clone()) else { return Ok(()) };
        let renewed = policies::renew_hours(tx, &self.environment, self.workspace, event.actor, calendar).await?;
        for policy in renewed {
            self.count_by_new_hours(tx, policy, event.occurred_at).await?;
        }
        self.policies = policies::in_force(tx, self.workspace).await?;
        Ok(())
    }

    async fn count_by_new_hours(&mut self, tx: &mut Tx, policy: PolicyId, at: Timestamp) -> Result<()> {
        let now = policies::load(tx, self.workspace, policy).await?.version;
        let Some(next) = policies::version(tx, self.workspace, policy, now).await? else { return Ok(()) };
        let mut after = ClockId(Uuid::nil());
        loop {
            let clocks = store::open_under(tx, self.workspace, policy, after, PIECE).await?;
            let Some(last) = clocks.last() else { return Ok(()) };
            after = last.id;
            for clock in clocks {
                let Some(mut case) = Case::load(tx, self.workspace, &[clock.conversation]).await?.remove(&clock.conversation) else { continue };
                let Some(index) = case.open.iter().position(|one| one.id == clock.id) else { continue };
                let before = self.version_of(tx, &clock).await?;
                let mut clock = clock;
                self.look(&mut case, &mut clock, at);
                if clock.clock.running_since.is_some() {
                    clock.clock.pause(before.as_ref().and_then(Version::hours), at);
                    clock.clock.resume(at);
                }
                clock.policy = Some((policy, now));
                set_moments(&mut clock, Some(&next));
                replace(&mut case, index, clock);
                self.keep(tx, case).await?;
            }
        }
    }

    /// Promises run by the wall clock, to the moment that was named.
    async fn promised(&self, tx: &mut Tx, case: &mut Case, event: &Event) -> Result<()> {
        let Ok(id) = serde_json::from_value(event.payload["promise"].clone()) else { return Ok(()) };
        let Some(promise) = promises::find(tx, self.workspace, id).await? else { return Ok(()) };
        match case.open.iter().position(|clock| clock.promise == Some(id)) {
            None if event.kind == "promise.made" => {
                let mut stored = promises::clock(&promise, self.environment.new_id());
                set_moments(&mut stored, None);
                case.open.push(stored.clone());
                case.touched.push(stored);
                Ok(())
            }
            Some(index) if event.kind != "promise.made" => self.end(tx, case, index, event.occurred_at, event.kind == "promise.kept").await,
            _ => Ok(()),
        }
    }

    async fn version_of(&self, tx: &mut Tx, clock: &Stored) -> Result<Option<Version>> {
        let Some((policy, version)) = clock.policy else { return Ok(None) };
        if let Some(known) = self.policies.iter().find(|known| known.policy == policy && known.version == version) {
            return Ok(Some(known.clone()));
        }
        policies::version(tx, self.workspace, policy, version).await
    }

    /// Writes what has changed, sets the timers, and tells the lists.
    async fn keep(&mut self, tx: &mut Tx, mut case: Case) -> Result<()> {
        let id = case.conversation.id;
        if case.track_before != Some(case.track) {
            store::keep_track(tx, self.workspace, id, case.track).await?;
        }
        if case.touched.is_empty() && case.events.is_empty() {
            return Ok(());
        }
        // A clock may have been touched more than once; the last word counts.
        let last: BTreeMap<ClockId, Stored> = std::mem::take(&mut case.touched).into_iter().map(|clock| (clock.id, clock)).collect();
        for clock in last.values() {
            store::keep(tx, self.workspace, clock).await?;
            timers::set(tx, self.workspace, clock).await?;
        }
        case.open.retain(|clock| clock.outcome.is_none());
        let changed = store::show(tx, self.workspace, id, &case.open).await?;
        if changed {
            case.events.push(NewEvent::new("sla.changed", Actor::System, json!({})));
        }
        let contact = case.conversation.contact;
        self.events.extend(case.events.into_iter().map(|event| event.contact(contact).conversation(id)));
        Ok(())
    }
}

/// When the clock warns and is due, as things stand.
fn set_moments(clock: &mut Stored, version: Option<&Version>) {
    let hours = version.and_then(Version::hours);
    clock.warn_at = clock.clock.warning(hours);
    clock.due_at = clock.clock.due(hours);
}

fn replace(case: &mut Case, index: usize, clock: Stored) {
    case.touched.push(clock.clone());
    if let Some(place) = case.open.get_mut(index) {
        *place = clock;
    }
    // An ended clock must not be taken for an open one by what follows in the same batch.
    case.open.retain(|clock| clock.outcome.is_none());
}
