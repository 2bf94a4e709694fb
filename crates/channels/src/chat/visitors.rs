//! Visitors and their tokens.

use axum::http::request::Parts;
use ennakoi_http::{App, Secret, authorization};
use ennakoi_inbox::channels::{self, Channel};
use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ChannelId, ContactId, VisitorId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

/// A recognised visitor; what the guard gives to handlers of visitor routes.
#[derive(Clone, Debug)]
pub struct Caller {
    pub id: VisitorId,
    pub workspace: WorkspaceId,
    pub channel: ChannelId,
    /// Known once the visitor has written or proved who they are.
    pub contact: Option<ContactId>,
    pub locale: Option<Locale>,
    /// Whether a signed identity stands behind `contact`.
    pub verified: bool,
    pub last_seen_at: Timestamp,
}

impl FromRow for Caller {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            workspace: row.take()?,
            channel: row.take()?,
            contact: row.take()?,
            locale: row.take::<Option<String>>()?.and_then(|code| code.parse().ok()),
            verified: row.take()?,
            last_seen_at: row.take()?,
        })
    }
}

impl Caller {
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match self.contact {
            Some(contact) => Actor::Contact(contact),
            None => Actor::Visitor(self.id),
        }
    }
}

/// How stale `last_seen_at` may be before it is written again.
const SEEN_EVERY: ennakoi_kernel::Duration = ennakoi_kernel::Duration::minutes(5);

/// Makes a visitor and the token that stands for them.
///
/// # Errors
/// The database refuses.
pub async fn create(tx: &mut Tx, environment: &Environment, channel: &Channel, locale: Option<Locale>) -> Result<(Caller, String)> {
    let token = format!("ev_{}", environment.token(24));
    let now = environment.now();
    let id: VisitorId = environment.new_id();
    tx.execute(
        "INSERT INTO visitors (id, workspace_id, channel_id, contact_id, token_hash, locale, verified, pages, created_at, last_seen_at, ended_at) \
         VALUES ($1, $2, $3, NULL, $4, $5, FALSE, '[]', $6, $6, NULL)",
        params![id, channel.workspace, channel.id, Secret::token_hash(&token), locale.map(Locale::as_str), now],
    )
    .await?;
    let event = NewEvent::new("visitor.arrived", Actor::Visitor(id), json!({ "channel": channel.id }));
    timeline::append(tx, environment, channel.workspace, vec![event]).await?;
    let caller = Caller { id, workspace: channel.workspace, channel: channel.id, contact: None, locale, verified: false, last_seen_at: now };
    Ok((caller, token))
}

/// The visitor that a token stands for.
///
/// # Errors
/// `visitor_unknown` when there is none, or they have signed out.
pub async fn by_token(tx: &mut Tx, token: &str) -> Result<Caller> {
    tx.optional(
        "SELECT v.id, v.workspace_id, v.channel_id, v.contact_id, v.locale, v.verified, v.last_seen_at FROM visitors v \
         WHERE v.token_hash = $1 AND v.ended_at IS NULL",
        params![Secret::token_hash(token)],
    )
    .await?
    .ok_or_else(|| Problem::new(ennakoi_kernel::ProblemKind::Unauthenticated, "visitor_unknown", "this visitor token is not valid any more").into())
}

/// For the guard: recognises `Authorization: Visitor <token>` on an enabled channel.
///
/// # Errors
/// No token, an unknown one, or a disabled channel.
pub async fn recognise(app: &App, parts: &mut Parts) -> Result<(), Problem> {
    let token = authorization(parts, "Visitor").ok_or_else(Problem::unauthenticated)?;
    let caller = admit(app, token).await?;
    parts.extensions.insert(caller);
    Ok(())
}

/// The visitor behind a token, noting that they are here.
///
/// # Errors
/// See [`recognise`].
pub async fn admit(app: &App, token: &str) -> Result<Caller, Problem> {
    let mut tx = app.db.read().await?;
    let caller = by_token(&mut tx, token).await?;
    let channel = channels::load(&mut tx, caller.workspace, caller.channel).await?;
    drop(tx);
    if !channel.enabled {
        return Err(Problem::not_found("this chat"));
    }
    let now = app.environment.now();
    if now - caller.last_seen_at > SEEN_EVERY {
        let mut tx = app.db.begin().await?;
        tx.execute("UPDATE visitors SET last_seen_at = $3 WHERE workspace_id = $1 AND id = $2", params![caller.workspace, caller.id, now]).await?;
        if let Some(contact) = caller.contact {
            ennakoi_people::contacts::touch_seen(&mut tx, caller.workspace, contact, now).await?;
        }
        tx.commit().await?;
    }
    Ok(caller)
}

/// Ends the visitor's token: the next person at this browser starts afresh.
///
/// # Errors
/// The database refuses.
pub async fn end(tx: &mut Tx, environment: &Environment, caller: &Caller) -> Result<()> {
    tx.execute("UPDATE visitors SET ended_at = $3 WHERE workspace_id = $1 AND id = $2", params![caller.workspace, caller.id, environment.now()]).await?;
    Ok(())
}

/// Changes the visitor's language.
///
/// # Errors
/// The database refuses.
pub async fn set_locale(tx: &mut Tx, caller: &Caller, locale: Locale) -> Result<()> {
    tx.execute("UPDATE visitors SET locale = $3 WHERE workspace_id = $1 AND id = $2", params![caller.workspace, caller.id, locale.as_str()]).await?;
    Ok(())
}

/// Keeps other requests of this visitor waiting until the transaction ends, and reads to whom the visitor is bound by now.
///
/// # Errors
/// The database refuses.
pub async fn lock(tx: &mut Tx, caller: &mut Caller) -> Result<()> {
    let lock = tx.engine().for_update();
    let (contact, verified): (Option<ContactId>, bool) =
        tx.one(&format!("SELECT contact_id, verified FROM visitors WHERE workspace_id = $1 AND id = $2{lock}"), params![caller.workspace, caller.id]).await?;
    caller.contact = contact;
    caller.verified = verified;
    Ok(())
}

/// Binds the visitor to a contact.
///
/// # Errors
/// The database refuses.
pub async fn bind(tx: &mut Tx, caller: &mut Caller, contact: ContactId, verified: bool) -> Result<()> {
    tx.execute(
        "UPDATE visitors SET contact_id = $3, verified = $4 WHERE workspace_id = $1 AND id = $2",
        params![caller.workspace, caller.id, contact, verified],
    )
    .await?;
    caller.contact = Some(contact);
    caller.verified = verified;
    Ok(())
}

/// The contact for whom a signed identity of this visitor stands; nobody when they only said who they are.
///
/// # Errors
/// The database refuses.
pub async fn identified(tx: &mut Tx, workspace: WorkspaceId, visitor: VisitorId) -> Result<Option<ContactId>> {
    let row: Option<(ContactId,)> = tx
        .optional(
            "SELECT contact_id FROM visitors WHERE workspace_id = $1 AND id = $2 AND verified AND ended_at IS NULL AND contact_id IS NOT NULL",
            params![workspace, visitor],
        )
        .await?;
    Ok(row.map(|(contact,)| contact))
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Caller {
    type Rejection = ennakoi_http::ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthenticated().into())
    }
}
