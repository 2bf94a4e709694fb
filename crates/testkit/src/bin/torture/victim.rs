//! The server that is killed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use ennakoi_testkit::TestDatabase;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

pub(crate) struct Victim {
    binary: PathBuf,
    folder: PathBuf,
    database: Option<TestDatabase>,
    child: Option<Child>,
    pub(crate) address: String,
    /// What the first start printed.
    pub(crate) password: Option<String>,
    /// More variables for the server itself.
    pub(crate) settings: Vec<(String, String)>,
}

impl Victim {
    pub(crate) async fn new(binary: PathBuf, folder: &Path) -> Self {
        let database = TestDatabase::create(folder).await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address").to_string();
        Self { binary, folder: folder.to_owned(), database: Some(database), child: None, address, password: None, settings: Vec::new() }
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(&self.binary);
        let database = &self.database.as_ref().expect("present until removed").url;
        command
            .arg(word)
            .env("DATABASE_URL", database)
            .env("ENNAKOI_DATABASE_CONNECTIONS", "12")
            .env("ENNAKOI_SERVER_LISTEN", &self.address)
            .env("ENNAKOI_FILES_URL", format!("file:{}", self.folder.join("files").display()))
            .env("ENNAKOI_SECURITY_SECRET_FILE", self.folder.join("secret"))
            .env("ENNAKOI_SECURITY_VISITOR_REQUESTS_PER_SECOND", "100000")
            .env("ENNAKOI_LOG_LEVEL", "warn")
            .kill_on_drop(true);
        command
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        let mut child = self.command("serve").envs(self.settings.iter().cloned()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = self.password.is_none();
        self.child = Some(child);
        if first {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, password)) = line.split_once("with the password ") {
                    self.password = Some(password.trim().to_owned());
                    break;
                }
            }
        }
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let ready = format!("http://{}/readyz", self.address);
        for _ in 0..12_000 {
            if reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server was not ready within a minute");
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("the server can be killed");
        }
    }

    /// `SIGTERM`, then waits for the end.
    pub(crate) async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Some(id) = child.id() {
            let _ = Command::new("kill").arg(id.to_string()).status().await;
        }
        if tokio::time::timeout(Duration::from_secs(20), child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
    }

    /// What `ennakoi check` says.
    pub(crate) async fn check(&self) -> String {
        let output = self.command("check").output().await.expect("the check runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) async fn remove(mut self) {
        if let Some(database) = self.database.take() {
            database.remove().await;
        }
    }
}
