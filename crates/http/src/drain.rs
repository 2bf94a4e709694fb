//! A body that is refused is read to its end, within bounds, before the answer goes.
//!
//! An HTTP/1 client that is still writing when the server answers and closes sees a broken connection instead of the answer, so
//! "too large" would reach nobody.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::Response,
};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Bytes of a refused body that are read and thrown away; a client that sends more meets a closed connection.
const MOST: usize = 64 << 20;
const LONGEST: Duration = Duration::from_secs(10);

/// A body that two hold: the handler that reads it, and the guard that reads the rest.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Body>>);

/// The request with a body whose rest can be read later, and that rest.
pub(crate) fn share(request: Request) -> (Request, Shared) {
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body)));
    (Request::from_parts(parts, Body::new(shared.clone())), shared)
}

impl Shared {
    /// The answer, after the rest of a body that was too large has been read.
    pub(crate) async fn drained(self, answer: Response) -> Response {
        if answer.status() == StatusCode::PAYLOAD_TOO_LARGE {
            // Time out or not, the answer goes now.
            let _ = tokio::time::timeout(LONGEST, self.rest()).await;
        }
        answer
    }

    async fn rest(mut self) {
        let mut read = 0;
        while read < MOST {
            match std::future::poll_fn(|context| Pin::new(&mut self).poll_frame(context)).await {
                Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) | None => break,
            }
        }
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
