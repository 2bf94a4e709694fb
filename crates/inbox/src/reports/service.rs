//! Whether service levels held: of the clocks that were decided in a period, the share that was met.
//!
//! A clock is decided when it is met, or at the moment its target is spent — not when somebody answers at last, so that what is late counts as
//! missed while it is still open. Clocks that run and have time left are told as a number of their own, never as met. Void clocks (nothing more
//! to do) are no part of the share.

use std::collections::BTreeMap;

use ennakoi_foresight::measures::{LEAST_ANSWERS, proportion};
use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ChannelId, ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::Narrowing;
use crate::{
    conversations::{self, ConversationRow},
    sla::ClockKind,
};

const CONFIDENCE: f64 = 0.95;

/// Which clocks are looked at. Moments are cut to whole hours.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceQuery {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub channel: Option<ChannelId>,
    pub queue: Option<QueueId>,
    pub agent: Option<StaffId>,
    /// Whose cases are opened; not used for the shares.
    pub kind: Option<ClockKind>,
    pub standing: Option<Standing>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Met,
    /// Its target was spent, whether or not it has ended since.
    Missed,
    /// It is open and has time left. Of now, whatever the period.
    Running,
}

/// A share with its 95 % interval, 0–1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Share {
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// Clocks that were decided in a period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Held {
    pub met: i64,
    pub missed: i64,
    /// Wilson's interval; null for fewer than 10 decided clocks.
    pub share: Option<Share>,
}

/// How one kind of service level held.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceLevel {
    pub kind: ClockKind,
    pub now: Held,
    /// The period before it, of the same length.
    pub before: Held,
    /// Now minus before, where its interval (Newcombe's) leaves out zero; else null.
    pub difference: Option<Share>,
    /// Of those missed, how many are open still.
    pub late: i64,
    /// Open now, with time left.
    pub running: i64,
}

/// A clock behind a figure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServiceCase {
    /// When it was decided; when it began, of one that runs.
    pub at: Timestamp,
    pub kind: ClockKind,
    /// Seconds of opening hours (of the wall clock, for a promise).
    pub target_seconds: i64,
    /// Null while it is open.
    pub spent_seconds: Option<i64>,
    pub due_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub agent_id: Option<StaffId>,
    pub conversation: ConversationRow,
}

impl ServiceQuery {
    fn narrowing(&self) -> Result<Narrowing, Problem> {
        Narrowing::of((self.from, self.to), self.channel, self.queue, self.agent)
    }
}

/// How every kind of service level held.
///
/// # Errors
/// The period makes no sense.
pub async fn levels(tx: &mut Tx, workspace: WorkspaceId, query: &ServiceQuery) -> Result<Vec<ServiceLevel>> {
    let narrowing = query.narrowing()?;
    let earlier = narrowing.earlier();
    let mut levels = Vec::with_capacity(ClockKind::ALL.len());
    for kind in ClockKind::ALL {
        let (met, _) = count(tx, workspace, narrowing, *kind, Standing::Met).await?;
        let (missed, late) = count(tx, workspace, narrowing, *kind, Standing::Missed).await?;
        let (running, _) = count(tx, workspace, narrowing, *kind, Standing::Running).await?;
        let (met_before, _) = count(tx, workspace, earlier, *kind, Standing::Met).await?;
        let (missed_before, _) = count(tx, workspace, earlier, *kind, Standing::Missed).await?;
        let (now, before) = (held(met, missed), held(met_before, missed_before));
        levels.push(ServiceLevel { kind: *kind, difference: difference(&now, &before), now, before, late, running });
    }
    Ok(levels)
}

fn held(met: i64, missed: i64) -> Held {
    let (hits, count) = (whole(met), whole(met + missed));
    let interval = proportion::wilson(hits, count, CONFIDENCE).filter(|_| count >= LEAST_ANSWERS);
    Held { met, missed, share: interval.map(share) }
}

fn difference(now: &Held, before: &Held) -> Option<Share> {
    now.share.and(before.share)?;
    let of = |held: &Held| (whole(held.met), whole(held.met + held.missed));
    proportion::difference(of(now), of(before), CONFIDENCE).filter(|interval| interval.excludes(0.0)).map(share)
}

const fn share(interval: proportion::Interval) -> Share {
    Share { share: interval.estimate, low: interval.low, high: interval.high }
}

fn whole(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// SQL of clocks `s` that stand so, after `$1` workspace and `$2` kind; the first column is the moment that counts.
fn clocks(narrowing: Narrowing, standing: Standing, parameters: &mut Vec<Value>) -> (&'static str, String) {
    let (moment, condition) = match standing {
        Standing::Met => ("s.finished_at", "s.outcome IS NOT NULL AND s.outcome = 'met'"),
        Standing::Missed => ("s.breached_at", "s.breached_at IS NOT NULL"),
        Standing::Running => ("s.started_at", "s.outcome IS NULL AND s.breached_at IS NULL"),
    };
    let mut sql = condition.to_owned();
    if standing != Standing::Running {
        parameters.extend([narrowing.from.into(), narrowing.to.into()]);
        sql.push_str(&format!(" AND {moment} >= ${} AND {moment} < ${}", parameters.len() - 1, parameters.len()));
    }
    // Who and what it was is written when a clock ends; until then the conversation says it.
    let wanted =
        [("channel_id", narrowing.channel.map(Value::from)), ("queue_id", narrowing.queue.map(Value::from)), ("agent_id", narrowing.agent.map(Value::from))];
    for (column, value) in wanted {
        if let Some(value) = value {
            parameters.push(value);
            sql.push_str(&format!(" AND CASE WHEN s.outcome IS NULL THEN c.{column} ELSE s.{column} END = ${}", parameters.len()));
        }
    }
    (moment, sql)
}

const FROM: &str =
    "FROM sla_clocks s JOIN conversations c ON c.workspace_id = s.workspace_id AND c.id = s.conversation_id WHERE s.workspace_id = $1 AND s.kind = $2";

/// How many, and how many of them have not ended.
async fn count(tx: &mut Tx, workspace: WorkspaceId, narrowing: Narrowing, kind: ClockKind, standing: Standing) -> Result<(i64, i64)> {
    let mut parameters: Vec<Value> = vec![workspace.into(), kind.into()];
    let (_, sql) = clocks(narrowing, standing, &mut parameters);
    tx.one(
        &format!("SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN s.outcome IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) {FROM} AND {sql}"),
        &parameters,
    )
    .await
}

struct Listed {
    id: Uuid,
    at: Timestamp,
    conversation: ConversationId,
    target: i64,
    elapsed: i64,
    due_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    agent: Option<StaffId>,
}

impl FromRow for Listed {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            at: row.take()?,
            conversation: row.take()?,
            target: row.take()?,
            elapsed: row.take()?,
            due_at: row.take()?,
            finished_at: row.take()?,
            agent: row.take()?,
        })
    }
}

/// The clocks behind a figure, newest first.
///
/// # Errors
/// The period makes no sense, kind or standing is missing, or the cursor is of another list.
pub async fn cases(tx: &mut Tx, workspace: WorkspaceId, query: &ServiceQuery) -> Result<Page<ServiceCase>> {
    let narrowing = query.narrowing()?;
    let kind = query.kind.ok_or_else(|| Problem::field("kind", "required", "name a kind of clock"))?;
    let standing = query.standing.ok_or_else(|| Problem::field("standing", "required", "met, missed or running"))?;
    let limit = ennakoi_http::limit(query.limit);
    let mut parameters: Vec<Value> = vec![workspace.into(), kind.into()];
    let (moment, mut sql) = clocks(narrowing, standing, &mut parameters);
    if let Some((at, id)) = Cursor::read::<(Timestamp, Uuid)>(query.cursor.as_deref())? {
        parameters.extend([at.into(), id.into()]);
        sql.push_str(&format!(" AND ({moment}, s.id) < (${}, ${})", parameters.len() - 1, parameters.len()));
    }
    parameters.push((limit + 1).into());
    let found: Vec<Listed> = tx
        .all(
            &format!(
                "SELECT s.id, {moment}, s.conversation_id, s.target, s.elapsed, s.due_at, s.finished_at, COALESCE(s.agent_id, c.agent_id) {FROM} AND {sql} \
                 ORDER BY {moment} DESC, s.id DESC LIMIT ${}",
                parameters.len()
            ),
            &parameters,
        )
        .await?;
    let page = Page::of(found, limit, |clock| (clock.at, clock.id));
    let ids: Vec<_> = page.items.iter().map(|clock| clock.conversation).collect();
    let rows: BTreeMap<_, _> = conversations::rows(tx, workspace, &ids, None).await?.into_iter().map(|row| (row.id, row)).collect();
    let items = page.items.into_iter().filter_map(|clock| {
        Some(ServiceCase {
            at: clock.at,
            kind,
            target_seconds: clock.target / 1_000_000,
            spent_seconds: clock.finished_at.map(|_| clock.elapsed / 1_000_000),
            due_at: clock.due_at,
            finished_at: clock.finished_at,
            agent_id: clock.agent,
            conversation: rows.get(&clock.conversation)?.clone(),
        })
    });
    Ok(Page { items: items.collect(), next_cursor: page.next_cursor })
}
