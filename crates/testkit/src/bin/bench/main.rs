//! `make bench`: what the server reaches, as ratios against limits measured in the same run. JSON lines; nothing is asserted.
//!
//! usage: bench --binary PATH
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measuring program: a panic is the report, figures are floating-point"
)]

mod limit;
mod server;
mod sockets;

use std::{path::PathBuf, time::Duration};

use serde_json::json;

/// Customers who write at the same time, each waiting for its acknowledgement.
const WRITERS: usize = 64;
const SPAN: Duration = Duration::from_secs(8);
/// Sockets that only listen.
const IDLE: usize = 10_000;

#[tokio::main]
async fn main() {
    ennakoi_egress::choose_cryptography();
    let binary = std::env::args().skip_while(|word| word != "--binary").nth(1).map_or_else(|| PathBuf::from("target/release/ennakoi"), PathBuf::from);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes = std::fs::metadata(&binary).expect("the binary").len();
    println!("{}", json!({ "measure": "binary_mb", "value": bytes as f64 / 1e6, "target": 80 }));

    let server = server::Server::start(&binary, folder.path()).await;
    println!("{}", json!({ "measure": "ready_ms_empty", "value": server.ready.as_millis(), "target": 1_000 }));
    let company = server.set_up().await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    println!("{}", json!({ "measure": "idle_memory_mb", "value": server.memory_kb() as f64 / 1e3, "target": 100 }));

    let durable = limit::durable_commit(folder.path());
    let commits_before = server.commits().await;
    let written = sockets::write(&company, WRITERS, SPAN, None).await;
    let commits = (server.commits().await - commits_before).max(1);
    let group = (written.acknowledged as u64).div_ceil(commits);
    let bare = limit::bare_inserts(folder.path(), group);
    let rate = written.acknowledged as f64 / SPAN.as_secs_f64();
    println!(
        "{}",
        json!({ "measure": "durable_messages", "per_second": rate, "group": group, "bare_loop_per_second": bare, "ratio": rate / bare, "target": 0.4 })
    );
    let calm = sockets::write(&company, WRITERS, SPAN, Some(rate / 2.0)).await;
    println!(
        "{}",
        json!({ "measure": "acknowledgement_p99_at_half_load", "ms": calm.p99.as_secs_f64() * 1e3, "durable_commit_ms": durable.as_secs_f64() * 1e3,
            "ratio": calm.p99.as_secs_f64() / durable.as_secs_f64(), "target": 5 })
    );
    let before = server.memory_kb();
    let held = sockets::hold(&company, IDLE).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (server.memory_kb().saturating_sub(before)) as f64 / held.len().max(1) as f64;
    println!("{}", json!({ "measure": "idle_socket_kb", "sockets": held.len(), "value": each, "target": 20 }));
    drop(held);
    let page = company.page_latency(500, Duration::from_secs(5)).await;
    println!("{}", json!({ "measure": "article_page_p99_ms_at_500_a_second", "value": page.as_secs_f64() * 1e3, "target": 5 }));
    server.stop().await;
}
