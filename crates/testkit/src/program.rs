//! Another program that is called by the server and answers as its script says, and that signs calls of its own.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::watch;

/// What the program answers to a call.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// 429 with `Retry-After`, in seconds.
    Later(u32),
    /// 302 to this address.
    Elsewhere(String),
    /// It takes the call, and the connection breaks before the answer is through.
    Lost,
    /// Nothing, ever.
    Never,
}

/// A call as it came.
#[derive(Clone, Debug)]
pub struct TakenCall {
    pub headers: HeaderMap,
    pub body: String,
    /// What it was answered.
    pub reply: Reply,
}

impl TakenCall {
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("calls carry JSON")
    }

    /// Whether a signature fits this secret, by nothing but the published scheme.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let Ok(timestamp) = self.header("webhook-timestamp").parse() else { return false };
        let expected = signature(secret, self.header("webhook-id"), timestamp, self.body.as_bytes());
        self.header("webhook-signature").split(' ').any(|given| given == expected)
    }
}

/// A signature by Standard Webhooks.
#[must_use]
pub fn signature(secret: &str, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret of the scheme")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp_seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[derive(Default)]
struct Inner {
    /// Answers to come; then 204.
    replies: Mutex<VecDeque<Reply>>,
    calls: Mutex<Vec<TakenCall>>,
    count: watch::Sender<usize>,
}

/// The program, listening on this machine.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Inner>,
    pub url: String,
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let reply = inner.replies.lock().expect("no panic holds it").pop_front().unwrap_or(Reply::Status(204));
    let call = TakenCall { headers, body: String::from_utf8_lossy(&body).into_owned(), reply: reply.clone() };
    inner.calls.lock().expect("no panic holds it").push(call);
    inner.count.send_modify(|count| *count += 1);
    match reply {
        Reply::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Reply::Later(seconds) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response(),
        Reply::Elsewhere(url) => (StatusCode::FOUND, [("location", url)]).into_response(),
        Reply::Lost => {
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
            Response::builder().header("content-length", "1000").body(Body::from_stream(broken)).expect("a response")
        }
        Reply::Never => std::future::pending().await,
    }
}

impl Program {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().route("/hook", post(receive)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { inner, url }
    }

    /// The next calls are answered so; then everything is taken again.
    pub fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inner.replies.lock().expect("no panic holds it").extend(replies);
    }

    #[must_use]
    pub fn count(&self) -> usize {
        *self.inner.count.borrow()
    }

    #[must_use]
    pub fn calls(&self) -> Vec<TakenCall> {
        self.inner.calls.lock().expect("no panic holds it").clone()
    }

    /// Waits for the n-th call (from 1).
    pub async fn call(&self, number: usize) -> TakenCall {
        let mut count = self.inner.count.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(60), count.wait_for(|count| *count >= number)).await;
        assert!(waited.is_ok(), "call {number} did not come");
        self.calls()[number - 1].clone()
    }
}
