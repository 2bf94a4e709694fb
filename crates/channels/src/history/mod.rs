//! Bringing history along: conversations from mail folders, spreadsheets and exports of other help desks.
//!
//! Invariants:
//! - nothing is sent and nobody is woken: no message, no bot, no rule and no webhook follows from what is brought along;
//! - a dry run reads the whole file and says what would come of it before anything is written;
//! - a record is taken once, however often its file is imported; what was added to it since is added here;
//! - how far an import has come is stored with what it wrote, so that it goes on where it was cut off;
//! - every record that is not taken is listed with its reason.

mod api;
mod formats;
mod record;
mod run;
mod store;
mod write;

use std::sync::Arc;

use ennakoi_http::Module;

pub use record::{Format, PastConversation, PastFile, PastMessage, Person, Read, Records, Rejection, State, Who};

/// Reads a format that needs libraries of its own; brought by whoever has them.
pub trait Reader: Send + Sync + 'static {
    fn format(&self) -> Format;
    /// Takes a file apart. Called on a thread of its own.
    fn read(&self, bytes: &[u8]) -> Read;
}

/// Imports of history; `readers` add formats to those that are read here.
#[must_use]
pub fn module(readers: Vec<Arc<dyn Reader>>) -> Module {
    let readers: Arc<[Arc<dyn Reader>]> = readers.into();
    let mut module = Module::new("history");
    module.routes = api::routes();
    let running = readers.clone();
    module.background = vec![Arc::new(move |app, stop| Box::pin(run::run(app, running.clone(), stop)))];
    module
}
