//! What the language models learn from their corpus, kept beside the data between two starts: learning takes some ten seconds of
//! one core, reading a moment. It runs in a process of its own beside the server, which answers meanwhile: learning needs several
//! times the memory of what was learned, and a process that ends gives all of it back.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
};

use ennakoi_bot::{Meaning, MeaningState, Model};
use ennakoi_embedding::{Embedder, Error, Side, folder::sha256};
use ennakoi_http::{App, Module};
use ennakoi_language::meaning::answers::{Needs, lines};
use ennakoi_language::needs;

use crate::model::models_folder;

/// The module that prepares the models; `meaning` is where the bot will find the installed one.
#[must_use]
pub fn module(meaning: &Meaning) -> Module {
    let mut module = Module::new("learned");
    let meaning = meaning.clone();
    module.background = vec![std::sync::Arc::new(move |app, mut stop| {
        let meaning = meaning.clone();
        Box::pin(async move {
            let (folder, models) = (folder(&app), models_folder(&app.configuration));
            let prepare = move || {
                prepare_apart(&folder);
                prepare_meaning(&folder, &models, &meaning);
            };
            tokio::select! {
                // What was not learned yet is learned after the next start.
                _ = stop.changed() => {}
                prepared = tokio::task::spawn_blocking(prepare) => {
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

/// Texts that are read between two looks at how far it is.
const TOGETHER: usize = 256;

/// Opens the installed model, if there is one, and lets it learn the corpus of needs: some minutes of one core at the first start with a
/// model, a moment afterwards. Until then the bot reads words.
fn prepare_meaning(folder: &Path, models: &Path, meaning: &Meaning) {
    let embedder = match Embedder::open(models) {
        Ok(embedder) => embedder,
        Err(Error::Missing(_)) => return meaning.set(MeaningState::Missing),
        Err(error) => {
            tracing::error!(%error, "the installed model cannot be used; the bot reads words only");
            return meaning.set(MeaningState::Broken);
        }
    };
    meaning.set(MeaningState::Learning);
    let file = folder.join(format!("meaning-{}-{}.bin", needs::fingerprint(), &sha256(embedder.version().as_bytes())[..12]));
    let kept = std::fs::read(&file).ok().and_then(|bytes| Needs::from_bytes(&bytes));
    let needs = kept.unwrap_or_else(|| {
        let lines = lines();
        tracing::info!(lines = lines.len(), model = embedder.version(), "the model learns the needs of customers");
        let mut vectors = Vec::with_capacity(lines.len());
        for some in lines.chunks(TOGETHER) {
            vectors.extend(embedder.embed(Side::Query, some));
        }
        let needs = Needs::learn(&vectors);
        let beside = file.with_extension(format!("{}.part", std::process::id()));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&beside, needs.to_bytes())).and_then(|()| std::fs::rename(&beside, &file));
        if let Err(error) = written {
            tracing::warn!(%error, "what the model learned could not be kept");
        }
        needs
    });
    tracing::info!(model = embedder.version(), "meaning is read where a workspace wants it");
    meaning.take_into_use(Model { embedder, needs: std::sync::Arc::new(needs) });
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
