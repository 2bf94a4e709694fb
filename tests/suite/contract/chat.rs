//! The chat widget. Nothing is sent to it: it asks for what it missed, by the number of the last message that it has.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{Act, Got, Outside, Skewed, contract, put_off};
use crate::{
    chat::{Shop, identity::Site},
    people::{Company, text},
};

/// One visitor at the widget.
struct Widget {
    shop: Shop,
    token: String,
    /// What will happen to the next answers.
    acts: Mutex<Vec<Act>>,
}

contract!(Widget);

impl Widget {
    async fn send(&self, key: &str, words: &str) -> u16 {
        self.shop.visitor_with(&self.token).send(key, words).await.status.as_u16()
    }

    /// What the widget has missed, read as it reads it.
    async fn missed(&self) -> Vec<Got> {
        let visitor = self.shop.visitor_with(&self.token);
        let theirs = visitor.messages().await;
        let answers = theirs.iter().filter(|message| message["mine"] == false && message["kind"] == "text" && message["author"]["kind"] == "staff");
        answers.map(|message| Got { identity: text(&message["id"]), words: text(&message["body"]) }).collect()
    }
}

impl Outside for Widget {
    const ORDER: bool = true;
    const REFUSES: bool = false;
    const NAMES_A_WAIT: bool = false;
    const IS_TOLD_TO_WAIT: bool = true;

    async fn open() -> Self {
        let shop = Shop::open().await;
        shop.set(json!({ "mode": "person_only" })).await;
        let token = shop.visitor().await.token;
        Self { shop, token, acts: Mutex::default() }
    }

    fn company(&self) -> &Company {
        &self.shop.company
    }

    fn channel(&self) -> String {
        self.shop.channel.clone()
    }

    async fn bring(&self, key: &str, words: &str) {
        let status = self.send(key, words).await;
        assert!(matches!(status, 200 | 201), "{status}");
    }

    async fn attempt(&self, key: &str, words: &str) -> Option<u32> {
        put_off(&self.shop.visitor_with(&self.token).send(key, words).await)
    }

    async fn bring_unsure(&mut self, key: &str, words: &str) {
        let body = json!({ "client_key": key, "body": words }).to_string();
        let head = format!(
            "POST /widget/v1/messages HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nauthorization: Visitor {}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let mut wire = TcpStream::connect(self.shop.company.app.address).await.unwrap();
        wire.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        drop(wire);
        // And over a socket that breaks before the acknowledgement.
        let visitor = self.shop.visitor_with(&self.token);
        let (mut socket, _) = visitor.socket(Value::Null, 0).await;
        socket.send(json!({ "type": "message", "client_key": key, "body": words })).await;
        drop(socket);
        self.bring(key, words).await;
    }

    async fn bring_mixed_up(&self, messages: &[(&str, &str)]) {
        // A socket keeps its order; what was sent before it broke is sent again after it, by its key.
        let visitor = self.shop.visitor_with(&self.token);
        let (mut socket, _) = visitor.socket(Value::Null, 0).await;
        for (key, words) in messages {
            socket.send(json!({ "type": "message", "client_key": key, "body": words })).await;
            socket.until(|message| message["type"] == "ack").await;
        }
        for (key, words) in messages.iter().rev() {
            self.bring(key, words).await;
        }
    }

    async fn forge(&self, key: &str, words: &str) {
        let forger = self.shop.visitor_with(&format!("ev_{}", "0".repeat(48)));
        assert_eq!(forger.send(key, words).await.status, 401);
        let unread = forger.client.request(reqwest::Method::POST, "/widget/v1/messages").body("{ no JSON");
        assert_eq!(forger.client.send(unread).await.status, 401, "refused before it is parsed");
        // Another visitor who has learnt the conversation's id.
        let other = self.shop.visitor().await;
        let theirs = text(&self.shop.visitor_with(&self.token).conversation().await["id"]);
        let answer = other.client.post("/widget/v1/messages", json!({ "client_key": key, "conversation_id": theirs, "body": words })).await;
        assert_eq!(answer.status, 404);
        let forged = format!("{}x", Site::of(&self.shop).await.token("liisa"));
        assert_ne!(self.shop.arrive(json!({ "identity": forged })).await.status, 201, "an identity that is not signed by the shop");
    }

    async fn bring_skewed(&self, key: &str, words: &str) -> Skewed {
        // The widget's clock is not asked.
        self.bring(key, words).await;
        Skewed::Taken
    }

    fn will(&self, acts: &[Act]) {
        self.acts.lock().unwrap().extend(acts);
    }

    fn tries(&self) -> usize {
        0
    }

    async fn got(&self) -> Vec<Got> {
        let lost = self.acts.lock().unwrap().contains(&Act::Lose);
        let mut got = self.missed().await;
        if lost {
            // The answer to its question was lost: it asks again.
            got.extend(self.missed().await);
        }
        got
    }
}
