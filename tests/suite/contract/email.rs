//! E-mail, against a real IMAP server and a scripted SMTP server.

use ennakoi_testkit::{Act as Scripted, Stage};
use serde_json::json;

use super::{Act, Got, Outside, Skewed, contract};
use crate::{
    mail::{ADDRESS, Office},
    people::Company,
};

contract!(Office);

/// A mail of Liisa's in the thread of the first one.
pub(super) fn head(key: &str) -> String {
    let thread = if key == "a" || key == "0" { String::new() } else { "References: <a@example.fi> <0@example.fi>\r\n".to_owned() };
    format!("Subject: Paketti\r\nMessage-ID: <{key}@example.fi>\r\n{thread}")
}

impl Outside for Office {
    const ORDER: bool = false;
    const REFUSES: bool = true;
    const NAMES_A_WAIT: bool = false;
    const IS_TOLD_TO_WAIT: bool = false;

    async fn open() -> Self {
        Self::open().await
    }

    fn company(&self) -> &Company {
        &self.shop.company
    }

    fn channel(&self) -> String {
        self.channel.clone()
    }

    async fn bring(&self, key: &str, words: &str) {
        self.arrive("Liisa <liisa@example.fi>", &head(key), words).await;
        self.until_heard(words).await;
    }

    async fn attempt(&self, key: &str, words: &str) -> Option<u32> {
        self.bring(key, words).await;
        None
    }

    async fn bring_unsure(&mut self, key: &str, words: &str) {
        self.bring(key, words).await;
        // The server is restored from a backup: it shows every mail again, under new numbers.
        self.dovecot.stop().await;
        self.dovecot.renumber(ADDRESS);
        self.dovecot.run().await;
        self.connected().await;
    }

    async fn bring_mixed_up(&self, messages: &[(&str, &str)]) {
        for (key, words) in messages.iter().rev() {
            self.arrive("Liisa <liisa@example.fi>", &head(key), words).await;
        }
        for (_, words) in messages {
            self.until_heard(words).await;
        }
    }

    async fn forge(&self, key: &str, words: &str) {
        // A name of ours with another signature, and a subject with the right number, from a stranger.
        let ours = self.sink.mail(1).await.header("Message-ID").unwrap();
        let at = ours.rfind('@').unwrap();
        let last = ours.as_bytes()[at - 1];
        let forged = format!("{}{}{}", &ours[..at - 1], if last == b'0' { '1' } else { '0' }, &ours[at..]);
        let headers = format!("Subject: [#1] Paketti\r\nMessage-ID: <{key}@evil.example>\r\nIn-Reply-To: {forged}\r\nReferences: <a@example.fi> {forged}\r\n");
        self.arrive("Vieras <vieras@evil.example>", &headers, words).await;
        self.conversation(2).await;
    }

    async fn bring_skewed(&self, key: &str, words: &str) -> Skewed {
        let headers = format!("{}Date: Fri, 31 Dec 2099 23:59:59 +0200\r\n", head(key));
        self.arrive("Liisa <liisa@example.fi>", &headers, words).await;
        self.until_heard(words).await;
        Skewed::Taken
    }

    fn will(&self, acts: &[Act]) {
        for act in acts {
            let (stage, scripted) = match act {
                Act::Busy(_) => (Stage::End, Scripted::Say("451 4.3.0 try again")),
                Act::Broken => (Stage::Greeting, Scripted::Say("421 4.3.2 closing")),
                Act::Refuse => (Stage::To, Scripted::Say("550 5.1.1 no such user")),
                Act::Lose => (Stage::End, Scripted::HangUp),
            };
            self.sink.will(stage, scripted);
        }
    }

    fn tries(&self) -> usize {
        self.sink.dialogues()
    }

    async fn got(&self) -> Vec<Got> {
        let mails = self.sink.taken();
        mails
            .iter()
            .map(|mail| {
                let words = ["Se on matkalla.", "Perillä huomenna.", "Tämä menee.", "Matkalla.", "Hei Liisa"];
                let text = mail.text();
                // The text is encoded; what tells the answers apart survives that.
                let words = words.into_iter().find(|words| text.contains(&words.replace('ä', "=C3=A4")) || text.contains(words));
                Got { identity: mail.header("Message-ID").unwrap(), words: words.unwrap_or(&text).to_owned() }
            })
            .collect()
    }
}

impl Office {
    /// Waits until somebody's words stand in one of the conversations.
    pub(super) async fn until_heard(&self, words: &str) {
        for _ in 0..1_000 {
            for conversation in self.conversations().await {
                if self.messages(&crate::mail::id(&conversation)).await.iter().any(|message| message["body"] == json!(words)) {
                    return;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        }
        panic!("not heard: {words}");
    }
}
