//! Channels and queues.

use ennakoi_kernel::Duration;
use serde_json::json;

use super::{Desk, read};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn channels_keep_their_settings_and_rotate_their_keys() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let agent = desk.company.colleague("aino", "agent").await;
    agent.get("channels").await.expect(403);
    let body = json!({ "kind": "chat", "name": "Kauppa", "settings": { "origins": ["https://shop.example.fi"], "mode": "bot_first", "queue_id": desk.queue,
        "pre_chat": { "fields": [{ "key": "email", "required": true }], "notice": { "fi": "Käytämme osoitetta vain vastaamiseen." }, "privacy_url": "https://shop.example.fi/tietosuoja" } } });
    let made = owner.post("channels", body).await.expect(201);
    let path = format!("channels/{}", text(&made["id"]));
    assert_eq!((&made["settings"]["night_mode"], &made["enabled"]), (&json!(null), &json!(true)));
    assert!(!made.to_string().contains("secret"), "keys are not listed with settings");
    let first = text(&owner.get(&format!("{path}/identity-secret")).await.expect(200)["identity_secret"]);
    let second = text(&owner.post(&format!("{path}/identity-secret"), json!({})).await.expect(201)["identity_secret"]);
    assert_ne!(first, second);
    agent.get(&format!("{path}/identity-secret")).await.expect(403);
    let app = &desk.company.app.app;
    let id = text(&made["id"]).parse().unwrap();
    let channel = ennakoi_inbox::channels::load(&mut app.db.read().await.unwrap(), desk.workspace(), id).await.unwrap();
    assert_eq!(channel.identity_secrets(&app.secret, app.environment.now()), [second.clone(), first]);
    assert_eq!(channel.identity_secrets(&app.secret, app.environment.now() + Duration::hours(25)), [second]);
    let bad = json!({ "settings": { "origins": ["https://shop.example.fi/path"] } });
    assert_eq!(owner.patch(&path, bad).await.expect(422)["errors"][0]["field"], "settings.origins[0]");
    let bad = json!({ "settings": { "pre_chat": { "notice": { "fi": "x".repeat(401) }, "privacy_url": "javascript:alert(1)" } } });
    let refused = owner.patch(&path, bad).await.expect(422);
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][1]["field"]),
        (&json!("settings.pre_chat.notice.fi"), &json!("settings.pre_chat.privacy_url"))
    );
    let neighbour = desk.company.neighbour().await;
    neighbour.get(&path).await.expect(404);
    let theirs = json!({ "kind": "chat", "name": "x", "settings": { "queue_id": desk.queue } });
    assert_eq!(neighbour.post("channels", theirs).await.expect(422)["errors"][0]["field"], "settings.queue_id");
    let key = channel.public_key;
    let reachable = async || ennakoi_inbox::channels::by_public_key(&mut app.db.read().await.unwrap(), key).await.unwrap().is_some();
    assert!(reachable().await);
    owner.patch(&path, json!({ "enabled": false })).await.expect(200);
    assert!(!reachable().await);
    owner.delete(&path).await.expect(204);
    owner.get(&path).await.expect(404);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_queue_passes_on_what_waits_in_it() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    assert_eq!(owner.delete(&format!("queues/{}", desk.queue)).await.expect(409)["code"], "default_needed");
    let other = text(&owner.post("queues", json!({ "name": "Toinen", "is_default": true })).await.expect(201)["id"]);
    let talk = desk.queued("Liisa", "Hei").await;
    owner.delete(&format!("queues/{}", desk.queue)).await.expect(204);
    desk.settle().await;
    let row = read(owner, talk).await;
    assert_eq!((&row["owner"]["kind"], &row["owner"]["queue"]["id"]), (&json!("queue"), &json!(other)));
    let stranger = json!({ "name": "x", "members": ["00000000-0000-0000-0000-000000000001"] });
    assert_eq!(owner.post("queues", stranger).await.expect(422)["errors"][0]["field"], "members[0]");
}
