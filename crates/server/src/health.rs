//! Liveness, readiness and metrics.

use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::App;
use ennakoi_store::{files, params};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers and nothing is stuck.
pub async fn ready(State(app): State<App>, meaning: axum::Extension<ennakoi_bot::Meaning>) -> Response {
    let looked = async {
        let mut tx = app.db.read().await?;
        let parked: i64 = tx.scalar("SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE parked LIMIT 1000) AS parked", params![]).await?;
        let set_aside: i64 = tx.scalar("SELECT COUNT(*) FROM (SELECT 1 FROM follower_failures LIMIT 1000) AS failures", params![]).await?;
        Ok::<_, ennakoi_store::Error>((parked, set_aside))
    };
    match looked.await {
        Ok((parked, set_aside)) => {
            let body = json!({ "ready": true, "parked_jobs": parked, "events_set_aside": set_aside, "meaning": meaning.state() });
            (StatusCode::OK, body.to_string()).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false, "reason": "database" }).to_string()).into_response()
        }
    }
}

/// `GET /metrics`: Prometheus text, for this machine or for whoever knows the token.
pub async fn metrics(
    State(app): State<App>,
    handle: axum::Extension<PrometheusHandle>,
    peer: ConnectInfo<std::net::SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let token = &app.configuration.telemetry.metrics_token;
    // Compared as hashes, so that the time it takes says nothing about the token.
    let digest = |text: &str| files::digest(text.as_bytes());
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let allowed = if token.is_empty() {
        peer.0.ip().is_loopback() && !headers.contains_key("x-forwarded-for")
    } else {
        given.is_some_and(|given| digest(given) == digest(token))
    };
    if !allowed {
        return StatusCode::NOT_FOUND.into_response();
    }
    observe_process(&app);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
fn observe_process(app: &App) {
    metrics::counter!("ennakoi_database_commits_total").absolute(app.db.commits());
    // Resident pages of this process; Linux only, absent elsewhere.
    if let Some(pages) = std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok())) {
        metrics::gauge!("process_resident_memory_bytes").set((pages * 4_096) as f64);
    }
}
