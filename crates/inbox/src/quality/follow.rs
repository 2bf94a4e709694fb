//! From closed cases to the queue of reviews. What is decided follows from the case's own events, so it is the same however late it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ennakoi_kernel::{
    Duration, Environment, Timestamp,
    ids::{ConversationId, QualityCaseId, StaffId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx,
    follower::{Batch, Follower},
    params,
    timeline::{self, Actor},
    timers::{self, Timer, TimerKind},
};
use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    CaseState, ChosenBecause,
    sampling::{self, Kept},
};
use crate::{
    calendars::{self, Hours},
    conversations::{self, Conversation, State},
    queues,
    sla::{business, track::Track},
};

const NAME: &str = "inbox.quality";
const KINDS: &[&str] = &["conversation.closed", "conversation.rated", "sla.breached"];
/// How far back a new rule looks.
const BACK: Duration = Duration::days(14);
/// Closed cases looked at in one go.
const AT_ONCE: i64 = 10;
/// Events of a case that are read, at most; what happened after them chooses nothing.
const EVENTS_MAX: i64 = 1_000;
/// A customer is unhappy with up to so many of five.
const LOW: i64 = 2;

pub(crate) fn follower() -> Follower {
    Follower { name: NAME, kinds: KINDS, handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

pub(crate) fn timer() -> TimerKind {
    TimerKind { kind: NAME, handle: Arc::new(|tx, environment, timer| Box::pin(past(tx, environment, timer))) }
}

async fn follow(batch: Batch) -> Result<()> {
    if sampling::read(&mut batch.db.read().await?, batch.workspace).await?.is_none() {
        return Ok(());
    }
    let mut tx = batch.begin().await?;
    if let Some(kept) = sampling::hold(&mut tx, batch.workspace).await? {
        let zone = sampling::zone(&mut tx, batch.workspace).await?;
        let ids: BTreeSet<ConversationId> = batch.events.iter().filter_map(|event| event.conversation).collect();
        for id in ids {
            consider(&mut tx, &batch.environment, batch.workspace, &kept, &zone, id).await?;
        }
    }
    batch.commit(tx).await
}

/// What was closed lately is looked at under a new rule, a few at a time.
pub(super) async fn look_back(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId) -> Result<()> {
    let now = environment.now();
    timers::set(tx, workspace, NAME, NAME, now, json!({ "after": now - BACK, "id": uuid::Uuid::nil() })).await
}

async fn past(tx: &mut Tx, environment: &Environment, timer: &Timer) -> Result<()> {
    let workspace = timer.workspace;
    let Some(kept) = sampling::hold(tx, workspace).await? else { return Ok(()) };
    let after: Timestamp = serde_json::from_value(timer.payload["after"].clone())?;
    let id: ConversationId = serde_json::from_value(timer.payload["id"].clone())?;
    let found: Vec<(ConversationId, Timestamp)> = tx
        .all(
            "SELECT id, closed_at FROM conversations WHERE workspace_id = $1 AND closed_at IS NOT NULL AND (closed_at, id) > ($2, $3) \
             ORDER BY closed_at, id LIMIT $4",
            params![workspace, after, id, AT_ONCE],
        )
        .await?;
    let zone = sampling::zone(tx, workspace).await?;
    for (id, _) in &found {
        consider(tx, environment, workspace, &kept, &zone, *id).await?;
    }
    match found.last() {
        Some((id, at)) if found.len() as i64 == AT_ONCE => timers::set(tx, workspace, NAME, NAME, environment.now(), json!({ "after": at, "id": id })).await,
        _ => Ok(()),
    }
}

/// A case that is in the queue already.
struct Known {
    id: QualityCaseId,
    reasons: String,
    draw: i64,
    state: CaseState,
}

impl FromRow for Known {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, reasons: row.take()?, draw: row.take()?, state: row.take()? })
    }
}

const KNOWN: &str = "SELECT id, reasons, draw, state FROM quality_cases WHERE workspace_id = $1 AND agent_id = $2";

/// Decides about one case. Deciding again changes nothing but what has happened since.
async fn consider(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, kept: &Kept, zone: &TimeZone, id: ConversationId) -> Result<()> {
    let Some(it) = conversations::find(tx, workspace, id).await? else { return Ok(()) };
    let (Some(closed_at), Some(agent)) = (it.closed_at.filter(|_| it.state == State::Closed), it.agent()) else { return Ok(()) };
    let (reasons, spoke) = reasons(tx, workspace, kept, &it, agent).await?;
    if !spoke {
        return Ok(());
    }
    let known: Option<Known> = tx.optional(&format!("{KNOWN} AND conversation_id = $3"), params![workspace, agent, id]).await?;
    let (week, draw) = (sampling::week(zone, closed_at).to_string(), sampling::draw(kept.seed, id));
    let mut all: BTreeSet<ChosenBecause> = known.iter().flat_map(|known| known.reasons.split_whitespace().filter_map(|one| one.parse().ok())).collect();
    all.extend(reasons);
    let text = all.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" ");
    if let Some(known) = known {
        if known.reasons != text {
            tx.execute("UPDATE quality_cases SET reasons = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, known.id, text]).await?;
        }
        return Ok(());
    }
    let sampled = is_drawn(tx, workspace, agent, kept.rule.per_week, (&week, draw)).await?;
    if !sampled && all.is_empty() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO quality_cases (workspace_id, id, conversation_id, agent_id, week, reasons, draw, sampled, state, chosen_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9) ON CONFLICT (workspace_id, conversation_id, agent_id) DO NOTHING",
        params![workspace, environment.new_id::<QualityCaseId>(), id, agent, &week, text, draw, sampled, environment.now()],
    )
    .await?;
    Ok(())
}

/// Whether a draw is among the smallest of the agent's week. The one that it displaces goes, unless there is another reason for it, or a
/// reviewer has begun it.
async fn is_drawn(tx: &mut Tx, workspace: WorkspaceId, agent: StaffId, per_week: i64, (week, draw): (&str, i64)) -> Result<bool> {
    if per_week == 0 {
        return Ok(false);
    }
    let drawn: Vec<Known> = tx.all(&format!("{KNOWN} AND week = $3 AND sampled ORDER BY draw DESC"), params![workspace, agent, week]).await?;
    if (drawn.len() as i64) < per_week {
        return Ok(true);
    }
    let Some(last) = drawn.into_iter().find(|known| known.state == CaseState::Waiting && known.draw > draw) else { return Ok(false) };
    let statement = if last.reasons.is_empty() {
        "DELETE FROM quality_cases WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'"
    } else {
        "UPDATE quality_cases SET sampled = FALSE WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'"
    };
    // On PostgreSQL a reviewer may have begun it meanwhile.
    Ok(tx.execute(statement, params![workspace, last.id]).await? == 1)
}

/// Why the case is chosen whatever is drawn, and whether the agent has said anything in it.
async fn reasons(tx: &mut Tx, workspace: WorkspaceId, kept: &Kept, it: &Conversation, agent: StaffId) -> Result<(Vec<ChosenBecause>, bool)> {
    let rule = &kept.rule;
    let hours = hours(tx, workspace, it).await?;
    let mut found: BTreeMap<ChosenBecause, bool> = BTreeMap::new();
    found.insert(ChosenBecause::LowRating, rule.low_rating && it.rating.is_some_and(|rating| rating <= LOW));
    let limit = rule.long_wait_minutes.map(Duration::minutes);
    let (mut track, mut spoke, mut seq, mut read) = (Track::default(), false, 0, 0);
    loop {
        let events = timeline::of_conversation(tx, workspace, it.id, seq, ennakoi_kernel::limits::EVENTS_PAGE).await?;
        let Some(last) = events.last() else { break };
        seq = last.seq;
        read += events.len() as i64;
        for event in &events {
            let asked = track.asked_at;
            let answer = track.take(event);
            spoke |= answer && event.actor == Actor::Staff(agent);
            let ended = answer || event.kind == "conversation.closed";
            if let (Some(asked), Some(limit), true) = (asked, limit, ended) {
                *found.entry(ChosenBecause::LongWait).or_default() |= business::spent(hours.as_ref(), asked, event.occurred_at) >= limit;
            }
            let came_back = event.kind == "conversation.reopened" && event.payload["by"] != "undo";
            *found.entry(ChosenBecause::Reopened).or_default() |= rule.reopened && came_back;
            let broke = event.kind == "sla.breached" && event.payload["kind"] == "promise";
            *found.entry(ChosenBecause::BrokenPromise).or_default() |= rule.broken_promise && broke;
        }
        if (events.len() as i64) < ennakoi_kernel::limits::EVENTS_PAGE || read >= EVENTS_MAX {
            break;
        }
    }
    Ok((found.into_iter().filter_map(|(reason, holds)| holds.then_some(reason)).collect(), spoke))
}

/// The opening hours of the case's queue; none: around the clock.
async fn hours(tx: &mut Tx, workspace: WorkspaceId, it: &Conversation) -> Result<Option<Hours>> {
    let Some(calendar) = queues::calendar_of(tx, workspace, it.queue).await? else { return Ok(None) };
    Ok(calendars::find(tx, workspace, calendar).await?.map(|calendar| calendar.hours()).transpose()?)
}
