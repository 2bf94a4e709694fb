//! The OpenAI-compatible chat completions, as far as they are used: what is asked, and what is read of an answer.

use bytes::Bytes;
use ennakoi_egress::{Egress, Error, Method, Request, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::Outcome;

/// Calls of tools in one answer that are looked at.
const TOOL_CALLS: usize = 8;
/// Characters that make a token, at least, whatever the endpoint counts.
const CHARACTERS_A_TOKEN: usize = 4;

/// One message to the model.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Message {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

impl Message {
    pub(super) fn system(content: impl Into<String>) -> Self {
        Self { role: "system", content: content.into(), tool_calls: None, tool_call_id: None }
    }

    pub(super) fn user(content: impl Into<String>) -> Self {
        Self { role: "user", content: content.into(), tool_calls: None, tool_call_id: None }
    }

    /// What the model asked for, so that the results that follow have their place.
    pub(super) fn asked(calls: &[Call]) -> Self {
        let calls =
            calls.iter().map(|call| json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })).collect();
        Self { role: "assistant", content: String::new(), tool_calls: Some(Value::Array(calls)), tool_call_id: None }
    }

    pub(super) fn result(call: &Call, content: impl Into<String>) -> Self {
        Self { role: "tool", content: content.into(), tool_calls: None, tool_call_id: Some(call.id.clone()) }
    }
}

/// A tool that the model wants used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub content: String,
    pub calls: Vec<Call>,
    pub tokens: i64,
}

#[derive(Deserialize)]
struct Answered {
    choices: Vec<Chosen>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Chosen {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Wanted>>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    id: String,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    total_tokens: i64,
}

/// Where to ask.
pub(super) struct Endpoint<'a> {
    pub url: &'a Url,
    pub model: &'a str,
    pub key: Option<&'a str>,
    /// Tokens of the answer, at most.
    pub answer_tokens: u32,
}

/// The address of the chat completions under the base address that a company names.
pub(super) fn completions(base: &str) -> Result<Url, url::ParseError> {
    let base = base.trim().trim_end_matches('/');
    let whole = if base.ends_with("/chat/completions") { base.to_owned() } else { format!("{base}/chat/completions") };
    Url::parse(&whole)
}

/// Asks once.
pub(super) async fn ask(client: &Egress, endpoint: &Endpoint<'_>, messages: &[Message], tools: &Value) -> Result<Reply, Outcome> {
    let mut body = json!({ "model": endpoint.model, "messages": messages, "max_tokens": endpoint.answer_tokens, "stream": false });
    if tools.as_array().is_some_and(|tools| !tools.is_empty()) {
        body["tools"] = tools.clone();
    }
    let body = body.to_string();
    let mut headers = header::HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Some(key) = endpoint.key {
        let mut value = header::HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| Outcome::Failed)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    let sent = body.len();
    let request = Request { method: Method::POST, url: endpoint.url.clone(), headers, body: Bytes::from(body) };
    let answer = client.call(request).await.map_err(|error| match error {
        Error::Timeout => Outcome::Timeout,
        _ => Outcome::Failed,
    })?;
    if !answer.status.is_success() {
        tracing::info!(status = answer.status.as_u16(), "the language model's endpoint refused");
        return Err(Outcome::Failed);
    }
    read(&answer.body, sent)
}

fn read(body: &[u8], sent: usize) -> Result<Reply, Outcome> {
    let answered: Answered = serde_json::from_slice(body).map_err(|_| Outcome::Unreadable)?;
    // What the endpoint says it used may be wrong or missing: the budget counts at least what went over the line.
    let counted = i64::try_from((sent + body.len()) / CHARACTERS_A_TOKEN).unwrap_or(i64::MAX);
    let tokens = answered.usage.map_or(0, |usage| usage.total_tokens).max(counted).min(10_000_000);
    let chosen = answered.choices.into_iter().next().ok_or(Outcome::Unreadable)?;
    // Cut off in the middle: half an answer is none.
    if chosen.finish_reason.as_deref() == Some("length") {
        return Err(Outcome::Unreadable);
    }
    let calls = chosen.message.tool_calls.unwrap_or_default().into_iter().take(TOOL_CALLS);
    let calls = calls.map(|wanted| Call { id: wanted.id, name: wanted.function.name, arguments: wanted.function.arguments }).collect();
    Ok(Reply { content: chosen.message.content.unwrap_or_default(), calls, tokens })
}

/// The JSON object inside what a model wrote, which often stands in a fence or between sentences.
pub(super) fn object<T: serde::de::DeserializeOwned>(content: &str) -> Option<T> {
    let (start, end) = (content.find('{')?, content.rfind('}')?);
    serde_json::from_str(content.get(start..=end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_limits_and_half_of_one_is_none() {
        let whole = json!({ "choices": [{ "message": { "content": "moi" }, "finish_reason": "stop" }], "usage": { "total_tokens": 50 } }).to_string();
        let reply = read(whole.as_bytes(), 40).unwrap();
        assert_eq!((reply.content.as_str(), reply.tokens), ("moi", 50));
        for broken in [
            "",
            "<html>",
            "{}",
            "{\"choices\":[]}",
            "{\"choices\":[{\"message\":{\"content\":\"puoli\"},\"finish_reason\":\"length\"}]}",
            &whole[..whole.len() / 2],
        ] {
            assert_eq!(read(broken.as_bytes(), 0).err(), Some(Outcome::Unreadable), "{broken}");
        }
        let liar = json!({ "choices": [{ "message": { "content": "x".repeat(4_000) } }], "usage": { "total_tokens": -5 } }).to_string();
        assert!(read(liar.as_bytes(), 0).unwrap().tokens >= 1_000);
    }

    #[test]
    fn the_base_address_is_completed_once() {
        assert_eq!(completions("https://a.example/v1/").unwrap().as_str(), "https://a.example/v1/chat/completions");
        assert_eq!(completions("https://a.example/v1/chat/completions").unwrap().as_str(), "https://a.example/v1/chat/completions");
        assert!(completions("a.example").is_err());
    }

    #[test]
    fn an_object_is_found_between_words() {
        #[derive(serde::Deserialize)]
        struct A {
            a: u8,
        }
        assert_eq!(object::<A>("Tässä:\n```json\n{\"a\": 1}\n```").map(|found| found.a), Some(1));
        assert!(object::<A>("}{").is_none() && object::<A>("ei mitään").is_none());
    }
}
