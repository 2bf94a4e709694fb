//! `make bench`: what the server reaches, as ratios against limits measured in the same run. JSON lines; nothing is asserted.
//!
//! usage: bench --binary PATH [--messages N] [--only writing|serving|mail|growing|desk]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    reason = "a measuring program: a panic is the report, figures are floating-point"
)]

mod bot;
mod broadcast;
mod desk;
mod history;
mod limit;
mod mail;
mod server;
mod sockets;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ennakoi_testkit::Client;
use serde_json::json;

/// Customers who write at the same time, each waiting for its acknowledgement.
const WRITERS: usize = 64;
const SPAN: Duration = Duration::from_secs(8);
/// Sockets that only listen.
const IDLE: usize = 10_000;
/// Sockets that all hear of one event.
const LISTENERS: usize = 5_000;
/// Messages of the small and of the large history that a console is opened on.
const SMALL: u32 = 10_000;
const LARGE: u32 = 1_000_000;

#[tokio::main]
async fn main() {
    ennakoi_egress::choose_cryptography();
    let binary = argument("--binary").map_or_else(|| PathBuf::from("target/release/ennakoi"), PathBuf::from);
    let large = argument("--messages").map_or(LARGE, |count| count.parse().expect("a number of messages"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes = std::fs::metadata(&binary).expect("the binary").len();
    println!("{}", json!({ "measure": "binary_mb", "value": bytes as f64 / 1e6, "target": 80 }));

    let only = argument("--only");
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wanted("writing") || wanted("serving") {
        serving(&binary, folder.path(), &wanted).await;
    }
    if wanted("mail") {
        mail::measure(&binary, folder.path()).await;
    }
    if wanted("desk") {
        desk::measure(&binary, &folder.path().join("desk"), large).await;
    }
    if wanted("growing") {
        growing(&binary, folder.path(), large).await;
    }
}

async fn serving(binary: &Path, folder: &Path, wanted: &impl Fn(&str) -> bool) {
    let server = server::Server::start(binary, folder).await;
    println!("{}", json!({ "measure": "ready_ms_empty", "value": server.ready.as_millis(), "target": 1_000 }));
    let (company, staff) = server.set_up().await;
    if wanted("serving") {
        tokio::time::sleep(Duration::from_secs(20)).await;
        println!("{}", json!({ "measure": "idle_memory_mb", "value": server.memory_kb() as f64 / 1e3, "target": 100 }));
    }
    if wanted("writing") {
        writing(&server, &company, folder).await;
    }
    if !wanted("serving") {
        return server.stop().await;
    }
    holding(&server, &company).await;
    let told = broadcast::measure(&company, &staff, LISTENERS).await;
    println!(
        "{}",
        json!({ "measure": "broadcast", "sockets": told.sockets, "bytes": told.bytes, "ms": milliseconds(told.real), "bare_ms": milliseconds(told.bare),
            "ratio": told.real.as_secs_f64() / told.bare.as_secs_f64(), "target": 3 })
    );
    let page = company.page_latency(500, Duration::from_secs(5)).await;
    println!("{}", json!({ "measure": "article_page_p99_ms_at_500_a_second", "value": milliseconds(page), "target": 5 }));
    answering(&staff).await;
    server.stop().await;
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != name).nth(1)
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

async fn writing(server: &server::Server, company: &server::Company, folder: &Path) {
    let durable = limit::durable_commit(folder);
    let commits_before = server.commits().await;
    let written = sockets::write(company, WRITERS, SPAN, None).await;
    let commits = (server.commits().await - commits_before).max(1);
    let group = (written.acknowledged as u64).div_ceil(commits);
    let bare = limit::bare_inserts(folder, group);
    let rate = written.acknowledged as f64 / SPAN.as_secs_f64();
    println!(
        "{}",
        json!({ "measure": "durable_messages", "per_second": rate, "group": group, "bare_loop_per_second": bare, "ratio": rate / bare, "target": 0.4 })
    );
    let calm = sockets::write(company, WRITERS, SPAN, Some(rate / 2.0)).await;
    println!(
        "{}",
        json!({ "measure": "acknowledgement_p99_at_half_load", "ms": milliseconds(calm.p99), "durable_commit_ms": milliseconds(durable),
            "ratio": calm.p99.as_secs_f64() / durable.as_secs_f64(), "target": 5 })
    );
}

async fn holding(server: &server::Server, company: &server::Company) {
    let before = server.memory_kb();
    let held = sockets::hold(company, IDLE).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (server.memory_kb().saturating_sub(before)) as f64 / held.len().max(1) as f64;
    println!("{}", json!({ "measure": "idle_socket_kb", "sockets": held.len(), "value": each, "target": 20 }));
}

async fn answering(staff: &Client) {
    let (articles, median, slowest) = bot::measure(staff).await;
    println!("{}", json!({ "measure": "bot_answer_p99_ms", "articles": articles, "p50": milliseconds(median), "value": milliseconds(slowest), "target": 10 }));
}

/// What a console waits for must not grow with history.
async fn growing(binary: &Path, folder: &Path, large: u32) {
    let few = history::measure(binary, &folder.join("small"), SMALL).await;
    let many = history::measure(binary, &folder.join("large"), large).await;
    println!("{}", json!({ "measure": "fill", "messages": many.messages, "seconds": many.fill.as_secs() }));
    println!("{}", json!({ "measure": "ready_ms_large", "messages": many.messages, "value": many.ready.as_millis(), "target": 2_000 }));
    for ((kind, small), (_, grown)) in few.kinds.iter().zip(&many.kinds) {
        println!(
            "{}",
            json!({ "measure": format!("console_{kind}_p95_ms"), "messages": many.messages, "value": milliseconds(*grown), "target": 50,
                "with_10000": milliseconds(*small), "limit_of_growth": 2.0 * milliseconds(*small) + 5.0 })
        );
    }
}
