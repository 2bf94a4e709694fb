//! Whether the sender is who the mail says. The receiving server has judged it already and says so in the topmost
//! `Authentication-Results` (RFC 8601); anything below it, or under a name that is not that server's, is the sender's own invention.
//! Without such a judgement the mail's signature is checked here.

use std::time::Duration;

use ennakoi_inbox::messages::Proof;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator};
use mail_parser::Message;
use tokio::sync::OnceCell;

use super::{classify::values, parse::Parsed};
use crate::{
    address,
    mailbox::{Arrival, Settings},
};

/// Names under which large providers sign, by the host of their IMAP server.
const KNOWN: &[(&str, &str)] = &[
    ("gmail.com", "mx.google.com"),
    ("googlemail.com", "mx.google.com"),
    ("yahoo.com", "atlas-production"),
    ("mail.me.com", "bimi.icloud.com"),
    ("fastmail.com", "mx1.messagingengine.com"),
];
/// Microsoft's servers write the header without a name.
const NAMELESS: &[&str] = &["office365.com", "outlook.com"];
const LOOKUP: Duration = Duration::from_secs(4);

/// What the topmost judgement of our own server says; `None` without one.
pub(crate) fn judged(message: &Message<'_>, parsed: &Parsed, settings: &Settings) -> Option<Proof> {
    let domain = address::domain(&parsed.from.as_ref()?.address);
    let top = values(message, "Authentication-Results").into_iter().next()?;
    let top = without_comments(&top);
    let mut parts = top.split(';').map(str::trim);
    let first = parts.next()?.to_lowercase();
    // Only what we fetched ourselves has passed the provider's server; what others bring may name any server.
    let host = if settings.arrival == Arrival::Imap { settings.incoming.host.to_lowercase() } else { String::new() };
    let name = first.split_whitespace().next().unwrap_or_default().to_owned();
    let nameless = first.contains('=');
    let ours = if nameless {
        NAMELESS.iter().any(|suffix| host.ends_with(suffix))
    } else {
        let known = KNOWN.iter().filter(|(suffix, _)| host.ends_with(suffix)).map(|(_, name)| *name);
        settings.trusted_results.iter().map(|it| it.to_lowercase()).any(|trusted| trusted == name) || known.into_iter().any(|known| name.starts_with(known))
    };
    if !ours {
        return None;
    }
    let mut aligned = false;
    let mut verdict = None;
    for part in nameless.then_some(first.as_str()).into_iter().map(str::to_owned).chain(parts.map(str::to_lowercase)) {
        let mut words = part.split_whitespace();
        let Some((method, result)) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let property = |names: &[&str]| {
            part.split_whitespace()
                .filter_map(|word| word.split_once('='))
                .find(|(name, _)| names.contains(name))
                .map(|(_, value)| address::domain(value.trim_matches('"')))
        };
        match (method, result) {
            ("dmarc", "pass") => verdict = Some(Proof::Proven),
            ("dmarc", "fail") => verdict = Some(Proof::Forged),
            ("dkim", "pass") => aligned |= property(&["header.d", "header.i"]).is_some_and(|signer| is_aligned(&domain, &signer)),
            ("spf", "pass") => aligned |= property(&["smtp.mailfrom"]).is_some_and(|sender| is_aligned(&domain, &sender)),
            _ => {}
        }
    }
    // A domain without a policy vouches by signing or by naming its servers.
    Some(verdict.unwrap_or(if aligned { Proof::Proven } else { Proof::Unproven }))
}

/// Whether the mail carries a good signature of its sender's domain.
pub(crate) async fn signed(raw: &[u8], from: &str) -> Proof {
    static AUTHENTICATOR: OnceCell<Option<MessageAuthenticator>> = OnceCell::const_new();
    let Some(mail) = AuthenticatedMessage::parse(raw).filter(|mail| !mail.dkim_headers.is_empty()) else { return Proof::Unproven };
    let authenticator = AUTHENTICATOR.get_or_init(|| async { MessageAuthenticator::new_system_conf().ok() }).await;
    let Some(authenticator) = authenticator else { return Proof::Unproven };
    let Ok(results) = tokio::time::timeout(LOOKUP, authenticator.verify_dkim(&mail)).await else { return Proof::Unproven };
    let domain = address::domain(from);
    let good = results
        .iter()
        .any(|result| *result.result() == DkimResult::Pass && result.signature().is_some_and(|signature| is_aligned(&domain, &signature.d.to_lowercase())));
    if good { Proof::Proven } else { Proof::Unproven }
}

/// Relaxed alignment without a list of public suffixes: the same domain, or one above it that is itself below something.
fn is_aligned(domain: &str, vouching: &str) -> bool {
    let related = |inner: &str, outer: &str| outer.contains('.') && inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
    !domain.is_empty() && (domain == vouching || related(domain, vouching))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        incoming::parse,
        mailbox::SignIn,
        wire::{Security, Server},
    };

    fn judge(host: &str, headers: &str) -> Option<Proof> {
        judge_by(Arrival::Imap, host, headers)
    }

    fn judge_by(arrival: Arrival, host: &str, headers: &str) -> Option<Proof> {
        let server = Server { host: host.to_owned(), port: 993, security: Security::Tls };
        let settings = Settings {
            arrival,
            topic: String::new(),
            name: String::new(),
            incoming: server.clone(),
            outgoing: server,
            user: String::new(),
            sign_in: SignIn::Password,
            oauth: None,
            folder: "INBOX".to_owned(),
            signature: String::new(),
            undo_seconds: 0,
            plus_addressing: false,
            trusted_results: vec!["mx.kone.example".to_owned()],
        };
        let raw = format!("{headers}From: Liisa <liisa@example.fi>\r\n\r\nHei\r\n");
        let message = parse::message(raw.as_bytes()).unwrap();
        judged(&message, &parse::read(&message, raw.as_bytes()), &settings)
    }

    #[test]
    fn only_our_own_servers_judgement_counts() {
        let ours = |results: &str| judge("mail.kone.example", &format!("Authentication-Results: mx.kone.example; {results}\r\n"));
        assert_eq!(
            ours("spf=pass smtp.mailfrom=liisa@example.fi; dkim=pass header.d=example.fi; dmarc=pass (p=REJECT) header.from=example.fi"),
            Some(Proof::Proven)
        );
        assert_eq!(ours("spf=fail smtp.mailfrom=x.example; dmarc=fail header.from=example.fi"), Some(Proof::Forged));
        assert_eq!(ours("dkim=pass header.d=example.fi; dmarc=none"), Some(Proof::Proven));
        assert_eq!(ours("dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=a@evil.example"), Some(Proof::Unproven));
        assert_eq!(ours("dkim=pass header.d=fi"), Some(Proof::Unproven), "a suffix vouches for nobody");
        assert_eq!(judge("mail.kone.example", "Authentication-Results: mx.evil.example; dmarc=pass\r\n"), None);
        let below = "Authentication-Results: mx.kone.example; dmarc=fail\r\nAuthentication-Results: mx.kone.example; dmarc=pass\r\n";
        assert_eq!(judge("mail.kone.example", below), Some(Proof::Forged), "the topmost one");
        assert_eq!(judge("mail.kone.example", ""), None);
        let nameless = "Authentication-Results: spf=pass (sender IP is 1.2.3.4)\r\n smtp.mailfrom=example.fi; dkim=pass header.d=example.fi;dmarc=pass action=none\r\n header.from=example.fi\r\n";
        assert_eq!(judge("outlook.office365.com", nameless), Some(Proof::Proven));
        assert_eq!(judge("mail.kone.example", nameless), None);
        let google = "Authentication-Results: mx.google.com;\r\n dmarc=pass header.from=example.fi\r\n";
        assert_eq!(judge("imap.gmail.com", google), Some(Proof::Proven));
        for brought in [Arrival::Lmtp, Arrival::Mailgun, Arrival::Postmark, Arrival::Ses] {
            assert_eq!(judge_by(brought, "imap.gmail.com", google), None, "a server that it did not pass");
            assert_eq!(judge_by(brought, "outlook.office365.com", nameless), None);
        }
        let hidden = "Authentication-Results: mx.kone.example; spf=none (dmarc=pass; dkim=pass header.d=example.fi)\r\n";
        assert_eq!(judge("mail.kone.example", hidden), Some(Proof::Unproven), "a comment is no result");
    }
}
