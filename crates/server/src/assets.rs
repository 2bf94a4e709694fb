//! The web app, embedded in the binary and compressed when it was built.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use ennakoi_http::embedded::answer;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/console/build"]
#[allow_missing = true]
struct Console;

/// The console may run its own scripts only. Styles are set by Svelte's transitions at run time.
const CONSOLE_POLICY: &str = "default-src 'self'; script-src 'self' SCRIPTS; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     media-src 'self' blob:; connect-src 'self' ws: wss:; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `GET /`: staff come here first.
pub async fn root() -> Redirect {
    Redirect::temporary("/app/")
}

/// `GET /app/…`: a file of the console, or its start page for addresses that the console itself understands.
pub async fn console(path: Option<Path<String>>, headers: HeaderMap) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    match Console::get(&path).filter(|_| !path.is_empty() && !path.ends_with(".br") && !path.ends_with(".gz")) {
        Some(file) => answer(&path, file, &headers, Console::get),
        None if path.contains('.') => StatusCode::NOT_FOUND.into_response(),
        None => start_page(),
    }
}

fn start_page() -> Response {
    let Some(file) = Console::get("index.html") else {
        return (StatusCode::SERVICE_UNAVAILABLE, "The console was not built into this program: run `make web` first.\n").into_response();
    };
    let policy = CONSOLE_POLICY.replace("SCRIPTS", &script_hashes(&file.data));
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// The start page's own inline scripts, allowed by their hashes.
fn script_hashes(page: &[u8]) -> String {
    use std::sync::OnceLock;
    static HASHES: OnceLock<String> = OnceLock::new();
    HASHES
        .get_or_init(|| {
            let page = String::from_utf8_lossy(page);
            page.split("<script")
                .skip(1)
                .filter_map(|rest| rest.split_once('>'))
                .filter(|(attributes, _)| !attributes.contains("src="))
                .filter_map(|(_, rest)| rest.split_once("</script>"))
                .map(|(script, _)| format!("'sha256-{}'", sha256_base64(script.as_bytes())))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .clone()
}

fn sha256_base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    STANDARD.encode(Sha256::digest(bytes))
}

/// What is not there.
pub async fn missing(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") || uri.path().starts_with("/widget/") {
        return ennakoi_http::ApiError(ennakoi_kernel::Problem::not_found("this address")).into_response();
    }
    (StatusCode::NOT_FOUND, "Not found\n").into_response()
}
