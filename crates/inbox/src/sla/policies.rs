//! Policies: who is promised what, in which order they are tried, and every version they ever had.

use std::sync::Arc;

use ennakoi_kernel::{
    Duration, Environment, FieldErrors, Problem, Timestamp,
    ids::{CalendarId, PolicyId, WorkspaceId},
    limits,
};
use ennakoi_people::audit;
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ClockKind;
use crate::{
    calendars::{self, Calendar, Hours},
    conditions::{self, Condition, Use},
};

/// Policies of one workspace, at most.
const POLICIES_MAX: usize = 100;
const MINUTES_MAX: i64 = 366 * 24 * 60;

/// How long each thing may take, in minutes of opening hours; null: not promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Targets {
    pub first_answer: Option<i64>,
    pub next_answer: Option<i64>,
    pub resolution: Option<i64>,
}

impl Targets {
    /// The target of a kind of clock.
    #[must_use]
    pub fn of(&self, kind: ClockKind) -> Option<Duration> {
        let minutes = match kind {
            ClockKind::FirstAnswer => self.first_answer,
            ClockKind::NextAnswer => self.next_answer,
            ClockKind::Resolution => self.resolution,
            ClockKind::Promise => None,
        };
        minutes.map(Duration::minutes)
    }
}

/// When the clock of the whole matter stands. Clocks of answers stand while a conversation is snoozed, if this one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pauses {
    /// While it is the customer's turn.
    pub waiting: bool,
    pub snoozed: bool,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { waiting: true, snoozed: true }
    }
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SlaDefinition")]
pub struct Definition {
    pub name: String,
    /// For which conversations; `{"all": []}` for every one.
    #[serde(default = "conditions::always")]
    pub condition: Condition,
    /// Whose opening hours count; null: around the clock.
    #[serde(default)]
    pub calendar_id: Option<CalendarId>,
    #[serde(default)]
    pub targets: Targets,
    #[serde(default)]
    pub pauses: Pauses,
    /// The warning comes when so much of the target has been spent, 10–95.
    #[serde(default = "usual_warning")]
    pub warn_percent: i64,
}

const fn usual_warning() -> i64 {
    80
}

/// A policy as it now is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Policy {
    pub id: PolicyId,
    /// Raised by every change, and by every change of its opening hours.
    pub version: i64,
    /// The first one whose condition holds applies.
    pub position: i64,
    pub enabled: bool,
    #[serde(flatten)]
    pub definition: Definition,
    pub created_at: Timestamp,
}

/// One version of a policy, with the opening hours as they were.
#[derive(Clone, Debug)]
pub struct Version {
    pub policy: PolicyId,
    pub version: i64,
    pub definition: Definition,
    pub calendar: Option<Calendar>,
    /// `created`, `changed` or `calendar`.
    pub cause: String,
    pub created_by: String,
    pub created_at: Timestamp,
    /// Since when there has been such a policy.
    pub policy_since: Timestamp,
    hours: Option<Arc<Hours>>,
}

impl Version {
    /// The opening hours that count; `None`: around the clock.
    #[must_use]
    pub fn hours(&self) -> Option<&Hours> {
        self.hours.as_deref()
    }

    /// Target and warning of a kind of clock.
    #[must_use]
    pub fn spans(&self, kind: ClockKind) -> Option<(Duration, Duration)> {
        let target = self.definition.targets.of(kind)?;
        Some((target, Duration(target.0 / 100 * self.definition.warn_percent)))
    }
}

impl FromRow for Version {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (policy, version) = (row.take()?, row.take()?);
        let definition = serde_json::from_str(&row.take::<String>()?)?;
        let calendar: Option<Calendar> = row.take::<Option<String>>()?.map(|text| serde_json::from_str(&text)).transpose()?;
        let hours = calendar.as_ref().map(Calendar::hours).transpose()?.map(Arc::new);
        Ok(Self {
            policy,
            version,
            definition,
            calendar,
            cause: row.take()?,
            created_by: row.take()?,
            created_at: row.take()?,
            policy_since: row.take()?,
            hours,
        })
    }
}

impl FromRow for Policy {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            version: row.take()?,
            position: row.take()?,
            enabled: row.take()?,
            definition: serde_json::from_str(&row.take::<String>()?)?,
            created_at: row.take()?,
        })
    }
}

const POLICIES: &str = "SELECT p.id, p.version, p.position, p.enabled, v.definition, p.created_at FROM sla_policies p JOIN sla_policy_versions v \
                        ON v.workspace_id = p.workspace_id AND v.policy_id = p.id AND v.version = p.version \
                        WHERE p.workspace_id = $1 AND p.removed_at IS NULL";
const VERSIONS: &str = "SELECT v.policy_id, v.version, v.definition, v.calendar, v.cause, v.created_by, v.created_at, p.created_at \
                        FROM sla_policy_versions v JOIN sla_policies p ON p.id = v.policy_id WHERE v.workspace_id = $1 AND p.workspace_id = $1";

/// All policies, in the order in which they are tried.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Policy>> {
    tx.all(&format!("{POLICIES} ORDER BY p.position, p.id LIMIT $2"), params![workspace, POLICIES_MAX]).await
}

/// One policy.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: PolicyId) -> Result<Policy> {
    let found: Option<Policy> = tx.optional(&format!("{POLICIES} AND p.id = $2"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the service policy").into())
}

/// A version of a policy, whether or not the policy is still there.
///
/// # Errors
/// The database refuses.
pub async fn version(tx: &mut Tx, workspace: WorkspaceId, policy: PolicyId, version: i64) -> Result<Option<Version>> {
    tx.optional(&format!("{VERSIONS} AND v.policy_id = $2 AND v.version = $3"), params![workspace, policy, version]).await
}

/// Every version of a policy, newest first, at most 100.
///
/// # Errors
/// It is not there.
pub async fn versions(tx: &mut Tx, workspace: WorkspaceId, policy: PolicyId) -> Result<Vec<Version>> {
    load(tx, workspace, policy).await?;
    tx.all(&format!("{VERSIONS} AND v.policy_id = $2 ORDER BY v.version DESC LIMIT 100"), params![workspace, policy]).await
}

/// The present versions of the policies that are enabled, in the order in which they are tried.
pub(super) async fn in_force(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Version>> {
    tx.all(
        &format!("{VERSIONS} AND p.removed_at IS NULL AND p.enabled AND v.version = p.version ORDER BY p.position, p.id LIMIT $2"),
        params![workspace, POLICIES_MAX],
    )
    .await
}

/// Creates a policy, tried after the others.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, definition: Definition, enabled: bool) -> Result<Policy> {
    let known = list(tx, workspace).await?;
    if known.len() >= POLICIES_MAX {
        return Err(Problem::conflict("too_many", format!("at most {POLICIES_MAX} policies")).into());
    }
    let calendar = check(tx, workspace, &definition).await?;
    let position = known.last().map_or(0, |last| last.position + 1);
    let policy = Policy { id: environment.new_id(), version: 1, position, enabled, definition, created_at: environment.now() };
    tx.execute(
        "INSERT INTO sla_policies (id, workspace_id, position, enabled, version, created_at, removed_at) VALUES ($1, $2, $3, $4, 1, $5, NULL)",
        params![policy.id, workspace, position, enabled, policy.created_at],
    )
    .await?;
    keep_version(tx, environment, workspace, actor, &policy, calendar.as_ref(), "created").await?;
    tell(tx, environment, workspace, actor, "sla_policy.created", &policy).await?;
    Ok(policy)
}

/// Writes a changed policy as a new version. Clocks that run go on under the version they began with.
///
/// # Errors
/// It is not there, or a field is not valid.
pub async fn update(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, changed: Policy) -> Result<Policy> {
    let before = load(tx, workspace, changed.id).await?;
    let calendar = check(tx, workspace, &changed.definition).await?;
    let mut policy = Policy { version: before.version, position: before.position, created_at: before.created_at, ..changed };
    if policy == before {
        return Ok(policy);
    }
    if policy.definition != before.definition {
        policy.version += 1;
        keep_version(tx, environment, workspace, actor, &policy, calendar.as_ref(), "changed").await?;
    }
    tx.execute(
        "UPDATE sla_policies SET enabled = $3, version = $4 WHERE workspace_id = $1 AND id = $2",
        params![workspace, policy.id, policy.enabled, policy.version],
    )
    .await?;
    tell(tx, environment, workspace, actor, "sla_policy.updated", &policy).await?;
    Ok(policy)
}

/// Sets the order in which policies are tried: those named come first, in this order.
///
/// # Errors
/// One of them is not there.
pub async fn set_order(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, order: &[PolicyId]) -> Result<Vec<Policy>> {
    let known = list(tx, workspace).await?;
    if let Some(index) = order.iter().position(|id| known.iter().all(|policy| policy.id != *id)) {
        return Err(Problem::field(format!("ids[{index}]"), "unknown", "no policy of this workspace").into());
    }
    let rest = known.iter().map(|policy| policy.id).filter(|id| !order.contains(id));
    for (position, id) in order.iter().copied().chain(rest).enumerate() {
        tx.execute("UPDATE sla_policies SET position = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, position]).await?;
    }
    audit::record(tx, environment, workspace, actor, "sla_policy.ordered", "sla_policy", "", json!({ "ids": order })).await?;
    list(tx, workspace).await
}

/// Removes a policy. Its versions stay, and clocks that run under it run on.
///
/// # Errors
/// It is not there.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: PolicyId) -> Result<()> {
    let policy = load(tx, workspace, id).await?;
    tx.execute("UPDATE sla_policies SET removed_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, environment.now()]).await?;
    tell(tx, environment, workspace, actor, "sla_policy.removed", &policy).await
}

/// New versions of the policies that keep this calendar, with its hours as they are now. Returns the policies.
pub(super) async fn renew_hours(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, calendar: CalendarId) -> Result<Vec<PolicyId>> {
    let Some(now) = calendars::find(tx, workspace, calendar).await? else { return Ok(Vec::new()) };
    let mut renewed = Vec::new();
    for mut policy in list(tx, workspace).await? {
        if policy.definition.calendar_id != Some(calendar) {
            continue;
        }
        let known = version(tx, workspace, policy.id, policy.version).await?;
        if known.is_some_and(|known| known.calendar.as_ref() == Some(&now)) {
            continue;
        }
        policy.version += 1;
        keep_version(tx, environment, workspace, actor, &policy, Some(&now), "calendar").await?;
        tx.execute("UPDATE sla_policies SET version = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, policy.id, policy.version]).await?;
        renewed.push(policy.id);
    }
    Ok(renewed)
}

async fn keep_version(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    policy: &Policy,
    calendar: Option<&Calendar>,
    cause: &'static str,
) -> Result<()> {
    let calendar = calendar.map(serde_json::to_string).transpose()?;
    tx.execute(
        "INSERT INTO sla_policy_versions (workspace_id, policy_id, version, definition, calendar, cause, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![workspace, policy.id, policy.version, serde_json::to_string(&policy.definition)?, calendar, cause, actor.to_string(), environment.now()],
    )
    .await?;
    Ok(())
}

/// The calendar that a valid definition names.
async fn check(tx: &mut Tx, workspace: WorkspaceId, definition: &Definition) -> Result<Option<Calendar>> {
    let mut errors = FieldErrors::default();
    errors.line("name", &definition.name, limits::LINE_CHARACTERS);
    let targets = definition.targets;
    for (name, minutes) in [("first_answer", targets.first_answer), ("next_answer", targets.next_answer), ("resolution", targets.resolution)] {
        if minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
            errors.add(format!("targets.{name}"), "out_of_range", format!("1 to {MINUTES_MAX} minutes"));
        }
    }
    if targets == Targets::default() {
        errors.add("targets", "required", "at least one target");
    }
    if !(10..=95).contains(&definition.warn_percent) {
        errors.add("warn_percent", "out_of_range", "10 to 95");
    }
    let calendar = match definition.calendar_id {
        Some(id) => calendars::find(tx, workspace, id).await?,
        None => None,
    };
    if definition.calendar_id.is_some() && calendar.is_none() {
        errors.add("calendar_id", "unknown", "no calendar of this workspace");
    }
    errors.finish()?;
    conditions::check(&definition.condition, "condition", Use::Policy)?;
    Ok(calendar)
}

/// Tells the timeline and the audit.
async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, kind: &'static str, policy: &Policy) -> Result<()> {
    let detail = json!({ "version": policy.version, "enabled": policy.enabled, "definition": policy.definition });
    audit::record(tx, environment, workspace, actor, kind, "sla_policy", policy.id, detail).await?;
    let payload = json!({ "policy": policy.id, "version": policy.version });
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, actor, payload)]).await?;
    Ok(())
}
