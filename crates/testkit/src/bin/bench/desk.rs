//! What an agent's desk waits for: own views over many cases, and how soon a colleague's change is on every screen.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ennakoi_testkit::{Client, Socket};
use serde_json::{Value, json};

use crate::{history, milliseconds, server::Server};

/// Agents whose consoles are open.
const AGENTS: usize = 200;
/// Changes a second, and for how long.
const CHANGES: u32 = 20;
const SPAN: Duration = Duration::from_secs(15);

pub(crate) async fn measure(binary: &Path, folder: &Path, cases: u32) {
    let (server, staff, fill) = history::filled(binary, folder, &["--messages", &cases.to_string(), "--brief"]).await;
    println!("{}", json!({ "measure": "fill_cases", "cases": cases, "seconds": fill.as_secs(), "ready_ms": server.ready.as_millis() }));
    views(&staff, cases).await;
    changes(&server, &staff).await;
    server.stop().await;
}

/// Filters as people make them: narrow and wide, and/or, negated, sorted otherwise; each saved as a view and opened.
async fn views(staff: &Client, cases: u32) {
    let is = |field: &str, value: &str| json!({ "field": field, "operator": "is", "value": value });
    let filters = [
        ("open_or_waiting", json!({ "any": [is("state", "open"), is("state", "waiting")] })),
        ("urgent_or_mine", json!({ "any": [{ "field": "priority", "operator": "at_least", "value": "high" }, is("assignee", "me")] })),
        ("swedish_of_people", json!({ "all": [is("language", "sv"), { "not": is("owner", "bot") }] })),
        ("closed_in_english", json!({ "all": [is("state", "closed"), is("language", "en")] })),
        ("closed_but_finnish", json!({ "all": [is("state", "closed"), { "not": is("language", "fi") }] })),
        ("waiting_in_two_languages", json!({ "all": [is("state", "waiting"), { "any": [is("language", "fi"), is("language", "sv")] }] })),
    ];
    for (name, filter) in filters {
        let made = staff.post("views", json!({ "name": name, "filter": filter })).await.expect(201);
        let view = made["id"].as_str().expect("an id").to_owned();
        let paths: Vec<String> =
            ["activity", "created", "priority", "waiting"].iter().map(|sort| format!("conversations?view={view}&sort={sort}&limit=50")).collect();
        for path in &paths {
            let p95 = history::ask(staff, std::slice::from_ref(path)).await;
            println!(
                "{}",
                json!({ "measure": "view_p95_ms", "view": name, "sort": path.split("sort=").nth(1).and_then(|it| it.split('&').next()), "cases": cases, "value": milliseconds(p95), "target": 50 })
            );
        }
    }
    let counts = history::ask(staff, &["conversations/counts".to_owned()]).await;
    println!("{}", json!({ "measure": "counts_p95_ms", "cases": cases, "value": milliseconds(counts), "target": 50 }));
}

/// From the moment at which a change is asked for to the moment at which each of the open consoles has heard of it.
async fn changes(server: &Server, staff: &Client) {
    let cookie = staff.cookie.clone().unwrap_or_default();
    let url = format!("ws://{}/api/v1/live?workspace={}", server.address, staff.workspace.clone().unwrap_or_default());
    let origin = format!("http://{}", server.address);
    let begun: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let waits: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let mut consoles = Vec::with_capacity(AGENTS);
    for _ in 0..AGENTS {
        let mut socket = Socket::open(&url, &[("cookie", &cookie), ("origin", &origin)]).await.expect("a socket");
        socket.send(json!({ "type": "hello", "last_seq": null })).await;
        socket.try_until(|frame| frame["type"] == "welcome").await.expect("welcome");
        let (begun, waits) = (begun.clone(), waits.clone());
        consoles.push(tokio::spawn(async move {
            while let Some(frame) = socket.next().await {
                let now = Instant::now();
                for row in frame["conversations"].as_array().into_iter().flatten() {
                    let started = mark(row).and_then(|mark| begun.lock().expect("no panic").get(&mark).copied());
                    if let Some(started) = started {
                        waits.lock().expect("no panic").push(now - started);
                    }
                }
            }
        }));
    }
    let page = staff.get("conversations?view=all&limit=50").await.expect(200);
    let ids: Vec<String> = page["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str().map(ToOwned::to_owned)).collect();
    let mut clock = tokio::time::interval(Duration::from_secs(1) / CHANGES);
    let total = SPAN.as_secs() as usize * CHANGES as usize;
    for number in 0..total {
        clock.tick().await;
        // Every change has a subject of its own, by which it is recognised.
        let subject = format!("change-{number}");
        begun.lock().expect("no panic").insert(subject.clone(), Instant::now());
        staff.patch(&format!("conversations/{}", ids[number % ids.len()]), json!({ "subject": subject })).await.expect(200);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    consoles.iter().for_each(tokio::task::JoinHandle::abort);
    let mut waits = std::mem::take(&mut *waits.lock().expect("no panic"));
    waits.sort_unstable();
    let at = |share: usize| milliseconds(waits[(waits.len() * share / 1_000).min(waits.len() - 1)]);
    println!(
        "{}",
        json!({ "measure": "change_on_screens_ms", "agents": AGENTS, "a_second": CHANGES, "changes": total, "heard": waits.len(), "expected": total * AGENTS,
            "p50": at(500), "p99": at(990), "slowest": at(1_000), "target": 250 })
    );
}

fn mark(row: &Value) -> Option<String> {
    row["subject"].as_str().filter(|subject| subject.starts_with("change-")).map(ToOwned::to_owned)
}
