//! Letters of the installation itself (invitations, new passwords), by the server of the configuration.

use ennakoi_channels::carry::{Carrier, Outcome};
use ennakoi_egress::Reach;
use ennakoi_http::App;
use ennakoi_inbox::messages::Correspondent;
use ennakoi_kernel::configuration;
use ennakoi_store::{Result, outbox::Intent};
use futures_util::future::BoxFuture;
use url::Url;

use super::{compose, dkim::Signer, outcome};
use crate::{
    address,
    wire::{Credentials, Security, Server, pool::Pool, smtp},
};

/// Where letters go out, and from whom.
pub(crate) struct Letters {
    server: Server,
    credentials: Option<Credentials>,
    from: Correspondent,
    signer: Option<Signer>,
    pool: Pool,
}

impl Letters {
    /// The configured server; `None` when none is, and letters wait.
    ///
    /// # Errors
    /// The text says what is wrong with the configuration.
    pub(crate) fn load(mail: &configuration::Mail) -> std::result::Result<Option<Self>, String> {
        let signer = Signer::load(mail)?;
        if mail.smtp_url.is_empty() {
            return Ok(None);
        }
        let (server, credentials) = read_url(&mail.smtp_url)?;
        let from = address::parse(&mail.from).ok_or("mail.from must be an address, or \"Name <address>\"")?;
        Ok(Some(Self { server, credentials, from, signer, pool: Pool::default() }))
    }

    async fn send(&self, app: &App, intent: &Intent) -> Result<Outcome> {
        let field = |name: &str| intent.payload[name].as_str().unwrap_or_default().to_owned();
        let to: Vec<Correspondent> = intent.payload["to"].as_array().into_iter().flatten().filter_map(|to| to.as_str()).filter_map(address::parse).collect();
        if to.is_empty() {
            return Ok(Outcome::Refused { code: "address_invalid", reason: "no address that a letter could go to".to_owned() });
        }
        let domain = self.from.address.rsplit('@').next().unwrap_or_default();
        // The same letter has the same name at every try.
        let signature = app.secret.sign("letter", intent.id.0.as_bytes());
        let message_id = format!("letter.{}.{}@{domain}", intent.id.0.simple(), address::hexadecimal(&signature[..8]));
        let mail = compose::write(compose::Letter {
            from: &self.from,
            to: &to,
            cc: &[],
            reply_to: None,
            subject: &field("subject"),
            message_id: &message_id,
            in_reply_to: None,
            references: &[],
            date: app.environment.now(),
            text: &field("text"),
            html: None,
            enclosures: Vec::new(),
            written_by_machine: None,
        });
        let mail = match &self.signer {
            Some(signer) => match signer.sign(&self.from.address, mail) {
                Ok(mail) => mail,
                Err(error) => return Ok(Outcome::Again { reason: error, after: None }),
            },
            None => mail,
        };
        let to: Vec<String> = to.iter().map(|it| compose::plain_address(&it.address)).collect();
        let parcel = smtp::Parcel { from: &self.from.address, to: &to, mail: &mail };
        let way = smtp::Way { sender: "letters".to_owned(), server: &self.server, reach: Reach::Anywhere, credentials: self.credentials.as_ref() };
        let sent = smtp::send(app, &self.pool, way, parcel).await;
        Ok(match sent {
            // A letter has one reader.
            Ok(fates) => outcome::of_one(fates.first().and_then(|(_, refusal)| refusal.as_ref())),
            Err(failure) => outcome::of_failure(&failure),
        })
    }
}

impl Carrier for Letters {
    fn transport(&self) -> &'static str {
        "email"
    }

    fn send<'a>(&'a self, app: &'a App, intent: &'a Intent) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.send(app, intent))
    }
}

fn read_url(text: &str) -> std::result::Result<(Server, Option<Credentials>), String> {
    let wrong = || "mail.smtp_url must look like smtps://user:password@host:465 or smtp://user:password@host:587".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let (security, usual) = match url.scheme() {
        "smtps" => (Security::Tls, 465),
        "smtp" => (Security::Starttls, 587),
        "smtp+plain" => (Security::Plain, 25),
        _ => return Err(wrong()),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
    let decoded = |text: &str| percent_decoded(text).ok_or_else(wrong);
    let credentials = match url.username() {
        "" => None,
        user => Some(Credentials::Password { user: decoded(user)?, password: decoded(url.password().unwrap_or_default())? }),
    };
    Ok((Server { host, port: url.port().unwrap_or(usual), security }, credentials))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_read() {
        let (server, credentials) = read_url("smtps://tuki%40kauppa.fi:sala%3Asana@smtp.example.fi").unwrap();
        assert_eq!((server.host.as_str(), server.port, server.security), ("smtp.example.fi", 465, Security::Tls));
        assert!(matches!(credentials, Some(Credentials::Password { user, password }) if user == "tuki@kauppa.fi" && password == "sala:sana"));
        let (server, credentials) = read_url("smtp+plain://127.0.0.1:2525").unwrap();
        assert_eq!((server.port, server.security, credentials.is_none()), (2525, Security::Plain, true));
        for wrong in ["", "smtp.example.fi", "http://example.fi", "smtp://"] {
            assert!(read_url(wrong).is_err(), "{wrong}");
        }
    }
}
