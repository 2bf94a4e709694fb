//! An HTTP client that behaves like a browser of one person, or like a program.

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

/// One caller: keeps its cookie, workspace and token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    pub cookie: Option<String>,
    pub workspace: Option<String>,
    pub authorization: Option<String>,
    extra: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {} {}", self.status, self.text))
    }

    /// Fails the test unless the status is as expected; returns the body as JSON (null when empty).
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "answered {}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap_or(Value::String(self.text)) }
    }
}

impl Client {
    #[must_use]
    pub fn new(base: &str) -> Self {
        ennakoi_egress::choose_cryptography();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("an HTTP client");
        Self { http, base: base.to_owned(), cookie: None, workspace: None, authorization: None, extra: Vec::new() }
    }

    /// The same caller with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends with whatever is known about the caller. Paths that start with `/` after the API's base are completed:
    /// `conversations` means `/api/v1/conversations`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { format!("{}/api/v1/{path}", self.base) };
        let mut request = self.http.request(method, url).header("x-requested-with", "ennakoi");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(workspace) = &self.workspace {
            request = request.header("x-ennakoi-workspace", workspace);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        self.extra.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the server answers");
        Answer { status: response.status(), headers: response.headers().clone(), text: response.text().await.expect("a text body") }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
    /// Sends one file as a multipart form with the field `file`.
    pub async fn upload(&self, path: &str, name: &str, media_type: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned()).mime_str(media_type).expect("a media type");
        self.send(self.request(Method::POST, path).multipart(reqwest::multipart::Form::new().part("file", part))).await
    }
}
