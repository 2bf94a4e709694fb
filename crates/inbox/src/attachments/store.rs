//! SQL of attachments.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{AttachmentId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};

use super::{Attachment, Prepared, url};
use crate::{messages::Visibility, sql};

/// An attachment with where it hangs and where its bytes lie.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: AttachmentId,
    pub name: String,
    pub media_type: String,
    pub sha256: String,
    pub pixels: Option<i64>,
    pub uploader: Actor,
    pub conversation: Option<ConversationId>,
    pub message: Option<MessageId>,
    /// Of its message; `None` while unsent or when the message was removed.
    pub visibility: Option<Visibility>,
}

impl FromRow for Held {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, name, media_type, sha256) = (row.take()?, row.take()?, row.take()?, row.take()?);
        let (width, height): (Option<i64>, Option<i64>) = (row.take()?, row.take()?);
        Ok(Self {
            id,
            name,
            media_type,
            sha256,
            pixels: width.zip(height).map(|(width, height)| width.saturating_mul(height)),
            uploader: row.take::<String>()?.parse()?,
            conversation: row.take()?,
            message: row.take()?,
            visibility: row.take()?,
        })
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    id: AttachmentId,
    uploader: Actor,
    prepared: &Prepared,
) -> Result<()> {
    let file = environment.new_uuid();
    let now = environment.now();
    tx.execute(
        "INSERT INTO files (id, workspace_id, sha256, bytes, media_type, name, width, height, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![file, workspace, &prepared.sha256, prepared.bytes, prepared.kind.media_type, &prepared.name, prepared.kind.width, prepared.kind.height, now],
    )
    .await?;
    tx.execute(
        "INSERT INTO attachments (id, workspace_id, file_id, conversation_id, message_id, position, uploader, name, created_at) \
         VALUES ($1, $2, $3, NULL, NULL, 0, $4, $5, $6)",
        params![id, workspace, file, uploader.to_string(), &prepared.name, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn give(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: AttachmentId,
    conversation: ConversationId,
    message: MessageId,
    author: Actor,
    position: usize,
) -> Result<bool> {
    let given = tx
        .execute(
            "UPDATE attachments SET conversation_id = $3, message_id = $4, position = $5 \
             WHERE workspace_id = $1 AND id = $2 AND message_id IS NULL AND uploader = $6",
            params![workspace, id, conversation, message, position, author.to_string()],
        )
        .await?;
    Ok(given == 1)
}

/// Dates an unsent file to a moment still to come, so that it is forgotten only long after it.
pub(super) async fn keep_until(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId, author: Actor, until: Timestamp) -> Result<bool> {
    let kept = tx
        .execute(
            "UPDATE attachments SET created_at = $4 WHERE workspace_id = $1 AND id = $2 AND message_id IS NULL AND uploader = $3",
            params![workspace, id, author.to_string(), until],
        )
        .await?;
    Ok(kept == 1)
}

pub(super) async fn unsent(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId, author: Actor) -> Result<Option<Attachment>> {
    type Unsent = (String, String, i64, Option<i64>, Option<i64>);
    let found: Option<Unsent> = tx
        .optional(
            "SELECT a.name, f.media_type, f.bytes, f.width, f.height FROM attachments a JOIN files f ON f.id = a.file_id \
             WHERE a.workspace_id = $1 AND a.id = $2 AND a.message_id IS NULL AND a.uploader = $3",
            params![workspace, id, author.to_string()],
        )
        .await?;
    Ok(found.map(|(name, media_type, bytes, width, height)| Attachment { id, url: url(workspace, id, &name), name, media_type, bytes, width, height }))
}

pub(super) async fn of_messages(tx: &mut Tx, workspace: WorkspaceId, messages: &[MessageId]) -> Result<Vec<(MessageId, Attachment)>> {
    let (places, values) = sql::list(2, messages);
    let mut found = Vec::new();
    tx.each(
        &format!(
            "SELECT a.message_id, a.id, a.name, f.media_type, f.bytes, f.width, f.height FROM attachments a JOIN files f ON f.id = a.file_id \
             WHERE a.workspace_id = $1 AND a.message_id IN ({places}) ORDER BY a.message_id, a.position"
        ),
        &sql::with_list(&[workspace.into()], values),
        |mut row| {
            let (message, id): (MessageId, AttachmentId) = (row.take()?, row.take()?);
            let name: String = row.take()?;
            let url = url(workspace, id, &name);
            found.push((message, Attachment { id, name, media_type: row.take()?, bytes: row.take()?, url, width: row.take()?, height: row.take()? }));
            Ok(true)
        },
    )
    .await?;
    Ok(found)
}

pub(super) async fn held(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId) -> Result<Option<Held>> {
    tx.optional(
        "SELECT a.id, a.name, f.media_type, f.sha256, f.width, f.height, a.uploader, a.conversation_id, m.id, m.visibility \
         FROM attachments a JOIN files f ON f.id = a.file_id \
         LEFT JOIN messages m ON m.workspace_id = a.workspace_id AND m.id = a.message_id AND m.removed_at IS NULL \
         WHERE a.workspace_id = $1 AND a.id = $2",
        params![workspace, id],
    )
    .await
}

pub(super) async fn forget_unsent(tx: &mut Tx, workspace: WorkspaceId, before: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM attachments WHERE workspace_id = $1 AND message_id IS NULL AND created_at < $2", params![workspace, before]).await?;
    Ok(())
}

pub(super) async fn hand_on(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId, uploader: Actor, sender: Actor) -> Result<bool> {
    let passed = tx
        .execute(
            "UPDATE attachments SET uploader = $4 WHERE workspace_id = $1 AND id = $2 AND uploader = $3 AND message_id IS NULL",
            params![workspace, id, uploader.to_string(), sender.to_string()],
        )
        .await?;
    Ok(passed == 1)
}

pub(super) async fn copy(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    id: AttachmentId,
    conversation: ConversationId,
    message: MessageId,
) -> Result<()> {
    let (file, position, uploader, name, at): (uuid::Uuid, i64, String, String, Timestamp) =
        tx.one("SELECT file_id, position, uploader, name, created_at FROM attachments WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    let copy: AttachmentId = environment.new_id();
    tx.execute(
        "INSERT INTO attachments (id, workspace_id, file_id, conversation_id, message_id, position, uploader, name, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![copy, workspace, file, conversation, message, position, uploader, name, at],
    )
    .await?;
    Ok(())
}
