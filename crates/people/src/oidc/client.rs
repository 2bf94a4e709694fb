//! The exchange with a provider, through the egress client.

use std::future::Future;

use ennakoi_egress::{Egress, Limits, Reach, Request};
use ennakoi_http::App;
use ennakoi_kernel::{Problem, ProblemKind};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    core::{CoreClient, CoreProviderMetadata, CoreResponseType},
};

use super::{Claims, Provider, redirect_url, refused};

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Whether addresses of the operator's own network may be called.
pub(super) fn reach(app: &App) -> Reach {
    if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public }
}

fn unreachable(error: impl std::fmt::Display) -> Problem {
    tracing::warn!(%error, "an identity provider cannot be used");
    Problem::new(ProblemKind::Unavailable, "oidc_unavailable", "the identity provider cannot be reached or answers unexpectedly")
}

/// One request of `openidconnect`, made by the egress client.
fn through(egress: &Egress) -> impl Fn(HttpRequest) -> std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send>> {
    let egress = egress.clone();
    move |request| {
        let egress = egress.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = parts.uri.to_string().parse().map_err(|_| Failed("malformed address".to_owned()))?;
            let answer = egress.call(Request { method: parts.method, url, headers: parts.headers, body: body.into() }).await;
            let answer = answer.map_err(|error| Failed(error.to_string()))?;
            let mut response = HttpResponse::new(answer.body.to_vec());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

async fn discover(app: &App, provider: &Provider, client_secret: String) -> Result<(Client, Egress), Problem> {
    let egress = Egress::new(reach(app), Limits::default()).map_err(unreachable)?;
    let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(unreachable)?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &through(&egress)).await.map_err(unreachable)?;
    let redirect = RedirectUrl::new(redirect_url(app, provider.id)).map_err(unreachable)?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(provider.client_id.clone()), Some(ClientSecret::new(client_secret)));
    Ok((client.set_redirect_uri(redirect), egress))
}

/// Where the browser is sent, and what must be remembered.
pub(super) struct Started {
    pub(super) address: String,
    pub(super) verifier: String,
}

/// Begins: makes the provider's sign-in address with state, nonce and PKCE challenge.
pub(super) async fn start(app: &App, provider: &Provider, client_secret: String, state: &str, nonce: &str) -> Result<Started, Problem> {
    let (client, _) = discover(app, provider, client_secret).await?;
    let verifier = PkceCodeVerifier::new(app.environment.token(32));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let (state, nonce) = (state.to_owned(), nonce.to_owned());
    let request = client.authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, move || CsrfToken::new(state), move || Nonce::new(nonce));
    let (address, _, _) = request.add_scope(Scope::new("email".to_owned())).set_pkce_challenge(challenge).url();
    Ok(Started { address: address.to_string(), verifier: verifier.into_secret() })
}

/// Ends: exchanges the code and checks the ID token.
pub(super) async fn finish(app: &App, provider: &Provider, client_secret: String, code: String, verifier: String, nonce: String) -> Result<Claims, Problem> {
    let (client, egress) = discover(app, provider, client_secret).await?;
    let exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(unreachable)?;
    let answer = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&through(&egress)).await.map_err(|error| {
        tracing::info!(%error, "an identity provider did not accept a code");
        refused()
    })?;
    let token = answer.extra_fields().id_token().ok_or_else(refused)?;
    let claims = token.claims(&client.id_token_verifier(), &Nonce::new(nonce)).map_err(|error| {
        tracing::warn!(%error, "an ID token was refused");
        refused()
    })?;
    Ok(Claims {
        subject: claims.subject().as_str().to_owned(),
        email: claims.email().map(|email| email.as_str().to_owned()),
        email_verified: claims.email_verified().unwrap_or(false),
    })
}
