//! Setting a program up: secrets once, addresses that may be called, a test that says what is wrong, and an audit of all of it.

use ennakoi_kernel::Duration;
use ennakoi_testkit::program::Reply;
use serde_json::{Value, json};

use super::Linked;
use crate::people::{Company, text};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_shown_once_and_differ_for_each_way_and_channel() {
    let linked = Linked::open().await;
    let other = linked.owner().post("api-channels", json!({ "name": "Toinen" })).await.expect(201);
    let secrets = [&linked.inbound, &linked.outbound, &text(&other["inbound_secret"]), &text(&other["outbound_secret"])].map(Clone::clone);
    assert_eq!(secrets.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    let listed = linked.owner().get("api-channels").await;
    assert!(!listed.text.contains("whsec_"), "{}", listed.text);
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(other["url"], Value::Null);
    let audit = linked.owner().get("audit").await.text;
    assert!(audit.contains("api_channel.created") && !audit.contains("whsec_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secrets_before_stay_good_for_a_day() {
    let linked = Linked::open().await;
    linked.told("1", "maija", "Hei").await.expect(201);
    let fresh = linked.owner().post(&format!("api-channels/{}/secrets", linked.id), json!({})).await.expect(200);
    assert_ne!(fresh["inbound_secret"], linked.inbound);
    linked.told("2", "maija", "Vielä vanhalla").await.expect(201);
    let body = json!({ "id": "3", "contact": { "external_id": "maija" }, "text": "Uudella" }).to_string();
    linked.call("messages", body.as_bytes(), linked.now(), &text(&fresh["inbound_secret"])).await.expect(201);
    let conversation = text(&linked.conversations().await[0]["id"]);
    let answered = linked.answer(&conversation, "1", "Hei Maija").await;
    linked.delivery(&answered, "sent").await;
    let call = linked.program.call(1).await;
    assert!(call.is_signed_with(&linked.outbound) && call.is_signed_with(&text(&fresh["outbound_secret"])), "both sign for a day");
    linked.company().app.clock.advance(Duration::hours(25));
    let refused = linked.told("4", "maija", "Vanhalla vielä").await.expect(401);
    assert_eq!(refused["code"], "signature_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_in_words_what_is_wrong() {
    let linked = Linked::open().await;
    let test = async || linked.owner().post(&format!("api-channels/{}/test", linked.id), json!({})).await.expect(200);
    assert_eq!(test().await, json!({ "ok": true, "status": 204, "trouble": null }));
    assert_eq!(linked.program.call(1).await.json()["type"], "channel.tested");
    for (reply, trouble) in
        [(Reply::Status(401), "refuses_us"), (Reply::Status(404), "not_there"), (Reply::Status(500), "broken"), (Reply::Status(410), "gone")]
    {
        linked.program.will([reply]);
        let outcome = test().await;
        assert_eq!((&outcome["ok"], &outcome["trouble"]), (&json!(false), &json!(trouble)));
        assert_eq!(linked.owner().get(&format!("api-channels/{}", linked.id)).await.expect(200)["trouble"], trouble);
    }
    linked.owner().patch(&format!("api-channels/{}", linked.id), json!({ "url": "" })).await.expect(200);
    let refused = linked.owner().post(&format!("api-channels/{}/test", linked.id), json!({})).await.expect(409);
    assert_eq!(refused["code"], "no_address");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_and_others_channels_are_refused() {
    let company = Company::start().await;
    for url in ["http://127.0.0.1/hook", "http://169.254.169.254/", "ftp://example.com/", "http://user:password@example.com/", "example.com", "http://[::1]/"] {
        let refused = company.owner.post("api-channels", json!({ "name": "Kassa", "url": url })).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "url", "{url}");
    }
    let made = company.owner.post("api-channels", json!({ "name": "Kassa", "url": "https://example.com/hook" })).await.expect(201);
    let path = format!("api-channels/{}", text(&made["id"]));
    let neighbour = company.neighbour().await;
    neighbour.get(&path).await.expect(404);
    neighbour.patch(&path, json!({ "url": "https://evil.example/" })).await.expect(404);
    neighbour.post(&format!("{path}/secrets"), json!({})).await.expect(404);
    neighbour.post(&format!("{path}/messages"), json!({ "id": "1", "contact": { "external_id": "a" }, "text": "x" })).await.expect(404);
    neighbour.delete(&path).await.expect(404);
    company.owner.delete(&path).await.expect(204);
    company.owner.get(&path).await.expect(404);
}
