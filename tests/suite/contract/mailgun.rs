//! E-mail that Mailgun brings.

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    Act, Got, Outside, Skewed,
    brought::{forgery, whole},
    contract,
    email::head,
    put_off,
};
use crate::{
    mail::{Office, brought},
    people::Company,
};

struct Called(Office);
contract!(Called);

impl Called {
    fn body(&self, key: &str, mail: &str) -> String {
        brought::form(brought::KEY, self.0.seconds(), &format!("token-{key}-{}", self.0.seconds()), mail)
    }
}

impl Outside for Called {
    const ORDER: bool = false;
    const REFUSES: bool = true;
    const NAMES_A_WAIT: bool = false;
    const IS_TOLD_TO_WAIT: bool = true;

    async fn open() -> Self {
        Self(Office::open_brought(json!({ "arrival": "mailgun" }), json!({ "signing_key": brought::KEY })).await)
    }

    fn company(&self) -> &Company {
        self.0.company()
    }

    fn channel(&self) -> String {
        self.0.channel()
    }

    async fn bring(&self, key: &str, words: &str) {
        self.0.mailgun(self.body(key, &whole(&head(key), words))).await.expect(200);
    }

    async fn attempt(&self, key: &str, words: &str) -> Option<u32> {
        put_off(&self.0.mailgun(self.body(key, &whole(&head(key), words))).await)
    }

    async fn bring_unsure(&mut self, key: &str, words: &str) {
        // The whole call is sent, and the line breaks before the answer can be read; the same call comes again.
        let body = self.body(key, &whole(&head(key), words));
        let call = format!(
            "POST {} HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.0.mailgun_path(),
            body.len()
        );
        let mut wire = TcpStream::connect(self.company().app.address).await.unwrap();
        wire.write_all(call.as_bytes()).await.unwrap();
        drop(wire);
        self.0.mailgun(body).await.expect(200);
    }

    async fn bring_mixed_up(&self, messages: &[(&str, &str)]) {
        for (key, words) in messages.iter().rev() {
            self.bring(key, words).await;
        }
    }

    async fn forge(&self, key: &str, words: &str) {
        // Not Mailgun's: not even looked at.
        let mail = whole(&head(key), words);
        let now = self.0.seconds();
        self.0.mailgun(brought::form("key-other", now, "f1", &mail)).await.expect(401);
        self.0.mailgun(brought::form("", now, "f2", "\u{0}nonsense")).await.expect(401);
        // Mailgun's, of a stranger who knows what our mails are called.
        self.0.mailgun(self.body(key, &forgery(&self.0, key, words).await)).await.expect(200);
        self.0.conversation(2).await;
    }

    async fn bring_skewed(&self, key: &str, words: &str) -> Skewed {
        // Mailgun tries for hours: what was signed long ago is refused when its token may have been forgotten.
        for off in [-10 * 3_600, 600] {
            let form = brought::form(brought::KEY, self.0.seconds() + off, &format!("s{off}"), &whole(&head(key), words));
            self.0.mailgun(form).await.expect(401);
        }
        Skewed::Refused
    }

    fn will(&self, acts: &[Act]) {
        self.0.will(acts);
    }

    fn tries(&self) -> usize {
        self.0.tries()
    }

    async fn got(&self) -> Vec<Got> {
        self.0.got().await
    }
}
