//! Handing a mail to a submission server (RFC 5321, 6409, 3207, 4954).
//!
//! Written here because one moment matters more than the rest: between the last byte of the mail and the server's answer nobody
//! knows who is responsible for it. A caller learns exactly on which side of that moment a dialogue broke.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use ennakoi_egress::Reach;
use ennakoi_http::App;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::{
    Credentials, Security, Server, Trouble, Wire, connect,
    pool::{self, Pool, Turn},
    wrap,
};

const LINE: Duration = Duration::from_secs(30);
/// The whole dialogue up to the mail itself.
const PREAMBLE: Duration = Duration::from_secs(240);
/// Servers scan a mail before they answer.
const AFTER_MAIL: Duration = Duration::from_secs(240);
const LINE_BYTES: u64 = 4_096;
const REPLY_LINES: usize = 200;
/// Of a mail, handed to the connection at a time.
const WRITE_BYTES: usize = 1 << 14;

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) const fn is_temporary(&self) -> bool {
        self.code >= 400 && self.code < 500
    }
}

/// Why a mail did not go out, for all its recipients.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no dialogue, or it broke before the mail: nobody has it.
    Before(Trouble),
    /// The server would not sign us in.
    SignIn(Reply),
    /// The server refused the mail as a whole.
    Refused(Reply),
    /// The dialogue broke after the mail: the server may have it.
    Unclear(String),
    TooLarge(u64),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Before(trouble)
    }
}

/// A mail with its envelope.
pub(crate) struct Parcel<'a> {
    /// Empty for mails that nobody should answer to.
    pub(crate) from: &'a str,
    pub(crate) to: &'a [String],
    pub(crate) mail: &'a [u8],
}

/// How it went for one recipient: `None` when the server took it.
pub(crate) type Fates = Vec<(String, Option<Reply>)>;

/// Who hands mails over, and where.
pub(crate) struct Way<'a> {
    /// Of the program: dialogues are shared only under the same name.
    pub(crate) sender: String,
    pub(crate) server: &'a Server,
    pub(crate) reach: Reach,
    pub(crate) credentials: Option<&'a Credentials>,
}

/// A dialogue in which the server has heard from whom and to whom, and waits for the mail.
pub(crate) struct Prepared {
    dialogue: Dialogue,
    turn: Turn,
    fates: Fates,
}

impl Prepared {
    /// Whether the server would take it for nobody.
    pub(crate) fn for_nobody(&self) -> bool {
        self.fates.iter().all(|(_, refusal)| refusal.is_some())
    }

    /// Hands the mail over. `Ok` says how it went for each recipient.
    pub(crate) async fn hand_over(mut self, mail: &[u8]) -> Result<Fates, Failure> {
        if self.for_nobody() {
            if self.dialogue.command("RSET").await.is_ok_and(|reply| reply.code == 250) {
                self.turn.give_back(self.dialogue).await;
            }
            return Ok(self.fates);
        }
        let begun = self.dialogue.command("DATA").await?;
        if begun.code != 354 {
            return Err(Failure::Refused(begun));
        }
        // From here on a broken dialogue leaves the end open.
        let unclear = |error: Trouble| Failure::Unclear(error.detail);
        self.dialogue.mail(mail).await.map_err(unclear)?;
        let end = self.dialogue.reply(AFTER_MAIL).await.map_err(unclear)?;
        if end.code == 421 {
            return Err(Failure::Refused(end));
        }
        self.turn.give_back(self.dialogue).await;
        if end.code == 250 { Ok(self.fates) } else { Err(Failure::Refused(end)) }
    }
}

/// Hands over one mail. `Ok` says how it went for each recipient; at least one may have been taken.
pub(crate) async fn send(app: &App, pool: &Pool, way: Way<'_>, parcel: Parcel<'_>) -> Result<Fates, Failure> {
    prepare(app, pool, way, &parcel).await?.hand_over(parcel.mail).await
}

/// Goes as far as one can without handing anything over. A dialogue that rested is gone on with; where it has ended meanwhile, a new
/// one is begun.
pub(crate) async fn prepare(app: &App, pool: &Pool, way: Way<'_>, parcel: &Parcel<'_>) -> Result<Prepared, Failure> {
    let prepared = async {
        let sender = pool::Sender { name: way.sender.clone(), server: way.server.clone() };
        let (mut turn, resting) = pool.turn(sender).await;
        if let Some(dialogue) = resting
            && let Ok((dialogue, fates)) = address(dialogue, parcel).await
        {
            return Ok(Prepared { dialogue, turn, fates });
        }
        turn.begun_anew();
        let dialogue = open(app, way.server, way.reach, way.credentials).await?;
        let (dialogue, fates) = address(dialogue, parcel).await?;
        Ok(Prepared { dialogue, turn, fates })
    };
    tokio::time::timeout(PREAMBLE, prepared).await.map_err(|_| Trouble::new("timeout", "the server took too long"))?
}

/// Connects and signs in, and says good-bye: for trying out settings.
pub(crate) async fn try_out(app: &App, server: &Server, reach: Reach, credentials: Option<&Credentials>) -> Result<(), Failure> {
    let timed = tokio::time::timeout(LINE * 2, open(app, server, reach, credentials)).await;
    let mut dialogue = timed.map_err(|_| Trouble::new("timeout", "the server took too long"))??;
    dialogue.quit().await;
    Ok(())
}

/// Says from whom and to whom.
async fn address(mut dialogue: Dialogue, parcel: &Parcel<'_>) -> Result<(Dialogue, Fates), Failure> {
    let size = parcel.mail.len() as u64;
    if dialogue.abilities.size.is_some_and(|most| most > 0 && size > most) {
        return Err(Failure::TooLarge(size));
    }
    let international = !parcel.from.is_ascii() || parcel.to.iter().any(|to| !to.is_ascii());
    if international && !dialogue.abilities.utf8 {
        return Err(Failure::Refused(Reply { code: 553, text: "the server does not take addresses with letters beyond a–z".to_owned() }));
    }
    let mut from = format!("MAIL FROM:<{}>", parcel.from);
    if dialogue.abilities.size.is_some() {
        from.push_str(&format!(" SIZE={size}"));
    }
    if international {
        from.push_str(" SMTPUTF8");
    }
    let reply = dialogue.command(&from).await?;
    if reply.code != 250 {
        return Err(Failure::Refused(reply));
    }
    let mut fates = Fates::with_capacity(parcel.to.len());
    for to in parcel.to {
        let reply = dialogue.command(&format!("RCPT TO:<{to}>")).await?;
        // The server closes: nothing was handed over.
        if reply.code == 421 {
            return Err(Failure::Refused(reply));
        }
        fates.push((to.clone(), (!matches!(reply.code, 250 | 251)).then_some(reply)));
    }
    Ok((dialogue, fates))
}

async fn open(app: &App, server: &Server, reach: Reach, credentials: Option<&Credentials>) -> Result<Dialogue, Failure> {
    let name = own_name(app);
    let mut dialogue = Dialogue::new(connect(app, server, reach).await?);
    let greeting = dialogue.reply(LINE).await?;
    if greeting.code != 220 {
        return Err(Failure::Refused(greeting));
    }
    dialogue.greet(&name).await?;
    if server.security == Security::Starttls {
        let ready = if dialogue.abilities.starttls { dialogue.command("STARTTLS").await? } else { Reply { code: 0, text: String::new() } };
        if ready.code != 220 {
            return Err(Trouble::new("starttls_missing", "the server does not offer STARTTLS").into());
        }
        dialogue = Dialogue::new(wrap(app, dialogue.into_wire()?, &server.host).await?);
        dialogue.greet(&name).await?;
    }
    if let Some(credentials) = credentials {
        dialogue.sign_in(credentials).await?;
    }
    Ok(dialogue)
}

/// What we call ourselves: the host of the public address.
fn own_name(app: &App) -> String {
    let url = app.public_url();
    let host = url.split("://").nth(1).unwrap_or(&url);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    match host.parse::<std::net::Ipv4Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) if host.is_empty() || !host.is_ascii() => "localhost".to_owned(),
        Err(_) => host.to_owned(),
    }
}

#[derive(Debug, Default)]
struct Abilities {
    starttls: bool,
    utf8: bool,
    size: Option<u64>,
    /// Ways of signing in, in capitals.
    ways: Vec<String>,
}

/// A connection on which SMTP is spoken.
pub(crate) struct Dialogue {
    wire: BufReader<Wire>,
    abilities: Abilities,
}

impl Dialogue {
    fn new(wire: Wire) -> Self {
        Self { wire: BufReader::new(wire), abilities: Abilities::default() }
    }

    /// What was said in the clear after STARTTLS is somebody else's doing: it must not be taken for the protected dialogue.
    fn into_wire(self) -> Result<Wire, Trouble> {
        if self.wire.buffer().is_empty() { Ok(self.wire.into_inner()) } else { Err(Trouble::new("tls_failed", "the server spoke before the protection began")) }
    }

    async fn greet(&mut self, name: &str) -> Result<(), Failure> {
        let reply = self.command(&format!("EHLO {name}")).await?;
        if reply.code != 250 {
            return Err(Failure::Refused(reply));
        }
        self.abilities = Abilities::default();
        for line in reply.text.lines().skip(1) {
            let upper = line.to_ascii_uppercase();
            let mut words = upper.split([' ', '=']);
            match words.next() {
                Some("STARTTLS") => self.abilities.starttls = true,
                Some("SMTPUTF8") => self.abilities.utf8 = true,
                Some("SIZE") => self.abilities.size = Some(words.next().and_then(|size| size.parse().ok()).unwrap_or(0)),
                Some("AUTH") => self.abilities.ways.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        Ok(())
    }

    async fn sign_in(&mut self, credentials: &Credentials) -> Result<(), Failure> {
        let offers = |way: &str| self.abilities.ways.iter().any(|offered| offered == way);
        let reply = match credentials {
            Credentials::Bearer { user, token } => {
                let first = BASE64_STANDARD.encode(Credentials::xoauth2(user, token));
                let reply = self.command(&format!("AUTH XOAUTH2 {first}")).await?;
                // The reason comes as a challenge, and only an empty answer ends it.
                if reply.code == 334 { self.command("").await? } else { reply }
            }
            Credentials::Password { user, password } if offers("PLAIN") || !offers("LOGIN") => {
                let first = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
                self.command(&format!("AUTH PLAIN {first}")).await?
            }
            Credentials::Password { user, password } => {
                let mut reply = self.command("AUTH LOGIN").await?;
                for answer in [user, password] {
                    if reply.code != 334 {
                        break;
                    }
                    reply = self.command(&BASE64_STANDARD.encode(answer)).await?;
                }
                reply
            }
        };
        if reply.code == 235 { Ok(()) } else { Err(Failure::SignIn(reply)) }
    }

    async fn command(&mut self, line: &str) -> Result<Reply, Trouble> {
        debug_assert!(!line.contains(['\r', '\n']), "a command is one line");
        let said = async {
            self.wire.write_all(format!("{line}\r\n").as_bytes()).await?;
            self.wire.flush().await
        };
        tokio::time::timeout(LINE, said).await.map_err(|_| late())?.map_err(|error| lost(&error))?;
        self.reply(LINE).await
    }

    async fn reply(&mut self, within: Duration) -> Result<Reply, Trouble> {
        tokio::time::timeout(within, self.read_reply()).await.map_err(|_| late())?
    }

    async fn read_reply(&mut self) -> Result<Reply, Trouble> {
        let mut texts = Vec::new();
        for _ in 0..REPLY_LINES {
            let mut line = Vec::new();
            (&mut self.wire).take(LINE_BYTES).read_until(b'\n', &mut line).await.map_err(|error| lost(&error))?;
            if line.is_empty() {
                return Err(Trouble::new("connection_lost", "the server closed the connection"));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or_else(|| Trouble::new("not_smtp", "the server does not speak SMTP"))?;
            texts.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text: texts.join("\n") });
            }
        }
        Err(Trouble::new("not_smtp", "an answer without end"))
    }

    /// The mail with lines that begin with a dot protected, and the line that ends it.
    async fn mail(&mut self, mail: &[u8]) -> Result<(), Trouble> {
        let written = async {
            // Line by line each would be a packet, and a record of its own under TLS.
            let mut wire = BufWriter::with_capacity(WRITE_BYTES, &mut self.wire);
            for line in mail.split_inclusive(|byte| *byte == b'\n') {
                if line.first() == Some(&b'.') {
                    wire.write_all(b".").await?;
                }
                wire.write_all(line).await?;
            }
            if !mail.ends_with(b"\n") {
                wire.write_all(b"\r\n").await?;
            }
            wire.write_all(b".\r\n").await?;
            wire.flush().await
        };
        tokio::time::timeout(AFTER_MAIL, written).await.map_err(|_| late())?.map_err(|error| lost(&error))
    }

    /// Good manners; nothing depends on it.
    pub(crate) async fn quit(&mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.command("QUIT")).await;
    }
}

fn late() -> Trouble {
    Trouble::new("timeout", "the server took too long")
}

fn lost(error: &std::io::Error) -> Trouble {
    Trouble::new("connection_lost", error.to_string())
}
