//! What a console waits for when its workspace is opened, and how much of that grows with history.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use ennakoi_testkit::Client;
use serde_json::Value;
use tokio::process::Command;

use crate::server::Server;

/// Questions of each kind, asked one after another.
const ASKED: usize = 150;
/// The first ones of each kind warm the caches and are not counted.
const WARM: usize = 10;
/// Rows that a page shows.
const SHOWN: usize = 25;
/// Words that conversations and names hold.
const SOUGHT: [&str; 6] = ["toimitus", "palautus", "lasku", "virtanen", "leverans", "delivery"];
const LISTS: [&str; 5] = ["view=all", "view=unassigned", "view=mine", "view=waiting", "view=closed"];

/// The 95th percentile of each kind of question.
pub(crate) struct Waits {
    pub(crate) messages: u32,
    pub(crate) ready: Duration,
    pub(crate) fill: Duration,
    pub(crate) kinds: Vec<(&'static str, Duration)>,
}

/// Fills a workspace of its own with so many messages and asks what a console asks.
pub(crate) async fn measure(binary: &Path, folder: &Path, messages: u32) -> Waits {
    let (server, staff, fill) = filled(binary, folder, &["--messages", &messages.to_string()]).await;
    let kinds = vec![
        ("list", lists(&staff).await),
        ("counts", ask(&staff, &["conversations/counts".to_owned()]).await),
        ("thread", threads(&staff).await),
        ("contact", contacts(&staff).await),
        ("search", ask(&staff, &SOUGHT.map(|word| format!("search?q={word}"))).await),
    ];
    let ready = server.ready;
    server.stop().await;
    Waits { messages, ready, fill, kinds }
}

/// A server on a workspace that `ennakoi demo` filled, somebody who may see all of it, and how long the filling took.
pub(crate) async fn filled(binary: &Path, folder: &Path, how: &[&str]) -> (Server, Client, Duration) {
    std::fs::create_dir_all(folder).expect("a folder");
    let started = Instant::now();
    let filled = Command::new(binary)
        .arg("demo")
        .args(how)
        .env("DATABASE_URL", format!("sqlite:{}", folder.join("bench.db").display()))
        .env("ENNAKOI_FILES_URL", format!("file:{}", folder.join("files").display()))
        .env("ENNAKOI_SECURITY_SECRET_FILE", folder.join("secret"))
        .env("ENNAKOI_LOG_LEVEL", "error")
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("the demo runs");
    assert!(filled.status.success(), "the demo filled no workspace");
    let fill = started.elapsed();
    let (email, password) = supervisor(&String::from_utf8_lossy(&filled.stdout));
    let server = Server::start(binary, folder).await;
    let staff = server.sign_in(&email, &password).await;
    (server, staff, fill)
}

/// Who may see every conversation, out of what the demo printed: `role email password name`.
fn supervisor(printed: &str) -> (String, String) {
    let line = printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|words| words.first() == Some(&"owner"));
    let words = line.expect("the demo names its owner");
    (words[1].to_owned(), words[2].to_owned())
}

async fn lists(staff: &Client) -> Duration {
    ask(staff, &LISTS.map(|view| format!("conversations?{view}"))).await
}

async fn threads(staff: &Client) -> Duration {
    let ids = ids(staff, "conversations?view=closed&limit=25").await;
    let paths: Vec<String> =
        ids.iter().flat_map(|id| [format!("conversations/{id}"), format!("conversations/{id}/messages"), format!("conversations/{id}/events")]).collect();
    ask(staff, &paths).await
}

async fn contacts(staff: &Client) -> Duration {
    let ids = ids(staff, "contacts?limit=25").await;
    let paths: Vec<String> = ids
        .iter()
        .flat_map(|id| [format!("contacts/{id}"), format!("contacts/{id}/timeline"), format!("conversations?contact={id}"), format!("contacts/{id}/commerce")])
        .collect();
    ask(staff, &paths).await
}

async fn ids(staff: &Client, path: &str) -> Vec<String> {
    let page = staff.get(path).await.expect(200);
    let items = page["items"].as_array().expect("a page").iter();
    items.take(SHOWN).filter_map(|item| item["id"].as_str().map(ToOwned::to_owned)).collect()
}

/// The 95th percentile over these questions, asked in turn.
pub(crate) async fn ask(staff: &Client, paths: &[String]) -> Duration {
    assert!(!paths.is_empty(), "there is something to ask for");
    let mut times = Vec::with_capacity(ASKED);
    for at in 0..ASKED + WARM {
        let path = &paths[at % paths.len()];
        let started = Instant::now();
        let answer: Value = staff.get(path).await.expect(200);
        if at >= WARM {
            times.push(started.elapsed());
        }
        assert!(answer.is_object() || answer.is_array(), "{path} answers with a document");
    }
    times.sort_unstable();
    times[times.len() * 95 / 100]
}
