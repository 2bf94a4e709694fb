//! What the server and its command line do with accounts: the first sign-in, a forgotten password, a lost owner.

use ennakoi_http::App;
use ennakoi_kernel::{
    Problem,
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, timeline::Actor};
use serde_json::json;

use crate::{
    Locale,
    accounts::{self, Account, NewAccount},
    audit, email, passwords, sessions, staff, workspaces,
};

/// The address of the account that the first start makes.
const FIRST: &str = "owner@localhost";

/// How to sign in to a fresh installation; printed once, stored nowhere.
#[derive(Debug)]
pub struct FirstSignIn {
    pub email: String,
    pub password: String,
}

/// Makes the first account, an operator, when the installation has none.
///
/// # Errors
/// The database refuses.
pub async fn first_start(app: &App) -> Result<Option<FirstSignIn>> {
    if accounts::any(&mut app.db.read().await?).await? {
        return Ok(None);
    }
    let password = readable_password(app);
    let password_hash = passwords::hash(&app.environment, &password).await?;
    let mut tx = app.db.begin().await?;
    // Another node may have been first.
    if accounts::any(&mut tx).await? {
        return Ok(None);
    }
    let new = NewAccount { email: FIRST, name: "Owner", locale: Locale::default(), password_hash: Some(password_hash), operator: true };
    match accounts::create(&mut tx, &app.environment, new).await {
        Ok(_) => {}
        Err(ennakoi_store::Error::Problem(problem)) if problem.code == "account_exists" => return Ok(None),
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    Ok(Some(FirstSignIn { email: FIRST.to_owned(), password }))
}

/// 100 random bits in five groups of letters and digits that are not mistaken for each other.
fn readable_password(app: &App) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0u8; 20];
    app.environment.fill(&mut random);
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// Gives a person a new random password, turns their second step off and ends their sessions; returns the password.
///
/// # Errors
/// Nobody has this address.
pub async fn reset_password(app: &App, address: &str) -> Result<String> {
    let password = readable_password(app);
    let hash = passwords::hash(&app.environment, &password).await?;
    let mut tx = app.db.begin().await?;
    let account = known(&mut tx, address).await?;
    accounts::change_password(&mut tx, app, account.id, &hash, None).await?;
    accounts::turn_totp_off(&mut tx, app.environment.now(), account.id).await?;
    accounts::audit_everywhere(&mut tx, &app.environment, account.id, Actor::System, "password.reset_by_operator", json!({})).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(password)
}

/// Makes a person owner of the workspace with this slug, as a member or not, and an operator of the installation.
///
/// # Errors
/// Nobody has this address, or no workspace this slug.
pub async fn make_owner(app: &App, address: &str, slug: &str) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let account = known(&mut tx, address).await?;
    let workspace = workspaces::by_slug(&mut tx, slug).await?.ok_or_else(|| Problem::not_found("the workspace"))?;
    promote(&mut tx, app, workspace.id, account.id).await?;
    accounts::promote_operator(&mut tx, app.environment.now(), account.id).await?;
    audit::record(&mut tx, &app.environment, workspace.id, Actor::System, "staff.made_owner", "staff", account.id, json!({})).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(())
}

async fn promote(tx: &mut Tx, app: &App, workspace: WorkspaceId, person: StaffId) -> Result<()> {
    match staff::member(tx, workspace, person).await? {
        None => staff::join(tx, &app.environment, workspace, person, Role::Owner).await,
        Some(member) => {
            let change = staff::MemberChange { role: Some(Role::Owner), ..staff::MemberChange::default() };
            staff::change(tx, &app.environment, workspace, Actor::System, member, change).await.map(|_| ())
        }
    }
}

async fn known(tx: &mut Tx, address: &str) -> Result<Account> {
    let normalised = email::normalise(address).unwrap_or_default();
    accounts::by_email(tx, &normalised).await?.ok_or_else(|| Problem::not_found("an account with this address").into())
}
