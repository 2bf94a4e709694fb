//! SQL of passkeys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_kernel::{
    Timestamp,
    ids::{PasskeyId, StaffId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use webauthn_rs::prelude::Passkey;

use super::api::PasskeyRow;

impl FromRow for PasskeyRow {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, name: row.take()?, created_at: row.take()?, last_used_at: row.take()? })
    }
}

/// All passkeys of a person; the number is limited when they are added.
pub(super) async fn list(tx: &mut Tx, staff: StaffId) -> Result<Vec<PasskeyRow>> {
    tx.all("SELECT id, name, created_at, last_used_at FROM passkeys WHERE staff_id = $1 ORDER BY created_at, id LIMIT 100", params![staff]).await
}

pub(super) async fn credentials(tx: &mut Tx, staff: StaffId) -> Result<Vec<Passkey>> {
    let rows: Vec<(String,)> = tx.all("SELECT credential FROM passkeys WHERE staff_id = $1 LIMIT 100", params![staff]).await?;
    rows.into_iter().map(|(text,)| Ok(serde_json::from_str(&text)?)).collect()
}

/// Returns whether the credential was not known before.
pub(super) async fn insert(tx: &mut Tx, now: Timestamp, id: PasskeyId, staff: StaffId, name: &str, passkey: &Passkey) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO passkeys (id, staff_id, credential_id, name, credential, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, NULL) \
             ON CONFLICT DO NOTHING",
            params![id, staff, URL_SAFE_NO_PAD.encode(passkey.cred_id()), name, serde_json::to_string(passkey)?, now],
        )
        .await?;
    Ok(inserted == 1)
}

pub(super) async fn find(tx: &mut Tx, staff: StaffId, credential_id: &[u8]) -> Result<Option<(PasskeyId, Passkey)>> {
    let row: Option<(PasskeyId, String)> = tx
        .optional("SELECT id, credential FROM passkeys WHERE staff_id = $1 AND credential_id = $2", params![staff, URL_SAFE_NO_PAD.encode(credential_id)])
        .await?;
    row.map(|(id, text)| Ok((id, serde_json::from_str(&text)?))).transpose()
}

pub(super) async fn used(tx: &mut Tx, now: Timestamp, id: PasskeyId, passkey: &Passkey) -> Result<()> {
    tx.execute("UPDATE passkeys SET credential = $2, last_used_at = $3 WHERE id = $1", params![id, serde_json::to_string(passkey)?, now]).await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, staff: StaffId, id: PasskeyId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM passkeys WHERE staff_id = $1 AND id = $2", params![staff, id]).await? == 1)
}

/// A few at a time.
pub(super) async fn delete_ended(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM sign_in_ceremonies WHERE key_hash IN (SELECT key_hash FROM sign_in_ceremonies WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100)",
        params![now],
    )
    .await?;
    Ok(())
}
