//! The folder of an installed model: `manifest.json`, the weights and the vocabulary, each with its hash.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Error;
pub use crate::encoder::Shape;

/// Name of the file that says what the others are.
pub const MANIFEST: &str = "manifest.json";
/// Names of the other files.
pub const WEIGHTS: &str = "weights.safetensors";
pub const VOCABULARY: &str = "vocabulary.bin";
/// Largest file that is read.
pub const FILE_LIMIT: u64 = 3 << 30;
const FORMAT: u32 = 1;

/// What a model is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    /// Of this file's format.
    pub format: u32,
    pub name: String,
    /// Changes with the weights and with the vocabulary: vectors of different versions are never compared.
    pub version: String,
    /// What it was made of, for people: a file's name or an address.
    pub source: String,
    /// Hash of that source.
    pub source_sha256: String,
    pub shape: Shape,
    pub weights_sha256: String,
    pub vocabulary_sha256: String,
}

impl Manifest {
    /// The manifest of files that are about to be installed.
    #[must_use]
    pub fn new(name: &str, source: &str, source_sha256: &str, files: &crate::import::Files) -> Self {
        let (weights_sha256, vocabulary_sha256) = (sha256(&files.weights), sha256(&files.vocabulary));
        let version = format!("{name}@{}{}", &weights_sha256[..12], &vocabulary_sha256[..4]);
        Self {
            format: FORMAT,
            name: name.to_owned(),
            version,
            source: source.to_owned(),
            source_sha256: source_sha256.to_owned(),
            shape: files.shape.clone(),
            weights_sha256,
            vocabulary_sha256,
        }
    }
}

/// A model in a folder, not yet loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Installed {
    pub folder: PathBuf,
    pub manifest: Manifest,
}

impl Installed {
    /// Weights and vocabulary.
    pub(crate) fn read(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        Ok((read(&self.folder.join(WEIGHTS))?, read(&self.folder.join(VOCABULARY))?))
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        [MANIFEST, WEIGHTS, VOCABULARY].iter().filter_map(|file| fs::metadata(self.folder.join(file)).ok()).map(|metadata| metadata.len()).sum()
    }

    /// Compares both files with the hashes they were installed with.
    ///
    /// # Errors
    /// A file is missing or differs.
    pub fn verify(&self) -> Result<(), Error> {
        let (weights, vocabulary) = self.read()?;
        for (file, contents, expected) in [(WEIGHTS, &weights, &self.manifest.weights_sha256), (VOCABULARY, &vocabulary, &self.manifest.vocabulary_sha256)] {
            let found = sha256(contents);
            if found != *expected {
                return Err(Error::Changed { path: self.folder.join(file), found, expected: expected.clone() });
            }
        }
        Ok(())
    }
}

/// The model in this very folder, or the one in its sub-folders: [`crate::import::DEFAULT_NAME`] if it is there, else the
/// first by name.
///
/// # Errors
/// [`Error::Missing`] if there is none.
pub fn locate(folder: &Path) -> Result<Installed, Error> {
    if folder.join(MANIFEST).is_file() {
        return open(folder);
    }
    let mut all = list(folder)?;
    let preferred = all.iter().position(|installed| installed.manifest.name == crate::import::DEFAULT_NAME).unwrap_or(0);
    if all.is_empty() { Err(Error::Missing(folder.to_owned())) } else { Ok(all.swap_remove(preferred)) }
}

/// Models in the sub-folders of a folder, by name. A folder that does not exist holds none; sub-folders whose name begins
/// with a dot are installations that were not finished.
///
/// # Errors
/// The folder cannot be read, or a manifest in it makes no sense.
pub fn list(folder: &Path) -> Result<Vec<Installed>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Read { path: folder.to_owned(), source }),
    };
    let mut installed = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| Error::Read { path: folder.to_owned(), source })?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.join(MANIFEST).is_file() {
            installed.push(open(&path)?);
        }
    }
    installed.sort_by(|left, right| left.manifest.name.cmp(&right.manifest.name));
    Ok(installed)
}

fn open(folder: &Path) -> Result<Installed, Error> {
    let path = folder.join(MANIFEST);
    let manifest: Manifest =
        serde_json::from_slice(&read(&path)?).map_err(|error| Error::broken(format!("{} cannot be understood: {error}", path.display())))?;
    if manifest.format != FORMAT {
        return Err(Error::broken(format!("{} was written by another version of the program; install the model again", path.display())));
    }
    manifest.shape.check()?;
    Ok(Installed { folder: folder.to_owned(), manifest })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > FILE_LIMIT {
        return Err(Error::broken(format!("{} is larger than any model that is supported", path.display())));
    }
    fs::read(path).map_err(failed)
}

/// The hash of some bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
