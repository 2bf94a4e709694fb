//! How a file goes back to a browser: as a download, or as a picture that can do nothing.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{Held, sniff::SAFE_PICTURES};

/// Pictures with more pixels are downloaded instead of shown: decoding them would hang the page.
const SHOWN_PIXELS: i64 = 50_000_000;
const NAME_CHARACTERS: usize = 120;

/// The response with the file's bytes.
#[must_use]
pub fn respond(held: &Held, bytes: Bytes) -> Response {
    let shown = SAFE_PICTURES.contains(&held.media_type.as_str()) && held.pixels.is_some_and(|pixels| pixels <= SHOWN_PIXELS);
    let disposition = disposition(if shown { "inline" } else { "attachment" }, &held.name);
    let fixed = |text: &'static str| HeaderValue::from_static(text);
    let header_of = |text: &str| HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    (
        [
            (header::CONTENT_TYPE, header_of(&held.media_type)),
            (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).unwrap_or_else(|_| fixed("attachment"))),
            (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
            (header::CONTENT_SECURITY_POLICY, fixed("sandbox; default-src 'none'")),
            (header::HeaderName::from_static("cross-origin-resource-policy"), fixed("same-site")),
            // The bytes of an id never change; who may read them can.
            (header::CACHE_CONTROL, fixed("private, max-age=3600, immutable")),
        ],
        bytes,
    )
        .into_response()
}

/// `Content-Disposition` with an ASCII name for old programs and the full name beside it (RFC 6266, RFC 8187).
fn disposition(kind: &str, name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' }).collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", percent_encoded(name))
}

/// Everything but unreserved characters as `%XX` of its UTF-8.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A file's name without folders, control characters and characters that turn the direction of writing; the end is kept.
pub(super) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{200b}');
    let clean: Vec<char> = last.chars().filter(|c| !c.is_control() && !turns(*c) && !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')).collect();
    let kept: String = clean[clean.len().saturating_sub(NAME_CHARACTERS)..].iter().collect();
    let kept = kept.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if kept.is_empty() { "file".to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_misleads() {
        for (name, safe) in [
            ("kuitti.pdf", "kuitti.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Temp\\lasku.pdf", "lasku.pdf"),
            ("kuva\u{202e}gpj.exe", "kuvagpj.exe"),
            ("a\r\nSet-Cookie: x=1", "aSet-Cookie x=1"),
            ("...", "file"),
            ("", "file"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
        assert_eq!(safe_name(&"ä".repeat(500)).chars().count(), NAME_CHARACTERS);
    }

    #[test]
    fn dispositions_are_one_header_whatever_the_name() {
        assert_eq!(disposition("attachment", "päivä 1\".pdf"), "attachment; filename=\"p_iv_ 1_.pdf\"; filename*=UTF-8''p%C3%A4iv%C3%A4%201%22.pdf");
    }
}
