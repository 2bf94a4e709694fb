//! Rendered pages and how they are answered: validators, caching, and what a page may do.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ennakoi_kernel::Timestamp;
use sha2::{Digest, Sha256};

/// How long an answer may be shown without asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The same for everybody, for a minute.
    Shared,
    /// Holds something of this reader's own, for a minute.
    Private,
    /// Never: it says what just happened.
    Never,
}

impl Keep {
    const fn header(self) -> &'static str {
        match self {
            Self::Shared => "public, max-age=60, stale-while-revalidate=60",
            Self::Private => "private, max-age=60",
            Self::Never => "no-store",
        }
    }
}

/// A rendered page, with a gap for the reader's own token in some.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    before: Bytes,
    /// What follows the token; `None` when the page has no gap.
    after: Option<Bytes>,
    etag: String,
    modified: Option<HeaderValue>,
    policy: Option<HeaderValue>,
    media_type: &'static str,
    keep: Keep,
}

impl Page {
    /// A page of HTML that may use the style sheet `style` in it.
    pub(super) fn html(status: StatusCode, html: String, style: &str, keep: Keep) -> Self {
        let mut page = Self::plain(html, "text/html; charset=utf-8", keep);
        page.status = status;
        page.policy = HeaderValue::from_str(&policy(style)).ok();
        page
    }

    /// Any other document.
    pub(super) fn plain(text: String, media_type: &'static str, keep: Keep) -> Self {
        let etag = hex(&Sha256::digest(text.as_bytes())[..12]);
        Self { status: StatusCode::OK, before: text.into(), after: None, etag, modified: None, policy: None, media_type, keep }
    }

    /// Opens a gap where `mark` stands, which is unguessable, so that no text of an article can stand for it.
    pub(super) fn with_gap(mut self, mark: &str) -> Self {
        let Some(at) = std::str::from_utf8(&self.before).ok().and_then(|text| text.find(mark)) else { return self };
        let after = self.before.slice(at + mark.len()..);
        self.before.truncate(at);
        self.etag = hex(&Sha256::new().chain_update(&self.before).chain_update(&after).finalize()[..12]);
        self.after = Some(after);
        self
    }

    pub(super) fn modified(mut self, at: Timestamp) -> Self {
        self.modified =
            jiff::Timestamp::from_second(at.seconds()).ok().and_then(|at| HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok());
        self
    }

    pub(super) fn has_gap(&self) -> bool {
        self.after.is_some()
    }

    pub(super) fn bytes(&self) -> usize {
        self.before.len() + self.after.as_ref().map_or(0, Bytes::len) + 256
    }

    /// The answer to a request with these headers. `token` fills the gap; `day` makes a page with a token outdated in time.
    pub(super) fn answer(&self, request: &HeaderMap, token: &str, day: i64) -> Response {
        let etag = if self.has_gap() { format!("W/\"{}-{day}\"", self.etag) } else { format!("\"{}\"", self.etag) };
        let fresh = self.status == StatusCode::OK && self.keep != Keep::Never && matches(request, &etag);
        let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { (self.status, self.body(token)).into_response() };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.keep.header()));
        if self.status == StatusCode::OK
            && self.keep != Keep::Never
            && let Ok(etag) = HeaderValue::from_str(&etag)
        {
            headers.insert(header::ETAG, etag);
        }
        if let Some(policy) = &self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        if let Some(modified) = &self.modified {
            headers.insert(header::LAST_MODIFIED, modified.clone());
        }
        response
    }

    fn body(&self, token: &str) -> Body {
        let Some(after) = &self.after else { return Body::from(self.before.clone()) };
        let mut whole = Vec::with_capacity(self.before.len() + token.len() + after.len());
        whole.extend_from_slice(&self.before);
        whole.extend_from_slice(token.as_bytes());
        whole.extend_from_slice(after);
        Body::from(whole)
    }
}

/// Only an entity tag is compared: a page also changes when others are taken back, which leaves no later time behind.
fn matches(request: &HeaderMap, etag: &str) -> bool {
    let bare = etag.trim_start_matches("W/");
    let given = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|entry| entry.trim().trim_start_matches("W/") == bare)
}

/// What a page may load: our own scripts and styles, the company's colours by their hash, pictures and films over HTTPS, and the
/// chat's own frame.
fn policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{hash}'; img-src 'self' https: data:; media-src https:; connect-src 'self'; \
         frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// To another page of ours that lives there from now on.
pub(super) fn moved(to: &str) -> Response {
    Redirect::permanent(to).into_response()
}

/// To the page that fits this reader now.
pub(super) fn elsewhere(to: &str) -> Response {
    let mut response = (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_filled_and_the_tag_does_not_depend_on_it() {
        let page = |mark: &str| Page::html(StatusCode::OK, format!("<a>{mark}</a>"), "", Keep::Private).with_gap(mark);
        assert_eq!(page("m1").etag, page("m2").etag);
        assert!(page("m1").has_gap());
        let mut request = HeaderMap::new();
        let tag = page("m1").answer(&request, "token", 7).headers()[header::ETAG].clone();
        request.insert(header::IF_NONE_MATCH, tag);
        assert_eq!(page("m2").answer(&request, "other", 7).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(page("m2").answer(&request, "other", 8).status(), StatusCode::OK);
    }
}
