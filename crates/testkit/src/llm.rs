//! A language model's endpoint that does what its script says: honest, obedient to whatever it reads, lying, broken, slow or gone.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How it answers.
#[derive(Clone, Debug)]
pub enum Mood {
    /// Repeats the first sentence of each of the first two sources, with its source.
    Honest,
    /// Says these sentences, each with the source it names.
    Says(Vec<(String, String)>),
    /// Says this text as a rewriting.
    Rewrites(String),
    /// Content as it is, whatever it is.
    Content(String),
    /// A whole answer as it is.
    Answer(u16, String),
    /// Wants tools used, and answers honestly once it has their results.
    Tools(Vec<(String, String)>),
    /// Wants this tool used again and again.
    Insists(String, String),
    /// Answers honestly after a while.
    Slow(Duration),
    /// Sends the head and half of an answer, and then nothing more.
    Stalls,
    /// Sends half of an answer and hangs up.
    Breaks,
    /// Sends this many bytes.
    Huge(usize),
    /// Sends the caller elsewhere.
    Redirects(String),
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub authorization: Option<String>,
    pub body: Value,
}

impl Asked {
    /// Everything that was told it, as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.body.to_string()
    }
}

#[derive(Default)]
struct Shared {
    mood: Option<Mood>,
    script: VecDeque<Mood>,
    asked: Vec<Asked>,
}

/// The endpoint.
pub struct ModelSink {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl ModelSink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new().route("/v1/chat/completions", post(complete)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// The base address that a workspace names.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// From now on, unless the script says otherwise.
    pub fn feels(&self, mood: Mood) {
        self.lock().mood = Some(mood);
    }

    /// The next answers, in order.
    pub fn script(&self, moods: impl IntoIterator<Item = Mood>) {
        self.lock().script.extend(moods);
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().expect("not held across a panic")
    }
}

async fn complete(State(shared): State<Arc<Mutex<Shared>>>, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let mood = {
        let mut shared = shared.lock().expect("not held across a panic");
        shared.asked.push(Asked { authorization, body: body.clone() });
        shared.script.pop_front().or_else(|| shared.mood.clone()).unwrap_or(Mood::Honest)
    };
    let told = body["messages"].as_array().cloned().unwrap_or_default();
    let has_results = told.iter().any(|message| message["role"] == "tool");
    match mood {
        Mood::Honest => said(&honest(&told)),
        Mood::Says(sentences) => said(&sentences_of(&sentences)),
        Mood::Rewrites(text) => said(&json!({ "text": text }).to_string()),
        Mood::Content(content) => said(&content),
        Mood::Answer(status, text) => (StatusCode::from_u16(status).expect("a status"), text).into_response(),
        Mood::Tools(_) if has_results => said(&honest(&told)),
        Mood::Tools(calls) => wants(&calls),
        Mood::Insists(name, arguments) => wants(&[(name, arguments)]),
        Mood::Slow(wait) => {
            tokio::time::sleep(wait).await;
            said(&honest(&told))
        }
        Mood::Stalls => {
            let half = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"{\"choices\":[{\"message\":{\"content\":\"Voit pala")) });
            Body::from_stream(futures_util::StreamExt::chain(half, stream::pending())).into_response()
        }
        Mood::Breaks => {
            let parts = [Ok(Bytes::from_static(b"{\"choices\":[{\"message\":")), Err(std::io::Error::other("hung up"))];
            Body::from_stream(stream::iter(parts)).into_response()
        }
        Mood::Huge(bytes) => said(&"a".repeat(bytes)),
        Mood::Redirects(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
    }
}

fn said(content: &str) -> Response {
    let message = json!({ "role": "assistant", "content": content });
    axum::Json(json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }], "usage": { "total_tokens": 321 } })).into_response()
}

fn wants(calls: &[(String, String)]) -> Response {
    let calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(number, (name, arguments))| json!({ "id": format!("call_{number}"), "type": "function", "function": { "name": name, "arguments": arguments } }))
        .collect();
    let message = json!({ "role": "assistant", "content": null, "tool_calls": calls });
    axum::Json(json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "tool_calls" }] })).into_response()
}

fn sentences_of(sentences: &[(String, String)]) -> String {
    let sentences: Vec<Value> = sentences.iter().map(|(text, source)| json!({ "text": text, "source": source })).collect();
    json!({ "sentences": sentences }).to_string()
}

/// The first sentence of each source; of what tools brought first. A rewriting comes back as it was.
fn honest(told: &[Value]) -> String {
    let parsed = |message: &Value| message["content"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    let of_role = |role: &str| told.iter().filter(|message| message["role"] == role).map(parsed).collect::<Vec<_>>();
    let asked = of_role("user").pop().unwrap_or_default();
    for field in ["text", "conversation"] {
        if let Some(text) = asked[field].as_str() {
            return json!({ "text": text.chars().take(600).collect::<String>() }).to_string();
        }
    }
    let results = of_role("tool").into_iter().flat_map(|result| result["sources"].as_array().cloned().unwrap_or_default());
    let sources: Vec<Value> = results.chain(asked["sources"].as_array().cloned().unwrap_or_default()).take(2).collect();
    let first = |text: &str| text.split_inclusive(['.', '\n']).map(str::trim).find(|sentence| sentence.chars().count() > 12).unwrap_or_default().to_owned();
    let sentences: Vec<(String, String)> = sources
        .iter()
        .map(|source| (first(source["text"].as_str().unwrap_or_default()), source["id"].as_str().unwrap_or_default().to_owned()))
        .filter(|(text, _)| !text.is_empty())
        .collect();
    sentences_of(&sentences)
}
