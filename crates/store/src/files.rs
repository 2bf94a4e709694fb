//! Files: attachments, pictures, imports. The row is in the database, the bytes lie under their SHA-256 on disk (or in an
//! S3-compatible store), each workspace apart, so that nothing is stored twice and nothing can be guessed.

use std::{
    collections::HashSet,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use ennakoi_kernel::ids::WorkspaceId;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Where bytes lie. A boundary: a folder here, an S3-compatible store in the server, a failing one in tests.
pub trait Blobs: Send + Sync + 'static {
    /// Keeps the bytes; they are durable when this returns.
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<()>>;
    /// The bytes, or [`Error::Missing`].
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes>>;
    /// Removes them; what is not there is removed already.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>>;
    /// Some keys and where to go on, for backups. Begin with `None` and go on until `next` is `None`.
    fn list(&self, from: Option<String>) -> BoxFuture<'_, Result<Listed>>;
}

/// A page of [`Blobs::list`].
#[derive(Debug, Default)]
pub struct Listed {
    pub keys: Vec<String>,
    /// Opaque; only the store that gave it understands it.
    pub next: Option<String>,
}

/// Whether it is a key: parts of letters and digits between slashes. Nothing else reaches a path or an address.
#[must_use]
pub fn is_key(key: &str) -> bool {
    key.split('/').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
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

/// The SHA-256 of a file that may not fit into memory.
///
/// # Errors
/// The file cannot be read.
pub fn digest_file(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0u8; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Bytes in a folder on disk.
pub struct Folder {
    root: PathBuf,
    durable: Arc<DurableFolders>,
}

/// The folders whose names this process has seen reach the disk. That a folder is there does not mean so: another request may have
/// made it a moment ago, or a process that was killed before it could sync.
#[derive(Default)]
struct DurableFolders(Mutex<HashSet<PathBuf>>);

impl DurableFolders {
    /// Makes a folder and those above it; the names of all of them below `root` are on disk when this returns.
    fn make(&self, root: &Path, path: &Path) -> std::io::Result<()> {
        // Held while a new folder is synced: who needs the same one has to wait for exactly that.
        let mut durable = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.contains(path) && path.is_dir() {
            return Ok(());
        }
        // What lies above the root is the operator's, and may not be ours to read.
        make_folders(root)?;
        let below_root: Vec<&Path> = path.ancestors().take_while(|folder| folder.starts_with(root) && *folder != root).collect();
        for folder in below_root.into_iter().rev() {
            make_folders(folder)?;
            if !durable.contains(folder) {
                sync_folder(folder.parent().unwrap_or(Path::new("")))?;
                durable.insert(folder.to_owned());
            }
        }
        Ok(())
    }
}

impl Folder {
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { root: path, durable: Arc::default() }
    }

    fn path(&self, key: &str) -> Result<PathBuf> {
        if is_key(key) { Ok(self.root.join(key)) } else { Err(Error::Other("malformed file key".to_owned())) }
    }
}

impl Blobs for Folder {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let path = self.path(key)?;
            let (root, durable) = (self.root.clone(), self.durable.clone());
            let written = tokio::task::spawn_blocking(move || write_durably(&durable, &root, &path, &bytes)).await;
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

    /// One page for each folder directly below: a workspace's files, or the pictures of staff.
    fn list(&self, from: Option<String>) -> BoxFuture<'_, Result<Listed>> {
        let root = self.root.clone();
        Box::pin(async move {
            let listed = tokio::task::spawn_blocking(move || list_folder(&root, from)).await;
            listed.map_err(|error| Error::Other(error.to_string()))?.map_err(|error| Error::Unavailable(format!("files: {error}")))
        })
    }
}

fn list_folder(root: &Path, from: Option<String>) -> std::io::Result<Listed> {
    if !root.exists() {
        return Ok(Listed::default());
    }
    let mut names = std::fs::read_dir(root)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<std::io::Result<Vec<_>>>()?;
    names.retain(|name| is_key(name) && from.as_ref().is_none_or(|from| name >= from));
    names.sort_unstable();
    let mut names = names.into_iter();
    let mut listed = Listed::default();
    if let Some(first) = names.next() {
        collect_keys(&root.join(&first), &first, &mut listed.keys)?;
    }
    listed.next = names.next();
    Ok(listed)
}

/// What is half written has a dot in its name and is no key.
fn collect_keys(path: &Path, key: &str, keys: &mut Vec<String>) -> std::io::Result<()> {
    if !path.is_dir() {
        keys.push(key.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let key = format!("{key}/{}", entry.file_name().to_string_lossy());
        if is_key(&key) {
            collect_keys(&entry.path(), &key, keys)?;
        }
    }
    Ok(())
}

/// Written beside, synced, then renamed: a file is either whole or not there.
fn write_durably(durable: &DurableFolders, root: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    /// Two requests may bring the same bytes at the same moment; each writes its own.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let parent = path.parent().ok_or_else(|| std::io::Error::other("no folder"))?;
    durable.make(root, parent)?;
    if path.exists() {
        // Whoever brought the same bytes before may not have come so far yet.
        return sync_folder(parent);
    }
    let beside = path.with_extension(format!("{}-{}.part", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
    let mut file = std::fs::File::create(&beside)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written?;
    sync_folder(parent)
}

/// Makes a folder and those above it, each of which is on disk when this returns.
///
/// # Errors
/// A folder cannot be made or synced.
pub fn make_folders(path: &Path) -> std::io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = path.parent().unwrap_or(Path::new(""));
    make_folders(above)?;
    // People's data: nobody else on the machine needs to look.
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(above)
}

/// A new name is on disk only when its folder has been synced.
///
/// # Errors
/// The folder cannot be opened or synced.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::fs::File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn a_folder_lists_what_was_put_and_nothing_half_written() {
        let root = std::env::temp_dir().join(format!("ennakoi-files-{}", std::process::id()));
        let folder = Folder::new(root.clone());
        run(async {
            assert!(folder.list(None).await.unwrap().keys.is_empty(), "there is no folder yet");
            for key in ["aa/1/x1", "aa/2/x2", "bb/1/x3"] {
                folder.put(key, Bytes::from_static(b"bytes")).await.unwrap();
            }
            std::fs::write(root.join("aa/1/x4.7-0.part"), b"half").unwrap();
            let (mut keys, mut from) = (Vec::new(), None);
            loop {
                let page = folder.list(from).await.unwrap();
                keys.extend(page.keys);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            keys.sort();
            assert_eq!(keys, ["aa/1/x1", "aa/2/x2", "bb/1/x3"]);
            folder.delete("aa/1/x1").await.unwrap();
            folder.delete("aa/1/x1").await.unwrap();
            assert!(matches!(folder.get("aa/1/x1").await, Err(Error::Missing)));
            assert!(folder.put("../x", Bytes::new()).await.is_err());
        });
        std::fs::remove_dir_all(root).unwrap();
    }
}
