//! Proof of who a visitor is: a JWT that the company's own site signs with the channel's secret.

use ennakoi_http::Secret;
use ennakoi_inbox::channels::Channel;
use ennakoi_kernel::{Duration, Problem, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

/// What a signed identity says.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    /// The company's own id of the customer.
    pub sub: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub locale: Option<String>,
    pub exp: i64,
    pub iat: Option<i64>,
}

/// A token lives for a day at most, whatever it says.
const LONGEST_LIFE: Duration = Duration::hours(24);
/// Clocks of shops are not exact.
const LEEWAY: Duration = Duration::minutes(2);
const TOKEN_BYTES: usize = 8_192;

/// Verifies a token for this channel: HS256 under the present secret, or under the previous one while a rotation lasts; the
/// audience is the channel's public key; not expired; not valid for longer than a day.
///
/// # Errors
/// `identity_invalid` or `identity_expired`; which of the checks failed is not told to whoever made the token up.
pub fn verify(token: &str, channel: &Channel, now: Timestamp, installation: &Secret) -> Result<Claims, Problem> {
    let invalid = || Problem::new(ennakoi_kernel::ProblemKind::Unauthenticated, "identity_invalid", "the identity token is not valid for this chat");
    if token.len() > TOKEN_BYTES {
        return Err(invalid());
    }
    let claims = channel
        .identity_secrets(installation, now)
        .into_iter()
        .find_map(|secret| decode(token, &secret, &channel.public_key.to_string()))
        .ok_or_else(invalid)?;
    let expires = Timestamp::from_seconds(claims.exp);
    if expires + LEEWAY < now {
        return Err(Problem::new(ennakoi_kernel::ProblemKind::Unauthenticated, "identity_expired", "the identity token has expired"));
    }
    let issued = claims.iat.map_or(now, Timestamp::from_seconds);
    if expires > now + LONGEST_LIFE + LEEWAY || issued > now + LEEWAY || claims.sub.trim().is_empty() || claims.sub.len() > 200 {
        return Err(invalid());
    }
    Ok(claims)
}

fn decode(token: &str, secret: &str, audience: &str) -> Option<Claims> {
    if secret.len() < 32 {
        return None;
    }
    // The algorithm is ours to choose, never the token's. Expiry is checked above against the injected clock.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "aud", "sub"]);
    validation.validate_exp = false;
    jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(secret.as_bytes()), &validation).ok().map(|data| data.claims)
}
