//! The guard before every route: recognises the caller, checks the route's access, the rate, and the idempotency key.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{Method, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use ennakoi_kernel::{Problem, access::Access};

use crate::{ApiError, App, Authenticator, ClientAddress, Principal, RateLimit, Route, SignedIn, drain, idempotency, route::Kept};

#[derive(Clone)]
struct Guard {
    app: App,
    authenticator: Arc<dyn Authenticator>,
    access: Access,
    rate: RateLimit,
    operation: &'static str,
    kept: Kept,
}

/// A router of all routes, each behind its guard.
pub fn guarded(app: &App, routes: Vec<Route>, authenticator: &Arc<dyn Authenticator>) -> Router<App> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let guard = Guard {
            app: app.clone(),
            authenticator: authenticator.clone(),
            access: route.access,
            rate: route.rate,
            operation: route.operation,
            kept: route.kept,
        };
        let handler = route.handler.layer(DefaultBodyLimit::max(route.body_bytes)).layer(middleware::from_fn_with_state(guard, check));
        router.route(route.path, handler)
    })
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if request.method() == Method::GET {
        return guarded_by(guard, request, next).await;
    }
    let (request, rest) = drain::share(request);
    let answer = guarded_by(guard, request, next).await;
    rest.drained(answer).await
}

async fn guarded_by(guard: Guard, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&guard, &mut parts).await {
        Ok(None) => next.run(Request::from_parts(parts, body)).await,
        Ok(Some(scope)) => {
            let scope = idempotency::Scope { caller: scope, operation: guard.operation, kept: guard.kept };
            idempotency::once(&guard.app, scope, Request::from_parts(parts, body), next).await
        }
        Err(problem) => ApiError(problem).into_response(),
    }
}

/// Lets the request through, or not; returns the scope of idempotency when the caller is known.
async fn admit(guard: &Guard, parts: &mut Parts) -> Result<Option<String>, Problem> {
    let address = client_address(&guard.app, parts);
    parts.extensions.insert(address.clone());
    let now = guard.app.environment.now();
    let by_address = |caller: &str| guard.app.rates.take(guard.rate, &format!("{} {caller}", guard.operation), now);
    match guard.access {
        Access::Public => {
            by_address(&address.0)?;
            Ok(None)
        }
        Access::Visitor => {
            by_address(&address.0)?;
            guard.authenticator.visitor(&guard.app, parts).await?;
            Ok(None)
        }
        Access::SignedIn | Access::Needs(_) => {
            let principal = guard.authenticator.authenticate(&guard.app, parts).await?.ok_or_else(Problem::unauthenticated)?;
            refuse_forgery(&principal, parts)?;
            let caller = match &principal {
                Principal::Staff { staff, .. } => format!("staff:{staff}"),
                Principal::ApiKey { key, .. } => format!("api_key:{key}"),
            };
            guard.app.rates.take(guard.rate, &caller, now)?;
            match guard.access {
                Access::Needs(permission) => {
                    parts.extensions.insert(principal.member(permission)?);
                }
                _ if matches!(principal, Principal::ApiKey { .. }) => return Err(Problem::forbidden("only a signed-in person can do this")),
                _ => {}
            }
            if let Principal::Staff { staff, session, operator, .. } = &principal {
                parts.extensions.insert(SignedIn { staff: *staff, session: *session, operator: *operator });
            }
            parts.extensions.insert(principal);
            Ok(Some(caller))
        }
    }
}

/// A cookie is sent by browsers whoever asks; another site cannot add this header without our consent (CORS).
fn refuse_forgery(principal: &Principal, parts: &Parts) -> Result<(), Problem> {
    let reading = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if reading || matches!(principal, Principal::ApiKey { .. }) || parts.headers.contains_key("x-requested-with") {
        return Ok(());
    }
    Err(Problem::forbidden("send the header X-Requested-With"))
}

fn client_address(app: &App, parts: &Parts) -> ClientAddress {
    let forwarded = parts
        .headers
        .get("x-forwarded-for")
        .filter(|_| app.configuration.server.behind_proxy)
        .and_then(|value| value.to_str().ok())
        // The proxy appends; only its own entry, the last one, can be believed.
        .and_then(|value| value.rsplit(',').next())
        .map(|address| address.trim().to_owned());
    let direct = || parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    ClientAddress(forwarded.or_else(direct).unwrap_or_else(|| "unknown".to_owned()))
}

/// The token of `Authorization: <scheme> <token>`.
#[must_use]
pub fn authorization<'a>(parts: &'a Parts, scheme: &str) -> Option<&'a str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (found, token) = value.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| token.trim())
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}
