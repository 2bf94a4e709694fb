//! `ennakoi`: the command line.

use std::process::ExitCode;

use clap::Parser;
use ennakoi_server::commands::Arguments;

fn main() -> ExitCode {
    ennakoi_server::commands::run(Arguments::parse())
}
