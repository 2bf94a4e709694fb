//! The bot: answers customers from the company's own articles, asks back when two fit, says when it does not know, and hands
//! over to a person in time.
//!
//! Invariants: it says that it is a machine before anything else, and no setting turns that off; what is sensitive, and every wish
//! for a person, goes to people before anything is answered; every turn is recorded with its reasons; it never answers from
//! anything but published articles. What it knows arrives as events of the help module; what it says goes through the inbox.

mod dialogue;
pub mod flows;
mod knowledge;
mod settings;
mod texts;
mod turns;

use ennakoi_http::{EventKind, Module};
use ennakoi_store::Db;

pub use knowledge::Knowledge;
pub use settings::Settings;

/// The module.
#[must_use]
pub fn module(db: &Db) -> Module {
    let knowledge = Knowledge::new(db.clone());
    let mut module = Module::new("bot");
    module.routes = settings::routes();
    module.routes.extend(turns::routes());
    module.followers = vec![knowledge::follower(), dialogue::follower(knowledge.clone())];
    module.events = &[EventKind { kind: "bot.turned", summary: "The bot answered, asked back, gave up or handed over.", webhook: true }];
    module.share(knowledge)
}
