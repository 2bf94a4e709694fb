//! The files that put the widget on a page: the loader, the panel's page, and what that loads.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App, Path, RateLimit, Route, embedded, get};
use ennakoi_inbox::channels;
use ennakoi_kernel::{Problem, access::Access};
use rust_embed::RustEmbed;
use uuid::Uuid;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/widget/dist"]
#[allow_missing = true]
struct Widget;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/w/v1/ennakoi.js", "read_widget_loader", Access::Public, read_widget_loader).rate(RateLimit::Pages),
        get("/w/v1/panel/{public_key}", "read_widget_panel", Access::Public, read_widget_panel).rate(RateLimit::Pages),
        get("/w/v1/assets/{*file}", "read_widget_asset", Access::Public, read_widget_asset).rate(RateLimit::Pages),
    ]
}

async fn read_widget_loader(headers: HeaderMap) -> Response {
    file("ennakoi.js", &headers)
}

async fn read_widget_asset(Path(file_name): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{file_name}"), &headers)
}

fn file(path: &str, headers: &HeaderMap) -> Response {
    match Widget::get(path) {
        Some(found) => shared(embedded::answer(path, found, headers, Widget::get)),
        None => (StatusCode::NOT_FOUND, "Not found\n").into_response(),
    }
}

/// The host page is another site; it may load these.
fn shared(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The panel's page, framed by the company's own sites only.
async fn read_widget_panel(State(app): State<App>, Path(public_key): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = app.db.read().await?;
    let channel = channels::by_public_key(&mut tx, public_key).await?.filter(|channel| channel.enabled).ok_or_else(|| Problem::not_found("this chat"))?;
    drop(tx);
    let page = Widget::get("panel.html").ok_or_else(|| Problem::not_found("the widget, which was not built into this program,"))?;
    let origins: Vec<&str> = channel.settings.origins.iter().map(String::as_str).filter(|origin| origin_is_clean(origin)).collect();
    let ancestors = if origins.is_empty() { "*".to_owned() } else { format!("'self' {}", origins.join(" ")) };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; \
         connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    );
    let mut response = page.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(|_| Problem::internal())?);
    Ok(response)
}

/// Settings are checked when they are stored; this keeps a header a header whatever was stored.
fn origin_is_clean(origin: &str) -> bool {
    origin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_[]*".contains(&byte))
}
