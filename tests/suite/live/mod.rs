//! Sockets: nothing lost, doubled or reordered whatever is cut; what a returning client is told makes its state a fresh one.

mod kinds;
mod manners;
mod resume;

use std::collections::{BTreeMap, BTreeSet};

use ennakoi_store::timeline;
use ennakoi_testkit::{Client, Socket, TestApp};
use serde_json::{Value, json};

use crate::{
    inbox::Desk,
    people::{Company, text},
};

/// A desk of a company that was started with its own configuration.
pub(crate) async fn desk_of(company: Company) -> Desk {
    let queue = company.owner.post("queues", json!({ "name": "Asiakaspalvelu" })).await.expect(201);
    let channel = company.owner.post("channels", json!({ "kind": "chat", "name": "Verkkokauppa", "settings": { "mode": "person_first" } })).await.expect(201);
    Desk { channel: text(&channel["id"]).parse().unwrap(), queue: text(&queue["id"]).parse().unwrap(), company }
}

/// Opens the staff socket of the client's workspace and says hello.
pub(crate) async fn staff_socket(app: &TestApp, client: &Client, last_seq: Option<i64>) -> (Socket, Value) {
    let url = format!("ws://{}/api/v1/live?workspace={}", app.address, client.workspace.as_deref().unwrap());
    let mut socket = Socket::open(&url, &[("cookie", client.cookie.as_deref().unwrap())]).await.unwrap();
    socket.send(json!({ "type": "hello", "last_seq": last_seq })).await;
    let welcome = socket.until(|message| message["type"] == "welcome").await;
    (socket, welcome)
}

/// The number of the workspace's last event.
pub(crate) async fn head(app: &TestApp, workspace: &str) -> i64 {
    timeline::head(&mut app.app.db.read().await.unwrap(), workspace.parse().unwrap()).await.unwrap()
}

/// The state of a client that only ever applies changes.
#[derive(Default)]
pub(crate) struct Replica {
    pub(crate) seq: i64,
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) conversations: BTreeMap<String, Value>,
    pub(crate) messages: BTreeMap<String, Value>,
    pub(crate) contacts: BTreeMap<String, Value>,
}

impl Replica {
    /// Applies a frame the way a client does: by id, the higher version wins.
    pub(crate) fn apply(&mut self, change: &Value) {
        for event in change["events"].as_array().unwrap() {
            self.kinds.insert(text(&event["kind"]));
        }
        for row in change["conversations"].as_array().unwrap() {
            let known = self.conversations.get(row["id"].as_str().unwrap());
            if known.is_none_or(|known| known["version"].as_i64() <= row["version"].as_i64()) {
                self.conversations.insert(text(&row["id"]), row.clone());
            }
        }
        for message in change["messages"].as_array().unwrap() {
            self.messages.insert(text(&message["id"]), message.clone());
        }
        for contact in change["contacts"].as_array().unwrap() {
            self.contacts.insert(text(&contact["id"]), contact.clone());
        }
        self.seq = change["seq"].as_i64().unwrap();
    }

    /// Comes back after an absence and hears what it missed.
    pub(crate) async fn return_to(&mut self, app: &TestApp, client: &Client) {
        let head = head(app, client.workspace.as_deref().unwrap()).await;
        let (mut socket, welcome) = staff_socket(app, client, Some(self.seq)).await;
        assert_eq!(welcome["resumed"], true, "{welcome}");
        while self.seq < head {
            let change = socket.until(|message| message["type"] == "changes").await;
            self.apply(&change);
        }
        socket.close().await;
    }

    /// The first difference between this state and what the API shows now.
    pub(crate) async fn difference(&self, client: &Client) -> Option<String> {
        for (id, row) in &self.conversations {
            let fresh = client.get(&format!("conversations/{id}")).await.expect(200);
            let page = client.get(&format!("conversations/{id}/messages?limit=100")).await.expect(200);
            let mut messages = page["items"].as_array().unwrap().iter();
            let found = differing("conversation", row, &fresh, &["seen_seq"]).or_else(|| messages.find_map(|message| self.message_differs(message)));
            if found.is_some() {
                return found;
            }
        }
        for (id, row) in &self.contacts {
            let fresh = client.get(&format!("contacts/{id}")).await.expect(200);
            // When somebody was last seen is no event.
            let found = differing("contact", row, &fresh, &["last_seen_at"]);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn message_differs(&self, fresh: &Value) -> Option<String> {
        let Some(known) = self.messages.get(fresh["id"].as_str().unwrap()) else { return Some(format!("nobody told of {fresh}")) };
        if (&known["author"]["kind"], &known["author"]["id"]) != (&fresh["author"]["kind"], &fresh["author"]["id"]) {
            return Some(format!("the author of {fresh}"));
        }
        // What a customer is called stands in the conversation and the contact; their messages name them by id.
        let named_elsewhere: &[&str] = if fresh["author"]["kind"] == "contact" { &["author"] } else { &[] };
        differing("message", known, fresh, named_elsewhere)
    }
}

/// The first field of the row, but for those left out, that has another value now.
fn differing(what: &str, known: &Value, fresh: &Value, but: &[&str]) -> Option<String> {
    let field = known.as_object().unwrap().iter().find(|(field, value)| !but.contains(&field.as_str()) && *value != &fresh[field.as_str()])?.0;
    Some(format!("{field} of the {what} {}: {} is {} now", known["id"], known[field], fresh[field]))
}
