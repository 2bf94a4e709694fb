//! Mails that another mail server on the same machine or network delivers (LMTP, RFC 2033): each is taken for each recipient by
//! itself, and the answer says so only when it is on disk. What cannot be taken now stays in the other server's queue.

mod dialogue;

use std::{net::SocketAddr, time::Duration};

use ennakoi_http::App;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// Dialogues at once; further ones wait to be accepted.
const AT_ONCE: usize = 50;
/// A listener that cannot be had is tried again: the old process may still be ending.
const AGAIN: Duration = Duration::from_secs(5);
/// How long a mail that is being delivered may keep the program from ending.
const LAST: Duration = Duration::from_secs(10);

/// Whether the configured address can be listened on.
///
/// # Errors
/// The text says what is wrong.
pub(crate) fn check(listen: &str) -> Result<Option<SocketAddr>, String> {
    if listen.is_empty() {
        return Ok(None);
    }
    listen.parse().map(Some).map_err(|_| "mail.lmtp_listen must be an address and a port, 127.0.0.1:2424".to_owned())
}

/// Listens until `stop` becomes true, and gives dialogues that are under way some time to come to their end.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let Ok(Some(address)) = check(&app.configuration.mail.lmtp_listen) else { return };
    let Some(listener) = listen(address, &mut stop).await else { return };
    let mut dialogues = JoinSet::new();
    loop {
        while dialogues.try_join_next().is_some() {}
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            _ = dialogues.join_next(), if dialogues.len() >= AT_ONCE => continue,
            accepted = listener.accept(), if dialogues.len() < AT_ONCE => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                // Short answers to short commands: none waits to be sent together with the next.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "answers to a delivery are sent late");
                }
                let (app, stop) = (app.clone(), stop.clone());
                dialogues.spawn(async move {
                    if let Err(error) = dialogue::talk(&app, stream, stop).await {
                        tracing::debug!(%error, "a delivery broke off; the other server will try again");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a delivery could not be accepted");
                tokio::select! { _ = stop.changed() => break, () = tokio::time::sleep(AGAIN) => {} }
            }
        }
    }
    // What is cut off was not said to be taken: it comes again.
    let ended = async { while dialogues.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST, ended).await;
}

async fn listen(address: SocketAddr, stop: &mut watch::Receiver<bool>) -> Option<TcpListener> {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Some(listener),
            Err(error) => tracing::error!(%address, %error, "no mail can be delivered by LMTP"),
        }
        tokio::select! { _ = stop.changed() => return None, () = tokio::time::sleep(AGAIN) => {} }
    }
}
