//! What a program brings: messages, people, files; once each, and only when it is really the program.

use serde_json::{Value, json};

use super::Linked;
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_opens_a_conversation_and_the_next_goes_on_in_it() {
    let linked = Linked::open().await;
    let person = json!({ "external_id": "kassa-17", "name": "Maija Meri", "email": "maija@example.fi", "locale": "fi" });
    let first = linked.say("messages", &json!({ "id": "a", "contact": person, "subject": "Kuitti", "text": "Kuitti puuttuu." })).await.expect(201);
    assert_eq!(first["fresh"], true);
    linked.say("messages", &json!({ "id": "b", "contact": { "external_id": "kassa-17" }, "text": "Ostin eilen." })).await.expect(201);
    let conversations = linked.conversations().await;
    assert_eq!(conversations.len(), 1);
    assert_eq!((&conversations[0]["subject"], &conversations[0]["contact"]["name"]), (&json!("Kuitti"), &json!("Maija Meri")));
    assert_eq!(conversations[0]["owner"]["kind"], "queue", "people answer first on this channel");
    let bodies: Vec<Value> = linked.messages(&text(&first["conversation_id"])).await.into_iter().map(|message| message["body"].clone()).collect();
    assert_eq!(bodies, ["Kuitti puuttuu.", "Ostin eilen."]);
    // A name of a conversation begins another one, and finds it again.
    let named = json!({ "id": "c", "contact": { "external_id": "kassa-17" }, "conversation": "takuu-1", "text": "Takuuasia" });
    let other = linked.say("messages", &named).await.expect(201);
    assert_ne!(other["conversation_id"], first["conversation_id"]);
    let again = json!({ "id": "d", "contact": { "external_id": "kassa-17" }, "conversation": "takuu-1", "text": "Lisää takuusta" });
    assert_eq!(linked.say("messages", &again).await.expect(201)["conversation_id"], other["conversation_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_the_right_brings_messages_and_one_without_does_not() {
    let linked = Linked::open().await;
    let message = |id: &str| json!({ "id": id, "contact": { "phone": "+358401234567" }, "text": "Hei" });
    let path = format!("api-channels/{}/messages", linked.id);
    let key = |scopes: Value| {
        let owner = linked.owner().clone();
        let mut client = linked.company().app.stranger();
        async move {
            let made = owner.post("api-keys", json!({ "name": "kassa", "scopes": scopes })).await.expect(201);
            client.authorization = Some(format!("Bearer {}", text(&made["key"])));
            client
        }
    };
    let feeder = key(json!(["channels:feed"])).await;
    let first = feeder.post(&path, message("1")).await.expect(201);
    assert_eq!(feeder.post(&path, message("1")).await.expect(200)["message_id"], first["message_id"]);
    assert_eq!(linked.say("messages", &message("1")).await.expect(200)["message_id"], first["message_id"], "the same message by the other way");
    key(json!(["conversations:write"])).await.post(&path, message("2")).await.expect(403);
    linked.owner().patch(&format!("api-channels/{}", linked.id), json!({ "enabled": false })).await.expect(200);
    feeder.post(&path, message("3")).await.expect(404);
    linked.told("3", "maija", "Hei").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_parsed_before_the_signature_fits() {
    let linked = Linked::open().await;
    let nonsense = b"{ this is not JSON";
    let now = linked.now();
    let wrong = format!("whsec_{}", "A".repeat(44));
    assert_eq!(linked.call("messages", nonsense, now, &wrong).await.expect(401)["code"], "signature_invalid");
    assert_eq!(linked.call("messages", nonsense, now, &linked.outbound).await.expect(401)["code"], "signature_invalid", "the other way's secret");
    assert_eq!(linked.call("messages", nonsense, now - 301, &linked.inbound).await.expect(401)["code"], "timestamp_skewed");
    assert_eq!(linked.call("messages", nonsense, now + 360, &linked.inbound).await.expect(401)["code"], "timestamp_skewed");
    assert_eq!(linked.call("messages", nonsense, now, &linked.inbound).await.expect(400)["code"], "json_invalid", "only now");
    let stranger = linked.company().app.stranger();
    let unsigned = stranger.post(&format!("/channels/v1/{}/messages", linked.key), json!({})).await.expect(401);
    assert_eq!(unsigned["code"], "signature_missing");
    stranger.post(&format!("/channels/v1/{}/messages", uuid::Uuid::new_v4()), json!({})).await.expect(404);
    stranger.post("/channels/v1/nothing/messages", json!({})).await.expect(404);
    assert!(linked.conversations().await.is_empty());
    // A replay of a good call within its five minutes is the same message.
    let body = json!({ "id": "1", "contact": { "external_id": "a" }, "text": "Kerran" }).to_string();
    linked.call("messages", body.as_bytes(), now - 200, &linked.inbound).await.expect(201);
    linked.call("messages", body.as_bytes(), now - 200, &linked.inbound).await.expect(200);
    // A call that we made cannot be sent back to us.
    let conversation = text(&linked.conversations().await[0]["id"]);
    linked.answer(&conversation, "1", "Vastaus").await;
    let ours = linked.program.call(1).await;
    let reflected = stranger
        .request(reqwest::Method::POST, &format!("/channels/v1/{}/messages", linked.key))
        .headers(ours.headers.iter().filter(|(name, _)| name.as_str().starts_with("webhook-")).map(|(n, v)| (n.clone(), v.clone())).collect())
        .body(ours.body.clone());
    assert_eq!(stranger.send(reflected).await.expect(401)["code"], "signature_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let linked = Linked::open().await;
    let contact = json!({ "external_id": "a" });
    for (body, field) in [
        (json!({ "contact": contact, "text": "x" }), "id"),
        (json!({ "id": "", "contact": contact, "text": "x" }), "id"),
        (json!({ "id": "x".repeat(201), "contact": contact, "text": "x" }), "id"),
        (json!({ "id": "1", "text": "x" }), "contact"),
        (json!({ "id": "1", "contact": {}, "text": "x" }), "contact.external_id"),
        (json!({ "id": "1", "contact": { "email": "not an address" }, "text": "x" }), "contact.email"),
        (json!({ "id": "1", "contact": { "external_id": "a", "name": "a\nb" }, "text": "x" }), "contact.name"),
        (json!({ "id": "1", "contact": contact, "text": " " }), "body"),
        (json!({ "id": "1", "contact": contact, "text": "x".repeat(20_001) }), "body"),
        (json!({ "id": "1", "contact": contact, "text": "x", "attachments": [{ "name": "a", "data": "%" }] }), "attachments[0].data"),
        (json!({ "id": "1", "contact": contact, "text": "x", "attachments": [{ "id": uuid::Uuid::new_v4() }] }), "attachments[0].id"),
        (json!({ "id": "1", "contact": contact, "text": "x", "author": "staff" }), "author"),
    ] {
        let refused = linked.say("messages", &body).await;
        assert_eq!(refused.status, 422, "{body:.120} {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["field"], field, "{}", refused.text);
    }
    assert!(linked.conversations().await.is_empty(), "what was refused left nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_as_bytes_or_uploaded_before() {
    let linked = Linked::open().await;
    let png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00".to_vec();
    let uploaded = linked.call("attachments?name=kuitti.png", &png, linked.now(), &linked.inbound).await.expect(201);
    let wrong = format!("whsec_{}", "A".repeat(44));
    linked.call("attachments?name=kuitti.png", &png, linked.now(), &wrong).await.expect(401);
    let inline = json!({ "name": "../../muistio.txt", "data": "SGVpIQ==" });
    let body = json!({ "id": "1", "contact": { "external_id": "a" }, "text": "", "attachments": [{ "id": uploaded["id"] }, inline] });
    let received = linked.say("messages", &body).await.expect(201);
    let message = linked.messages(&text(&received["conversation_id"])).await[0].clone();
    let names: Vec<&Value> = message["attachments"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
    assert_eq!(names[0], "kuitti.png");
    assert!(!text(names[1]).contains('/'), "{names:?}");
    assert_eq!(message["attachments"][0]["media_type"], "image/png");
    // An uploaded file is sent once.
    let again = json!({ "id": "2", "contact": { "external_id": "a" }, "text": "x", "attachments": [{ "id": uploaded["id"] }] });
    linked.say("messages", &again).await.expect(422);
    let large = json!({ "id": "3", "contact": { "external_id": "a" }, "text": "x", "attachments": [{ "name": "iso", "data": "AAAA".repeat(1_800_000) }] });
    assert_eq!(linked.say("messages", &large).await.expect(422)["errors"][0]["code"], "too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_person_proves_nothing_unless_an_administrator_says_so() {
    let linked = Linked::open().await;
    let known = linked.owner().post("contacts", json!({ "name": "Liisa" })).await.expect(201);
    let identity = json!({ "kind": "email", "value": "liisa@example.fi", "verified": true });
    linked.owner().post(&format!("contacts/{}/identities", text(&known["id"])), identity).await.expect(201);
    let claimed = |id: &str| json!({ "id": id, "contact": { "email": "Liisa@example.fi" }, "text": "Muuttakaa osoitteeni." });
    let first = linked.say("messages", &claimed("1")).await.expect(201);
    assert_ne!(first["contact_id"], known["id"], "typing an address makes nobody its owner");
    let second = linked.say("messages", &claimed("2")).await.expect(201);
    assert_eq!(second["contact_id"], first["contact_id"], "the same claim goes where the first went");
    linked.owner().patch(&format!("api-channels/{}", linked.id), json!({ "proven": true })).await.expect(200);
    let third = linked.say("messages", &claimed("3")).await.expect(201);
    assert_eq!(third["contact_id"], known["id"], "the program vouches for its people");
    linked.owner().patch(&format!("contacts/{}", text(&known["id"])), json!({ "blocked": true })).await.expect(200);
    assert_eq!(linked.say("messages", &claimed("4")).await.expect(403)["code"], "contact_blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_to_a_long_closed_conversation_open_one_new_one() {
    let linked = Linked::open().await;
    let first = linked.told("1", "maija", "Ensimmäinen").await.expect(201);
    let old = text(&first["conversation_id"]);
    let named = |id: &str| json!({ "id": id, "contact": { "external_id": "maija" }, "conversation": "asia", "text": id });
    let thread = text(&linked.say("messages", &named("2")).await.expect(201)["conversation_id"]);
    for conversation in [&old, &thread] {
        linked.owner().put(&format!("conversations/{conversation}/closure"), json!({})).await.expect(200);
    }
    linked.company().app.clock.advance(ennakoi_kernel::Duration::days(30));
    let mut gone_on = std::collections::BTreeSet::new();
    for id in ["3", "4", "5"] {
        gone_on.insert(text(&linked.say("messages", &named(id)).await.expect(201)["conversation_id"]));
    }
    assert_eq!(gone_on.len(), 1, "one new conversation for all of them");
    assert!(!gone_on.contains(&thread));
    let racing = ["6", "7", "8"].map(|id| linked.told(id, "maija", id));
    let answers = futures_util::future::join_all(racing).await;
    let ids: std::collections::BTreeSet<String> = answers.into_iter().map(|answer| text(&answer.expect(201)["conversation_id"])).collect();
    assert_eq!(ids.len(), 1, "also when they come at once");
}
