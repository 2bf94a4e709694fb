//! What the language models learn from their corpus, kept beside the data between two starts: learning takes some ten seconds of
//! one core, reading a moment. It runs beside the server, which answers meanwhile; the first questions wait for it.

use std::path::{Path, PathBuf};

use ennakoi_http::{App, Module};
use ennakoi_language::needs;

/// The module that prepares the models.
#[must_use]
pub fn module() -> Module {
    let mut module = Module::new("learned");
    module.background = vec![std::sync::Arc::new(|app, _| {
        Box::pin(async move {
            let folder = folder(&app);
            if let Err(error) = tokio::task::spawn_blocking(move || prepare(&folder)).await {
                tracing::error!(%error, "the language models could not be prepared");
            }
        })
    })];
    module
}

/// Where the installation keeps its secret, it keeps what it has learned.
fn folder(app: &App) -> PathBuf {
    Path::new(&app.configuration.security.secret_file).parent().map(Path::to_owned).unwrap_or_default()
}

/// Prepares the models of this process: from `folder` when they were kept there, else by learning, and keeps them there.
pub fn prepare(folder: &Path) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| restore_or_learn(folder));
}

fn restore_or_learn(folder: &Path) {
    let file = folder.join(format!("language-{}.bin", needs::fingerprint()));
    let restored = std::fs::read(&file).is_ok_and(|bytes| needs::restore(&bytes));
    ennakoi_language::prepare();
    if restored {
        return;
    }
    // Written beside and renamed: another process never reads half of it. Without it the next start learns again.
    let beside = file.with_extension(format!("{}.part", std::process::id()));
    let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&beside, needs::snapshot())).and_then(|()| std::fs::rename(&beside, &file));
    match kept {
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
