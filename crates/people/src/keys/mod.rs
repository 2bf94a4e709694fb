//! API keys: programs with some of the rights of whoever made the key, in one workspace.

use axum::{Extension, extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, PageQuery, Path, Principal, Query, Route, Secret, delete, get, post};
use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    access::{Access, Permission},
    ids::{ApiKeyId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{audit, rights, sessions};

const PREFIX: &str = "ek_";
const SECRET_BYTES: usize = 24;
/// Characters of a key that lists show, to recognise it by.
const SHOWN: usize = 10;
/// Keys of one workspace, at most.
const KEYS_MAX: i64 = 200;

pub(crate) fn routes() -> Vec<Route> {
    let access = Access::Needs(Permission::IntegrationsManage);
    vec![
        get("/api/v1/api-keys", "list_api_keys", access, list_api_keys).summary("API keys, newest first").query::<PageQuery>().returns::<Page<ApiKey>>(200),
        post("/api/v1/api-keys", "create_api_key", access, create_api_key)
            .summary("Make an API key; the key itself is shown only in this answer")
            .takes::<NewApiKey>()
            .returns::<ApiKey>(201),
        delete("/api/v1/api-keys/{id}", "delete_api_key", access, delete_api_key).summary("Withdraw an API key; it stops at once").answers(204),
    ]
}

/// Whether a bearer token has the form of a key, before the database is asked.
pub(crate) fn looks_like_one(token: &str) -> bool {
    token.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == SECRET_BYTES * 2 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewApiKey {
    name: String,
    scopes: Vec<Permission>,
    expires_at: Option<Timestamp>,
}

/// An API key as it is listed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ApiKey {
    id: ApiKeyId,
    name: String,
    /// The first characters of the key.
    prefix: String,
    scopes: Vec<Permission>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    /// The key itself, only when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl FromRow for ApiKey {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            prefix: row.take()?,
            scopes: serde_json::from_str(&row.take::<String>()?)?,
            created_at: row.take()?,
            expires_at: row.take()?,
            last_used_at: row.take()?,
            key: None,
        })
    }
}

async fn list_api_keys(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<ApiKey>>> {
    let before: Option<ApiKeyId> = Cursor::read(query.cursor.as_deref())?;
    let rows: Vec<ApiKey> = app
        .db
        .read()
        .await?
        .all(
            "SELECT id, name, prefix, scopes, created_at, expires_at, last_used_at FROM api_keys WHERE workspace_id = $1 AND id < $2 \
             ORDER BY id DESC LIMIT $3",
            params![member.workspace, before.unwrap_or(ApiKeyId(uuid::Uuid::max())), query.limit() + 1],
        )
        .await?;
    Ok(Json(Page::of(rows, query.limit(), |key| key.id)))
}

async fn create_api_key(
    State(app): State<App>,
    member: Member,
    Extension(principal): Extension<Principal>,
    Json(body): Json<NewApiKey>,
) -> ApiResult<(StatusCode, Json<ApiKey>)> {
    let now = app.environment.now();
    check(&body, now)?;
    rights::require_scopes(&principal, &body.scopes)?;
    let mut tx = app.db.begin().await?;
    let key = insert(&mut tx, &app, &member, body, now).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "api_key.created", "api_key", key.id, json!({ "scopes": key.scopes })).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(key)))
}

fn check(body: &NewApiKey, now: Timestamp) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", &body.name, 100);
    if body.scopes.is_empty() {
        errors.add("scopes", "required", "a key without rights can do nothing");
    }
    if body.scopes.contains(&Permission::WorkspaceOwn) {
        errors.add("scopes", "scope_for_people_only", "only a person can own a workspace");
    }
    if body.expires_at.is_some_and(|at| at <= now) {
        errors.add("expires_at", "in_the_past", "must be in the future");
    }
    errors.finish()
}

async fn insert(tx: &mut Tx, app: &App, member: &Member, body: NewApiKey, now: Timestamp) -> Result<ApiKey> {
    let count: i64 = tx.scalar("SELECT COUNT(*) FROM api_keys WHERE workspace_id = $1", params![member.workspace]).await?;
    if count >= KEYS_MAX {
        return Err(Problem::conflict("too_many_api_keys", format!("a workspace has at most {KEYS_MAX} keys")).into());
    }
    let mut scopes = body.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    let secret = format!("{PREFIX}{}", app.environment.token(SECRET_BYTES));
    let key = ApiKey {
        id: app.environment.new_id(),
        name: body.name.trim().to_owned(),
        prefix: secret[..SHOWN].to_owned(),
        scopes,
        created_at: now,
        expires_at: body.expires_at,
        last_used_at: None,
        key: Some(secret.clone()),
    };
    tx.execute(
        "INSERT INTO api_keys (workspace_id, id, name, prefix, key_hash, scopes, created_by, created_at, expires_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)",
        params![
            member.workspace,
            key.id,
            &key.name,
            &key.prefix,
            Secret::token_hash(&secret),
            json!(key.scopes),
            member.actor.to_string(),
            now,
            key.expires_at
        ],
    )
    .await?;
    Ok(key)
}

async fn delete_api_key(State(app): State<App>, member: Member, Path(id): Path<ApiKeyId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    remove(&mut tx, member.workspace, id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "api_key.withdrawn", "api_key", id, json!({})).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: ApiKeyId) -> Result<()> {
    match tx.execute("DELETE FROM api_keys WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await? {
        0 => Err(Problem::not_found("the API key").into()),
        _ => Ok(()),
    }
}
