//! Messages that stand in two conversations: copies, and originals that say where to.

use ennakoi_kernel::{
    Environment,
    ids::{MessageId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};

use super::{
    Copied, Delivery, Kind, Message, Meta, Moved, NewMessage,
    add::preview,
    store::{self, Stored},
};
use crate::{attachments, conversations::Conversation, search};

/// Writes copies of messages (in their order) to the end of a conversation, with their authors, times and files. Nobody is told: they
/// were told of the originals. The caller saves the conversation.
///
/// # Errors
/// The database refuses.
pub(crate) async fn copy(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    into: &mut Conversation,
    originals: &[Message],
) -> Result<Vec<MessageId>> {
    let mut copies = Vec::with_capacity(originals.len());
    for original in originals {
        let id: MessageId = environment.new_id();
        into.last_seq += 1;
        let copied = Copied { conversation: original.conversation_id, message: original.id };
        let meta = Meta { copied_from: Some(copied), moved_to: None, ..original.meta.clone() };
        // The original is still on its way; the copy never was.
        let delivery = original.delivery.map(|delivery| if delivery == Delivery::Pending { Delivery::Sent } else { delivery });
        let stored = Stored {
            id,
            conversation: into.id,
            seq: into.last_seq,
            author: original.actor.0,
            direction: original.direction,
            visibility: original.visibility,
            kind: original.kind,
            body: original.body.clone(),
            format: original.format,
            language: original.language,
            meta: serde_json::to_string(&meta)?,
            client_key: None,
            delivery,
            attachments: i64::try_from(original.attachments.len()).unwrap_or(i64::MAX),
            created_at: original.created_at,
            edited_at: None,
            removed_at: None,
            contact: into.contact,
            contact_seen_seq: into.contact_seen_seq,
        };
        store::insert(tx, workspace, &stored, None).await?;
        for file in &original.attachments {
            attachments::copy(tx, environment, workspace, file.id, into.id, id).await?;
        }
        if original.kind == Kind::Text {
            search::index_message(tx, workspace, into.id, id, &original.body, original.language.or(into.locale), original.created_at).await?;
        }
        into.last_message_at = original.created_at;
        into.preview = preview(&NewMessage { format: original.format, ..NewMessage::text(original.actor.0, original.direction, original.body.clone()) });
        into.preview_author = original.author.kind;
        copies.push(id);
    }
    Ok(copies)
}

/// Says of messages in which conversation they go on, or that they do not any more.
///
/// # Errors
/// The database refuses.
pub(crate) async fn mark_moved(tx: &mut Tx, workspace: WorkspaceId, ids: &[MessageId], to: Option<Moved>) -> Result<()> {
    for stored in store::by_ids(tx, workspace, ids).await? {
        let meta = Meta { moved_to: to, ..serde_json::from_str(&stored.meta)? };
        tx.execute("UPDATE messages SET meta = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, stored.id, serde_json::to_value(&meta)?]).await?;
    }
    Ok(())
}
