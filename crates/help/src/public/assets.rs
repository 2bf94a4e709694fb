//! The style sheet and the small script of the public pages. Their names carry a hash of their content, so browsers keep them for
//! good and a new version is a new name.

use std::sync::LazyLock;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::Path;
use sha2::{Digest, Sha256};

use super::response::hex;

const CSS: &str = include_str!("assets/help.css");
const JS: &str = include_str!("assets/help.js");

static NAMES: LazyLock<[String; 2]> =
    LazyLock::new(|| [(CSS, "css"), (JS, "js")].map(|(text, ending)| format!("help-{}.{ending}", hex(&Sha256::digest(text)[..8]))));
static PATHS: LazyLock<[String; 2]> = LazyLock::new(|| NAMES.each_ref().map(|name| format!("/help/assets/{name}")));

pub(super) fn css_path() -> &'static str {
    &PATHS[0]
}

pub(super) fn js_path() -> &'static str {
    &PATHS[1]
}

/// `GET /help/assets/{file}`
pub(super) async fn read_help_asset(Path(file): Path<String>) -> Response {
    let found = [(CSS, "text/css; charset=utf-8"), (JS, "text/javascript; charset=utf-8")].into_iter().zip(NAMES.iter()).find(|(_, name)| **name == file);
    match found {
        Some(((text, media_type), _)) => {
            ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], text).into_response()
        }
        None => (StatusCode::NOT_FOUND, "Not found\n").into_response(),
    }
}
