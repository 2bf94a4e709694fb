//! What mails look like that others bring: a customer's, and a stranger's. What leaves goes the same way as with any mailbox.

use crate::mail::{ADDRESS, Office};

/// A mail of Liisa's as another server hands it over.
pub(super) fn whole(headers: &str, words: &str) -> String {
    format!(
        "Authentication-Results: mx.kone.example; dmarc=pass header.from=example.fi\r\nFrom: Liisa <liisa@example.fi>\r\nTo: {ADDRESS}\r\n{headers}\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    )
}

/// What a stranger makes of the name under which our first answer left.
pub(super) async fn forgery(office: &Office, key: &str, words: &str) -> String {
    let ours = office.sink.mail(1).await.header("Message-ID").unwrap();
    let at = ours.rfind('@').unwrap();
    let last = if ours.as_bytes()[at - 1] == b'0' { '1' } else { '0' };
    let forged = format!("{}{last}{}", &ours[..at - 1], &ours[at..]);
    format!(
        "From: Vieras <vieras@evil.example>\r\nTo: {ADDRESS}\r\nSubject: [#1] Paketti\r\nMessage-ID: <{key}@evil.example>\r\nIn-Reply-To: {forged}\r\n\
         References: <a@example.fi> {forged}\r\n\r\n{words}\r\n"
    )
}
