//! From events to facts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use ennakoi_kernel::{
    Duration, Environment, Timestamp,
    ids::{ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    timeline::{Actor, Event},
};

use super::{
    Measure,
    store::{self, Fact},
};
use crate::{
    calendars::{self, Hours},
    conversations::{self, Conversation, State},
    queues,
    sla::{business, track::Track},
};

const KINDS: &[&str] = &[
    "conversation.opened",
    "conversation.handed_over",
    "conversation.assigned",
    "conversation.closed",
    "conversation.reopened",
    "conversation.snoozed",
    "conversation.woke",
    "message.added",
];

pub(crate) fn follower() -> Follower {
    Follower { name: "inbox.reports", kinds: KINDS, handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

/// A conversation at hand.
struct Case {
    conversation: Conversation,
    track: Track,
    /// Since when its matter runs: from the wish for people to the closing.
    begun_at: Option<Timestamp>,
    before: Option<store::Standing>,
}

struct Desk {
    environment: Environment,
    workspace: WorkspaceId,
    hours: HashMap<Option<QueueId>, Option<Arc<Hours>>>,
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.begin().await?;
    let mut desk = Desk { environment: batch.environment.clone(), workspace: batch.workspace, hours: HashMap::new() };
    let ids: BTreeSet<ConversationId> = batch.events.iter().filter_map(|event| event.conversation).collect();
    let ids: Vec<ConversationId> = ids.into_iter().collect();
    let tracks = store::tracks(&mut tx, batch.workspace, &ids).await?;
    let found = conversations::several(&mut tx, batch.workspace, &ids).await?.into_iter().map(|conversation| {
        let before = tracks.get(&conversation.id).copied();
        let (track, begun_at) = before.unwrap_or_default();
        (conversation.id, Case { conversation, track, begun_at, before })
    });
    let mut cases: BTreeMap<ConversationId, Case> = found.collect();
    for event in &batch.events {
        if let Some(case) = event.conversation.and_then(|id| cases.get_mut(&id)) {
            desk.take(&mut tx, case, event).await?;
        }
    }
    for (id, case) in cases {
        if case.before != Some((case.track, case.begun_at)) {
            store::keep_track(&mut tx, batch.workspace, id, case.track, case.begun_at).await?;
        }
    }
    batch.commit(tx).await
}

impl Desk {
    async fn take(&mut self, tx: &mut Tx, case: &mut Case, event: &Event) -> Result<()> {
        let (at, before) = (event.occurred_at, case.track);
        let answer = case.track.take(event);
        let author = match event.actor {
            Actor::Staff(staff) => Some(staff),
            _ => None,
        };
        match event.kind.as_str() {
            "conversation.opened" => self.add(tx, case, Measure::Opened, at, None, None).await?,
            "conversation.reopened" => self.add(tx, case, Measure::Reopened, at, None, case.conversation.agent()).await?,
            _ => {}
        }
        if answer && let Some(asked) = before.asked_at {
            let measure = if before.answered { Measure::NextAnswer } else { Measure::FirstAnswer };
            self.add(tx, case, measure, at, Some(asked), author).await?;
        }
        if case.track.state == State::Closed && before.state != State::Closed {
            let agent = case.conversation.agent().or(author);
            self.add(tx, case, Measure::Closed, at, None, agent).await?;
            if let Some(begun) = case.begun_at.take() {
                self.add(tx, case, Measure::Resolution, at, Some(begun), agent).await?;
            }
        }
        if case.track.asked_at.is_some() && case.begun_at.is_none() {
            case.begun_at = case.track.asked_at;
            self.add(tx, case, Measure::Asked, at, None, None).await?;
        }
        Ok(())
    }

    async fn add(&mut self, tx: &mut Tx, case: &Case, measure: Measure, at: Timestamp, since: Option<Timestamp>, agent: Option<StaffId>) -> Result<()> {
        let it = &case.conversation;
        let span = since.map(|since| Duration((at - since).0.max(0)));
        let open_span = match since {
            Some(since) => Some(business::spent(self.hours(tx, it.queue).await?.as_deref(), since, at)),
            None => None,
        };
        let fact = Fact { measure, at, conversation: it.id, span, open_span, channel: it.channel, queue: it.queue, agent };
        store::add(tx, self.workspace, self.environment.new_uuid(), fact).await
    }

    /// The opening hours of the queue; none: around the clock.
    async fn hours(&mut self, tx: &mut Tx, queue: Option<QueueId>) -> Result<Option<Arc<Hours>>> {
        if let Some(known) = self.hours.get(&queue) {
            return Ok(known.clone());
        }
        let calendar = match queues::calendar_of(tx, self.workspace, queue).await? {
            Some(id) => calendars::find(tx, self.workspace, id).await?,
            None => None,
        };
        let hours = calendar.map(|calendar| calendar.hours()).transpose()?.map(Arc::new);
        self.hours.insert(queue, hours.clone());
        Ok(hours)
    }
}
