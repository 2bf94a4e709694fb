//! The signature of a notice: RSA with SHA-256 over its fields in a fixed order, by the certificate that it names, which must lie with
//! Amazon. Version 1 (SHA-1) is not taken: set the topic's `SignatureVersion` to 2.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use ennakoi_egress::{Egress, Limits, Method, Reach, Request, header::HeaderMap};
use ennakoi_kernel::Problem;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;
use url::Url;

use crate::incoming::hooks;

/// Certificates that are remembered; Amazon changes them about once a year.
const REMEMBERED: usize = 16;

/// What SNS posts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Envelope {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) message_id: String,
    pub(super) topic_arn: String,
    pub(super) message: String,
    pub(super) timestamp: String,
    pub(super) subject: Option<String>,
    pub(super) signature_version: String,
    pub(super) signature: String,
    #[serde(rename = "SigningCertURL")]
    pub(super) certificate_url: String,
    #[serde(rename = "SubscribeURL")]
    pub(super) subscribe_url: Option<String>,
    pub(super) token: Option<String>,
}

impl Envelope {
    /// What was signed: names and values in alphabetical order, each on a line of its own.
    fn signed_text(&self) -> String {
        let mut fields: Vec<(&str, &str)> = vec![("Message", &self.message), ("MessageId", &self.message_id)];
        if self.kind == "Notification" {
            fields.extend(self.subject.as_deref().map(|subject| ("Subject", subject)));
        } else {
            fields.extend(self.subscribe_url.as_deref().map(|url| ("SubscribeURL", url)));
        }
        fields.push(("Timestamp", &self.timestamp));
        if self.kind != "Notification" {
            fields.extend(self.token.as_deref().map(|token| ("Token", token)));
        }
        fields.extend([("TopicArn", self.topic_arn.as_str()), ("Type", &self.kind)]);
        fields.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect()
    }

    fn is_signed_by(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(&self.signature) else { return false };
        let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return false };
        certificate.verify_signature(webpki::ring::RSA_PKCS1_2048_8192_SHA256, self.signed_text().as_bytes(), &signature).is_ok()
    }
}

/// `https://sns.<region>.amazonaws.com/…`, also in China.
pub(super) fn is_of_amazon(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let region = host.strip_prefix("sns.").and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && region.is_some_and(is_region)
}

/// `eu-north-1`, `us-gov-west-1`: letters, and a number at the end. Not `s3` or `s3-us-west-2`, under which anybody's bucket may be
/// named "sns".
fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let is = |part: &str, allowed: fn(&u8) -> bool| !part.is_empty() && part.as_bytes().iter().all(allowed);
    words.len() >= 2 && is(number, u8::is_ascii_digit) && words.iter().all(|word| is(word, u8::is_ascii_lowercase))
}

/// Where Amazon keeps the certificates of its notices.
fn is_certificate(url: &Url) -> bool {
    let hexadecimal = url.path().strip_prefix("/SimpleNotificationService-").and_then(|rest| rest.strip_suffix(".pem"));
    is_of_amazon(url)
        && url.query().is_none()
        && url.fragment().is_none()
        && hexadecimal.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// # Errors
/// The signature is none, or not Amazon's.
pub(super) async fn verify(envelope: &Envelope) -> Result<(), Problem> {
    let invalid = || hooks::refused("signature_invalid", "not signed by Amazon with signature version 2");
    if envelope.signature_version != "2" {
        return Err(invalid());
    }
    let url = Url::parse(&envelope.certificate_url).ok().filter(is_certificate).ok_or_else(invalid)?;
    let certificate = certificate(url).await?;
    if envelope.is_signed_by(&certificate) { Ok(()) } else { Err(invalid()) }
}

async fn certificate(url: Url) -> Result<CertificateDer<'static>, Problem> {
    static KNOWN: Mutex<Option<HashMap<String, CertificateDer<'static>>>> = Mutex::new(None);
    let name = url.to_string();
    if let Some(known) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|known| known.get(&name)) {
        return Ok(known.clone());
    }
    let unreachable = |_| Problem::internal();
    let egress = Egress::new(Reach::Public, Limits { answer_bytes: 64 << 10, total: hooks::WITHIN, ..Limits::default() }).map_err(unreachable)?;
    let answer = egress.call(Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }).await.map_err(unreachable)?;
    let found = CertificateDer::from_pem_slice(&answer.body).map_err(|_| hooks::refused("signature_invalid", "the certificate cannot be read"))?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(name, found.clone());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate and a signature over this envelope, made with openssl.
    fn example() -> (Envelope, CertificateDer<'static>) {
        let envelope = Envelope {
            kind: "Notification".to_owned(),
            message_id: "m-1".to_owned(),
            topic_arn: "arn:aws:sns:eu-north-1:123456789012:posti".to_owned(),
            message: "{\"notificationType\":\"Received\"}".to_owned(),
            timestamp: "2026-11-30T12:00:00.000Z".to_owned(),
            subject: Some("Amazon SES Email Receipt Notification".to_owned()),
            signature_version: "2".to_owned(),
            signature: include_str!("example.signature").trim().to_owned(),
            ..Envelope::default()
        };
        (envelope, CertificateDer::from_pem_slice(include_bytes!("example.pem")).unwrap())
    }

    #[test]
    fn a_good_signature_is_of_every_field() {
        let (envelope, certificate) = example();
        assert!(envelope.is_signed_by(&certificate));
        for change in [
            |it: &mut Envelope| it.message.push(' '),
            |it: &mut Envelope| it.topic_arn.push('x'),
            |it: &mut Envelope| it.subject = None,
            |it: &mut Envelope| it.timestamp = "2026-11-30T12:00:01.000Z".to_owned(),
            |it: &mut Envelope| it.kind = "SubscriptionConfirmation".to_owned(),
            |it: &mut Envelope| it.signature = BASE64_STANDARD.encode([7u8; 256]),
            |it: &mut Envelope| it.signature.clear(),
        ] {
            let mut changed = envelope.clone();
            change(&mut changed);
            assert!(!changed.is_signed_by(&certificate), "{changed:?}");
        }
    }

    #[test]
    fn certificates_lie_with_amazon() {
        let is = |text: &str| is_of_amazon(&Url::parse(text).unwrap());
        assert!(is("https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-1.pem") && is("https://sns.cn-north-1.amazonaws.com.cn/x.pem"));
        for other in [
            "http://sns.eu-north-1.amazonaws.com/x.pem",
            "https://sns.eu-north-1.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.eu-north-1.amazonaws.com/x.pem",
            "https://sns.evil.example/x.pem",
            "https://sns.a.b.amazonaws.com/x.pem",
            "https://sns..amazonaws.com/x.pem",
            "https://bucket.s3.amazonaws.com/x.pem",
            "https://sns.s3.amazonaws.com/x.pem",
            "https://sns.s3-us-west-2.amazonaws.com/x.pem",
            "https://sns.s3-accelerate.amazonaws.com/x.pem",
            "https://user@sns.eu-north-1.amazonaws.com/x.pem",
            "https://sns.eu-north-1.amazonaws.com:8443/x.pem",
        ] {
            assert!(!is(other), "{other}");
        }
        let certificate = |text: &str| is_certificate(&Url::parse(text).unwrap());
        assert!(certificate("https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem"));
        for other in ["x.pem", "SimpleNotificationService-1.pem?Action=x", "SimpleNotificationService-.pem", "a/SimpleNotificationService-1.pem"] {
            assert!(!certificate(&format!("https://sns.eu-north-1.amazonaws.com/{other}")), "{other}");
        }
    }
}
