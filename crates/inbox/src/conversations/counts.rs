//! Numbers beside the views. Each stops at a limit, so that none of them ever counts a history.

use std::collections::{BTreeMap, HashMap};

use ennakoi_kernel::{
    Environment,
    ids::{StaffId, ViewId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::list::{BOT, BREACHING, Conditions, MENTIONED, PROMISED, UNASSIGNED, WAITING};
use crate::views::{self, filter};

/// Numbers stop here: 1000 means 1000 or more.
const MOST: i64 = 1_000;

/// How many active conversations (open or waiting) each view holds; 1000 means 1000 or more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    pub mine: i64,
    pub unassigned: i64,
    pub all: i64,
    pub mentions: i64,
    pub waiting: i64,
    /// Clocks that are urgent or late, also of conversations that are snoozed or closed.
    pub breaching: i64,
    /// Open promises, wherever their conversation stands.
    pub promised: i64,
    pub bot: i64,
    /// By the id of the view.
    pub views: BTreeMap<ViewId, i64>,
}

/// The numbers that a person sees; a program sees those that are nobody's in particular.
///
/// # Errors
/// The database refuses.
pub async fn counts(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, viewer: Option<StaffId>) -> Result<Counts> {
    let fixed = |condition: &str| {
        let mut conditions = Conditions::new(workspace);
        conditions.add(condition);
        conditions
    };
    let mut breaching = Conditions::new(workspace);
    breaching.active = None;
    breaching.bind(BREACHING, environment.now());
    let mut promised = fixed(PROMISED);
    promised.active = None;
    let mut counts = Counts {
        breaching: count(tx, &breaching).await?,
        promised: count(tx, &promised).await?,
        unassigned: count(tx, &fixed(UNASSIGNED)).await?,
        all: count(tx, &Conditions::new(workspace)).await?,
        waiting: count(tx, &fixed(WAITING)).await?,
        bot: count(tx, &fixed(BOT)).await?,
        ..Counts::default()
    };
    let Some(viewer) = viewer else { return Ok(counts) };
    let mut mine = Conditions::new(workspace);
    mine.bind("agent_id = {}", viewer);
    counts.mine = count(tx, &mine).await?;
    let mut mentions = Conditions::new(workspace);
    mentions.bind(MENTIONED, viewer);
    counts.mentions = count(tx, &mentions).await?;
    let context = filter::Context { viewer: Some(viewer), now: environment.now() };
    for view in views::list(tx, workspace, viewer).await? {
        let mut conditions = Conditions::new(workspace);
        conditions.filter(&view.filter, context)?;
        conditions.active = Some(true);
        counts.views.insert(view.id, count(tx, &conditions).await?);
    }
    Ok(counts)
}

/// How many conversations stand on the desk of each of these people: the number beside their own view.
///
/// # Errors
/// The database refuses.
pub async fn open_of(tx: &mut Tx, workspace: WorkspaceId, people: &[StaffId]) -> Result<HashMap<StaffId, i64>> {
    let rows: Vec<(StaffId, i64)> = tx
        .all(
            "SELECT agent_id, CAST(COUNT(*) AS BIGINT) FROM conversations WHERE workspace_id = $1 AND active AND agent_id IS NOT NULL GROUP BY agent_id",
            params![workspace],
        )
        .await?;
    Ok(rows.into_iter().filter(|(agent, _)| people.contains(agent)).map(|(agent, open)| (agent, open.min(MOST))).collect())
}

async fn count(tx: &mut Tx, conditions: &Conditions) -> Result<i64> {
    let active = if conditions.active == Some(true) { " AND active" } else { "" };
    let statement = format!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM conversations WHERE workspace_id = $1{active}{} LIMIT {MOST}) AS counted",
        conditions.text()
    );
    tx.scalar(&statement, &conditions.parameters).await
}
