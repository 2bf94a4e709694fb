//! Troubleshooting guides: decision trees that customers walk in the help centre, without JavaScript, and with the bot.
//!
//! Invariants: the public sees published versions only, in languages that are complete; saving is optimistic; a published version
//! never changes; what is counted names nobody.

mod api;
mod count;
mod definition;
mod store;

pub(crate) use api::routes;
pub(crate) use count::{Happened, add, follower};
pub use definition::{Guide, GuideChoice, GuideStep, PERSON, SOLVED};
pub(crate) use store::{PublishedGuide, published};

/// A guide's id.
pub(crate) type GuideId = uuid::Uuid;
