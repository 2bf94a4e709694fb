//! Files embedded in the binary, compressed when they were built.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use rust_embed::EmbeddedFile;

/// Answers with a file, in the best encoding that the browser takes and that lies beside it.
pub fn answer(path: &str, file: EmbeddedFile, request: &HeaderMap, get: impl Fn(&str) -> Option<EmbeddedFile>) -> Response {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoded = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(name, _)| accepted.split(',').any(|entry| entry.trim().split(';').next() == Some(name)))
        .find_map(|(name, suffix)| get(&format!("{path}{suffix}")).map(|file| (name, file)));
    let (encoding, file) = encoded.map_or((None, file), |(name, file)| (Some(name), file));
    let mut response = match file.data {
        std::borrow::Cow::Borrowed(bytes) => bytes.into_response(),
        std::borrow::Cow::Owned(bytes) => bytes.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let lasting = path.contains("/immutable/") || path.contains("assets/");
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(if lasting { "public, max-age=31536000, immutable" } else { "public, max-age=300" }));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// The media type of a file of ours, by its ending.
#[must_use]
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
