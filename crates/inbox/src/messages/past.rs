//! Writing a message at the time at which it was, without telling anybody.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{AttachmentId, MessageId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};

use super::{
    AuthorKind, NewMessage,
    add::preview,
    store::{self, Stored},
};
use crate::{attachments, conversations::Conversation, search};

/// `None` when the conversation has a message of this external id. The caller holds and saves the conversation.
pub(crate) async fn insert_past(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    held: &mut Conversation,
    new: NewMessage,
    files: &[AttachmentId],
    at: Timestamp,
) -> Result<Option<MessageId>> {
    if let Some(external_id) = &new.external_id
        && store::by_external_id(tx, workspace, held.id, external_id).await?.is_some()
    {
        return Ok(None);
    }
    let id: MessageId = environment.new_id();
    held.last_seq += 1;
    let stored = Stored {
        id,
        conversation: held.id,
        seq: held.last_seq,
        author: new.author,
        direction: new.direction,
        visibility: new.visibility,
        kind: new.kind,
        body: new.body.clone(),
        format: new.format,
        language: new.language,
        meta: serde_json::to_string(&new.meta)?,
        client_key: None,
        delivery: new.delivery,
        attachments: i64::try_from(files.len()).unwrap_or(i64::MAX),
        created_at: at,
        edited_at: None,
        removed_at: None,
        contact: held.contact,
        contact_seen_seq: held.contact_seen_seq,
    };
    store::insert(tx, workspace, &stored, new.external_id.as_deref()).await?;
    attachments::give(tx, workspace, held.id, id, new.author, files).await?;
    search::index_message(tx, workspace, held.id, id, &new.body, new.language.or(held.locale), at).await?;
    held.last_message_at = at.max(held.last_message_at);
    held.preview = preview(&new);
    held.preview_author = AuthorKind::of(&new.author);
    Ok(Some(id))
}
