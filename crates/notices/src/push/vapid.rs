//! Who sends: voluntary identification of the server towards push services, RFC 8292.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_http::Secret;
use ennakoi_kernel::{Duration, Timestamp};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::json;
use url::Url;

/// A day at most (RFC 8292 §2); clocks of others may be behind ours.
const VALID: Duration = Duration::hours(12);

/// The installation's key: derived from its secret, so there is nothing to store or to lose beside it.
pub(crate) fn key(secret: &Secret) -> SigningKey {
    (0u8..).find_map(|number| SigningKey::from_slice(&secret.sign("web push", &[number])).ok()).expect("nearly every number of 32 bytes is a key")
}

/// As browsers want it: an uncompressed point in base64 for addresses.
pub(crate) fn public_text(key: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(key.verifying_key().to_sec1_point(false).as_bytes())
}

/// A token for the push service of this address. `subject` is whom its people can reach.
pub(crate) fn token(key: &SigningKey, endpoint: &Url, subject: &str, now: Timestamp) -> String {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "typ": "JWT", "alg": "ES256" }));
    let claims = part(&json!({ "aud": endpoint.origin().ascii_serialization(), "exp": (now + VALID).seconds(), "sub": subject }));
    let signature: Signature = key.sign(format!("{header}.{claims}").as_bytes());
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}
