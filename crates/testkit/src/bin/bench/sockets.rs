//! Visitors' sockets: writing, and only listening.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ennakoi_testkit::{Client, Socket};
use serde_json::json;

use crate::server::Company;

/// What a round of writing reached.
pub(crate) struct Written {
    pub(crate) acknowledged: usize,
    pub(crate) p99: Duration,
}

pub(crate) async fn connect(company: &Company) -> Option<Socket> {
    let client = Client::new(&format!("http://{}", company.address));
    let arrived = client.post(&format!("/widget/v1/{}/visitor", company.key), json!({ "locale": "fi" })).await.expect(201);
    let mut socket = Socket::open(&format!("ws://{}/widget/v1/live", company.address), &[]).await.ok()?;
    socket.try_send(json!({ "type": "hello", "token": arrived["token"] })).await.ok()?;
    socket.try_until(|message| message["type"] == "welcome").await.map(|_| socket)
}

/// Writes for `span` with so many sockets, each waiting for its acknowledgement; at `rate` a second together, or as fast as it goes.
pub(crate) async fn write(company: &Company, writers: usize, span: Duration, rate: Option<f64>) -> Written {
    let mut sockets = Vec::new();
    for _ in 0..writers {
        sockets.push(connect(company).await.expect("a socket"));
    }
    let times = Arc::new(Mutex::new(Vec::new()));
    let end = Instant::now() + span;
    let pause = rate.map(|rate| Duration::from_secs_f64(writers as f64 / rate));
    let tasks: Vec<_> = sockets
        .into_iter()
        .enumerate()
        .map(|(number, mut socket)| {
            let times = times.clone();
            tokio::spawn(async move {
                let mut next = 0u64;
                // Customers do not write in step: each begins at a moment of its own.
                let begins = |pause: Duration| tokio::time::Instant::now() + pause.mul_f64(number as f64 / writers as f64);
                let mut ticks = pause.map(|pause| tokio::time::interval_at(begins(pause), pause));
                while Instant::now() < end {
                    if let Some(ticks) = &mut ticks {
                        ticks.tick().await;
                    }
                    let key = format!("{number}-{next}-{}", pause.is_some());
                    next += 1;
                    let started = Instant::now();
                    socket.send(json!({ "type": "message", "client_key": key, "body": "Hei, missä vaiheessa tilaukseni mahtaa olla tänään?" })).await;
                    if socket.try_until(|answer| answer["client_key"] == key.as_str() && answer["type"] == "ack").await.is_none() {
                        return;
                    }
                    times.lock().expect("no panic").push(started.elapsed());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a writer does not panic");
    }
    let mut times = std::mem::take(&mut *times.lock().expect("no panic"));
    times.sort_unstable();
    Written { acknowledged: times.len(), p99: times.get(times.len() * 99 / 100).copied().unwrap_or(Duration::MAX) }
}

/// Writes one message and waits for its acknowledgement.
pub(crate) async fn say(socket: &mut Socket, key: &str) {
    socket.send(json!({ "type": "message", "client_key": key, "body": "Hei, missä vaiheessa tilaukseni mahtaa olla tänään?" })).await;
    socket.until(|answer| answer["client_key"] == key && answer["type"] == "ack").await;
}

/// Opens so many sockets that only listen, as far as the machine allows.
pub(crate) async fn hold(company: &Company, count: usize) -> Vec<Socket> {
    let mut held = Vec::with_capacity(count);
    while held.len() < count {
        match connect(company).await {
            Some(socket) => held.push(socket),
            None => break,
        }
    }
    held
}
