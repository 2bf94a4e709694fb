//! Web push against a push service of our own, with a browser of our own: its messages are opened by another library than the one that
//! wrote them, step by step as RFC 8291 says.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_kernel::Duration;
use ennakoi_testkit::Client;
use ring::{aead, agreement, hkdf, rand::SystemRandom, signature};
use serde_json::{Value, json};

use super::{Call, Service, choose, desk, let_names_leave, mention, until};
use crate::people::{count, text};

/// A browser's side of one message.
struct Browser {
    private: agreement::EphemeralPrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(salt: &[u8], input: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(input).expand(&[info], Bytes(length)).unwrap().fill(&mut out).unwrap();
    out
}

impl Browser {
    fn new() -> Self {
        let private = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new()).unwrap();
        Self { public: private.compute_public_key().unwrap().as_ref().to_vec(), private, auth: *b"0123456789abcdef" }
    }

    async fn subscribe(&self, client: &Client, endpoint: &str) -> Value {
        let keys = (URL_SAFE_NO_PAD.encode(&self.public), URL_SAFE_NO_PAD.encode(self.auth));
        client.post("push-subscriptions", json!({ "endpoint": endpoint, "p256dh": keys.0, "auth": keys.1, "browser": "Firefox · Linux" })).await.expect(201)
    }

    fn open(self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        assert_eq!(u32::from_be_bytes(rest[..4].try_into().unwrap()), 4_096);
        let length = usize::from(rest[4]);
        let (theirs, sealed) = rest[5..].split_at(length);
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, theirs);
        let input = agreement::agree_ephemeral(self.private, &peer, |shared| {
            derive(&self.auth, shared, &[b"WebPush: info\0".as_slice(), &self.public, theirs].concat(), 32)
        })
        .unwrap();
        let key = derive(salt, &input, b"Content-Encoding: aes128gcm\0", 16);
        let nonce: [u8; 12] = derive(salt, &input, b"Content-Encoding: nonce\0", 12).try_into().unwrap();
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &key).unwrap());
        let mut bytes = sealed.to_vec();
        let plain = key.open_in_place(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), &mut bytes).unwrap();
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the last record");
        serde_json::from_slice(&plain[..end]).unwrap()
    }
}

/// RFC 8292: the token is signed by the key that the browser was given, for this push service and not for long.
fn check_sender(call: &Call, service: &Service, public_key: &str, now_seconds: i64) {
    let header = call.headers["authorization"].to_str().unwrap();
    let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, public_key);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = URL_SAFE_NO_PAD.decode(key).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key).verify(signed.as_bytes(), &signature).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap()).unwrap();
    assert_eq!(claims["aud"], json!(service.url));
    let expires = claims["exp"].as_i64().unwrap();
    assert!(expires > now_seconds && expires <= now_seconds + 24 * 3_600);
    let header = |name: &str| call.headers[name].to_str().unwrap();
    assert_eq!((header("content-encoding"), header("ttl")), ("aes128gcm", "43200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_in_secret_and_forgotten_when_it_is_gone() {
    let desk = desk(|_| {}).await;
    let (owner, aino, service) = (desk.owner(), desk.agent("aino").await, Service::start().await);
    // How long the machine takes must not be part of what the push service is told.
    desk.company.app.clock.stop();
    let (first, second) = (Browser::new(), Browser::new());
    let made = first.subscribe(&aino, &format!("{}/push/one", service.url)).await;
    let listed = aino.get("push-subscriptions").await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["browser"]), (1, &json!("Firefox · Linux")));
    assert!(!listed.to_string().contains("/push/one"), "the address is shown to nobody");
    let talk = desk.talk("Liisa", "Salainen asia").await;
    mention(owner, talk, "a", &aino).await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::seconds(10));
    let call = service.call(1).await;
    check_sender(&call, &service, &text(&listed["public_key"]), desk.company.app.app.environment.now().seconds());
    let message = first.open(&call.body);
    let number = aino.get(&talk.path("")).await.expect(200)["number"].clone();
    assert_eq!(message["title"], json!(format!("Sinut mainittiin tapauksessa #{number}")));
    assert_eq!((&message["body"], &message["path"]), (&json!(""), &json!(format!("/app/inbox/all/{}?workspace={}", talk.id, desk.company.workspace()))));
    assert!(!message.to_string().contains("Liisa"), "a lock screen shows no names");
    until("it is noted", async || aino.get("push-subscriptions").await.expect(200)["items"][0]["used_at"].is_i64()).await;

    // The same browser again is one; who wants more on the screen gets it.
    second.subscribe(&aino, &format!("{}/push/one", service.url)).await;
    assert_eq!(aino.get("push-subscriptions").await.expect(200)["items"].as_array().unwrap().len(), 1);
    aino.delete(&format!("push-subscriptions/{}", text(&made["id"]))).await.expect(404);
    let chosen = choose(&aino, |settings| settings["detail"] = json!("customer")).await;
    assert_eq!(chosen["names_leave"], json!(false), "the company has not allowed it");
    let_names_leave(owner).await;
    let other = desk.talk("Matti", "Hei").await;
    mention(owner, other, "b", &aino).await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::seconds(10));
    let message = second.open(&service.call(2).await.body);
    assert!(text(&message["body"]).starts_with("Matti"), "{message}");

    service.will([410]);
    let third = desk.talk("Maija", "Hei").await;
    mention(owner, third, "c", &aino).await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::seconds(10));
    service.call(3).await;
    until("it is forgotten", async || count(&desk.company.app, "SELECT COUNT(*) FROM push_subscriptions").await == 0).await;
    let open = "SELECT COUNT(*) FROM intents WHERE transport = 'notice_push' AND state IN ('planned', 'sending')";
    until("nothing is tried again", async || count(&desk.company.app, open).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_browser_says_is_refused() {
    let desk = desk(|_| {}).await;
    let (owner, aino, service) = (desk.owner(), desk.agent("aino").await, Service::start().await);
    let browser = Browser::new();
    let good = json!({ "endpoint": format!("{}/push", service.url), "p256dh": URL_SAFE_NO_PAD.encode(&browser.public), "auth": URL_SAFE_NO_PAD.encode(browser.auth), "browser": "Firefox" });
    let mut bent = browser.public.clone();
    bent[40] ^= 1;
    for (field, value) in [
        ("endpoint", json!("nonsense")),
        ("endpoint", json!("file:///etc/passwd")),
        ("p256dh", json!("AAAA")),
        ("p256dh", json!(URL_SAFE_NO_PAD.encode(bent))),
        ("auth", json!("AAAA")),
        ("browser", json!("")),
    ] {
        let mut wrong = good.clone();
        wrong[field] = value;
        assert_eq!(aino.post("push-subscriptions", wrong).await.expect(422)["errors"][0]["field"], json!(field));
    }
    let made = aino.post("push-subscriptions", good).await.expect(201);
    let path = format!("push-subscriptions/{}", text(&made["id"]));
    owner.post(&format!("{path}/test"), json!({})).await.expect(404);
    owner.delete(&path).await.expect(404);
    aino.post(&format!("{path}/test"), json!({})).await.expect(202);
    let message = browser.open(&service.call(1).await.body);
    assert_eq!(message["tag"], "trial");
    aino.delete(&path).await.expect(204);
}
