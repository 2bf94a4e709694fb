//! Mails that others bring: they go the way of every mail, and their coming says that the mailbox works.

use bytes::Bytes;
use ennakoi_http::App;
use ennakoi_store::Result;

use super::{
    keeper,
    receive::{self, Shown},
};
use crate::mailbox::{Mailbox, State};

/// Takes in one mail; the same mail again changes nothing. It is on disk when this returns.
///
/// # Errors
/// The mail is at fault (a problem), or it cannot be taken now.
pub(crate) async fn take(app: &App, mailbox: &Mailbox, mail: Bytes) -> Result<()> {
    receive::receive(app, mailbox, Shown::Whole(mail), None).await?;
    if mailbox.state != State::Connected {
        keeper::set_state(app, mailbox, State::Connected, None).await?;
    }
    Ok(())
}
