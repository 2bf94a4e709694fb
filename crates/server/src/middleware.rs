//! What happens to every request: a security frame around the answer, a number for the log, a measurement.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use ennakoi_http::App;
use ennakoi_kernel::SPANS;
use tracing::{Instrument, field::Empty};

use crate::telemetry;

/// For answers that set no policy of their own (API, files): nothing may run, nothing may frame them.
const STRICT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The widget's API is called from the company's own sites, with a token in a header and never with a cookie, so any origin may
/// read the answers; which sites a chat is for is checked by its handlers.
const SHARED_WITH_SITES: &str = "/widget/";

/// Answers a browser's question whether another site may call the widget's API.
fn preflight() -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = axum::http::StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// A caller can invent methods without end; each would be a metric of its own.
fn known(method: &Method) -> Method {
    const KNOWN: [Method; 7] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
    if KNOWN.contains(method) { method.clone() } else { Method::from_bytes(b"OTHER").expect("a word is a method") }
}

/// Adds headers that every answer carries, and measures it.
pub async fn frame(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let shared = request.uri().path().starts_with(SHARED_WITH_SITES);
    let number = app.environment.token(8);
    let span = tracing::info_span!(
        target: SPANS, "request", request = number, %method, path,
        otel.name = Empty, otel.kind = Empty, otel.status_code = Empty,
        http.request.method = Empty, http.route = Empty, http.response.status_code = Empty,
    );
    let traced = !app.configuration.telemetry.otlp_endpoint.is_empty();
    if traced {
        telemetry::describe_request(&span, &method, &path, request.headers(), app.configuration.server.behind_proxy);
    }
    let answer = async { if shared && method == Method::OPTIONS { preflight() } else { next.run(request).await } };
    let mut response = answer.instrument(span.clone()).await;
    let status = response.status();
    if traced {
        telemetry::describe_answer(&span, status);
    }
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    default(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    default(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    default(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(STRICT_POLICY));
    default(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    if shared {
        default(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        default(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    }
    if app.public_url().starts_with("https://") {
        default(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(value) = HeaderValue::from_str(&number) {
        default(HeaderName::from_static("x-request-id"), value);
    }
    let elapsed = started.elapsed();
    let _entered = span.enter();
    metrics::counter!("ennakoi_requests_total", "method" => method.to_string(), "path" => path.clone(), "status" => status.as_str().to_owned()).increment(1);
    metrics::histogram!("ennakoi_request_seconds", "path" => path.clone()).record(elapsed.as_secs_f64());
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), "answered with a fault");
    } else {
        tracing::debug!(status = status.as_u16(), elapsed_us = elapsed.as_micros() as u64, "answered");
    }
    response
}
