//! A mail server that takes everything, unless its script says otherwise. It speaks the real protocol on a real port.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}
type Wire = Box<dyn Bytes>;

/// Where in the dialogue a scripted answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    SignIn,
    From,
    To,
    /// The word DATA.
    Data,
    /// After the mail itself.
    End,
}

/// What the script does instead of the usual.
#[derive(Clone, Debug)]
pub enum Act {
    Say(&'static str),
    /// Closes without an answer; at [`Stage::End`] the mail has been taken all the same.
    HangUp,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct TakenMail {
    pub from: String,
    pub to: Vec<String>,
    pub bytes: Vec<u8>,
    /// How the sender signed in: the decoded first answer.
    pub signed_in: Option<String>,
}

impl TakenMail {
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header's value, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (its_name, value) = line.split_once(':')?;
            its_name.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

#[derive(Default)]
struct Shared {
    script: VecDeque<(Stage, Act)>,
    taken: Vec<TakenMail>,
    dialogues: usize,
    /// Tokens that XOAUTH2 accepts; empty: any.
    tokens: Vec<String>,
    /// Between a mail and the answer to it.
    scan: Duration,
}

/// The server.
pub struct SmtpSink {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl SmtpSink {
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// One that takes mail only after STARTTLS.
    pub async fn start_with_tls(certificate: &Certificate) -> Self {
        Self::start_with(Some(certificate.acceptor())).await
    }

    async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let kept = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    // A dialogue that breaks is the sender's matter.
                    let _ = talk(Box::new(stream), tls, &shared).await;
                });
            }
        });
        Self { address, shared: kept }
    }

    /// The next time the dialogue comes to `stage`, `act` happens; several are used up in order.
    pub fn will(&self, stage: Stage, act: Act) {
        self.shared.lock().expect("no panic holds it").script.push_back((stage, act));
    }

    pub fn accept_tokens(&self, tokens: &[&str]) {
        self.shared.lock().expect("no panic holds it").tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
    }

    /// From now on it takes this long to say that it has a mail, as servers do that look into it.
    pub fn scan_for(&self, span: Duration) {
        self.shared.lock().expect("no panic holds it").scan = span;
    }

    /// Mails taken so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.lock().expect("no panic holds it").taken.len()
    }

    #[must_use]
    pub fn taken(&self) -> Vec<TakenMail> {
        self.shared.lock().expect("no panic holds it").taken.clone()
    }

    #[must_use]
    pub fn dialogues(&self) -> usize {
        self.shared.lock().expect("no panic holds it").dialogues
    }

    /// Waits for the mail with this number, from 1.
    pub async fn mail(&self, number: usize) -> TakenMail {
        for _ in 0..3_000 {
            if let Some(mail) = self.taken().get(number - 1) {
                return mail.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("mail {number} did not come; there are {}", self.taken().len());
    }
}

async fn talk(stream: Wire, mut tls: Option<TlsAcceptor>, shared: &Arc<Mutex<Shared>>) -> std::io::Result<()> {
    let mut wire = BufReader::new(stream);
    shared.lock().expect("no panic holds it").dialogues += 1;
    if !answer(&mut wire, shared, Stage::Greeting, "220 sink.example ESMTP").await? {
        return Ok(());
    }
    let (mut from, mut to, mut signed_in) = (String::new(), Vec::new(), None);
    let mut line = String::new();
    loop {
        line.clear();
        if (&mut wire).take(8_192).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let said = line.trim_end();
        let word = said.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let go_on = match word.as_str() {
            "STARTTLS" => {
                say(&mut wire, "220 go on").await?;
                let Some(acceptor) = tls.take() else { return Ok(()) };
                wire = BufReader::new(Box::new(acceptor.accept(wire.into_inner()).await?));
                true
            }
            "EHLO" if tls.is_some() => say(&mut wire, "250-sink.example\r\n250 STARTTLS").await?,
            "MAIL" | "AUTH" if tls.is_some() => say(&mut wire, "530 5.7.0 STARTTLS first").await?,
            "EHLO" => say(&mut wire, "250-sink.example\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN XOAUTH2").await?,
            "AUTH" => sign_in(&mut wire, shared, said, &mut signed_in).await?,
            "MAIL" => {
                from = between(said);
                to.clear();
                answer(&mut wire, shared, Stage::From, "250 2.1.0 ok").await?
            }
            "RCPT" => {
                let refused = next(shared, Stage::To);
                if refused.is_none() {
                    to.push(between(said));
                }
                act(&mut wire, refused, "250 2.1.5 ok").await?
            }
            "DATA" => {
                let scripted = next(shared, Stage::Data);
                if scripted.is_some() {
                    act(&mut wire, scripted, "").await?
                } else {
                    say(&mut wire, "354 go on").await?;
                    let bytes = read_mail(&mut wire).await?;
                    let end = next(shared, Stage::End);
                    if !matches!(end, Some(Act::Say(_))) {
                        let mail = TakenMail { from: from.clone(), to: to.clone(), bytes, signed_in: signed_in.clone() };
                        shared.lock().expect("no panic holds it").taken.push(mail);
                    }
                    let scan = shared.lock().expect("no panic holds it").scan;
                    tokio::time::sleep(scan).await;
                    act(&mut wire, end, "250 2.0.0 taken").await?
                }
            }
            "QUIT" => {
                say(&mut wire, "221 bye").await?;
                false
            }
            _ => say(&mut wire, "250 ok").await?,
        };
        if !go_on {
            return Ok(());
        }
    }
}

async fn sign_in(wire: &mut BufReader<Wire>, shared: &Arc<Mutex<Shared>>, said: &str, signed_in: &mut Option<String>) -> std::io::Result<bool> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let mut words = said.split(' ').skip(1);
    let way = words.next().unwrap_or_default().to_ascii_uppercase();
    let first = words.next().and_then(|text| BASE64_STANDARD.decode(text).ok()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let tokens = shared.lock().expect("no panic holds it").tokens.clone();
    let good =
        way != "XOAUTH2" || tokens.is_empty() || first.as_ref().is_some_and(|first| tokens.iter().any(|token| first.contains(&format!("Bearer {token}\u{1}"))));
    *signed_in = first;
    if good {
        return answer(wire, shared, Stage::SignIn, "235 2.7.0 welcome").await;
    }
    // As the large providers do it: the reason first, the refusal after an empty line.
    say(wire, "334 eyJzdGF0dXMiOiI0MDEifQ==").await?;
    let mut empty = String::new();
    wire.read_line(&mut empty).await?;
    say(wire, "535 5.7.3 Authentication unsuccessful").await
}

async fn read_mail(wire: &mut BufReader<Wire>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if wire.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(bytes);
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn next(shared: &Arc<Mutex<Shared>>, stage: Stage) -> Option<Act> {
    let mut shared = shared.lock().expect("no panic holds it");
    let at = shared.script.iter().position(|(its_stage, _)| *its_stage == stage)?;
    shared.script.remove(at).map(|(_, act)| act)
}

async fn answer(wire: &mut BufReader<Wire>, shared: &Arc<Mutex<Shared>>, stage: Stage, usual: &str) -> std::io::Result<bool> {
    let scripted = next(shared, stage);
    act(wire, scripted, usual).await
}

async fn act(wire: &mut BufReader<Wire>, scripted: Option<Act>, usual: &str) -> std::io::Result<bool> {
    match scripted {
        Some(Act::HangUp) => Ok(false),
        Some(Act::Say(text)) => say(wire, text).await,
        None => say(wire, usual).await,
    }
}

async fn say(wire: &mut BufReader<Wire>, text: &str) -> std::io::Result<bool> {
    wire.write_all(format!("{text}\r\n").as_bytes()).await?;
    Ok(true)
}

fn between(said: &str) -> String {
    said.split('<').nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default().to_owned()
}
