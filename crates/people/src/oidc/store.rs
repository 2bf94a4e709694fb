//! SQL of identity providers and their ceremonies.

use ennakoi_http::{App, Secret};
use ennakoi_kernel::{Duration, Timestamp};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{PURPOSE, Provider};
use crate::sealed;

/// How long a person has to sign in at the provider.
const LIFETIME: Duration = Duration::minutes(10);
const KIND: &str = "oidc";

impl FromRow for Provider {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            issuer: row.take()?,
            client_id: row.take()?,
            domains: serde_json::from_str(&row.take::<String>()?)?,
            created_at: row.take()?,
            redirect_url: String::new(),
        })
    }
}

const PROVIDER: &str = "SELECT id, name, issuer, client_id, domains, created_at FROM oidc_providers";

/// All providers of the installation; their number is limited when they are added.
pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Provider>> {
    tx.all(&format!("{PROVIDER} ORDER BY name, id LIMIT 50"), params![]).await
}

pub(super) async fn load(tx: &mut Tx, id: Uuid) -> Result<Option<Provider>> {
    tx.optional(&format!("{PROVIDER} WHERE id = $1"), params![id]).await
}

pub(super) async fn client_secret(tx: &mut Tx, app: &App, id: Uuid) -> Result<String> {
    let sealed: Vec<u8> = tx.scalar("SELECT client_secret FROM oidc_providers WHERE id = $1", params![id]).await?;
    let secret = sealed::open(app, PURPOSE, id.as_bytes(), &sealed)?;
    String::from_utf8(secret).map_err(|_| ennakoi_store::Error::Decode("a client secret is not text".to_owned()))
}

pub(super) async fn insert(tx: &mut Tx, app: &App, it: &Provider, client_secret: &str) -> Result<()> {
    let sealed = sealed::seal(app, PURPOSE, it.id.as_bytes(), client_secret.as_bytes());
    tx.execute(
        "INSERT INTO oidc_providers (id, name, issuer, client_id, client_secret, domains, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![it.id, &it.name, &it.issuer, &it.client_id, sealed, json!(it.domains), it.created_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> Result<bool> {
    Ok(tx.execute("DELETE FROM oidc_providers WHERE id = $1", params![id]).await? == 1)
}

/// What must be remembered while the person is at the provider.
#[derive(Serialize, Deserialize)]
pub(super) struct Ceremony {
    pub(super) provider: Uuid,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// SHA-256 of the cookie that binds the ceremony to one browser.
    pub(super) browser_hash: String,
    /// Where in the console the person wanted to go.
    #[serde(default)]
    pub(super) next: Option<String>,
}

pub(super) async fn keep(tx: &mut Tx, now: Timestamp, state: &str, ceremony: &Ceremony) -> Result<()> {
    tx.execute(
        "DELETE FROM sign_in_ceremonies WHERE key_hash IN (SELECT key_hash FROM sign_in_ceremonies WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100)",
        params![now],
    )
    .await?;
    tx.execute(
        "INSERT INTO sign_in_ceremonies (key_hash, kind, staff_id, state, expires_at) VALUES ($1, $2, NULL, $3, $4)",
        params![Secret::token_hash(state), KIND, serde_json::to_vec(ceremony)?, now + LIFETIME],
    )
    .await?;
    Ok(())
}

/// Takes the ceremony with this state; it works once.
pub(super) async fn take(tx: &mut Tx, now: Timestamp, state: &str) -> Result<Option<Ceremony>> {
    let row: Option<(Vec<u8>, Timestamp)> = tx
        .optional("DELETE FROM sign_in_ceremonies WHERE key_hash = $1 AND kind = $2 RETURNING state, expires_at", params![Secret::token_hash(state), KIND])
        .await?;
    match row {
        Some((state, expires_at)) if expires_at > now => Ok(Some(serde_json::from_slice(&state)?)),
        _ => Ok(None),
    }
}
