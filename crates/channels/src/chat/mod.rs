//! The chat widget: its visitors, its API, its socket, and the files that put it on a page.
//!
//! Invariants: a visitor sees the conversations of their own contact only, and a contact's earlier ones only after proof
//! (a signed identity); typing an address opens nothing. Nothing is stored before the visitor opens the widget.

mod api;
mod assets;
mod contact;
mod details;
mod files;
mod identity;
mod pace;
mod socket;
mod transcript;
mod view;
mod visitors;
mod write;

use ennakoi_http::{EventKind, Module};
use ennakoi_inbox::live::Hub;

pub(crate) use files::signed as signed_file;
pub use visitors::{Caller, identified, recognise};

/// The module.
#[must_use]
pub fn module(hub: Hub) -> Module {
    let mut module = Module::new("chat");
    module.routes = api::routes();
    module.routes.extend(details::routes());
    module.routes.extend(files::routes());
    module.routes.extend(transcript::routes());
    module.routes.extend(assets::routes());
    module.routes.extend(socket::routes());
    module.events = &[
        EventKind { kind: "visitor.arrived", summary: "A visitor opened the chat widget.", webhook: false },
        EventKind { kind: "visitor.identified", summary: "A visitor proved who they are by a signed token.", webhook: true },
        EventKind { kind: "visitor.tracked", summary: "The site reported something the customer did.", webhook: true },
    ];
    module.share(hub).share(pace::Pace::default())
}
