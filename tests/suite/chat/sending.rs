//! Sending again, sending too much, sending from elsewhere.

use serde_json::{Value, json};

use super::Shop;
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_again_is_the_same_message() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    // The first one opens the conversation; its answer is lost, and the widget sends it again.
    let first = visitor.send("avain", "Missä pakettini on?").await.expect(201);
    let again = visitor.send("avain", "Missä pakettini on?").await.expect(200);
    assert_eq!((&again["message"]["id"], &again["conversation_id"]), (&first["message"]["id"], &first["conversation_id"]));
    // Also over the socket, also when several arrive together.
    let (mut socket, _) = visitor.socket(Value::Null, 0).await;
    for _ in 0..3 {
        socket.send(json!({ "type": "message", "client_key": "avain", "body": "Missä pakettini on?" })).await;
        let ack = socket.until(|message| message["type"] == "ack").await;
        assert_eq!(ack["message"]["id"], first["message"]["id"]);
    }
    let racing = (0..6).map(|_| visitor.send("toinen", "Käykö MobilePay?"));
    let answers = futures_util::future::join_all(racing).await;
    let ids: std::collections::BTreeSet<String> =
        answers.into_iter().map(|answer| text(&serde_json::from_str::<Value>(&answer.text).unwrap()["message"]["id"])).collect();
    assert_eq!(ids.len(), 1);
    shop.company.app.settle().await;
    let mine = visitor.messages().await.into_iter().filter(|message| message["mine"] == true).count();
    assert_eq!(mine, 2);
    assert_eq!(visitor.client.get("/widget/v1/conversations").await.expect(200).as_array().unwrap().len(), 1);
    // Somebody else's same key is another message.
    let other = shop.visitor().await;
    other.send("avain", "Hei").await.expect(201);
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_messages_sent_together_open_one_conversation() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let bodies: Vec<String> = (0..5).map(|n| format!("rivi {n}")).collect();
    let sending = bodies.iter().enumerate().map(|(n, body)| {
        let client = visitor.client.clone();
        async move { client.post("/widget/v1/messages", json!({ "client_key": format!("k{n}"), "body": body })).await.expect(201) }
    });
    let sent = futures_util::future::join_all(sending).await;
    let conversations: std::collections::BTreeSet<String> = sent.iter().map(|sent| text(&sent["conversation_id"])).collect();
    assert_eq!(conversations.len(), 1, "{sent:?}");
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_by_name() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    for (body, field) in [
        (json!({ "client_key": "a", "body": " " }), "body"),
        (json!({ "client_key": "a", "body": "x".repeat(20_001) }), "body"),
        (json!({ "client_key": "a", "body": "nul\u{0}" }), "body"),
        (json!({ "client_key": "", "body": "x" }), "client_key"),
        (json!({ "client_key": "x".repeat(201), "body": "x" }), "client_key"),
        (json!({ "client_key": "a\u{0}", "body": "x" }), "client_key"),
        (json!({ "body": "x" }), "client_key"),
        (json!({ "client_key": "a", "body": "x", "author": "staff" }), "author"),
        (json!({ "client_key": "a", "body": "x", "option_key": "x".repeat(5_000) }), "option_key"),
        (json!({ "client_key": "a", "body": "x", "conversation_id": "1" }), "conversation_id"),
    ] {
        let refused = visitor.client.post("/widget/v1/messages", body.clone()).await;
        assert_eq!(refused.status, 422, "{:.80} {}", body.to_string(), refused.text);
        assert_eq!(refused.json()["errors"][0]["field"], field, "{}", refused.text);
    }
    assert_eq!(visitor.client.get("/widget/v1/conversations").await.expect(200), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_for_its_own_sites() {
    let shop = Shop::open().await;
    shop.set(json!({ "origins": ["https://shop.example.fi"] })).await;
    let path = |rest: &str| format!("/widget/v1/{}/{rest}", shop.public_key);
    let from = |origin: &str| shop.company.app.stranger().with_header("origin", origin);
    for allowed in ["https://shop.example.fi", shop.company.app.url.as_str()] {
        from(allowed).get(&path("config")).await.expect(200);
        from(allowed).post(&path("visitor"), json!({})).await.expect(201);
    }
    for refused in ["https://evil.example", "https://shop.example.fi.evil.example", "http://shop.example.fi", "https://shop.example.fi:8443", "null"] {
        from(refused).get(&path("config")).await.expect(403);
        from(refused).post(&path("visitor"), json!({})).await.expect(403);
    }
    let panel = shop.company.app.stranger().get(&format!("/w/v1/panel/{}", shop.public_key)).await;
    if panel.status == 200 {
        let policy = panel.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'self' https://shop.example.fi") && !policy.contains('*'), "{policy}");
    }
    shop.owner().patch(&format!("channels/{}", shop.channel), json!({ "enabled": false })).await.expect(200);
    from("https://shop.example.fi").get(&path("config")).await.expect(404);
    shop.company.app.stranger().get("/widget/v1/0190a000-0000-7000-8000-00000000dead/config").await.expect(404);
    shop.company.app.stranger().get("/widget/v1/nonsense/config").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_chat_and_an_ended_visitor_are_heard_no_more() {
    let shop = Shop::open().await;
    let (leaving, staying) = (shop.visitor().await, shop.visitor().await);
    leaving.client.delete("/widget/v1/visitor").await.expect(204);
    assert_eq!(leaving.send("1", "x").await.expect(401)["code"], "visitor_unknown");
    staying.send("1", "Hei").await.expect(201);
    shop.owner().patch(&format!("channels/{}", shop.channel), json!({ "enabled": false })).await.expect(200);
    staying.send("2", "x").await.expect(404);
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_may_not_ask_without_end() {
    let shop = Shop::open_with(|configuration| configuration.security.visitor_requests_per_second = 1).await;
    let visitor = shop.visitor().await;
    shop.company.app.clock.stop();
    let mut sent = 0;
    let refused = loop {
        let answer = visitor.send(&format!("k{sent}"), "hei").await;
        if answer.status == 429 {
            break answer;
        }
        sent += 1;
        assert!(sent < 60, "nobody stops it");
    };
    assert!(sent >= 6, "a burst of six is usual, {sent} came through");
    let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    shop.company.app.clock.advance(ennakoi_kernel::Duration::seconds(wait + 1));
    visitor.send("later", "hei").await.expect(201);
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_page_carries_the_workspaces_own_chat() {
    let shop = Shop::open().await;
    let slug = text(&shop.owner().get("workspace").await.expect(200)["slug"]);
    let stranger = shop.company.app.stranger();
    let page = stranger.get(&format!("/demo/{slug}")).await;
    assert!(page.status == 200 && page.text.contains(&shop.public_key), "{}", page.status);
    assert_eq!(page.headers["x-robots-tag"], "noindex");
    stranger.get("/demo/nowhere").await.expect(404);
    shop.owner().patch(&format!("channels/{}", shop.channel), json!({ "enabled": false })).await.expect(200);
    stranger.get(&format!("/demo/{slug}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_told_their_place_in_the_line() {
    let shop = Shop::open().await;
    shop.hours(super::always()).await;
    for place in 1..=3 {
        let visitor = shop.visitor().await;
        let handed = visitor.client.post("/widget/v1/person", json!({})).await.expect(200);
        assert_eq!((&handed["owner"], &handed["queue_position"]), (&json!("queue"), &json!(place)));
        shop.company.app.clock.advance(ennakoi_kernel::Duration::seconds(1));
    }
    shop.company.app.settle().await;
}
