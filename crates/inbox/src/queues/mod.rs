//! Queues: where conversations wait for people, who serves them, when, and with which skills.

pub mod api;
mod store;

use std::collections::HashMap;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem,
    ids::{CalendarId, ChannelId, QueueId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::staff;
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{calendars, channels, conversations::QueueBrief};

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Queue {
    pub id: QueueId,
    pub name: String,
    /// Its opening hours; null: always open.
    pub calendar_id: Option<CalendarId>,
    /// Skills that somebody needs to serve it.
    pub skills: Vec<String>,
    /// Who serves it; empty: everybody who answers customers.
    pub members: Vec<StaffId>,
    /// Where conversations go that name no queue. Exactly one is.
    pub is_default: bool,
}

/// Queues of one workspace, at most.
const QUEUES_MAX: usize = 200;
const MEMBERS_MAX: usize = 500;
const SKILLS_MAX: usize = 50;

/// What may change about a queue; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct QueueChange {
    pub name: Option<String>,
    pub calendar_id: Option<Option<CalendarId>>,
    pub skills: Option<Vec<String>>,
    pub members: Option<Vec<StaffId>>,
    pub is_default: Option<bool>,
}

/// All queues of the workspace, oldest first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Queue>> {
    store::list(tx, workspace, QUEUES_MAX).await
}

/// One queue.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: QueueId) -> Result<Queue> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the queue").into())
}

/// How many conversations wait in a queue, as far as `most`.
///
/// # Errors
/// The database refuses.
pub async fn waiting(tx: &mut Tx, workspace: WorkspaceId, queue: QueueId, most: i64) -> Result<i64> {
    store::waiting(tx, workspace, queue, most).await
}

/// Names of all queues, removed ones too.
pub(crate) async fn briefs(tx: &mut Tx, workspace: WorkspaceId) -> Result<HashMap<QueueId, QueueBrief>> {
    Ok(store::briefs(tx, workspace).await?.into_iter().map(|brief| (brief.id, brief)).collect())
}

/// Where a conversation of this channel goes: the wanted queue, else the channel's, else the default one. `None` when the workspace
/// has no queue at all.
///
/// # Errors
/// The wanted queue is not of this workspace.
pub async fn destination(tx: &mut Tx, workspace: WorkspaceId, wanted: Option<QueueId>, channel: ChannelId) -> Result<Option<QueueId>> {
    if let Some(wanted) = wanted {
        return load(tx, workspace, wanted).await.map(|queue| Some(queue.id));
    }
    let of_channel = channels::load(tx, workspace, channel).await.ok().and_then(|channel| channel.settings.queue_id);
    if let Some(queue) = of_channel
        && let Some(queue) = store::find(tx, workspace, queue).await?
    {
        return Ok(Some(queue.id));
    }
    store::default(tx, workspace).await
}

/// The calendar of a queue; of the default one when it is not named or no longer there.
pub(crate) async fn calendar_of(tx: &mut Tx, workspace: WorkspaceId, queue: Option<QueueId>) -> Result<Option<CalendarId>> {
    let named = match queue {
        Some(queue) => store::find(tx, workspace, queue).await?,
        None => None,
    };
    if let Some(queue) = named {
        return Ok(queue.calendar_id);
    }
    let Some(default) = store::default(tx, workspace).await? else { return Ok(None) };
    Ok(store::find(tx, workspace, default).await?.and_then(|queue| queue.calendar_id))
}

/// Creates a queue. The first one is the default.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: QueueChange) -> Result<Queue> {
    let known = store::list(tx, workspace, QUEUES_MAX).await?;
    if known.len() >= QUEUES_MAX {
        return Err(Problem::conflict("too_many", format!("at most {QUEUES_MAX} queues")).into());
    }
    let mut queue =
        Queue { id: environment.new_id(), name: String::new(), calendar_id: None, skills: Vec::new(), members: Vec::new(), is_default: known.is_empty() };
    let becomes_default = new.is_default == Some(true) || queue.is_default;
    apply(&mut queue, QueueChange { is_default: Some(becomes_default), ..new });
    check(tx, workspace, &queue).await?;
    if becomes_default {
        store::no_default(tx, workspace).await?;
    }
    store::insert(tx, workspace, &queue, environment.now()).await?;
    store::set_members(tx, workspace, &queue).await?;
    tell(tx, environment, workspace, actor, "queue.created", queue.id).await?;
    Ok(queue)
}

/// Changes a queue.
///
/// # Errors
/// It is not there, a field is not valid, or the only default would stop being one.
pub async fn update(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: QueueId, change: QueueChange) -> Result<Queue> {
    let mut queue = load(tx, workspace, id).await?;
    if queue.is_default && change.is_default == Some(false) {
        return Err(Problem::conflict("default_needed", "make another queue the default one instead").into());
    }
    let becomes_default = !queue.is_default && change.is_default == Some(true);
    apply(&mut queue, change);
    check(tx, workspace, &queue).await?;
    if becomes_default {
        store::no_default(tx, workspace).await?;
    }
    store::update(tx, workspace, &queue).await?;
    store::set_members(tx, workspace, &queue).await?;
    tell(tx, environment, workspace, actor, "queue.updated", id).await?;
    Ok(queue)
}

/// Removes a queue. What waits in it moves to the default one.
///
/// # Errors
/// It is not there, or it is the default one.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: QueueId) -> Result<()> {
    let queue = load(tx, workspace, id).await?;
    if queue.is_default {
        return Err(Problem::conflict("default_needed", "make another queue the default one first").into());
    }
    let default = store::default(tx, workspace).await?.ok_or_else(|| Problem::conflict("default_needed", "there is no default queue"))?;
    store::remove(tx, workspace, id, environment.now()).await?;
    let payload = json!({ "queue": id, "moved_to": default });
    // The follower of routing moves what waits in it, in pieces: there may be many.
    timeline::append(tx, environment, workspace, vec![NewEvent::new("queue.removed", actor, payload)]).await?;
    Ok(())
}

fn apply(queue: &mut Queue, change: QueueChange) {
    if let Some(name) = change.name {
        queue.name = name.trim().to_owned();
    }
    if let Some(calendar) = change.calendar_id {
        queue.calendar_id = calendar;
    }
    if let Some(mut skills) = change.skills {
        skills.iter_mut().for_each(|skill| *skill = skill.trim().to_lowercase());
        skills.sort_unstable();
        skills.dedup();
        queue.skills = skills;
    }
    if let Some(mut members) = change.members {
        members.sort_unstable();
        members.dedup();
        queue.members = members;
    }
    queue.is_default = change.is_default.unwrap_or(queue.is_default);
}

async fn check(tx: &mut Tx, workspace: WorkspaceId, queue: &Queue) -> Result<()> {
    let mut errors = FieldErrors::default();
    errors.line("name", &queue.name, limits::LINE_CHARACTERS);
    if queue.skills.len() > SKILLS_MAX {
        errors.add("skills", "too_many", format!("at most {SKILLS_MAX}"));
    }
    for (index, skill) in queue.skills.iter().enumerate() {
        errors.line(&format!("skills[{index}]"), skill, 60);
    }
    if queue.members.len() > MEMBERS_MAX {
        errors.add("members", "too_many", format!("at most {MEMBERS_MAX}"));
    } else if !queue.members.is_empty() {
        let known: Vec<StaffId> = staff::members(tx, workspace).await?.into_iter().map(|member| member.id).collect();
        for (index, member) in queue.members.iter().enumerate() {
            if !known.contains(member) {
                errors.add(format!("members[{index}]"), "unknown", "nobody of this workspace");
            }
        }
    }
    if let Some(calendar) = queue.calendar_id
        && calendars::load(tx, workspace, calendar).await.is_err()
    {
        errors.add("calendar_id", "unknown", "no calendar of this workspace");
    }
    Ok(errors.finish()?)
}

async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, kind: &'static str, id: QueueId) -> Result<()> {
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, actor, json!({ "queue": id }))]).await?;
    Ok(())
}
