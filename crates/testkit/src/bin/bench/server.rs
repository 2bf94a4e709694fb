//! The server under measurement, and a company in it.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use ennakoi_testkit::{Client, TestApp};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// How long a line that was printed may take to be read.
const SAID: Duration = Duration::from_secs(2);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    password: String,
    pub(crate) ready: Duration,
}

/// A company with a chat and a small FAQ.
pub(crate) struct Company {
    pub(crate) address: String,
    pub(crate) key: String,
    article: String,
}

impl Server {
    pub(crate) async fn start(binary: &Path, folder: &Path) -> Self {
        Self::start_with(binary, folder, &[]).await
    }

    /// With more settings.
    pub(crate) async fn start_with(binary: &Path, folder: &Path, settings: &[(&str, String)]) -> Self {
        for file in std::fs::read_dir(TestApp::learned()).expect("the folder of what was learned").flatten() {
            std::fs::copy(file.path(), folder.join(file.file_name())).expect("a copy");
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let started = Instant::now();
        let mut child = Command::new(binary)
            .arg("serve")
            .env("DATABASE_URL", format!("sqlite:{}", folder.join("bench.db").display()))
            .env("ENNAKOI_SERVER_LISTEN", &address)
            .env("ENNAKOI_FILES_URL", format!("file:{}", folder.join("files").display()))
            .env("ENNAKOI_SECURITY_SECRET_FILE", folder.join("secret"))
            .env("ENNAKOI_SECURITY_VISITOR_REQUESTS_PER_SECOND", "1000000")
            .env("ENNAKOI_SECURITY_MEMBER_REQUESTS_PER_SECOND", "1000000")
            .env("ENNAKOI_LOG_LEVEL", "error")
            .envs(settings.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let (said, password) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut said = Some(said);
            // To the end, so that the server never waits for somebody to read.
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, found)) = line.split_once("with the password ")
                    && let Some(said) = said.take()
                {
                    let _ = said.send(found.trim().to_owned());
                }
            }
        });
        while !reqwest::get(format!("http://{address}/readyz")).await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let ready = started.elapsed();
        // Only a first start has one to say, and has said it before it listens.
        let password = tokio::time::timeout(SAID, password).await.ok().and_then(Result::ok).unwrap_or_default();
        Self { child, address, password, ready }
    }

    /// Somebody of staff, in the first workspace they may see.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Client {
        let mut staff = Client::new(&format!("http://{}", self.address));
        let answer = staff.post("session", json!({ "email": email, "password": password })).await;
        let cookie = answer.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok()).and_then(|cookie| cookie.split(';').next());
        staff.cookie = Some(cookie.expect("a session").to_owned());
        let session = staff.get("session").await.expect(200);
        staff.workspace = session["memberships"][0]["workspace"]["id"].as_str().map(ToOwned::to_owned);
        staff
    }

    /// A company, and its owner.
    pub(crate) async fn set_up(&self) -> (Company, Client) {
        let mut staff = self.sign_in("owner@localhost", &self.password).await;
        let made = staff.post("workspaces", json!({ "name": "Bench", "slug": "bench" })).await.expect(201);
        staff.workspace = made["workspace"]["id"].as_str().map(ToOwned::to_owned);
        // People only: the bot would measure itself.
        let channel = staff.post("channels", json!({ "kind": "chat", "name": "Chat", "settings": { "mode": "person_only" } })).await.expect(201);
        let faq = "# Missä pakettini on?\n\nSeuraa sitä seurantakoodilla.\n";
        staff.post("imports/articles?publish=true&locale=fi", json!({ "text": faq })).await.expect(200);
        let key = channel["public_key"].as_str().expect("a key").to_owned();
        (Company { address: self.address.clone(), key, article: format!("http://{}/help/bench/fi/a/missa-pakettini-on", self.address) }, staff)
    }

    /// Resident memory in kilobytes.
    pub(crate) fn memory_kb(&self) -> u64 {
        self.status_kb("VmRSS")
    }

    /// The most that it was since [`Self::forget_peak`].
    pub(crate) fn peak_kb(&self) -> u64 {
        self.status_kb("VmHWM")
    }

    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id().expect("running")), "5").expect("the peak can be reset");
    }

    fn status_kb(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("running"))).expect("a process");
        let line = status.lines().find(|line| line.starts_with(name)).expect("a measure of memory");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
    }

    /// Durable commits so far.
    pub(crate) async fn commits(&self) -> u64 {
        let text = reqwest::get(format!("http://{}/metrics", self.address)).await.expect("metrics").text().await.expect("text");
        let line = text.lines().find(|line| line.starts_with("ennakoi_database_commits_total")).expect("the counter");
        line.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a number")
    }

    pub(crate) async fn stop(mut self) {
        let _ = self.child.kill().await;
    }
}

impl Company {
    /// The 99th percentile of a public article page at a steady rate.
    pub(crate) async fn page_latency(&self, per_second: u32, span: Duration) -> Duration {
        let http = reqwest::Client::new();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
        let mut tasks = tokio::task::JoinSet::new();
        let end = Instant::now() + span;
        while Instant::now() < end {
            ticks.tick().await;
            let request = http.get(&self.article);
            tasks.spawn(async move {
                let started = Instant::now();
                let answer = request.send().await.expect("a page");
                let found = answer.status().is_success();
                let _ = answer.bytes().await;
                found.then(|| started.elapsed())
            });
        }
        let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
        times.sort_unstable();
        times.get(times.len() * 99 / 100).copied().unwrap_or(Duration::MAX)
    }
}
