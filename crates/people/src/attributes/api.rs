//! The web face of attribute definitions.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Query, Route, delete, get, post};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission},
};
use ennakoi_store::{
    Result, Tx, params,
    timeline::{self, NewEvent},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{AttributeType, DEFINITIONS_MAX, Definition, Subject, definitions};
use crate::{audit, contacts::attribute_key_is_valid};

pub(crate) fn routes() -> Vec<Route> {
    let (read, manage) = (Access::Needs(Permission::ContactsRead), Access::Needs(Permission::SettingsManage));
    vec![
        get("/api/v1/attributes", "list_attributes", read, list_attributes)
            .summary("Definitions of custom attributes")
            .query::<AttributeQuery>()
            .returns::<Page<Definition>>(200),
        post("/api/v1/attributes", "define_attribute", manage, define_attribute)
            .summary("Define an attribute, or change its label, type or options")
            .takes::<NewDefinition>()
            .returns::<Definition>(201),
        delete("/api/v1/attributes/{subject}/{key}", "remove_attribute", manage, remove_attribute)
            .summary("Remove a definition; stored values stay")
            .answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AttributeQuery {
    subject: Subject,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewDefinition {
    subject: Subject,
    key: String,
    label: String,
    #[serde(rename = "type")]
    kind: AttributeType,
    #[serde(default)]
    options: Vec<String>,
}

async fn list_attributes(State(app): State<App>, member: Member, Query(query): Query<AttributeQuery>) -> ApiResult<Json<Page<Definition>>> {
    Ok(Json(Page::whole(definitions(&mut app.db.read().await?, member.workspace, query.subject).await?)))
}

fn check(body: &NewDefinition) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    if !attribute_key_is_valid(&body.key) {
        errors.add("key", "key_invalid", "1 to 60 lower-case letters, digits and underscores");
    }
    errors.line("label", &body.label, 100);
    let is_choice = body.kind == AttributeType::Choice;
    if is_choice && !(1..=100).contains(&body.options.len()) {
        errors.add("options", "required", "1 to 100 options");
    }
    if !is_choice && !body.options.is_empty() {
        errors.add("options", "not_a_choice", "only a choice has options");
    }
    for (index, option) in body.options.iter().enumerate() {
        errors.line(&format!("options[{index}]"), option, 100);
    }
    errors.finish()
}

async fn define_attribute(State(app): State<App>, member: Member, Json(body): Json<NewDefinition>) -> ApiResult<(StatusCode, Json<Definition>)> {
    check(&body)?;
    let mut tx = app.db.begin().await?;
    store(&mut tx, &app, &member, &body).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Definition { key: body.key, label: body.label, kind: body.kind, options: body.options })))
}

async fn store(tx: &mut Tx, app: &App, member: &Member, body: &NewDefinition) -> Result<()> {
    let others: i64 = tx
        .scalar(
            "SELECT COUNT(*) FROM attribute_definitions WHERE workspace_id = $1 AND subject = $2 AND attribute_key <> $3",
            params![member.workspace, body.subject, &body.key],
        )
        .await?;
    if others >= DEFINITIONS_MAX {
        return Err(Problem::conflict("too_many_attributes", format!("at most {DEFINITIONS_MAX}")).into());
    }
    tx.execute(
        "INSERT INTO attribute_definitions (workspace_id, subject, attribute_key, label, type, options, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (workspace_id, subject, attribute_key) DO UPDATE SET label = $4, type = $5, options = $6",
        params![member.workspace, body.subject, &body.key, &body.label, body.kind, json!(body.options), app.environment.now()],
    )
    .await?;
    let detail = json!({ "subject": body.subject, "key": body.key });
    audit::record(tx, &app.environment, member.workspace, member.actor, "attribute.defined", "attribute", &body.key, detail.clone()).await?;
    timeline::append(tx, &app.environment, member.workspace, vec![NewEvent::new("attribute.defined", member.actor, detail)]).await?;
    Ok(())
}

async fn remove_attribute(State(app): State<App>, member: Member, Path((subject, key)): Path<(Subject, String)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let removed = tx
        .execute("DELETE FROM attribute_definitions WHERE workspace_id = $1 AND subject = $2 AND attribute_key = $3", params![member.workspace, subject, &key])
        .await?;
    if removed == 0 {
        return Err(Problem::not_found("the attribute").into());
    }
    let detail = json!({ "subject": subject, "key": key });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "attribute.removed", "attribute", &key, detail.clone()).await?;
    timeline::append(&mut tx, &app.environment, member.workspace, vec![NewEvent::new("attribute.removed", member.actor, detail)]).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
