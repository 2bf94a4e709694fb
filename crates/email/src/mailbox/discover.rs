//! How an address is reached, from the address alone: known providers, the domain's own description for mail programs
//! (autoconfig), its DNS records (RFC 6186), and who takes its mail.

use std::time::Duration;

use bytes::Bytes;
use ennakoi_egress::{Egress, Limits, Method, Request, header};
use ennakoi_http::App;
use hickory_resolver::{TokioResolver, proto::rr::RData};
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use super::SignIn;
use crate::{
    address,
    wire::{Security, Server, reach},
};

const DOCUMENT: Duration = Duration::from_secs(5);
const LOOKUP: Duration = Duration::from_secs(4);

/// Settings that were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Discovery {
    /// Where from: `known`, `autoconfig`, `dns`, `guess`.
    pub(crate) source: &'static str,
    /// A name for screens, e.g. `Google`.
    pub(crate) provider: Option<&'static str>,
    pub(crate) incoming: Server,
    pub(crate) outgoing: Server,
    pub(crate) user: String,
    pub(crate) sign_in: SignIn,
    /// Where tokens come from, for providers that want OAuth.
    pub(crate) token_url: Option<&'static str>,
    pub(crate) scope: Option<&'static str>,
}

struct Provider {
    name: &'static str,
    /// Domains of addresses.
    domains: &'static [&'static str],
    /// Ends of the names of the servers that take the mail of other domains.
    exchanges: &'static [&'static str],
    incoming: (&'static str, u16, Security),
    outgoing: (&'static str, u16, Security),
    oauth: Option<(&'static str, &'static str)>,
}

const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Google",
        domains: &["gmail.com", "googlemail.com"],
        exchanges: &["google.com", "googlemail.com"],
        incoming: ("imap.gmail.com", 993, Security::Tls),
        outgoing: ("smtp.gmail.com", 465, Security::Tls),
        oauth: Some(("https://oauth2.googleapis.com/token", "https://mail.google.com/")),
    },
    Provider {
        name: "Microsoft",
        domains: &["outlook.com", "hotmail.com", "live.com", "msn.com"],
        exchanges: &["mail.protection.outlook.com", "mx.microsoft"],
        incoming: ("outlook.office365.com", 993, Security::Tls),
        outgoing: ("smtp.office365.com", 587, Security::Starttls),
        oauth: Some((
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        )),
    },
    Provider {
        name: "Apple",
        domains: &["icloud.com", "me.com", "mac.com"],
        exchanges: &["mail.icloud.com"],
        incoming: ("imap.mail.me.com", 993, Security::Tls),
        outgoing: ("smtp.mail.me.com", 587, Security::Starttls),
        oauth: None,
    },
    Provider {
        name: "Yahoo",
        domains: &["yahoo.com", "ymail.com"],
        exchanges: &["yahoodns.net"],
        incoming: ("imap.mail.yahoo.com", 993, Security::Tls),
        outgoing: ("smtp.mail.yahoo.com", 465, Security::Tls),
        oauth: None,
    },
    Provider {
        name: "Fastmail",
        domains: &["fastmail.com", "fastmail.fm"],
        exchanges: &["messagingengine.com"],
        incoming: ("imap.fastmail.com", 993, Security::Tls),
        outgoing: ("smtp.fastmail.com", 465, Security::Tls),
        oauth: None,
    },
    Provider {
        name: "Zoho",
        domains: &["zohomail.eu"],
        exchanges: &["zoho.eu"],
        incoming: ("imap.zoho.eu", 993, Security::Tls),
        outgoing: ("smtp.zoho.eu", 465, Security::Tls),
        oauth: None,
    },
];

/// The best that can be found; at least the usual names.
pub(crate) async fn discover(app: &App, address: &str) -> Discovery {
    let domain = address::domain(address);
    if let Some(provider) = PROVIDERS.iter().find(|provider| provider.domains.contains(&domain.as_str())) {
        return provider.settings(address, "known");
    }
    if let Some(found) = autoconfig(app, address, &domain).await {
        return found;
    }
    let resolver = TokioResolver::builder_tokio().ok().and_then(|builder| builder.build().ok());
    if let Some(resolver) = resolver {
        if let Some(found) = services(&resolver, address, &domain).await {
            return found;
        }
        if let Some(provider) = by_exchange(&resolver, &domain).await {
            return provider.settings(address, "dns");
        }
    }
    let server = |name: &str, port| Server { host: format!("{name}.{domain}"), port, security: Security::Tls };
    plain("guess", address, server("imap", 993), server("smtp", 465))
}

impl Provider {
    fn settings(&self, address: &str, source: &'static str) -> Discovery {
        let server = |(host, port, security): (&str, u16, Security)| Server { host: host.to_owned(), port, security };
        Discovery {
            provider: Some(self.name),
            sign_in: if self.oauth.is_some() { SignIn::Oauth } else { SignIn::Password },
            token_url: self.oauth.map(|(url, _)| url),
            scope: self.oauth.map(|(_, scope)| scope),
            ..plain(source, address, server(self.incoming), server(self.outgoing))
        }
    }
}

fn plain(source: &'static str, address: &str, incoming: Server, outgoing: Server) -> Discovery {
    Discovery { source, provider: None, incoming, outgoing, user: address.to_owned(), sign_in: SignIn::Password, token_url: None, scope: None }
}

/// Asks the domain for the description that it gives to mail programs.
async fn autoconfig(app: &App, address: &str, domain: &str) -> Option<Discovery> {
    let limits = Limits { connect: DOCUMENT, total: DOCUMENT, answer_bytes: 128 << 10 };
    let egress = Egress::new(reach(app), limits).ok()?;
    let asked: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
    let places = [
        format!("https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={asked}"),
        format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
    ];
    for place in places {
        let Ok(url) = Url::parse(&place) else { continue };
        let request = Request { method: Method::GET, url, headers: header::HeaderMap::new(), body: Bytes::new() };
        if let Ok(answer) = egress.call(request).await
            && answer.status.is_success()
            && let Some(found) = read_document(&String::from_utf8_lossy(&answer.body), address)
        {
            return Some(found);
        }
    }
    None
}

/// Reads the document: the first IMAP and the first SMTP server in it. Its form is fixed and small, so no XML reader is needed;
/// whatever is not understood is as good as not there.
fn read_document(text: &str, address: &str) -> Option<Discovery> {
    let server = |kind: &str, protocol: &str| {
        text.split(&format!("<{kind}")).skip(1).find_map(|rest| {
            let block = rest.split(&format!("</{kind}>")).next()?;
            let (head, inner) = block.split_once('>')?;
            if !head.contains(&format!("\"{protocol}\"")) && !head.contains(&format!("'{protocol}'")) {
                return None;
            }
            let value = |tag: &str| Some(inner.split(&format!("<{tag}>")).nth(1)?.split('<').next()?.trim().to_owned());
            let security = match value("socketType")?.to_ascii_uppercase().as_str() {
                "SSL" | "TLS" => Security::Tls,
                "STARTTLS" => Security::Starttls,
                // In the clear is nothing to suggest.
                _ => return None,
            };
            let host = fill(&value("hostname")?, address);
            let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
            let user = value("username").map_or_else(|| address.to_owned(), |user| fill(&user, address));
            named.then_some((Server { host, port: value("port")?.parse().ok()?, security }, user))
        })
    };
    let (incoming, user) = server("incomingServer", "imap")?;
    let (outgoing, _) = server("outgoingServer", "smtp")?;
    Some(Discovery { user, ..plain("autoconfig", address, incoming, outgoing) })
}

fn fill(text: &str, address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    text.replace("%EMAILADDRESS%", address).replace("%EMAILLOCALPART%", local).replace("%EMAILDOMAIN%", domain)
}

async fn services(resolver: &TokioResolver, address: &str, domain: &str) -> Option<Discovery> {
    let incoming = match service(resolver, "_imaps._tcp", domain, Security::Tls).await {
        Some(found) => found,
        None => service(resolver, "_imap._tcp", domain, Security::Starttls).await?,
    };
    let outgoing = match service(resolver, "_submissions._tcp", domain, Security::Tls).await {
        Some(found) => found,
        None => service(resolver, "_submission._tcp", domain, Security::Starttls).await?,
    };
    Some(plain("dns", address, incoming, outgoing))
}

async fn service(resolver: &TokioResolver, name: &str, domain: &str, security: Security) -> Option<Server> {
    let found = tokio::time::timeout(LOOKUP, resolver.srv_lookup(format!("{name}.{domain}."))).await.ok()?.ok()?;
    let best = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(srv),
            _ => None,
        })
        .min_by_key(|srv| srv.priority)?;
    let host = best.target.to_utf8().trim_end_matches('.').to_owned();
    // A lone dot says that the service is not offered.
    (!host.is_empty()).then_some(Server { host, port: best.port, security })
}

async fn by_exchange(resolver: &TokioResolver, domain: &str) -> Option<&'static Provider> {
    let found = tokio::time::timeout(LOOKUP, resolver.mx_lookup(format!("{domain}."))).await.ok()?.ok()?;
    let names: Vec<String> = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::MX(mx) => Some(mx.exchange.to_utf8().trim_end_matches('.').to_lowercase()),
            _ => None,
        })
        .collect();
    PROVIDERS.iter().find(|provider| {
        provider.exchanges.iter().any(|end| names.iter().any(|name| name == end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read() {
        let text = "<clientConfig version=\"1.1\"><emailProvider id=\"kone.example\">\
            <incomingServer type=\"pop3\"><hostname>pop.kone.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>\
            <incomingServer type=\"imap\"><hostname>mail.%EMAILDOMAIN%</hostname><port>143</port><socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username></incomingServer>\
            <outgoingServer type=\"smtp\"><hostname>mail.kone.example</hostname><port>587</port><socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>\
            </emailProvider></clientConfig>";
        let found = read_document(text, "tuki@kone.example").unwrap();
        assert_eq!((found.incoming.host.as_str(), found.incoming.port, found.incoming.security), ("mail.kone.example", 143, Security::Starttls));
        assert_eq!((found.outgoing.port, found.user.as_str()), (587, "tuki"));
        for broken in [
            "",
            "<clientConfig>",
            "<incomingServer type=\"imap\"><hostname>a b</hostname>",
            &text.replace("STARTTLS", "plain"),
            &text.replace("143", "99999999"),
        ] {
            assert_eq!(read_document(broken, "tuki@kone.example"), None, "{broken}");
        }
    }
}
