//! Evaluations of the `foresight` crate.

mod input;
mod purchases;
mod report;

use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub enum ForesightCommand {
    /// Repeat purchases: who buys again, how often, worth how much; checked against a period held out
    Purchases(purchases::Arguments),
}

/// Runs one evaluation; errors go to standard error and end with code 1.
pub(crate) fn run(command: ForesightCommand) -> ExitCode {
    let result = match command {
        ForesightCommand::Purchases(arguments) => purchases::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
