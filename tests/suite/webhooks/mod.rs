//! Outgoing webhooks to a receiver of our own, which checks signatures by itself and can be slow, gone or broken.

mod addresses;
mod delivery;
mod signatures;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::people::{Company, text};

/// What the receiver answers.
#[derive(Clone, Debug)]
enum Reply {
    Status(u16),
    /// 429 with `Retry-After`, in seconds.
    Later(u32),
    /// 302 to this address.
    Elsewhere(String),
    /// Nothing, until it is told to go on.
    Never,
}

/// A message as it came.
#[derive(Clone, Debug)]
struct Message {
    headers: HeaderMap,
    body: String,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Inner {
    /// Answers to come; then 204.
    replies: Mutex<VecDeque<Reply>>,
    messages: Mutex<Vec<Message>>,
    count: watch::Sender<usize>,
}

/// A program of somebody else, listening on this machine.
#[derive(Clone)]
struct Receiver {
    inner: Arc<Inner>,
    url: String,
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let reply = inner.replies.lock().unwrap().pop_front().unwrap_or(Reply::Status(204));
    inner.messages.lock().unwrap().push(Message { headers, body: String::from_utf8(body.to_vec()).unwrap() });
    inner.count.send_modify(|count| *count += 1);
    match reply {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Later(seconds) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response(),
        Reply::Elsewhere(url) => (StatusCode::FOUND, [("location", url)]).into_response(),
        Reply::Never => std::future::pending().await,
    }
}

impl Receiver {
    async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(receive)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inner.replies.lock().unwrap().extend(replies);
    }

    fn count(&self) -> usize {
        *self.inner.count.borrow()
    }

    /// Waits for the n-th message (from 1).
    async fn message(&self, number: usize) -> Message {
        let mut count = self.inner.count.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(60), count.wait_for(|count| *count >= number)).await;
        assert!(waited.is_ok(), "message {number} did not come");
        self.inner.messages.lock().unwrap()[number - 1].clone()
    }
}

/// A company with a webhook that goes to a receiver on this machine.
struct Hooked {
    company: Company,
    receiver: Receiver,
    id: String,
    secret: String,
}

impl Hooked {
    async fn start(kinds: Value) -> Self {
        let company = Company::start_with(|configuration| configuration.security.private_egress = true).await;
        let receiver = Receiver::start().await;
        let made = company.owner.post("webhooks", json!({ "url": receiver.url, "kinds": kinds })).await.expect(201);
        Self { id: text(&made["id"]), secret: text(&made["secret"]), company, receiver }
    }

    async fn test(&self) {
        self.company.app.clock.advance(ennakoi_kernel::Duration(1_000));
        self.company.owner.post(&format!("webhooks/{}/test", self.id), json!({})).await.expect(202);
    }

    async fn webhook(&self) -> Value {
        let page = self.company.owner.get("webhooks").await.expect(200);
        page["items"].as_array().unwrap().iter().find(|webhook| webhook["id"] == self.id).unwrap().clone()
    }

    async fn deliveries(&self) -> Vec<Value> {
        self.company.owner.get(&format!("webhooks/{}/deliveries?limit=100", self.id)).await.expect(200)["items"].as_array().unwrap().clone()
    }

    /// The newest delivery, once `done` is true of it.
    async fn delivery(&self, done: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(delivery) = self.deliveries().await.into_iter().next()
                && done(&delivery)
            {
                return delivery;
            }
            assert!(tokio::time::Instant::now() < deadline, "still {:?}", self.deliveries().await.first());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The delivery after its n-th attempt has ended.
    async fn attempted(&self, attempts: i64) -> Value {
        let over = |delivery: &Value| delivery["state"] != "planned" || self.wait(delivery) > 0;
        self.delivery(|delivery| delivery["attempts"] == attempts && over(delivery)).await
    }

    /// Microseconds from now to the next attempt.
    fn wait(&self, delivery: &Value) -> i64 {
        delivery["next_at"].as_i64().unwrap() - self.company.app.app.environment.now().0
    }
}
