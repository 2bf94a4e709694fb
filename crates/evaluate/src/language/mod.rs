//! Evaluations of the `language` crate.

use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub enum LanguageCommand {}

pub(crate) fn run(command: LanguageCommand) -> ExitCode {
    match command {}
}
