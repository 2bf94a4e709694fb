//! The commands of `ennakoi`.

mod admin;
mod backup;
mod check;
mod demo;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use ennakoi_kernel::{Environment, configuration::Configuration};

use crate::{logging, start};

/// Proactive customer experience: one program, your own data.
#[derive(Debug, clap::Parser)]
#[command(name = "ennakoi", version, about, max_term_width = 100)]
pub struct Arguments {
    /// Configuration file (TOML) that overlays the defaults; see `ennakoi config`.
    #[arg(long, global = true, env = "ENNAKOI_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve,
    /// Print every setting with its default and explanation.
    Config,
    /// Bring the database's schema up to date and stop.
    Migrate,
    /// Copy database, files and secret into a new folder, while the server runs.
    Backup {
        /// Folder to make.
        target: PathBuf,
    },
    /// Put a backup in place of an absent database.
    Restore {
        /// Folder made by `ennakoi backup`.
        source: PathBuf,
    },
    /// Look for damage: the database file, gaps in timelines, conversations out of order, missing files.
    Check,
    /// Help for people who cannot sign in.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Fill a workspace with a believable Finnish web shop to look at.
    Demo(demo::DemoArguments),
    /// Print the API's OpenAPI 3.1 document.
    Openapi,
    /// Learn the language models and keep them in a folder: what the server lets another process do at its first start.
    #[command(hide = true)]
    Learn { folder: PathBuf },
    /// Measure the models on your own data.
    #[command(subcommand)]
    Eval(ennakoi_evaluate::EvalCommand),
}

/// Runs a command; errors go to standard error with their causes.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    let command = arguments.command.unwrap_or(Command::Serve);
    let outcome = match command {
        Command::Config => {
            print!("{}", ennakoi_kernel::configuration::DEFAULT);
            Ok(())
        }
        Command::Eval(command) => return ennakoi_evaluate::run(command),
        Command::Learn { folder } => {
            crate::learned::prepare(&folder);
            Ok(())
        }
        other => with_configuration(arguments.config, other),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ennakoi: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn with_configuration(file: Option<PathBuf>, command: Command) -> Result<()> {
    let text = match &file {
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => None,
    };
    let configuration = Configuration::load(text.as_deref(), std::env::vars())?;
    logging::start(&configuration.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    if let Command::Restore { source } = &command {
        return backup::restore(&configuration, source);
    }
    runtime.block_on(async {
        let app = start::open(configuration, Environment::system()).await?;
        match command {
            Command::Serve => serve::serve(app).await,
            Command::Openapi => {
                let modules = crate::modules::all(&app);
                let routes: Vec<_> = modules.modules.iter().flat_map(|module| module.routes.clone()).collect();
                println!("{:#}", ennakoi_http::openapi_document(&routes, env!("CARGO_PKG_VERSION")));
                Ok(())
            }
            Command::Backup { target } => backup::backup(&app, &target).await,
            Command::Admin(command) => admin::run(&app, command).await,
            Command::Check => check::check(&app).await,
            Command::Demo(arguments) => demo::demo(&app, &arguments).await,
            Command::Restore { .. } | Command::Migrate | Command::Config | Command::Learn { .. } | Command::Eval(_) => Ok(()),
        }
    })
}
