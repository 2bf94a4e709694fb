//! The inbox: conversations and their messages on all channels, the queues and hours of those who answer, and the agents' desk.
//!
//! Invariants:
//! - a conversation's owner (bot, queue, agent, nobody) and its state are two things, and every change raises its version;
//! - messages of a conversation are numbered from 1 without gaps, in one order for everybody;
//! - a client's key, or a channel's own id, makes a message that is sent again the same message;
//! - what is private to staff never leaves towards the customer's side: the audience is a parameter of every read;
//! - who gets a conversation is decided from what stands in the database, and the decision is stored with its reasons.

mod actions;
pub mod attachments;
pub mod authority;
pub mod calendars;
pub mod canned_answers;
pub mod cases;
pub mod channels;
pub mod conditions;
pub mod conversations;
pub mod drafts;
mod events;
pub mod labels;
pub mod live;
pub mod macros;
pub mod messages;
mod names;
pub mod past;
mod patch;
pub mod quality;
pub mod queues;
pub mod read_marks;
pub mod reports;
pub mod routing;
pub mod rules;
pub mod scheduled;
pub mod search;
pub mod sla;
mod sql;
pub mod training;
pub mod views;

use std::sync::Arc;

use ennakoi_http::Module;
use live::Hub;

/// What this crate adds to the program. `hub` is shared with the channels whose customers listen live; `articles` answers for the
/// crate that keeps them.
#[must_use]
pub fn module(hub: Hub, articles: search::ArticleFinder) -> Module {
    let mut module = Module::new("inbox");
    module.routes = [
        conversations::api::routes(),
        cases::api::routes(),
        messages::api::routes(),
        scheduled::api::routes(),
        attachments::api::routes(),
        labels::api::routes(),
        canned_answers::api::routes(),
        views::api::routes(),
        queues::api::routes(),
        calendars::api::routes(),
        channels::api::routes(),
        search::api::routes(),
        sla::api::routes(),
        rules::api::routes(),
        reports::api::routes(),
        macros::api::routes(),
        authority::api::routes(),
        quality::api::routes(),
        quality::own::routes(),
        training::api::routes(),
        live::api::routes(),
    ]
    .into_iter()
    .flatten()
    .collect();
    module.followers = vec![
        routing::follow::follower(),
        sla::follow::follower(),
        rules::follow::follower(),
        reports::follow::follower(),
        search::follow::follower(),
        quality::follow::follower(),
    ];
    module.timers = vec![conversations::timers::kind(), scheduled::kind(), routing::follow::timer(), sla::timers::kind(), quality::follow::timer()];
    module.events = events::ALL;
    let runner = hub.clone();
    module.background = vec![Arc::new(move |app, stop| Box::pin(runner.clone().run(app, stop)))];
    module.share(hub).share(articles)
}
