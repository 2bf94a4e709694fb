//! The one integration binary: the real server, a real database, through HTTP.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod bot;
mod chat;
mod commerce;
mod contract;
mod faults;
mod help;
mod history;
mod inbox;
mod live;
mod mail;
mod nodes;
mod notices;
mod operators;
mod people;
mod programs;
mod schema;
mod store;
mod webhooks;
