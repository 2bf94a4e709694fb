//! `ennakoi backup` and `ennakoi restore`

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use ennakoi_http::App;
use ennakoi_kernel::{Environment, configuration::Configuration};
use ennakoi_store::{
    Db, Engine, Error,
    files::{self, Blobs, Folder},
    maintenance, params,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::start;

const DATABASE: &str = "database";
const MANIFEST: &str = "manifest.json";
const FILES: &str = "files";
const SECRET: &str = "secret";
/// Files copied at the same time.
const AT_ONCE: usize = 8;

pub(super) async fn backup(app: &App, target: &Path, with_files: bool) -> Result<()> {
    if target.exists() {
        bail!("{} exists already; a backup goes into a new folder", target.display());
    }
    files::make_folders(target).with_context(|| format!("cannot make {}", target.display()))?;
    private(target)?;
    // The database first: a file that a later message brings is then merely unused, never missing.
    let database = target.join(DATABASE);
    match app.db.path() {
        Some(path) => maintenance::backup_sqlite(&path, &database)?,
        None => dump_postgres(&app.configuration.database.url, &database)?,
    }
    let copied = if with_files { copy(&app.blobs, &Folder::new(target.join(FILES))).await? } else { 0 };
    copy_private(Path::new(&app.configuration.security.secret_file), &target.join(SECRET)).context("cannot copy the secret")?;
    let version: i64 = app.db.read().await?.scalar("SELECT MAX(version) FROM schema_migrations", params![]).await?;
    let manifest = json!({
        "program": env!("CARGO_PKG_VERSION"),
        "schema": version,
        "engine": engine_name(app.db.engine()),
        "taken_at": app.environment.now(),
        "database_sha256": digest_of(&database)?,
        "files": with_files.then_some(copied),
    });
    // Written last: a folder without it is not a backup.
    write_synced(&target.join(MANIFEST), format!("{manifest:#}\n").as_bytes())?;
    println!("backed up to {} ({copied} files); it holds the installation's secret, keep it safe", target.display());
    if !with_files {
        println!("the files were left out: back up {} by its own means", app.configuration.files.url);
    }
    Ok(())
}

/// Everything is looked at before anything is written, and the database comes last: a restore that breaks off can be repeated.
pub(super) async fn restore(configuration: &Configuration, source: &Path) -> Result<()> {
    let manifest = fs::read_to_string(source.join(MANIFEST)).with_context(|| format!("{} is not a complete backup", source.display()))?;
    let manifest: Value = serde_json::from_str(&manifest).with_context(|| format!("{} holds a damaged {MANIFEST}", source.display()))?;
    let database = source.join(DATABASE);
    if Some(digest_of(&database)?.as_str()) != manifest["database_sha256"].as_str() {
        bail!("the database in {} is damaged: its hash differs from the manifest", source.display());
    }
    let secret = PathBuf::from(&configuration.security.secret_file);
    if secret.exists() && fs::read(&secret)? != fs::read(source.join(SECRET))? {
        bail!("{} holds another secret; move it away first", secret.display());
    }
    let target = start::sqlite_path(configuration);
    match (&target, manifest["engine"].as_str()) {
        (Some(path), Some("sqlite")) => refuse_remains(path)?,
        (None, Some("postgres")) => refuse_filled(&configuration.database.url).await?,
        (_, engine) => bail!("the backup is of {}, database.url names another engine", engine.unwrap_or("an unknown engine")),
    }
    let blobs = start::blobs(configuration, &Environment::system()).await?;
    let from: std::sync::Arc<dyn Blobs> = std::sync::Arc::new(Folder::new(source.join(FILES)));
    let copied = copy(&from, blobs.as_ref()).await?;
    if !secret.exists() {
        make_parent(&secret)?;
        copy_private(&source.join(SECRET), &secret).with_context(|| format!("cannot write {}", secret.display()))?;
    }
    match target {
        Some(path) => {
            make_parent(&path)?;
            copy_private(&database, &path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        None => restore_postgres(&configuration.database.url, &database)?,
    }
    println!("restored from {} ({copied} files)", source.display());
    if manifest["files"].is_null() {
        println!("the backup was made without files: put them back into {} by their own means", configuration.files.url);
    }
    Ok(())
}

const fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

/// Copies every file from one store to another; what is there already keeps its place, because keys are hashes.
async fn copy(from: &std::sync::Arc<dyn Blobs>, to: &dyn Blobs) -> Result<u64> {
    let (mut copied, mut page) = (0, None);
    loop {
        let listed = from.list(page).await?;
        let copies = stream::iter(listed.keys).map(|key| async move {
            match from.get(&key).await {
                Ok(bytes) => to.put(&key, bytes).await.map(|()| 1),
                // Removed between the list and now.
                Err(Error::Missing) => Ok(0),
                Err(error) => Err(error),
            }
        });
        copied += copies.buffer_unordered(AT_ONCE).try_fold(0u64, |sum, one| async move { Ok(sum + one) }).await?;
        page = listed.next;
        if page.is_none() {
            return Ok(copied);
        }
    }
}

fn digest_of(path: &Path) -> Result<String> {
    files::digest_file(path).with_context(|| format!("cannot read {}", path.display()))
}

fn make_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) => files::make_folders(parent).with_context(|| format!("cannot make {}", parent.display())),
        None => Ok(()),
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    files::sync_folder(path.parent().unwrap_or(Path::new("")))
}

/// A copy for its owner only, whole and on disk when this returns.
fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    let beside = to.with_extension("part");
    fs::copy(from, &beside)?;
    private(&beside)?;
    fs::File::open(&beside)?.sync_all()?;
    fs::rename(&beside, to)?;
    files::sync_folder(to.parent().unwrap_or(Path::new("")))
}

fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// A log that was left behind would be played into the restored file.
fn refuse_remains(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let remains = PathBuf::from(format!("{}{suffix}", path.display()));
        if remains.exists() {
            bail!("{} exists already; move it away first", remains.display());
        }
    }
    Ok(())
}

async fn refuse_filled(url: &str) -> Result<()> {
    let db = Db::open(url, ennakoi_store::Options { readers: 1, connections: 2 }).await.context("cannot open the database")?;
    let mut tx = db.read().await?;
    let tables: Vec<(String,)> = tx.all(tx.engine().table_names(), params![]).await?;
    if !tables.is_empty() {
        bail!("the database that database.url names is not empty; restore into a new one");
    }
    Ok(())
}

fn dump_postgres(url: &str, target: &Path) -> Result<()> {
    run(client("pg_dump", url).args(["--format=custom", "--no-owner", "--file"]).arg(target))?;
    Ok(fs::File::open(target)?.sync_all()?)
}

fn restore_postgres(url: &str, source: &Path) -> Result<()> {
    run(client("pg_restore", url).args(["--exit-on-error", "--no-owner", "--single-transaction"]).arg(source))
}

/// One of PostgreSQL's programs on our database. Everybody on the machine can read a command line, so the password is not on it.
fn client(program: &str, url: &str) -> Command {
    let (url, password) = without_password(url);
    let mut command = Command::new(program);
    command.arg(format!("--dbname={url}"));
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

/// Takes `:password` out of `postgres://user:password@host/name`.
fn without_password(url: &str) -> (String, Option<String>) {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        let (user, password) = authority.rsplit_once('@')?.0.split_once(':')?;
        let decoded = percent_encoding::percent_decode_str(password).decode_utf8().ok()?.into_owned();
        Some((format!("{scheme}://{user}{}", &rest[user.len() + 1 + password.len()..]), decoded))
    };
    split().map_or_else(|| (url.to_owned(), None), |(url, password)| (url, Some(password)))
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {name}; PostgreSQL's client programs are needed"))?;
    if status.success() { Ok(()) } else { bail!("{name} failed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_address() {
        let split = |url: &str| without_password(url);
        assert_eq!(
            split("postgres://aino:sa%2Fla@host:5432/name?sslmode=require"),
            ("postgres://aino@host:5432/name?sslmode=require".to_owned(), Some("sa/la".to_owned()))
        );
        assert_eq!(split("postgresql://aino:x@a,b/name"), ("postgresql://aino@a,b/name".to_owned(), Some("x".to_owned())));
        for url in ["postgres://host/name", "postgres://aino@host/name", "postgres:///name?host=/run", "postgres://host/name?options=a:b@c"] {
            assert_eq!(split(url), (url.to_owned(), None));
        }
    }
}
