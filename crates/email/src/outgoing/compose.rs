//! A mail as bytes. Nothing that a person typed reaches a header with a line break in it, and blind copies reach none at all.

use bytes::Bytes;
use ennakoi_inbox::messages::Correspondent;
use ennakoi_kernel::Timestamp;
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, date::Date, message_id::MessageId, raw::Raw},
    mime::MimePart,
};

/// Named by every mail that a machine wrote, so that two installations do not write to each other for ever.
pub(crate) const LOOP_HEADER: &str = "X-Ennakoi-Loop";
/// Mails named in `References`, at most; the newest are kept.
const REFERENCES: usize = 20;

/// A file in a mail.
pub(crate) struct Enclosure {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// A mail to be written.
pub(crate) struct Letter<'a> {
    pub(crate) from: &'a Correspondent,
    pub(crate) to: &'a [Correspondent],
    pub(crate) cc: &'a [Correspondent],
    pub(crate) reply_to: Option<&'a str>,
    pub(crate) subject: &'a str,
    /// Without angle brackets.
    pub(crate) message_id: &'a str,
    pub(crate) in_reply_to: Option<&'a str>,
    /// Oldest first.
    pub(crate) references: &'a [String],
    pub(crate) date: Timestamp,
    pub(crate) text: &'a str,
    pub(crate) html: Option<&'a str>,
    pub(crate) enclosures: Vec<Enclosure>,
    /// The name of this installation, when a machine wrote it.
    pub(crate) written_by_machine: Option<&'a str>,
}

/// Writes a mail.
pub(crate) fn write(letter: Letter<'_>) -> Vec<u8> {
    let mut builder = MessageBuilder::new()
        .from(address(letter.from))
        .to(Address::new_list(letter.to.iter().map(address).collect()))
        .subject(line(letter.subject))
        .date(Date::new(letter.date.seconds()))
        .message_id(letter.message_id.to_owned());
    if !letter.cc.is_empty() {
        builder = builder.cc(Address::new_list(letter.cc.iter().map(address).collect()));
    }
    if let Some(reply_to) = letter.reply_to {
        builder = builder.reply_to(reply_to.to_owned());
    }
    if let Some(parent) = letter.in_reply_to {
        builder = builder.in_reply_to(parent.to_owned());
    }
    if !letter.references.is_empty() {
        let newest = &letter.references[letter.references.len().saturating_sub(REFERENCES)..];
        builder = builder.references(MessageId::new_list(newest.iter().cloned()));
    }
    if let Some(instance) = letter.written_by_machine {
        builder = builder
            .header("Auto-Submitted", Raw::new("auto-replied"))
            .header("X-Auto-Response-Suppress", Raw::new("All"))
            .header(LOOP_HEADER, Raw::new(instance.to_owned()));
    }
    builder = builder.text_body(letter.text.to_owned());
    if let Some(html) = letter.html {
        builder = builder.html_body(html.to_owned());
    }
    for enclosure in letter.enclosures {
        let bytes: Vec<u8> = enclosure.bytes.into();
        builder = attach(builder, MimePart::new(enclosure.media_type, bytes).attachment(line(&enclosure.name)));
    }
    builder.write_to_vec().expect("a mail is written into memory")
}

fn attach<'x>(mut builder: MessageBuilder<'x>, part: MimePart<'x>) -> MessageBuilder<'x> {
    builder.attachments.get_or_insert_with(Vec::new).push(part);
    builder
}

fn address(correspondent: &Correspondent) -> Address<'static> {
    let name = correspondent.name.as_deref().map(line).filter(|name| !name.is_empty());
    Address::new_address(name, plain_address(&correspondent.address))
}

/// An address as it stands in headers and envelopes: the domain in its ASCII form.
pub(crate) fn plain_address(address: &str) -> String {
    let address = line(address);
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => match url::Host::parse(domain) {
            Ok(host) => format!("{local}@{host}"),
            Err(_) => address,
        },
        _ => address,
    }
}

/// One line: whatever could end it becomes a space.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn someone(address: &str, name: Option<&str>) -> Correspondent {
        Correspondent { address: address.to_owned(), name: name.map(str::to_owned) }
    }

    #[test]
    fn what_was_typed_stays_where_it_belongs() {
        let from = someone("tuki@kauppa.fi", Some("Tuki\r\nBcc: kaikki@example.fi"));
        let to = [someone("liisa@sää.fi", Some("Liisa \"Meri\" <x@y>"))];
        let mail = write(Letter {
            from: &from,
            to: &to,
            cc: &[],
            reply_to: None,
            subject: "Tilaus\r\nX-Evil: 1\r\n\r\n<script>",
            message_id: "a@kauppa.fi",
            in_reply_to: Some("b@example.fi"),
            references: &(0..30).map(|n| format!("{n}@example.fi")).collect::<Vec<_>>(),
            date: Timestamp::from_seconds(1_700_000_000),
            text: "Hei\n.\n.piste\nÄäkköset",
            html: Some("<p>Hei</p>"),
            enclosures: vec![Enclosure { name: "a\r\nb\".txt".to_owned(), media_type: "text/plain".to_owned(), bytes: Bytes::from_static(b"x") }],
            written_by_machine: Some("abc"),
        });
        let parsed = MessageParser::default().parse(&mail).unwrap();
        assert!(parsed.header("X-Evil").is_none() && parsed.bcc().is_none());
        assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("tuki@kauppa.fi"));
        assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("liisa@xn--s-0faa.fi"));
        assert_eq!(parsed.references().as_text_list().unwrap().len(), 20);
        assert_eq!(parsed.message_id(), Some("a@kauppa.fi"));
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), "Hei\n.\n.piste\nÄäkköset");
        assert_eq!(parsed.attachment_count(), 1);
        assert!(mail.split(|byte| *byte == b'\n').all(|line| line.len() <= 999), "lines are of a lawful length");
    }
}
