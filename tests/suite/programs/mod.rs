//! Programs of others as channels, through HTTP: what they bring, what they get, and what they may not.

mod bringing;
mod getting;
mod settings;

use ennakoi_testkit::{
    Answer, Client,
    program::{Program, signature},
};
use serde_json::{Value, json};

use crate::{
    chat::Shop,
    people::{Company, text},
};

/// A company with a program of somebody else as a channel.
pub(crate) struct Linked {
    pub(crate) shop: Shop,
    pub(crate) program: Program,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) inbound: String,
    pub(crate) outbound: String,
}

impl Linked {
    pub(crate) async fn open() -> Self {
        Self::open_with(json!({})).await
    }

    /// With changed settings of the channel.
    pub(crate) async fn open_with(change: Value) -> Self {
        let shop = Shop::open_with(|configuration| configuration.security.private_egress = true).await;
        let program = Program::start().await;
        let mut new = json!({ "name": "Kassajärjestelmä", "url": program.url, "settings": { "mode": "person_first" } });
        for (name, value) in change.as_object().unwrap() {
            new[name] = value.clone();
        }
        let made = shop.owner().post("api-channels", new).await.expect(201);
        let key = text(&made["inbound_url"]).split('/').rev().nth(1).unwrap().to_owned();
        Self { id: text(&made["id"]), key, inbound: text(&made["inbound_secret"]), outbound: text(&made["outbound_secret"]), shop, program }
    }

    pub(crate) fn owner(&self) -> &Client {
        self.shop.owner()
    }

    pub(crate) fn company(&self) -> &Company {
        &self.shop.company
    }

    pub(crate) fn now(&self) -> i64 {
        self.company().app.app.environment.now().seconds()
    }

    /// A call of the program: `what` is `messages`, `statuses` or `attachments?name=…`.
    pub(crate) async fn call(&self, what: &str, body: &[u8], signed_at: i64, secret: &str) -> Answer {
        let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
        let client = self.company().app.stranger();
        let request = client
            .request(reqwest::Method::POST, &format!("/channels/v1/{}/{what}", self.key))
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", signed_at.to_string())
            .header("webhook-signature", signature(secret, &id, signed_at, body))
            .body(body.to_vec());
        client.send(request).await
    }

    pub(crate) async fn say(&self, what: &str, body: &Value) -> Answer {
        self.call(what, body.to_string().as_bytes(), self.now(), &self.inbound).await
    }

    pub(crate) async fn told(&self, id: &str, from: &str, words: &str) -> Answer {
        self.say("messages", &json!({ "id": id, "contact": { "external_id": from }, "text": words })).await
    }

    /// The channel's conversations, oldest first.
    pub(crate) async fn conversations(&self) -> Vec<Value> {
        let mut items = Vec::new();
        for view in ["all", "closed"] {
            let page = self.owner().get(&format!("conversations?view={view}&channel={}&limit=100", self.id)).await.expect(200);
            items.extend(page["items"].as_array().unwrap().clone());
        }
        items.sort_by_key(|item| item["number"].as_i64().unwrap());
        items
    }

    /// The texts of a conversation, both sides.
    pub(crate) async fn messages(&self, conversation: &str) -> Vec<Value> {
        let page = self.owner().get(&format!("conversations/{conversation}/messages?limit=100")).await.expect(200);
        page["items"].as_array().unwrap().iter().filter(|message| message["kind"] != "event").cloned().collect()
    }

    pub(crate) async fn answer(&self, conversation: &str, key: &str, words: &str) -> Value {
        let message = json!({ "client_key": key, "visibility": "public", "body": words });
        self.owner().post(&format!("conversations/{conversation}/messages"), message).await.expect(201)
    }

    /// Waits until a message has this delivery state.
    pub(crate) async fn delivery(&self, message: &Value, state: &str) -> Value {
        let conversation = text(&message["conversation_id"]);
        for _ in 0..1_200 {
            let found = self.messages(&conversation).await.into_iter().find(|it| it["id"] == message["id"]).unwrap();
            if found["delivery"] == state {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("not {state}: {:?}", self.messages(&conversation).await);
    }
}
