//! E-mail that another mail server delivers.

use ennakoi_testkit::LmtpClient;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    Act, Got, Outside, Skewed,
    brought::{forgery, whole},
    contract,
    email::head,
};
use crate::{
    mail::{ADDRESS, Office},
    people::Company,
};

struct Delivered(Office);
contract!(Delivered);

impl Delivered {
    async fn deliver(&self, mail: &str) {
        let answers = LmtpClient::connect(self.0.lmtp()).await.deliver("liisa@example.fi", &[ADDRESS], mail.as_bytes()).await;
        assert!(answers[0].starts_with("250"), "{answers:?}");
    }
}

impl Outside for Delivered {
    const ORDER: bool = false;
    const REFUSES: bool = true;
    const NAMES_A_WAIT: bool = false;
    const IS_TOLD_TO_WAIT: bool = false;

    async fn open() -> Self {
        Self(Office::open_brought(json!({ "arrival": "lmtp" }), json!({})).await)
    }

    fn company(&self) -> &Company {
        self.0.company()
    }

    fn channel(&self) -> String {
        self.0.channel()
    }

    async fn bring(&self, key: &str, words: &str) {
        self.deliver(&whole(&head(key), words)).await;
    }

    async fn attempt(&self, key: &str, words: &str) -> Option<u32> {
        self.bring(key, words).await;
        None
    }

    async fn bring_unsure(&mut self, key: &str, words: &str) {
        // Everything is said, and the line breaks before the answer; the other server tries again.
        let mail = whole(&head(key), words);
        let said = format!("LHLO x\r\nMAIL FROM:<liisa@example.fi>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n{mail}.\r\n");
        let mut wire = TcpStream::connect(self.0.lmtp()).await.unwrap();
        wire.write_all(said.as_bytes()).await.unwrap();
        drop(wire);
        self.bring(key, words).await;
    }

    async fn bring_mixed_up(&self, messages: &[(&str, &str)]) {
        for (key, words) in messages.iter().rev() {
            self.bring(key, words).await;
        }
    }

    async fn forge(&self, key: &str, words: &str) {
        self.deliver(&forgery(&self.0, key, words).await).await;
        self.0.conversation(2).await;
    }

    async fn bring_skewed(&self, key: &str, words: &str) -> Skewed {
        self.deliver(&whole(&format!("{}Date: Fri, 31 Dec 2099 23:59:59 +0200\r\n", head(key)), words)).await;
        Skewed::Taken
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
