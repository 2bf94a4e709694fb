//! Connections to mail servers: checked addresses, TLS, the dialogue of SMTP.

pub(crate) mod pool;
pub(crate) mod smtp;
mod tls;

use std::{fmt::Debug, time::Duration};

use ennakoi_egress::Reach;
use ennakoi_http::App;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use tls::wrap;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(15);

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// From the first byte (ports 465 and 993).
    Tls,
    /// Begun in the clear and protected before anything is said (ports 587 and 143); a server that cannot is left.
    Starttls,
    /// Not at all: for servers on the same machine.
    Plain,
}
ennakoi_store::stored_as_text!(Security { Tls = "tls", Starttls = "starttls", Plain = "plain" });

/// A server to talk to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
}

/// How to sign in.
#[derive(Clone)]
pub(crate) enum Credentials {
    Password {
        user: String,
        password: String,
    },
    /// OAuth 2 (XOAUTH2).
    Bearer {
        user: String,
        token: String,
    },
}

impl Credentials {
    /// The first answer of XOAUTH2, before base64.
    pub(crate) fn xoauth2(user: &str, token: &str) -> String {
        format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}")
    }
}

/// Any stream of bytes.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug> Stream for T {}
pub(crate) type Wire = Box<dyn Stream>;

/// Why no dialogue came about. `code` is for screens.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub(crate) struct Trouble {
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl Trouble {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl From<ennakoi_egress::Error> for Trouble {
    fn from(error: ennakoi_egress::Error) -> Self {
        use ennakoi_egress::Error;
        let code = match &error {
            Error::Private => "address_private",
            Error::Unresolved => "host_unknown",
            Error::Timeout => "timeout",
            _ => "connection_refused",
        };
        Self::new(code, error.to_string())
    }
}

/// Where servers that a company typed may be.
pub(crate) fn reach(app: &App) -> Reach {
    if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public }
}

/// Connects, with TLS when it begins so; a `Starttls` server is returned in the clear.
pub(crate) async fn connect(app: &App, server: &Server, reach: Reach) -> Result<Wire, Trouble> {
    let stream = ennakoi_egress::connect(&server.host, server.port, reach, CONNECT).await?;
    match server.security {
        Security::Tls => wrap(app, Box::new(stream), &server.host).await,
        Security::Starttls | Security::Plain => Ok(Box::new(stream)),
    }
}
