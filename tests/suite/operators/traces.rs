//! Traces arrive at a collector, hold no personal data, and a collector that is away or slow holds nobody up.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use ennakoi_testkit::{Client, Socket};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::Span,
};
use prost::Message;
use serde_json::json;

use super::serving::Serving;
use crate::people::Company;

/// A collector that decodes what arrives.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    services: Arc<Mutex<Vec<String>>>,
    keys: Arc<Mutex<Vec<String>>>,
}

async fn receive(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    collector.keys.lock().unwrap().push(headers.get("x-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned());
    for resource in request.resource_spans {
        let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
        collector.services.lock().unwrap().push(attribute(&attributes, "service.name"));
        collector.spans.lock().unwrap().extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
}

impl Collector {
    async fn start() -> (Self, SocketAddr) {
        let collector = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/v1/traces", post(receive)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (collector, address)
    }

    fn named(&self, name: &str) -> Vec<Span> {
        self.spans.lock().unwrap().iter().filter(|span| span.name == name).cloned().collect()
    }

    fn of_trace(&self, trace: &[u8]) -> Vec<String> {
        self.spans.lock().unwrap().iter().filter(|span| span.trace_id == trace).map(|span| span.name.clone()).collect()
    }
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::BoolValue(flag)) => flag.to_string(),
        other => format!("{other:?}"),
    }
}

fn attribute(attributes: &[KeyValue], key: &str) -> String {
    attributes.iter().find(|pair| pair.key == key).map(|pair| text(pair.value.as_ref())).unwrap_or_default()
}

/// An installation whose program runs as a process of its own, with these settings.
async fn serving(settings: &[(&str, &str)]) -> (Company, Serving) {
    let company = Company::start().await;
    let serving = Serving::beside(&company, settings).await;
    (company, serving)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_followers_and_transactions_arrive_without_personal_data() {
    let (collector, address) = Collector::start().await;
    let endpoint = format!("http://{address}");
    let settings =
        [("ENNAKOI_TELEMETRY_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=salainen"), ("ENNAKOI_SERVER_BEHIND_PROXY", "true")];
    let (company, serving) = serving(&settings).await;
    let owner = serving.client(&company.owner);
    let contact = json!({ "name": "Kanarialintu Virtanen", "email": "kanarialintu@example.fi", "phone": "+358401234567" });
    owner.clone().with_header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").post("contacts", contact).await.expect(201);
    owner.get("contacts?q=kanarialintu").await;
    // The test's own program follows too: whose follower takes a workspace is chance, so there are several.
    for number in 0..6 {
        let made = owner.post("workspaces", json!({ "name": format!("Yritys {number}") })).await.expect(201);
        let mut there = owner.clone();
        there.workspace = made["workspace"]["id"].as_str().map(ToOwned::to_owned);
        chat(&there, serving.address).await;
    }
    company.app.settle().await;
    serving.stop().await;

    assert!(collector.services.lock().unwrap().iter().all(|service| service == "ennakoi"));
    assert!(collector.keys.lock().unwrap().iter().all(|key| key == "salainen"));
    let request = collector.named("POST /api/v1/contacts").remove(0);
    assert_eq!(request.trace_id, [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c]);
    assert_eq!(request.parent_span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    assert_eq!((request.kind, attribute(&request.attributes, "http.route").as_str()), (2, "/api/v1/contacts"));
    assert_eq!(attribute(&request.attributes, "http.response.status_code"), "201");
    let within = collector.of_trace(&request.trace_id);
    assert!(within.iter().any(|name| name == "transaction"), "{within:?}");
    let transactions = collector.named("transaction");
    assert!(transactions.iter().any(|span| attribute(&span.attributes, "committed") == "true"), "{} transactions", transactions.len());
    let followers = collector.named("follower");
    assert!(followers.iter().any(|span| !attribute(&span.attributes, "name").is_empty()), "{} batches", followers.len());
    let everything = format!("{:?}", collector.spans.lock().unwrap()).to_lowercase();
    for secret in ["kanarialintu", "virtanen", "358401234567", "salaisuus", "salainen", &owner.cookie.clone().unwrap()] {
        assert!(!everything.contains(secret), "{secret} is in a trace");
    }
}

/// A customer writes; the bot's follower reads it.
async fn chat(owner: &Client, address: SocketAddr) {
    let channel = owner.post("channels", json!({ "kind": "chat", "name": "Chat" })).await.expect(201);
    let path = format!("/widget/v1/{}/visitor", channel["public_key"].as_str().unwrap());
    let visitor = Client::new(&format!("http://{address}")).post(&path, json!({ "locale": "fi" })).await.expect(201);
    let mut socket = Socket::open(&format!("ws://{address}/widget/v1/live"), &[]).await.unwrap();
    socket.try_send(json!({ "type": "hello", "token": visitor["token"], "conversation": null, "last_seq": 0 })).await.unwrap();
    socket.try_until(|message| message["type"] == "welcome").await.unwrap();
    socket.try_send(json!({ "type": "message", "client_key": "k1", "body": "Salaisuus: numeroni on +358401234567" })).await.unwrap();
    socket.try_until(|message| message["type"] == "ack").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_holds_nobody_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // Connections are taken and never answered.
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let (company, serving) = serving(&[("ENNAKOI_TELEMETRY_OTLP_ENDPOINT", &endpoint)]).await;
    let owner = serving.client(&company.owner);
    for _ in 0..200 {
        owner.get("session").await.expect(200);
    }
    let stopping = Instant::now();
    serving.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(60), "the end waits {:?}", stopping.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_when_none_is_asked_for() {
    let (collector, address) = Collector::start().await;
    let endpoint = format!("http://{address}");
    let (company, serving) = serving(&[("ENNAKOI_TELEMETRY_OTLP_ENDPOINT", &endpoint), ("ENNAKOI_TELEMETRY_OTLP_PERCENT", "0")]).await;
    serving.client(&company.owner).get("session").await.expect(200);
    serving.stop().await;
    assert!(collector.spans.lock().unwrap().is_empty());
}
