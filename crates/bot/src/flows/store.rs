//! The flows of a workspace: the ready ones, what the company made of them, and its own.

use std::{borrow::Cow, collections::BTreeMap};

use ennakoi_kernel::{Environment, Problem, Timestamp, ids::WorkspaceId};
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    check::{flaws, is_name},
    definition::{DEFINITION_BYTES, Flow, read},
    ready,
    shop::ItemKind,
    trial,
};

/// Flows of a workspace besides the ready ones, at most.
const OWN_MAX: i64 = 50;
/// Versions that are listed.
const VERSIONS_SHOWN: i64 = 30;

/// A flow that is live.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub flow: Cow<'static, Flow>,
    pub version: i64,
}

/// What the company made of a flow.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub flow_id: String,
    pub enabled: bool,
    pub draft: String,
    pub draft_version: i64,
    pub published: i64,
    pub updated_at: Timestamp,
}

impl FromRow for Own {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { flow_id: row.take()?, enabled: row.take()?, draft: row.take()?, draft_version: row.take()?, published: row.take()?, updated_at: row.take()? })
    }
}

/// A published version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Version {
    pub version: i64,
    pub published_at: Timestamp,
    pub published_by: String,
}

impl FromRow for Version {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { version: row.take()?, published_at: row.take()?, published_by: row.take()? })
    }
}

pub(crate) async fn owns(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Own>> {
    tx.all(
        "SELECT flow_id, enabled, draft, draft_version, published, updated_at FROM bot_flows WHERE workspace_id = $1 ORDER BY flow_id LIMIT $2",
        params![workspace, OWN_MAX + 50],
    )
    .await
}

pub(crate) async fn own(tx: &mut Tx, workspace: WorkspaceId, id: &str) -> Result<Option<Own>> {
    tx.optional(
        "SELECT flow_id, enabled, draft, draft_version, published, updated_at FROM bot_flows WHERE workspace_id = $1 AND flow_id = $2",
        params![workspace, id],
    )
    .await
}

/// The flows that may begin now: switched on, published, and about things that the shop has told of.
///
/// # Errors
/// The database refuses.
pub(crate) async fn live(tx: &mut Tx, workspace: WorkspaceId, told: &[ItemKind]) -> Result<Vec<Live>> {
    let mut own: BTreeMap<String, Own> = owns(tx, workspace).await?.into_iter().map(|own| (own.flow_id.clone(), own)).collect();
    let published: Vec<(String, String)> = tx
        .all(
            "SELECT v.flow_id, v.definition FROM bot_flow_versions v JOIN bot_flows f ON f.workspace_id = v.workspace_id AND f.flow_id = v.flow_id \
             AND f.published = v.version WHERE v.workspace_id = $1 AND f.enabled",
            params![workspace],
        )
        .await?;
    let mut published: BTreeMap<String, String> = published.into_iter().collect();
    let mut flows = Vec::new();
    for (flow, _) in ready::all() {
        let changed = own.remove(&flow.id);
        if changed.as_ref().is_some_and(|own| !own.enabled) {
            continue;
        }
        let version = changed.map_or(0, |own| own.published);
        let theirs = published.remove(&flow.id).and_then(|text| read(&text).ok());
        flows.push(Live { flow: theirs.map_or(Cow::Borrowed(flow), Cow::Owned), version });
    }
    for (id, text) in published {
        if let (Some(own), Ok(flow)) = (own.get(&id), read(&text)) {
            flows.push(Live { flow: Cow::Owned(flow), version: own.published });
        }
    }
    flows.retain(|live| live.flow.requires.is_none_or(|kind| told.contains(&kind)));
    Ok(flows)
}

/// The text that is edited: the draft, else what is published, else the program's own.
pub(crate) async fn text(tx: &mut Tx, workspace: WorkspaceId, id: &str) -> Result<Option<String>> {
    let own = own(tx, workspace, id).await?;
    if let Some(own) = &own {
        if !own.draft.is_empty() {
            return Ok(Some(own.draft.clone()));
        }
        if own.published > 0 {
            return version(tx, workspace, id, own.published).await;
        }
    }
    Ok(ready::find(id).map(|(_, text)| (*text).to_owned()))
}

pub(crate) async fn version(tx: &mut Tx, workspace: WorkspaceId, id: &str, version: i64) -> Result<Option<String>> {
    let row: Option<(String,)> = tx
        .optional("SELECT definition FROM bot_flow_versions WHERE workspace_id = $1 AND flow_id = $2 AND version = $3", params![workspace, id, version])
        .await?;
    Ok(row.map(|(text,)| text))
}

pub(crate) async fn versions(tx: &mut Tx, workspace: WorkspaceId, id: &str) -> Result<Vec<Version>> {
    tx.all(
        "SELECT version, published_at, published_by FROM bot_flow_versions WHERE workspace_id = $1 AND flow_id = $2 ORDER BY version DESC LIMIT $3",
        params![workspace, id, VERSIONS_SHOWN],
    )
    .await
}

/// Keeps a draft. `version` is the one that was read; 0 when there was none.
///
/// # Errors
/// Somebody else has saved meanwhile, it is too long, or its name is none.
pub(crate) async fn keep_draft(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: &str,
    text: &str,
    version: i64,
) -> Result<i64> {
    if !is_name(id) {
        return Err(Problem::field("id", "invalid", "lower-case letters, digits and underscores").into());
    }
    if text.len() > DEFINITION_BYTES || text.trim().is_empty() || text.contains('\0') {
        return Err(Problem::field("definition", "invalid", format!("1 to {DEFINITION_BYTES} bytes")).into());
    }
    if read(text).is_ok_and(|flow| flow.id != id) {
        return Err(Problem::field("definition", "other_id", "the id inside is another").into());
    }
    let (count,): (i64,) = tx.one("SELECT CAST(COUNT(*) AS BIGINT) FROM bot_flows WHERE workspace_id = $1 AND flow_id <> $2", params![workspace, id]).await?;
    if count >= OWN_MAX + i64::try_from(ready::all().len()).unwrap_or(0) {
        return Err(Problem::field("id", "too_many", format!("at most {OWN_MAX} flows")).into());
    }
    let kept: Option<(i64,)> = tx
        .optional(
            "INSERT INTO bot_flows (workspace_id, flow_id, enabled, draft, draft_version, published, updated_at, updated_by) \
             VALUES ($1, $2, TRUE, $3, 1, 0, $4, $5) ON CONFLICT (workspace_id, flow_id) DO UPDATE SET draft = $3, \
             draft_version = bot_flows.draft_version + 1, updated_at = $4, updated_by = $5 WHERE bot_flows.draft_version = $6 RETURNING draft_version",
            params![workspace, id, text, environment.now(), actor.to_string(), version],
        )
        .await?;
    kept.map(|(version,)| version).ok_or_else(|| Problem::conflict("stale_version", "somebody has saved it meanwhile").into())
}

/// Makes the draft live as a new version.
///
/// # Errors
/// It has flaws, a test of its own fails, or it is not the text that was looked at.
pub(crate) async fn publish(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: &str, draft_version: i64) -> Result<i64> {
    let own = own(tx, workspace, id).await?.filter(|own| !own.draft.is_empty()).ok_or_else(|| Problem::not_found("a draft of the flow"))?;
    if own.draft_version != draft_version {
        return Err(Problem::conflict("stale_version", "somebody has saved it meanwhile").into());
    }
    let mut wrong = ennakoi_kernel::FieldErrors::default();
    match read(&own.draft) {
        Err(flaws) => flaws.iter().for_each(|flaw| wrong.add("definition", "flawed", flaw.message.clone())),
        Ok(flow) => {
            for flaw in flaws(&flow) {
                wrong.add(flaw.step.map_or_else(|| "definition".to_owned(), |step| format!("step.{step}")), "flawed", flaw.message);
            }
            if flow.id != id {
                wrong.add("definition", "other_id", "the id inside is another");
            }
            for result in flow.tests.iter().map(|test| trial::run_test(&flow, test)).filter(|result| !result.passed) {
                wrong.add("definition", "test_failed", format!("{}: {}", result.name, result.told.unwrap_or_default()));
            }
        }
    }
    wrong.finish()?;
    let (last,): (i64,) = tx
        .one("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM bot_flow_versions WHERE workspace_id = $1 AND flow_id = $2", params![workspace, id])
        .await?;
    let version = last + 1;
    tx.execute(
        "INSERT INTO bot_flow_versions (workspace_id, flow_id, version, definition, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)",
        params![workspace, id, version, &own.draft, environment.now(), actor.to_string()],
    )
    .await?;
    tx.execute(
        "UPDATE bot_flows SET published = $3, draft = '', draft_version = draft_version + 1, enabled = TRUE, updated_at = $4 \
         WHERE workspace_id = $1 AND flow_id = $2",
        params![workspace, id, version, environment.now()],
    )
    .await?;
    Ok(version)
}

/// Switches a flow on or off.
pub(crate) async fn enable(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: &str, enabled: bool) -> Result<()> {
    if ready::find(id).is_none() && own(tx, workspace, id).await?.is_none() {
        return Err(Problem::not_found("the flow").into());
    }
    tx.execute(
        "INSERT INTO bot_flows (workspace_id, flow_id, enabled, draft, draft_version, published, updated_at, updated_by) \
         VALUES ($1, $2, $3, '', 0, 0, $4, $5) ON CONFLICT (workspace_id, flow_id) DO UPDATE SET enabled = $3, updated_at = $4, updated_by = $5",
        params![workspace, id, enabled, environment.now(), actor.to_string()],
    )
    .await?;
    Ok(())
}

/// Takes the company's own definition away: a ready flow is as the program brings it again, another is gone. Published versions stay,
/// because conversations and requests name them.
pub(crate) async fn forget(tx: &mut Tx, workspace: WorkspaceId, id: &str) -> Result<()> {
    let gone = tx.execute("DELETE FROM bot_flows WHERE workspace_id = $1 AND flow_id = $2", params![workspace, id]).await?;
    if gone == 0 { Err(Problem::not_found("the flow").into()) } else { Ok(()) }
}
