//! Staff: people who work in workspaces, in which role, and whether they are there.

mod api;
mod store;

use std::collections::HashMap;

use ennakoi_kernel::{
    Environment, Problem,
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, stored_as_text,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use api::routes;

use crate::{Locale, audit};

/// Whether a person takes work now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Online,
    Away,
    #[default]
    Offline,
}
stored_as_text!(Availability { Online = "online", Away = "away", Offline = "offline" });

/// As much of a person as a list needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StaffBrief {
    pub id: StaffId,
    pub name: String,
    pub avatar_url: Option<String>,
}

/// A person as a member of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StaffMember {
    pub id: StaffId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub avatar_url: Option<String>,
    pub availability: Availability,
    /// Conversations the person handles at the same time, at most.
    pub capacity: i64,
    pub skills: Vec<String>,
    /// Languages the person serves in.
    pub languages: Vec<Locale>,
}

impl FromRow for StaffMember {
    fn from_row(row: &mut Row) -> Result<Self> {
        let id = row.take()?;
        let (email, name) = (row.take()?, row.take()?);
        let avatar: Option<String> = row.take()?;
        Ok(Self {
            id,
            email,
            name,
            avatar_url: avatar.map(|digest| avatar_url(id, &digest)),
            role: row.take::<String>()?.parse().map_err(ennakoi_store::Error::Decode)?,
            availability: row.take()?,
            capacity: row.take()?,
            skills: serde_json::from_str(&row.take::<String>()?)?,
            languages: serde_json::from_str(&row.take::<String>()?)?,
        })
    }
}

/// Where a person's picture is served.
pub(crate) fn avatar_url(staff: StaffId, digest: &str) -> String {
    format!("/api/v1/avatars/{staff}/{digest}")
}

/// Names and pictures of the given people, as far as they were ever members of this workspace or still exist.
///
/// # Errors
/// The database refuses.
pub async fn briefs(tx: &mut Tx, workspace: WorkspaceId, ids: &[StaffId]) -> Result<HashMap<StaffId, StaffBrief>> {
    let found = store::briefs(tx, workspace, ids).await?;
    Ok(found.into_iter().map(|brief| (brief.id, brief)).collect())
}

/// Everybody of the workspace, at most [`MEMBERS_MAX`], by name.
///
/// # Errors
/// The database refuses.
pub async fn members(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<StaffMember>> {
    store::members(tx, workspace).await
}

/// One member; `None` when the person does not belong to the workspace.
///
/// # Errors
/// The database refuses.
pub async fn member(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<Option<StaffMember>> {
    store::member(tx, workspace, staff).await
}

/// Where and in which language a member is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub id: StaffId,
    pub email: String,
    pub locale: Locale,
    pub role: Role,
}

impl FromRow for Reader {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, email, locale) = (row.take()?, row.take()?, row.take()?);
        Ok(Self { id, email, locale, role: row.take::<String>()?.parse().map_err(ennakoi_store::Error::Decode)? })
    }
}

/// One member as a reader; `None` when the person does not belong to the workspace.
///
/// # Errors
/// The database refuses.
pub async fn reader(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<Option<Reader>> {
    store::reader(tx, workspace, staff).await
}

/// Members of one workspace, at most.
pub const MEMBERS_MAX: usize = 2_000;

/// Conversations a new member handles at the same time.
const CAPACITY: i64 = 5;

/// What changes in a member; `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberChange {
    pub(crate) role: Option<Role>,
    pub(crate) capacity: Option<i64>,
    pub(crate) skills: Option<Vec<String>>,
    pub(crate) languages: Option<Vec<Locale>>,
}

/// One page of members by name.
pub(crate) async fn page(tx: &mut Tx, workspace: WorkspaceId, after: Option<(String, StaffId)>, limit: u32) -> Result<Vec<StaffMember>> {
    store::page(tx, workspace, after, limit).await
}

/// Makes a person a member, or lets a former one return. The caller calls `sessions::forget_cached` after its commit.
///
/// # Errors
/// The person is a member already.
pub(crate) async fn join(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, person: StaffId, role: Role) -> Result<()> {
    if !store::join(tx, environment.now(), workspace, person, role, CAPACITY).await? {
        return Err(Problem::conflict("already_member", "this person is a member").into());
    }
    let actor = Actor::Staff(person);
    audit::record(tx, environment, workspace, actor, "staff.joined", "staff", person, json!({ "role": role })).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new("staff.joined", actor, json!({ "staff": person, "role": role }))]).await?;
    Ok(())
}

/// Changes a member. Who may do it is the caller's matter.
///
/// # Errors
/// The workspace would be left without an owner.
pub(crate) async fn change(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    before: StaffMember,
    change: MemberChange,
) -> Result<StaffMember> {
    let mut after = before.clone();
    after.role = change.role.unwrap_or(before.role);
    after.capacity = change.capacity.unwrap_or(before.capacity);
    after.skills = change.skills.unwrap_or_else(|| before.skills.clone());
    after.languages = change.languages.unwrap_or_else(|| before.languages.clone());
    if after == before {
        return Ok(before);
    }
    if before.role == Role::Owner && after.role != Role::Owner {
        require_another_owner(tx, workspace, before.id).await?;
    }
    store::update(tx, workspace, &after).await?;
    if after.role != before.role {
        let detail = json!({ "before": before.role, "after": after.role });
        audit::record(tx, environment, workspace, actor, "staff.role_changed", "staff", before.id, detail).await?;
    }
    timeline::append(tx, environment, workspace, vec![NewEvent::new("staff.updated", actor, json!({ "staff": after.id }))]).await?;
    Ok(after)
}

/// Ends a membership; the name stays on what the person did.
///
/// # Errors
/// The workspace would be left without an owner.
pub(crate) async fn leave(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, member: StaffMember) -> Result<()> {
    if member.role == Role::Owner {
        require_another_owner(tx, workspace, member.id).await?;
    }
    store::leave(tx, environment.now(), workspace, member.id).await?;
    audit::record(tx, environment, workspace, actor, "staff.left", "staff", member.id, json!({ "role": member.role })).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new("staff.left", actor, json!({ "staff": member.id }))]).await?;
    Ok(())
}

async fn require_another_owner(tx: &mut Tx, workspace: WorkspaceId, leaving: StaffId) -> Result<()> {
    if store::has_other_owner(tx, workspace, leaving).await? {
        return Ok(());
    }
    Err(Problem::conflict("last_owner", "a workspace needs an owner; make somebody else one first").into())
}

/// Says whether the person takes work now.
///
/// # Errors
/// The database refuses.
pub async fn set_availability(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, person: StaffId, availability: Availability) -> Result<()> {
    if store::set_availability(tx, workspace, person, availability).await? {
        let payload = json!({ "staff": person, "availability": availability });
        timeline::append(tx, environment, workspace, vec![NewEvent::new("staff.availability_changed", Actor::Staff(person), payload)]).await?;
    }
    Ok(())
}
