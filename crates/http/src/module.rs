//! A module: what one feature adds to the program. `server/src/modules.rs` is the only list of them.

use std::sync::Arc;

use axum::http::request::Parts;
use ennakoi_kernel::Problem;
use ennakoi_store::{follower::Follower, jobs::JobKind, timers::TimerKind};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::{App, Principal, Route};

/// A kind of event that a module writes to the timeline.
#[derive(Clone, Copy, Debug)]
pub struct EventKind {
    /// `subject.verb` in the past tense.
    pub kind: &'static str,
    /// One sentence for the documentation of webhooks and the API.
    pub summary: &'static str,
    /// Whether outgoing webhooks may carry it.
    pub webhook: bool,
}

/// Recognises staff and API keys; brought by the `people` module, replaced in tests of single modules.
pub trait Authenticator: Send + Sync + 'static {
    /// Who is calling; `None` when the request carries no credentials at all.
    fn authenticate<'a>(&'a self, app: &'a App, parts: &'a Parts) -> BoxFuture<'a, Result<Option<Principal>, Problem>>;
    /// Recognises a widget visitor and puts what its handlers need into the request's extensions.
    fn visitor<'a>(&'a self, app: &'a App, parts: &'a mut Parts) -> BoxFuture<'a, Result<(), Problem>>;
}

/// A task that runs as long as the server does.
pub type Background = Arc<dyn Fn(App, watch::Receiver<bool>) -> BoxFuture<'static, ()> + Send + Sync>;

/// What a feature brings. Everything is optional.
#[derive(Clone, Default)]
pub struct Module {
    pub name: &'static str,
    pub routes: Vec<Route>,
    pub followers: Vec<Follower>,
    pub jobs: Vec<JobKind>,
    pub timers: Vec<TimerKind>,
    pub events: &'static [EventKind],
    pub background: Vec<Background>,
}

impl Module {
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// Puts a value that the module's handlers share into every request of its routes (`axum::Extension`).
    #[must_use]
    pub fn share<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        for route in &mut self.routes {
            route.handler = std::mem::take(&mut route.handler).layer(axum::Extension(value.clone()));
        }
        self
    }
}
