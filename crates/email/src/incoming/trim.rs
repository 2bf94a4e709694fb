//! Large mails without what nobody reads of them: a text longer than is ever shown, a file larger than is ever attached. The mail as it
//! came is on disk by then; this keeps the parser, which copies what it decodes, from doubling what a stranger sent.
//!
//! It fails safe: where it does not understand how a mail is divided, nothing more is left out.

use std::collections::HashSet;

use ennakoi_kernel::limits as common;

/// Mails up to here are read as they are.
pub(crate) const LARGE: usize = 4 << 20;
/// More than is looked at of a text, however it is laid out.
const TEXT: usize = 3 << 20;
/// Letters of base64, of more than a file may have: what remains is still recognised as too large.
const FILE: usize = common::UPLOAD_BYTES / 3 * 4 + (1 << 20);
/// Of a header field; what is longer is not understood.
const FIELD: usize = 8 << 10;

/// What becomes of a part's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Bytes of a text that may still come.
    Text(usize),
    /// Letters of a file in base64 that may still come.
    File(usize),
    All,
}

/// What a part's header says.
#[derive(Default)]
struct Head {
    field: Vec<u8>,
    is_file: bool,
    is_base64: bool,
    is_divided: bool,
    /// A mail in the mail, or something not understood.
    is_whole: bool,
}

/// Shortens the bodies in place, and tells whether a text was shortened. Linear in the mail's length.
pub(crate) fn trim(mail: &mut Vec<u8>) -> bool {
    let mut boundaries: HashSet<Vec<u8>> = HashSet::new();
    let (mut head, mut room) = (Some(Head::default()), Room::All);
    let (mut from, mut to, mut shortened) = (0, 0, false);
    while from < mail.len() {
        let length = mail[from..].iter().position(|byte| *byte == b'\n').map_or(mail.len() - from, |end| end + 1);
        let line = &mail[from..from + length];
        let mut kept = length;
        if is_boundary(line, &boundaries) {
            head = Some(Head::default());
        } else if let Some(mut open) = head.take() {
            let folded = matches!(line[0], b' ' | b'\t');
            if !folded {
                open.end_field(&mut boundaries);
            }
            if line.trim_ascii().is_empty() && !folded {
                room = open.room();
                // How the rest is divided is not known: it stays as it is.
                if open.is_divided && open.is_whole {
                    boundaries.clear();
                }
            } else {
                open.field.extend_from_slice(&line[..length.min(FIELD)]);
                open.is_whole |= open.field.len() > FIELD;
                head = Some(open);
            }
        } else {
            kept = room.take(line);
            if kept < length && matches!(room, Room::Text(_)) {
                shortened = true;
                mail[from..from + kept].iter_mut().rev().zip(b"\n\r").for_each(|(byte, end)| *byte = *end);
            }
        }
        mail.copy_within(from..from + kept, to);
        to += kept;
        from += length;
    }
    mail.truncate(to);
    shortened
}

impl Room {
    /// Bytes of a line that stay.
    fn take(&mut self, line: &[u8]) -> usize {
        match self {
            Self::All => line.len(),
            Self::Text(room) => {
                let kept = line.len().min(*room);
                *room = if kept < line.len() { 0 } else { *room - kept };
                kept
            }
            Self::File(0) => 0,
            Self::File(room) => {
                *room = room.saturating_sub(line.iter().filter(|byte| !byte.is_ascii_whitespace()).count());
                line.len()
            }
        }
    }
}

impl Head {
    fn end_field(&mut self, boundaries: &mut HashSet<Vec<u8>>) {
        let field = String::from_utf8_lossy(&std::mem::take(&mut self.field)).replace(['\r', '\n'], "");
        let lower = field.to_ascii_lowercase();
        if let Some(kind) = lower.strip_prefix("content-type:").map(str::trim_start) {
            let is_text = kind.starts_with("text/plain") || kind.starts_with("text/html");
            self.is_divided |= kind.starts_with("multipart/");
            self.is_whole |= kind.starts_with("message/");
            self.is_file |= !is_text && !kind.starts_with("multipart/");
            self.is_file |= kind.contains("name");
            if self.is_divided {
                match boundary_in(&field, &lower) {
                    Some(boundary) => _ = boundaries.insert(boundary),
                    None => self.is_whole = true,
                }
            }
        } else if let Some(disposition) = lower.strip_prefix("content-disposition:") {
            self.is_file |= disposition.contains("attachment") || disposition.contains("name");
        } else if let Some(encoding) = lower.strip_prefix("content-transfer-encoding:") {
            self.is_base64 |= encoding.trim().starts_with("base64");
        }
    }

    const fn room(&self) -> Room {
        match self {
            Self { is_whole: true, .. } => Room::All,
            Self { is_file: false, .. } => Room::Text(TEXT),
            Self { is_base64: true, .. } => Room::File(FILE),
            // Other ways of writing a file may take three times its bytes: no mail is that large.
            Self { .. } => Room::All,
        }
    }
}

fn is_boundary(line: &[u8], boundaries: &HashSet<Vec<u8>>) -> bool {
    let Some(name) = line.strip_prefix(b"--").filter(|name| name.len() < 200).map(<[u8]>::trim_ascii) else { return false };
    boundaries.contains(name) || name.strip_suffix(b"--").is_some_and(|name| boundaries.contains(name))
}

/// The boundary of a field that names it once and in the usual way; of any other one, nothing.
fn boundary_in(field: &str, lower: &str) -> Option<Vec<u8>> {
    let mut places = lower.match_indices("boundary");
    let (at, word) = places.next()?;
    if places.next().is_some() {
        return None;
    }
    let value = field.get(at + word.len()..)?.trim_start().strip_prefix('=')?.trim_start();
    let name = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => value.split(|sign: char| sign.is_whitespace() || sign == ';').next()?,
    };
    let usual = !name.is_empty() && name.len() <= 100 && name.trim() == name && !name.contains(['\\', '"']) && name.is_ascii();
    usual.then(|| name.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trimmed(mail: &str) -> (String, bool) {
        let mut mail = mail.as_bytes().to_vec();
        let shortened = trim(&mut mail);
        (String::from_utf8(mail).unwrap(), shortened)
    }

    fn lines(bytes: usize) -> String {
        // Seven bytes a line: a cut falls into one.
        "rivi.\r\n".repeat(bytes / 7 + 1)
    }

    const NEXT: &str = "--r\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n";

    #[test]
    fn what_is_of_a_usual_length_stays_as_it_is() {
        for mail in [
            "",
            "\n",
            "From: a@b.fi",
            "From: a@b.fi\r\n\r\nHei\r\n",
            "Content-Type: multipart/mixed;\r\n boundary=\"r 1\"\r\n\r\n--r 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nHei\r\n--r 1--\r\nloppu",
        ] {
            assert_eq!(trimmed(mail), (mail.to_owned(), false));
        }
    }

    #[test]
    fn long_texts_are_cut_and_what_follows_them_is_not() {
        for head in ["boundary=r", "\r\n\tboundary=\"r\"; charset=x", "\r\n boundary=\r\n r"] {
            for kind in ["Content-Type: text/plain\r\n", "Content-type: TEXT/HTML; charset=utf-8\r\n", ""] {
                let head = format!("Content-Type: multipart/mixed; {head}\r\n\r\n--r\r\n{kind}\r\n");
                let (cut, shortened) = trimmed(&format!("{head}{}{NEXT}", lines(TEXT + 9)));
                assert!(shortened && cut.len() < TEXT + 1_000 && cut.starts_with(&head) && cut.ends_with(&format!("\r\n{NEXT}")));
                let message = super::super::parse::message(cut.as_bytes()).unwrap();
                assert_eq!(message.attachment_count(), 1);
            }
        }
        assert!(trimmed(&format!("From: a@b.fi\r\n\r\n{}", "x".repeat(TEXT + 9))).1);
    }

    #[test]
    fn files_and_what_is_not_understood_stay_whole() {
        let text = lines(TEXT + 9);
        for kind in [
            "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=loki.txt",
            "Content-Type: text/plain; name=loki.txt",
            "Content-Type: text/csv",
            "Content-Type: message/rfc822\r\n\r\nSubject: x",
            "Content-Type: application/x-log\r\nContent-Transfer-Encoding: quoted-printable",
        ] {
            let mail = format!("Content-Type: multipart/mixed; boundary=r\r\n\r\n--r\r\n{kind}\r\n\r\n{text}{NEXT}");
            assert!(trimmed(&mail) == (mail, false), "{kind}");
        }
        for head in ["boundary*0=r", "boundary*=utf-8''r", "x=boundary; boundary=r", "boundary=\"r\\\"\"", "boundary"] {
            let mail = format!("Content-Type: multipart/mixed; {head}\r\n\r\n--r\r\n\r\n{text}{NEXT}");
            assert!(trimmed(&mail) == (mail, false), "{head}");
        }
    }

    #[test]
    fn of_a_file_that_is_too_large_more_stays_than_a_file_may_have() {
        let head = "Content-Type: multipart/mixed; boundary=r\r\n\r\n--r\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        let (cut, shortened) = trimmed(&format!("{head}{}{NEXT}", format!("{}\r\n", "QUJD".repeat(19)).repeat(FILE / 76 + 1_000)));
        assert!(!shortened && cut.ends_with(NEXT) && cut.len() < FILE / 76 * 78 + 1_000);
        let message = super::super::parse::message(cut.as_bytes()).unwrap();
        assert!(message.attachment(0).unwrap().contents().len() > common::UPLOAD_BYTES);
    }
}
