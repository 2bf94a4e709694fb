//! Evaluations of the `foresight` crate.

use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub enum ForesightCommand {}

pub(crate) fn run(command: ForesightCommand) -> ExitCode {
    match command {}
}
