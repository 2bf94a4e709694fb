//! `Idempotency-Key`: a repeated POST gets the first answer again instead of a second effect.
//!
//! The key is reserved before the handler runs and the answer stored after it. A reservation whose handler never finished
//! (the process died) can be taken again after a minute; what the handler had committed is then found by its own client key.
//! An answer that shows a secret is not stored: a repetition is told that the first request was carried out.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use ennakoi_kernel::{Duration, Problem};
use ennakoi_store::{files::digest, params};

use crate::{ApiError, App, route::Kept};

const HEADER: &str = "idempotency-key";
const TAKEN_AGAIN_AFTER: Duration = Duration::minutes(1);
const KEPT_FOR: Duration = Duration::hours(24);
const ANSWER_BYTES: usize = 4 << 20;

/// Whose request it is, and what is kept of its answer.
pub(crate) struct Scope {
    pub(crate) caller: String,
    pub(crate) operation: &'static str,
    pub(crate) kept: Kept,
}

pub(crate) async fn once(app: &App, scope: Scope, request: Request, next: Next) -> Response {
    let key = match request.headers().get(HEADER).map(|value| value.to_str()) {
        Some(Ok(key)) if request.method() == Method::POST && (1..=200).contains(&key.len()) => key.to_owned(),
        Some(_) if request.method() == Method::POST => return refuse(Problem::invalid("idempotency_key_invalid", "1 to 200 visible characters")),
        _ => return next.run(request).await,
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, ennakoi_kernel::limits::UPLOAD_BYTES).await else {
        return refuse(Problem::new(ennakoi_kernel::ProblemKind::TooLarge, "too_large", "the request is larger than allowed here"));
    };
    let fingerprint = digest(&[parts.uri.path().as_bytes(), b"\n", &body].concat());
    let name = format!("{} {} {key}", scope.caller, scope.operation);
    match reserve(app, &name, &fingerprint).await {
        Ok(Some(answer)) => return answer,
        Ok(None) => {}
        Err(problem) => return refuse(problem),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    match record(app, &name, scope.kept, response).await {
        Ok(response) => response,
        Err(problem) => refuse(problem),
    }
}

fn refuse(problem: Problem) -> Response {
    ApiError(problem).into_response()
}

type Stored = (String, Option<i64>, Option<String>, Option<Vec<u8>>, i64);

/// Reserves the key, or returns the answer that it already has.
async fn reserve(app: &App, scope: &str, fingerprint: &str) -> Result<Option<Response>, Problem> {
    let now = app.environment.now();
    let mut tx = app.db.begin().await?;
    tx.execute("DELETE FROM idempotency_keys WHERE scope = $1 AND created_at < $2", params![scope, now - KEPT_FOR]).await?;
    let fresh = tx
        .execute(
            "INSERT INTO idempotency_keys (scope, fingerprint, created_at, status, media_type, body) VALUES ($1, $2, $3, NULL, NULL, NULL) \
             ON CONFLICT (scope) DO UPDATE SET created_at = $3 WHERE idempotency_keys.status IS NULL AND idempotency_keys.created_at < $4",
            params![scope, fingerprint, now, now - TAKEN_AGAIN_AFTER],
        )
        .await?;
    let stored: Stored = tx.one("SELECT fingerprint, status, media_type, body, created_at FROM idempotency_keys WHERE scope = $1", params![scope]).await?;
    tx.commit().await?;
    let (known, status, media_type, body, _) = stored;
    if known != fingerprint {
        return Err(Problem::conflict("idempotency_key_reused", "this key was used for another request"));
    }
    match (fresh, status) {
        (0, None) => Err(Problem::conflict("idempotency_key_in_use", "the first request with this key is still running")),
        (0, Some(_)) if body.is_none() => {
            Err(Problem::conflict("answer_shown_once", "the first request with this key was carried out; its answer held a secret that is shown only once"))
        }
        (0, Some(status)) => {
            let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
            let media_type = media_type.unwrap_or_else(|| "application/json".to_owned());
            Ok(Some((status, [(header::CONTENT_TYPE, media_type)], body.unwrap_or_default()).into_response()))
        }
        _ => Ok(None),
    }
}

/// Stores the answer. A fault of ours is not stored: the caller may try again.
async fn record(app: &App, scope: &str, kept: Kept, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body: Bytes = to_bytes(body, ANSWER_BYTES).await.map_err(|_| Problem::internal())?;
    let mut tx = app.db.begin().await?;
    if parts.status.is_server_error() || parts.status == StatusCode::TOO_MANY_REQUESTS {
        tx.execute("DELETE FROM idempotency_keys WHERE scope = $1", params![scope]).await?;
    } else {
        // A refusal holds no secret.
        let stored = (kept == Kept::Whole || !parts.status.is_success()).then(|| body.to_vec());
        let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        tx.execute(
            "UPDATE idempotency_keys SET status = $2, media_type = $3, body = $4 WHERE scope = $1",
            params![scope, i64::from(parts.status.as_u16()), media_type, stored],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}
