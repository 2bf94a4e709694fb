//! E-mail: letters of the installation, mailboxes, threads, and what strangers try. The servers are real ones: Dovecot on one side,
//! a scripted SMTP server on the other.

mod answers;
mod arriving;
mod away;
pub(crate) mod brought;
mod hostile;
mod letters;
mod machines;
mod settings;
mod signature;
mod threads;

use std::time::Duration;

use ennakoi_testkit::{Client, DOVECOT_PASSWORD, Dovecot, SmtpSink, free_port};
use serde_json::{Value, json};

use crate::{
    chat::Shop,
    people::{Company, text},
};

pub(crate) const ADDRESS: &str = "tuki@kone.example";

/// A company with a mailbox at a real server.
pub(crate) struct Office {
    pub(crate) shop: Shop,
    pub(crate) dovecot: Dovecot,
    pub(crate) sink: SmtpSink,
    pub(crate) mailbox: String,
    pub(crate) channel: String,
}

pub(crate) fn settings(dovecot: &Dovecot, sink: &SmtpSink) -> Value {
    json!({
        "name": "Käpylän Kone",
        "incoming": { "host": "127.0.0.1", "port": dovecot.imap, "security": "plain" },
        "outgoing": { "host": "127.0.0.1", "port": sink.address.port(), "security": "plain" },
        "sign_in": "password",
        "undo_seconds": 0,
        "signature": "{agent}\nKäpylän Kone Oy",
        "trusted_results": ["mx.kone.example"],
    })
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::open_with(json!({})).await
    }

    /// With changed settings of the mailbox; `mode` among them is the channel's.
    pub(crate) async fn open_with(change: Value) -> Self {
        let (dovecot, sink) = (Dovecot::start().await, SmtpSink::start().await);
        let shop = Shop::open_with(|configuration| configuration.security.private_egress = true).await;
        let mut settings = settings(&dovecot, &sink);
        let mut new = json!({ "address": ADDRESS, "secrets": { "password": DOVECOT_PASSWORD } });
        for (name, value) in change.as_object().unwrap() {
            if name == "mode" { new["mode"] = value.clone() } else { settings[name] = value.clone() }
        }
        new["settings"] = settings;
        let made = shop.owner().post("mailboxes", new).await.expect(201);
        let office = Self { mailbox: text(&made["id"]), channel: text(&made["channel_id"]), shop, dovecot, sink };
        office.connected().await;
        office
    }

    /// One whose mails are brought by somebody else: `settings` say how. It shows as connected when the first mail has come.
    pub(crate) async fn open_brought(change: Value, secrets: Value) -> Self {
        let (dovecot, sink) = (Dovecot::start().await, SmtpSink::start().await);
        let listen = format!("127.0.0.1:{}", free_port());
        let shop = Shop::open_with(|configuration| {
            configuration.security.private_egress = true;
            configuration.mail.lmtp_listen = listen;
        })
        .await;
        let mut settings = settings(&dovecot, &sink);
        settings.as_object_mut().unwrap().remove("incoming");
        settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let mut given = json!({ "password": DOVECOT_PASSWORD });
        given.as_object_mut().unwrap().extend(secrets.as_object().unwrap().clone());
        let made = shop.owner().post("mailboxes", json!({ "address": ADDRESS, "settings": settings, "secrets": given })).await.expect(201);
        Self { mailbox: text(&made["id"]), channel: text(&made["channel_id"]), shop, dovecot, sink }
    }

    /// Where mails are delivered by LMTP.
    pub(crate) fn lmtp(&self) -> std::net::SocketAddr {
        self.shop.company.app.app.configuration.mail.lmtp_listen.parse().unwrap()
    }

    pub(crate) fn owner(&self) -> &Client {
        self.shop.owner()
    }

    /// The program is cut off in the middle and starts again.
    pub(crate) async fn crash(self) -> Self {
        let Self { shop, dovecot, sink, mailbox, channel } = self;
        let Shop { company, channel: chat, public_key, queue } = shop;
        let Company { app, owner, owner_password } = company;
        let app = app.crash(|configuration| configuration.security.private_egress = true).await;
        let mut moved = app.stranger();
        (moved.cookie, moved.workspace) = (owner.cookie, owner.workspace);
        let shop = Shop { company: Company { app, owner: moved, owner_password }, channel: chat, public_key, queue };
        let office = Self { shop, dovecot, sink, mailbox, channel };
        // The lease of the one that died runs out.
        office.shop.company.app.clock.advance(ennakoi_kernel::Duration::minutes(15));
        office
    }

    /// Waits until the mailbox is being read.
    pub(crate) async fn connected(&self) -> Value {
        self.until(|mailbox| mailbox["state"] == "connected").await
    }

    pub(crate) async fn until(&self, condition: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..750 {
            let mailbox = self.owner().get(&format!("mailboxes/{}", self.mailbox)).await.expect(200);
            if condition(&mailbox) {
                return mailbox;
            }
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        panic!("the mailbox: {}", self.owner().get(&format!("mailboxes/{}", self.mailbox)).await.text);
    }

    /// Somebody's mail arrives, judged genuine by our server.
    pub(crate) async fn arrive(&self, from: &str, headers: &str, body: &str) {
        let address = from.rsplit('<').next().unwrap().trim_end_matches('>');
        let domain = address.rsplit('@').next().unwrap();
        let judged = format!("Authentication-Results: mx.kone.example; dmarc=pass header.from={domain}\r\n");
        self.arrive_raw(address, ADDRESS, &format!("{judged}From: {from}\r\nTo: {ADDRESS}\r\n{headers}\r\n{body}")).await;
    }

    pub(crate) async fn arrive_raw(&self, from: &str, to: &str, mail: &str) {
        self.dovecot.deliver(from, to, mail).await;
    }

    /// The channel's conversations, oldest first.
    pub(crate) async fn conversations(&self) -> Vec<Value> {
        let mut items = Vec::new();
        for view in ["all", "closed"] {
            let page = self.owner().get(&format!("conversations?view={view}&channel={}&limit=100", self.channel)).await.expect(200);
            items.extend(page["items"].as_array().unwrap().clone());
        }
        items.sort_by_key(|item| item["number"].as_i64().unwrap());
        items
    }

    /// Waits for the conversation with this place, from 1.
    pub(crate) async fn conversation(&self, place: usize) -> Value {
        for _ in 0..750 {
            if let Some(found) = self.conversations().await.get(place - 1) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        panic!("there are {} conversations", self.conversations().await.len());
    }

    /// The texts of a conversation, both sides.
    pub(crate) async fn messages(&self, conversation: &str) -> Vec<Value> {
        let page = self.owner().get(&format!("conversations/{conversation}/messages?limit=100")).await.expect(200);
        page["items"].as_array().unwrap().iter().filter(|message| message["kind"] != "event").cloned().collect()
    }

    /// Waits for this many texts in a conversation.
    pub(crate) async fn said(&self, conversation: &str, count: usize) -> Vec<Value> {
        for _ in 0..750 {
            let messages = self.messages(conversation).await;
            if messages.len() >= count {
                return messages;
            }
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        panic!("{:?}", self.messages(conversation).await);
    }

    pub(crate) async fn answer(&self, conversation: &str, key: &str, change: Value) -> Value {
        let mut message = json!({ "client_key": key, "visibility": "public", "body": "Kiitos viestistäsi." });
        for (name, value) in change.as_object().unwrap() {
            message[name] = value.clone();
        }
        self.owner().post(&format!("conversations/{conversation}/messages"), message).await.expect(201)
    }

    /// Waits until a message has this delivery state.
    pub(crate) async fn delivery(&self, conversation: &str, message: &Value, state: &str) -> Value {
        for _ in 0..750 {
            let found = self.messages(conversation).await.into_iter().find(|it| it["id"] == message["id"]).unwrap();
            if found["delivery"] == state {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        panic!("not {state}: {:?}", self.messages(conversation).await);
    }

    /// Waits until everything that arrived so far was taken in: a last mail from somebody else marks the end.
    pub(crate) async fn all_taken_in(&self) {
        let before = self.conversations().await.len();
        let mark = format!("Merkki {before}");
        self.arrive("Merkki <merkki@viimeinen.example>", &format!("Subject: {mark}\r\nMessage-ID: <mark{before}@viimeinen.example>\r\n"), "Tämä on viimeinen.")
            .await;
        for _ in 0..750 {
            if self.conversations().await.iter().any(|item| item["subject"] == mark) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        panic!("the last mail did not come");
    }
}

pub(crate) fn id(value: &Value) -> String {
    text(&value["id"])
}
