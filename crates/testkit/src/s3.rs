//! A small S3 in memory that trusts nobody: every request must carry a valid signature.
//!
//! The check is written from Amazon's description of Signature Version 4 for signatures in the address, apart from the library
//! that the product signs with, and is itself held against the example of that description.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// RFC 3986's unreserved characters stay as they are, everything else is written in percent.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Keys of one page of a list: few, so that going on is tested.
const PAGE: usize = 3;
const BODY_BYTES: usize = 64 << 20;

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Bytes>,
    refuse_next: u32,
    refused: u32,
}

/// A running store with one bucket.
pub struct FakeS3 {
    pub address: SocketAddr,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
    pub region: String,
    inner: Arc<Mutex<Inner>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Shop {
    bucket: String,
    access_key: String,
    secret_key: String,
    region: String,
    inner: Arc<Mutex<Inner>>,
}

impl FakeS3 {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::<Mutex<Inner>>::default();
        let shop = Shop {
            bucket: "company".to_owned(),
            access_key: "AKIDTEST".to_owned(),
            secret_key: "sala+isuus/=".to_owned(),
            region: "eu-north-1".to_owned(),
            inner: inner.clone(),
        };
        let router = Router::new().fallback(answer).with_state(shop.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        let Shop { bucket, access_key, secret_key, region, .. } = shop;
        Self { address, bucket, access_key, secret_key, region, inner, task }
    }

    /// Puts the server's files here, below `prefix`.
    pub fn configure(&self, files: &mut ennakoi_kernel::configuration::Files, prefix: &str) {
        files.url = format!("s3://{}/{prefix}", self.bucket);
        files.s3_endpoint = format!("http://{}", self.address);
        files.s3_access_key.clone_from(&self.access_key);
        files.s3_secret_key.clone_from(&self.secret_key);
        files.s3_region.clone_from(&self.region);
    }

    /// Answers the next requests with 503, as a busy store does.
    pub fn refuse_next(&self, requests: u32) {
        self.lock().refuse_next = requests;
    }

    /// Requests refused because their signature was wrong.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.lock().refused
    }

    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    /// Changes what is stored, as a failing disk would.
    pub fn damage(&self, key: &str) {
        self.lock().objects.insert(key.to_owned(), Bytes::from_static(b"damaged"));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic while it is held")
    }
}

impl Drop for FakeS3 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shop): State<Shop>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let mut inner = shop.inner.lock().expect("no panic while it is held");
    if inner.refuse_next > 0 {
        inner.refuse_next -= 1;
        return problem(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    }
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    if let Err(code) = verify(&shop, parts.method.as_str(), parts.uri.path(), query, host) {
        inner.refused += 1;
        return problem(StatusCode::FORBIDDEN, code);
    }
    let path = percent_decode_str(parts.uri.path().trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    if bucket != shop.bucket {
        return problem(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    match (&parts.method, key) {
        (&Method::GET, "") => list(&inner, query),
        (&Method::GET, key) => match inner.objects.get(key) {
            Some(bytes) => bytes.clone().into_response(),
            None => problem(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        (&Method::PUT, key) if !key.is_empty() => {
            inner.objects.insert(key.to_owned(), body);
            StatusCode::OK.into_response()
        }
        (&Method::DELETE, key) if !key.is_empty() => {
            inner.objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => problem(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

fn problem(status: StatusCode, code: &str) -> Response {
    (status, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>no</Message></Error>")).into_response()
}

fn list(inner: &Inner, query: &str) -> Response {
    let value = |name: &str| pairs(query).into_iter().find(|(found, _)| found == name).map(|(_, value)| value);
    let (prefix, after) = (value("prefix").unwrap_or_default(), value("continuation-token").unwrap_or_default());
    let page = value("max-keys").and_then(|keys| keys.parse().ok()).unwrap_or(PAGE).min(PAGE);
    let keys: Vec<&String> = inner.objects.keys().filter(|key| key.starts_with(&prefix) && **key > after).take(page + 1).collect();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for key in keys.iter().take(page) {
        let _ = write!(xml, "<Contents><Key>{}</Key><Size>1</Size></Contents>", utf8_percent_encode(key, ENCODED));
    }
    let more = keys.len() > page;
    let _ = write!(xml, "<EncodingType>url</EncodingType><MaxKeys>{page}</MaxKeys><IsTruncated>{more}</IsTruncated>");
    if more {
        let _ = write!(xml, "<NextContinuationToken>{}</NextContinuationToken>", keys[page - 1]);
    }
    xml.push_str("</ListBucketResult>");
    ([(header::CONTENT_TYPE, "application/xml")], xml).into_response()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn verify(shop: &Shop, method: &str, path: &str, query: &str, host: &str) -> Result<(), &'static str> {
    let pairs = pairs(query);
    let value = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str()).unwrap_or_default();
    let date = value("X-Amz-Date");
    let scope = format!("{}/{}/s3/aws4_request", date.get(..8).unwrap_or_default(), shop.region);
    if value("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" || value("X-Amz-SignedHeaders") != "host" {
        return Err("AccessDenied");
    }
    if value("X-Amz-Credential") != format!("{}/{scope}", shop.access_key) {
        return Err("InvalidAccessKeyId");
    }
    if !value("X-Amz-Expires").parse().is_ok_and(|seconds: u32| (1..=604_800).contains(&seconds)) {
        return Err("AuthorizationQueryParametersError");
    }
    let expected = signature(&shop.secret_key, method, path, &pairs, host, date, &scope);
    if value("X-Amz-Signature") == expected { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn signature(secret: &str, method: &str, path: &str, pairs: &[(String, String)], host: &str, date: &str, scope: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let mut query: Vec<String> =
        pairs.iter().filter(|(name, _)| name != "X-Amz-Signature").map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    query.sort();
    let canonical = format!("{method}\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", query.join("&"));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/').chain([text.as_str()]) {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(part.as_bytes());
        key = mac.finalize().into_bytes().to_vec();
    }
    hex(&key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Authenticating Requests: Using Query Parameters", the example of the Amazon S3 API reference.
    #[test]
    fn the_published_example_has_its_signature() {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                     &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
        let made = signature(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "GET",
            "/test.txt",
            &pairs(query),
            "examplebucket.s3.amazonaws.com",
            "20130524T000000Z",
            "20130524/us-east-1/s3/aws4_request",
        );
        assert_eq!(made, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }
}
