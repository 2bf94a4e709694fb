//! Evaluations of the `foresight` crate.

mod drawing;
#[cfg(test)]
mod hostile;
mod input;
mod intended;
mod journey;
mod next;
mod outcome;
mod process;
mod purchases;
mod recommend;
mod report;

use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub enum ForesightCommand {
    /// Repeat purchases: who buys again, how often, worth how much; checked against a period held out
    Purchases(Box<purchases::Arguments>),
    /// Outcomes: churn, a low answer, lateness or any labelled event, from any table
    Outcome(Box<outcome::Arguments>),
    /// The next step of a case and when it comes
    Next(Box<next::Arguments>),
    /// Recommended products, checked against later purchases
    Recommend(Box<recommend::Arguments>),
    /// Journeys: what follows what in an event log, how often, after how long, and where time goes
    Journey(Box<journey::Arguments>),
}

/// Runs one evaluation; errors go to standard error and end with code 1.
pub(crate) fn run(command: ForesightCommand) -> ExitCode {
    match execute(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: ForesightCommand) -> anyhow::Result<()> {
    match command {
        ForesightCommand::Purchases(arguments) => purchases::run(&arguments),
        ForesightCommand::Outcome(arguments) => outcome::run(&arguments),
        ForesightCommand::Next(arguments) => next::run(&arguments),
        ForesightCommand::Recommend(arguments) => recommend::run(&arguments),
        ForesightCommand::Journey(arguments) => journey::run(&arguments),
    }
}
