//! Adding passkeys and signing in with one.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use ennakoi_http::{ApiResult, App, ClientAddress, Json, Page, Path, RateLimit, Route, SignedIn, delete, get, post};
use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    access::Access,
    ids::{PasskeyId, StaffId},
};
use ennakoi_store::{Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential};

use super::{Ceremony, keep, refused, relying_party, store, take, wrong};
use crate::{
    accounts,
    sessions::{self, Origin, Proof},
};

/// Passkeys of one person, at most.
const MOST: usize = 20;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/profile/passkeys/challenge", "begin_passkey", Access::SignedIn, begin_passkey)
            .summary("Options for navigator.credentials.create()")
            .takes::<NoBody>()
            .returns::<Value>(200),
        post("/api/v1/profile/passkeys", "add_passkey", Access::SignedIn, add_passkey)
            .summary("Add the passkey that the browser made")
            .takes::<NewPasskey>()
            .returns::<PasskeyRow>(201),
        get("/api/v1/profile/passkeys", "list_passkeys", Access::SignedIn, list_passkeys).summary("My passkeys").returns::<Page<PasskeyRow>>(200),
        delete("/api/v1/profile/passkeys/{id}", "remove_passkey", Access::SignedIn, remove_passkey).summary("Remove a passkey").answers(204),
        post("/api/v1/session/passkey/challenge", "begin_passkey_sign_in", Access::Public, begin_sign_in)
            .summary("Options for navigator.credentials.get()")
            .rate(RateLimit::SignIn)
            .takes::<NoBody>()
            .returns::<Value>(200),
        post("/api/v1/session/passkey", "sign_in_with_passkey", Access::Public, sign_in)
            .summary("Sign in with a passkey")
            .rate(RateLimit::SignIn)
            .takes::<PasskeyAnswer>()
            .returns::<sessions::Session>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoBody {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    /// How the person calls the device.
    name: String,
    /// What navigator.credentials.create() gave, as JSON.
    credential: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyAnswer {
    /// What navigator.credentials.get() gave, as JSON.
    credential: Value,
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct PasskeyRow {
    pub(super) id: PasskeyId,
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
}

async fn begin_passkey(State(app): State<App>, me: SignedIn, Json(NoBody {}): Json<NoBody>) -> ApiResult<Json<Value>> {
    let webauthn = relying_party(&app)?;
    let mut tx = app.db.begin().await?;
    let account = accounts::load(&mut tx, me.staff).await?.ok_or_else(Problem::unauthenticated)?;
    let known = store::credentials(&mut tx, me.staff).await?;
    if known.len() >= MOST {
        return Err(Problem::conflict("too_many_passkeys", format!("at most {MOST} passkeys")).into());
    }
    let exclude = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
    let (options, state) = webauthn.start_passkey_registration(me.staff.0, &account.email, &account.name, Some(exclude)).map_err(|error| wrong(&error))?;
    keep(&mut tx, app.environment.now(), Ceremony::Registration, Some(me.staff), options.public_key.challenge.as_ref(), &state).await?;
    tx.commit().await?;
    let mut options = serde_json::to_value(&options).map_err(|_| Problem::internal())?;
    // Signing in starts without a name, so the device must keep the key together with who it is for.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    Ok(Json(options))
}

async fn add_passkey(State(app): State<App>, me: SignedIn, Json(body): Json<NewPasskey>) -> ApiResult<(StatusCode, Json<PasskeyRow>)> {
    let mut errors = FieldErrors::default();
    errors.line("name", &body.name, 100);
    errors.finish()?;
    let credential: RegisterPublicKeyCredential = parsed(body.credential)?;
    let webauthn = relying_party(&app)?;
    let now = app.environment.now();
    let mut tx = app.db.begin().await?;
    let state: PasskeyRegistration = take(&mut tx, now, Ceremony::Registration, Some(me.staff), &credential.response.client_data_json).await?;
    let passkey = match webauthn.finish_passkey_registration(&credential, &state) {
        Ok(passkey) => passkey,
        Err(error) => {
            // The challenge stays used up.
            tx.commit().await?;
            return Err(wrong(&error).into());
        }
    };
    let row = PasskeyRow { id: app.environment.new_id(), name: body.name.trim().to_owned(), created_at: now, last_used_at: None };
    if !store::insert(&mut tx, now, row.id, me.staff, &row.name, &passkey).await? {
        return Err(Problem::conflict("passkey_known", "this passkey was added before").into());
    }
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "passkey.added", json!({ "passkey": row.id })).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(row)))
}

fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| Problem::field("credential", "invalid", error.to_string()))
}

async fn list_passkeys(State(app): State<App>, me: SignedIn) -> ApiResult<Json<Page<PasskeyRow>>> {
    Ok(Json(Page::whole(store::list(&mut app.db.read().await?, me.staff).await?)))
}

async fn remove_passkey(State(app): State<App>, me: SignedIn, Path(id): Path<PasskeyId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    if !store::delete(&mut tx, me.staff, id).await? {
        return Err(Problem::not_found("the passkey").into());
    }
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "passkey.removed", json!({ "passkey": id })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn begin_sign_in(State(app): State<App>, Json(NoBody {}): Json<NoBody>) -> ApiResult<Json<Value>> {
    let webauthn = relying_party(&app)?;
    let (options, state) = webauthn.start_discoverable_authentication().map_err(|error| wrong(&error))?;
    let mut tx = app.db.begin().await?;
    keep(&mut tx, app.environment.now(), Ceremony::SignIn, None, options.public_key.challenge.as_ref(), &state).await?;
    tx.commit().await?;
    Ok(Json(serde_json::to_value(&options).map_err(|_| Problem::internal())?))
}

async fn sign_in(State(app): State<App>, address: ClientAddress, headers: HeaderMap, Json(body): Json<PasskeyAnswer>) -> ApiResult<Response> {
    let credential: PublicKeyCredential = parsed(body.credential)?;
    let mut tx = app.db.begin().await?;
    let state: DiscoverableAuthentication = take(&mut tx, app.environment.now(), Ceremony::SignIn, None, &credential.response.client_data_json).await?;
    let staff = match verified(&mut tx, &app, state, &credential).await {
        Ok(staff) => staff,
        Err(error) => {
            tx.commit().await?;
            return Err(error.into());
        }
    };
    let origin = Origin::new(&headers, address);
    let begun = sessions::begin(&mut tx, &app, staff, Proof::TwoFactors, &origin, &headers).await?;
    let detail = json!({ "address": origin.address, "by": "passkey" });
    accounts::audit_everywhere(&mut tx, &app.environment, staff, Actor::Staff(staff), "session.started", detail).await?;
    let session = sessions::load_session(&mut tx, staff, begun.id).await?;
    tx.commit().await?;
    sessions::forget_cached();
    sessions::answer(&app, StatusCode::OK, &begun, session)
}

/// The person whose passkey signed the challenge.
async fn verified(tx: &mut Tx, app: &App, state: DiscoverableAuthentication, credential: &PublicKeyCredential) -> Result<StaffId, Problem> {
    let webauthn = relying_party(app)?;
    let (person, credential_id) = webauthn.identify_discoverable_authentication(credential).map_err(|error| wrong(&error))?;
    let staff = StaffId(person);
    let (id, mut passkey) = store::find(tx, staff, credential_id).await?.ok_or_else(refused)?;
    let result = webauthn.finish_discoverable_authentication_v2(credential, state, &passkey).map_err(|error| wrong(&error))?;
    if !result.user_verified() {
        return Err(refused());
    }
    passkey.update_credential(&result);
    store::used(tx, app.environment.now(), id, &passkey).await?;
    Ok(staff)
}
