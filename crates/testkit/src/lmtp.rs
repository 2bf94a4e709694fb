//! A mail server that delivers to others: the client's side of LMTP.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// One connection, for any number of mails.
pub struct LmtpClient(BufReader<TcpStream>);

impl LmtpClient {
    /// Connects, as soon as somebody listens, and introduces itself.
    pub async fn connect(to: SocketAddr) -> Self {
        let mut client = Self(BufReader::new(open(to).await));
        client.answer().await;
        client.say("LHLO test").await;
        client
    }

    /// Says a line and gives the (last line of the) answer.
    pub async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.expect("written");
        self.answer().await
    }

    /// Delivers one mail and gives the answer for each recipient, in order: that to its address when it was refused there, else that to the mail.
    pub async fn deliver(&mut self, from: &str, to: &[&str], mail: &[u8]) -> Vec<String> {
        let begun = self.say(&format!("MAIL FROM:<{from}>")).await;
        if !begun.starts_with('2') {
            return vec![begun; to.len()];
        }
        let mut answers = Vec::new();
        for to in to {
            answers.push(self.say(&format!("RCPT TO:<{to}>")).await);
        }
        if !answers.iter().any(|answer| answer.starts_with('2')) {
            return answers;
        }
        let go_on = self.say("DATA").await;
        assert!(go_on.starts_with('3'), "{go_on}");
        self.write_mail(mail).await;
        for answer in &mut answers {
            if answer.starts_with('2') {
                *answer = self.answer().await;
            }
        }
        answers
    }

    /// Says exactly this.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("written");
    }

    async fn write_mail(&mut self, mail: &[u8]) {
        let mut whole = Vec::with_capacity(mail.len() + 64);
        for line in mail.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b".") {
                whole.push(b'.');
            }
            whole.extend_from_slice(line);
            whole.extend_from_slice(b"\r\n");
        }
        whole.extend_from_slice(b".\r\n");
        self.0.write_all(&whole).await.expect("written");
    }

    /// The last line of the next answer.
    pub async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("an answer");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
}

async fn open(to: SocketAddr) -> TcpStream {
    for _ in 0..600 {
        if let Ok(stream) = TcpStream::connect(to).await {
            stream.set_nodelay(true).expect("an option");
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody listens on {to}");
}
