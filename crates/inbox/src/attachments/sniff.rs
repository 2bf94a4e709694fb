//! What a file is, by its first bytes.

/// The type of a file, and its size in pixels when it is a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sniffed {
    pub media_type: &'static str,
    pub width: Option<i64>,
    pub height: Option<i64>,
}

/// Signatures: offset, bytes, type.
const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftyp", "video/mp4"),
];

/// Pictures that browsers show without running anything in them.
pub const SAFE_PICTURES: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Bytes of a text that are looked at.
const TEXT_SAMPLE: usize = 4_096;

/// The type of the file. Markup (HTML, SVG, XML) is plain text here: it is never shown as what it claims to be.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Sniffed {
    let media_type = SIGNATURES
        .iter()
        .find(|(offset, signature, _)| bytes.get(*offset..).is_some_and(|rest| rest.starts_with(signature)))
        .filter(|(offset, _, _)| *offset != 8 || bytes.starts_with(b"RIFF"))
        .map_or_else(|| if is_text(bytes) { "text/plain" } else { "application/octet-stream" }, |(_, _, media_type)| media_type);
    let size = if SAFE_PICTURES.contains(&media_type) { imagesize::blob_size(bytes).ok() } else { None };
    let pixels = |side: usize| i64::try_from(side).ok();
    Sniffed { media_type, width: size.and_then(|size| pixels(size.width)), height: size.and_then(|size| pixels(size.height)) }
}

fn is_text(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(TEXT_SAMPLE)];
    let text = match std::str::from_utf8(sample) {
        Ok(text) => text,
        // The sample may end inside a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&sample[..error.valid_up_to()]).unwrap_or_default(),
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_come_from_content_and_sizes_from_headers() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";
        assert_eq!(sniff(png), Sniffed { media_type: "image/png", width: Some(640), height: Some(480) });
        let gif = b"GIF89a\x10\x00\x20\x00\x00\x00\x00";
        assert_eq!(sniff(gif), Sniffed { media_type: "image/gif", width: Some(16), height: Some(32) });
        for (bytes, media_type) in [
            (&b"%PDF-1.7 ..."[..], "application/pdf"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "text/plain"),
            (b"<!doctype html><script>alert(1)</script>", "text/plain"),
            (b"GIF90a", "text/plain"),
            (b"\0\x01\x02", "application/octet-stream"),
            (b"0000000WEBP", "text/plain"),
            ("äö".as_bytes(), "text/plain"),
        ] {
            assert_eq!(sniff(bytes).media_type, media_type, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn broken_files_are_looked_at_without_harm(head in prop_oneof![Just(&b"\x89PNG\r\n\x1a\n"[..]), Just(&b"\xff\xd8\xff"[..]), Just(&b"GIF89a"[..]), Just(&b"RIFF\0\0\0\0WEBPVP8 "[..])], tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = sniff(&[head, &tail].concat());
        }
    }
}
