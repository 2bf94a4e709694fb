//! The queue: closed cases that wait for a review, each with why it was chosen.

use std::collections::HashMap;

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ConversationId, QualityCaseId, StaffId, WorkspaceId},
};
use ennakoi_people::audit;
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{CaseState, ChosenBecause};
use crate::{
    conversations::{self, ConversationRow},
    sql,
};

/// A case in the queue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct QualityCase {
    pub id: QualityCaseId,
    pub conversation_id: ConversationId,
    /// Whose work is reviewed.
    pub agent_id: StaffId,
    /// Monday of the week in which it was closed.
    pub week: String,
    pub reasons: Vec<ChosenBecause>,
    pub state: CaseState,
    pub chosen_at: Timestamp,
}

impl FromRow for QualityCase {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, conversation_id, agent_id, week) = (row.take()?, row.take()?, row.take()?, row.take()?);
        let mut reasons: Vec<ChosenBecause> = row.take::<String>()?.split_whitespace().filter_map(|one| one.parse().ok()).collect();
        if row.take::<bool>()? {
            reasons.push(ChosenBecause::Sample);
        }
        Ok(Self { id, conversation_id, agent_id, week, reasons, state: row.take()?, chosen_at: row.take()? })
    }
}

/// A case in the queue as it is listed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct QualityCaseRow {
    #[serde(flatten)]
    pub case: QualityCase,
    /// Who has opened a sheet beside it.
    pub reviewers: Vec<StaffId>,
    pub conversation: ConversationRow,
}

const COLUMNS: &str = "SELECT id, conversation_id, agent_id, week, reasons, sampled, state, chosen_at FROM quality_cases WHERE workspace_id = $1";
/// For whom there is nothing that is their own.
const NOBODY: StaffId = StaffId(uuid::Uuid::nil());

/// What waits or is begun, the oldest first; never the viewer's own work.
///
/// # Errors
/// The cursor is of another list.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<QualityCaseRow>> {
    let limit = ennakoi_http::limit(limit);
    let after: QualityCaseId = Cursor::read(cursor)?.unwrap_or(QualityCaseId(uuid::Uuid::nil()));
    let query = format!("{COLUMNS} AND state IN ('waiting', 'begun') AND agent_id <> $2 AND id > $3 ORDER BY id LIMIT $4");
    let found: Vec<QualityCase> = tx.all(&query, params![workspace, viewer.unwrap_or(NOBODY), after, limit + 1]).await?;
    let page = Page::of(found, limit, |case| case.id);
    let ids: Vec<ConversationId> = page.items.iter().map(|case| case.conversation_id).collect();
    let rows: HashMap<_, _> = conversations::rows(tx, workspace, &ids, viewer).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut reviewers = reviewers(tx, workspace, &ids).await?;
    let items = page.items.into_iter().filter_map(|case| {
        let reviewers = reviewers.remove(&(case.conversation_id, case.agent_id)).unwrap_or_default();
        Some(QualityCaseRow { reviewers, conversation: rows.get(&case.conversation_id)?.clone(), case })
    });
    Ok(Page { items: items.collect(), next_cursor: page.next_cursor })
}

async fn reviewers(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<HashMap<(ConversationId, StaffId), Vec<StaffId>>> {
    let (places, values) = sql::list(2, ids);
    let query =
        format!("SELECT conversation_id, agent_id, reviewer_id FROM quality_reviews WHERE workspace_id = $1 AND conversation_id IN ({places}) ORDER BY id");
    let found: Vec<(ConversationId, StaffId, StaffId)> = tx.all(&query, &sql::with_list(params![workspace], values)).await?;
    let mut by_case: HashMap<_, Vec<_>> = HashMap::new();
    for (conversation, agent, reviewer) in found {
        by_case.entry((conversation, agent)).or_default().push(reviewer);
    }
    Ok(by_case)
}

/// Takes a case out of the queue without a review.
///
/// # Errors
/// It is not there, is decided already, or is one's own.
pub async fn skip(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, reviewer: StaffId, id: QualityCaseId) -> Result<()> {
    let case = of_others(tx, workspace, reviewer, id).await?;
    let sql = "UPDATE quality_cases SET state = 'skipped' WHERE workspace_id = $1 AND id = $2 AND state IN ('waiting', 'begun')";
    if tx.execute(sql, params![workspace, id]).await? == 0 {
        return Err(Problem::conflict("already_decided", "the case waits no longer").into());
    }
    let detail = json!({ "conversation": case.conversation_id, "agent": case.agent_id, "reasons": case.reasons });
    audit::record(tx, environment, workspace, Actor::Staff(reviewer), "quality_case.skipped", "quality_case", id, detail).await
}

/// Puts a case that was skipped back; one that somebody had begun is begun again.
///
/// # Errors
/// It is not there, was not skipped, or is one's own.
pub async fn put_back(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, reviewer: StaffId, id: QualityCaseId) -> Result<()> {
    let case = of_others(tx, workspace, reviewer, id).await?;
    let sql = "UPDATE quality_cases SET state = CASE WHEN EXISTS (SELECT 1 FROM quality_reviews r WHERE r.workspace_id = $1 \
               AND r.conversation_id = quality_cases.conversation_id AND r.agent_id = quality_cases.agent_id) THEN 'begun' ELSE 'waiting' END \
               WHERE workspace_id = $1 AND id = $2 AND state = 'skipped'";
    if tx.execute(sql, params![workspace, id]).await? == 0 {
        return Err(Problem::conflict("already_decided", "the case was not skipped").into());
    }
    let detail = json!({ "conversation": case.conversation_id, "agent": case.agent_id });
    audit::record(tx, environment, workspace, Actor::Staff(reviewer), "quality_case.put_back", "quality_case", id, detail).await
}

async fn of_others(tx: &mut Tx, workspace: WorkspaceId, reviewer: StaffId, id: QualityCaseId) -> Result<QualityCase> {
    let found: Option<QualityCase> = tx.optional(&format!("{COLUMNS} AND id = $2"), params![workspace, id]).await?;
    let case = found.ok_or_else(|| Problem::not_found("the case"))?;
    if case.agent_id == reviewer {
        return Err(Problem::conflict("own_work", "nobody decides about their own work").into());
    }
    Ok(case)
}

/// A review of this case was begun, published or thrown away.
pub(super) async fn moved(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, agent: StaffId, to: CaseState) -> Result<()> {
    let from = match to {
        CaseState::Begun => "state = 'waiting'",
        CaseState::Waiting => {
            "state = 'begun' AND NOT EXISTS (SELECT 1 FROM quality_reviews r WHERE r.workspace_id = $1 AND r.conversation_id = $2 AND r.agent_id = $3)"
        }
        CaseState::Reviewed | CaseState::Skipped => "state <> 'reviewed'",
    };
    let sql = format!("UPDATE quality_cases SET state = $4 WHERE workspace_id = $1 AND conversation_id = $2 AND agent_id = $3 AND {from}");
    tx.execute(&sql, params![workspace, conversation, agent, to]).await?;
    Ok(())
}
