//! Figures from cells, and the cases behind them.

use std::collections::BTreeMap;

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{ChannelId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_people::workspaces;
use ennakoi_store::{Result, Tx};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Measure, steps,
    store::{self, Cell, Grouping, HOUR, Narrowing},
};
use crate::conversations::{self, ConversationRow};

const SPAN_MAX: Duration = Duration::days(400);
/// Conversations of the backlog whose age is looked at, and facts that are looked at by label.
const BACKLOG_MAX: i64 = 20_000;
const LABELLED_MAX: i64 = 50_000;

/// Which part of the work is looked at. Moments are cut to whole hours.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub channel: Option<ChannelId>,
    pub queue: Option<QueueId>,
    pub agent: Option<StaffId>,
    /// What is opened or grouped; all of them in a summary.
    pub measure: Option<Measure>,
    /// By what it is grouped; `day` when not given.
    pub by: Option<By>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// By what a measure is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Days of the workspace's time zone, `2026-11-30`.
    #[default]
    Day,
    /// Hours of the day, `00`–`23`.
    Hour,
    Channel,
    Queue,
    Agent,
    Label,
}

/// How many, and how long. Spans are seconds; null where there is no length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    pub count: i64,
    /// By the wall clock.
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    /// In the opening hours of the queue.
    pub open_p50: Option<f64>,
    pub open_p90: Option<f64>,
    pub open_p95: Option<f64>,
}

/// A measure in the period and in the one before it, of the same length.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Compared {
    pub measure: Measure,
    pub now: Figure,
    pub before: Figure,
}

/// What stands open at this moment.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Backlog {
    pub open: i64,
    /// Customers who wait for people right now: their waits are not among the figures yet.
    pub waiting: i64,
    /// Seconds since they began.
    pub age_p50: Option<f64>,
    pub age_p90: Option<f64>,
    /// Only the oldest were looked at.
    pub truncated: bool,
}

/// A report's first screen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportSummary")]
pub struct Summary {
    pub measures: Vec<Compared>,
    pub backlog: Backlog,
}

/// A line of a grouped report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportGroup")]
pub struct Group {
    /// A day, an hour or an id; empty for nobody and nothing.
    pub key: String,
    pub figure: Figure,
}

/// A case behind a figure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReportCase {
    pub at: Timestamp,
    pub span_seconds: Option<i64>,
    pub open_seconds: Option<i64>,
    pub agent_id: Option<StaffId>,
    pub conversation: ConversationRow,
}

impl Narrowing {
    /// Cuts the period to whole hours.
    pub(super) fn of((from, to): (Timestamp, Timestamp), channel: Option<ChannelId>, queue: Option<QueueId>, agent: Option<StaffId>) -> Result<Self, Problem> {
        let cut = |at: Timestamp| Timestamp(at.0.div_euclid(HOUR) * HOUR);
        let (from, to) = (cut(from), cut(to));
        if to <= from || to - from > SPAN_MAX {
            return Err(Problem::field("to", "out_of_range", "after `from`, at most 400 days"));
        }
        Ok(Self { from, to, channel, queue, agent })
    }

    /// The period before it, of the same length.
    pub(super) fn earlier(self) -> Self {
        Self { from: self.from - (self.to - self.from), to: self.from, ..self }
    }
}

impl ReportQuery {
    fn narrowing(&self) -> Result<Narrowing, Problem> {
        Narrowing::of((self.from, self.to), self.channel, self.queue, self.agent)
    }

    fn measure(&self) -> Result<Measure, Problem> {
        self.measure.ok_or_else(|| Problem::field("measure", "required", "name a measure"))
    }
}

/// Every measure, with the period before it; and the backlog now.
///
/// # Errors
/// The period makes no sense.
pub async fn summary(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, query: &ReportQuery) -> Result<Summary> {
    let narrowing = query.narrowing()?;
    let earlier = narrowing.earlier();
    let now = store::cells(tx, workspace, narrowing, None, Grouping::Whole).await?;
    let before = store::cells(tx, workspace, earlier, None, Grouping::Whole).await?;
    let of = |cells: &[Cell], measure: Measure| figure(cells.iter().filter(|cell| cell.measure == measure));
    let measures = Measure::ALL.iter().map(|measure| Compared { measure: *measure, now: of(&now, *measure), before: of(&before, *measure) }).collect();
    Ok(Summary { measures, backlog: backlog(tx, environment, workspace, narrowing).await? })
}

async fn backlog(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, narrowing: Narrowing) -> Result<Backlog> {
    let found = store::backlog(tx, workspace, narrowing, BACKLOG_MAX).await?;
    let now = environment.now();
    let mut ages: BTreeMap<i64, i64> = BTreeMap::new();
    for (since, _) in &found {
        *ages.entry(steps::of(Some(now - *since))).or_default() += 1;
    }
    let ages: Vec<(i64, i64)> = ages.into_iter().collect();
    let open = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let waiting = found.iter().filter(|(_, waiting)| waiting.is_some()).count();
    Ok(Backlog {
        open,
        waiting: i64::try_from(waiting).unwrap_or(i64::MAX),
        age_p50: steps::quantile(&ages, 0.5),
        age_p90: steps::quantile(&ages, 0.9),
        truncated: open >= BACKLOG_MAX,
    })
}

/// One measure, grouped.
///
/// # Errors
/// The period makes no sense, or no measure is named.
pub async fn groups(tx: &mut Tx, workspace: WorkspaceId, query: &ReportQuery) -> Result<Vec<Group>> {
    let (narrowing, measure, by) = (query.narrowing()?, query.measure()?, query.by.unwrap_or_default());
    let mut groups: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    let id = |key: Uuid| if key.is_nil() { String::new() } else { key.to_string() };
    if by == By::Label {
        for (label, span, open_span) in store::by_label(tx, workspace, narrowing, measure, LABELLED_MAX).await? {
            let step = |span: Option<i64>| steps::of(span.map(Duration));
            let cell = Cell { measure, hour: 0, key: label, step: step(span), open_step: step(open_span), count: 1 };
            groups.entry(id(label)).or_default().push(cell);
        }
    } else {
        let grouping = match by {
            By::Day | By::Hour | By::Label => Grouping::Hour,
            By::Channel => Grouping::Channel,
            By::Queue => Grouping::Queue,
            By::Agent => Grouping::Agent,
        };
        let zone = zone(tx, workspace).await?;
        for cell in store::cells(tx, workspace, narrowing, Some(measure), grouping).await? {
            let key = match by {
                By::Day => local(&zone, cell.hour).date().to_string(),
                By::Hour => format!("{:02}", local(&zone, cell.hour).hour()),
                _ => id(cell.key),
            };
            groups.entry(key).or_default().push(cell);
        }
        if by == By::Day {
            every_day(&mut groups, &zone, narrowing);
        }
    }
    Ok(groups.into_iter().map(|(key, cells)| Group { key, figure: figure(cells.iter()) }).collect())
}

/// Days on which nothing happened are days too.
fn every_day(groups: &mut BTreeMap<String, Vec<Cell>>, zone: &TimeZone, narrowing: Narrowing) {
    let mut hour = narrowing.from.0 / HOUR;
    while hour < narrowing.to.0 / HOUR {
        groups.entry(local(zone, hour).date().to_string()).or_default();
        hour += 1;
    }
}

async fn zone(tx: &mut Tx, workspace: WorkspaceId) -> Result<TimeZone> {
    Ok(TimeZone::get(&workspaces::load(tx, workspace).await?.timezone).unwrap_or(TimeZone::UTC))
}

fn local(zone: &TimeZone, hour: i64) -> jiff::civil::DateTime {
    zone.to_datetime(jiff::Timestamp::from_microsecond(hour * HOUR).unwrap_or(jiff::Timestamp::MAX))
}

fn figure<'a>(cells: impl Iterator<Item = &'a Cell>) -> Figure {
    let (mut wall, mut open): (BTreeMap<i64, i64>, BTreeMap<i64, i64>) = Default::default();
    let mut count = 0;
    for cell in cells {
        count += cell.count;
        *wall.entry(cell.step).or_default() += cell.count;
        *open.entry(cell.open_step).or_default() += cell.count;
    }
    let (wall, open): (Vec<_>, Vec<_>) = (wall.into_iter().collect(), open.into_iter().collect());
    Figure {
        count,
        p50: steps::quantile(&wall, 0.5),
        p90: steps::quantile(&wall, 0.9),
        p95: steps::quantile(&wall, 0.95),
        open_p50: steps::quantile(&open, 0.5),
        open_p90: steps::quantile(&open, 0.9),
        open_p95: steps::quantile(&open, 0.95),
    }
}

/// The cases behind a figure, newest first.
///
/// # Errors
/// The period makes no sense, no measure is named, or the cursor is of another list.
pub async fn cases(tx: &mut Tx, workspace: WorkspaceId, query: &ReportQuery) -> Result<Page<ReportCase>> {
    let limit = ennakoi_http::limit(query.limit);
    let before: Option<(Timestamp, Uuid)> = Cursor::read(query.cursor.as_deref())?;
    let facts = store::facts(tx, workspace, query.narrowing()?, query.measure()?, before, limit).await?;
    let page = Page::of(facts, limit, |fact| (fact.at, fact.id));
    let ids: Vec<_> = page.items.iter().map(|fact| fact.conversation).collect();
    let rows: BTreeMap<_, _> = conversations::rows(tx, workspace, &ids, None).await?.into_iter().map(|row| (row.id, row)).collect();
    let items = page.items.into_iter().filter_map(|fact| {
        let seconds = |span: Option<i64>| span.map(|span| span / 1_000_000);
        let conversation = rows.get(&fact.conversation)?.clone();
        Some(ReportCase { at: fact.at, span_seconds: seconds(fact.span), open_seconds: seconds(fact.open_span), agent_id: fact.agent, conversation })
    });
    Ok(Page { items: items.collect(), next_cursor: page.next_cursor })
}
