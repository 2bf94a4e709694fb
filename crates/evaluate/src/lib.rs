//! `ennakoi eval …`: proves the models on a company's own history, before anyone trusts them.
//!
//! This crate reads files, calls the pure crates `language` and `foresight`, and prints one readable report or, with
//! `--json`, one JSON object. It opens no database and no socket.

mod foresight;
mod language;

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
    match command {
        EvalCommand::Language(command) => language::run(command),
        EvalCommand::Foresight(command) => foresight::run(command),
    }
}
