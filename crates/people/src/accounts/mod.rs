//! Accounts: a person of staff as the installation knows them, and how they prove who they are.

mod store;

use ennakoi_http::App;
use ennakoi_kernel::{
    Environment, Problem,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, timeline::Actor};
use serde_json::{Value, json};

pub(crate) use store::{
    MembershipRow, any, by_email, credentials_of, link_oidc, linked_by_oidc, load, memberships, promote_operator, set_avatar, set_email, set_password_hash,
    set_profile, set_totp_pending, take_recovery_code, take_totp_step, totp_pending, turn_totp_off, turn_totp_on,
};

use crate::{Locale, audit, email, passwords, sessions, staff};

/// An account without its secrets.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: StaffId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) locale: Locale,
    pub(crate) avatar: Option<String>,
    pub(crate) has_password: bool,
    pub(crate) has_totp: bool,
    pub(crate) operator: bool,
    pub(crate) preferences: Value,
}

impl Account {
    pub(crate) fn avatar_url(&self) -> Option<String> {
        self.avatar.as_deref().map(|digest| staff::avatar_url(self.id, digest))
    }
}

/// What is compared when somebody signs in.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) staff: StaffId,
    pub(crate) password_hash: Option<String>,
    pub(crate) totp_secret: Option<Vec<u8>>,
}

/// An account to be.
pub(crate) struct NewAccount<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) locale: Locale,
    pub(crate) password_hash: Option<String>,
    pub(crate) operator: bool,
}

/// Creates an account.
///
/// # Errors
/// The address is malformed or has an account.
pub(crate) async fn create(tx: &mut Tx, environment: &Environment, new: NewAccount<'_>) -> Result<StaffId> {
    let normalised = email::normalise(new.email).ok_or_else(|| Problem::field("email", "email_invalid", "not an e-mail address"))?;
    let id: StaffId = environment.new_id();
    if store::insert(tx, environment.now(), id, &normalised, &new).await? {
        Ok(id)
    } else {
        Err(Problem::conflict("account_exists", "this address has an account").into())
    }
}

/// Sets a password, ends every other session of the person and withdraws open resets. The caller calls
/// [`sessions::forget_cached`] after its commit.
pub(crate) async fn change_password(tx: &mut Tx, app: &App, staff: StaffId, hash: &str, keep: Option<ennakoi_kernel::ids::SessionId>) -> Result<()> {
    set_password_hash(tx, app.environment.now(), staff, hash).await?;
    sessions::end_all(tx, staff, keep).await?;
    tx.execute("DELETE FROM password_resets WHERE staff_id = $1", ennakoi_store::params![staff]).await?;
    audit_everywhere(tx, &app.environment, staff, Actor::Staff(staff), "password.changed", json!({})).await
}

/// Writes a line about a person into the audit of each workspace they belong to.
pub(crate) async fn audit_everywhere(tx: &mut Tx, environment: &Environment, staff: StaffId, actor: Actor, action: &str, detail: Value) -> Result<()> {
    for workspace in workspaces_of(tx, staff).await? {
        audit::record(tx, environment, workspace, actor, action, "staff", staff, detail.clone()).await?;
    }
    Ok(())
}

/// The workspaces a person is a member of, at most 200.
pub(crate) async fn workspaces_of(tx: &mut Tx, staff: StaffId) -> Result<Vec<WorkspaceId>> {
    store::workspaces_of(tx, staff).await
}

/// Whether the password is the account's; takes as long when there is none.
pub(crate) async fn password_fits(credentials: Option<&Credentials>, password: &str) -> Result<bool, Problem> {
    passwords::verify(password, credentials.and_then(|it| it.password_hash.as_deref())).await
}
