//! Another program as a channel.

use ennakoi_testkit::program::Reply;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{Act, Got, Outside, Skewed, contract, put_off};
use crate::{
    people::{Company, text},
    programs::Linked,
};

contract!(Linked);

fn message(key: &str, words: &str) -> Value {
    json!({ "id": key, "contact": { "external_id": "liisa", "name": "Liisa" }, "text": words })
}

impl Outside for Linked {
    const ORDER: bool = true;
    const REFUSES: bool = true;
    const NAMES_A_WAIT: bool = true;
    const IS_TOLD_TO_WAIT: bool = true;

    async fn open() -> Self {
        Self::open().await
    }

    fn company(&self) -> &Company {
        &self.shop.company
    }

    fn channel(&self) -> String {
        self.id.clone()
    }

    async fn bring(&self, key: &str, words: &str) {
        let answer = Linked::bring_message(self, &message(key, words)).await;
        assert!(matches!(answer, 200 | 201), "{answer}");
    }

    async fn attempt(&self, key: &str, words: &str) -> Option<u32> {
        put_off(&self.say("messages", &message(key, words)).await)
    }

    async fn bring_unsure(&mut self, key: &str, words: &str) {
        // The whole call is sent, and the line breaks before the answer can be read.
        let body = message(key, words).to_string();
        let (id, now) = (format!("msg_{key}"), self.now());
        let signature = ennakoi_testkit::program::signature(&self.inbound, &id, now, body.as_bytes());
        let head = format!(
            "POST /channels/v1/{}/messages HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nwebhook-id: {id}\r\nwebhook-timestamp: {now}\r\n\
             webhook-signature: {signature}\r\ncontent-length: {}\r\n\r\n",
            self.key,
            body.len()
        );
        let mut wire = TcpStream::connect(self.company().app.address).await.unwrap();
        wire.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        drop(wire);
        self.bring(key, words).await;
    }

    async fn bring_mixed_up(&self, messages: &[(&str, &str)]) {
        // Each names the one before it, so what comes too early is sent again later.
        let mut waiting: Vec<(Value, bool)> = Vec::new();
        let mut before = "0".to_owned();
        for (key, words) in messages {
            let mut message = message(key, words);
            message["after"] = json!(before);
            before = (*key).to_owned();
            waiting.push((message, false));
        }
        waiting.reverse();
        let mut refused = 0;
        while waiting.iter().any(|(_, taken)| !taken) {
            for (message, taken) in waiting.iter_mut().filter(|(_, taken)| !taken) {
                let answer = self.say("messages", message).await;
                *taken = answer.status == 201;
                if !*taken {
                    assert_eq!(answer.expect(409)["code"], "predecessor_missing");
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "they did come in the wrong order");
    }

    async fn forge(&self, key: &str, words: &str) {
        let body = message(key, words).to_string();
        let wrong = format!("whsec_{}", "A".repeat(44));
        self.call("messages", body.as_bytes(), self.now(), &wrong).await.expect(401);
        // Not even looked at: what is no JSON at all gets the same answer.
        self.call("messages", b"\xff{", self.now(), &wrong).await.expect(401);
        let answered = self.program.call(1).await.json()["data"]["message_id"].clone();
        let status = json!({ "statuses": [{ "message_id": answered, "status": "failed" }] }).to_string();
        self.call("statuses", status.as_bytes(), self.now(), &wrong).await.expect(401);
    }

    async fn bring_skewed(&self, key: &str, words: &str) -> Skewed {
        for off in [-600, 600] {
            self.call("messages", message(key, words).to_string().as_bytes(), self.now() + off, &self.inbound).await.expect(401);
        }
        Skewed::Refused
    }

    fn will(&self, acts: &[Act]) {
        self.program.will(acts.iter().map(|act| match act {
            Act::Busy(seconds) => Reply::Later(*seconds),
            Act::Broken => Reply::Status(503),
            Act::Refuse => Reply::Status(422),
            Act::Lose => Reply::Lost,
        }));
    }

    fn tries(&self) -> usize {
        self.program.count()
    }

    async fn got(&self) -> Vec<Got> {
        let took = |reply: &Reply| matches!(reply, Reply::Lost | Reply::Status(200..300));
        let calls = self.program.calls().into_iter().filter(|call| took(&call.reply));
        calls
            .map(|call| {
                assert!(call.is_signed_with(&self.outbound));
                let identity = call.header("webhook-id").to_owned();
                Got { identity, words: text(&call.json()["data"]["text"]) }
            })
            .collect()
    }
}

impl Linked {
    async fn bring_message(&self, message: &Value) -> u16 {
        self.say("messages", message).await.status.as_u16()
    }
}
