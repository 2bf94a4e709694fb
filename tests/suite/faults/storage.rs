//! A disk that fails at fifty positions: a write that cannot be made is refused, never acknowledged; reading goes on; afterwards
//! everything works again. SQLite only: PostgreSQL has disks of its own.
//!
//! The victim is this test binary itself, started once more as a process whose files may not grow beyond a limit. The limit is
//! moved from outside, so that the n-th write of a transaction fails in the middle of a page or between two.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Stdio,
};

use ennakoi_store::{Engine, params};
use ennakoi_testkit::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{
    inbox::{Desk, Talk},
    people::text,
};

const POSITIONS: u64 = 50;
/// How far apart they are: less than a page, so that pages are cut at different places.
const STEP_BYTES: u64 = 1_391;
const MARK: &str = "VICTIM ";
/// Set for the process that is the victim; it holds nothing.
const VARIABLE: &str = "ENNAKOI_FAULTS";

/// Does nothing, unless this process was started to be the victim.
#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let desk = Desk::open().await;
    let talk = desk.talk("Liisa", "Hei").await;
    desk.settle().await;
    let told = json!({ "url": desk.company.app.url, "cookie": desk.owner().cookie, "workspace": desk.owner().workspace,
        "conversation": talk.id, "database": desk.company.app.app.db.path() });
    println!("\n{MARK}{told}");
    // Until whoever started it goes away.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await.unwrap().unwrap();
}

struct Victim {
    child: Child,
    client: Client,
    conversation: String,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Victim {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("bash");
        // Without this a process that writes beyond its limit is killed instead of getting an error.
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
        command.args(["faults::storage::victim", "--exact", "--nocapture"]).env(VARIABLE, "1").env("TMPDIR", folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told: Value = loop {
            let line = lines.next_line().await.unwrap().expect("the victim says where it is");
            if let Some((_, told)) = line.split_once(MARK) {
                break serde_json::from_str(told).unwrap();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut client = Client::new(&text(&told["url"]));
        client.cookie = Some(text(&told["cookie"]));
        client.workspace = Some(text(&told["workspace"]));
        let log = PathBuf::from(format!("{}-wal", text(&told["database"])));
        Self { child, client, conversation: text(&told["conversation"]), log, _folder: folder }
    }

    /// Lets the process write files up to this size; `None` takes the limit away.
    async fn limit(&self, bytes: Option<u64>) {
        let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let status =
            Command::new("prlimit").args(["--pid", &self.child.id().unwrap().to_string(), &format!("--fsize={soft}:unlimited")]).status().await.unwrap();
        assert!(status.success());
    }

    async fn send(&self, key: &str) -> u16 {
        let body = json!({ "client_key": key, "body": format!("{key} {}", "x".repeat(300)), "visibility": "private" });
        let answer = self.client.post(&format!("conversations/{}/messages", self.conversation), body).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 200 | 201 | 503), "{status} {}", answer.text);
        assert!(status != 503 || answer.json()["code"] == "try_again" && answer.headers.contains_key("retry-after"), "{}", answer.text);
        status
    }

    /// Keys of all messages, in order.
    async fn stored(&self) -> Vec<String> {
        let (mut keys, mut after) = (Vec::new(), 0);
        loop {
            let page = self.client.get(&format!("conversations/{}/messages?after_seq={after}&limit=100", self.conversation)).await.expect(200);
            for message in page["items"].as_array().unwrap() {
                keys.extend(message["client_key"].as_str().map(ToOwned::to_owned));
                after = message["seq"].as_i64().unwrap();
            }
            if page["has_more"] == false {
                return keys;
            }
        }
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_at_any_place_is_refused_and_nothing_acknowledged_is_lost() {
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        println!("the victim's files are those of SQLite");
        return;
    }
    let victim = Victim::start().await;
    let mut acknowledged = Vec::new();
    for position in 0..POSITIONS {
        victim.limit(Some(size(&victim.log) + position * STEP_BYTES)).await;
        let mut tried = 0;
        let refused = loop {
            let key = format!("{position}-{tried}");
            if victim.send(&key).await == 503 {
                break key;
            }
            acknowledged.push(key);
            tried += 1;
            assert!(tried < 60, "the disk never fails at position {position}");
        };
        // While the disk refuses, reading works, and what was refused is not there.
        let stored = victim.stored().await;
        assert!(!stored.contains(&refused), "{refused} was refused and stored");
        assert_eq!(stored, acknowledged, "position {position}");
        victim.client.get("/healthz").await.expect(200);
        victim.limit(None).await;
        assert_eq!(victim.send(&refused).await, 201, "the disk works again");
        acknowledged.push(refused);
    }
    assert_eq!(victim.stored().await, acknowledged);
    assert_eq!(acknowledged.iter().collect::<BTreeSet<_>>().len(), acknowledged.len());
    victim.client.get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_refuses_reads_on_and_recovers() {
    let desk = Desk::open().await;
    if desk.company.app.app.db.engine() == Engine::Postgres {
        println!("PostgreSQL has no limit of pages");
        return;
    }
    let talk: Talk = desk.talk("Liisa", "Hei").await;
    let mut acknowledged: Vec<String> = Vec::new();
    for position in 0..25 {
        pages(&desk, Some(position)).await;
        let mut tried = 0;
        let refused = loop {
            let key = format!("{position}-{tried}");
            let body = json!({ "client_key": key, "body": "x".repeat(9_000), "visibility": "private" });
            let answer = desk.owner().post(&talk.path("/messages"), body).await;
            match answer.status.as_u16() {
                201 => acknowledged.push(key),
                503 => break key,
                other => panic!("{other} {}", answer.text),
            }
            tried += 1;
            assert!(tried < 40, "the database is never full");
        };
        let page = desk.owner().get(&talk.path("/messages?limit=100")).await.expect(200);
        assert!(!page.to_string().contains(&format!("\"{refused}\"")), "{refused} was refused and stored");
        pages(&desk, None).await;
        let body = json!({ "client_key": refused, "body": "nyt mahtuu", "visibility": "private" });
        desk.owner().post(&talk.path("/messages"), body).await.expect(201);
        acknowledged.push(refused);
    }
    let mut tx = desk.company.app.app.db.read().await.unwrap();
    let stored: Vec<(Option<String>,)> = tx.all("SELECT client_key FROM messages ORDER BY seq", params![]).await.unwrap();
    assert_eq!(stored.into_iter().filter_map(|(key,)| key).collect::<Vec<_>>(), acknowledged);
    drop(tx);
    desk.settle().await;
}

/// Lets the database grow by so many pages; `None`: as far as it likes.
async fn pages(desk: &Desk, more: Option<i64>) {
    let mut tx = desk.company.app.app.db.begin().await.unwrap();
    let present: i64 = tx.scalar("PRAGMA page_count", params![]).await.unwrap();
    let most = more.map_or(1_000_000_000, |more| present + more);
    let set: i64 = tx.scalar(&format!("PRAGMA max_page_count = {most}"), params![]).await.unwrap();
    assert!(set >= present);
    tx.commit().await.unwrap();
}
