//! SQL of rules and their runs.

use ennakoi_kernel::{
    Timestamp,
    ids::{ConversationId, RuleId, RuleRunId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};

use super::{ActionLog, Rule, Run};

const COLUMNS: &str = "id, version, position, enabled, enabled_at, definition, created_at";

impl FromRow for Rule {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            version: row.take()?,
            position: row.take()?,
            enabled: row.take()?,
            enabled_at: row.take()?,
            definition: serde_json::from_str(&row.take::<String>()?)?,
            created_at: row.take()?,
        })
    }
}

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, limit: usize) -> Result<Vec<Rule>> {
    tx.all(&format!("SELECT {COLUMNS} FROM rules WHERE workspace_id = $1 ORDER BY position, id LIMIT $2"), params![workspace, limit]).await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: RuleId) -> Result<Option<Rule>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM rules WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, rule: &Rule) -> Result<()> {
    tx.execute(
        "INSERT INTO rules (id, workspace_id, position, enabled, enabled_at, version, definition, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        params![rule.id, workspace, rule.position, rule.enabled, rule.enabled_at, rule.version, serde_json::to_string(&rule.definition)?, rule.created_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, rule: &Rule, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE rules SET enabled = $3, enabled_at = $4, version = $5, definition = $6, updated_at = $7 WHERE workspace_id = $1 AND id = $2",
        params![workspace, rule.id, rule.enabled, rule.enabled_at, rule.version, serde_json::to_string(&rule.definition)?, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn place(tx: &mut Tx, workspace: WorkspaceId, id: RuleId, position: usize) -> Result<()> {
    tx.execute("UPDATE rules SET position = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, position]).await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: RuleId) -> Result<()> {
    tx.execute("DELETE FROM rules WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

impl FromRow for Run {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            rule_id: row.take()?,
            rule_name: row.take()?,
            rule_version: row.take()?,
            conversation_id: row.take()?,
            cause: row.take()?,
            at: row.take()?,
            depth: row.take()?,
            outcome: row.take()?,
            actions: serde_json::from_str::<Vec<ActionLog>>(&row.take::<String>()?)?,
        })
    }
}

const RUNS: &str =
    "SELECT id, rule_id, rule_name, rule_version, conversation_id, cause_kind, at, depth, outcome, detail FROM rule_runs WHERE workspace_id = $1";

pub(super) async fn runs_of_conversation(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, limit: u32) -> Result<Vec<Run>> {
    tx.all(&format!("{RUNS} AND conversation_id = $2 ORDER BY id DESC LIMIT $3"), params![workspace, conversation, limit]).await
}

pub(super) async fn runs_of_rule(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId, limit: u32) -> Result<Vec<Run>> {
    tx.all(&format!("{RUNS} AND rule_id = $2 ORDER BY cause_seq DESC LIMIT $3"), params![workspace, rule, limit]).await
}

/// A run with the events between which its effects lie.
pub(super) struct NewRun<'a> {
    pub(super) id: RuleRunId,
    pub(super) rule: &'a Rule,
    pub(super) conversation: ConversationId,
    pub(super) cause: (i64, &'a str),
    pub(super) at: Timestamp,
    pub(super) depth: i64,
    pub(super) outcome: &'static str,
    pub(super) effects: (i64, i64),
    pub(super) actions: Vec<ActionLog>,
}

pub(super) async fn log(tx: &mut Tx, workspace: WorkspaceId, run: NewRun<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO rule_runs (workspace_id, id, rule_id, rule_name, rule_version, conversation_id, cause_seq, cause_kind, at, depth, outcome, \
         first_seq, last_seq, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            workspace,
            run.id,
            run.rule.id,
            &run.rule.definition.name,
            run.rule.version,
            run.conversation,
            run.cause.0,
            run.cause.1,
            run.at,
            run.depth,
            run.outcome,
            run.effects.0,
            run.effects.1,
            serde_json::to_string(&run.actions)?
        ],
    )
    .await?;
    Ok(())
}

/// How deep an event lies: that of the run which caused it, or 0.
pub(super) async fn depth_of(tx: &mut Tx, workspace: WorkspaceId, seq: i64) -> Result<i64> {
    let found: Option<(i64, i64)> = tx
        .optional("SELECT first_seq, depth FROM rule_runs WHERE workspace_id = $1 AND last_seq >= $2 ORDER BY last_seq LIMIT 1", params![workspace, seq])
        .await?;
    Ok(found.filter(|(first, _)| *first < seq).map_or(0, |(_, depth)| depth))
}

pub(super) async fn has_run(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId, seq: i64) -> Result<bool> {
    let found: Option<(RuleRunId,)> =
        tx.optional("SELECT id FROM rule_runs WHERE workspace_id = $1 AND rule_id = $2 AND cause_seq = $3", params![workspace, rule, seq]).await?;
    Ok(found.is_some())
}

pub(super) async fn runs_since(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId, conversation: ConversationId, since: Timestamp) -> Result<i64> {
    tx.scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM rule_runs WHERE workspace_id = $1 AND conversation_id = $2 AND rule_id = $3 AND at > $4 AND outcome = 'ran'",
        params![workspace, conversation, rule, since],
    )
    .await
}
