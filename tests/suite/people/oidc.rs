//! Identity providers, with one that lies when asked to.

use std::sync::{Arc, Mutex};

use axum::{
    Form, Json, Router,
    extract::State,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ennakoi_kernel::Duration;
use ennakoi_testkit::{Answer, Client};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Company, address, count, id_of, text};

/// A name for a lie, and how it changes what the provider says.
type Lie = (&'static str, fn(&mut Says));

/// What the provider will say next.
#[derive(Clone)]
struct Says {
    claims: Value,
    algorithm: &'static str,
    key: u8,
    /// The PKCE challenge of the last sign-in.
    challenge: String,
}

#[derive(Clone)]
struct Provider {
    issuer: String,
    says: Arc<Mutex<Says>>,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn token(says: &Says) -> String {
    let header = json!({ "alg": says.algorithm, "kid": "one", "typ": "JWT" });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(says.claims.to_string()));
    if says.algorithm == "none" {
        return format!("{signed}.");
    }
    let signature: Signature = key(says.key).sign(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature.to_bytes()))
}

async fn discovery(State(provider): State<Provider>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys() -> Json<Value> {
    let point = key(1).verifying_key().to_encoded_point(false);
    let (x, y) = (BASE64.encode(point.x().unwrap()), BASE64.encode(point.y().unwrap()));
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one", "x": x, "y": y }] }))
}

async fn exchange(State(provider): State<Provider>, Form(form): Form<Vec<(String, String)>>) -> (axum::http::StatusCode, Json<Value>) {
    let says = provider.says.lock().unwrap().clone();
    let verifier = form.iter().find(|(name, _)| name == "code_verifier").map(|(_, value)| value.clone()).unwrap_or_default();
    if BASE64.encode(Sha256::digest(verifier.as_bytes())) != says.challenge {
        return (axum::http::StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    }
    (axum::http::StatusCode::OK, Json(json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": token(&says) })))
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Says { claims: Value::Null, algorithm: "ES256", key: 1, challenge: String::new() };
        let provider = Self { issuer, says: Arc::new(Mutex::new(says)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(exchange))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }
}

struct Scene {
    company: Company,
    provider: Provider,
    id: String,
}

/// A browser that has been sent to the provider.
struct Away {
    browser: Client,
    state: String,
    nonce: String,
}

impl Scene {
    async fn start() -> Self {
        let company = Company::start_with(|configuration| configuration.security.private_egress = true).await;
        company.colleague("aino", "agent").await;
        let provider = Provider::start().await;
        let body = json!({ "name": "Työpaikka", "issuer": provider.issuer, "client_id": "ennakoi", "client_secret": "hush", "domains": ["example.fi"] });
        let made = company.owner.post("oidc-providers", body).await.expect(201);
        let id = text(&made["id"]);
        assert_eq!(made["redirect_url"], format!("{}/api/v1/session/oidc/{id}/callback", company.app.url));
        Self { company, provider, id }
    }

    async fn leave(&self) -> Away {
        self.leave_for("").await
    }

    async fn leave_for(&self, query: &str) -> Away {
        let mut browser = self.company.app.stranger();
        let answer = browser.get(&format!("session/oidc/{}/start{query}", self.id)).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let location: Url = answer.headers["location"].to_str().unwrap().parse().unwrap();
        let parameter = |wanted: &str| location.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        assert_eq!((parameter("code_challenge_method"), parameter("client_id")), ("S256".to_owned(), "ennakoi".to_owned()));
        self.provider.says.lock().unwrap().challenge = parameter("code_challenge");
        let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
        browser.cookie = set.split(';').next().map(ToOwned::to_owned);
        Away { browser, state: parameter("state"), nonce: parameter("nonce") }
    }

    fn claims(&self, away: &Away) -> Value {
        let now = self.company.app.app.environment.now().seconds();
        json!({ "iss": self.provider.issuer, "aud": "ennakoi", "sub": "person-1", "nonce": away.nonce, "iat": now, "exp": now + 300,
            "email": address("aino"), "email_verified": true })
    }

    async fn back(&self, away: &Away, state: &str) -> Answer {
        away.browser.get(&format!("session/oidc/{}/callback?state={state}&code=abc&session_state=extra", self.id)).await
    }

    /// Goes there and back while the provider says what `change` makes of the truth; returns where the browser lands.
    async fn round(&self, change: impl FnOnce(&mut Says)) -> (String, Option<String>) {
        let away = self.leave().await;
        {
            let mut says = self.provider.says.lock().unwrap();
            (says.claims, says.algorithm, says.key) = (self.claims(&away), "ES256", 1);
            change(&mut says);
        }
        landed(&self.back(&away, &away.state).await)
    }
}

fn landed(answer: &Answer) -> (String, Option<String>) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    (answer.headers["location"].to_str().unwrap().to_owned(), super::cookie(answer))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_address_is_linked_once_and_then_recognised_by_subject() {
    let scene = Scene::start().await;
    let listed = scene.company.app.stranger().get("session/oidc").await.expect(200);
    assert_eq!(listed, json!([{ "id": scene.id, "name": "Työpaikka" }]));
    let (location, cookie) = scene.round(|_| {}).await;
    assert_eq!(location, format!("{}/app/", scene.company.app.url));
    let mut browser = scene.company.app.stranger();
    browser.cookie = cookie;
    assert_eq!(browser.get("session").await.expect(200)["staff"]["email"], json!(address("aino")));
    let aino = id_of(&browser).await;
    // The address may change at the provider; the subject is the person.
    let (_, cookie) = scene.round(|says| says.claims["email"] = json!("other@elsewhere.example")).await;
    browser.cookie = cookie;
    assert_eq!(id_of(&browser).await, aino);
    assert_eq!(count(&scene.company.app, "SELECT COUNT(*) FROM oidc_links").await, 1);
    assert_eq!(count(&scene.company.app, "SELECT COUNT(*) FROM sign_in_ceremonies").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_for_us_now_is_refused() {
    let scene = Scene::start().await;
    let lies: [Lie; 9] = [
        ("nonce", |says| says.claims["nonce"] = json!("another")),
        ("no nonce", |says| says.claims["nonce"] = Value::Null),
        ("audience", |says| says.claims["aud"] = json!("somebody-else")),
        ("two audiences", |says| says.claims["aud"] = json!(["ennakoi", "somebody-else"])),
        ("issuer", |says| says.claims["iss"] = json!("https://evil.example")),
        ("expired", |says| says.claims["exp"] = json!(says.claims["iat"].as_i64().unwrap() - 3_600)),
        ("alg none", |says| says.algorithm = "none"),
        ("other algorithm", |says| says.algorithm = "HS256"),
        ("other key", |says| says.key = 2),
    ];
    for (name, lie) in lies {
        let (location, cookie) = scene.round(lie).await;
        assert!(location.ends_with("/app/sign-in?problem=oidc_refused") && cookie.is_none(), "{name}: {location}");
    }
    let (_, cookie) = scene.round(|_| {}).await;
    assert!(cookie.is_some(), "the truth is accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_without_an_entrusted_address_opens_no_account() {
    let scene = Scene::start().await;
    let others: [Lie; 5] = [
        ("not verified", |says| says.claims["email_verified"] = json!(false)),
        ("not said to be", |says| {
            says.claims.as_object_mut().unwrap().remove("email_verified");
        }),
        ("no address", |says| {
            says.claims.as_object_mut().unwrap().remove("email");
        }),
        ("unknown", |says| says.claims["email"] = json!("nobody@example.fi")),
        ("other domain", |says| says.claims["email"] = json!("owner@localhost")),
    ];
    for (name, other) in others {
        let (location, cookie) = scene.round(other).await;
        assert!(location.ends_with("problem=oidc_no_account") && cookie.is_none(), "{name}: {location}");
    }
    assert_eq!(count(&scene.company.app, "SELECT COUNT(*) FROM staff").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_belongs_to_the_browser_that_left_and_counts_once() {
    let scene = Scene::start().await;
    let refused = |answer: &Answer| assert!(landed(answer).0.ends_with("problem=oidc_refused") && landed(answer).1.is_none());
    let say_truth = |away: &Away| scene.provider.says.lock().unwrap().claims = scene.claims(away);
    // An attacker's own return, followed by a victim's browser.
    let attacker = scene.leave().await;
    say_truth(&attacker);
    let victim = Away { browser: scene.company.app.stranger(), state: attacker.state.clone(), nonce: String::new() };
    refused(&scene.back(&victim, &attacker.state).await);
    refused(&scene.back(&attacker, &attacker.state).await);
    let away = scene.leave().await;
    say_truth(&away);
    refused(&scene.back(&away, "made-up").await);
    assert!(landed(&scene.back(&away, &away.state).await).1.is_some());
    refused(&scene.back(&away, &away.state).await);
    let late = scene.leave().await;
    say_truth(&late);
    scene.company.app.clock.advance(Duration::minutes(11));
    refused(&scene.back(&late, &late.state).await);
    refused(&late.browser.get(&format!("session/oidc/{}/callback?error=access_denied", scene.id)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_back_to_the_page_they_wanted_and_nowhere_else() {
    let scene = Scene::start().await;
    for (wanted, reached) in
        [("/app/inbox/mine%3Fsort%3Dwaiting", "/app/inbox/mine?sort=waiting"), ("https%3A%2F%2Fevil.example%2F", "/app/"), ("/app//evil.example", "/app/")]
    {
        let away = scene.leave_for(&format!("?next={wanted}")).await;
        {
            let mut says = scene.provider.says.lock().unwrap();
            (says.claims, says.algorithm, says.key) = (scene.claims(&away), "ES256", 1);
        }
        assert_eq!(landed(&scene.back(&away, &away.state).await).0, format!("{}{reached}", scene.company.app.url));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_are_the_operators_matter_and_not_a_way_inside() {
    let company = Company::start().await;
    let other = company.colleague("toinen", "owner").await;
    let body = |issuer: &str| json!({ "name": "x", "issuer": issuer, "client_id": "x", "client_secret": "hush-hush", "domains": ["example.fi"] });
    other.post("oidc-providers", body("https://idp.example.com")).await.expect(403);
    other.get("oidc-providers").await.expect(403);
    for inside in [
        "http://idp.example.com",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://0x7f000001/",
        "https://[::ffff:10.0.0.1]/",
        "https://user:password@idp.example.com/",
        "ftp://idp.example.com",
        "idp",
    ] {
        assert_eq!(company.owner.post("oidc-providers", body(inside)).await.expect(422)["errors"][0]["field"], "issuer", "{inside}");
    }
    // A name that leads inside is found out when it is resolved.
    let made = company.owner.post("oidc-providers", body("https://localhost/")).await.expect(201);
    let started = company.app.stranger().get(&format!("session/oidc/{}/start", text(&made["id"]))).await;
    assert!(landed(&started).0.ends_with("/app/sign-in?problem=oidc_unavailable"));
    assert!(!made.to_string().contains("hush-hush"));
    let mut tx = company.app.app.db.read().await.unwrap();
    let stored: Vec<u8> = tx.scalar("SELECT client_secret FROM oidc_providers", &[]).await.unwrap();
    assert!(!stored.windows(9).any(|window| window == b"hush-hush"));
    drop(tx);
    company.owner.delete(&format!("oidc-providers/{}", text(&made["id"]))).await.expect(204);
}
