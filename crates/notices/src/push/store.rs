//! Browsers that people have added.

use ennakoi_egress::{Reach, check};
use ennakoi_http::App;
use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    ids::{PushSubscriptionId, StaffId, WorkspaceId},
};
use ennakoi_people::sealed;
use ennakoi_store::{Error, FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{decoded, reach};

const PURPOSE: &str = "push subscriptions";
/// Browsers of one person, at most.
pub(crate) const MOST: i64 = 20;
const ENDPOINT_MAX: usize = 2_000;
const BROWSER_MAX: usize = 60;
/// RFC 8291 §3.2.
const SECRET_BYTES: usize = 16;

/// A browser that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PushSubscription {
    pub id: PushSubscriptionId,
    /// What the browser says it is.
    pub browser: String,
    pub created_at: Timestamp,
    /// When something arrived there last.
    pub used_at: Option<Timestamp>,
}

impl FromRow for PushSubscription {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, browser: row.take()?, created_at: row.take()?, used_at: row.take()? })
    }
}

/// What a browser's `PushSubscription.toJSON()` says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPushSubscription {
    pub endpoint: String,
    /// The browser's public key.
    pub p256dh: String,
    /// The secret that both sides know.
    pub auth: String,
    pub browser: String,
}

/// Where and under which keys a message goes.
pub(crate) struct Receiver {
    pub(crate) endpoint: String,
    pub(crate) public_key: Vec<u8>,
    pub(crate) secret: Vec<u8>,
}

pub(crate) async fn any(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<bool> {
    let sql = "SELECT 1 FROM push_subscriptions WHERE workspace_id = $1 AND staff_id = $2 LIMIT 1";
    Ok(tx.optional::<(i64,)>(sql, params![workspace, staff]).await?.is_some())
}

pub(crate) async fn of(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<Vec<PushSubscription>> {
    let sql = "SELECT id, browser, created_at, used_at FROM push_subscriptions WHERE workspace_id = $1 AND staff_id = $2 ORDER BY id LIMIT $3";
    tx.all(sql, params![workspace, staff, MOST]).await
}

/// Adds a browser, or says again what is known; one that somebody else had added belongs to who uses it now.
///
/// # Errors
/// A field makes no sense, or there are too many.
pub(crate) async fn add(tx: &mut Tx, app: &App, workspace: WorkspaceId, staff: StaffId, new: &NewPushSubscription) -> Result<PushSubscription> {
    checked(app, new)?;
    let (id, now): (PushSubscriptionId, _) = (app.environment.new_id(), app.environment.now());
    let hash = ennakoi_http::Secret::token_hash(&new.endpoint);
    tx.execute("DELETE FROM push_subscriptions WHERE workspace_id = $1 AND endpoint_hash = $2", params![workspace, &hash]).await?;
    if of(tx, workspace, staff).await?.len() as i64 >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} browsers")).into());
    }
    let endpoint = sealed::seal(app, PURPOSE, id.0.as_bytes(), new.endpoint.as_bytes());
    let secret = sealed::seal(app, PURPOSE, id.0.as_bytes(), &decoded(&new.auth).unwrap_or_default());
    tx.execute(
        "INSERT INTO push_subscriptions (workspace_id, id, staff_id, endpoint, endpoint_hash, public_key, secret, browser, created_at, used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)",
        params![workspace, id, staff, endpoint, hash, &new.p256dh, secret, new.browser.trim(), now],
    )
    .await?;
    Ok(PushSubscription { id, browser: new.browser.trim().to_owned(), created_at: now, used_at: None })
}

fn checked(app: &App, new: &NewPushSubscription) -> std::result::Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("browser", &new.browser, BROWSER_MAX);
    match Url::parse(&new.endpoint) {
        Ok(url) if new.endpoint.len() <= ENDPOINT_MAX => {
            if let Err(error) = check(&url, reach(app)) {
                errors.add("endpoint", "not_allowed", error.to_string());
            } else if url.scheme() != "https" && reach(app) == Reach::Public {
                errors.add("endpoint", "not_allowed", "only https");
            }
        }
        _ => errors.add("endpoint", "invalid", "a whole address"),
    }
    if decoded(&new.p256dh).is_none_or(|key| p256::PublicKey::from_sec1_bytes(&key).is_err() || key.len() != 65) {
        errors.add("p256dh", "invalid", "a point of P-256, not compressed");
    }
    if decoded(&new.auth).is_none_or(|secret| secret.len() != SECRET_BYTES) {
        errors.add("auth", "invalid", format!("{SECRET_BYTES} bytes"));
    }
    errors.finish()
}

/// Removes one of this person's browsers.
///
/// # Errors
/// It is not there, or somebody else's.
pub(crate) async fn remove(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, id: PushSubscriptionId) -> Result<()> {
    let sql = "DELETE FROM push_subscriptions WHERE workspace_id = $1 AND staff_id = $2 AND id = $3";
    if tx.execute(sql, params![workspace, staff, id]).await? == 0 {
        return Err(Problem::not_found("the browser").into());
    }
    Ok(())
}

/// The browser is no more.
pub(crate) async fn forget(tx: &mut Tx, workspace: WorkspaceId, id: PushSubscriptionId) -> Result<()> {
    tx.execute("DELETE FROM push_subscriptions WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

pub(crate) async fn used(tx: &mut Tx, workspace: WorkspaceId, id: PushSubscriptionId, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE push_subscriptions SET used_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, now]).await?;
    Ok(())
}

pub(crate) async fn receiver(tx: &mut Tx, app: &App, workspace: WorkspaceId, id: PushSubscriptionId) -> Result<Option<Receiver>> {
    let sql = "SELECT endpoint, public_key, secret FROM push_subscriptions WHERE workspace_id = $1 AND id = $2";
    let found: Option<(Vec<u8>, String, Vec<u8>)> = tx.optional(sql, params![workspace, id]).await?;
    let Some((endpoint, public_key, secret)) = found else { return Ok(None) };
    let endpoint = String::from_utf8(sealed::open(app, PURPOSE, id.0.as_bytes(), &endpoint)?).map_err(|error| Error::Decode(error.to_string()))?;
    let secret = sealed::open(app, PURPOSE, id.0.as_bytes(), &secret)?;
    Ok(Some(Receiver { endpoint, public_key: decoded(&public_key).unwrap_or_default(), secret }))
}
