//! Starting, watching, logging and stopping.

use std::time::Duration;

use ennakoi_store::params;
use ennakoi_testkit::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::serving::Serving;
use crate::people::{Company, PASSWORD, try_sign_in};

/// A request that is under way when the program is asked to stop is finished; then it takes no more and ends well.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_finished() {
    let company = Company::start().await;
    let serving = Serving::beside(&company, &[]).await;
    let body = json!({ "name": "Liisa" }).to_string();
    let mut slow = tokio::net::TcpStream::connect(serving.address).await.unwrap();
    let head = format!(
        "POST /api/v1/contacts HTTP/1.1\r\nhost: x\r\ncookie: {}\r\nx-ennakoi-workspace: {}\r\nx-requested-with: ennakoi\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        company.owner.cookie.as_ref().unwrap(),
        company.workspace(),
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the handler has begun.
    let mut continued = [0u8; 25];
    slow.read_exact(&mut continued).await.unwrap();
    assert_eq!(&continued, b"HTTP/1.1 100 Continue\r\n\r\n");
    slow.write_all(&body.as_bytes()[..5]).await.unwrap();
    // An idle connection is no reason to wait.
    let mut idle = tokio::net::TcpStream::connect(serving.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0u8; 12];
    idle.read_exact(&mut answer).await.unwrap();
    serving.ask_to_stop().await;
    let address = serving.address;
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    slow.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = [0u8; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    let (well, said) = serving.end().await;
    assert!(well && said.contains("draining"), "{said}");
    assert!(!said.contains("cut off"), "{said}");
}

/// Somebody who never finishes a request holds the end up for the configured time, not longer.
#[tokio::test(flavor = "multi_thread")]
async fn draining_has_an_end() {
    let company = Company::start().await;
    let serving = Serving::beside(&company, &[("ENNAKOI_SERVER_DRAIN_SECONDS", "1")]).await;
    let mut slow = tokio::net::TcpStream::connect(serving.address).await.unwrap();
    slow.write_all(b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{").await.unwrap();
    let probe = Client::new(&format!("http://{}", serving.address));
    probe.get("/healthz").await.expect(200);
    let (well, said) = serving.stop().await;
    assert!(well && said.contains("cut off"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_structured_and_name_nobody() {
    let company = Company::start().await;
    let settings = [("ENNAKOI_LOG_FORMAT", "json"), ("ENNAKOI_LOG_LEVEL", "debug")];
    let serving = Serving::beside(&company, &settings).await;
    let owner = serving.client(&company.owner);
    let probe = Client::new(&format!("http://{}", serving.address));
    try_sign_in(&probe, "kanarialintu@example.fi", "salainen kanarialintu", None).await;
    try_sign_in(&probe, "owner@localhost", PASSWORD, None).await;
    let contact = json!({ "name": "Kanarialintu Virtanen", "email": "kanarialintu@example.fi", "phone": "+358401234567" });
    owner.post("contacts", contact.clone()).await.expect(201);
    owner.post("contacts", json!({ "name": "Kanarialintu", "nonsense": "kanarialintu" })).await;
    owner.get("contacts?q=kanarialintu").await;
    owner.get("/app/kanarialintu?q=kanarialintu").await;
    probe.get("/nowhere/kanarialintu").await;
    company.app.settle().await;
    let (_, said) = serving.stop().await;
    let lines: Vec<Value> = said.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["span"]["path"] == "/api/v1/contacts" && line["span"]["request"].is_string()), "{said}");
    for secret in ["anarialintu", "virtanen", "Virtanen", "358401234567", "salainen", PASSWORD] {
        assert!(!said.contains(secret), "{secret} is in the log: {said}");
    }
}

/// What a stranger can invent (paths, methods) makes no new metric.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_bounded_and_for_this_machine_only() {
    let company = Company::start().await;
    let stranger = company.app.stranger();
    for number in 0..50 {
        stranger.get(&format!("/nowhere/{number}")).await;
        let method = reqwest::Method::from_bytes(format!("INVENTED{number}").as_bytes()).unwrap();
        stranger.send(stranger.request(method, "/healthz")).await;
        stranger.get(&format!("/help/nobody{number}/")).await;
    }
    let metrics = stranger.get("/metrics").await;
    assert_eq!(metrics.status.as_u16(), 200);
    assert!(!metrics.text.contains("INVENTED") && !metrics.text.contains("nowhere/") && !metrics.text.contains("nobody1"), "{}", metrics.text);
    for name in ["ennakoi_requests_total", "ennakoi_request_seconds", "ennakoi_database_commits_total", "process_resident_memory_bytes"] {
        assert!(metrics.text.contains(name), "{name} is missing");
    }
    company.app.stranger().with_header("x-forwarded-for", "203.0.113.5").get("/metrics").await.expect(404);
    let guarded = Company::start_with(|configuration| configuration.telemetry.metrics_token = "avain".to_owned()).await;
    guarded.app.stranger().get("/metrics").await.expect(404);
    guarded.app.stranger().with_header("authorization", "Bearer wrong").get("/metrics").await.expect(404);
    guarded.app.stranger().with_header("authorization", "Bearer avain").get("/metrics").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_what_is_stuck() {
    let company = Company::start().await;
    let stranger = company.app.stranger();
    stranger.get("/healthz").await.expect(200);
    let ready = stranger.get("/readyz").await.expect(200);
    assert_eq!((&ready["ready"], &ready["parked_jobs"], &ready["events_set_aside"]), (&json!(true), &json!(0), &json!(0)));
    // Without a model the bot reads words, and that is no fault.
    assert_eq!(ready["meaning"], "missing");
    let app = &company.app.app;
    let mut tx = app.db.begin().await.unwrap();
    let id = ennakoi_store::jobs::schedule(&mut tx, &app.environment, None, "nobody.knows", json!({}), app.environment.now()).await.unwrap();
    tx.execute("UPDATE jobs SET parked = TRUE WHERE id = $1", params![id]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stranger.get("/readyz").await.expect(200)["parked_jobs"], 1);
    let mut tx = app.db.begin().await.unwrap();
    tx.execute("DELETE FROM jobs WHERE id = $1", params![id]).await.unwrap();
    tx.commit().await.unwrap();
}
