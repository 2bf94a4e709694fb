//! Signatures of Standard Webhooks: `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`.

use base64::{Engine, engine::general_purpose::STANDARD};
use ennakoi_http::Secret;
use ennakoi_kernel::{Duration, Timestamp, ids::WebhookId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long the previous secret still signs beside the new one.
pub(crate) const ROTATION: Duration = Duration::hours(24);

/// The key of a webhook's n-th secret, derived from the installation's.
fn key(installation: &Secret, webhook: WebhookId, rotation: i64) -> [u8; 32] {
    installation.sign("webhook", format!("{webhook}/{rotation}").as_bytes())
}

/// The secret as receivers keep it: `whsec_` and base64.
#[must_use]
pub fn secret_text(installation: &Secret, webhook: WebhookId, rotation: i64) -> String {
    format!("whsec_{}", STANDARD.encode(key(installation, webhook, rotation)))
}

/// One signature of a message under the secret `whsec_…`; `None` when that is not a secret.
#[must_use]
pub fn signature(secret: &str, id: &str, timestamp_seconds: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp_seconds}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The header's value: the present secret's signature, and the previous one's while a rotation lasts.
pub(crate) fn signatures(
    installation: &Secret,
    webhook: WebhookId,
    rotation: i64,
    rotated_at: Option<Timestamp>,
    id: &str,
    now: Timestamp,
    body: &str,
) -> String {
    let previous = rotated_at.filter(|at| rotation > 0 && *at + ROTATION > now).map(|_| rotation - 1);
    let signed = [Some(rotation), previous]
        .into_iter()
        .flatten()
        .filter_map(|rotation| signature(&secret_text(installation, webhook, rotation), id, now.seconds(), body));
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_message_has_the_known_signature() {
        // Computed with Python's hmac and base64 modules.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signature("nonsense", "a", 1, "b"), None);
    }
}
