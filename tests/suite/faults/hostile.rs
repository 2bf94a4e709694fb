//! Bodies and addresses that are not what they say.

use axum::http::Method;
use ennakoi_kernel::Duration;
use serde_json::{Value, json};

use crate::{inbox::Desk, people::text};

#[tokio::test(flavor = "multi_thread")]
async fn broken_bodies_are_refused_with_a_reason() {
    let desk = Desk::open().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".to_vec()),
        ("half", b"{\"name\":\"Lii".to_vec()),
        ("two", b"{\"name\":\"a\"}{\"name\":\"b\"}".to_vec()),
        ("not UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
        ("a lone surrogate", b"{\"name\":\"\\ud800\"}".to_vec()),
        ("NUL", b"{\"name\":\"a\\u0000b\"}".to_vec()),
        ("deep", deep.into_bytes()),
        ("a number", b"1e999999".to_vec()),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"name\":\"a\"}".to_vec()),
        ("twice the same field", b"{\"name\":\"a\",\"name\":\"b\"}".to_vec()),
        ("zeros", vec![0; 1_000]),
    ];
    for (path, wanted) in [("contacts", "name"), ("labels", "name"), ("companies", "name"), ("session", "email"), ("webhooks", "url")] {
        for (what, body) in &bodies {
            desk.company.app.clock.advance(Duration(200_000));
            let request = desk.owner().request(Method::POST, path).header("content-type", "application/json").body(body.clone());
            let answer = desk.owner().send(request).await;
            let allowed = *what == "nothing" && path == "contacts" && answer.status == 201;
            assert!(allowed || matches!(answer.status.as_u16(), 400 | 422), "{path}, {what}: {} {}", answer.status, answer.text);
            if !allowed {
                let problem: Value = serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{path}, {what}: {}", answer.text));
                assert!(problem["code"].is_string() && problem["detail"].is_string(), "{path} {wanted} {what}: {problem}");
                assert_eq!(answer.headers["content-type"], "application/problem+json");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_and_the_connection_lives() {
    let desk = Desk::open().await;
    // Also far above the limit: a client that is still writing must hear the answer, not a closed connection.
    for bytes in [(1 << 20) + 1_000, 2 << 20, 40 << 20] {
        desk.owner().post("contacts", json!({ "name": "x".repeat(bytes) })).await.expect(413);
    }
    let long = json!({ "name": "x".repeat(10_000) });
    assert_eq!(desk.owner().post("contacts", long).await.expect(422)["errors"][0]["field"], "name");
    let talk = desk.talk("Liisa", "Hei").await;
    let body = json!({ "client_key": "a", "body": "x".repeat(20_001), "visibility": "public" });
    assert_eq!(desk.owner().post(&talk.path("/messages"), body).await.expect(422)["errors"][0]["field"], "body");
    let many: Vec<String> = (0..501).map(|_| talk.id.to_string()).collect();
    desk.owner().post("conversations/bulk", json!({ "ids": many, "action": { "kind": "close" } })).await.expect(422);
    desk.owner().get("session").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_addresses_lead_nowhere() {
    let desk = Desk::open().await;
    for path in [
        "/api/v1/contacts/%00",
        "/api/v1/contacts/%ff%fe",
        "/api/v1/contacts/..%2f..%2fetc%2fpasswd",
        "/api/v1/contacts/' OR 1=1",
        "/api/v1/nothing",
        "/widget/v1/%00/config",
        "/w/v1/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/w/v1/assets/%00",
        "/help/%00/fi/",
        "/help/..%2f/fi/a/x",
        "/app/..%2f..%2fetc%2fpasswd",
        "/demo/%00",
        "/api/v1/attachments/0190a000-0000-7000-8000-00000000dead/..%2f..%2fsecret",
    ] {
        let answer = desk.owner().get(path).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 400 | 404) || path.starts_with("/app/") && status == 200, "{path}: {status} {:.200}", answer.text);
        assert!(!answer.text.contains("root:"), "{path}");
    }
    for query in ["q=%00", "q=%ff", "cursor=zz", "cursor=", "limit=-1", "limit=99999999999", "sort=name;DROP", "company=x", "blocked=maybe"] {
        let answer = desk.owner().get(&format!("contacts?{query}")).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 422), "{query}: {} {}", answer.status, answer.text);
    }
    for query in ["q=%00", "q=%22%20OR%20*", "q=NEAR(a%20b)", "q=-", "q=%F0%9F%98%80", "q=''''", "q=&kind=nothing"] {
        let answer = desk.owner().get(&format!("search?{query}")).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 422), "{query}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_data_and_never_a_statement() {
    let desk = Desk::open().await;
    desk.talk("Liisa", "Hei").await;
    let encoded = |filter: &Value| -> String { filter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect() };
    for value in ["' OR 1=1 --", "open') OR ('1'='1", "\u{0}", "open; DROP TABLE conversations", "%", "_"] {
        for field in ["state", "language", "reason", "queue", "label", "assignee"] {
            let filter = json!({ "field": field, "operator": "is", "value": value });
            let answer = desk.owner().get(&format!("conversations?filter={}", encoded(&filter))).await;
            assert!(matches!(answer.status.as_u16(), 200 | 400 | 422), "{filter}: {} {}", answer.status, answer.text);
            if answer.status == 200 {
                assert_eq!(answer.json()["items"], json!([]), "{filter} finds something");
            }
        }
    }
    let field = json!({ "field": "state = state OR 1", "operator": "is", "value": "open" });
    desk.owner().get(&format!("conversations?filter={}", encoded(&field))).await.expect(422);
    let nested = (0..10).fold(json!({ "field": "state", "operator": "is", "value": "open" }), |inner, _| json!({ "not": inner }));
    desk.owner().get(&format!("conversations?filter={}", encoded(&nested))).await.expect(422);
    let wide = json!({ "any": (0..60).map(|n| json!({ "field": "number", "operator": "is", "value": n })).collect::<Vec<_>>() });
    desk.owner().get(&format!("conversations?filter={}", encoded(&wide))).await.expect(422);
    let all = desk.owner().get("conversations?view=all").await.expect(200);
    assert_eq!(text(&all["items"][0]["contact"]["name"]), "Liisa");
}
