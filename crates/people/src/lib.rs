//! People: workspaces, the staff who work in them and how they sign in, and the contacts they serve.
//!
//! Invariants:
//! - secrets are stored as what only checks them (Argon2id, SHA-256) or encrypted with a key of the installation;
//! - nobody grants a right they do not have, and a workspace always has an owner;
//! - whether an address has an account is told to nobody, neither by answers nor by how long they take;
//! - a contact's claimed identity never merges and never opens a history.

pub mod audit;
pub mod contacts;
pub mod email;
mod events;
mod locale;
mod sql;
pub mod staff;
pub mod visits;
mod words;
pub mod workspaces;

pub use locale::Locale;

/// What this crate adds to the program.
#[must_use]
pub fn module(_app: &ennakoi_http::App) -> ennakoi_http::Module {
    ennakoi_http::Module { name: "people", events: events::ALL, ..ennakoi_http::Module::default() }
}
