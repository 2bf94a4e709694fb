//! Signed calls both ways, by Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, the
//! last a list of `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`. A list lets an old and a new secret sign together
//! while one replaces the other.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, header::HeaderMap};
use sha2::Sha256;
use url::Url;

use crate::{Answer, Egress, Error, Request, header};

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;
/// Signatures of one call that are looked at.
const SIGNATURES: usize = 8;
/// Bytes of an id.
const ID_BYTES: usize = 200;

/// The secret as both sides keep it: `whsec_` and base64.
#[must_use]
pub fn secret_text(key: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(key))
}

fn authenticator(secret: &str, id: &str, timestamp_seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp_seconds}.").as_bytes());
    mac.update(body);
    Some(mac)
}

/// One signature of a message under the secret `whsec_…`; `None` when that is not a secret.
#[must_use]
pub fn signature(secret: &str, id: &str, timestamp_seconds: i64, body: &[u8]) -> Option<String> {
    Some(format!("v1,{}", STANDARD.encode(authenticator(secret, id, timestamp_seconds, body)?.finalize().into_bytes())))
}

/// Why a call is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A header is missing or cannot be read.
    Unsigned,
    /// It was signed too long ago, or in the future: a replay, or a clock that is wrong.
    Skewed,
    /// No signature fits.
    Forged,
}

/// Checks a call that came, before anything of it is parsed, in constant time for each signature. Returns its id.
///
/// # Errors
/// See [`Doubt`].
pub fn verify<'a>(headers: &'a HeaderMap, body: &[u8], now_seconds: i64, secrets: &[String]) -> Result<&'a str, Doubt> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
    let (Some(id), Some(timestamp), Some(signatures)) = (text(ID), text(TIMESTAMP), text(SIGNATURE)) else { return Err(Doubt::Unsigned) };
    let timestamp: i64 = timestamp.parse().map_err(|_| Doubt::Unsigned)?;
    // A point inside an id would let one message be read as another.
    if id.len() > ID_BYTES || id.contains('.') {
        return Err(Doubt::Unsigned);
    }
    if now_seconds.checked_sub(timestamp).is_none_or(|age| age.unsigned_abs() > TOLERANCE_SECONDS.unsigned_abs()) {
        return Err(Doubt::Skewed);
    }
    let given: Vec<Vec<u8>> = signatures.split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok()).take(SIGNATURES).collect();
    let fits = |secret: &String| given.iter().any(|given| authenticator(secret, id, timestamp, body).is_some_and(|mac| mac.verify_slice(given).is_ok()));
    if secrets.iter().any(fits) { Ok(id) } else { Err(Doubt::Forged) }
}

/// A message to be delivered.
pub struct Letter<'a> {
    /// The same at every try.
    pub id: &'a str,
    pub timestamp_seconds: i64,
    /// Separated by spaces.
    pub signatures: &'a str,
    pub body: Bytes,
}

/// Delivers a signed message of JSON.
///
/// # Errors
/// See [`Error`].
pub async fn post(client: &Egress, url: Url, letter: Letter<'_>) -> Result<Answer, Error> {
    let timestamp = letter.timestamp_seconds.to_string();
    let values = [("content-type", "application/json"), (ID, letter.id), (TIMESTAMP, &timestamp), (SIGNATURE, letter.signatures)];
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        let value = value.parse().map_err(|_| Error::Failed("a header cannot be written".to_owned()))?;
        headers.insert(header::HeaderName::from_static(name), value);
    }
    client.call(Request { method: Method::POST, url, headers, body: letter.body }).await
}

/// The wait that the other side asks for, in seconds, whether it names a span or a moment.
#[must_use]
pub fn retry_after_seconds(headers: &HeaderMap, now_seconds: i64) -> Option<i64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds.max(0));
    }
    let moment = jiff::fmt::rfc2822::parse(text).ok()?;
    Some((moment.timestamp().as_second() - now_seconds).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID_OF_IT: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT: i64 = 1_614_265_330;

    fn headers(id: &str, timestamp: i64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ID, id.parse().unwrap());
        headers.insert(TIMESTAMP, timestamp.to_string().parse().unwrap());
        headers.insert(SIGNATURE, signature.parse().unwrap());
        headers
    }

    #[test]
    fn a_known_message_has_the_known_signature() {
        // Computed with Python's hmac and base64 modules.
        assert_eq!(signature(SECRET, ID_OF_IT, AT, BODY).unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signature("nonsense", "a", 1, b"b"), None);
    }

    #[test]
    fn what_is_not_signed_now_by_us_is_not_believed() {
        let secrets = [SECRET.to_owned()];
        let good = signature(SECRET, ID_OF_IT, AT, BODY).unwrap();
        let sent = headers(ID_OF_IT, AT, &good);
        assert_eq!(verify(&sent, BODY, AT + TOLERANCE_SECONDS, &secrets), Ok(ID_OF_IT));
        assert_eq!(verify(&sent, BODY, AT - TOLERANCE_SECONDS, &secrets), Ok(ID_OF_IT));
        assert_eq!(verify(&sent, BODY, AT + TOLERANCE_SECONDS + 1, &secrets), Err(Doubt::Skewed));
        assert_eq!(verify(&sent, BODY, AT - TOLERANCE_SECONDS - 1, &secrets), Err(Doubt::Skewed));
        assert_eq!(verify(&headers(ID_OF_IT, i64::MIN, &good), BODY, AT, &secrets), Err(Doubt::Skewed));
        assert_eq!(verify(&sent, b"{}", AT, &secrets), Err(Doubt::Forged));
        assert_eq!(verify(&headers("another", AT, &good), BODY, AT, &secrets), Err(Doubt::Forged));
        assert_eq!(verify(&headers(ID_OF_IT, AT + 1, &good), BODY, AT, &secrets), Err(Doubt::Forged));
        assert_eq!(verify(&sent, BODY, AT, &[secret_text(&[7; 32])]), Err(Doubt::Forged));
        assert_eq!(verify(&sent, BODY, AT, &[secret_text(&[7; 32]), SECRET.to_owned()]), Ok(ID_OF_IT), "while a secret is replaced");
        assert_eq!(verify(&headers(ID_OF_IT, AT, &format!("v1,AAAA {good}")), BODY, AT, &secrets), Ok(ID_OF_IT));
        for nothing in ["", "v1", "v1,", "v2,AAAA", "g0hM"] {
            let doubt = if nothing.is_empty() { Doubt::Unsigned } else { Doubt::Forged };
            assert_eq!(verify(&headers(ID_OF_IT, AT, nothing), BODY, AT, &secrets), Err(doubt), "{nothing}");
        }
        assert_eq!(verify(&HeaderMap::new(), BODY, AT, &secrets), Err(Doubt::Unsigned));
        assert_eq!(verify(&headers("a.b", AT, &good), BODY, AT, &secrets), Err(Doubt::Unsigned));
    }

    #[test]
    fn a_wait_is_a_span_or_a_moment() {
        let asked = |text: &str| retry_after_seconds(&HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]), 784_111_777 - 10);
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("-3"), Some(0));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(10));
        assert_eq!(asked("soon"), None);
    }
}
