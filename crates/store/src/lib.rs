//! Everything durable: the two databases behind one face, migrations, the timeline and those who follow it, jobs, timers,
//! the outbox, the bus, and files.
//!
//! Invariants:
//! - a write is acknowledged only after the commit that holds it is on disk;
//! - state, events, jobs and outgoing intents of one command commit in one transaction;
//! - events of a workspace are numbered without gaps in commit order, so a follower never skips one;
//! - differences between the engines live in [`dialect`] and in the two engine modules, nowhere else.

pub mod bus;
mod checkpoint;
mod db;
pub mod dialect;
mod error;
pub mod files;
pub mod follower;
pub mod jobs;
pub mod maintenance;
pub mod migrate;
pub mod outbox;
mod postgres;
mod postgres_tls;
pub mod search;
mod shake;
mod sqlite;
mod statistics;
pub mod timeline;
pub mod timers;
mod trace;
mod value;

pub use db::{Db, Options, Tx};
pub use dialect::Engine;
pub use error::{Error, Result};
pub use value::{FromRow, FromValue, Row, Value};
