//! One dialogue with a delivering server.

use std::time::Duration;

use bytes::Bytes;
use ennakoi_http::App;
use ennakoi_kernel::ids::MailboxId;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::watch,
};

use crate::{
    address,
    incoming::{hooks, limits, receive, taken, trim},
    mailbox::{Arrival, Mailbox, store},
};

/// The other server may be slow, not silent.
const LINE: Duration = Duration::from_secs(300);
/// A whole mail may take this long to come.
const WHOLE: Duration = Duration::from_secs(600);
const LINE_BYTES: u64 = 4_096;
/// What is read of a mail at a time, when its line is longer.
const PIECE_BYTES: u64 = 1 << 16;
/// Mails up to here need no room of their own: every dialogue may have one of them in memory.
const USUAL_BYTES: usize = 1 << 20;
/// Recipients of one mail.
const RECIPIENTS: usize = 100;
/// Mistakes after which the dialogue ends.
const PATIENCE: u32 = 20;

struct Dialogue<'a> {
    app: &'a App,
    wire: BufReader<TcpStream>,
    from: Option<String>,
    to: Vec<(String, Mailbox)>,
    mistakes: u32,
}

enum Next {
    GoOn,
    End,
}

/// Talks until the other side ends it, or `stop` becomes true between two mails.
pub(super) async fn talk(app: &App, stream: TcpStream, mut stop: watch::Receiver<bool>) -> std::io::Result<()> {
    let mut dialogue = Dialogue { app, wire: BufReader::new(stream), from: None, to: Vec::new(), mistakes: 0 };
    dialogue.say("220 ennakoi LMTP").await?;
    loop {
        let line = tokio::select! {
            biased;
            _ = stop.changed() => return dialogue.say("421 4.3.2 closing").await,
            line = tokio::time::timeout(LINE, dialogue.line()) => line,
        };
        let Ok(line) = line else { return dialogue.say("421 4.4.2 silent for too long").await };
        let Some(line) = line? else { return Ok(()) };
        match dialogue.obey(&line).await? {
            Next::GoOn if dialogue.mistakes < PATIENCE => {}
            Next::GoOn => return dialogue.say("421 4.7.0 too many mistakes").await,
            Next::End => return Ok(()),
        }
    }
}

impl Dialogue<'_> {
    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        let said = async {
            // One write: a line end on its own would wait for the other side to acknowledge what came before it.
            self.wire.write_all(format!("{text}\r\n").as_bytes()).await?;
            self.wire.flush().await
        };
        tokio::time::timeout(LINE, said).await.map_err(|_| std::io::ErrorKind::TimedOut)?
    }

    /// The next line; `None` at the end. It is bounded, and what is longer ends the dialogue.
    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.wire).take(LINE_BYTES).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(None);
        }
        if !line.ends_with(b"\r\n") {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn obey(&mut self, line: &str) -> std::io::Result<Next> {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "LHLO" => {
                self.say(&format!(
                    "250-ennakoi\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {}",
                    limits::MAIL_BYTES
                ))
                .await?
            }
            "MAIL" => self.mail_from(line).await?,
            "RCPT" => self.rcpt_to(line).await?,
            "DATA" if self.to.is_empty() => self.mistake("503 5.5.1 no recipient").await?,
            "DATA" => self.data().await?,
            "RSET" => {
                (self.from, self.to) = (None, Vec::new());
                self.say("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.say("250 2.0.0 here").await?,
            "VRFY" => self.say("252 2.1.5 try it").await?,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Next::End);
            }
            _ => self.mistake("500 5.5.2 not understood").await?,
        }
        Ok(Next::GoOn)
    }

    async fn mistake(&mut self, text: &str) -> std::io::Result<()> {
        self.mistakes += 1;
        self.say(text).await
    }

    async fn mail_from(&mut self, line: &str) -> std::io::Result<()> {
        let Some(from) = between(line) else { return self.mistake("501 5.5.4 MAIL FROM:<address>").await };
        let size = line.to_ascii_uppercase().split("SIZE=").nth(1).and_then(|size| size.split(' ').next()).and_then(|size| size.parse::<u64>().ok());
        if size.is_some_and(|size| size > limits::MAIL_BYTES as u64) {
            return self.say("552 5.3.4 larger than is taken").await;
        }
        (self.from, self.to) = (Some(from), Vec::new());
        self.say("250 2.1.0 ok").await
    }

    async fn rcpt_to(&mut self, line: &str) -> std::io::Result<()> {
        let Some(to) = between(line).filter(|to| !to.is_empty()) else { return self.mistake("501 5.5.4 RCPT TO:<address>").await };
        if self.from.is_none() {
            return self.mistake("503 5.5.1 MAIL first").await;
        }
        if self.to.len() >= RECIPIENTS {
            return self.say("452 4.5.3 too many recipients").await;
        }
        let found = async {
            let mut tx = self.app.db.read().await?;
            let Some(mailbox) = store::arriving_at(&mut tx, Arrival::Lmtp, &address::key(&to)).await? else { return Ok(None) };
            let on = store::is_on(&mut tx, &mailbox).await?;
            Ok::<_, ennakoi_store::Error>(Some((mailbox, on)))
        };
        match found.await {
            Ok(Some((_, false))) => self.say("451 4.2.1 this mailbox is switched off").await,
            Ok(Some((mailbox, true))) => {
                self.to.push((to, mailbox));
                self.say("250 2.1.5 ok").await
            }
            Ok(None) => self.say("550 5.1.1 no such mailbox here").await,
            Err(error) => {
                tracing::warn!(%error, "a recipient could not be looked up");
                self.say("451 4.3.0 not now").await
            }
        }
    }

    /// Takes the mail itself, and says for each recipient, in their order, what became of it.
    async fn data(&mut self) -> std::io::Result<()> {
        let (from, recipients) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        let Some((_, mailbox)) = recipients.first() else { return self.say("503 5.5.1 no recipient").await };
        self.say("354 go on").await?;
        // Nearly every mail has one recipient: its envelope stands before the mail from the beginning, so that a large one is kept once.
        let first = envelope(&from, recipients.first().map_or("", |(to, _)| to));
        let length = first.len();
        let read = tokio::time::timeout(WHOLE, self.read_mail(mailbox.id, first)).await.map_err(|_| std::io::ErrorKind::TimedOut)??;
        let (mut whole, refused, _room) = match read {
            Read::Whole(mail, room) => (Some(Bytes::from(mail)), "", room),
            Read::TooLarge => (None, "552 5.3.4 larger than is taken", None),
            Read::NoRoom => (None, "451 4.3.2 too many mails at once", None),
        };
        for (at, (to, mailbox)) in recipients.iter().enumerate() {
            // The last one gets it for its own: a large mail is shortened in place.
            let mail = if at + 1 == recipients.len() { whole.take() } else { whole.clone() };
            let said = match mail {
                Some(mail) if at == 0 => self.take(mailbox, mail).await,
                Some(mail) => self.take(mailbox, [&envelope(&from, to), &mail[length..]].concat().into()).await,
                None => refused,
            };
            self.say(said).await?;
        }
        Ok(())
    }

    async fn take(&self, mailbox: &Mailbox, whole: Bytes) -> &'static str {
        match taken::take(self.app, mailbox, whole).await {
            Ok(()) => "250 2.0.0 taken",
            Err(error) if receive::is_the_mails_fault(&error) => "554 5.6.0 this mail cannot be taken",
            Err(error) => {
                tracing::warn!(mailbox = %mailbox.id, %error, "a mail stays in the other server's queue");
                "451 4.3.0 not now"
            }
        }
    }

    /// Reads up to the line with nothing but a dot, behind what is given. A usual mail needs no room of its own: so many of them may
    /// come at once as there are dialogues.
    async fn read_mail(&mut self, mailbox: MailboxId, mut mail: Vec<u8>) -> std::io::Result<Read> {
        let (mut refusal, mut room) = (None, None);
        // Only CR and LF together end a line: whoever takes a bare LF for an end can be made to see mails that nobody sent.
        let (mut at_start, mut after_cr) = (true, false);
        let mut piece = Vec::new();
        loop {
            piece.clear();
            (&mut self.wire).take(PIECE_BYTES).read_until(b'\n', &mut piece).await?;
            if piece.is_empty() {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if at_start && piece == b".\r\n" {
                return Ok(refusal.unwrap_or(Read::Whole(mail, room)));
            }
            let unstuffed = if at_start { piece.strip_prefix(b".").unwrap_or(&piece) } else { &piece };
            if refusal.is_none() && room.is_none() && mail.len() + unstuffed.len() > USUAL_BYTES {
                match hooks::room(mailbox).await {
                    Ok(found) => room = Some(found),
                    Err(_) => refusal = Some(Read::NoRoom),
                }
            }
            if mail.len() + unstuffed.len() > limits::MAIL_BYTES {
                refusal = Some(Read::TooLarge);
            }
            if refusal.is_some() {
                mail = Vec::new();
            } else {
                if mail.len() > trim::LARGE {
                    // All that it may take, which costs nothing until it is written to; growing step by step would copy it.
                    mail.reserve_exact(limits::MAIL_BYTES.saturating_sub(mail.len()));
                }
                mail.extend_from_slice(unstuffed);
            }
            at_start = piece.ends_with(b"\r\n") || (after_cr && piece == b"\n");
            after_cr = piece.ends_with(b"\r");
        }
    }
}

/// How the reading of a mail ended.
enum Read {
    /// With the room that a large one takes.
    Whole(Vec<u8>, Option<hooks::Room>),
    TooLarge,
    NoRoom,
}

/// What the envelope says is known only here; threads are found by it.
fn envelope(from: &str, to: &str) -> Vec<u8> {
    format!("Return-Path: <{from}>\r\nDelivered-To: {to}\r\n").into_bytes()
}

/// The address between angle brackets, without anything that could end a header line.
fn between(line: &str) -> Option<String> {
    let rest = line.split_once('<')?.1;
    let address = rest.split_once('>')?.0.trim();
    (address.len() <= 320 && !address.contains(|c: char| c.is_control() || c == '<')).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_envelope() {
        assert_eq!(between("MAIL FROM:<a@b.fi> SIZE=12"), Some("a@b.fi".to_owned()));
        assert_eq!(between("MAIL FROM:<>"), Some(String::new()));
        assert_eq!(between("RCPT TO:<a@b.fi\u{7}>"), None);
        assert_eq!(between("RCPT TO: a@b.fi"), None);
    }
}
