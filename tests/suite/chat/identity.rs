//! Proof of who a visitor is. The tokens are made here by hand, so that the server's library is not asked about itself.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_kernel::Duration;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Shop;
use crate::people::text;

fn token(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn hs256(claims: &Value, secret: &str) -> String {
    token(&json!({ "alg": "HS256", "typ": "JWT" }), claims, secret.as_bytes())
}

pub(crate) struct Site<'a> {
    shop: &'a Shop,
    secret: String,
}

impl<'a> Site<'a> {
    pub(crate) async fn of(shop: &'a Shop) -> Self {
        let secret = shop.owner().get(&format!("channels/{}/identity-secret", shop.channel)).await.expect(200);
        Self { shop, secret: text(&secret["identity_secret"]) }
    }

    fn claims(&self, subject: &str) -> Value {
        let now = self.shop.company.app.app.environment.now().seconds();
        json!({ "sub": subject, "aud": self.shop.public_key, "email": format!("{subject}@example.fi"), "name": "Liisa Meri", "iat": now, "exp": now + 3_600 })
    }

    pub(crate) fn token(&self, subject: &str) -> String {
        hs256(&self.claims(subject), &self.secret)
    }

    /// Somebody who calls themselves so.
    pub(crate) fn token_named(&self, subject: &str, name: &str) -> String {
        hs256(&changed(&self.claims(subject), "name", json!(name)), &self.secret)
    }
}

fn changed(claims: &Value, key: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[key] = value;
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_visitor_is_known_and_finds_their_history() {
    let shop = Shop::open().await;
    let site = Site::of(&shop).await;
    let arrived =
        shop.arrive(json!({ "identity": site.token("asiakas-7"), "page": { "url": "https://shop.example.fi/kengat", "title": "Kengät" } })).await.expect(201);
    assert_eq!((&arrived["contact"]["email"], &arrived["contact"]["verified"]), (&json!("asiakas-7@example.fi"), &json!(true)));
    let first = shop.visitor_with(&text(&arrived["token"]));
    let talk = text(&first.send("1", "Missä pakettini on?").await.expect(201)["conversation_id"]);
    // On another device, first as nobody, then proved: both talks are theirs.
    let second = shop.visitor().await;
    second.send("1", "Käykö MobilePay?").await.expect(201);
    let known = second.client.patch("/widget/v1/visitor", json!({ "identity": site.token("asiakas-7") })).await.expect(200);
    assert_eq!(known["verified"], true);
    let theirs = second.client.get("/widget/v1/conversations").await.expect(200);
    assert_eq!(theirs.as_array().unwrap().len(), 2);
    second.client.get(&format!("/widget/v1/conversations/{talk}/messages")).await.expect(200);
    let contacts = shop.owner().get("contacts?user_id=asiakas-7").await.expect(200);
    assert_eq!(contacts["items"].as_array().unwrap().len(), 1);
    let pages = shop.owner().get(&format!("contacts/{}/pages", text(&contacts["items"][0]["id"]))).await.expect(200);
    assert_eq!(pages["items"][0]["url"], "https://shop.example.fi/kengat");
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_the_sites_own_opens_nothing() {
    let shop = Shop::open().await;
    let site = Site::of(&shop).await;
    let arrived = shop.arrive(json!({ "identity": site.token("asiakas-7") })).await.expect(201);
    let theirs = shop.visitor_with(&text(&arrived["token"]));
    let talk = text(&theirs.send("1", "salainen asia").await.expect(201)["conversation_id"]);
    let other = text(&shop.owner().post("channels", json!({ "kind": "chat", "name": "Toinen" })).await.expect(201)["id"]);
    let other_secret = text(&shop.owner().get(&format!("channels/{other}/identity-secret")).await.expect(200)["identity_secret"]);
    let neighbour = shop.company.neighbour().await;
    let foreign = neighbour.post("channels", json!({ "kind": "chat", "name": "Muu" })).await.expect(201);
    let foreign_secret = text(&neighbour.get(&format!("channels/{}/identity-secret", text(&foreign["id"]))).await.expect(200)["identity_secret"]);
    let good = site.claims("asiakas-7");
    let now = shop.company.app.app.environment.now().seconds();
    let unsigned = |alg: &str| {
        let full = token(&json!({ "alg": alg, "typ": "JWT" }), &good, site.secret.as_bytes());
        format!("{}.", full.rsplit_once('.').unwrap().0)
    };
    let flipped = {
        let mut token = site.token("asiakas-7");
        let last = if token.pop() == Some('A') { 'B' } else { 'A' };
        token.push(last);
        token.replacen(&token[10..11].to_owned(), if &token[10..11] == "x" { "y" } else { "x" }, 1)
    };
    let cases = [
        ("expired", hs256(&changed(&good, "exp", json!(now - 3_600)), &site.secret)),
        ("of no end", hs256(&changed(&good, "exp", json!(now + 90 * 86_400)), &site.secret)),
        ("without an end", hs256(&changed(&good, "exp", Value::Null), &site.secret)),
        ("from tomorrow", hs256(&changed(&good, "iat", json!(now + 86_400)), &site.secret)),
        ("of nobody", hs256(&changed(&good, "sub", json!(" ")), &site.secret)),
        ("without a subject", hs256(&changed(&good, "sub", Value::Null), &site.secret)),
        ("for nobody", hs256(&changed(&good, "aud", Value::Null), &site.secret)),
        ("for another channel", hs256(&changed(&good, "aud", json!(other)), &site.secret)),
        ("signed for another channel", hs256(&good, &other_secret)),
        ("signed in another workspace", hs256(&good, &foreign_secret)),
        ("signed with a guess", hs256(&good, "salasana")),
        ("signed with nothing", hs256(&good, "")),
        ("signed with the public key", hs256(&good, &shop.public_key)),
        ("alg none", unsigned("none")),
        ("alg NONE", unsigned("NONE")),
        ("no signature", unsigned("HS256")),
        ("another algorithm", token(&json!({ "alg": "HS512", "typ": "JWT" }), &good, site.secret.as_bytes())),
        ("an asymmetric algorithm", token(&json!({ "alg": "RS256", "typ": "JWT" }), &good, site.secret.as_bytes())),
        ("its own key", token(&json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } }), &good, b"\0\0\0")),
        ("changed", flipped),
        ("not a token", "asiakas-7".to_owned()),
        ("too long", format!("{}{}", site.token("asiakas-7"), "A".repeat(9_000))),
    ];
    let before = shop.owner().get("contacts?limit=100").await.expect(200)["items"].as_array().unwrap().len();
    for (what, forged) in cases {
        let refused = shop.arrive(json!({ "identity": forged })).await;
        assert_eq!(refused.status, 401, "{what}: {}", refused.text);
        let visitor = shop.visitor().await;
        visitor.client.patch("/widget/v1/visitor", json!({ "identity": forged })).await.expect(401);
        visitor.client.get(&format!("/widget/v1/conversations/{talk}/messages")).await.expect(404);
        assert_eq!(visitor.client.get("/widget/v1/conversations").await.expect(200), json!([]), "{what}");
    }
    let after = shop.owner().get("contacts?limit=100").await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!(before, after, "a refused token makes and merges nobody");
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_before_a_rotation_is_good_for_a_day() {
    let shop = Shop::open().await;
    let before = Site::of(&shop).await;
    shop.owner().post(&format!("channels/{}/identity-secret", shop.channel), json!({})).await.expect(201);
    let after = Site::of(&shop).await;
    for site in [&before, &after] {
        shop.arrive(json!({ "identity": site.token("asiakas-7") })).await.expect(201);
    }
    shop.company.app.clock.advance(Duration::hours(25));
    shop.arrive(json!({ "identity": after.token("asiakas-7") })).await.expect(201);
    shop.arrive(json!({ "identity": before.token("asiakas-7") })).await.expect(401);
    assert_eq!(shop.stored_channel().await.identity_secrets(&shop.company.app.app.secret, shop.company.app.app.environment.now()).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_address_opens_no_history() {
    let shop = Shop::open().await;
    let site = Site::of(&shop).await;
    let arrived = shop.arrive(json!({ "identity": site.token("liisa") })).await.expect(201);
    let liisa = shop.visitor_with(&text(&arrived["token"]));
    let talk = text(&liisa.send("1", "salainen asia").await.expect(201)["conversation_id"]);
    let guess = shop.visitor().await;
    let told = guess.client.patch("/widget/v1/visitor", json!({ "name": "Liisa Meri", "email": "liisa@example.fi" })).await;
    assert!(told.status == 200 || told.status == 422 || told.status == 409, "{}", told.text);
    assert!(!told.text.contains("\"verified\":true"), "{}", told.text);
    let own = text(&guess.send("1", "Hei").await.expect(201)["conversation_id"]);
    guess.client.post(&format!("/widget/v1/conversations/{own}/contact-details"), json!({ "email": "liisa@example.fi" })).await;
    let theirs = guess.client.get("/widget/v1/conversations").await.expect(200);
    assert_eq!(theirs.as_array().unwrap().len(), 1, "{theirs}");
    guess.client.get(&format!("/widget/v1/conversations/{talk}/messages")).await.expect(404);
    let (contact, claimed) = (contact_of(&shop, &talk).await, contact_of(&shop, &own).await);
    assert_ne!(contact, claimed, "nobody is merged by what somebody typed");
    shop.company.app.settle().await;
}

async fn contact_of(shop: &Shop, conversation: &str) -> String {
    text(&shop.owner().get(&format!("conversations/{conversation}")).await.expect(200)["contact"]["id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_proof_on_the_same_browser_does_not_take_over_the_first_ones_words() {
    let shop = Shop::open().await;
    let site = Site::of(&shop).await;
    let arrived = shop.arrive(json!({ "identity": site.token("liisa") })).await.expect(201);
    let browser = shop.visitor_with(&text(&arrived["token"]));
    let talk = text(&browser.send("1", "liisan asia").await.expect(201)["conversation_id"]);
    let before = contact_of(&shop, &talk).await;
    browser.client.patch("/widget/v1/visitor", json!({ "identity": site.token("veikko") })).await.expect(200);
    assert_eq!(contact_of(&shop, &talk).await, before, "two proven people are never merged");
    browser.client.get(&format!("/widget/v1/conversations/{talk}/messages")).await.expect(404);
    assert_eq!(browser.client.get("/widget/v1/conversations").await.expect(200), json!([]));
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unknown_chooses_a_language() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    visitor.client.patch("/widget/v1/visitor", json!({ "locale": "sv" })).await.expect(200);
    visitor.client.patch("/widget/v1/visitor", json!({ "locale": "de" })).await.expect(422);
    let talk = text(&visitor.send("1", "Hej").await.expect(201)["conversation_id"]);
    let shown = shop.owner().get(&format!("conversations/{talk}")).await.expect(200);
    assert_eq!((&shown["locale"], &shown["contact"]["name"]), (&json!("sv"), &json!("")));
}
