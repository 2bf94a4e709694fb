//! Counting how guides are gone through: from the pages at once, from the bot through its events.

use std::{collections::BTreeMap, sync::Arc};

use ennakoi_kernel::ids::WorkspaceId;
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    params,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Guide, GuideId, PERSON, SOLVED};

const DAY: i64 = 86_400_000_000;

/// One thing that happened at a step.
pub(crate) struct Happened<'a> {
    pub(crate) guide: GuideId,
    /// `page` or `chat`.
    pub(crate) channel: &'a str,
    pub(crate) step: &'a str,
    /// `shown`, `solved`, `unsolved`, `person`, `to:<step>`.
    pub(crate) what: &'a str,
    pub(crate) day: i64,
}

pub(crate) async fn add(tx: &mut Tx, workspace: WorkspaceId, happened: &Happened<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO guide_days (workspace_id, guide_id, day, channel, step, happened, times) VALUES ($1, $2, $3, $4, $5, $6, 1) \
         ON CONFLICT (workspace_id, guide_id, day, channel, step, happened) DO UPDATE SET times = guide_days.times + 1",
        params![workspace, happened.guide, happened.day, happened.channel, happened.step, happened.what],
    )
    .await?;
    Ok(())
}

#[derive(Deserialize)]
struct Walked {
    guide: GuideId,
    step: String,
    what: String,
}

/// Counts what the bot walks.
pub(crate) fn follower() -> Follower {
    Follower { name: "help.guides", kinds: &["guide.walked"], handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

async fn follow(batch: Batch) -> Result<()> {
    let mut tx = batch.begin().await?;
    for event in &batch.events {
        let walked: Walked = event.payload()?;
        let known: Option<(GuideId,)> =
            tx.optional("SELECT id FROM guides WHERE workspace_id = $1 AND id = $2", params![batch.workspace, walked.guide]).await?;
        if known.is_none() {
            continue;
        }
        let day = event.occurred_at.0.div_euclid(DAY);
        add(&mut tx, batch.workspace, &Happened { guide: walked.guide, channel: "chat", step: &walked.step, what: &walked.what, day }).await?;
    }
    batch.commit(tx).await
}

/// How often a step was shown, and what came of it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(super) struct StepCount {
    pub(super) step: String,
    pub(super) shown: i64,
    /// Went on to each next step.
    pub(super) to: BTreeMap<String, i64>,
    pub(super) solved: i64,
    pub(super) unsolved: i64,
    /// Asked for a person here.
    pub(super) person: i64,
    /// Came here and did nothing more: what is left.
    pub(super) left: i64,
}

/// Counts since a day, in the order of the guide's steps; steps of earlier versions at the end.
pub(super) async fn counts(tx: &mut Tx, workspace: WorkspaceId, id: GuideId, guide: &Guide, since: i64) -> Result<Vec<StepCount>> {
    let rows: Vec<(String, String, i64)> = tx
        .all(
            "SELECT step, happened, CAST(SUM(times) AS BIGINT) FROM guide_days WHERE workspace_id = $1 AND guide_id = $2 AND day >= $3 GROUP BY step, happened",
            params![workspace, id, since],
        )
        .await?;
    let mut counted: BTreeMap<String, StepCount> =
        guide.steps.iter().map(|step| (step.id.clone(), StepCount { step: step.id.clone(), ..StepCount::default() })).collect();
    for (step, happened, times) in rows {
        let count = counted.entry(step.clone()).or_insert_with(|| StepCount { step, ..StepCount::default() });
        match happened.as_str() {
            "shown" => count.shown += times,
            SOLVED => count.solved += times,
            "unsolved" => count.unsolved += times,
            PERSON => count.person += times,
            other => {
                if let Some(to) = other.strip_prefix("to:") {
                    *count.to.entry(to.to_owned()).or_default() += times;
                }
            }
        }
    }
    let order = |id: &str| guide.steps.iter().position(|step| step.id == id).unwrap_or(usize::MAX);
    let mut counts: Vec<StepCount> = counted.into_values().collect();
    for count in &mut counts {
        let went: i64 = count.to.values().sum::<i64>() + count.solved + count.unsolved + count.person;
        count.left = (count.shown - went).max(0);
    }
    counts.sort_by_key(|count| order(&count.step));
    Ok(counts)
}
