//! Forgotten passwords: a link that works once, for an hour, sent by mail or shown to an administrator.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Path, RateLimit, Route, Secret, post, put};
use ennakoi_kernel::{
    Duration, Problem, Timestamp,
    access::{Access, Permission},
    ids::StaffId,
};
use ennakoi_store::{
    Result, Tx,
    jobs::{self, JobKind},
    params,
    timeline::Actor,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    accounts::{self, Account},
    audit, email,
    letters::{self, Letter},
    passwords, sessions, staff,
};

const LIFETIME: Duration = Duration::hours(1);
const JOB: &str = "people.password_reset";
const TOKEN_BYTES: usize = 32;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/password-resets", "request_password_reset", Access::Public, request_password_reset)
            .summary("Ask for a link to set a new password; the answer is the same whether the address has an account or not")
            .rate(RateLimit::SignIn)
            .takes::<ResetRequest>()
            .answers(202),
        put("/api/v1/password-resets/{token}", "reset_password", Access::Public, reset_password)
            .summary("Set a new password with the link's token")
            .rate(RateLimit::SignIn)
            .takes::<NewPassword>()
            .answers(204),
        post("/api/v1/staff/{id}/password-reset", "create_password_reset_link", Access::Needs(Permission::StaffManage), create_password_reset_link)
            .summary("Make a link for a member who cannot sign in, to be handed over in person")
            .secret_answer()
            .takes::<ResetLinkRequest>()
            .returns::<ResetLink>(201),
    ]
}

/// Letters are written beside the request, so that the answer takes as long for every address.
pub(crate) fn job(app: &App) -> JobKind {
    let app = app.clone();
    JobKind {
        kind: JOB,
        handle: std::sync::Arc::new(move |job| {
            let app = app.clone();
            Box::pin(async move { write_letter(&app, &job).await.map_err(|error| error.to_string()) })
        }),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetRequest {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetLinkRequest {}

/// To be handed over in person.
#[derive(Serialize, JsonSchema)]
struct ResetLink {
    link: String,
    expires_at: Timestamp,
}

async fn request_password_reset(State(app): State<App>, Json(body): Json<ResetRequest>) -> ApiResult<StatusCode> {
    let Some(normalised) = email::normalise(&body.email) else { return Ok(StatusCode::ACCEPTED) };
    let now = app.environment.now();
    app.rates.take(RateLimit::SignIn, &format!("reset:{normalised}"), now)?;
    let mut tx = app.db.begin().await?;
    jobs::schedule(&mut tx, &app.environment, None, JOB, json!({ "email": normalised }), now).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn write_letter(app: &App, job: &jobs::Job) -> Result<()> {
    let address = job.payload["email"].as_str().unwrap_or_default();
    let mut tx = app.db.begin().await?;
    let Some(account) = accounts::by_email(&mut tx, address).await? else { return Ok(()) };
    // The outbox belongs to a workspace; who belongs to none asks the operator.
    let Some(workspace) = accounts::workspaces_of(&mut tx, account.id).await?.first().copied() else { return Ok(()) };
    let (link, _) = issue(&mut tx, app, &account).await?;
    let fact = format!("password_reset:{}", job.id);
    letters::send(&mut tx, app, workspace, &fact, &account.email, account.locale, Letter::PasswordReset, &link).await?;
    accounts::audit_everywhere(&mut tx, &app.environment, account.id, Actor::System, "password_reset.requested", json!({})).await?;
    tx.commit().await
}

/// Makes the link, withdrawing earlier ones of the same person.
async fn issue(tx: &mut Tx, app: &App, account: &Account) -> Result<(String, Timestamp)> {
    let token = app.environment.token(TOKEN_BYTES);
    let now = app.environment.now();
    let expires_at = now + LIFETIME;
    tx.execute("DELETE FROM password_resets WHERE staff_id = $1", params![account.id]).await?;
    tx.execute(
        "INSERT INTO password_resets (token_hash, staff_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        params![Secret::token_hash(&token), account.id, now, expires_at],
    )
    .await?;
    Ok((format!("{}/app/password-reset/{token}", app.public_url()), expires_at))
}

async fn reset_password(State(app): State<App>, Path(token): Path<String>, Json(body): Json<NewPassword>) -> ApiResult<StatusCode> {
    let gone = || Problem::not_found("the link, or it was used or has expired; it");
    let now = app.environment.now();
    let find = "SELECT staff_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2";
    let token_hash = Secret::token_hash(&token);
    let mut tx = app.db.read().await?;
    let (staff,): (StaffId,) = tx.optional(find, params![&token_hash, now]).await?.ok_or_else(gone)?;
    let account = accounts::load(&mut tx, staff).await?.ok_or_else(gone)?;
    drop(tx);
    passwords::check("password", &body.password, &account.email)?;
    let hash = passwords::hash(&app.environment, &body.password).await?;
    let mut tx = app.db.begin().await?;
    // Used up by whoever comes first.
    if tx.execute("DELETE FROM password_resets WHERE token_hash = $1", params![&token_hash]).await? == 0 {
        return Err(gone().into());
    }
    accounts::change_password(&mut tx, &app, staff, &hash, None).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever hands a reset link out can become that person. So an administrator may do it only for somebody who has no more
/// rights than they do, here and in every other workspace of the installation.
async fn create_password_reset_link(
    State(app): State<App>,
    member: Member,
    axum::Extension(principal): axum::Extension<ennakoi_http::Principal>,
    Path(id): Path<StaffId>,
    Json(ResetLinkRequest {}): Json<ResetLinkRequest>,
) -> ApiResult<(StatusCode, Json<ResetLink>)> {
    member.person()?;
    let mut tx = app.db.begin().await?;
    let target = staff::member(&mut tx, member.workspace, id).await?.ok_or_else(|| Problem::not_found("the member"))?;
    crate::rights::require_role(&principal, target.role)?;
    let account = accounts::load(&mut tx, id).await?.ok_or_else(|| Problem::not_found("the member"))?;
    let elsewhere = accounts::workspaces_of(&mut tx, id).await?.len() > 1;
    let by_operator = matches!(principal, ennakoi_http::Principal::Staff { operator: true, .. });
    if (elsewhere || account.operator) && !by_operator {
        return Err(Problem::forbidden("this person belongs to other workspaces or runs the installation; ask its operator").into());
    }
    let (link, expires_at) = issue(&mut tx, &app, &account).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "password_reset.link_made", "staff", id, json!({})).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(ResetLink { link, expires_at })))
}
