//! A page of a small shop that has the widget on it, to try the whole thing from the customer's side.

use axum::{
    extract::{Path, State},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App};
use ennakoi_kernel::Problem;
use ennakoi_people::workspaces;
use ennakoi_store::params;

const PAGE: &str = include_str!("demo_page.html");

/// A shop's policy, as strict as shops have it: the widget must work under it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";

/// `GET /demo/{slug}`
pub async fn show(State(app): State<App>, Path(slug): Path<String>) -> ApiResult<Response> {
    let mut tx = app.db.read().await?;
    let workspace = workspaces::by_slug(&mut tx, &slug).await?.ok_or_else(|| Problem::not_found("the workspace"))?;
    let key: Option<(uuid::Uuid,)> = tx
        .optional(
            "SELECT public_key FROM channels WHERE workspace_id = $1 AND kind = 'chat' AND enabled AND removed_at IS NULL ORDER BY created_at LIMIT 1",
            params![workspace.id],
        )
        .await?;
    let (key,) = key.ok_or_else(|| Problem::not_found("a chat channel of this workspace"))?;
    let mut response = PAGE.replace("{{key}}", &key.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    Ok(response)
}
