//! SQL of facts and cells.

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ChannelId, ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, Value, params};
use uuid::Uuid;

use super::{Measure, steps};
use crate::{conversations::State, sla::track::Track, sql};

/// Stands for "none" where a key must be something.
const NOBODY: Uuid = Uuid::nil();
pub(super) const HOUR: i64 = 3_600_000_000;

/// One measured thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) measure: Measure,
    pub(super) at: Timestamp,
    pub(super) conversation: ConversationId,
    pub(super) span: Option<Duration>,
    pub(super) open_span: Option<Duration>,
    pub(super) channel: ChannelId,
    pub(super) queue: Option<QueueId>,
    pub(super) agent: Option<StaffId>,
}

/// Keeps a fact, and adds it to its cell.
pub(super) async fn add(tx: &mut Tx, workspace: WorkspaceId, id: Uuid, fact: Fact) -> Result<()> {
    let micros = |span: Option<Duration>| span.map(|span| span.0);
    tx.execute(
        "INSERT INTO report_facts (workspace_id, id, measure, at, conversation_id, span, open_span, channel_id, queue_id, agent_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![workspace, id, fact.measure, fact.at, fact.conversation, micros(fact.span), micros(fact.open_span), fact.channel, fact.queue, fact.agent],
    )
    .await?;
    tx.execute(
        "INSERT INTO report_cells (workspace_id, measure, hour, channel_id, queue_id, agent_id, step, open_step, count) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (workspace_id, measure, hour, channel_id, queue_id, agent_id, step, open_step) \
         DO UPDATE SET count = report_cells.count + 1",
        params![
            workspace,
            fact.measure,
            fact.at.0.div_euclid(HOUR),
            fact.channel,
            fact.queue.map_or(NOBODY, Uuid::from),
            fact.agent.map_or(NOBODY, Uuid::from),
            steps::of(fact.span),
            steps::of(fact.open_span)
        ],
    )
    .await?;
    Ok(())
}

/// A conversation, whether it is a person's, its state, whether it waits, since when, whether it was answered, since when its matter runs.
type Kept = (ConversationId, bool, State, bool, Option<Timestamp>, bool, Option<Timestamp>);

/// Where a conversation stands, and since when its matter runs.
pub(super) type Standing = (Track, Option<Timestamp>);

/// The standing of these conversations, those that were followed before.
pub(super) async fn tracks(tx: &mut Tx, workspace: WorkspaceId, conversations: &[ConversationId]) -> Result<BTreeMap<ConversationId, Standing>> {
    let (places, values) = sql::list(2, conversations);
    let found: Vec<Kept> = tx
        .all(
            &format!(
                "SELECT conversation_id, peoples, state, waits, asked_at, answered, begun_at FROM report_tracks \
                 WHERE workspace_id = $1 AND conversation_id IN ({places})"
            ),
            &sql::with_list(&[workspace.into()], values),
        )
        .await?;
    let standing = |(id, peoples, state, waits, asked_at, answered, begun_at)| (id, (Track { peoples, state, asked_at, answered, waits }, begun_at));
    Ok(found.into_iter().map(standing).collect())
}

pub(super) async fn keep_track(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, track: Track, begun_at: Option<Timestamp>) -> Result<()> {
    tx.execute(
        "INSERT INTO report_tracks (workspace_id, conversation_id, peoples, state, waits, asked_at, answered, begun_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id, conversation_id) \
         DO UPDATE SET peoples = $3, state = $4, waits = $5, asked_at = $6, answered = $7, begun_at = $8",
        params![workspace, conversation, track.peoples, track.state, track.waits, track.asked_at, track.answered, begun_at],
    )
    .await?;
    Ok(())
}

/// Which cells and facts: a span of hours (the last one exclusive), and what else narrows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrowing {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) channel: Option<ChannelId>,
    pub(super) queue: Option<QueueId>,
    pub(super) agent: Option<StaffId>,
}

impl Narrowing {
    /// Conditions after `$1` workspace, `$2` from and `$3` to.
    fn more(&self, parameters: &mut Vec<Value>) -> String {
        let mut sql = String::new();
        let wanted = [("channel_id", self.channel.map(Value::from)), ("queue_id", self.queue.map(Value::from)), ("agent_id", self.agent.map(Value::from))];
        for (column, value) in wanted {
            if let Some(value) = value {
                parameters.push(value);
                sql.push_str(&format!(" AND {column} = ${}", parameters.len()));
            }
        }
        sql
    }
}

/// A cell of a result: what it is grouped by, the lengths and how many.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) measure: Measure,
    pub(super) hour: i64,
    pub(super) key: Uuid,
    pub(super) step: i64,
    pub(super) open_step: i64,
    pub(super) count: i64,
}

impl FromRow for Cell {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { measure: row.take()?, hour: row.take()?, key: row.take()?, step: row.take()?, open_step: row.take()?, count: row.take()? })
    }
}

/// What cells are summed by, besides their measure and lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    Whole,
    Hour,
    Channel,
    Queue,
    Agent,
}

/// Sums of cells; of one measure, or of all.
pub(super) async fn cells(tx: &mut Tx, workspace: WorkspaceId, narrowing: Narrowing, measure: Option<Measure>, grouping: Grouping) -> Result<Vec<Cell>> {
    let (hour, key) = match grouping {
        Grouping::Whole => ("0", "workspace_id"),
        Grouping::Hour => ("hour", "workspace_id"),
        Grouping::Channel => ("0", "channel_id"),
        Grouping::Queue => ("0", "queue_id"),
        Grouping::Agent => ("0", "agent_id"),
    };
    let mut parameters: Vec<Value> = vec![workspace.into(), (narrowing.from.0.div_euclid(HOUR)).into(), (narrowing.to.0.div_euclid(HOUR)).into()];
    let mut more = narrowing.more(&mut parameters);
    if let Some(measure) = measure {
        parameters.push(measure.into());
        more.push_str(&format!(" AND measure = ${}", parameters.len()));
    }
    let by_hour = if grouping == Grouping::Hour { ", hour" } else { "" };
    tx.all(
        &format!(
            "SELECT measure, CAST({hour} AS BIGINT), {key}, step, open_step, CAST(SUM(count) AS BIGINT) FROM report_cells \
             WHERE workspace_id = $1 AND hour >= $2 AND hour < $3{more} GROUP BY measure, {key}, step, open_step{by_hour} ORDER BY step"
        ),
        &parameters,
    )
    .await
}

/// Facts of a measure by label: each counts once for every label that its conversation carries now.
pub(super) async fn by_label(
    tx: &mut Tx,
    workspace: WorkspaceId,
    narrowing: Narrowing,
    measure: Measure,
    limit: i64,
) -> Result<Vec<(Uuid, Option<i64>, Option<i64>)>> {
    let mut parameters: Vec<Value> = vec![workspace.into(), narrowing.from.into(), narrowing.to.into()];
    let more = narrowing.more(&mut parameters);
    parameters.extend([measure.into(), limit.into()]);
    let (measure, limit) = (parameters.len() - 1, parameters.len());
    tx.all(
        &format!(
            "SELECT l.label_id, f.span, f.open_span FROM (SELECT conversation_id, span, open_span, at FROM report_facts \
             WHERE workspace_id = $1 AND at >= $2 AND at < $3{more} AND measure = ${measure} ORDER BY at DESC LIMIT ${limit}) f \
             JOIN conversation_labels l ON l.workspace_id = $1 AND l.conversation_id = f.conversation_id"
        ),
        &parameters,
    )
    .await
}

/// A fact as it is listed.
pub(super) struct Listed {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) conversation: ConversationId,
    pub(super) span: Option<i64>,
    pub(super) open_span: Option<i64>,
    pub(super) agent: Option<StaffId>,
}

impl FromRow for Listed {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, at: row.take()?, conversation: row.take()?, span: row.take()?, open_span: row.take()?, agent: row.take()? })
    }
}

/// The facts behind a figure, newest first.
pub(super) async fn facts(
    tx: &mut Tx,
    workspace: WorkspaceId,
    narrowing: Narrowing,
    measure: Measure,
    before: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Listed>> {
    let mut parameters: Vec<Value> = vec![workspace.into(), narrowing.from.into(), narrowing.to.into()];
    let mut more = narrowing.more(&mut parameters);
    parameters.push(measure.into());
    more.push_str(&format!(" AND measure = ${}", parameters.len()));
    if let Some((at, id)) = before {
        parameters.extend([at.into(), id.into()]);
        more.push_str(&format!(" AND (at, id) < (${}, ${})", parameters.len() - 1, parameters.len()));
    }
    parameters.push((limit + 1).into());
    tx.all(
        &format!(
            "SELECT id, at, conversation_id, span, open_span, agent_id FROM report_facts WHERE workspace_id = $1 AND at >= $2 AND at < $3{more} \
             ORDER BY at DESC, id DESC LIMIT ${}",
            parameters.len()
        ),
        &parameters,
    )
    .await
}

/// How old what people have on their desks is: since when each active conversation that is not the bot's has been there, oldest first.
pub(super) async fn backlog(tx: &mut Tx, workspace: WorkspaceId, narrowing: Narrowing, limit: i64) -> Result<Vec<(Timestamp, Option<Timestamp>)>> {
    let mut parameters: Vec<Value> = vec![workspace.into(), limit.into()];
    let more = narrowing.more(&mut parameters);
    tx.all(
        &format!("SELECT created_at, waiting_since FROM conversations WHERE workspace_id = $1 AND active AND desk <> 'bot'{more} ORDER BY created_at LIMIT $2"),
        &parameters,
    )
    .await
}
