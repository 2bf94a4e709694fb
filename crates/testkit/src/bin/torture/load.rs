//! Customers and agents who write until they are told to stop, and note each acknowledgement.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ennakoi_testkit::{Client, Socket};
use serde_json::{Value, json};

use crate::victim::Victim;

/// What was acknowledged, in the order in which each writer sent it.
#[derive(Default)]
pub(crate) struct Log {
    visitors: Mutex<Vec<Writer>>,
    agents: Mutex<Vec<(String, String, u64)>>,
}

/// One customer with what they have sent.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(crate) token: String,
    pub(crate) conversation: String,
    pub(crate) keys: Vec<String>,
    /// When each was acknowledged, in nanoseconds since 1970.
    pub(crate) times: Vec<u64>,
}

impl Log {
    pub(crate) fn count(&self) -> usize {
        let visitors: usize = self.visitors.lock().expect("no panic").iter().map(|writer| writer.keys.len()).sum();
        visitors + self.agents.lock().expect("no panic").len()
    }

    pub(crate) fn writers(&self) -> Vec<Writer> {
        self.visitors.lock().expect("no panic").clone()
    }

    /// Conversation and key of what agents had acknowledged, and when.
    pub(crate) fn answers(&self) -> Vec<(String, String, u64)> {
        self.agents.lock().expect("no panic").clone()
    }

    fn note(&self, token: &str, conversation: &str, key: String) {
        let at = crate::nanoseconds();
        let mut writers = self.visitors.lock().expect("no panic");
        match writers.iter_mut().find(|writer| writer.token == token) {
            Some(writer) => {
                writer.keys.push(key);
                writer.times.push(at);
            }
            None => writers.push(Writer { token: token.to_owned(), conversation: conversation.to_owned(), keys: vec![key], times: vec![at] }),
        }
    }

    fn some_conversation(&self, number: usize) -> Option<String> {
        let writers = self.visitors.lock().expect("no panic");
        (!writers.is_empty()).then(|| writers[number % writers.len()].conversation.clone())
    }
}

/// Where to write.
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) staff: Client,
    pub(crate) key: String,
}

impl Target {
    /// Makes a company with a chat and a small FAQ, so that the bot takes part.
    pub(crate) async fn set_up(victim: &Victim) -> Self {
        let mut staff = Client::new(&format!("http://{}", victim.address));
        let password = victim.password.clone().expect("printed at the first start");
        let answer = staff.post("session", json!({ "email": "owner@localhost", "password": password })).await;
        let cookie = answer.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok()).and_then(|cookie| cookie.split(';').next());
        staff.cookie = Some(cookie.expect("a session").to_owned());
        let made = staff.post("workspaces", json!({ "name": "Torture" })).await.expect(201);
        staff.workspace = made["workspace"]["id"].as_str().map(ToOwned::to_owned);
        let channel = staff.post("channels", json!({ "kind": "chat", "name": "Chat" })).await.expect(201);
        let faq = "# Missä pakettini on?\n\nSeuraa sitä seurantakoodilla.\n\n# Miten palautan?\n\nTäytä lomake.\n";
        staff.post("imports/articles?publish=true", json!({ "text": faq })).await.expect(200);
        Self { address: victim.address.clone(), staff, key: channel["public_key"].as_str().expect("a key").to_owned() }
    }
}

/// Pause before trying again while the server is down.
const AGAIN: Duration = Duration::from_millis(20);

/// A customer: one message after the other, each sent again under the same key until it is acknowledged.
pub(crate) async fn visitor(target: Arc<Target>, log: Arc<Log>, stop: Arc<AtomicBool>, number: usize) {
    let Some(token) = arrive(&target, &stop).await else { return };
    let mut conversation: Option<String> = None;
    let mut next = 0usize;
    while !stop.load(Ordering::SeqCst) {
        let Some(mut socket) = connect(&target, &token, conversation.as_deref()).await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        while !stop.load(Ordering::SeqCst) {
            let key = format!("v{number}-{next}");
            let body = format!("viesti {next}: missä mun paketti on");
            let Some(ack) = exchange(&mut socket, json!({ "type": "message", "client_key": key, "conversation_id": conversation, "body": body })).await else {
                break;
            };
            let home = ack["conversation_id"].as_str().expect("an acknowledgement names its conversation").to_owned();
            log.note(&token, &home, key);
            conversation = Some(home);
            next += 1;
        }
    }
}

async fn arrive(target: &Target, stop: &AtomicBool) -> Option<String> {
    let client = Client::new(&format!("http://{}", target.address));
    while !stop.load(Ordering::SeqCst) {
        let request = client.request(reqwest::Method::POST, &format!("/widget/v1/{}/visitor", target.key)).json(&json!({ "locale": "fi" }));
        if let Ok(response) = request.send().await
            && let Ok(answer) = response.json::<Value>().await
            && let Some(token) = answer["token"].as_str()
        {
            return Some(token.to_owned());
        }
        tokio::time::sleep(AGAIN).await;
    }
    None
}

async fn connect(target: &Target, token: &str, conversation: Option<&str>) -> Option<Socket> {
    let mut socket = Socket::open(&format!("ws://{}/widget/v1/live", target.address), &[]).await.ok()?;
    socket.try_send(json!({ "type": "hello", "token": token, "conversation": conversation, "last_seq": 0 })).await.ok()?;
    socket.try_until(|message| message["type"] == "welcome").await.map(|_| socket)
}

async fn exchange(socket: &mut Socket, message: Value) -> Option<Value> {
    let key = message["client_key"].clone();
    socket.try_send(message).await.ok()?;
    let answer = socket.try_until(|answer| answer["client_key"] == key && answer["type"] != "messages").await?;
    (answer["type"] == "ack").then_some(answer)
}

/// An agent: answers here and there, each answer sent again under the same key until it is acknowledged.
pub(crate) async fn agent(target: Arc<Target>, log: Arc<Log>, stop: Arc<AtomicBool>, number: usize) {
    let mut next = 0usize;
    while !stop.load(Ordering::SeqCst) {
        let Some(conversation) = log.some_conversation(next * 7 + number) else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let key = format!("a{number}-{next}");
        let body = json!({ "client_key": key, "body": format!("vastaus {next}"), "visibility": if next.is_multiple_of(3) { "private" } else { "public" } });
        let request = target.staff.request(reqwest::Method::POST, &format!("conversations/{conversation}/messages")).json(&body);
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                log.agents.lock().expect("no panic").push((conversation, key, crate::nanoseconds()));
                next += 1;
            }
            _ => tokio::time::sleep(AGAIN).await,
        }
    }
}
