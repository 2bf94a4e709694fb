//! Signatures, checked as a receiver would that knows nothing but the published scheme.

use base64::{Engine, engine::general_purpose::STANDARD};
use ennakoi_kernel::Duration;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{Hooked, Message};
use crate::people::text;

/// Whether one of the message's signatures was made with this secret, and how many there are.
fn verify(message: &Message, secret: &str) -> (bool, usize) {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix of the scheme")).unwrap();
    assert!(key.len() >= 24, "a key of {} bytes", key.len());
    let content = format!("{}.{}.{}", message.header("webhook-id"), message.header("webhook-timestamp"), message.body);
    let signatures: Vec<&str> = message.header("webhook-signature").split(' ').collect();
    let good = signatures.iter().any(|signature| {
        let given = STANDARD.decode(signature.strip_prefix("v1,").expect("version 1")).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(content.as_bytes());
        mac.verify_slice(&given).is_ok()
    });
    (good, signatures.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_signed_with_the_webhooks_own_secret() {
    let hooked = Hooked::start(json!([])).await;
    hooked.test().await;
    let message = hooked.receiver.message(1).await;
    assert_eq!(verify(&message, &hooked.secret), (true, 1));
    assert_eq!(message.header("content-type"), "application/json");
    assert!(message.header("webhook-id").starts_with("msg_"));
    let sent: i64 = message.header("webhook-timestamp").parse().unwrap();
    assert!((hooked.company.app.app.environment.now().seconds() - sent).abs() < 60, "a timestamp in seconds");
    for change in [
        |message: &mut Message| message.body.push(' '),
        |message: &mut Message| {
            message.headers.insert("webhook-timestamp", "1".parse().unwrap());
        },
    ] {
        let mut changed = message.clone();
        change(&mut changed);
        assert!(!verify(&changed, &hooked.secret).0);
    }
    let other = hooked.company.owner.post("webhooks", json!({ "url": hooked.receiver.url })).await.expect(201);
    assert!(!verify(&message, &text(&other["secret"])).0, "each webhook has a secret of its own");
    assert!(!hooked.company.owner.get("webhooks").await.text.contains("whsec_"), "a secret is shown once");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_sign_for_a_day_after_a_rotation() {
    let hooked = Hooked::start(json!([])).await;
    let rotated = hooked.company.owner.post(&format!("webhooks/{}/secret", hooked.id), json!({})).await.expect(200);
    let fresh = text(&rotated["secret"]);
    assert_ne!(fresh, hooked.secret);
    hooked.test().await;
    let message = hooked.receiver.message(1).await;
    assert_eq!((verify(&message, &hooked.secret), verify(&message, &fresh)), ((true, 2), (true, 2)));
    hooked.company.app.clock.advance(Duration::hours(25));
    hooked.test().await;
    let message = hooked.receiver.message(2).await;
    assert_eq!((verify(&message, &hooked.secret), verify(&message, &fresh)), ((false, 1), (true, 1)));
}
