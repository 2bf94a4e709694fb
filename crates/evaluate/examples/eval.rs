//! The evaluations alone, without the server around them: quick to build while a model is being developed.

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: ennakoi_evaluate::EvalCommand,
}

fn main() -> std::process::ExitCode {
    ennakoi_evaluate::run(Arguments::parse().command)
}
