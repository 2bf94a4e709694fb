//! A mail as the rest of the program needs it: heads, the text, files.

use bytes::Bytes;
use ennakoi_inbox::messages::Correspondent;
use ennakoi_kernel::limits as common;
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use super::{classify::values, html, limits};
use crate::address;

/// Addresses of one header that are read.
const ADDRESSES: usize = 200;
const IDS: usize = 50;
/// Bytes of text that are looked at; the rest is found in the original.
const TEXT_BYTES: usize = 1 << 20;

/// A file in a mail.
#[derive(Clone, Debug)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    /// Without angle brackets, when the text shows it.
    pub(crate) content_id: Option<String>,
}

/// A mail that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    /// As the sender named it, else made from its bytes.
    pub(crate) message_id: String,
    /// Newest first: whom it answers, then what it refers to.
    pub(crate) ancestors: Vec<String>,
    pub(crate) from: Option<Correspondent>,
    pub(crate) reply_to: Option<Correspondent>,
    pub(crate) to: Vec<Correspondent>,
    pub(crate) cc: Vec<Correspondent>,
    /// Where the server says it was delivered, most reliable first.
    pub(crate) delivered_to: Vec<String>,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    pub(crate) text_cut: bool,
    pub(crate) formatted: bool,
    pub(crate) remote_images: u32,
    pub(crate) files: Vec<FilePart>,
    pub(crate) files_left_out: usize,
}

pub(crate) fn message(raw: &[u8]) -> Option<Message<'_>> {
    MessageParser::default().parse(raw)
}

/// Only the head, for mails whose rest is not read.
pub(crate) fn head(raw: &[u8]) -> Parsed {
    let end = limits::header_end(raw).unwrap_or(raw.len()).min(256 << 10);
    let parsed = MessageParser::default().parse_headers(&raw[..end]);
    parsed.map_or_else(|| Parsed { message_id: synthetic_id(raw), ..Parsed::default() }, |message| heads(&message, raw))
}

/// Reads a mail whose size and shape were judged before.
pub(crate) fn read(message: &Message<'_>, raw: &[u8]) -> Parsed {
    let mut parsed = heads(message, raw);
    let (text, cut) = text(message);
    parsed.text = text;
    parsed.text_cut = cut;
    let laid_out = laid_out(message);
    parsed.formatted = laid_out.is_some();
    parsed.remote_images = laid_out.map_or(0, |html| html::remote_images(&html));
    (parsed.files, parsed.files_left_out) = files(message);
    parsed
}

/// How deep its parts lie in each other, and how many there are.
pub(crate) fn shape(message: &Message<'_>) -> (usize, usize) {
    let mut depth = vec![0usize; message.parts.len()];
    let mut deepest = 0;
    for (at, part) in message.parts.iter().enumerate() {
        if let PartType::Multipart(children) = &part.body {
            for child in children {
                if let Some(slot) = depth.get_mut(*child as usize) {
                    *slot = depth_of(&message.parts, at).min(limits::DEPTH) + 1;
                    deepest = deepest.max(*slot);
                }
            }
        }
    }
    let (mut inner_depth, mut count) = (0, message.parts.len());
    for part in &message.parts {
        if let PartType::Message(inner) = &part.body {
            let (depth, parts) = if count <= limits::PARTS && inner_depth <= limits::DEPTH { shape(inner) } else { (0, 0) };
            inner_depth = inner_depth.max(depth + 1);
            count += parts;
        }
    }
    (deepest + inner_depth, count)
}

fn depth_of(parts: &[MessagePart<'_>], mut at: usize) -> usize {
    let mut depth = 0;
    while depth <= limits::DEPTH {
        let parent = parts.iter().position(|part| matches!(&part.body, PartType::Multipart(children) if children.contains(&(at as u32))));
        match parent {
            Some(parent) if parent != at => {
                at = parent;
                depth += 1;
            }
            _ => break,
        }
    }
    depth
}

fn heads(message: &Message<'_>, raw: &[u8]) -> Parsed {
    let mut ancestors: Vec<String> = ids(message.in_reply_to());
    ancestors.extend(ids(message.references()).into_iter().rev());
    ancestors.dedup();
    ancestors.truncate(IDS);
    let delivered_to = ["Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To"]
        .iter()
        .flat_map(|name| values(message, name))
        .filter_map(|value| address::parse(&value))
        .map(|it| it.address)
        .take(IDS)
        .collect();
    Parsed {
        message_id: own_id(message).unwrap_or_else(|| synthetic_id(raw)),
        ancestors,
        from: first(message.from()).or_else(|| first(message.sender())),
        reply_to: first(message.reply_to()),
        to: all(message.to()),
        cc: all(message.cc()),
        delivered_to,
        subject: message.subject().map(one_line).filter(|subject| !subject.is_empty()),
        ..Parsed::default()
    }
}

/// The mail's own name. What is no name by any rule is taken as it stands, so that two of them are not taken for one.
fn own_id(message: &Message<'_>) -> Option<String> {
    let usual = message.message_id().map(clean_id).filter(|id| id.contains('@') && !id.contains(['<', '>', '"', '(', '=']));
    usual.or_else(|| message.header_raw("Message-ID").map(clean_id)).filter(|id| !id.is_empty())
}

/// A name for a mail without one, so that it is recognised when it is shown again.
pub(crate) fn synthetic_id(raw: &[u8]) -> String {
    named_by(&address::hexadecimal(&Sha256::digest(raw)))
}

/// The name of a mail with this SHA-256.
pub(crate) fn named_by(sha256: &str) -> String {
    format!("{sha256}@local")
}

/// An id as it is compared: without brackets, white space and whatever else does not belong there.
pub(crate) fn clean_id(id: &str) -> String {
    id.trim().trim_matches(['<', '>']).chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(500).collect()
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let found: Vec<String> = match value {
        HeaderValue::Text(text) => vec![clean_id(text)],
        HeaderValue::TextList(list) => list.iter().map(|id| clean_id(id)).collect(),
        _ => Vec::new(),
    };
    found.into_iter().filter(|id| !id.is_empty()).collect()
}

fn correspondent(addr: &mail_parser::Addr<'_>) -> Option<Correspondent> {
    let mut found = address::parse(addr.address()?)?;
    found.name = addr.name().map(one_line).filter(|name| !name.is_empty() && *name != found.address);
    Some(found)
}

fn first(addresses: Option<&Address<'_>>) -> Option<Correspondent> {
    addresses.into_iter().flat_map(|list| list.iter()).find_map(correspondent)
}

fn all(addresses: Option<&Address<'_>>) -> Vec<Correspondent> {
    addresses.into_iter().flat_map(|list| list.iter()).take(ADDRESSES).filter_map(correspondent).collect()
}

/// One line of a length that lists can show.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(common::LINE_CHARACTERS).collect()
}

/// The text of a mail; of a mail that is only laid out, the text in it. True when there was more.
fn text(message: &Message<'_>) -> (String, bool) {
    let mut text = String::new();
    for position in 0..message.text_body_count().min(limits::PARTS) {
        let Some(piece) = message.body_text(position) else { continue };
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let room = TEXT_BYTES.saturating_sub(text.len());
        if piece.len() > room {
            let mut end = room;
            while !piece.is_char_boundary(end) {
                end -= 1;
            }
            text.push_str(&piece[..end]);
            return (tidy(&text), true);
        }
        text.push_str(&piece);
    }
    (tidy(&text), false)
}

/// Line ends of one kind, nothing that cannot be seen.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect::<String>().trim_end().to_owned()
}

/// The laid-out text, if the mail has one.
pub(crate) fn laid_out(message: &Message<'_>) -> Option<String> {
    let mut html = String::new();
    for part in message.html_bodies() {
        if let PartType::Html(text) = &part.body {
            html.push_str(text);
        }
        if html.len() > html::MOST_BYTES {
            return None;
        }
    }
    (!html.is_empty()).then_some(html)
}

fn files(message: &Message<'_>) -> (Vec<FilePart>, usize) {
    let (mut files, mut left_out) = (Vec::new(), 0);
    for part in message.attachments() {
        let bytes: Bytes = match &part.body {
            PartType::Message(inner) => Bytes::copy_from_slice(inner.raw_message()),
            PartType::Multipart(_) => continue,
            _ => Bytes::copy_from_slice(part.contents()),
        };
        if bytes.is_empty() {
            continue;
        }
        if files.len() >= common::ATTACHMENTS || bytes.len() > common::UPLOAD_BYTES {
            left_out += 1;
            continue;
        }
        let content_id = part.content_id().map(clean_id).filter(|id| !id.is_empty());
        files.push(FilePart { name: name_of(part), bytes, content_id });
    }
    (files, left_out)
}

fn name_of(part: &MessagePart<'_>) -> String {
    let given = part.attachment_name().map(one_line).filter(|name| !name.is_empty());
    given.unwrap_or_else(|| {
        let kind = part.content_type().map(|it| (it.ctype().to_owned(), it.subtype().unwrap_or_default().to_owned())).unwrap_or_default();
        match (kind.0.as_str(), kind.1.as_str()) {
            ("text", "calendar") => "invite.ics".to_owned(),
            ("message", _) => "message.eml".to_owned(),
            ("image", subtype @ ("png" | "jpeg" | "gif" | "webp")) => format!("image.{subtype}"),
            ("text", _) => "text.txt".to_owned(),
            _ => "file.bin".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(raw: &str) -> Parsed {
        read(&message(raw.as_bytes()).unwrap(), raw.as_bytes())
    }

    #[test]
    fn heads_and_charsets() {
        let raw = "From: =?iso-8859-1?Q?P=E4ivi_M=E4ki?= <paivi@example.fi>\r\nTo: Tuki <tuki@kauppa.fi>, \"Toinen, Yksi\" <toinen@example.fi>\r\n\
                   Delivered-To: tuki+c-abc@kauppa.fi\r\nSubject: =?utf-8?B?VGlsYXVzIOKCrA==?=\r\n jatkuu\r\nMessage-ID: <a b@example.fi>\r\nIn-Reply-To: <2@x>\r\n\
                   References: <1@x>\r\n <2@x>\r\nContent-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHinta 5 =80, =E4=E4\r\n";
        let parsed = read_text(raw);
        assert_eq!(parsed.from.unwrap(), Correspondent { address: "paivi@example.fi".to_owned(), name: Some("Päivi Mäki".to_owned()) });
        assert_eq!(parsed.to.len(), 2);
        assert_eq!(parsed.to[1].name.as_deref(), Some("Toinen, Yksi"));
        assert_eq!(parsed.subject.as_deref(), Some("Tilaus € jatkuu"));
        assert_eq!(parsed.ancestors, ["2@x", "1@x"]);
        assert_eq!(parsed.delivered_to, ["tuki+c-abc@kauppa.fi"]);
        assert_eq!(parsed.text, "Hinta 5 €, ää");
    }

    #[test]
    fn mails_without_a_name_get_one_from_their_bytes() {
        let (first, second) = (read_text("From: a@b.fi\r\n\r\nHei"), read_text("From: a@b.fi\r\n\r\nHei!"));
        assert!(first.message_id.ends_with("@local") && first.message_id != second.message_id);
        assert_eq!(first.message_id, read_text("From: a@b.fi\r\n\r\nHei").message_id);
    }

    #[test]
    fn files_pictures_and_invitations() {
        let raw = "From: a@b.fi\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
                   --a\r\nContent-Type: text/plain\r\n\r\nKatso kuva\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>Katso <img src=\"cid:k1\"> <img src=\"https://x.example/p.png\"></p>\r\n--a--\r\n\
                   --m\r\nContent-Type: image/png; name=\"../../k.png\"\r\nContent-ID: <k1>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n\
                   --m\r\nContent-Type: text/calendar; method=REQUEST\r\nContent-Disposition: attachment\r\n\r\nBEGIN:VCALENDAR\r\n--m--\r\n";
        let parsed = read_text(raw);
        assert_eq!((parsed.text.as_str(), parsed.formatted, parsed.remote_images), ("Katso kuva", true, 1));
        assert_eq!(parsed.files.iter().map(|file| file.content_id.as_deref()).collect::<Vec<_>>(), [Some("k1"), None]);
        assert_eq!(parsed.files[1].name, "invite.ics");
        assert_eq!(shape(&message(raw.as_bytes()).unwrap()).1, 6);
    }
}
