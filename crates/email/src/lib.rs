//! E-mail: letters of the installation, and mailboxes as channels.
//!
//! Invariants:
//! - a mail that came is stored as it came, once, and what follows from it happens in the transaction that moves the cursor;
//! - a token or a known Message-ID threads a mail; it proves nobody's identity and opens nothing to its sender;
//! - a machine's mail is never answered by a machine, and one address gets one automatic answer a day;
//! - only headers that this crate wrote leave: no text of a person reaches one with a line break in it;
//! - passwords and tokens are stored sealed and never shown.

mod address;
mod incoming;
mod mailbox;
mod mbox;
mod outgoing;
mod texts;
mod wire;

use std::sync::Arc;

use ennakoi_channels::{
    carry::{Carrier, Channel},
    history::Reader,
};
use ennakoi_http::{App, EventKind, Module};
use ennakoi_kernel::configuration::Configuration;
use outgoing::{answers::Answers, dkim::Signer, letters::Letters};
use wire::pool::Pool;

/// Whether the mail settings of a configuration can be used.
///
/// # Errors
/// The text says what is wrong.
pub fn check(configuration: &Configuration) -> Result<(), String> {
    incoming::lmtp::check(&configuration.mail.lmtp_listen)?;
    Letters::load(&configuration.mail).map(|_| ())
}

/// Mailboxes: their settings, what comes, and how it is shown.
#[must_use]
pub fn module() -> Module {
    let mut module = Module::new("email");
    module.routes = mailbox::api::routes();
    module.routes.extend(incoming::api::routes());
    module.routes.extend(outgoing::unclear::routes());
    module.routes.extend(incoming::hooks::routes());
    module.events =
        &[EventKind { kind: "mailbox.state_changed", summary: "A mailbox can be reached again, or not any more; the payload says why.", webhook: true }];
    module.background = vec![Arc::new(|app, stop| Box::pin(incoming::keeper::run(app, stop))), Arc::new(|app, stop| Box::pin(incoming::lmtp::run(app, stop)))];
    module
}

/// Reads mail folders as history.
#[must_use]
pub fn mbox() -> Arc<dyn Reader> {
    Arc::new(mbox::Mbox)
}

/// What leaves through the outbox as mail: answers of mailboxes, and letters of the installation where it can send any.
#[must_use]
pub fn carriers(app: &App) -> (Arc<dyn Channel>, Option<Arc<dyn Carrier>>) {
    let mail = &app.configuration.mail;
    // The configuration was judged when the program started; a key that cannot be read now leaves mails unsigned for nobody.
    let signer = Signer::load(mail).unwrap_or_else(|error| {
        tracing::error!(%error, "mails are not signed");
        None
    });
    let letters = Letters::load(mail).unwrap_or_else(|error| {
        tracing::error!(%error, "letters of the installation wait");
        None
    });
    (Arc::new(Answers { signer, pool: Pool::default() }), letters.map(|letters| -> Arc<dyn Carrier> { Arc::new(letters) }))
}
