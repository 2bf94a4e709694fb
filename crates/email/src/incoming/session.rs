//! One IMAP dialogue: signing in, catching up from a cursor, waiting for news.

use std::{fmt, time::Duration};

use async_imap::{
    Authenticator, Client, Session,
    error::Error as ImapError,
    extensions::idle::IdleResponse,
    types::{Fetch, UnsolicitedResponse},
};
use bytes::Bytes;
use ennakoi_http::App;
use futures_util::TryStreamExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::limits;
use crate::{
    mailbox::Settings,
    wire::{self, Credentials, Security, Trouble, Wire},
};

/// One command and its answer.
const COMMAND: Duration = Duration::from_secs(60);
/// A large mail over a slow line.
const FETCH: Duration = Duration::from_secs(300);
/// Mails whose sizes are asked for at once.
pub(crate) const BATCH: usize = 50;

/// A session with one folder open.
pub(crate) struct Open {
    session: Session<Wire>,
    pub(crate) can_idle: bool,
    pub(crate) folder: Folder,
}

/// What the server says about the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) uid_validity: i64,
    pub(crate) uid_next: i64,
    pub(crate) highest_modseq: Option<i64>,
}

/// A mail in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) uid: u32,
    pub(crate) size: u64,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("folder", &self.folder).finish_non_exhaustive()
    }
}

struct Xoauth2 {
    answer: String,
    answered: bool,
}

impl Authenticator for Xoauth2 {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        // A refusal comes as a second challenge, which only an empty answer ends.
        if std::mem::replace(&mut self.answered, true) { String::new() } else { self.answer.clone() }
    }
}

/// Connects, signs in and opens the folder.
pub(crate) async fn open(app: &App, settings: &Settings, credentials: &Credentials) -> Result<Open, Trouble> {
    let wire = greeted(app, settings).await?;
    let client = Client::new(wire);
    let signed_in = async {
        match credentials {
            Credentials::Password { user, password } => client.login(user, password).await,
            Credentials::Bearer { user, token } => client.authenticate("XOAUTH2", Xoauth2 { answer: Credentials::xoauth2(user, token), answered: false }).await,
        }
    };
    let mut session = match timed(COMMAND, signed_in).await? {
        Ok(session) => session,
        Err((error, _)) => {
            let refused = matches!(error, ImapError::No(_) | ImapError::Bad(_));
            return Err(Trouble::new(if refused { "sign_in_refused" } else { "connection_lost" }, error.to_string()));
        }
    };
    let abilities = timed(COMMAND, session.capabilities()).await?.map_err(trouble)?;
    let folder = if abilities.has_str("CONDSTORE") {
        timed(COMMAND, session.select_condstore(&settings.folder)).await?
    } else {
        timed(COMMAND, session.select(&settings.folder)).await?
    };
    let folder = folder.map_err(|error| match error {
        ImapError::No(said) => Trouble::new("folder_missing", said),
        other => trouble(other),
    })?;
    let Some(uid_validity) = folder.uid_validity else { return Err(Trouble::new("not_imap", "the server names no UIDVALIDITY")) };
    let facts = Folder {
        uid_validity: i64::from(uid_validity),
        uid_next: folder.uid_next.map_or(1, i64::from),
        highest_modseq: folder.highest_modseq.and_then(|modseq| i64::try_from(modseq).ok()),
    };
    Ok(Open { session, can_idle: abilities.has_str("IDLE"), folder: facts })
}

/// The connection after the greeting, and after STARTTLS where that is demanded.
async fn greeted(app: &App, settings: &Settings) -> Result<Wire, Trouble> {
    let server = &settings.incoming;
    let mut wire = BufReader::new(wire::connect(app, server, wire::reach(app)).await?);
    let greeting = line(&mut wire).await?;
    if !greeting.starts_with("* OK") && !greeting.starts_with("* PREAUTH") {
        return Err(Trouble::new("not_imap", "the server does not speak IMAP"));
    }
    if server.security == Security::Starttls {
        timed(COMMAND, wire.write_all(b"t1 STARTTLS\r\n")).await?.map_err(lost)?;
        timed(COMMAND, wire.flush()).await?.map_err(lost)?;
        loop {
            let said = line(&mut wire).await?;
            if said.starts_with("t1 OK") {
                break;
            }
            if said.starts_with("t1 ") {
                return Err(Trouble::new("starttls_missing", "the server does not offer STARTTLS"));
            }
        }
        if !wire.buffer().is_empty() {
            return Err(Trouble::new("tls_failed", "the server spoke before the protection began"));
        }
        return wire::wrap(app, wire.into_inner(), &server.host).await;
    }
    // Whatever came with the greeting would be lost with the buffer.
    if wire.buffer().is_empty() { Ok(wire.into_inner()) } else { Err(Trouble::new("not_imap", "the server speaks without being asked")) }
}

async fn line(wire: &mut BufReader<Wire>) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    let mut limited = wire.take(8_192);
    timed(COMMAND, limited.read_until(b'\n', &mut bytes)).await?.map_err(lost)?;
    if bytes.is_empty() {
        return Err(Trouble::new("connection_lost", "the server closed the connection"));
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

impl Open {
    /// Mails with a number of `from` or more, in ascending order. With `since` (as in `30-Nov-2026`), only those that came then or later.
    pub(crate) async fn list(&mut self, from: i64, since: Option<&str>) -> Result<Vec<u32>, Trouble> {
        let condition = since.map(|day| format!(" SINCE {day}")).unwrap_or_default();
        let found = timed(FETCH, self.session.uid_search(format!("UID {}:*{condition}", from.max(1)))).await?.map_err(trouble)?;
        // `n:*` always names the last mail, even one below n.
        let mut found: Vec<u32> = found.into_iter().filter(|uid| i64::from(*uid) >= from).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The sizes of some mails; one that is gone meanwhile is left out.
    pub(crate) async fn sizes(&mut self, uids: &[u32]) -> Result<Vec<Item>, Trouble> {
        let set = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let fetched = self.fetch(&set, "(UID RFC822.SIZE)").await?;
        let mut items: Vec<Item> = fetched.iter().filter_map(|it| Some(Item { uid: it.uid?, size: u64::from(it.size.unwrap_or(0)) })).collect();
        items.retain(|item| uids.contains(&item.uid));
        items.sort_unstable_by_key(|item| item.uid);
        Ok(items)
    }

    /// The bytes of a mail, which stays unread on the server. `None` when it is gone.
    pub(crate) async fn whole(&mut self, uid: u32) -> Result<Option<Bytes>, Trouble> {
        let fetched = self.fetch(&uid.to_string(), "(UID BODY.PEEK[])").await?;
        Ok(fetched.iter().find(|it| it.uid == Some(uid)).and_then(Fetch::body).filter(|body| body.len() <= limits::MAIL_BYTES).map(Bytes::copy_from_slice))
    }

    /// The head of a mail that is too large to fetch.
    pub(crate) async fn head(&mut self, uid: u32) -> Result<Option<Bytes>, Trouble> {
        let fetched = self.fetch(&uid.to_string(), "(UID BODY.PEEK[HEADER])").await?;
        Ok(fetched.iter().find(|it| it.uid == Some(uid)).and_then(Fetch::header).map(|head| Bytes::copy_from_slice(&head[..head.len().min(256 << 10)])))
    }

    async fn fetch(&mut self, set: &str, what: &str) -> Result<Vec<Fetch>, Trouble> {
        let fetching = async {
            let stream = self.session.uid_fetch(set, what).await?;
            stream.try_collect::<Vec<_>>().await
        };
        timed(FETCH, fetching).await?.map_err(trouble)
    }

    /// Waits until something happens in the folder, or `within` has passed. Servers lose such notices at times, so the caller looks
    /// in any case.
    pub(crate) async fn news(self, within: Duration) -> Result<Self, Trouble> {
        let Self { session, can_idle, folder } = self;
        let told = session.unsolicited_responses.clone();
        let mut idle = session.idle();
        timed(COMMAND, idle.init()).await?.map_err(trouble)?;
        // What came between the last look and now is told before the waiting begins.
        let news = if arrivals(&told) {
            IdleResponse::Timeout
        } else {
            let (waiting, _interrupt) = idle.wait_with_timeout(within);
            waiting.await.map_err(trouble)?
        };
        let session = timed(COMMAND, idle.done()).await?.map_err(trouble)?;
        // The stream has ended: the server went away while we waited.
        if matches!(news, IdleResponse::ManualInterrupt) {
            return Err(Trouble::new("connection_lost", "the server closed the connection"));
        }
        Ok(Self { session, can_idle, folder })
    }

    /// Whether the server has told of arrivals beside its answers since this was last asked.
    pub(crate) fn has_news(&self) -> bool {
        arrivals(&self.session.unsolicited_responses)
    }

    /// Asks whether there is news, for servers that cannot tell by themselves.
    pub(crate) async fn knock(&mut self) -> Result<(), Trouble> {
        timed(COMMAND, self.session.noop()).await?.map_err(trouble)
    }

    pub(crate) async fn leave(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.session.logout()).await;
    }
}

fn arrivals(told: &async_channel::Receiver<UnsolicitedResponse>) -> bool {
    let mut any = false;
    while let Ok(response) = told.try_recv() {
        any |= matches!(response, UnsolicitedResponse::Exists(_));
    }
    any
}

async fn timed<T>(within: Duration, work: impl Future<Output = T>) -> Result<T, Trouble> {
    tokio::time::timeout(within, work).await.map_err(|_| Trouble::new("timeout", "the server took too long"))
}

fn lost(error: std::io::Error) -> Trouble {
    Trouble::new("connection_lost", error.to_string())
}

fn trouble(error: ImapError) -> Trouble {
    let code = match &error {
        ImapError::No(_) | ImapError::Bad(_) => "refused",
        ImapError::Parse(_) => "not_imap",
        _ => "connection_lost",
    };
    Trouble::new(code, error.to_string())
}
