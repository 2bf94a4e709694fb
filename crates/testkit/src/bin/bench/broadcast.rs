//! One event to many sockets, against the same bytes written to as many plain connections.

use std::time::{Duration, Instant};

use ennakoi_testkit::{Client, Socket};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{server::Company, sockets};

/// Longer than a heartbeat, shorter than any event.
const LEAST_BYTES: usize = 150;
/// Events sent one after another; the median counts.
const ROUNDS: usize = 7;

/// What one round took.
pub(crate) struct Broadcast {
    pub(crate) sockets: usize,
    pub(crate) bytes: usize,
    pub(crate) real: Duration,
    pub(crate) bare: Duration,
}

/// Opens so many staff sockets, lets a customer write, and times until the last socket has heard of it.
pub(crate) async fn measure(company: &Company, staff: &Client, count: usize) -> Broadcast {
    let cookie = staff.cookie.clone().expect("signed in");
    let workspace = staff.workspace.clone().expect("a workspace");
    let url = format!("ws://{}/api/v1/live?workspace={workspace}", company.address);
    let headers = [("cookie", cookie.as_str()), ("x-ennakoi-workspace", workspace.as_str())];
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let Ok(mut socket) = Socket::open(&url, &headers).await else { break };
        socket.send(json!({ "type": "hello", "last_seq": null })).await;
        socket.until(|message| message["type"] == "welcome").await;
        streams.push(socket.into_stream());
    }
    let mut writer = sockets::connect(company).await.expect("a customer's socket");
    // The first message opens the conversation and is routed; what follows is one event each.
    let (mut streams, _) = hear(streams, sockets::say(&mut writer, "first")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut times = Vec::new();
    let mut bytes = 0;
    for round in 0..ROUNDS {
        drain(&mut streams);
        let started = Instant::now();
        let key = format!("round-{round}");
        let (heard, most) = hear(streams, sockets::say(&mut writer, &key)).await;
        times.push(started.elapsed());
        (streams, bytes) = (heard, most);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let sockets = streams.len();
    drop(streams);
    let bare = bare(sockets, bytes).await;
    times.sort_unstable();
    Broadcast { sockets, bytes, real: times[ROUNDS / 2], bare }
}

/// Takes away what has already arrived.
fn drain(streams: &mut [TcpStream]) {
    let mut buffer = [0; 16 << 10];
    for stream in streams {
        while stream.try_read(&mut buffer).is_ok_and(|read| read > 0) {}
    }
}

/// Waits until every stream has had an event; returns the streams and the most bytes one of them had.
async fn hear(streams: Vec<TcpStream>, act: impl Future<Output = ()>) -> (Vec<TcpStream>, usize) {
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|mut stream| {
            tokio::spawn(async move {
                let (mut buffer, mut had) = ([0; 8 << 10], 0);
                while had < LEAST_BYTES {
                    had += stream.read(&mut buffer).await.expect("the socket stays open");
                }
                (stream, had)
            })
        })
        .collect();
    act.await;
    let mut back = Vec::with_capacity(tasks.len());
    let mut most = 0;
    for task in tasks {
        let (stream, had) = task.await.expect("a reader does not panic");
        back.push(stream);
        most = most.max(had);
    }
    (back, most)
}

/// The same bytes to as many plain connections, each with a task and a queue of its own on the sending side.
async fn bare(count: usize, bytes: usize) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (mut senders, mut streams) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for _ in 0..count {
        let (stream, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        streams.push(stream.expect("a connection"));
        let (mut writing, _) = accepted.expect("a connection");
        writing.set_nodelay(true).expect("an option");
        let (sender, mut receiver) = mpsc::channel::<std::sync::Arc<[u8]>>(8);
        senders.push(sender);
        tokio::spawn(async move {
            while let Some(text) = receiver.recv().await {
                writing.write_all(&text).await.expect("the reader is there");
            }
        });
    }
    let text: std::sync::Arc<[u8]> = vec![b'x'; bytes.max(LEAST_BYTES)].into();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let sending = async {
            for sender in &senders {
                sender.send(text.clone()).await.expect("the writer is there");
            }
        };
        (streams, _) = hear(streams, sending).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times[ROUNDS / 2]
}
