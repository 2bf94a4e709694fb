//! `ennakoi eval …`: proves the models on a company's own history, before anyone trusts them.
//!
//! This crate reads files, calls the pure crates `language` and `foresight` (and `embedding`, for the tier *meaning*), and
//! prints one readable report or, with `--json`, one JSON object. It opens no database and no socket.

mod foresight;
mod language;

use std::path::PathBuf;
use std::process::ExitCode;

/// Everything below `ennakoi eval`.
#[derive(Debug, clap::Subcommand)]
pub enum EvalCommand {
    #[command(flatten)]
    Language(language::LanguageCommand),
    #[command(flatten)]
    Foresight(foresight::ForesightCommand),
}

/// Runs one evaluation. Prints the report to standard output, progress and errors to standard error.
#[must_use]
pub fn run(command: EvalCommand) -> ExitCode {
    run_with(command, None)
}

/// The same, with the folder where models of the tier *meaning* are installed (default: `ENNAKOI_MODEL_DIR`, else
/// `data/models`).
#[must_use]
pub fn run_with(command: EvalCommand, models: Option<PathBuf>) -> ExitCode {
    match command {
        EvalCommand::Language(command) => language::run(command, models),
        EvalCommand::Foresight(command) => foresight::run(command),
    }
}
