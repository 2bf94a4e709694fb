//! Notices to staff: who is told what, once; and how it goes out, or rests.

mod bell;
mod outside;
mod push;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration as StdDuration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use ennakoi_kernel::configuration::Configuration;
use ennakoi_testkit::{Client, Socket};
use serde_json::{Value, json};

use crate::{
    inbox::{Desk, Talk, staff_id},
    people::{Company, count, text},
};

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Default)]
struct Inner {
    /// Answers to come; then 201.
    replies: Mutex<VecDeque<u16>>,
    calls: Mutex<Vec<Call>>,
}

/// Slack, Teams, or a push service, on this machine.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
    pub(crate) url: String,
}

async fn receive(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let reply = inner.replies.lock().unwrap().pop_front().unwrap_or(201);
    inner.calls.lock().unwrap().push(Call { path: uri.path().to_owned(), headers, body });
    StatusCode::from_u16(reply).unwrap()
}

impl Service {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/{*path}", post(receive)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    pub(crate) fn will(&self, replies: impl IntoIterator<Item = u16>) {
        self.inner.replies.lock().unwrap().extend(replies);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.inner.calls.lock().unwrap().clone()
    }

    /// Waits for the n-th call (from 1).
    pub(crate) async fn call(&self, number: usize) -> Call {
        until("a call", async || self.calls().len() >= number).await;
        self.calls()[number - 1].clone()
    }
}

/// Waits until it is so, a minute at most.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(StdDuration::from_millis(50)).await;
    }
    panic!("{what} did not come");
}

pub(crate) async fn desk(change: impl FnOnce(&mut Configuration)) -> Desk {
    let company = Company::start_with(|configuration| {
        configuration.security.private_egress = true;
        configuration.security.private_staff_egress = true;
        change(configuration);
    })
    .await;
    Desk::of(company).await
}

/// What the person was told, newest first: kind, how often, whether unread.
pub(crate) async fn told(client: &Client) -> Vec<(String, i64, bool)> {
    let page = client.get("notices?limit=100").await.expect(200);
    page["items"].as_array().unwrap().iter().map(|row| (text(&row["kind"]), row["happened"].as_i64().unwrap(), row["unread"].as_bool().unwrap())).collect()
}

pub(crate) async fn unread(client: &Client) -> i64 {
    client.get("notices/counts").await.expect(200)["unread"].as_i64().unwrap()
}

/// A note that names a colleague.
pub(crate) async fn mention(by: &Client, talk: Talk, key: &str, whom: &Client) {
    let body = json!({ "client_key": key, "body": "Katsoisitko tämän?", "visibility": "private", "mentions": [staff_id(whom).await] });
    by.post(&talk.path("/messages"), body).await.expect(201);
}

pub(crate) async fn assign(by: &Client, talk: Talk, whom: &Client) {
    by.put(&talk.path("/assignment"), json!({ "agent_id": staff_id(whom).await })).await.expect(200);
}

/// The person's settings with something changed.
pub(crate) async fn choose(client: &Client, change: impl FnOnce(&mut Value)) -> Value {
    let mut settings = client.get("notice-settings").await.expect(200)["settings"].clone();
    change(&mut settings);
    client.put("notice-settings", settings).await.expect(200)
}

/// The company lets names and subjects leave.
pub(crate) async fn let_names_leave(owner: &Client) {
    owner.put("notice-policy", json!({ "names_leave": true })).await.expect(200);
}

/// How many rests of notices end within so many seconds from now.
pub(crate) async fn rests(desk: &Desk, from_seconds: i64, to_seconds: i64) -> i64 {
    let now = desk.company.app.app.environment.now().0;
    let sql = format!(
        "SELECT COUNT(*) FROM timers WHERE kind = 'notices' AND due_at > {} AND due_at <= {}",
        now + from_seconds * 1_000_000,
        now + to_seconds * 1_000_000
    );
    count(&desk.company.app, &sql).await
}

pub(crate) async fn socket(desk: &Desk, client: &Client) -> Socket {
    let path = format!("ws://{}/api/v1/live?workspace={}", desk.company.app.address, client.workspace.as_deref().unwrap());
    let mut socket = Socket::open(&path, &[("cookie", client.cookie.as_deref().unwrap())]).await.unwrap();
    socket.send(json!({ "type": "hello", "last_seq": null })).await;
    socket.until(|message| message["type"] == "welcome").await;
    socket
}
