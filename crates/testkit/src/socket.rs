//! A WebSocket as a browser holds it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest},
};

/// An open socket that speaks JSON.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// How long a message may take in a test before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

impl Socket {
    /// Opens `url` (ws://…) with extra headers.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, Box<tungstenite::Error>> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            let name = tungstenite::http::HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        Ok(Self(tokio_tungstenite::connect_async(request).await?.0))
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the socket is open");
    }

    /// Sends, if the socket is still open.
    ///
    /// # Errors
    /// It is closed.
    pub async fn try_send(&mut self, message: Value) -> Result<(), Box<tungstenite::Error>> {
        self.0.send(Message::text(message.to_string())).await.map_err(Box::new)
    }

    /// The next message that `wanted` accepts, or `None` when the socket is closed before.
    pub async fn try_until(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        loop {
            let message = self.next().await?;
            if wanted(&message) {
                return Some(message);
            }
        }
    }

    /// The next JSON message, or `None` when the socket is closed.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next message that `wanted` accepts; others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("the socket stays open");
            if wanted(&message) {
                return message;
            }
        }
    }

    /// The connection below, for whoever only counts what arrives.
    ///
    /// # Panics
    /// The socket was opened with TLS.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        match self.0.into_inner() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => panic!("a plain connection was expected"),
        }
    }

    pub async fn close(mut self) {
        let _ = self.0.close(None).await;
    }
}
