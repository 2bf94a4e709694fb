//! A secret that is shown once is not kept, not even for a request that is repeated.

use ennakoi_store::params;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use crate::people::{Company, id_of, text};

async fn twice(client: &Client, path: &str, body: &Value) -> (Value, Value) {
    let keyed = client.clone().with_header("idempotency-key", &format!("avain {path}"));
    let first = keyed.post(path, body.clone()).await;
    assert!(first.status.is_success(), "{path}: {} {}", first.status, first.text);
    (first.json(), keyed.post(path, body.clone()).await.expect(409))
}

/// All that is stored of answers, as text.
async fn kept(company: &Company) -> String {
    let mut tx = company.app.app.db.read().await.unwrap();
    let rows: Vec<(String, Option<Vec<u8>>)> = tx.all("SELECT scope, body FROM idempotency_keys ORDER BY scope", params![]).await.unwrap();
    rows.into_iter().map(|(scope, body)| format!("{scope} {}\n", String::from_utf8_lossy(&body.unwrap_or_default()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_with_secrets_are_not_kept() {
    let company = Company::start().await;
    let owner = &company.owner;
    let aino = company.colleague("aino", "agent").await;
    let channel = text(&owner.post("channels", json!({ "kind": "chat", "name": "x" })).await.expect(201)["id"]);
    let webhook = text(&owner.post("webhooks", json!({ "url": "https://example.com/hook" })).await.expect(201)["id"]);
    let cases = [
        ("api-keys".to_owned(), json!({ "name": "k", "scopes": ["contacts:read"] }), "key"),
        ("invitations".to_owned(), json!({ "email": "uusi@example.fi", "role": "agent" }), "link"),
        ("webhooks".to_owned(), json!({ "url": "https://example.com/toinen" }), "secret"),
        (format!("webhooks/{webhook}/secret"), json!({}), "secret"),
        ("api-channels".to_owned(), json!({ "name": "Kassa" }), "inbound_secret"),
        (format!("channels/{channel}/identity-secret"), json!({}), "identity_secret"),
        (format!("staff/{}/password-reset", id_of(&aino).await), json!({}), "link"),
        ("profile/totp".to_owned(), json!({}), "secret"),
    ];
    for (path, body, field) in cases {
        let (first, again) = twice(owner, &path, &body).await;
        assert_eq!(again["code"], "answer_shown_once", "{path}");
        let secret = text(&first[field]);
        let token = secret.rsplit('/').next().unwrap();
        let kept = kept(&company).await;
        assert!(!token.is_empty() && !kept.contains(token), "{path}: {kept}");
    }
    assert_eq!(owner.get("api-keys").await.expect(200)["items"].as_array().unwrap().len(), 1, "the repetition made no second key");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_answers_and_refusals_are_repeated_as_they_were() {
    let company = Company::start().await;
    let keyed = company.owner.clone().with_header("idempotency-key", "sama");
    let first = keyed.post("contacts", json!({ "name": "Liisa" })).await.expect(201);
    assert_eq!(keyed.post("contacts", json!({ "name": "Liisa" })).await.expect(201), first);
    assert_eq!(keyed.post("contacts", json!({ "name": "Veikko" })).await.expect(409)["code"], "idempotency_key_reused");
    // A refusal holds no secret, so it is kept whole.
    let refused = keyed.post("api-keys", json!({ "name": "k", "scopes": [] })).await.expect(422);
    assert_eq!(keyed.post("api-keys", json!({ "name": "k", "scopes": [] })).await.expect(422), refused);
    assert_eq!(company.owner.get("contacts").await.expect(200)["items"].as_array().unwrap().len(), 1);
}
