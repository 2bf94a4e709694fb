//! Passkeys (WebAuthn level 3): signing in with a device that checks its owner itself.
//!
//! A challenge is kept in the database under its own hash and used up by the first answer, so that it works on any node and
//! only once. The relying party is the host of the configured public address, never of the request.

mod api;
mod store;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_http::{App, Secret};
use ennakoi_kernel::{Duration, Problem, ProblemKind, Timestamp, ids::StaffId};
use ennakoi_store::{Result, Tx, params};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;
use webauthn_rs::{Webauthn, WebauthnBuilder, prelude::WebauthnError};

pub(crate) use api::routes;

/// How long a person has to touch the device.
const LIFETIME: Duration = Duration::minutes(5);

/// The kind of a ceremony that waits for its answer.
#[derive(Clone, Copy)]
enum Ceremony {
    Registration,
    SignIn,
}

impl Ceremony {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "passkey_registration",
            Self::SignIn => "passkey_sign_in",
        }
    }
}

/// The relying party of this installation.
fn relying_party(app: &App) -> Result<Webauthn, Problem> {
    let unavailable = || Problem::new(ProblemKind::Unavailable, "passkeys_unavailable", "passkeys need server.public_url with a host name and https");
    let origin = Url::parse(&app.public_url()).map_err(|_| unavailable())?;
    let host = origin.domain().ok_or_else(unavailable)?.to_owned();
    if origin.scheme() != "https" && host != "localhost" {
        return Err(unavailable());
    }
    WebauthnBuilder::new(&host, &origin).map(|builder| builder.rp_name("Ennakoi")).and_then(WebauthnBuilder::build).map_err(|_| unavailable())
}

/// Keeps a ceremony until its answer comes.
async fn keep(tx: &mut Tx, now: Timestamp, ceremony: Ceremony, staff: Option<StaffId>, challenge: &[u8], state: &impl Serialize) -> Result<()> {
    store::delete_ended(tx, now).await?;
    tx.execute(
        "INSERT INTO sign_in_ceremonies (key_hash, kind, staff_id, state, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![hash_of(challenge), ceremony.as_str(), staff, serde_json::to_vec(state)?, now + LIFETIME],
    )
    .await?;
    Ok(())
}

/// Takes the ceremony that an answer belongs to; it works once.
async fn take<T: DeserializeOwned>(tx: &mut Tx, now: Timestamp, ceremony: Ceremony, staff: Option<StaffId>, client_data: &[u8]) -> Result<T> {
    let challenge = challenge_in(client_data).ok_or_else(refused)?;
    let found: Option<(Option<StaffId>, Vec<u8>, Timestamp)> = tx
        .optional(
            "DELETE FROM sign_in_ceremonies WHERE key_hash = $1 AND kind = $2 RETURNING staff_id, state, expires_at",
            params![hash_of(&challenge), ceremony.as_str()],
        )
        .await?;
    match found {
        Some((owner, state, expires_at)) if owner == staff && expires_at > now => Ok(serde_json::from_slice(&state)?),
        _ => Err(refused().into()),
    }
}

/// The challenge that the browser says it answered. The signature over it is checked later.
fn challenge_in(client_data: &[u8]) -> Option<Vec<u8>> {
    let client_data: serde_json::Value = serde_json::from_slice(client_data).ok()?;
    URL_SAFE_NO_PAD.decode(client_data["challenge"].as_str()?).ok()
}

fn hash_of(challenge: &[u8]) -> String {
    Secret::token_hash(&URL_SAFE_NO_PAD.encode(challenge))
}

/// One refusal for everything, so that nothing is learnt from it.
fn refused() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, "passkey_refused", "the passkey is not known here, or the request is too old")
}

fn wrong(error: &WebauthnError) -> Problem {
    tracing::info!(%error, "a passkey was refused");
    refused()
}
