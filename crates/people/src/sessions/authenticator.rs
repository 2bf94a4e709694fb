//! Recognises who is calling: one indexed query, remembered for two seconds.
//!
//! What is remembered is forgotten by the whole process as soon as any session, membership or key changes
//! ([`forget_cached`]); another node learns of it within [`REMEMBERED`].

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::{Method, request::Parts};
use ennakoi_http::{App, Authenticator, Principal, Secret, authorization};
use ennakoi_kernel::{Duration, Problem, Timestamp, ids::WorkspaceId};
use futures_util::future::BoxFuture;

use super::{TOUCH, expiry, store, token_in};
use crate::keys;

/// Recognises a widget visitor; brought by the chat module.
pub type VisitorHook = Arc<dyn for<'a> Fn(&'a App, &'a mut Parts) -> BoxFuture<'a, Result<(), Problem>> + Send + Sync>;

/// How long an answer of the database is believed.
const REMEMBERED: Duration = Duration::seconds(2);
/// Callers remembered at the same time.
const CALLERS: usize = 10_000;

/// Counts changes. An answer is believed only while no change has come since before it was read.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Forgets every remembered caller. Call it after the commit of whatever changes a session, a role or a key.
pub(crate) fn forget_cached() {
    CHANGES.fetch_add(1, Ordering::SeqCst);
}

/// Counts what `forget_cached` was told of: while it stays the same, no session, role or key has changed on this node.
#[must_use]
pub fn changes() -> u64 {
    CHANGES.load(Ordering::SeqCst)
}

struct Remembered {
    principal: Principal,
    at: Timestamp,
    changes: u64,
}

/// The authenticator of this crate.
struct People {
    visitor: VisitorHook,
    remembered: Mutex<HashMap<(String, WorkspaceId), Remembered>>,
}

/// Recognises staff by cookie and programs by key; visitors are left to `visitor`.
#[must_use]
pub fn authenticator(visitor: VisitorHook) -> impl Authenticator {
    People { visitor, remembered: Mutex::default() }
}

impl Authenticator for People {
    fn authenticate<'a>(&'a self, app: &'a App, parts: &'a Parts) -> BoxFuture<'a, Result<Option<Principal>, Problem>> {
        Box::pin(async move {
            if let Some(key) = authorization(parts, "Bearer") {
                return self.by_key(app, key).await.map(Some);
            }
            match token_in(parts) {
                Some(token) => self.by_session(app, token, workspace_named(parts)).await,
                None => Ok(None),
            }
        })
    }

    fn visitor<'a>(&'a self, app: &'a App, parts: &'a mut Parts) -> BoxFuture<'a, Result<(), Problem>> {
        (self.visitor)(app, parts)
    }
}

/// The workspace that the request names: in the header, or in the address where a browser cannot send one (pictures, sockets).
fn workspace_named(parts: &Parts) -> WorkspaceId {
    let header = parts.headers.get("x-ennakoi-workspace").and_then(|value| value.to_str().ok());
    let query = || {
        let reading = parts.method == Method::GET;
        url::form_urlencoded::parse(parts.uri.query().filter(|_| reading)?.as_bytes())
            .find(|(name, _)| name == "workspace")
            .map(|(_, value)| value.into_owned())
    };
    let named = header.map(ToOwned::to_owned).or_else(query);
    named.and_then(|text| text.parse().ok()).unwrap_or(WorkspaceId(uuid::Uuid::nil()))
}

impl People {
    async fn by_session(&self, app: &App, token: &str, workspace: WorkspaceId) -> Result<Option<Principal>, Problem> {
        let hash = Secret::token_hash(token);
        let now = app.environment.now();
        if let Some(principal) = self.recall(&hash, workspace, now) {
            return Ok(Some(principal));
        }
        let changes = CHANGES.load(Ordering::SeqCst);
        let found = store::find(&mut app.db.read().await?, &hash, workspace).await?;
        let Some(found) = found.filter(|found| found.expires_at > now) else { return Ok(None) };
        if now - found.last_seen_at > TOUCH {
            let mut tx = app.db.begin().await?;
            store::touch(&mut tx, found.session, now, expiry(app, found.created_at, now)).await?;
            tx.commit().await?;
        }
        let principal = Principal::Staff { staff: found.staff, session: found.session, operator: found.operator, workspace: found.workspace };
        self.remember(hash, workspace, &principal, now, changes);
        Ok(Some(principal))
    }

    async fn by_key(&self, app: &App, key: &str) -> Result<Principal, Problem> {
        let refused = || Problem::new(ennakoi_kernel::ProblemKind::Unauthenticated, "api_key_invalid", "the API key is unknown, has expired or was withdrawn");
        if !keys::looks_like_one(key) {
            return Err(refused());
        }
        let hash = Secret::token_hash(key);
        let nowhere = WorkspaceId(uuid::Uuid::nil());
        let now = app.environment.now();
        if let Some(principal) = self.recall(&hash, nowhere, now) {
            return Ok(principal);
        }
        let changes = CHANGES.load(Ordering::SeqCst);
        let found = store::find_key(&mut app.db.read().await?, &hash).await?.ok_or_else(refused)?;
        if found.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(refused());
        }
        if found.last_used_at.is_none_or(|used| now - used > TOUCH) {
            let mut tx = app.db.begin().await?;
            store::touch_key(&mut tx, found.workspace, found.key, now).await?;
            tx.commit().await?;
        }
        let principal = Principal::ApiKey { key: found.key, workspace: found.workspace, scopes: found.scopes };
        self.remember(hash, nowhere, &principal, now, changes);
        Ok(principal)
    }

    fn recall(&self, hash: &str, workspace: WorkspaceId, now: Timestamp) -> Option<Principal> {
        let remembered = self.remembered.lock().expect("not held across a panic");
        let found = remembered.get(&(hash.to_owned(), workspace))?;
        let fresh = now >= found.at && now - found.at < REMEMBERED && found.changes == CHANGES.load(Ordering::SeqCst);
        fresh.then(|| found.principal.clone())
    }

    fn remember(&self, hash: String, workspace: WorkspaceId, principal: &Principal, at: Timestamp, changes: u64) {
        let mut remembered = self.remembered.lock().expect("not held across a panic");
        if remembered.len() >= CALLERS {
            remembered.retain(|_, known| at - known.at < REMEMBERED);
        }
        if remembered.len() < CALLERS {
            remembered.insert((hash, workspace), Remembered { principal: principal.clone(), at, changes });
        }
    }
}
