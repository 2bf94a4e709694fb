//! Rules: when something happens, and if the case is such, then these things are done.
//!
//! Invariants:
//! - rules run in their order; each sees what those before it have done;
//! - a rule runs at most once for an event, however often the event is followed;
//! - what rules cause can cause rules again, but only to a depth of [`decide::DEPTH_MAX`]; and one rule runs at most [`decide::RUNS_AN_HOUR`]
//!   times an hour on one conversation, whatever wakes it. Both stops stand in the log;
//! - every run is logged with what came of each action, and stands in the thread for those who work there;
//! - what happened before a rule was enabled is left alone.

pub mod api;
pub mod decide;
pub(crate) mod follow;
mod store;
mod trial;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{ConversationId, RuleId, RuleRunId, WorkspaceId},
    limits,
};
use ennakoi_people::audit;
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::{self, Action},
    conditions::{self, Condition, Use},
};

pub use decide::When;

/// Rules of one workspace, at most.
const RULES_MAX: usize = 200;

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleDefinition")]
pub struct Definition {
    pub name: String,
    /// On which events it wakes.
    pub when: Vec<When>,
    /// Whether it applies; `{"all": []}` always.
    #[serde(default = "conditions::always")]
    pub condition: Condition,
    /// What is done, in this order.
    pub actions: Vec<Action>,
    /// Rules after it are not tried on the same event.
    #[serde(default)]
    pub last: bool,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rule {
    pub id: RuleId,
    pub version: i64,
    pub position: i64,
    pub enabled: bool,
    /// Events before this moment are left alone.
    pub enabled_at: Timestamp,
    #[serde(flatten)]
    pub definition: Definition,
    pub created_at: Timestamp,
}

/// What came of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionLog {
    pub kind: String,
    /// The code of why it was refused; null when it was done.
    pub refused: Option<String>,
}

/// One run of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RuleRun")]
pub struct Run {
    pub id: RuleRunId,
    pub rule_id: RuleId,
    /// The rule's name and version at the time.
    pub rule_name: String,
    pub rule_version: i64,
    pub conversation_id: ConversationId,
    /// Kind of the event that caused it.
    pub cause: String,
    pub at: Timestamp,
    /// 1: caused by people; 2: by what a rule did; and so on.
    pub depth: i64,
    /// `ran`; `too_deep` or `braked` when a stop against loops held it.
    pub outcome: String,
    pub actions: Vec<ActionLog>,
}

/// All rules, in the order in which they run.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Rule>> {
    store::list(tx, workspace, RULES_MAX).await
}

/// One rule.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: RuleId) -> Result<Rule> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the rule").into())
}

/// Creates a rule that runs after the others.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, definition: Definition, enabled: bool) -> Result<Rule> {
    let known = list(tx, workspace).await?;
    if known.len() >= RULES_MAX {
        return Err(Problem::conflict("too_many", format!("at most {RULES_MAX} rules")).into());
    }
    check(tx, workspace, &definition).await?;
    let (now, position) = (environment.now(), known.last().map_or(0, |last| last.position + 1));
    let rule = Rule { id: environment.new_id(), version: 1, position, enabled, enabled_at: now, definition, created_at: now };
    store::insert(tx, workspace, &rule).await?;
    tell(tx, environment, workspace, actor, "rule.created", &rule).await?;
    Ok(rule)
}

/// Changes a rule. One that is enabled again begins with what happens from now on.
///
/// # Errors
/// It is not there, or a field is not valid.
pub async fn update(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, changed: Rule) -> Result<Rule> {
    let before = load(tx, workspace, changed.id).await?;
    let now = environment.now();
    let mut rule = Rule { version: before.version, position: before.position, enabled_at: before.enabled_at, created_at: before.created_at, ..changed };
    if rule == before {
        return Ok(rule);
    }
    if rule.definition != before.definition {
        check(tx, workspace, &rule.definition).await?;
        rule.version += 1;
    }
    if rule.enabled && !before.enabled {
        rule.enabled_at = now;
    }
    store::update(tx, workspace, &rule, now).await?;
    tell(tx, environment, workspace, actor, "rule.updated", &rule).await?;
    Ok(rule)
}

/// Sets the order in which rules run: those named come first, in this order.
///
/// # Errors
/// One of them is not there.
pub async fn set_order(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, order: &[RuleId]) -> Result<Vec<Rule>> {
    let known = list(tx, workspace).await?;
    if let Some(index) = order.iter().position(|id| known.iter().all(|rule| rule.id != *id)) {
        return Err(Problem::field(format!("ids[{index}]"), "unknown", "no rule of this workspace").into());
    }
    let rest = known.iter().map(|rule| rule.id).filter(|id| !order.contains(id));
    for (position, id) in order.iter().copied().chain(rest).enumerate() {
        store::place(tx, workspace, id, position).await?;
    }
    audit::record(tx, environment, workspace, actor, "rule.ordered", "rule", "", json!({ "ids": order })).await?;
    list(tx, workspace).await
}

/// Removes a rule; the log of its runs stays.
///
/// # Errors
/// It is not there.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: RuleId) -> Result<()> {
    let rule = load(tx, workspace, id).await?;
    store::remove(tx, workspace, id).await?;
    tell(tx, environment, workspace, actor, "rule.removed", &rule).await
}

async fn check(tx: &mut Tx, workspace: WorkspaceId, definition: &Definition) -> Result<()> {
    let mut errors = FieldErrors::default();
    errors.line("name", &definition.name, limits::LINE_CHARACTERS);
    if definition.when.is_empty() || definition.when.len() > When::ALL.len() {
        errors.add("when", "required", "at least one event");
    }
    errors.finish()?;
    conditions::check(&definition.condition, "condition", Use::Rule)?;
    // A rule is everybody's: only shared canned answers.
    actions::check(tx, workspace, None, &definition.actions).await
}

/// Tells the timeline and the audit.
async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, kind: &'static str, rule: &Rule) -> Result<()> {
    let detail = json!({ "version": rule.version, "enabled": rule.enabled, "definition": rule.definition });
    audit::record(tx, environment, workspace, actor, kind, "rule", rule.id, detail).await?;
    let payload = json!({ "rule": rule.id, "version": rule.version });
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, actor, payload)]).await?;
    Ok(())
}
