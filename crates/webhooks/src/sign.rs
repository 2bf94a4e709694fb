//! The secrets of webhooks and what they sign (Standard Webhooks).

use ennakoi_egress::signed;
use ennakoi_http::Secret;
use ennakoi_kernel::{Duration, Timestamp, ids::WebhookId};

/// How long the previous secret still signs beside the new one.
pub(crate) const ROTATION: Duration = Duration::hours(24);

/// The key of a webhook's n-th secret, derived from the installation's.
fn key(installation: &Secret, webhook: WebhookId, rotation: i64) -> [u8; 32] {
    installation.sign("webhook", format!("{webhook}/{rotation}").as_bytes())
}

/// The secret as receivers keep it: `whsec_` and base64.
#[must_use]
pub(crate) fn secret_text(installation: &Secret, webhook: WebhookId, rotation: i64) -> String {
    signed::secret_text(&key(installation, webhook, rotation))
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
        .filter_map(|rotation| signed::signature(&secret_text(installation, webhook, rotation), id, now.seconds(), body.as_bytes()));
    signed.collect::<Vec<_>>().join(" ")
}
