//! Making a colleague without an invitation: for generated workspaces and for operators' tools.

use ennakoi_http::App;
use ennakoi_kernel::{
    Environment,
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, timeline::Actor};

use crate::{
    Locale,
    accounts::{self, NewAccount},
    commands::readable_password,
    passwords, sessions, staff,
};

/// A colleague to be.
#[derive(Clone, Debug)]
pub struct Colleague<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub role: Role,
    /// Conversations handled at the same time.
    pub capacity: i64,
    pub skills: &'a [&'a str],
    /// The first one is the person's own.
    pub languages: &'a [Locale],
}

/// Makes an account with a random password and a membership; returns the password, which is stored nowhere. `environment` says when;
/// the password always comes from the installation's own randomness.
///
/// # Errors
/// The address has an account, or the database refuses.
pub async fn hire(app: &App, environment: &Environment, workspace: WorkspaceId, colleague: &Colleague<'_>) -> Result<(StaffId, String)> {
    let password = readable_password(app);
    let password_hash = passwords::hash(&app.environment, &password).await?;
    let mut tx = app.db.begin().await?;
    let locale = colleague.languages.first().copied().unwrap_or_default();
    let new = NewAccount { email: colleague.email, name: colleague.name, locale, password_hash: Some(password_hash), operator: false };
    let id = accounts::create(&mut tx, environment, new).await?;
    staff::join(&mut tx, environment, workspace, id, colleague.role).await?;
    if let Some(member) = staff::member(&mut tx, workspace, id).await? {
        let change = staff::MemberChange {
            capacity: Some(colleague.capacity),
            skills: Some(colleague.skills.iter().map(|skill| (*skill).to_owned()).collect()),
            languages: Some(colleague.languages.to_vec()),
            role: None,
        };
        staff::change(&mut tx, environment, workspace, Actor::System, member, change).await?;
    }
    tx.commit().await?;
    sessions::forget_cached();
    Ok((id, password))
}
