//! The bus only wakes: "workspace W has reached seq N". A lost wake-up loses nothing, because everybody who is woken reads
//! the timeline from the point they remember, and looks again from time to time.

use std::{sync::Arc, time::Duration};

use ennakoi_kernel::ids::WorkspaceId;
use futures_util::{StreamExt, stream};
use tokio::sync::broadcast;
use tokio_postgres::AsyncMessage;
use tokio_postgres_rustls::MakeRustlsConnect;

/// A wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    pub workspace: WorkspaceId,
    pub seq: i64,
}

/// Something passing that is not worth a row: who types, who looks. It may be lost.
#[derive(Clone, Debug)]
pub struct Signal {
    pub workspace: WorkspaceId,
    pub text: Arc<str>,
}

/// Wake-ups and signals of this process, and on PostgreSQL of all nodes.
#[derive(Clone)]
pub struct Bus {
    sender: broadcast::Sender<Wake>,
    signals: broadcast::Sender<Signal>,
    listener: Arc<std::sync::Mutex<Option<tokio::task::AbortHandle>>>,
}

/// Wake-ups kept for a slow listener; it is told when it missed some.
const CAPACITY: usize = 4_096;

impl Bus {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0, signals: broadcast::channel(CAPACITY).0, listener: Arc::default() }
    }

    pub fn wake(&self, workspace: WorkspaceId, seq: i64) {
        // Nobody listening is not an error.
        let _ = self.sender.send(Wake { workspace, seq });
    }

    pub(crate) fn signal(&self, workspace: WorkspaceId, text: &str) {
        let _ = self.signals.send(Signal { workspace, text: text.into() });
    }

    /// Signals of all nodes.
    #[must_use]
    pub fn signals(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Wake> {
        self.sender.subscribe()
    }

    /// Forwards PostgreSQL notifications of all nodes to this process, reconnecting for ever.
    pub(crate) fn listen(&self, config: tokio_postgres::Config, tls: MakeRustlsConnect) {
        let bus = self.clone();
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = forward(&config, &tls, &bus).await {
                    tracing::warn!(%error, "listening for wake-ups was interrupted");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        if let Some(previous) = self.listener.lock().expect("not held across a panic").replace(task.abort_handle()) {
            previous.abort();
        }
    }
}

async fn forward(config: &tokio_postgres::Config, tls: &MakeRustlsConnect, bus: &Bus) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = config.connect(tls.clone()).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let listen = client.batch_execute("LISTEN ennakoi; LISTEN ennakoi_signal");
    futures_util::pin_mut!(listen);
    let mut listening = false;
    loop {
        tokio::select! {
            done = &mut listen, if !listening => { done?; listening = true; }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(notification))) => deliver(bus, notification.channel(), notification.payload()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
}

fn deliver(bus: &Bus, channel: &str, payload: &str) {
    let Some((workspace, rest)) = payload.split_once(':') else { return };
    let Ok(workspace) = workspace.parse() else { return };
    match channel {
        "ennakoi_signal" => bus.signal(workspace, rest),
        _ => {
            if let Ok(seq) = rest.parse() {
                bus.wake(workspace, seq);
            }
        }
    }
}
