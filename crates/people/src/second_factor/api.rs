//! Turning two-step sign-in on and off.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, RateLimit, Route, SignedIn, delete, post, put};
use ennakoi_kernel::{Problem, access::Access};
use ennakoi_store::timeline::Actor;
use qrcode::{QrCode, render::svg};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{PURPOSE, SECRET_BYTES, generator, grouped, matching_step, recovery_codes};
use crate::{accounts, profile, sealed, sessions};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/profile/totp", "begin_totp", Access::SignedIn, begin_totp)
            .summary("Get a secret for an authenticator app; it counts once a code is confirmed")
            .takes::<BeginTotp>()
            .returns::<TotpSecret>(201),
        put("/api/v1/profile/totp", "confirm_totp", Access::SignedIn, confirm_totp)
            .summary("Confirm with a first code; two-step sign-in is on from now")
            .rate(RateLimit::SignIn)
            .takes::<ConfirmTotp>()
            .returns::<RecoveryCodes>(200),
        delete("/api/v1/profile/totp", "remove_totp", Access::SignedIn, remove_totp)
            .summary("Turn two-step sign-in off")
            .rate(RateLimit::SignIn)
            .takes::<RemoveTotp>()
            .answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BeginTotp {}

/// For the authenticator app.
#[derive(Serialize, JsonSchema)]
struct TotpSecret {
    /// Base32, to type in.
    secret: String,
    otpauth_url: String,
    /// The address as a QR code, an SVG document.
    qr_svg: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmTotp {
    code: String,
}

/// Each works once instead of a code; shown only now.
#[derive(Serialize, JsonSchema)]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RemoveTotp {
    password: String,
}

async fn begin_totp(State(app): State<App>, me: SignedIn, Json(BeginTotp {}): Json<BeginTotp>) -> ApiResult<(StatusCode, Json<TotpSecret>)> {
    let mut tx = app.db.begin().await?;
    let account = accounts::load(&mut tx, me.staff).await?.ok_or_else(Problem::unauthenticated)?;
    if account.has_totp {
        return Err(Problem::conflict("totp_on", "two-step sign-in is on; turn it off first").into());
    }
    let mut secret = vec![0u8; SECRET_BYTES];
    app.environment.fill(&mut secret);
    accounts::set_totp_pending(&mut tx, app.environment.now(), me.staff, sealed::seal(&app, PURPOSE, me.staff.0.as_bytes(), &secret)).await?;
    tx.commit().await?;
    let totp = generator(secret, &account.email)?;
    let otpauth_url = totp.to_url().map_err(|_| Problem::internal())?;
    let code = QrCode::new(otpauth_url.as_bytes()).map_err(|_| Problem::internal())?;
    let qr_svg = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok((StatusCode::CREATED, Json(TotpSecret { secret: totp.secret().to_base32(), otpauth_url, qr_svg })))
}

async fn confirm_totp(State(app): State<App>, me: SignedIn, Json(body): Json<ConfirmTotp>) -> ApiResult<Json<RecoveryCodes>> {
    let mut tx = app.db.begin().await?;
    let sealed = accounts::totp_pending(&mut tx, me.staff).await?.ok_or_else(|| Problem::conflict("totp_not_begun", "ask for a secret first"))?;
    let code: String = body.code.chars().filter(char::is_ascii_digit).collect();
    let step = matching_step(&app, me.staff, &sealed, &code)?.ok_or_else(|| Problem::field("code", "code_wrong", "the code does not fit"))?;
    let codes = recovery_codes(&app.environment);
    accounts::turn_totp_on(&mut tx, app.environment.now(), me.staff, step, &codes).await?;
    sessions::end_all(&mut tx, me.staff, Some(me.session)).await?;
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "totp.turned_on", json!({})).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(Json(RecoveryCodes { recovery_codes: codes.iter().map(|code| grouped(code)).collect() }))
}

async fn remove_totp(State(app): State<App>, me: SignedIn, Json(body): Json<RemoveTotp>) -> ApiResult<StatusCode> {
    profile::confirm_password(&app, me.staff, "password", &body.password).await?;
    let mut tx = app.db.begin().await?;
    accounts::turn_totp_off(&mut tx, app.environment.now(), me.staff).await?;
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "totp.turned_off", json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
