//! Starting and stopping the program.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use axum::{Extension, Router, middleware, routing::get, serve::ListenerExt};
use ennakoi_http::{App, Module, guarded, openapi_document};
use ennakoi_kernel::{Environment, configuration::Configuration};
use ennakoi_store::{
    Db, Options,
    files::{Blobs, Folder},
    follower, jobs, migrate, timers,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle},
    sync::watch,
    task::JoinSet,
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{assets, demo_page, health, middleware::frame, migrations, modules, modules::Modules, s3, secret};

/// Opens the database, brings its schema up to date and makes the application handle.
///
/// # Errors
/// Database, files or secret cannot be used; the text says which.
pub async fn open(configuration: Configuration, environment: Environment) -> Result<App> {
    ennakoi_email::check(&configuration).map_err(anyhow::Error::msg).context("the mail settings cannot be used")?;
    let db = open_database(&configuration).await?;
    let applied = migrate::migrate(&db, migrations::ALL, environment.now()).await.context("cannot migrate the database")?;
    if !applied.is_empty() {
        tracing::info!(?applied, "schema brought up to date");
    }
    let secret = secret::load_or_create(&PathBuf::from(&configuration.security.secret_file), &environment)?;
    assemble(configuration, environment, db, secret).await
}

/// Opens what is there and changes nothing, neither schema nor secret: for looking at it and copying it.
///
/// # Errors
/// There is no database or secret, or they cannot be used; the text says which.
pub async fn open_as_it_is(configuration: Configuration, environment: Environment) -> Result<App> {
    require_database(&configuration)?;
    let file = PathBuf::from(&configuration.security.secret_file);
    if !file.exists() {
        bail!("the installation's secret is missing: there is no {}", file.display());
    }
    let db = open_database(&configuration).await?;
    let schema = migrate::version(&db).await?.context("the database is empty: `ennakoi migrate` or the first start fills it")?;
    let known = migrations::ALL.last().map_or(0, |migration| migration.version);
    if schema > known {
        bail!("the database has schema version {schema}, this program knows {known}: use a newer program");
    }
    let secret = secret::load_or_create(&file, &environment)?;
    assemble(configuration, environment, db, secret).await
}

/// A command that works on an installation must not make a new one where a path is misspelt.
///
/// # Errors
/// `database.url` names a file that is not there.
pub fn require_database(configuration: &Configuration) -> Result<()> {
    match sqlite_path(configuration) {
        Some(path) if !path.exists() => bail!("there is no database at {}; see database.url", path.display()),
        _ => Ok(()),
    }
}

/// The file of the embedded database, if it is the one in use.
#[must_use]
pub fn sqlite_path(configuration: &Configuration) -> Option<PathBuf> {
    let path = configuration.database.url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

async fn open_database(configuration: &Configuration) -> Result<Db> {
    let options = Options { readers: configuration.database.readers, connections: configuration.database.connections };
    Db::open(&configuration.database.url, options).await.context("cannot open the database")
}

async fn assemble(configuration: Configuration, environment: Environment, db: Db, secret: ennakoi_http::Secret) -> Result<App> {
    let blobs = blobs(&configuration, &environment).await?;
    let app = App::new(db, environment, configuration, blobs, secret);
    let security = &app.configuration.security;
    app.rates.configure(security.sign_in_attempts_per_minute, security.visitor_requests_per_second, security.member_requests_per_second);
    Ok(app)
}

/// Where files lie, as `files.url` says.
///
/// # Errors
/// It cannot be used; the text says which key is wrong.
pub async fn blobs(configuration: &Configuration, environment: &Environment) -> Result<Arc<dyn Blobs>> {
    match configuration.files.url.split_once(':') {
        Some(("file", path)) if !path.is_empty() => Ok(Arc::new(Folder::new(PathBuf::from(path)))),
        Some(("s3", _)) => s3::open(&configuration.files, environment).await,
        _ => bail!("files.url must be file:PATH or s3://bucket/prefix, not {:?}", configuration.files.url),
    }
}

/// A running program.
pub struct Running {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Asks everything to stop and waits: new requests are refused, open ones finish within the configured time.
    pub async fn stop(mut self, within: Duration) {
        let _ = self.stop.send(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(within, finished).await.is_err() {
            tracing::warn!("some tasks did not finish in time and are cut off");
        }
    }
}

/// Serves on `listener` and runs followers, jobs, timers and background tasks.
///
/// # Errors
/// The listener has no address.
pub fn serve(app: &App, modules: Modules, listener: TcpListener) -> Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    // An acknowledgement is small and often followed by another frame: without this the second waits for the client's next sign of
    // life, which by the habit of systems comes after 40 ms.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends small frames late");
        }
    });
    let router = router(app, &modules).into_make_service_with_connect_info::<SocketAddr>();
    let mut until = stopped.clone();
    tasks.spawn(async move {
        let drained = async move {
            let _ = until.changed().await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(drained).await {
            tracing::error!(%error, "the web server stopped");
        }
    });
    start_work(app, &modules.modules, &stopped, &mut tasks);
    Ok(Running { address, stop, tasks })
}

/// Where followers, jobs and timers run: threads of their own, so that a long turn of theirs (an index, a fit) never stands between a
/// customer and the acknowledgement of what they wrote.
fn behind() -> Handle {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let made = || Builder::new_multi_thread().enable_all().thread_name("behind").build().expect("the system has threads");
    RUNTIME.get_or_init(made).handle().clone()
}

fn start_work(app: &App, modules: &[Module], stopped: &watch::Receiver<bool>, tasks: &mut JoinSet<()>) {
    let every = |pick: fn(&Module) -> usize| modules.iter().map(pick).sum::<usize>();
    tracing::info!(
        routes = every(|module| module.routes.len()),
        followers = every(|module| module.followers.len()),
        jobs = every(|module| module.jobs.len()),
        "starting"
    );
    let behind = behind();
    for module in modules {
        for follower in &module.followers {
            tasks.spawn_on(follower::run(app.db.clone(), app.environment.clone(), follower.clone(), stopped.clone()), &behind);
        }
        for background in &module.background {
            tasks.spawn_on(background(app.clone(), stopped.clone()), &behind);
        }
    }
    let jobs = modules.iter().flat_map(|module| module.jobs.clone()).collect();
    tasks.spawn_on(jobs::run(app.db.clone(), app.environment.clone(), jobs, stopped.clone()), &behind);
    let timers = modules.iter().flat_map(|module| module.timers.clone()).collect();
    tasks.spawn_on(timers::run(app.db.clone(), app.environment.clone(), timers, stopped.clone()), &behind);
}

/// The whole web face.
pub fn router(app: &App, modules: &Modules) -> Router {
    let routes: Vec<_> = modules.modules.iter().flat_map(|module| module.routes.clone()).collect();
    let document = Arc::new(openapi_document(&routes, env!("CARGO_PKG_VERSION")).to_string());
    let openapi = move || {
        let document = document.clone();
        async move { ([("content-type", "application/json"), ("access-control-allow-origin", "*")], document.to_string()) }
    };
    Router::new()
        .route("/", get(assets::root))
        .route("/app", get(assets::root))
        .route("/app/", get(assets::console))
        .route("/app/{*path}", get(assets::console))
        .route("/demo/{slug}", get(demo_page::show))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/openapi.json", get(openapi))
        .merge(guarded(app, routes, &modules.authenticator))
        .fallback(assets::missing)
        .layer(Extension(prometheus()))
        .layer(Extension(modules.meaning.clone()))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), frame))
        .with_state(app.clone())
}

/// One recorder for the process; tests start several programs in one.
fn prometheus() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
            let builder = PrometheusBuilder::new();
            let builder = builder.set_buckets_for_metric(Matcher::Full("ennakoi_request_seconds".to_owned()), &buckets).expect("buckets are not empty");
            builder.install_recorder().expect("the recorder is installed once")
        })
        .clone()
}

/// Runs until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// The address cannot be listened on.
pub async fn run(app: App) -> Result<()> {
    let modules = modules::all(&app);
    let listen = &app.configuration.server.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let running = serve(&app, modules, listener)?;
    tracing::info!(address = %running.address, "ready");
    wait_for_signal().await?;
    tracing::info!("draining");
    running.stop(Duration::from_secs(app.configuration.server.drain_seconds)).await;
    Ok(())
}

async fn wait_for_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
