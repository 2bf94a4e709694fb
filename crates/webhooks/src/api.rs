//! Webhooks over HTTP.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use ennakoi_egress::{Reach, check};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, PageQuery, Path, Query, Route, delete, get, patch, post};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission},
    ids::{DeliveryId, WebhookId},
};
use ennakoi_people::audit;
use ennakoi_store::{Error, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::{
    sign,
    store::{self, DeliveryRow, MOST, NewDelivery, Webhook},
};

/// Kinds that webhooks may carry.
#[derive(Clone)]
pub(crate) struct Kinds(pub(crate) Arc<[&'static str]>);

pub(crate) fn routes() -> Vec<Route> {
    let manage = Access::Needs(Permission::IntegrationsManage);
    vec![
        get("/api/v1/webhooks", "list_webhooks", manage, list_webhooks).summary("Where events are told").returns::<Page<Webhook>>(200),
        post("/api/v1/webhooks", "create_webhook", manage, create_webhook)
            .summary("Tell events to an address; the secret is shown once")
            .takes::<NewWebhook>()
            .returns::<WithSecret>(201),
        get("/api/v1/webhooks/kinds", "list_webhook_kinds", manage, list_webhook_kinds).summary("Kinds of events").returns::<Page<String>>(200),
        patch("/api/v1/webhooks/{id}", "update_webhook", manage, update_webhook)
            .summary("Change or switch a webhook")
            .takes::<WebhookChange>()
            .returns::<Webhook>(200),
        delete("/api/v1/webhooks/{id}", "delete_webhook", manage, delete_webhook).summary("Remove a webhook").answers(204),
        post("/api/v1/webhooks/{id}/secret", "rotate_webhook_secret", manage, rotate_webhook_secret)
            .summary("A new secret; the old one signs beside it for a day")
            .returns::<WithSecret>(200),
        get("/api/v1/webhooks/{id}/deliveries", "list_webhook_deliveries", manage, list_webhook_deliveries)
            .summary("What was delivered, newest first")
            .query::<PageQuery>()
            .returns::<Page<DeliveryRow>>(200),
        post("/api/v1/webhooks/{id}/test", "test_webhook", manage, test_webhook).summary("Send a test message").answers(202),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    url: String,
    /// Empty: all.
    #[serde(default)]
    kinds: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct WebhookChange {
    url: Option<String>,
    kinds: Option<Vec<String>>,
    enabled: Option<bool>,
}

/// A webhook with its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct WithSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// `whsec_…`
    secret: String,
}

fn checked(app: &App, known: &Kinds, url: &str, kinds: &[String]) -> Result<(), Problem> {
    let reach = if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public };
    let mut wrong = FieldErrors::default();
    match Url::parse(url) {
        Ok(parsed) if url.len() <= 1_000 => {
            if let Err(error) = check(&parsed, reach) {
                wrong.add("url", "not_allowed", error.to_string());
            }
        }
        _ => wrong.add("url", "invalid", "a whole address: https://example.fi/hook"),
    }
    for (at, kind) in kinds.iter().enumerate() {
        if !known.0.contains(&kind.as_str()) {
            wrong.add(format!("kinds[{at}]"), "unknown", "no such kind of event");
        }
    }
    wrong.finish()
}

async fn load(tx: &mut Tx, member: &Member, id: WebhookId) -> Result<Webhook, Error> {
    store::find(tx, member.workspace, id).await?.ok_or_else(|| Problem::not_found("the webhook").into())
}

async fn list_webhooks(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Webhook>>> {
    Ok(Json(Page::whole(store::all(&mut app.db.read().await?, member.workspace).await?)))
}

async fn list_webhook_kinds(Extension(kinds): Extension<Kinds>, _: Member) -> ApiResult<Json<Page<String>>> {
    Ok(Json(Page::whole(kinds.0.iter().map(ToString::to_string).collect())))
}

async fn create_webhook(
    State(app): State<App>,
    Extension(kinds): Extension<Kinds>,
    member: Member,
    Json(new): Json<NewWebhook>,
) -> ApiResult<(StatusCode, Json<WithSecret>)> {
    checked(&app, &kinds, &new.url, &new.kinds)?;
    let mut tx = app.db.begin().await?;
    if i64::try_from(store::all(&mut tx, member.workspace).await?.len()).unwrap_or(MOST) >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} webhooks")).into());
    }
    let id: WebhookId = app.environment.new_id();
    let now = app.environment.now();
    tx.execute(
        "INSERT INTO webhooks (id, workspace_id, url, kinds, enabled, disabled_reason, rotation, rotated_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, TRUE, NULL, 0, NULL, $5, $5)",
        params![id, member.workspace, &new.url, json!(new.kinds), now],
    )
    .await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "webhook.created", "webhook", id, json!({ "url": new.url })).await?;
    let webhook = load(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(WithSecret { secret: sign::secret_text(&app.secret, id, 0), webhook })))
}

async fn update_webhook(
    State(app): State<App>,
    Extension(kinds): Extension<Kinds>,
    member: Member,
    Path(id): Path<WebhookId>,
    Json(change): Json<WebhookChange>,
) -> ApiResult<Json<Webhook>> {
    let mut tx = app.db.begin().await?;
    let before = load(&mut tx, &member, id).await?;
    let (url, wanted, enabled) = (change.url.unwrap_or(before.url), change.kinds.unwrap_or(before.kinds), change.enabled.unwrap_or(before.enabled));
    checked(&app, &kinds, &url, &wanted)?;
    tx.execute(
        "UPDATE webhooks SET url = $3, kinds = $4, enabled = $5, disabled_reason = CASE WHEN $5 THEN NULL ELSE disabled_reason END, updated_at = $6 \
         WHERE workspace_id = $1 AND id = $2",
        params![member.workspace, id, &url, json!(wanted), enabled, app.environment.now()],
    )
    .await?;
    let detail = json!({ "url": url, "kinds": wanted, "enabled": enabled });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "webhook.changed", "webhook", id, detail).await?;
    let webhook = load(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(webhook))
}

async fn delete_webhook(State(app): State<App>, member: Member, Path(id): Path<WebhookId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let gone = load(&mut tx, &member, id).await?;
    tx.execute("DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2", params![member.workspace, id]).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "webhook.deleted", "webhook", id, json!({ "url": gone.url })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate_webhook_secret(State(app): State<App>, member: Member, Path(id): Path<WebhookId>) -> ApiResult<Json<WithSecret>> {
    let mut tx = app.db.begin().await?;
    load(&mut tx, &member, id).await?;
    tx.execute(
        "UPDATE webhooks SET rotation = rotation + 1, rotated_at = $3, updated_at = $3 WHERE workspace_id = $1 AND id = $2",
        params![member.workspace, id, app.environment.now()],
    )
    .await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "webhook.secret_rotated", "webhook", id, json!({})).await?;
    let webhook = load(&mut tx, &member, id).await?;
    tx.commit().await?;
    Ok(Json(WithSecret { secret: sign::secret_text(&app.secret, id, webhook.rotation), webhook }))
}

async fn list_webhook_deliveries(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<DeliveryRow>>> {
    let before = Cursor::read(query.cursor.as_deref())?.unwrap_or(DeliveryId(uuid::Uuid::max()));
    let mut tx = app.db.read().await?;
    load(&mut tx, &member, id).await?;
    let rows = store::deliveries(&mut tx, member.workspace, id, before, query.limit() + 1).await?;
    Ok(Json(Page::of(rows, query.limit(), |row| row.id)))
}

async fn test_webhook(State(app): State<App>, member: Member, Path(id): Path<WebhookId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let webhook = load(&mut tx, &member, id).await?;
    if !webhook.enabled {
        return Err(Problem::conflict("webhook_disabled", "switch it on first").into());
    }
    let now = app.environment.now();
    let body = json!({ "type": "webhook.tested", "timestamp": now, "data": { "workspace": member.workspace } }).to_string();
    let new = NewDelivery { id: app.environment.new_id(), webhook: id, seq: -now.0, kind: "webhook.tested", body: &body };
    store::plan(&mut tx, member.workspace, now, new).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
