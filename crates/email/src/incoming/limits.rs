//! What a mail may be before anything reads it: a stranger decides its size and shape, and a parser should never see a mail made to
//! be expensive.

/// Bytes of a whole mail.
pub(crate) const MAIL_BYTES: usize = 40 << 20;
const HEADER_BYTES: usize = 256 << 10;
/// Parts of a mail, and how deep they may lie in each other.
pub(crate) const PARTS: usize = 200;
pub(crate) const DEPTH: usize = 20;

/// Why a mail is not read. It is kept as it came, and only its head is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    Bytes,
    Header,
    Parts,
}

/// Judges a mail by counting, without parsing it: boundaries that are named, lines that begin with one, mails within mails.
pub(crate) fn check(raw: &[u8]) -> Result<(), Excess> {
    if raw.len() > MAIL_BYTES {
        return Err(Excess::Bytes);
    }
    if header_end(raw).unwrap_or(raw.len()) > HEADER_BYTES {
        return Err(Excess::Header);
    }
    let (mut named, mut begun, mut nested) = (0usize, 0usize, 0usize);
    for line in raw.split(|byte| *byte == b'\n') {
        // A boundary is at most 70 characters, and a closing one ends with two more hyphens.
        if line.starts_with(b"--") && line.len() <= 80 && line.len() > 3 && line.get(2) != Some(&b' ') {
            begun += 1;
        }
        // Only lines of a usual length can be headers; the search stays linear.
        if line.len() < 2_000 {
            let header = line.first().is_some_and(|first| matches!(first, b' ' | b'\t'))
                || line.get(..12).is_some_and(|start| start.eq_ignore_ascii_case(b"content-type"));
            if header {
                named += count(line, b"boundary");
                nested += [b"message/rfc822".as_slice(), b"message/global", b"multipart/digest"].iter().map(|kind| count(line, kind)).sum::<usize>();
            }
        }
        if named > PARTS || nested > DEPTH * 2 || begun > PARTS * 20 {
            return Err(Excess::Parts);
        }
    }
    // Lines that look like boundaries are usual in letters (rulers, signatures); many are dangerous only when boundaries are named.
    if named > 0 && begun > PARTS * 4 { Err(Excess::Parts) } else { Ok(()) }
}

/// Where the header block ends.
pub(crate) fn header_end(raw: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line == b"\n" || line == b"\r\n" {
            return Some(at);
        }
        at += line.len();
        if at > HEADER_BYTES * 2 {
            return None;
        }
    }
    None
}

fn count(line: &[u8], word: &[u8]) -> usize {
    line.windows(word.len()).filter(|window| window.eq_ignore_ascii_case(word)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_mails_pass_and_bombs_do_not() {
        let usual =
            b"From: a@b.fi\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHei\r\n-- \r\nLiisa\r\n-----Original Message-----\r\n--x--\r\n";
        assert_eq!(check(usual), Ok(()));
        let links = [b"From: a@b.fi\r\n\r\n".to_vec(), b"https://x.example/message/1?boundary=2\r\n".repeat(500)].concat();
        assert_eq!(check(&links), Ok(()));
        let nested: Vec<u8> = (0..300).flat_map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n").into_bytes()).collect();
        assert_eq!(check(&nested), Err(Excess::Parts));
        let many = [b"Content-Type: multipart/mixed; boundary=x\r\n\r\n".to_vec(), b"--x\r\n\r\na\r\n".repeat(5_000)].concat();
        assert_eq!(check(&many), Err(Excess::Parts));
        let forwarded = b"Content-Type: message/rfc822\r\n\r\n".repeat(60);
        assert_eq!(check(&forwarded), Err(Excess::Parts));
        assert_eq!(check(&vec![b'a'; MAIL_BYTES + 1]), Err(Excess::Bytes));
        assert_eq!(check(&[b"X: ".to_vec(), vec![b'a'; HEADER_BYTES + 1]].concat()), Err(Excess::Header));
    }
}
