//! Large mails without what nobody reads of them: a text longer than is ever shown, a file larger than is ever attached. The mail as it
//! came is on disk by then; this keeps the parser, which copies what it decodes, from doubling what a stranger sent.

use std::collections::HashSet;

use ennakoi_kernel::limits as common;

/// Mails up to here are read as they are.
pub(crate) const LARGE: usize = 4 << 20;
/// More than is looked at of a text, however it is laid out.
const TEXT: usize = 3 << 20;
/// More than a file may have, in base64 with line ends: what remains is still recognised as too large.
const FILE: usize = common::UPLOAD_BYTES / 3 * 4 / 76 * 78 + (1 << 20);

/// What a part is, by its header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Text,
    File,
    /// A mail in the mail: its own header follows.
    Mail,
}

/// Shortens the bodies in place. Linear in the mail's length.
pub(crate) fn trim(mail: &mut Vec<u8>) {
    let mut boundaries: HashSet<Vec<u8>> = HashSet::new();
    let (mut in_header, mut in_kind, mut part, mut room) = (true, false, Part::Text, TEXT);
    let (mut from, mut to) = (0, 0);
    while from < mail.len() {
        let length = mail[from..].iter().position(|byte| *byte == b'\n').map_or(mail.len() - from, |end| end + 1);
        let line = &mail[from..from + length];
        let mut kept = length;
        if is_boundary(line, &boundaries) {
            (in_header, in_kind, part) = (true, false, Part::Text);
        } else if in_header && line.trim_ascii().is_empty() {
            // The header of a mail in the mail begins where this one's ends.
            in_header = part == Part::Mail;
            room = if part == Part::File { FILE } else { TEXT };
            part = Part::Text;
        } else if in_header {
            let folded = matches!(line[0], b' ' | b'\t');
            in_kind = if folded { in_kind } else { begins(line, b"content-type:") || begins(line, b"content-disposition:") };
            if in_kind {
                boundaries.extend(boundary_in(line));
                part = part_of(line, part);
            }
        } else {
            kept = length.min(room);
            room -= kept;
        }
        mail.copy_within(from..from + kept, to);
        to += kept;
        from += length;
    }
    mail.truncate(to);
}

fn is_boundary(line: &[u8], boundaries: &HashSet<Vec<u8>>) -> bool {
    let Some(name) = line.strip_prefix(b"--").filter(|name| name.len() < 200).map(<[u8]>::trim_ascii) else { return false };
    boundaries.contains(name) || name.strip_suffix(b"--").is_some_and(|name| boundaries.contains(name))
}

fn begins(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// What a line of `Content-Type` or `Content-Disposition` adds to what is known.
fn part_of(line: &[u8], known: Part) -> Part {
    let text = String::from_utf8_lossy(&line[..line.len().min(1_000)]).to_ascii_lowercase();
    let value = text.strip_prefix("content-type:").map(str::trim_start);
    if value.is_some_and(|value| value.starts_with("message/")) {
        return Part::Mail;
    }
    let typed = value.is_some_and(|value| !value.starts_with("text/") && !value.starts_with("multipart/"));
    let named = known == Part::Text && (text.contains("name=") || text.contains("name*") || text.contains("attachment"));
    if typed || named { Part::File } else { known }
}

fn boundary_in(line: &[u8]) -> Option<Vec<u8>> {
    let at = line.windows(8).take(1_000).position(|window| window.eq_ignore_ascii_case(b"boundary"))?;
    let value = line[at + 8..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let name = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next()?,
        None => value.split(|byte| byte.is_ascii_whitespace() || *byte == b';').next()?,
    };
    let name = name.trim_ascii();
    (!name.is_empty() && name.len() <= 100).then(|| name.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trimmed(mail: &str) -> String {
        let mut mail = mail.as_bytes().to_vec();
        trim(&mut mail);
        String::from_utf8(mail).unwrap()
    }

    #[test]
    fn what_is_of_a_usual_length_stays_as_it_is() {
        for mail in [
            "",
            "From: a@b.fi",
            "From: a@b.fi\r\n\r\nHei\r\n",
            "Content-Type: multipart/mixed;\r\n boundary=\"r 1\"\r\n\r\n--r 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nHei\r\n--r 1--\r\nloppu",
        ] {
            assert_eq!(trimmed(mail), mail);
        }
    }

    #[test]
    fn long_texts_and_files_are_cut_and_what_follows_them_is_not() {
        let head = "Content-Type: multipart/mixed; boundary=r\r\n\r\n--r\r\n";
        let text = "rivi\r\n".repeat(TEXT / 6 + 1_000);
        let next = "--r\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n";
        let cut = trimmed(&format!("{head}Content-Type: text/plain\r\n\r\n{text}{next}"));
        assert!(cut.len() < TEXT + 1_000 && cut.ends_with(next) && cut.starts_with(head));
        // Without a type a part is text; a named one is a file, and kept as long as a file may be.
        assert!(trimmed(&format!("{head}\r\n{text}{next}")).len() < TEXT + 1_000);
        let file = format!("{head}Content-Type: text/plain\r\nContent-Disposition: attachment; filename=loki.txt\r\n\r\n{text}{next}");
        assert_eq!(trimmed(&file), file);
        let large = format!("{head}Content-Type: application/zip\r\n\r\n{}{next}", "QUJD\r\n".repeat(FILE / 6 + 1_000));
        assert!(trimmed(&large).len() < FILE + 1_000 && trimmed(&large).ends_with(next));
    }

    #[test]
    fn a_line_that_only_looks_like_a_boundary_begins_nothing() {
        let text = format!("From: a@b.fi\r\n\r\n{}", format!("{}--viiva\r\n", "x".repeat(80)).repeat(TEXT / 40));
        assert!(trimmed(&text).len() <= TEXT + 100);
        let inner = format!(
            "Content-Type: multipart/mixed; boundary=r\r\n\r\n--r\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n{}",
            "rivi\r\n".repeat(TEXT / 6 + 500)
        );
        assert!(trimmed(&inner).len() < TEXT + 200);
    }
}
