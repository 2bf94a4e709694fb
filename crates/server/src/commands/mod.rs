//! The commands of `ennakoi`.

mod admin;
mod backup;
mod check;
mod demo;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use ennakoi_kernel::{Environment, configuration::Configuration};

use crate::{logging, start, telemetry};

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
        /// Leave the files out, when the folder or bucket that holds them is backed up by other means.
        #[arg(long)]
        without_files: bool,
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
    /// Models for understanding meaning beyond words: install, list, remove, verify.
    #[command(subcommand)]
    Model(crate::model::ModelCommand),
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
        Command::Eval(command) => return evaluate(arguments.config, command),
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

/// Evaluations need no configuration but the folder of models; one that cannot be read must not keep anybody from measuring.
fn evaluate(file: Option<PathBuf>, command: ennakoi_evaluate::EvalCommand) -> ExitCode {
    let folder = configuration(file).map(|configuration| crate::model::models_folder(&configuration));
    ennakoi_evaluate::run_with(command, folder.ok())
}

fn configuration(file: Option<PathBuf>) -> Result<Configuration> {
    let text = match &file {
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => None,
    };
    Ok(Configuration::load(text.as_deref(), std::env::vars())?)
}

fn with_configuration(file: Option<PathBuf>, command: Command) -> Result<()> {
    let configuration = configuration(file)?;
    let environment = Environment::system();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    // Closed last, so that what happens while the server drains is sent as well.
    let traces = telemetry::open(&configuration.telemetry, &environment.token(8), runtime.handle().clone())?;
    logging::start(&configuration.log, traces.as_ref())?;
    let outcome = runtime.block_on(execute(configuration, environment, command));
    drop(traces);
    // Nobody waits any more for what still runs beside: learning, for example.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

async fn execute(configuration: Configuration, environment: Environment, command: Command) -> Result<()> {
    if let Command::Restore { source } = &command {
        return backup::restore(&configuration, source).await;
    }
    // Models are installed without a database: before the first start, and while the server runs.
    if let Command::Model(command) = command {
        return crate::model::run(&configuration, command).await;
    }
    let app = match command {
        Command::Backup { .. } | Command::Check => start::open_as_it_is(configuration, environment).await?,
        Command::Openapi => return openapi(configuration, environment).await,
        Command::Admin(_) => {
            start::require_database(&configuration)?;
            start::open(configuration, environment).await?
        }
        _ => start::open(configuration, environment).await?,
    };
    match command {
        Command::Serve => serve::serve(app).await,
        Command::Backup { target, without_files } => backup::backup(&app, &target, !without_files).await,
        Command::Admin(command) => admin::run(&app, command).await,
        Command::Check => check::check(&app).await,
        Command::Demo(arguments) => demo::demo(&app, &arguments).await,
        Command::Migrate => {
            let version = ennakoi_store::migrate::version(&app.db).await?.unwrap_or_default();
            println!("the schema is at version {version}");
            Ok(())
        }
        Command::Restore { .. } | Command::Openapi | Command::Config | Command::Learn { .. } | Command::Eval(_) | Command::Model(_) => Ok(()),
    }
}

/// The routes are the same on any data, so none is touched: it is put together on an empty database that goes away again.
async fn openapi(mut configuration: Configuration, environment: Environment) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("ennakoi-openapi-{}", environment.token(8)));
    configuration.database.url = format!("sqlite:{}", folder.join("empty.db").display());
    configuration.security.secret_file = folder.join("secret").display().to_string();
    configuration.files.url = format!("file:{}", folder.display());
    let app = start::open(configuration, environment).await?;
    let modules = crate::modules::all(&app);
    let routes: Vec<_> = modules.modules.iter().flat_map(|module| module.routes.clone()).collect();
    println!("{:#}", ennakoi_http::openapi_document(&routes, env!("CARGO_PKG_VERSION")));
    Ok(std::fs::remove_dir_all(folder)?)
}
