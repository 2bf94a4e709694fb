//! SQL of programs as channels, and of what came from them.

use ennakoi_kernel::{
    Timestamp,
    ids::{ChannelId, ContactId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use uuid::Uuid;

/// A channel of kind `api` with what only such a channel has.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) channel: ChannelId,
    pub(super) workspace: WorkspaceId,
    pub(super) enabled: bool,
    /// Where answers go.
    pub(super) url: Option<String>,
    /// Whether the program has checked that its people are who they say.
    pub(super) proven: bool,
    pub(super) rotation: i64,
    pub(super) rotated_at: Option<Timestamp>,
    /// Code of what keeps answers from arriving.
    pub(super) trouble: Option<String>,
    pub(super) trouble_at: Option<Timestamp>,
}

impl FromRow for Program {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            channel: row.take()?,
            workspace: row.take()?,
            enabled: row.take()?,
            url: row.take()?,
            proven: row.take()?,
            rotation: row.take()?,
            rotated_at: row.take()?,
            trouble: row.take()?,
            trouble_at: row.take()?,
        })
    }
}

/// A channel that was made without any of it has none of it.
const SELECT: &str = "SELECT c.id, c.workspace_id, c.enabled, p.url, COALESCE(p.proven, FALSE), COALESCE(p.rotation, 0), p.rotated_at, p.trouble, \
                      p.trouble_at FROM channels c LEFT JOIN api_channels p ON p.workspace_id = c.workspace_id AND p.channel_id = c.id \
                      WHERE c.kind = 'api' AND c.removed_at IS NULL";

pub(super) async fn list(tx: &mut Tx, workspace: WorkspaceId, limit: i64) -> Result<Vec<Program>> {
    tx.all(&format!("{SELECT} AND c.workspace_id = $1 ORDER BY c.id LIMIT $2"), params![workspace, limit]).await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<Option<Program>> {
    tx.optional(&format!("{SELECT} AND c.workspace_id = $1 AND c.id = $2"), params![workspace, channel]).await
}

pub(super) async fn by_public_key(tx: &mut Tx, key: Uuid) -> Result<Option<Program>> {
    tx.optional(&format!("{SELECT} AND c.public_key = $1"), params![key]).await
}

/// Writes what may be set by hand.
pub(super) async fn put(tx: &mut Tx, program: &Program) -> Result<()> {
    tx.execute(
        "INSERT INTO api_channels (workspace_id, channel_id, url, proven, rotation, rotated_at, trouble, trouble_at) VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL) \
         ON CONFLICT (workspace_id, channel_id) DO UPDATE SET url = $3, proven = $4, rotation = $5, rotated_at = $6, trouble = NULL, trouble_at = NULL",
        params![program.workspace, program.channel, program.url.clone(), program.proven, program.rotation, program.rotated_at],
    )
    .await?;
    Ok(())
}

/// Notes what keeps answers from arriving, or that nothing does any more.
pub(super) async fn set_trouble(tx: &mut Tx, program: &Program, trouble: Option<&str>, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE api_channels SET trouble = $3, trouble_at = $4 WHERE workspace_id = $1 AND channel_id = $2 AND url = $5",
        params![program.workspace, program.channel, trouble.map(str::to_owned), trouble.map(|_| now), program.url.clone()],
    )
    .await?;
    Ok(())
}

pub(super) async fn person(tx: &mut Tx, program: &Program, external_id: &str) -> Result<Option<ContactId>> {
    let found: Option<(ContactId,)> = tx
        .optional(
            "SELECT contact_id FROM api_people WHERE workspace_id = $1 AND channel_id = $2 AND external_id = $3",
            params![program.workspace, program.channel, external_id],
        )
        .await?;
    Ok(found.map(|(contact,)| contact))
}

/// False when another call has noted somebody under this id meanwhile.
pub(super) async fn note_person(tx: &mut Tx, program: &Program, external_id: &str, contact: ContactId, now: Timestamp) -> Result<bool> {
    let noted = tx
        .execute(
            "INSERT INTO api_people (workspace_id, channel_id, external_id, contact_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            params![program.workspace, program.channel, external_id, contact, now],
        )
        .await?;
    Ok(noted == 1)
}

/// What the program calls a person; the newest name, when it has several.
pub(super) async fn external_id_of(tx: &mut Tx, program: &Program, contact: ContactId) -> Result<Option<String>> {
    let found: Option<(String,)> = tx
        .optional(
            "SELECT external_id FROM api_people WHERE workspace_id = $1 AND channel_id = $2 AND contact_id IN \
             (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $3 UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $3) \
             ORDER BY created_at DESC LIMIT 1",
            params![program.workspace, program.channel, contact],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

pub(super) async fn thread(tx: &mut Tx, program: &Program, external_id: &str) -> Result<Option<ConversationId>> {
    let found: Option<(ConversationId,)> = tx
        .optional(
            "SELECT conversation_id FROM api_threads WHERE workspace_id = $1 AND channel_id = $2 AND external_id = $3",
            params![program.workspace, program.channel, external_id],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// The thread is this conversation from now on: a long closed one has gone on in another.
pub(super) async fn note_thread(tx: &mut Tx, program: &Program, external_id: &str, conversation: ConversationId, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO api_threads (workspace_id, channel_id, external_id, conversation_id, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, channel_id, external_id) DO UPDATE SET conversation_id = $4",
        params![program.workspace, program.channel, external_id, conversation, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn external_id_of_thread(tx: &mut Tx, program: &Program, conversation: ConversationId) -> Result<Option<String>> {
    let found: Option<(String,)> = tx
        .optional(
            "SELECT external_id FROM api_threads WHERE workspace_id = $1 AND conversation_id = $2 AND channel_id = $3 ORDER BY created_at DESC LIMIT 1",
            params![program.workspace, conversation, program.channel],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

pub(super) async fn message(tx: &mut Tx, program: &Program, external_id: &str) -> Result<Option<MessageId>> {
    let found: Option<(MessageId,)> = tx
        .optional(
            "SELECT message_id FROM api_messages WHERE workspace_id = $1 AND channel_id = $2 AND external_id = $3",
            params![program.workspace, program.channel, external_id],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// False when another call has brought the same message meanwhile.
pub(super) async fn note_message(tx: &mut Tx, program: &Program, external_id: &str, message: MessageId, now: Timestamp) -> Result<bool> {
    let noted = tx
        .execute(
            "INSERT INTO api_messages (workspace_id, channel_id, external_id, message_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            params![program.workspace, program.channel, external_id, message, now],
        )
        .await?;
    Ok(noted == 1)
}
