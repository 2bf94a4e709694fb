//! `ennakoi backup` and `ennakoi restore`: a folder with the database, the files, the secret, and a manifest of their hashes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use ennakoi_http::App;
use ennakoi_kernel::configuration::Configuration;
use ennakoi_store::{Engine, files, maintenance, params};
use serde_json::{Value, json};

const DATABASE: &str = "database";
const MANIFEST: &str = "manifest.json";

pub(super) async fn backup(app: &App, target: &Path) -> Result<()> {
    if target.exists() {
        bail!("{} exists already; a backup goes into a new folder", target.display());
    }
    fs::create_dir_all(target).with_context(|| format!("cannot make {}", target.display()))?;
    // The database first: a file that a later message brings is then merely unused, never missing.
    let database = target.join(DATABASE);
    match app.db.path() {
        Some(path) => maintenance::backup_sqlite(&path, &database)?,
        None => dump_postgres(&app.configuration.database.url, &database)?,
    }
    copy_folder(&files_folder(&app.configuration)?, &target.join("files"))?;
    let secret = target.join("secret");
    fs::copy(&app.configuration.security.secret_file, &secret).context("cannot copy the secret")?;
    let version: i64 = app.db.read().await?.scalar("SELECT MAX(version) FROM schema_migrations", params![]).await?;
    let manifest = json!({
        "program": env!("CARGO_PKG_VERSION"),
        "schema": version,
        "engine": if app.db.engine() == Engine::Sqlite { "sqlite" } else { "postgres" },
        "taken_at": app.environment.now(),
        "database_sha256": files::digest(&fs::read(&database)?),
    });
    fs::write(target.join(MANIFEST), format!("{manifest:#}\n"))?;
    println!("backed up to {}; it holds the installation's secret, keep it safe", target.display());
    Ok(())
}

pub(super) fn restore(configuration: &Configuration, source: &Path) -> Result<()> {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(source.join(MANIFEST)).with_context(|| format!("{} is not a backup", source.display()))?)?;
    let database = source.join(DATABASE);
    if Some(files::digest(&fs::read(&database)?).as_str()) != manifest["database_sha256"].as_str() {
        bail!("the database in {} is damaged: its hash differs from the manifest", source.display());
    }
    let secret = PathBuf::from(&configuration.security.secret_file);
    if secret.exists() && fs::read(&secret)? != fs::read(source.join("secret"))? {
        bail!("{} holds another secret; move it away first", secret.display());
    }
    match (configuration.database.url.strip_prefix("sqlite:"), manifest["engine"].as_str()) {
        (Some(path), Some("sqlite")) => {
            let target = PathBuf::from(path);
            if target.exists() {
                bail!("{} exists already; move it away first", target.display());
            }
            make_parent(&target)?;
            fs::copy(&database, &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
        (None, Some("postgres")) => restore_postgres(&configuration.database.url, &database)?,
        (_, engine) => bail!("the backup is of {}, database.url names another engine", engine.unwrap_or("an unknown engine")),
    }
    copy_folder(&source.join("files"), &files_folder(configuration)?)?;
    if !secret.exists() {
        make_parent(&secret)?;
        fs::copy(source.join("secret"), &secret)?;
    }
    println!("restored from {}", source.display());
    Ok(())
}

fn make_parent(path: &Path) -> Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display())),
        None => Ok(()),
    }
}

fn files_folder(configuration: &Configuration) -> Result<PathBuf> {
    configuration.files.url.strip_prefix("file:").map(PathBuf::from).context("files lie in an object store; back that up with its own means")
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.path().extension().is_none_or(|extension| extension != "part") && !target.exists() {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

fn dump_postgres(url: &str, target: &Path) -> Result<()> {
    run(Command::new("pg_dump").args(["--format=custom", "--no-owner", "--dbname", url, "--file"]).arg(target))
}

fn restore_postgres(url: &str, source: &Path) -> Result<()> {
    run(Command::new("pg_restore").args(["--exit-on-error", "--no-owner", "--single-transaction", "--dbname", url]).arg(source))
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {name}; PostgreSQL's client programs are needed"))?;
    if status.success() { Ok(()) } else { bail!("{name} failed") }
}
