//! The only way out for calls whose address somebody typed: webhooks, identity providers, imports, link previews.
//!
//! Invariants:
//! - a connection goes only to an address that was checked: the name is resolved here, every address is judged, and the
//!   connection is made to one of the judged addresses, so that a name that answers differently the next time gains nothing;
//! - redirects are never followed and no proxy of the environment is used;
//! - every call has a time limit and every answer a size limit.

mod address;
pub mod signed;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tokio::net::TcpStream;
use url::{Host, Url};

pub use address::is_public;
pub use reqwest::{Method, StatusCode, header};

/// Whether private addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Any address; for installations whose receivers are on their own network.
    Anywhere,
}

/// Limits of one call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connect: Duration,
    /// From the first byte sent to the last byte read.
    pub total: Duration,
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(15), answer_bytes: 1 << 20 }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not `http` or `https`, or it carries a user name or password.
    #[error("the address cannot be called: {0}")]
    Address(&'static str),
    /// The name leads to an address that is not public.
    #[error("the address is not a public one")]
    Private,
    #[error("the name cannot be resolved")]
    Unresolved,
    #[error("the other side did not answer in time")]
    Timeout,
    #[error("the answer is larger than allowed")]
    TooLarge,
    /// Connection, TLS or protocol failure.
    #[error("the call failed: {0}")]
    Failed(String),
}

/// A call to make.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: header::HeaderMap,
    pub body: Bytes,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: Bytes,
}

/// The beginning of an answer whose body is handed on piece by piece.
#[derive(Clone, Debug)]
pub struct Head {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
}

/// A download that brings nothing for this long has failed.
const STALLED: Duration = Duration::from_secs(60);

/// Resolves names; a boundary that tests replace with one that lies.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a host; the port is ignored.
    fn lookup(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver.
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
    }
}

/// Makes ring the cryptography of TLS for the whole program, which must be chosen before the first client is made. Calling it
/// again changes nothing.
pub fn choose_cryptography() {
    // Fails only when the program has chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Makes the calls; cheap to clone.
#[derive(Clone)]
pub struct Egress {
    client: reqwest::Client,
    reach: Reach,
    limits: Limits,
}

impl Egress {
    /// A client with the system's resolver and trusted certificates.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new(reach: Reach, limits: Limits) -> Result<Self, Error> {
        Self::with_lookup(reach, limits, Arc::new(SystemLookup))
    }

    /// The same with another resolver.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn with_lookup(reach: Reach, limits: Limits, lookup: Arc<dyn Lookup>) -> Result<Self, Error> {
        choose_cryptography();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Checked { lookup, reach }))
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(2)
            .user_agent(concat!("Ennakoi/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(failed)?;
        Ok(Self { client, reach, limits })
    }

    /// Makes one call and reads the answer, whatever its status.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn call(&self, request: Request) -> Result<Answer, Error> {
        check(&request.url, self.reach)?;
        let response = self.client.request(request.method, request.url).headers(request.headers).body(request.body).send();
        let mut response = response.await.map_err(failed)?;
        let too_large = |bytes: u64| usize::try_from(bytes).is_ok_and(|bytes| bytes > self.limits.answer_bytes);
        if response.content_length().is_some_and(too_large) {
            return Err(Error::TooLarge);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        // The length may be missing or a lie: count what really comes.
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.limits.answer_bytes {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }

    /// Makes one call and hands the answer's body to `keep`, piece by piece, whatever its status; for what is too large to hold.
    /// `answer_bytes` limits it as any other answer.
    ///
    /// # Errors
    /// See [`Error`]; a failure of `keep` is [`Error::Failed`].
    pub async fn download(&self, request: Request, mut keep: impl FnMut(&Head, &[u8]) -> std::io::Result<()>) -> Result<Head, Error> {
        check(&request.url, self.reach)?;
        let response = self.client.request(request.method, request.url).headers(request.headers).body(request.body).send();
        let mut response = response.await.map_err(failed)?;
        let head = Head { status: response.status(), headers: response.headers().clone() };
        let mut kept = 0;
        while let Some(chunk) = tokio::time::timeout(STALLED, response.chunk()).await.map_err(|_| Error::Timeout)?.map_err(failed)? {
            kept += chunk.len();
            if kept > self.limits.answer_bytes {
                return Err(Error::TooLarge);
            }
            keep(&head, &chunk).map_err(|error| Error::Failed(error.to_string()))?;
        }
        Ok(head)
    }
}

/// Opens a connection for protocols other than the web's (SMTP, IMAP), under the same rule: the name is resolved here, every
/// address is judged, and one of the judged addresses is connected to.
///
/// # Errors
/// See [`Error`].
pub async fn connect(host: &str, port: u16, reach: Reach, within: Duration) -> Result<TcpStream, Error> {
    let connecting = async {
        let addresses = SystemLookup.lookup(host.to_owned()).await.map_err(|_| Error::Unresolved)?;
        if addresses.is_empty() {
            return Err(Error::Unresolved);
        }
        if reach == Reach::Public && !addresses.iter().all(|address| is_public(address.ip())) {
            return Err(Error::Private);
        }
        let addresses: Vec<SocketAddr> = addresses.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect();
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| Error::Failed(error.to_string()))?;
        // Dialogues of short lines; a connection that cannot be set up so works all the same.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    };
    tokio::time::timeout(within, connecting).await.map_err(|_| Error::Timeout)?
}

/// Whether an address may be called at all, as far as it can be told without resolving its name. Use it when somebody saves an
/// address; [`Egress::call`] checks again.
///
/// # Errors
/// The scheme is not of the web, it carries a password, or it names a private address in numbers.
pub fn check(url: &Url, reach: Reach) -> Result<(), Error> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::Address("only http and https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Address("no user name or password in the address"));
    }
    // An address in numbers is never resolved, so it is judged here; the parser has already read octal and hexadecimal forms.
    let literal = match url.host() {
        None => return Err(Error::Address("no host")),
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
    };
    match literal {
        Some(address) if reach == Reach::Public && !is_public(address) => Err(Error::Private),
        _ => Ok(()),
    }
}

/// The resolver that reqwest uses: it hands over only judged addresses, and reqwest connects to exactly these.
struct Checked {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("not public")]
    Private,
    #[error("unresolved")]
    Unresolved,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, reach) = (self.lookup.lookup(name.as_str().to_owned()), self.reach);
        Box::pin(async move {
            let addresses = found.await.map_err(|_| Refused::Unresolved)?;
            if addresses.is_empty() {
                return Err(Refused::Unresolved.into());
            }
            // One private address among public ones is a trick, not an accident: the whole name is refused.
            if reach == Reach::Public && !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(Refused::Private.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

fn failed(error: reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::Timeout;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        match inner.downcast_ref::<Refused>() {
            Some(Refused::Private) => return Error::Private,
            Some(Refused::Unresolved) => return Error::Unresolved,
            None => cause = inner.source(),
        }
    }
    // Without the address: it may hold a token, and errors are shown and logged.
    Error::Failed(error.without_url().to_string())
}

#[cfg(test)]
mod tests;
