//! SQL of messages.

use ennakoi_kernel::{
    Timestamp,
    ids::{ContactId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};

use super::{Audience, Delivery, Direction, Format, Kind, Visibility, Window};
use crate::sql;

/// A message as it is stored, with what its conversation adds.
pub(super) struct Stored {
    pub(super) id: MessageId,
    pub(super) conversation: ConversationId,
    pub(super) seq: i64,
    pub(super) author: Actor,
    pub(super) direction: Direction,
    pub(super) visibility: Visibility,
    pub(super) kind: Kind,
    pub(super) body: String,
    pub(super) format: Format,
    pub(super) language: Option<Locale>,
    pub(super) meta: String,
    pub(super) client_key: Option<String>,
    pub(super) delivery: Option<Delivery>,
    pub(super) attachments: i64,
    pub(super) created_at: Timestamp,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) removed_at: Option<Timestamp>,
    pub(super) contact: Option<ContactId>,
    pub(super) contact_seen_seq: i64,
}

const SELECT: &str = "SELECT m.id, m.conversation_id, m.seq, m.author, m.direction, m.visibility, m.kind, m.body, m.format, m.language, m.meta, \
                      m.client_key, m.delivery, m.attachments, m.created_at, m.edited_at, m.removed_at, c.contact_id, c.contact_seen_seq \
                      FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id WHERE m.workspace_id = $1";

impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            conversation: row.take()?,
            seq: row.take()?,
            author: row.take::<String>()?.parse()?,
            direction: row.take()?,
            visibility: row.take()?,
            kind: row.take()?,
            body: row.take()?,
            format: row.take()?,
            language: row.take()?,
            meta: row.take()?,
            client_key: row.take()?,
            delivery: row.take()?,
            attachments: row.take()?,
            created_at: row.take()?,
            edited_at: row.take()?,
            removed_at: row.take()?,
            contact: row.take()?,
            contact_seen_seq: row.take()?,
        })
    }
}

/// The messages of a window, oldest first, and whether there are more beyond it.
pub(super) async fn window(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    window: Window,
    audience: Audience,
) -> Result<(Vec<Stored>, bool)> {
    let visible = match audience {
        Audience::Staff => "",
        Audience::Contact => " AND m.visibility = 'public'",
    };
    let limit = window.limit.max(1) as usize;
    let (edge, order) = match window.after_seq {
        Some(after) => (after, format!("m.seq > $3{visible} ORDER BY m.seq LIMIT $4")),
        None => (window.before_seq.unwrap_or(i64::MAX), format!("m.seq < $3{visible} ORDER BY m.seq DESC LIMIT $4")),
    };
    let mut found: Vec<Stored> = tx.all(&format!("{SELECT} AND m.conversation_id = $2 AND {order}"), params![workspace, conversation, edge, limit + 1]).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    if window.after_seq.is_none() {
        found.reverse();
    }
    Ok((found, has_more))
}

pub(super) async fn by_ids(tx: &mut Tx, workspace: WorkspaceId, ids: &[MessageId]) -> Result<Vec<Stored>> {
    let (places, values) = sql::list(2, ids);
    let mut found: Vec<Stored> = tx.all(&format!("{SELECT} AND m.id IN ({places})"), &sql::with_list(&[workspace.into()], values)).await?;
    // Put in order here: asked to do it, the database would walk the index of the order, which is the whole history.
    found.sort_unstable_by_key(|message| (message.conversation, message.seq));
    Ok(found)
}

/// The message that this author sent under this key. Not put in order: that would tempt the database to walk all messages.
pub(super) async fn by_author_key(tx: &mut Tx, workspace: WorkspaceId, client_key: &str, author: Actor) -> Result<Option<MessageId>> {
    let found: Option<(MessageId,)> = tx
        .optional(
            "SELECT id FROM messages WHERE workspace_id = $1 AND client_key = $2 AND author = $3 LIMIT 1",
            params![workspace, client_key, author.to_string()],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// The message of the conversation with this key.
pub(super) async fn by_client_key(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, client_key: &str) -> Result<Option<MessageId>> {
    let found: Option<(MessageId,)> = tx
        .optional("SELECT id FROM messages WHERE workspace_id = $1 AND client_key = $2 AND conversation_id = $3", params![workspace, client_key, conversation])
        .await?;
    Ok(found.map(|(id,)| id))
}

/// The message of the conversation with this key, or the one that the author sent under it to another conversation.
pub(super) async fn by_client_key_or_author(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    client_key: &str,
    author: Actor,
) -> Result<Option<MessageId>> {
    let found: Option<(MessageId,)> = tx
        .optional(
            "SELECT id FROM messages WHERE workspace_id = $1 AND client_key = $2 AND (conversation_id = $3 OR author = $4) LIMIT 1",
            params![workspace, client_key, conversation, author.to_string()],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

pub(super) async fn by_external_id(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, external_id: &str) -> Result<Option<MessageId>> {
    let found: Option<(MessageId,)> = tx
        .optional(
            "SELECT id FROM messages WHERE workspace_id = $1 AND external_id = $2 AND conversation_id = $3",
            params![workspace, external_id, conversation],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Writes a new message.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, message: &Stored, external_id: Option<&str>) -> Result<()> {
    tx.execute(
        "INSERT INTO messages (id, workspace_id, conversation_id, seq, author, direction, visibility, kind, body, format, language, meta, client_key, \
         external_id, delivery, attachments, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        params![
            message.id,
            workspace,
            message.conversation,
            message.seq,
            message.author.to_string(),
            message.direction,
            message.visibility,
            message.kind,
            &message.body,
            message.format,
            message.language,
            &message.meta,
            message.client_key.as_deref(),
            external_id,
            message.delivery,
            message.attachments,
            message.created_at
        ],
    )
    .await?;
    Ok(())
}

/// Remembers that people were mentioned, each conversation once a person, at its newest mention.
pub(super) async fn mention(
    tx: &mut Tx,
    workspace: WorkspaceId,
    staff: ennakoi_kernel::ids::StaffId,
    conversation: ConversationId,
    (message, seq): (MessageId, i64),
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO mentions (workspace_id, staff_id, conversation_id, message_id, seq, mentioned_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (workspace_id, staff_id, conversation_id) DO UPDATE SET message_id = $4, seq = $5, mentioned_at = $6",
        params![workspace, staff, conversation, message, seq, now],
    )
    .await?;
    Ok(())
}

/// Replaces the body, or blanks it for good when `removed_at` is set.
pub(super) async fn rewrite(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: MessageId,
    body: &str,
    edited_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
) -> Result<()> {
    tx.execute(
        "UPDATE messages SET body = $3, edited_at = COALESCE($4, edited_at), removed_at = COALESCE($5, removed_at) WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, body, edited_at, removed_at],
    )
    .await?;
    Ok(())
}
