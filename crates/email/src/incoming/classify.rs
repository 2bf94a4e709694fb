//! Whether a person wrote a mail. Judged by its outer headers only: a newsletter that a customer forwards is the customer's.

use std::borrow::Cow;

use mail_parser::{HeaderName, HeaderValue, Message, MimeHeaders};

use super::parse::Parsed;
use crate::outgoing::compose::LOOP_HEADER;

/// More stations than this, and the mail is going round in circles.
const STATIONS: usize = 50;
const MACHINES: &[&str] =
    &["mailer-daemon", "postmaster", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "ei-vastausta", "svara-inte", "bounce", "bounces"];

/// What kind of mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    /// An absence notice, a list, a newsletter, a reply to an invitation.
    Automatic,
    /// A report of a mail server about a mail of ours (RFC 3464), or what looks like one.
    Bounce,
    /// A complaint about a mail of ours (RFC 5965).
    Complaint,
    /// It has been through too many hands, or is our own.
    Loop,
}

/// Classifies a mail. `instance` is our own name in loop headers.
pub(crate) fn classify(message: &Message<'_>, parsed: &Parsed, instance: &str) -> Kind {
    if message.received_all().count() > STATIONS || values(message, LOOP_HEADER).iter().any(|value| value == instance) {
        return Kind::Loop;
    }
    if let Some(report) = report_type(message) {
        match report.as_str() {
            "feedback-report" => return Kind::Complaint,
            // Receipts of reading are automatic, and say nothing about delivery.
            "disposition-notification" => return Kind::Automatic,
            _ => return Kind::Bounce,
        }
    }
    let local = parsed.from.as_ref().map(|from| from.address.split('@').next().unwrap_or_default().to_lowercase()).unwrap_or_default();
    let without_sender = values(message, "Return-Path").iter().any(|value| value.trim() == "<>" || value.trim().is_empty());
    if without_sender && (local == "mailer-daemon" || local == "postmaster") {
        return Kind::Bounce;
    }
    if without_sender || MACHINES.contains(&local.as_str()) || has_automatic_header(message) || is_calendar_reply(message) {
        Kind::Automatic
    } else {
        Kind::Person
    }
}

fn has_automatic_header(message: &Message<'_>) -> bool {
    let submitted = values(message, "Auto-Submitted");
    if submitted.iter().any(|value| !value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("no")) {
        return true;
    }
    let present = ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "List-Id", "List-Unsubscribe", "Feedback-ID", LOOP_HEADER];
    if present.iter().any(|name| !values(message, name).is_empty()) {
        return true;
    }
    let suppressed = ["all", "oof", "autoreply", "dr", "rn", "nrn"];
    let asks_for_silence =
        values(message, "X-Auto-Response-Suppress").iter().any(|value| value.split(',').any(|word| suppressed.contains(&word.trim().to_lowercase().as_str())));
    let bulk = ["bulk", "junk", "list", "auto_reply"];
    let in_bulk =
        ["Precedence", "X-Precedence"].iter().flat_map(|name| values(message, name)).any(|value| bulk.contains(&value.trim().to_lowercase().as_str()));
    asks_for_silence || in_bulk
}

/// An answer to an invitation that the calendar wrote by itself.
fn is_calendar_reply(message: &Message<'_>) -> bool {
    message.content_type().is_some_and(|it| it.ctype() == "text" && it.subtype() == Some("calendar"))
}

fn report_type(message: &Message<'_>) -> Option<String> {
    let kind = message.content_type()?;
    (kind.ctype() == "multipart" && kind.subtype() == Some("report")).then(|| kind.attribute("report-type").unwrap_or("delivery-status").to_lowercase())
}

/// The values of a header, as texts.
pub(crate) fn values(message: &Message<'_>, name: &str) -> Vec<String> {
    let parsed_otherwise = message.headers_raw().filter(|(its, _)| its.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned());
    let as_text = message.header_values(HeaderName::Other(Cow::Owned(name.to_owned()))).filter_map(HeaderValue::as_text).map(str::to_owned);
    let mut found: Vec<String> = as_text.collect();
    if found.is_empty() {
        found = parsed_otherwise.collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::parse;

    fn kind(headers: &str) -> Kind {
        let raw = format!("{headers}\r\nSubject: x\r\n\r\nHei\r\n");
        let message = parse::message(raw.as_bytes()).unwrap();
        classify(&message, &parse::read(&message, raw.as_bytes()), "me")
    }

    #[test]
    fn people_and_machines_are_told_apart() {
        for (headers, expected) in [
            ("From: Liisa <liisa@example.fi>", Kind::Person),
            ("From: liisa@example.fi\r\nAuto-Submitted: no", Kind::Person),
            ("From: liisa@example.fi\r\nReturn-Path: <liisa@example.fi>", Kind::Person),
            ("From: liisa@example.fi\r\nAuto-Submitted: auto-replied", Kind::Automatic),
            ("From: liisa@example.fi\r\nAuto-Submitted: auto-generated; x=y", Kind::Automatic),
            ("From: liisa@example.fi\r\nX-Autoreply: yes", Kind::Automatic),
            ("From: liisa@example.fi\r\nX-Auto-Response-Suppress: DR, OOF", Kind::Automatic),
            ("From: liisa@example.fi\r\nPrecedence: bulk", Kind::Automatic),
            ("From: liisa@example.fi\r\nList-Id: <lista.example.fi>", Kind::Automatic),
            ("From: liisa@example.fi\r\nList-Unsubscribe: <https://example.fi/u>", Kind::Automatic),
            ("From: no-reply@example.fi", Kind::Automatic),
            ("From: liisa@example.fi\r\nReturn-Path: <>", Kind::Automatic),
            ("From: liisa@example.fi\r\nX-Ennakoi-Loop: other", Kind::Automatic),
            ("From: liisa@example.fi\r\nX-Ennakoi-Loop: me", Kind::Loop),
            ("From: MAILER-DAEMON@example.fi\r\nReturn-Path: <>", Kind::Bounce),
            ("From: x@example.fi\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b", Kind::Bounce),
            ("From: x@example.fi\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b", Kind::Complaint),
            ("From: x@example.fi\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b", Kind::Automatic),
        ] {
            assert_eq!(kind(headers), expected, "{headers}");
        }
        let circle = "Received: from a by b; Mon, 30 Nov 2026 10:00:00 +0200\r\n".repeat(51);
        assert_eq!(kind(&format!("{circle}From: liisa@example.fi")), Kind::Loop);
    }
}
