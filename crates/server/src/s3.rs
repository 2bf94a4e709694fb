//! Files in an S3-compatible store instead of a folder.
//!
//! Every request carries its signature (AWS Signature Version 4) in its address, which is valid for some minutes. The keys are
//! those of the folder, below an optional prefix, so that a folder's content can be copied into a bucket as it is.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result as Anyhow, bail};
use bytes::Bytes;
use ennakoi_egress::{Answer, Egress, Limits, Method, Reach, Request, header::HeaderMap};
use ennakoi_kernel::{Environment, configuration::Files, limits};
use ennakoi_store::{
    Error, Result,
    files::{Blobs, Listed, is_key},
};
use futures_util::future::BoxFuture;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle, actions::ListObjectsV2};
use url::Url;

/// How long a signed address is valid; clocks may differ by as much.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// Waits before the second and third try: stores ask for patience with 503 as a matter of course.
const WAITS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(1_000)];

/// A bucket, or the part of it below a prefix.
pub struct Store {
    bucket: Bucket,
    credentials: Credentials,
    /// Empty, or ending with a slash.
    prefix: String,
    egress: Egress,
    environment: Environment,
}

/// What the store said when it said no.
#[derive(Debug)]
struct Refusal {
    status: u16,
    /// The `Code` of its answer, for example `NoSuchBucket`.
    code: String,
}

impl Store {
    /// Reads `files.url` = `s3://bucket/prefix` and the keys beside it. Nothing is called yet.
    ///
    /// # Errors
    /// Names the key of the configuration that cannot be used.
    pub fn open(configuration: &Files, environment: Environment) -> Anyhow<Self> {
        let place = configuration.url.strip_prefix("s3://").context("files.url must be s3://bucket/prefix")?;
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = prefix.trim_matches('/');
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
            bail!("files.url must be s3://bucket/prefix, not {:?}", configuration.url);
        }
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !prefix.is_empty() && !prefix.split('/').all(plain) {
            bail!("the prefix in files.url holds letters, digits, - and _ between its slashes, not {prefix:?}");
        }
        for (key, value) in
            [("s3_access_key", &configuration.s3_access_key), ("s3_secret_key", &configuration.s3_secret_key), ("s3_region", &configuration.s3_region)]
        {
            if value.is_empty() {
                bail!("files.url names a bucket, so files.{key} must be set");
            }
        }
        let (endpoint, style) = endpoint(configuration, name)?;
        let bucket = Bucket::new(endpoint, style, name.to_owned(), configuration.s3_region.clone());
        let bucket = bucket.map_err(|error| anyhow::anyhow!("files.s3_endpoint cannot be used: {error}"))?;
        let limits = Limits { connect: Duration::from_secs(5), total: Duration::from_secs(60), answer_bytes: limits::IMPORT_BYTES };
        // Whoever runs the installation names the store, and it may well be on their own network.
        let egress = Egress::new(Reach::Anywhere, limits)?;
        let credentials = Credentials::new(&configuration.s3_access_key, &configuration.s3_secret_key);
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { bucket, credentials, prefix, egress, environment })
    }

    /// Asks once whether the bucket can be used. A store that does not answer is only reported: chat goes on without files.
    ///
    /// # Errors
    /// The store says that there is no such bucket, or that the keys may not use it.
    pub async fn probe(&self) -> Anyhow<()> {
        let mut list = self.bucket.list_objects_v2(Some(&self.credentials));
        list.with_prefix(self.prefix.as_str());
        list.with_max_keys(1);
        match self.call(Method::GET, &list, Bytes::new()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(refusal)) if refusal.status < 500 => {
                bail!("the file store refuses bucket {:?}: {} {}", self.bucket.name(), refusal.status, refusal.code)
            }
            Ok(Err(refusal)) => {
                tracing::error!(status = refusal.status, code = refusal.code, "the file store is not ready; files cannot be read or written now");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the file store does not answer; files cannot be read or written now");
                Ok(())
            }
        }
    }

    fn object(&self, key: &str) -> Result<String> {
        if is_key(key) { Ok(format!("{}{key}", self.prefix)) } else { Err(Error::Other("malformed file key".to_owned())) }
    }

    /// Signs and sends, again when the store is busy. Every request here may be repeated without harm.
    async fn call<'a>(&'a self, method: Method, action: &impl S3Action<'a>, body: Bytes) -> Result<Result<Answer, Refusal>> {
        let mut waits = WAITS.iter();
        loop {
            let url = action.sign_with_time(SIGNED_FOR, &self.now()?);
            let answer = self.egress.call(Request { method: method.clone(), url, headers: HeaderMap::new(), body: body.clone() }).await;
            let busy = match &answer {
                Ok(answer) => answer.status.is_server_error() || answer.status.as_u16() == 429,
                Err(error) => matches!(error, ennakoi_egress::Error::Timeout | ennakoi_egress::Error::Failed(_)),
            };
            if busy && let Some(wait) = waits.next() {
                tokio::time::sleep(*wait).await;
                continue;
            }
            let answer = answer.map_err(|error| Error::Unavailable(format!("files: {error}")))?;
            return Ok(if answer.status.is_success() { Ok(answer) } else { Err(Refusal::of(&answer)) });
        }
    }

    fn now(&self) -> Result<jiff::Timestamp> {
        jiff::Timestamp::from_microsecond(self.environment.now().0).map_err(|error| Error::Other(error.to_string()))
    }
}

impl Refusal {
    fn of(answer: &Answer) -> Self {
        let text = String::from_utf8_lossy(&answer.body);
        let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
        Self { status: answer.status.as_u16(), code: code.chars().take(60).collect() }
    }

    /// Only the object is missing; a missing bucket is another matter.
    fn is_missing(&self) -> bool {
        self.status == 404 && self.code != "NoSuchBucket"
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Unavailable(format!("files: the store answered {} {}", refusal.status, refusal.code))
    }
}

impl Blobs for Store {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let object = self.object(key)?;
            self.call(Method::PUT, &self.bucket.put_object(Some(&self.credentials), &object), bytes).await??;
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes>> {
        Box::pin(async move {
            let object = self.object(key)?;
            match self.call(Method::GET, &self.bucket.get_object(Some(&self.credentials), &object), Bytes::new()).await? {
                Ok(answer) => Ok(answer.body),
                Err(refusal) if refusal.is_missing() => Err(Error::Missing),
                Err(refusal) => Err(refusal.into()),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let object = self.object(key)?;
            match self.call(Method::DELETE, &self.bucket.delete_object(Some(&self.credentials), &object), Bytes::new()).await? {
                Err(refusal) if !refusal.is_missing() => Err(refusal.into()),
                _ => Ok(()),
            }
        })
    }

    fn list(&self, from: Option<String>) -> BoxFuture<'_, Result<Listed>> {
        Box::pin(async move {
            let mut list = self.bucket.list_objects_v2(Some(&self.credentials));
            list.with_prefix(self.prefix.as_str());
            if let Some(from) = &from {
                list.with_continuation_token(from.as_str());
            }
            let answer = self.call(Method::GET, &list, Bytes::new()).await??;
            let unreadable = |error: String| Error::Unavailable(format!("files: the store's list cannot be read: {error}"));
            let text = std::str::from_utf8(&answer.body).map_err(|error| unreadable(error.to_string()))?;
            let page = ListObjectsV2::parse_response(text).map_err(|error| unreadable(error.to_string()))?;
            let keys = page.contents.iter().filter_map(|object| object.key.strip_prefix(self.prefix.as_str())).filter(|key| is_key(key));
            Ok(Listed { keys: keys.map(ToOwned::to_owned).collect(), next: page.next_continuation_token })
        })
    }
}

/// Amazon's own address unless another is configured. Others are asked in path style, which works with host names and numbers alike.
fn endpoint(configuration: &Files, bucket: &str) -> Anyhow<(Url, UrlStyle)> {
    if !configuration.s3_endpoint.is_empty() {
        let url = Url::parse(&configuration.s3_endpoint).with_context(|| format!("files.s3_endpoint is no address: {:?}", configuration.s3_endpoint))?;
        let style = if configuration.s3_bucket_in_host { UrlStyle::VirtualHost } else { UrlStyle::Path };
        return Ok((url, style));
    }
    let url = Url::parse(&format!("https://s3.{}.amazonaws.com", configuration.s3_region)).context("files.s3_region is no region")?;
    // A certificate covers one label before the host: a bucket with dots needs the other style.
    Ok((url, if bucket.contains('.') { UrlStyle::Path } else { UrlStyle::VirtualHost }))
}

/// Opens the store that `files.url` names.
///
/// # Errors
/// The configuration cannot be used, or the store refuses the bucket.
pub async fn open(configuration: &Files, environment: &Environment) -> Anyhow<Arc<dyn Blobs>> {
    let store = Store::open(configuration, environment.clone())?;
    store.probe().await?;
    Ok(Arc::new(store))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ennakoi_kernel::configuration::Configuration;

    fn files(change: impl FnOnce(&mut Files)) -> Files {
        let mut files = Configuration::load(None, []).unwrap().files;
        files.url = "s3://company/live".to_owned();
        files.s3_access_key = "key".to_owned();
        files.s3_secret_key = "secret".to_owned();
        change(&mut files);
        files
    }

    fn address(files: &Files) -> String {
        let store = Store::open(files, Environment::system()).unwrap();
        store.bucket.object_url(&store.object("aa/bb").unwrap()).to_string()
    }

    #[test]
    fn addresses_follow_the_configuration() {
        assert_eq!(address(&files(|_| {})), "https://company.s3.eu-north-1.amazonaws.com/live/aa/bb");
        assert_eq!(address(&files(|files| files.url = "s3://company.fi".to_owned())), "https://s3.eu-north-1.amazonaws.com/company.fi/aa/bb");
        let own = files(|files| files.s3_endpoint = "http://10.0.0.5:9000".to_owned());
        assert_eq!(address(&own), "http://10.0.0.5:9000/company/live/aa/bb");
        let host = files(|files| (files.s3_endpoint, files.s3_bucket_in_host) = ("https://objects.example.fi".to_owned(), true));
        assert_eq!(address(&host), "https://company.objects.example.fi/live/aa/bb");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        type Change = fn(&mut Files);
        let wrong: [(Change, &str); 6] = [
            (|files| files.url = "s3://".to_owned(), "files.url"),
            (|files| files.url = "s3://a/../b".to_owned(), "prefix"),
            (|files| files.s3_secret_key = String::new(), "files.s3_secret_key"),
            (|files| files.s3_region = String::new(), "files.s3_region"),
            (|files| files.s3_endpoint = "objects".to_owned(), "files.s3_endpoint"),
            (|files| files.s3_endpoint = "ftp://objects".to_owned(), "files.s3_endpoint"),
        ];
        for (change, named) in wrong {
            let error = Store::open(&files(change), Environment::system()).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}
