//! Reports about mails of ours: which mail, which recipient, and what became of it.

use mail_parser::{Message, MimeHeaders, PartType};

use super::parse::clean_id;
use crate::{address, outgoing::outcome::code_of};

/// Recipients of one report that are read.
const RECIPIENTS: usize = 50;

/// What a report says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The mail it is about, as we named it.
    pub(crate) about: Vec<String>,
    pub(crate) failed: Vec<Failed>,
    /// It is only late, or has arrived.
    pub(crate) harmless: bool,
}

/// A recipient who did not get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) address: String,
    /// Code for screens.
    pub(crate) code: &'static str,
}

/// Reads a report. One that keeps to no standard names at least the mail it is about somewhere.
pub(crate) fn read(message: &Message<'_>, text: &str) -> Report {
    let mut report = Report { about: about(message, text), ..Report::default() };
    let Some(status) = status_part(message) else {
        report.failed.push(Failed { address: String::new(), code: code_of(text) });
        return report;
    };
    let blocks = status.replace("\r\n", "\n");
    let mut seen = false;
    for block in blocks.split("\n\n") {
        let field = |name: &str| {
            block.lines().find_map(|line| {
                let (its, value) = line.split_once(':')?;
                its.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let Some(action) = field("Action") else { continue };
        seen = true;
        if !action.eq_ignore_ascii_case("failed") || report.failed.len() >= RECIPIENTS {
            continue;
        }
        let recipient = field("Final-Recipient").or_else(|| field("Original-Recipient")).unwrap_or_default();
        let recipient = recipient.rsplit(';').next().unwrap_or_default().trim().to_owned();
        let said = format!("{} {}", field("Status").unwrap_or_default(), field("Diagnostic-Code").unwrap_or_default());
        report.failed.push(Failed { address: address::key(&recipient), code: code_of(&said) });
    }
    report.harmless = seen && report.failed.is_empty();
    report
}

fn status_part(message: &Message<'_>) -> Option<String> {
    message.parts.iter().find_map(|part| {
        let kind = part.content_type()?;
        (kind.ctype() == "message" && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("delivery-status")))
            .then(|| String::from_utf8_lossy(part.contents()).into_owned())
    })
}

/// Names of mails that the report encloses or quotes.
pub(crate) fn about(message: &Message<'_>, text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in &message.parts {
        match &part.body {
            PartType::Message(inner) => found.extend(inner.message_id().map(clean_id)),
            PartType::Text(text) => found.extend(named_in(text)),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) if bytes.len() < 256 << 10 => found.extend(named_in(&String::from_utf8_lossy(bytes))),
            _ => {}
        }
    }
    found.extend(named_in(text));
    found.dedup();
    found.truncate(10);
    found
}

fn named_in(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim_start_matches(['>', ' ']).eq_ignore_ascii_case("message-id").then(|| clean_id(value))
        })
        .filter(|id| !id.is_empty())
        .take(5)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::parse;

    fn postfix(action: &str, status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example.fi\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
             This is the mail system.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.fi\r\n\r\n\
             Final-Recipient: rfc822; Liisa@Example.fi\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 no\r\n\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: tuki@kauppa.fi\r\nMessage-ID: <en.1.2.3@kauppa.fi>\r\n\r\n--b--\r\n"
        )
    }

    #[test]
    fn reports_name_the_mail_and_the_reason() {
        let raw = postfix("failed", "5.1.1");
        let report = read(&parse::message(raw.as_bytes()).unwrap(), "");
        assert_eq!(report.about, ["en.1.2.3@kauppa.fi"]);
        assert_eq!(report.failed, [Failed { address: "liisa@example.fi".to_owned(), code: "address_unknown" }]);
        let raw = postfix("delayed", "4.4.1");
        assert!(read(&parse::message(raw.as_bytes()).unwrap(), "").harmless);
        let free = "From: MAILER-DAEMON@old.example\r\n\r\nHi. I could not deliver it. 550 5.2.2 full\r\n\r\n> Message-ID: <en.9@kauppa.fi>\r\n";
        let message = parse::message(free.as_bytes()).unwrap();
        let report = read(&message, "Hi. I could not deliver it. 550 5.2.2 full");
        assert_eq!((report.about.as_slice(), report.failed[0].code), (["en.9@kauppa.fi".to_owned()].as_slice(), "mailbox_full"));
    }
}
