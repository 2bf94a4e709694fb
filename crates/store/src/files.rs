//! Files: attachments, pictures, imports. The row is in the database, the bytes lie under their SHA-256 on disk (or in an
//! S3-compatible store), each workspace apart, so that nothing is stored twice and nothing can be guessed.

use std::path::PathBuf;

use bytes::Bytes;
use ennakoi_kernel::ids::WorkspaceId;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Where bytes lie. A boundary: the server brings the S3 one, tests bring a failing one.
pub trait Blobs: Send + Sync + 'static {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<()>>;
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes>>;
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// The address of a file's bytes.
#[must_use]
pub fn key(workspace: WorkspaceId, sha256: &str) -> String {
    format!("{}/{}/{sha256}", workspace.0.simple(), &sha256[..2.min(sha256.len())])
}

/// The SHA-256 of the bytes in lower-case hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes in a folder on disk.
pub struct Folder(PathBuf);

impl Folder {
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn path(&self, key: &str) -> Result<PathBuf> {
        if key.split('/').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric())) {
            Ok(self.0.join(key))
        } else {
            Err(Error::Other("malformed file key".to_owned()))
        }
    }
}

impl Blobs for Folder {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let path = self.path(key)?;
            let written = tokio::task::spawn_blocking(move || write_durably(&path, &bytes)).await;
            written.map_err(|error| Error::Other(error.to_string()))?.map_err(|error| Error::Unavailable(format!("files: {error}")))
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes>> {
        Box::pin(async move {
            match tokio::fs::read(self.path(key)?).await {
                Ok(bytes) => Ok(bytes.into()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::Missing),
                Err(error) => Err(Error::Unavailable(format!("files: {error}"))),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match tokio::fs::remove_file(self.path(key)?).await {
                Ok(()) => Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(Error::Unavailable(format!("files: {error}"))),
            }
        })
    }
}

/// Written beside, synced, then renamed: a file is either whole or not there.
fn write_durably(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    if path.exists() {
        return Ok(());
    }
    let parent = path.parent().ok_or_else(|| std::io::Error::other("no folder"))?;
    std::fs::create_dir_all(parent)?;
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    std::fs::File::open(parent)?.sync_all()
}
