//! What the language models learn from their corpus, kept beside the data between two starts: learning takes some ten seconds of
//! one core, reading a moment. It runs in a process of its own beside the server, which answers meanwhile: learning needs several
//! times the memory of what was learned, and a process that ends gives all of it back.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
};

use ennakoi_http::{App, Module};
use ennakoi_language::needs;

/// The module that prepares the models.
#[must_use]
pub fn module() -> Module {
    let mut module = Module::new("learned");
    module.background = vec![std::sync::Arc::new(|app, mut stop| {
        Box::pin(async move {
            let folder = folder(&app);
            tokio::select! {
                // What was not learned yet is learned after the next start.
                _ = stop.changed() => {}
                prepared = tokio::task::spawn_blocking(move || prepare_apart(&folder)) => {
                    if let Err(error) = prepared {
                        tracing::error!(%error, "the language models could not be prepared");
                    }
                }
            }
        })
    })];
    module
}

/// Where the installation keeps its secret, it keeps what it has learned.
fn folder(app: &App) -> PathBuf {
    Path::new(&app.configuration.security.secret_file).parent().map(Path::to_owned).unwrap_or_default()
}

/// The models of a process are prepared once, whoever asks.
static ONCE: Once = Once::new();

/// Prepares the models of this process: from `folder` when they were kept there, else by learning, and keeps them there.
pub fn prepare(folder: &Path) {
    ONCE.call_once(|| restore_or_learn(folder));
}

/// The same, with the learning left to another process of this program.
fn prepare_apart(folder: &Path) {
    if !ONCE.is_completed() && !kept(folder).exists() {
        // Where no other process can be had, this one learns.
        let learned = std::env::current_exe().and_then(|program| Command::new(program).arg("learn").arg(folder).stdin(Stdio::null()).status());
        if !learned.as_ref().is_ok_and(std::process::ExitStatus::success) {
            tracing::warn!(?learned, "the language models are learned inside the server");
        }
    }
    prepare(folder);
}

fn kept(folder: &Path) -> PathBuf {
    folder.join(format!("language-{}.bin", needs::fingerprint()))
}

fn restore_or_learn(folder: &Path) {
    let file = kept(folder);
    let restored = std::fs::read(&file).is_ok_and(|bytes| needs::restore(&bytes));
    ennakoi_language::prepare();
    if restored {
        return;
    }
    // Written beside and renamed: another process never reads half of it. Without it the next start learns again.
    let beside = file.with_extension(format!("{}.part", std::process::id()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&beside, needs::snapshot())).and_then(|()| std::fs::rename(&beside, &file));
    match written {
        Ok(()) => forget_older(folder, &file),
        Err(error) => tracing::warn!(%error, "what was learned could not be kept"),
    }
}

fn forget_older(folder: &Path, newest: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("language-") && name.ends_with(".bin"));
        if ours && path != newest {
            let _ = std::fs::remove_file(path);
        }
    }
}
