//! A real server for tests: real database, real HTTP, a clock that can be moved. Development only.
//!
//! Tests run on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names a server; each test has a database of its own.
//! Dropping a [`TestApp`] fails the test when a job was parked or an event set aside.
#![expect(clippy::missing_panics_doc, clippy::expect_used, reason = "in a test a panic is the report")]

mod certificate;
mod client;
mod database;
mod dovecot;
mod llm;
mod lmtp;
mod ports;
pub mod program;
pub mod s3;
mod smtp;
mod socket;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration as StdDuration,
};

use ennakoi_http::App;
use ennakoi_kernel::{Clock, Duration, Environment, SystemClock, SystemEntropy, Timestamp, configuration::Configuration};
use ennakoi_server::start::{self, Running};
use ennakoi_store::params;
use tokio::net::TcpListener;

pub use certificate::Certificate;
pub use client::{Answer, Client};
pub use database::TestDatabase;
pub use dovecot::{DOVECOT_PASSWORD, Dovecot};
pub use llm::{Asked, ModelSink, Mood};
pub use lmtp::LmtpClient;
pub use ports::free_port;
pub use smtp::{Act, SmtpSink, Stage, TakenMail};
pub use socket::Socket;

/// The real clock, moved by tests and, where how long something takes must not matter, stopped by them.
#[derive(Default)]
pub struct TestClock {
    moved: AtomicI64,
    /// The time at which it was stopped; 0: it runs.
    stopped_at: AtomicI64,
}

impl TestClock {
    pub fn advance(&self, span: Duration) {
        self.moved.fetch_add(span.0, Ordering::SeqCst);
    }

    /// From now on only [`TestClock::advance`] moves it.
    pub fn stop(&self) {
        self.stopped_at.store(SystemClock.now().0, Ordering::SeqCst);
    }

    /// It runs again, as if it had not been stopped.
    pub fn go_on(&self) {
        self.stopped_at.store(0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let stopped_at = self.stopped_at.load(Ordering::SeqCst);
        let running = if stopped_at == 0 { SystemClock.now() } else { Timestamp(stopped_at) };
        running + Duration(self.moved.load(Ordering::SeqCst))
    }
}

/// A running server with a database of its own.
pub struct TestApp {
    pub app: App,
    pub url: String,
    pub address: SocketAddr,
    pub clock: Arc<TestClock>,
    running: Option<Running>,
    database: Option<TestDatabase>,
    folder: tempfile::TempDir,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with a changed configuration.
    pub async fn start_with(change: impl FnOnce(&mut Configuration)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = TestDatabase::create(folder.path()).await;
        Self::start_on(database, folder, change).await
    }

    /// What the language models learned, kept in the build folder between two runs of the tests.
    #[must_use]
    pub fn learned() -> std::path::PathBuf {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/learned");
        ennakoi_server::learned::prepare(&folder);
        folder
    }

    async fn start_on(database: TestDatabase, folder: tempfile::TempDir, change: impl FnOnce(&mut Configuration)) -> Self {
        tokio::task::spawn_blocking(Self::learned).await.expect("the models are prepared");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut configuration = Configuration::load(None, []).expect("the defaults are valid");
        configuration.server.listen = address.to_string();
        configuration.server.public_url = format!("http://{address}");
        configuration.database.url.clone_from(&database.url);
        configuration.database.connections = 8;
        configuration.files.url = format!("file:{}", folder.path().join("files").display());
        configuration.security.secret_file = folder.path().join("secret").display().to_string();
        configuration.security.sign_in_attempts_per_minute = 1_000;
        // The clock of tests stands still, and so would what fills the bucket of those who look until something has happened.
        configuration.security.member_requests_per_second = 100_000;
        change(&mut configuration);
        let clock = Arc::new(TestClock::default());
        let environment = Environment::new(clock.clone(), Arc::new(SystemEntropy));
        let app = start::open(configuration, environment).await.expect("the server opens");
        let modules = ennakoi_server::modules::all(&app);
        let running = start::serve(&app, modules, listener).expect("the server starts");
        Self { app, url: format!("http://{address}"), address, clock, running: Some(running), database: Some(database), folder }
    }

    /// Stops the server and starts it again on the same data and clock offset.
    pub async fn restart(mut self) -> Self {
        if let Some(running) = self.running.take() {
            running.stop(StdDuration::from_secs(5)).await;
        }
        let database = self.database.take().expect("taken only here");
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a temporary folder"));
        Self::start_on(database, folder, |_| {}).await
    }

    /// Cuts everything off in the middle, as a killed process would, and starts again on the same data with the same changes.
    pub async fn crash(mut self, change: impl FnOnce(&mut Configuration)) -> Self {
        drop(self.running.take());
        let database = self.database.take().expect("taken only here");
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a temporary folder"));
        let offset = self.clock.moved.load(Ordering::SeqCst);
        let again = Self::start_on(database, folder, change).await;
        again.clock.advance(Duration(offset));
        again
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn stranger(&self) -> Client {
        Client::new(&self.url)
    }

    /// Waits until every follower has handled every event, and jobs that are due have run.
    pub async fn settle(&self) {
        for _ in 0..3_000 {
            if self.unfinished().await == 0 {
                return;
            }
            tokio::time::sleep(StdDuration::from_millis(20)).await;
        }
        panic!("followers or jobs did not finish");
    }

    async fn unfinished(&self) -> i64 {
        let modules = ennakoi_server::modules::all(&self.app).modules;
        let followers = i64::try_from(modules.iter().map(|module| module.followers.len()).sum::<usize>()).expect("a few");
        let mut tx = self.app.db.read().await.expect("the database answers");
        let behind: i64 = tx
            .scalar("SELECT COUNT(*) FROM followers f JOIN timeline_heads h ON h.workspace_id = f.workspace_id WHERE f.seq < h.seq", params![])
            .await
            .expect("a number");
        // Each has a row in each workspace, once it has begun.
        let workspaces: i64 = tx.scalar("SELECT COUNT(*) FROM timeline_heads WHERE seq > 0", params![]).await.expect("a number");
        let begun: i64 = tx
            .scalar("SELECT COUNT(*) FROM followers f JOIN timeline_heads h ON h.workspace_id = f.workspace_id WHERE h.seq > 0", params![])
            .await
            .expect("a number");
        let unstarted = (workspaces * followers - begun).max(0);
        let jobs: i64 = tx.scalar("SELECT COUNT(*) FROM jobs WHERE NOT parked AND run_at <= $1", params![self.app.environment.now()]).await.expect("a number");
        behind + unstarted + jobs
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let (app, database) = (self.app.clone(), self.database.take());
        // Dropping is not async; a thread with its own small runtime looks and cleans up.
        let looked = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let mut tx = app.db.read().await.ok()?;
                let parked: Vec<(String, Option<String>)> = tx.all("SELECT kind, last_error FROM jobs WHERE parked LIMIT 10", params![]).await.ok()?;
                let failed: Vec<(String, String)> = tx.all("SELECT name, error FROM follower_failures LIMIT 10", params![]).await.ok()?;
                drop(tx);
                drop(running);
                if let Some(database) = database {
                    database.remove().await;
                }
                Some((parked, failed))
            })
        })
        .join();
        if let Ok(Some((parked, failed))) = looked
            && !std::thread::panicking()
        {
            assert!(parked.is_empty(), "jobs were parked: {parked:?}");
            assert!(failed.is_empty(), "events were set aside: {failed:?}");
        }
    }
}
