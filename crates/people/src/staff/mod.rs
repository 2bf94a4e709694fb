//! Staff: people who work in workspaces, in which role, and whether they are there.

mod store;

use std::collections::HashMap;

use ennakoi_kernel::{
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, stored_as_text};
use serde::{Deserialize, Serialize};

use crate::Locale;

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

/// Members of one workspace, at most.
pub const MEMBERS_MAX: usize = 2_000;
