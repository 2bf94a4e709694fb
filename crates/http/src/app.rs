//! The handle that every handler, follower and job gets.

use std::{ops::Deref, sync::Arc};

use ennakoi_kernel::{Environment, configuration::Configuration};
use ennakoi_store::{Db, files::Blobs};

use crate::{RateLimiter, Secret};

/// What the whole program shares; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// The shared parts, reached through [`App`].
pub struct Shared {
    pub db: Db,
    pub environment: Environment,
    pub configuration: Configuration,
    pub blobs: Arc<dyn Blobs>,
    pub secret: Secret,
    pub rates: RateLimiter,
}

impl App {
    #[must_use]
    pub fn new(db: Db, environment: Environment, configuration: Configuration, blobs: Arc<dyn Blobs>, secret: Secret) -> Self {
        Self(Arc::new(Shared { db, environment, configuration, blobs, secret, rates: RateLimiter::default() }))
    }

    /// How people reach the server, without a trailing slash: `https://help.example.fi`.
    #[must_use]
    pub fn public_url(&self) -> String {
        let configured = self.configuration.server.public_url.trim_end_matches('/');
        if !configured.is_empty() {
            return configured.to_owned();
        }
        // By name, because passkeys belong to a name and never to an address of numbers.
        let listen = &self.configuration.server.listen;
        let port = listen.strip_prefix("127.0.0.1:").or_else(|| listen.strip_prefix("[::1]:"));
        port.map_or_else(|| format!("http://{listen}"), |port| format!("http://localhost:{port}"))
    }
}

impl Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
