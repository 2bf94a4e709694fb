//! Passkeys, with an authenticator made of software.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ennakoi_kernel::Duration;
use ennakoi_testkit::Client;
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Company, address, audited, cookie, id_of, text};

const ORIGIN: &str = "https://ennakoi.example";

/// A device with one key.
struct Device {
    key: SigningKey,
    credential: Vec<u8>,
    counter: u32,
    origin: String,
    flags: u8,
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

impl Device {
    fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        Self { key, credential: vec![seed; 32], counter: 0, origin: ORIGIN.to_owned(), flags: PRESENT | VERIFIED }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string().into_bytes()
    }

    fn head(&mut self, flags: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = Sha256::digest(b"ennakoi.example").to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// What navigator.credentials.create() would give.
    fn create(&mut self, options: &Value) -> Value {
        let mut data = self.head(self.flags | ATTESTED);
        data.extend([0u8; 16]);
        data.extend(u16::try_from(self.credential.len()).unwrap().to_be_bytes());
        data.extend(&self.credential);
        data.extend(self.public_key());
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xA3\x63fmt\x64none\x67attStmt\xA0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let client_data = self.client_data("webauthn.create", &text(&options["publicKey"]["challenge"]));
        json!({
            "id": BASE64.encode(&self.credential), "rawId": BASE64.encode(&self.credential), "type": "public-key",
            "response": { "attestationObject": BASE64.encode(object), "clientDataJSON": BASE64.encode(client_data) },
        })
    }

    /// CBOR of a COSE key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_encoded_point(false);
        let mut key = vec![0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(point.x().unwrap());
        key.extend([0x22, 0x58, 0x20]);
        key.extend(point.y().unwrap());
        key
    }

    /// What navigator.credentials.get() would give.
    fn get(&mut self, options: &Value, person: &str) -> Value {
        let data = self.head(self.flags);
        let client_data = self.client_data("webauthn.get", &text(&options["publicKey"]["challenge"]));
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client_data));
        let signature: Signature = self.key.sign(&signed);
        let person: uuid::Uuid = person.parse().unwrap();
        json!({
            "id": BASE64.encode(&self.credential), "rawId": BASE64.encode(&self.credential), "type": "public-key",
            "response": {
                "authenticatorData": BASE64.encode(data), "clientDataJSON": BASE64.encode(client_data),
                "signature": BASE64.encode(signature.to_der().as_bytes()), "userHandle": BASE64.encode(person.as_bytes()),
            },
        })
    }
}

async fn company() -> Company {
    Company::start_with(|configuration| configuration.server.public_url = ORIGIN.to_owned()).await
}

async fn register(client: &Client, device: &mut Device) {
    let options = client.post("profile/passkeys/challenge", json!({})).await.expect(200);
    assert_eq!(options["publicKey"]["authenticatorSelection"]["residentKey"], "required");
    client.post("profile/passkeys", json!({ "name": "Kannettava", "credential": device.create(&options) })).await.expect(201);
}

async fn options(company: &Company) -> Value {
    company.app.stranger().post("session/passkey/challenge", json!({})).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_without_a_password() {
    let company = company().await;
    let aino = company.colleague("aino", "agent").await;
    let id = id_of(&aino).await;
    let mut device = Device::new(7);
    register(&aino, &mut device).await;
    let answer = company.app.stranger().post("session/passkey", json!({ "credential": device.get(&options(&company).await, &id) })).await;
    let mut browser = company.app.stranger();
    browser.cookie = cookie(&answer);
    let session = answer.expect(200);
    assert_eq!((&session["staff"]["email"], &session["second_factor"]), (&json!(address("aino")), &json!(true)));
    browser.get("session").await.expect(200);
    let listed = aino.get("profile/passkeys").await.expect(200);
    assert!(listed["items"][0]["last_used_at"].is_i64());
    assert!(audited(&company.owner).await.contains(&"passkey.added".to_owned()));
    // Another person cannot remove it; its owner can, and then it opens nothing.
    let path = format!("profile/passkeys/{}", text(&listed["items"][0]["id"]));
    company.owner.delete(&path).await.expect(404);
    aino.delete(&path).await.expect(204);
    let gone = json!({ "credential": device.get(&options(&company).await, &id) });
    assert_eq!(company.app.stranger().post("session/passkey", gone).await.expect(401)["code"], "passkey_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_forged_answer_is_refused_alike() {
    let company = company().await;
    let aino = company.colleague("aino", "agent").await;
    let id = id_of(&aino).await;
    let mut device = Device::new(7);
    register(&aino, &mut device).await;
    let stranger = company.app.stranger();
    let refuse = async |credential: Value| {
        assert_eq!(stranger.post("session/passkey", json!({ "credential": credential })).await.expect(401)["code"], "passkey_refused");
    };
    // The same answer twice.
    let credential = device.get(&options(&company).await, &id);
    stranger.post("session/passkey", json!({ "credential": credential.clone() })).await.expect(200);
    refuse(credential).await;
    // A challenge that was never given out, and one that is too old.
    let made_up = json!({ "publicKey": { "challenge": BASE64.encode([9u8; 32]) } });
    refuse(device.get(&made_up, &id)).await;
    let old = options(&company).await;
    company.app.clock.advance(Duration::minutes(6));
    refuse(device.get(&old, &id)).await;
    // Another site, another key, another person, no check of the person, a cloned device.
    let mut phishing = Device { origin: "https://ennakoi.evil.example".to_owned(), ..Device::new(7) };
    phishing.counter = 100;
    refuse(phishing.get(&options(&company).await, &id)).await;
    let mut forged = Device { credential: vec![7; 32], counter: 100, ..Device::new(8) };
    refuse(forged.get(&options(&company).await, &id)).await;
    let owner = id_of(&company.owner).await;
    device.counter = 100;
    refuse(device.get(&options(&company).await, &owner)).await;
    let mut unverified = Device { flags: PRESENT, counter: 200, ..Device::new(7) };
    refuse(unverified.get(&options(&company).await, &id)).await;
    let mut clone = Device::new(7);
    refuse(clone.get(&options(&company).await, &id)).await;
    device.counter = 300;
    stranger.post("session/passkey", json!({ "credential": device.get(&options(&company).await, &id) })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_belongs_to_whoever_began_it() {
    let company = company().await;
    let aino = company.colleague("aino", "agent").await;
    let begun = aino.post("profile/passkeys/challenge", json!({})).await.expect(200);
    let credential = Device::new(3).create(&begun);
    let body = json!({ "name": "x", "credential": credential });
    company.owner.post("profile/passkeys", body.clone()).await.expect(401);
    aino.post("profile/passkeys", body.clone()).await.expect(201);
    aino.post("profile/passkeys", body).await.expect(401);
    let sign_in = options(&company).await;
    aino.post("profile/passkeys", json!({ "name": "x", "credential": Device::new(3).create(&sign_in) })).await.expect(401);
    let begun = aino.post("profile/passkeys/challenge", json!({})).await.expect(200);
    let mut elsewhere = Device { origin: "https://evil.example".to_owned(), ..Device::new(3) };
    aino.post("profile/passkeys", json!({ "name": "x", "credential": elsewhere.create(&begun) })).await.expect(401);
    aino.post("profile/passkeys", json!({ "name": "x", "credential": { "id": 1 } })).await.expect(422);
    assert_eq!(aino.get("profile/passkeys").await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert!(company.owner.get("profile/passkeys").await.expect(200)["items"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_numbers_has_no_passkeys() {
    let company = Company::start().await;
    assert_eq!(company.owner.post("profile/passkeys/challenge", json!({})).await.expect(503)["code"], "passkeys_unavailable");
}
