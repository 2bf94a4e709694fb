//! A dry run: which cases of the past days a rule would have taken. Nothing is changed and nothing is kept.
//!
//! Events, their messages and the opening hours are those of the time; the conversation, its labels and its customer are as they are now. The
//! answer says so by what it shows: the case as it stands.

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{ConversationId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params, timeline::Event};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Definition, decide::When, follow};
use crate::{
    conditions::{self, Facts},
    conversations::{self, ConversationRow},
};

const DAYS_MAX: i64 = 30;
/// Events that are looked at, the newest; and cases that are shown.
const EVENTS_MAX: i64 = 5_000;
const SHOWN: usize = 50;

/// What a rule would have done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Trial {
    /// Events that would have woken it.
    pub woken: i64,
    /// Events on which it would have run, and in how many cases.
    pub hits: i64,
    pub cases: i64,
    /// Only the newest events were looked at, because there were too many.
    pub truncated: bool,
    /// The newest cases that it would have taken, as they now stand.
    pub shown: Vec<Hit>,
}

/// A case that it would have taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Hit {
    pub conversation: ConversationRow,
    pub when: When,
    pub at: Timestamp,
    /// Events of the case on which it would have run.
    pub times: i64,
}

/// Tries a definition on the events of the past days.
///
/// # Errors
/// The definition is not valid, or the days are out of range.
pub(super) async fn run(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, definition: &Definition, days: i64) -> Result<Trial> {
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::field("days", "out_of_range", format!("1 to {DAYS_MAX}")).into());
    }
    super::check(tx, workspace, definition).await?;
    let since = environment.now() - Duration::days(days);
    // The newest first, so that what is left out is what is furthest away.
    let events: Vec<Event> = tx
        .all(
            "SELECT seq, kind, occurred_at, recorded_at, actor, contact_id, conversation_id, payload FROM events \
             WHERE workspace_id = $1 AND seq > (SELECT seq FROM timeline_heads WHERE workspace_id = $1) - $2 AND recorded_at >= $3 \
             AND conversation_id IS NOT NULL ORDER BY seq DESC LIMIT $2",
            params![workspace, EVENTS_MAX, since],
        )
        .await?;
    let truncated = has_older(tx, workspace, since).await?;
    let asked = conditions::calendars([&definition.condition]);
    let mut cases: BTreeMap<ConversationId, Facts> = BTreeMap::new();
    let mut found: Vec<(ConversationId, When, Timestamp, i64)> = Vec::new();
    let (mut woken, mut hits) = (0, 0);
    for event in &events {
        let (Some(id), Some(when)) = (event.conversation, When::of(event)) else { continue };
        if !definition.when.contains(&when) || conversations::find(tx, workspace, id).await?.is_none() {
            continue;
        }
        woken += 1;
        let reads_anew = !asked.is_empty() || conditions::asks_about_message(&definition.condition);
        if reads_anew || !cases.contains_key(&id) {
            cases.insert(id, follow::facts_of(tx, workspace, id, event, &asked).await?);
        }
        if !cases.get(&id).is_some_and(|facts| conditions::holds(&definition.condition, facts)) {
            continue;
        }
        hits += 1;
        match found.iter_mut().find(|(case, ..)| *case == id) {
            Some((.., times)) => *times += 1,
            None => found.push((id, when, event.occurred_at, 1)),
        }
    }
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    Ok(Trial { woken, hits, cases: count, truncated, shown: show(tx, workspace, found).await? })
}

/// Whether events of these days lie beyond those that are looked at.
async fn has_older(tx: &mut Tx, workspace: WorkspaceId, since: Timestamp) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional(
            "SELECT seq FROM events WHERE workspace_id = $1 AND seq = (SELECT seq FROM timeline_heads WHERE workspace_id = $1) - $2 AND recorded_at >= $3",
            params![workspace, EVENTS_MAX, since],
        )
        .await?;
    Ok(found.is_some())
}

async fn show(tx: &mut Tx, workspace: WorkspaceId, found: Vec<(ConversationId, When, Timestamp, i64)>) -> Result<Vec<Hit>> {
    let ids: Vec<ConversationId> = found.iter().take(SHOWN).map(|(id, ..)| *id).collect();
    let mut rows: BTreeMap<ConversationId, ConversationRow> =
        conversations::rows(tx, workspace, &ids, None).await?.into_iter().map(|row| (row.id, row)).collect();
    let hit = |(id, when, at, times)| rows.remove(&id).map(|conversation| Hit { conversation, when, at, times });
    Ok(found.into_iter().take(SHOWN).filter_map(hit).collect())
}
