//! Files that people send each other.
//!
//! A file is uploaded first and belongs to its uploader; sending a message gives it to the message. What type it is says its first
//! bytes, never its name or its sender, and nothing is decoded here.

pub mod api;
pub mod serve;
pub mod sniff;
mod store;

use std::collections::HashMap;

use bytes::Bytes;
use ennakoi_http::App;
use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    ids::{AttachmentId, ConversationId, MessageId, WorkspaceId},
    limits,
};
use ennakoi_store::{Result, Tx, files, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;

pub use store::Held;

use crate::messages::Visibility;

/// An uploaded file that no message carries is forgotten after this long, at the next upload. Drafts hold files, so it is generous.
const SENT_WITHIN: Duration = Duration::days(30);

/// A file as messages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Attachment {
    pub id: AttachmentId,
    pub name: String,
    /// By its content.
    pub media_type: String,
    pub bytes: i64,
    pub url: String,
    /// Pixels, for pictures.
    pub width: Option<i64>,
    pub height: Option<i64>,
}

/// A file whose bytes are stored already, ready to become an attachment.
pub struct Prepared {
    name: String,
    sha256: String,
    bytes: i64,
    kind: sniff::Sniffed,
}

/// Stores the bytes of an uploaded file. Do this before the transaction: it may be slow.
///
/// # Errors
/// The file is empty or larger than [`limits::UPLOAD_BYTES`], or the store of files cannot be reached.
pub async fn prepare(app: &App, workspace: WorkspaceId, name: &str, bytes: Bytes) -> Result<Prepared, Problem> {
    if bytes.is_empty() {
        return Err(Problem::field("file", "required", "the file is empty"));
    }
    if bytes.len() > limits::UPLOAD_BYTES {
        return Err(Problem::new(ennakoi_kernel::ProblemKind::TooLarge, "too_large", format!("at most {} bytes", limits::UPLOAD_BYTES)));
    }
    let sha256 = files::digest(&bytes);
    let prepared = Prepared { name: serve::safe_name(name), kind: sniff::sniff(&bytes), bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX), sha256 };
    app.blobs.put(&files::key(workspace, &prepared.sha256), bytes).await?;
    Ok(prepared)
}

/// Makes an attachment that `uploader` can send.
///
/// # Errors
/// The database refuses.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, uploader: Actor, prepared: Prepared) -> Result<Attachment> {
    let id: AttachmentId = environment.new_id();
    store::forget_unsent(tx, workspace, environment.now() - SENT_WITHIN).await?;
    store::insert(tx, environment, workspace, id, uploader, &prepared).await?;
    let Prepared { name, bytes, kind, .. } = prepared;
    Ok(Attachment { id, url: url(workspace, id, &name), name, media_type: kind.media_type.to_owned(), bytes, width: kind.width, height: kind.height })
}

/// Hangs the same file on a copy of its message.
///
/// # Errors
/// The database refuses.
pub(crate) async fn copy(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    id: AttachmentId,
    conversation: ConversationId,
    message: MessageId,
) -> Result<()> {
    store::copy(tx, environment, workspace, id, conversation, message).await
}

/// Passes an unsent file from its uploader to whoever sends it; false when there is no such file.
///
/// # Errors
/// The database refuses.
pub async fn hand_on(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId, uploader: Actor, sender: Actor) -> Result<bool> {
    store::hand_on(tx, workspace, id, uploader, sender).await
}

/// Gives files of `author` that were not sent yet to a message.
///
/// # Errors
/// One of them is not there, is not the author's, or was sent before.
pub(crate) async fn give(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    message: MessageId,
    author: Actor,
    ids: &[AttachmentId],
) -> Result<()> {
    for (position, id) in ids.iter().enumerate() {
        if !store::give(tx, workspace, *id, conversation, message, author, position).await? {
            return Err(Problem::field(format!("attachment_ids[{position}]"), "unknown", "no unsent file of yours has this id").into());
        }
    }
    Ok(())
}

/// Files of `author` that were not sent yet are kept at least until a moment that is still to come.
///
/// # Errors
/// One of them is not there, is not the author's, or was sent before.
pub(crate) async fn keep_until(tx: &mut Tx, workspace: WorkspaceId, author: Actor, ids: &[AttachmentId], until: Timestamp) -> Result<()> {
    for (position, id) in ids.iter().enumerate() {
        if !store::keep_until(tx, workspace, *id, author, until).await? {
            return Err(Problem::field(format!("attachment_ids[{position}]"), "unknown", "no unsent file of yours has this id").into());
        }
    }
    Ok(())
}

/// Those of these files that `author` has not sent yet, in the given order.
///
/// # Errors
/// The database refuses.
pub(crate) async fn unsent(tx: &mut Tx, workspace: WorkspaceId, author: Actor, ids: &[AttachmentId]) -> Result<Vec<Attachment>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(store::unsent(tx, workspace, *id, author).await?);
    }
    Ok(found)
}

/// The files of messages, in the order in which they were attached.
///
/// # Errors
/// The database refuses.
pub async fn of_messages(tx: &mut Tx, workspace: WorkspaceId, messages: &[MessageId]) -> Result<HashMap<MessageId, Vec<Attachment>>> {
    let mut by_message: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
    for (message, attachment) in store::of_messages(tx, workspace, messages).await? {
        by_message.entry(message).or_default().push(attachment);
    }
    Ok(by_message)
}

/// A file with where it hangs, for somebody who may read every conversation of the workspace or who uploaded it.
///
/// # Errors
/// It is not there, or was uploaded by somebody else and not sent yet.
pub async fn for_staff(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId, reader: Actor) -> Result<Held> {
    store::held(tx, workspace, id).await?.filter(|held| held.message.is_some() || held.uploader == reader).ok_or_else(missing)
}

/// A file of a public message of this conversation, for its customer.
///
/// # Errors
/// It is not there, hangs elsewhere, or in a note.
pub async fn for_contact(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId, conversation: ConversationId) -> Result<Held> {
    store::held(tx, workspace, id)
        .await?
        .filter(|held| held.conversation == Some(conversation) && held.visibility == Some(Visibility::Public))
        .ok_or_else(missing)
}

fn missing() -> ennakoi_store::Error {
    Problem::not_found("the file").into()
}

/// Where staff get a file. A page's own pictures carry no headers, so the workspace stands in the address.
fn url(workspace: WorkspaceId, id: AttachmentId, name: &str) -> String {
    format!("/api/v1/attachments/{id}/{}?workspace={workspace}", serve::percent_encoded(name))
}
