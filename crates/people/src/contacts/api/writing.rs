//! Creating and changing contacts and their identities.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Path};
use ennakoi_kernel::{
    FieldErrors, Problem,
    ids::{CompanyId, ContactId, IdentityId},
};
use ennakoi_store::{Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{Attributes, ContactChange, Identity, IdentityKind, NewContact, Verified, create, identities, missing, store, update},
    reading::{Contact, load_full},
};
use crate::{Locale, attributes, audit, companies, patch as absent};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactRequest {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// The customer's id in the company's own system.
    user_id: Option<String>,
    /// Whether the three above are proven to be this person's; otherwise they are only claimed.
    #[serde(default)]
    verified: bool,
    locale: Option<Locale>,
    timezone: Option<String>,
    #[serde(default)]
    attributes: Attributes,
    company_id: Option<CompanyId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactPatch {
    name: Option<String>,
    #[serde(default, deserialize_with = "absent::present")]
    locale: Option<Option<Locale>>,
    #[serde(default, deserialize_with = "absent::present")]
    timezone: Option<Option<String>>,
    /// Only the named attributes change; null removes one.
    attributes: Option<Attributes>,
    blocked: Option<bool>,
    /// The version that the change was made on.
    version: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewIdentity {
    kind: IdentityKind,
    value: String,
    #[serde(default)]
    verified: bool,
}

const fn proof(verified: bool) -> Verified {
    if verified { Verified::Yes } else { Verified::No }
}

fn source(actor: Actor) -> &'static str {
    if matches!(actor, Actor::ApiKey(_)) { "api" } else { "staff" }
}

fn check_timezone(name: Option<&str>) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    if name.is_some_and(|name| name.len() > 60 || jiff::tz::TimeZone::get(name).is_err()) {
        errors.add("timezone", "timezone_unknown", "an IANA name such as Europe/Helsinki");
    }
    errors.finish()
}

pub(super) async fn create_contact(State(app): State<App>, member: Member, Json(body): Json<ContactRequest>) -> ApiResult<(StatusCode, Json<Contact>)> {
    check_timezone(body.timezone.as_deref())?;
    let mut tx = app.db.begin().await?;
    let id = add(&mut tx, &app, &member, body).await?;
    let contact = load_full(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(contact)))
}

async fn add(tx: &mut Tx, app: &App, member: &Member, body: ContactRequest) -> ennakoi_store::Result<ContactId> {
    let (workspace, actor) = (member.workspace, member.actor);
    attributes::check(tx, workspace, "contact", &body.attributes).await?;
    let new = NewContact {
        name: body.name.unwrap_or_default(),
        locale: body.locale,
        timezone: body.timezone,
        attributes: body.attributes,
        source: source(actor).to_owned(),
        actor,
        ..NewContact::default()
    };
    let id = create(tx, &app.environment, workspace, new).await?;
    let given = [("email", IdentityKind::Email, body.email), ("phone", IdentityKind::Phone, body.phone), ("user_id", IdentityKind::UserId, body.user_id)];
    for (field, kind, value) in given.into_iter().filter_map(|(field, kind, value)| value.map(|value| (field, kind, value))) {
        let added = identities::add_identity(tx, &app.environment, workspace, actor, id, kind, &value, proof(body.verified), source(actor)).await;
        added.map_err(|error| named(error, field))?;
    }
    if let Some(company) = body.company_id {
        companies::connect(tx, &app.environment, workspace, actor, id, company, "").await?;
    }
    Ok(id)
}

/// A wrong identity, told by the name of the field it came in.
fn named(error: ennakoi_store::Error, field: &str) -> ennakoi_store::Error {
    match error {
        ennakoi_store::Error::Problem(mut problem) => {
            for wrong in problem.fields.iter_mut().filter(|wrong| wrong.field == "value") {
                field.clone_into(&mut wrong.field);
            }
            problem.into()
        }
        other => other,
    }
}

pub(super) async fn update_contact(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
    Json(body): Json<ContactPatch>,
) -> ApiResult<Json<Contact>> {
    check_timezone(body.timezone.as_ref().and_then(|name| name.as_deref()))?;
    let mut tx = app.db.begin().await?;
    if let Some(changes) = &body.attributes {
        attributes::check(&mut tx, member.workspace, "contact", changes).await?;
    }
    let blocked = body.blocked;
    let change =
        ContactChange { name: body.name, locale: body.locale, timezone: body.timezone, avatar_url: None, attributes: body.attributes, blocked: body.blocked };
    update(&mut tx, &app.environment, member.workspace, member.actor, id, change, body.version).await?;
    if let Some(blocked) = blocked {
        let action = if blocked { "contact.blocked" } else { "contact.unblocked" };
        audit::record(&mut tx, &app.environment, member.workspace, member.actor, action, "contact", id, serde_json::json!({})).await?;
    }
    let contact = load_full(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok(Json(contact))
}

pub(super) async fn add_identity(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
    Json(body): Json<NewIdentity>,
) -> ApiResult<(StatusCode, Json<Identity>)> {
    let (workspace, actor) = (member.workspace, member.actor);
    let mut tx = app.db.begin().await?;
    let added = identities::add_identity(&mut tx, &app.environment, workspace, actor, id, body.kind, &body.value, proof(body.verified), source(actor)).await?;
    let identity = identities::load(&mut tx, workspace, added).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(identity)))
}

pub(super) async fn remove_identity(State(app): State<App>, member: Member, Path((id, identity)): Path<(ContactId, IdentityId)>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    store::load(&mut tx, member.workspace, id).await?.ok_or_else(missing)?;
    identities::remove_identity(&mut tx, &app.environment, member.workspace, member.actor, id, identity).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "identity.removed", "contact", id, serde_json::json!({ "identity": identity }))
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
