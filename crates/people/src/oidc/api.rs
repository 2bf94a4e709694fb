//! Providers, and the way to one and back.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App, ClientAddress, Json, Page, Path, Query, RateLimit, Route, Secret, SignedIn, delete, get, post};
use ennakoi_kernel::{FieldErrors, Problem, access::Access};
use ennakoi_store::timeline::Actor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Provider, client, recognise, redirect_url, refused, store};
use crate::{
    accounts,
    sessions::{self, Origin, Proof},
};

/// Binds a ceremony to the browser that began it.
const COOKIE: &str = "ennakoi_oidc";
const TOKEN_BYTES: usize = 32;
const PROVIDERS_MAX: usize = 20;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/session/oidc", "list_sign_in_providers", Access::Public, list_sign_in_providers)
            .summary("Identity providers to sign in with")
            .returns::<Vec<SignInProvider>>(200),
        get("/api/v1/session/oidc/{id}/start", "begin_oidc", Access::Public, begin_oidc)
            .summary("Go to the identity provider")
            .rate(RateLimit::SignIn)
            .query::<Departure>()
            .answers(303),
        get("/api/v1/session/oidc/{id}/callback", "finish_oidc", Access::Public, finish_oidc)
            .summary("Return from the identity provider")
            .rate(RateLimit::SignIn)
            .query::<Callback>()
            .answers(303),
        get("/api/v1/oidc-providers", "list_oidc_providers", Access::SignedIn, list_providers)
            .summary("Identity providers of the installation; operators only")
            .returns::<Page<Provider>>(200),
        post("/api/v1/oidc-providers", "create_oidc_provider", Access::SignedIn, create_provider)
            .summary("Add an identity provider; operators only")
            .takes::<NewProvider>()
            .returns::<Provider>(201),
        delete("/api/v1/oidc-providers/{id}", "delete_oidc_provider", Access::SignedIn, delete_provider)
            .summary("Remove an identity provider; operators only")
            .answers(204),
    ]
}

/// A provider as the sign-in page shows it.
#[derive(Serialize, JsonSchema)]
struct SignInProvider {
    id: Uuid,
    name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewProvider {
    name: String,
    /// Issuer address; `/.well-known/openid-configuration` is found below it.
    issuer: String,
    client_id: String,
    client_secret: String,
    /// Domains of addresses that this provider may vouch for.
    domains: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Departure {
    /// Where in the console to go afterwards.
    next: Option<String>,
}

impl Departure {
    /// Only into the console: an address that leads elsewhere is forgotten.
    fn next(self) -> Option<String> {
        let fits = |next: &String| {
            let rest = next.strip_prefix("/app/");
            next.len() <= 500 && next.is_ascii() && rest.is_some_and(|rest| !rest.starts_with('/')) && !next.contains(|c: char| c == '\\' || c.is_control())
        };
        self.next.filter(fits)
    }
}

/// What the provider sends back with the browser. It may add parameters of its own.
#[derive(Deserialize, JsonSchema)]
struct Callback {
    state: Option<String>,
    code: Option<String>,
}

fn operator(me: &SignedIn) -> Result<(), Problem> {
    if me.operator { Ok(()) } else { Err(Problem::forbidden("only an operator of the installation does this")) }
}

async fn list_sign_in_providers(State(app): State<App>) -> ApiResult<Json<Vec<SignInProvider>>> {
    let providers = store::list(&mut app.db.read().await?).await?;
    Ok(Json(providers.into_iter().map(|provider| SignInProvider { id: provider.id, name: provider.name }).collect()))
}

async fn list_providers(State(app): State<App>, me: SignedIn) -> ApiResult<Json<Page<Provider>>> {
    operator(&me)?;
    let mut providers = store::list(&mut app.db.read().await?).await?;
    for provider in &mut providers {
        provider.redirect_url = redirect_url(&app, provider.id);
    }
    Ok(Json(Page::whole(providers)))
}

async fn create_provider(State(app): State<App>, me: SignedIn, Json(body): Json<NewProvider>) -> ApiResult<(StatusCode, Json<Provider>)> {
    operator(&me)?;
    check(&app, &body)?;
    let id = app.environment.new_uuid();
    let provider = Provider {
        id,
        name: body.name.trim().to_owned(),
        issuer: body.issuer.trim().to_owned(),
        client_id: body.client_id.trim().to_owned(),
        domains: body.domains.iter().map(|domain| domain.trim().to_lowercase()).collect(),
        created_at: app.environment.now(),
        redirect_url: redirect_url(&app, id),
    };
    let mut tx = app.db.begin().await?;
    if store::list(&mut tx).await?.len() >= PROVIDERS_MAX {
        return Err(Problem::conflict("too_many_providers", format!("at most {PROVIDERS_MAX}")).into());
    }
    store::insert(&mut tx, &app, &provider, &body.client_secret).await?;
    let detail = json!({ "provider": id, "issuer": provider.issuer, "domains": provider.domains });
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "oidc_provider.added", detail).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(provider)))
}

fn check(app: &App, body: &NewProvider) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", &body.name, 100);
    errors.line("client_id", &body.client_id, 300);
    errors.line("client_secret", &body.client_secret, 1_000);
    let reach = client::reach(app);
    let issuer = url::Url::parse(body.issuer.trim()).ok().filter(|issuer| ennakoi_egress::check(issuer, reach).is_ok());
    let safe = issuer.is_some_and(|issuer| (issuer.scheme() == "https" || reach == ennakoi_egress::Reach::Anywhere) && issuer.query().is_none());
    if !safe {
        errors.add("issuer", "url_invalid", "an https address of the public internet");
    }
    if !(1..=50).contains(&body.domains.len()) {
        errors.add("domains", "required", "1 to 50 domains");
    }
    for (index, domain) in body.domains.iter().enumerate() {
        let ok = domain.contains('.') && domain.trim().chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-') && domain.len() <= 253;
        if !ok {
            errors.add(format!("domains[{index}]"), "domain_invalid", "a domain such as example.fi");
        }
    }
    errors.finish()
}

async fn delete_provider(State(app): State<App>, me: SignedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    operator(&me)?;
    let mut tx = app.db.begin().await?;
    if !store::delete(&mut tx, id).await? {
        return Err(Problem::not_found("the identity provider").into());
    }
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "oidc_provider.removed", json!({ "provider": id })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn browser_cookie(app: &App, id: Uuid, value: &str, seconds: u32) -> Result<HeaderValue, Problem> {
    let secure = if app.public_url().starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/api/v1/session/oidc/{id}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|_| Problem::internal())
}

fn see_other(address: &str) -> Result<(header::HeaderName, HeaderValue), Problem> {
    Ok((header::LOCATION, HeaderValue::from_str(address).map_err(|_| Problem::internal())?))
}

async fn begin_oidc(State(app): State<App>, Path(id): Path<Uuid>, Query(departure): Query<Departure>) -> ApiResult<Response> {
    match begin(&app, id, departure).await {
        Ok(response) => Ok(response),
        Err(problem) => told_at_sign_in(&app, &problem),
    }
}

/// A person, not a program, follows these addresses: the sign-in page tells them what went wrong.
fn told_at_sign_in(app: &App, problem: &Problem) -> ApiResult<Response> {
    Ok((StatusCode::SEE_OTHER, [see_other(&format!("{}/app/sign-in?problem={}", app.public_url(), problem.code))?]).into_response())
}

async fn begin(app: &App, id: Uuid, departure: Departure) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let provider = store::load(&mut tx, id).await?.ok_or_else(|| Problem::not_found("the identity provider"))?;
    let secret = store::client_secret(&mut tx, app, id).await?;
    drop(tx);
    let [state, nonce, browser] = std::array::from_fn(|_| app.environment.token(TOKEN_BYTES));
    let started = client::start(app, &provider, secret, &state, &nonce).await?;
    let ceremony = store::Ceremony { provider: id, nonce, verifier: started.verifier, browser_hash: Secret::token_hash(&browser), next: departure.next() };
    let mut tx = app.db.begin().await?;
    store::keep(&mut tx, app.environment.now(), &state, &ceremony).await?;
    tx.commit().await?;
    let cookie = (header::SET_COOKIE, browser_cookie(app, id, &browser, 600)?);
    Ok((StatusCode::SEE_OTHER, [see_other(&started.address)?, cookie]).into_response())
}

async fn finish_oidc(
    State(app): State<App>,
    address: ClientAddress,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Query(callback): Query<Callback>,
) -> ApiResult<Response> {
    match complete(&app, address, &headers, id, callback).await {
        Ok(response) => Ok(response),
        Err(problem) => told_at_sign_in(&app, &problem),
    }
}

async fn complete(app: &App, address: ClientAddress, headers: &HeaderMap, id: Uuid, callback: Callback) -> Result<Response, Problem> {
    let (state, code) = callback.state.zip(callback.code).ok_or_else(refused)?;
    let mut tx = app.db.begin().await?;
    let ceremony = store::take(&mut tx, app.environment.now(), &state).await?;
    tx.commit().await?;
    let browser = sessions::cookie_of(headers, COOKIE).unwrap_or_default();
    let same_browser = |hash: &str| bool::from(hash.as_bytes().ct_eq(Secret::token_hash(&browser).as_bytes()));
    let ceremony = ceremony.filter(|it| it.provider == id && same_browser(&it.browser_hash)).ok_or_else(refused)?;
    let mut tx = app.db.read().await?;
    let provider = store::load(&mut tx, id).await?.ok_or_else(refused)?;
    let secret = store::client_secret(&mut tx, app, id).await?;
    drop(tx);
    let claims = client::finish(app, &provider, secret, code, ceremony.verifier, ceremony.nonce).await?;
    let mut tx = app.db.begin().await?;
    let account = recognise(&mut tx, app, &provider, &claims).await?;
    let origin = Origin::new(headers, address);
    let begun = sessions::begin(&mut tx, app, account.id, Proof::TwoFactors, &origin, headers).await?;
    let detail = json!({ "address": origin.address, "by": provider.name });
    accounts::audit_everywhere(&mut tx, &app.environment, account.id, Actor::Staff(account.id), "session.started", detail).await?;
    tx.commit().await?;
    sessions::forget_cached();
    let next = ceremony.next.unwrap_or_else(|| "/app/".to_owned());
    let mut response = (StatusCode::SEE_OTHER, [see_other(&format!("{}{next}", app.public_url()))?]).into_response();
    response.headers_mut().append(header::SET_COOKIE, sessions::set_cookie(app, &begun.token)?);
    response.headers_mut().append(header::SET_COOKIE, browser_cookie(app, id, "", 0)?);
    Ok(response)
}
