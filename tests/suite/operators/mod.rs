//! What whoever runs the installation does: the commands of the real program, files in an object store, encrypted connections,
//! traces, draining.

mod backup;
mod commands;
mod encryption;
mod files;
mod running;
mod serving;
mod traces;

use std::{path::Path, process::Stdio};

use clap::Parser;
use ennakoi_kernel::configuration::Configuration;
use ennakoi_server::commands::Arguments;
use tokio::process::Command;

/// Holds the words of a command line when this test binary is to be the program.
const VARIABLE: &str = "TEST_PROGRAM";

/// Does nothing, unless this process was started to be the program.
#[test]
fn program() {
    let Ok(words) = std::env::var(VARIABLE) else { return };
    let words: Vec<String> = serde_json::from_str(&words).unwrap();
    let outcome = ennakoi_server::commands::run(Arguments::parse_from(words));
    std::process::exit(i32::from(outcome != std::process::ExitCode::SUCCESS));
}

/// The program with these words, on this configuration.
pub(crate) fn program_with(words: &[&str], configuration: &Configuration) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let words: Vec<&str> = std::iter::once("ennakoi").chain(words.iter().copied()).collect();
    command.args(["operators::program", "--exact", "--nocapture"]).env(VARIABLE, serde_json::to_string(&words).unwrap());
    let files = &configuration.files;
    command
        .env("DATABASE_URL", &configuration.database.url)
        .env("ENNAKOI_DATABASE_CONNECTIONS", "4")
        .env("ENNAKOI_SERVER_LISTEN", &configuration.server.listen)
        .env("ENNAKOI_SECURITY_SECRET_FILE", &configuration.security.secret_file)
        .env("ENNAKOI_SECURITY_MEMBER_REQUESTS_PER_SECOND", "1000")
        .env("ENNAKOI_FILES_URL", &files.url)
        .env("ENNAKOI_FILES_S3_ENDPOINT", &files.s3_endpoint)
        .env("ENNAKOI_FILES_S3_ACCESS_KEY", &files.s3_access_key)
        .env("ENNAKOI_FILES_S3_SECRET_KEY", &files.s3_secret_key)
        .env("ENNAKOI_FILES_S3_REGION", &files.s3_region)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// How a command ended and everything that it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) well: bool,
    pub(crate) said: String,
}

pub(crate) async fn ended(command: &mut Command) -> Ended {
    let output = command.output().await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ended { well: output.status.success(), said }
}

pub(crate) async fn run(words: &[&str], configuration: &Configuration) -> Ended {
    ended(&mut program_with(words, configuration)).await
}

/// Fails unless the command refused and named the reason.
#[track_caller]
pub(crate) fn refused(ended: &Ended, reason: &str) {
    assert!(!ended.well && ended.said.contains(reason), "expected {reason:?}: {ended:?}");
}

/// The same installation with its data elsewhere: nothing is there yet.
pub(crate) fn moved(configuration: &Configuration, database: &str, folder: &Path) -> Configuration {
    let mut moved = configuration.clone();
    moved.database.url = database.to_owned();
    moved.security.secret_file = folder.join("secret").display().to_string();
    if moved.files.url.starts_with("file:") {
        moved.files.url = format!("file:{}", folder.join("files").display());
    }
    moved
}
