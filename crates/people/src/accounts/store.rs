//! SQL of accounts.

use ennakoi_http::Secret;
use ennakoi_kernel::{
    Timestamp,
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Error, FromRow, Result, Row, Tx, Value, params};
use uuid::Uuid;

use super::{Account, Credentials, NewAccount};
use crate::staff::Availability;

impl FromRow for Account {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            email: row.take()?,
            name: row.take()?,
            locale: row.take()?,
            avatar: row.take()?,
            has_password: row.take()?,
            has_totp: row.take()?,
            operator: row.take()?,
            preferences: row.take()?,
        })
    }
}

const ACCOUNT: &str = "SELECT id, email, name, locale, avatar, password_hash IS NOT NULL, totp_secret IS NOT NULL, operator, preferences FROM staff";

pub(crate) async fn load(tx: &mut Tx, id: StaffId) -> Result<Option<Account>> {
    tx.optional(&format!("{ACCOUNT} WHERE id = $1"), params![id]).await
}

pub(crate) async fn by_email(tx: &mut Tx, email_normalised: &str) -> Result<Option<Account>> {
    tx.optional(&format!("{ACCOUNT} WHERE email_normalised = $1"), params![email_normalised]).await
}

/// Whether the installation has any account.
pub(crate) async fn any(tx: &mut Tx) -> Result<bool> {
    Ok(tx.optional::<(StaffId,)>("SELECT id FROM staff LIMIT 1", params![]).await?.is_some())
}

impl FromRow for Credentials {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { staff: row.take()?, password_hash: row.take()?, totp_secret: row.take()? })
    }
}

pub(crate) async fn credentials_of(tx: &mut Tx, email_normalised: &str) -> Result<Option<Credentials>> {
    tx.optional("SELECT id, password_hash, totp_secret FROM staff WHERE email_normalised = $1", params![email_normalised]).await
}

/// Returns whether the address was free.
pub(super) async fn insert(tx: &mut Tx, now: Timestamp, id: StaffId, email_normalised: &str, new: &NewAccount<'_>) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO staff (id, email, email_normalised, name, locale, avatar, password_hash, totp_secret, totp_pending, totp_last_step, operator, \
             preferences, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, NULL, $6, NULL, NULL, 0, $7, '{}', $8, $8) ON CONFLICT DO NOTHING",
            params![id, new.email.trim(), email_normalised, new.name.trim(), new.locale, new.password_hash.clone(), new.operator, now],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn set_password_hash(tx: &mut Tx, now: Timestamp, id: StaffId, hash: &str) -> Result<()> {
    tx.execute("UPDATE staff SET password_hash = $2, updated_at = $3 WHERE id = $1", params![id, hash, now]).await?;
    Ok(())
}

pub(crate) async fn set_profile(tx: &mut Tx, now: Timestamp, account: &Account) -> Result<()> {
    tx.execute(
        "UPDATE staff SET name = $2, locale = $3, preferences = $4, updated_at = $5 WHERE id = $1",
        params![account.id, &account.name, account.locale, &account.preferences, now],
    )
    .await?;
    Ok(())
}

/// Returns whether the address was free.
pub(crate) async fn set_email(tx: &mut Tx, now: Timestamp, id: StaffId, email: &str, email_normalised: &str) -> Result<bool> {
    let taken: Option<(StaffId,)> = tx.optional("SELECT id FROM staff WHERE email_normalised = $1 AND id <> $2", params![email_normalised, id]).await?;
    if taken.is_some() {
        return Ok(false);
    }
    tx.execute("UPDATE staff SET email = $2, email_normalised = $3, updated_at = $4 WHERE id = $1", params![id, email, email_normalised, now]).await?;
    Ok(true)
}

pub(crate) async fn set_avatar(tx: &mut Tx, now: Timestamp, id: StaffId, digest: Option<String>) -> Result<()> {
    tx.execute("UPDATE staff SET avatar = $2, updated_at = $3 WHERE id = $1", params![id, digest, now]).await?;
    Ok(())
}

pub(crate) async fn promote_operator(tx: &mut Tx, now: Timestamp, id: StaffId) -> Result<()> {
    tx.execute("UPDATE staff SET operator = TRUE, updated_at = $2 WHERE id = $1", params![id, now]).await?;
    Ok(())
}

pub(crate) async fn set_totp_pending(tx: &mut Tx, now: Timestamp, id: StaffId, sealed: Vec<u8>) -> Result<()> {
    tx.execute("UPDATE staff SET totp_pending = $2, updated_at = $3 WHERE id = $1", params![id, sealed, now]).await?;
    Ok(())
}

pub(crate) async fn totp_pending(tx: &mut Tx, id: StaffId) -> Result<Option<Vec<u8>>> {
    let (sealed,): (Option<Vec<u8>>,) = tx.one("SELECT totp_pending FROM staff WHERE id = $1", params![id]).await?;
    Ok(sealed)
}

/// The pending secret becomes the secret, and the recovery codes are replaced.
pub(crate) async fn turn_totp_on(tx: &mut Tx, now: Timestamp, id: StaffId, step: i64, recovery_codes: &[String]) -> Result<()> {
    tx.execute(
        "UPDATE staff SET totp_secret = totp_pending, totp_pending = NULL, totp_last_step = $2, updated_at = $3 WHERE id = $1 AND totp_pending IS NOT NULL",
        params![id, step, now],
    )
    .await?;
    tx.execute("DELETE FROM staff_recovery_codes WHERE staff_id = $1", params![id]).await?;
    for code in recovery_codes {
        tx.execute("INSERT INTO staff_recovery_codes (staff_id, code_hash) VALUES ($1, $2)", params![id, Secret::token_hash(code)]).await?;
    }
    Ok(())
}

pub(crate) async fn turn_totp_off(tx: &mut Tx, now: Timestamp, id: StaffId) -> Result<()> {
    tx.execute("UPDATE staff SET totp_secret = NULL, totp_pending = NULL, updated_at = $2 WHERE id = $1", params![id, now]).await?;
    tx.execute("DELETE FROM staff_recovery_codes WHERE staff_id = $1", params![id]).await?;
    Ok(())
}

/// Uses a time step up; `false` when it, or a later one, was used before (RFC 6238 §5.2: a code works once).
pub(crate) async fn take_totp_step(tx: &mut Tx, id: StaffId, step: i64) -> Result<bool> {
    Ok(tx.execute("UPDATE staff SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2", params![id, step]).await? == 1)
}

/// Uses a recovery code up; `false` when there is none such.
pub(crate) async fn take_recovery_code(tx: &mut Tx, id: StaffId, code: &str) -> Result<bool> {
    let hash = Secret::token_hash(code);
    Ok(tx.execute("DELETE FROM staff_recovery_codes WHERE staff_id = $1 AND code_hash = $2", params![id, hash]).await? == 1)
}

pub(super) async fn workspaces_of(tx: &mut Tx, staff: StaffId) -> Result<Vec<WorkspaceId>> {
    let rows: Vec<(WorkspaceId,)> =
        tx.all("SELECT workspace_id FROM memberships WHERE staff_id = $1 AND left_at IS NULL ORDER BY joined_at LIMIT 200", params![staff]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A membership as the person sees it.
pub(crate) struct MembershipRow {
    pub(crate) workspace: WorkspaceId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) availability: Availability,
    pub(crate) capacity: i64,
}

impl FromRow for MembershipRow {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            workspace: row.take()?,
            slug: row.take()?,
            name: row.take()?,
            role: row.take::<String>()?.parse().map_err(Error::Decode)?,
            availability: row.take()?,
            capacity: row.take()?,
        })
    }
}

pub(crate) async fn memberships(tx: &mut Tx, staff: StaffId, only: Option<WorkspaceId>) -> Result<Vec<MembershipRow>> {
    let filter = if only.is_some() { "AND m.workspace_id = $2" } else { "" };
    let parameters: Vec<Value> = std::iter::once(Value::from(staff)).chain(only.map(Value::from)).collect();
    tx.all(
        &format!(
            "SELECT m.workspace_id, w.slug, w.name, m.role, m.availability, m.capacity FROM memberships m JOIN workspaces w ON w.id = m.workspace_id \
             WHERE m.staff_id = $1 AND m.left_at IS NULL {filter} ORDER BY w.name, w.id LIMIT 200"
        ),
        &parameters,
    )
    .await
}

pub(crate) async fn linked_by_oidc(tx: &mut Tx, provider: Uuid, subject: &str) -> Result<Option<StaffId>> {
    let row: Option<(StaffId,)> = tx.optional("SELECT staff_id FROM oidc_links WHERE provider_id = $1 AND subject = $2", params![provider, subject]).await?;
    Ok(row.map(|(staff,)| staff))
}

pub(crate) async fn link_oidc(tx: &mut Tx, now: Timestamp, provider: Uuid, subject: &str, staff: StaffId) -> Result<()> {
    tx.execute("INSERT INTO oidc_links (provider_id, subject, staff_id, created_at) VALUES ($1, $2, $3, $4)", params![provider, subject, staff, now]).await?;
    Ok(())
}
