//! One's own profile: name, language, address, password, picture.

mod avatar;

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, RateLimit, Route, SignedIn, patch, put};
use ennakoi_kernel::{FieldErrors, Problem, access::Access, ids::StaffId, limits};
use ennakoi_store::timeline::Actor;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Locale,
    accounts::{self, Account},
    email, passwords,
    sessions::{self, StaffProfile},
};

/// Bytes of everything the console remembers for a person.
const PREFERENCES_BYTES: usize = 64 << 10;

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        patch("/api/v1/profile", "update_profile", Access::SignedIn, update_profile)
            .summary("Change my name, language or preferences")
            .takes::<ProfileChange>()
            .returns::<StaffProfile>(200),
        put("/api/v1/profile/password", "change_password", Access::SignedIn, change_password)
            .summary("Change my password; other sessions end")
            .rate(RateLimit::SignIn)
            .takes::<PasswordChange>()
            .answers(204),
        put("/api/v1/profile/email", "change_email", Access::SignedIn, change_email)
            .summary("Change the address I sign in with")
            .rate(RateLimit::SignIn)
            .takes::<EmailChange>()
            .returns::<StaffProfile>(200),
    ];
    routes.extend(avatar::routes());
    routes
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProfileChange {
    name: Option<String>,
    locale: Option<Locale>,
    /// Only the named keys change; null removes one.
    preferences: Option<Map<String, Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// Empty when the account has no password yet.
    current: String,
    new: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EmailChange {
    email: String,
    password: String,
}

async fn update_profile(State(app): State<App>, me: SignedIn, Json(change): Json<ProfileChange>) -> ApiResult<Json<StaffProfile>> {
    let mut errors = FieldErrors::default();
    if let Some(name) = &change.name {
        errors.line("name", name, limits::LINE_CHARACTERS);
    }
    errors.finish()?;
    let mut tx = app.db.begin().await?;
    let mut account = accounts::load(&mut tx, me.staff).await?.ok_or_else(Problem::unauthenticated)?;
    apply(&mut account, change)?;
    accounts::set_profile(&mut tx, app.environment.now(), &account).await?;
    tx.commit().await?;
    Ok(Json(account.into()))
}

fn apply(account: &mut Account, change: ProfileChange) -> Result<(), Problem> {
    if let Some(name) = change.name {
        name.trim().clone_into(&mut account.name);
    }
    account.locale = change.locale.unwrap_or(account.locale);
    let mut preferences = account.preferences.as_object().cloned().unwrap_or_default();
    for (key, value) in change.preferences.unwrap_or_default() {
        if value.is_null() {
            preferences.remove(&key);
        } else {
            preferences.insert(key, value);
        }
    }
    account.preferences = Value::Object(preferences);
    if account.preferences.to_string().len() > PREFERENCES_BYTES {
        return Err(Problem::field("preferences", "too_long", format!("at most {PREFERENCES_BYTES} bytes")));
    }
    Ok(())
}

/// Asks for the password again before something that a stolen session must not do.
///
/// # Errors
/// The password does not fit, the account has none, or it was tried too often.
pub(crate) async fn confirm_password(app: &App, staff: StaffId, field: &str, password: &str) -> Result<Account, Problem> {
    app.rates.take(RateLimit::SignIn, &format!("confirm:{staff}"), app.environment.now())?;
    let mut tx = app.db.read().await?;
    let account = accounts::load(&mut tx, staff).await?.ok_or_else(Problem::unauthenticated)?;
    let normalised = email::normalise(&account.email).unwrap_or_default();
    let credentials = accounts::credentials_of(&mut tx, &normalised).await?;
    drop(tx);
    if accounts::password_fits(credentials.as_ref(), password).await? {
        Ok(account)
    } else {
        Err(Problem::field(field, "password_wrong", "the password does not fit"))
    }
}

async fn change_password(State(app): State<App>, me: SignedIn, Json(body): Json<PasswordChange>) -> ApiResult<StatusCode> {
    let account = accounts::load(&mut app.db.read().await?, me.staff).await?.ok_or_else(Problem::unauthenticated)?;
    if account.has_password {
        confirm_password(&app, me.staff, "current", &body.current).await?;
    } else if !sessions::is_strong(&mut app.db.read().await?, me.session).await? {
        return Err(Problem::forbidden("sign in with a passkey or your identity provider first").into());
    }
    passwords::check("new", &body.new, &account.email)?;
    let hash = passwords::hash(&app.environment, &body.new).await?;
    let mut tx = app.db.begin().await?;
    accounts::change_password(&mut tx, &app, me.staff, &hash, Some(me.session)).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(StatusCode::NO_CONTENT)
}

async fn change_email(State(app): State<App>, me: SignedIn, Json(body): Json<EmailChange>) -> ApiResult<Json<StaffProfile>> {
    confirm_password(&app, me.staff, "password", &body.password).await?;
    let normalised = email::normalise(&body.email).ok_or_else(|| Problem::field("email", "email_invalid", "not an e-mail address"))?;
    let mut tx = app.db.begin().await?;
    if !accounts::set_email(&mut tx, app.environment.now(), me.staff, body.email.trim(), &normalised).await? {
        return Err(Problem::field("email", "taken", "this address cannot be used").into());
    }
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "email.changed", json!({})).await?;
    let account = accounts::load(&mut tx, me.staff).await?.ok_or_else(Problem::unauthenticated)?;
    tx.commit().await?;
    Ok(Json(account.into()))
}
