//! People: workspaces, the staff who work in them and how they sign in, and the contacts they serve.
//!
//! Invariants:
//! - secrets are stored as what only checks them (Argon2id, SHA-256) or encrypted with a key of the installation;
//! - nobody grants a right they do not have, and a workspace always has an owner;
//! - whether an address has an account is told to nobody, neither by answers nor by how long they take;
//! - a contact's claimed identity never merges and never opens a history.

mod accounts;
mod actors;
pub mod attributes;
pub mod audit;
mod commands;
pub mod companies;
pub mod contacts;
pub mod email;
mod events;
mod hiring;
pub mod invitations;
mod keys;
mod letters;
mod locale;
mod oidc;
mod passkeys;
mod passwords;
mod patch;
mod pictures;
mod profile;
mod resets;
mod rights;
pub mod sealed;
mod second_factor;
pub mod sessions;
mod sql;
pub mod staff;
pub mod visits;
mod words;
pub mod workspaces;

use std::{collections::HashMap, sync::Arc};

use ennakoi_http::{App, Module};
use ennakoi_kernel::ids::{StaffId, WorkspaceId};
use ennakoi_store::Tx;
use futures_util::future::BoxFuture;

pub use commands::{FirstSignIn, first_start, make_owner, reset_password};
pub use hiring::{Colleague, hire};
pub use locale::Locale;
pub use sessions::{VisitorHook, authenticator};

/// Counts the open conversations of people, for the list of staff.
pub type OpenConversations =
    Arc<dyn for<'a> Fn(&'a mut Tx, WorkspaceId, &'a [StaffId]) -> BoxFuture<'a, ennakoi_store::Result<HashMap<StaffId, i64>>> + Send + Sync>;

/// What other crates know and this one shows.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Brought by the inbox; without it everybody has none.
    pub open_conversations: Option<OpenConversations>,
}

/// What this crate adds to the program.
#[must_use]
pub fn module(app: &App, hooks: &Hooks) -> Module {
    ennakoi_egress::choose_cryptography();
    let routes = [
        sessions::routes(),
        second_factor::routes(),
        profile::routes(),
        resets::routes(),
        workspaces::routes(),
        staff::routes(hooks),
        invitations::routes(),
        keys::routes(),
        passkeys::routes(),
        oidc::routes(),
        audit::routes(),
        contacts::routes(),
        companies::routes(),
        attributes::routes(),
    ];
    Module { name: "people", routes: routes.into_iter().flatten().collect(), jobs: vec![resets::job(app)], events: events::ALL, ..Module::default() }
}
