//! Writing a message at the time at which it was, without telling anybody.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{AttachmentId, MessageId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};

use super::{AuthorKind, NewMessage, add::preview, store};
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
    let values = [
        id.into(),
        workspace.into(),
        held.id.into(),
        held.last_seq.into(),
        new.author.to_string().into(),
        new.direction.into(),
        new.visibility.into(),
        new.kind.into(),
        (&new.body).into(),
        new.format.into(),
        new.language.into(),
        serde_json::to_value(&new.meta)?.into(),
        None::<String>.into(),
        new.external_id.clone().into(),
        new.delivery.into(),
        files.len().into(),
        at.into(),
    ];
    store::insert(tx, &values).await?;
    attachments::give(tx, workspace, held.id, id, new.author, files).await?;
    search::index_message(tx, workspace, held.id, id, &new.body, new.language.or(held.locale), at).await?;
    held.last_message_at = at.max(held.last_message_at);
    held.preview = preview(&new);
    held.preview_author = AuthorKind::of(&new.author);
    Ok(Some(id))
}
