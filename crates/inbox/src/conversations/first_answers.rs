//! How long customers waited for the first word of a person.

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ChannelId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};

/// From the wish for a person to the person's first message, in the channel's last finished conversations that a person answered,
/// newest first.
///
/// # Errors
/// The database refuses.
pub async fn first_answers(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId, limit: u32) -> Result<Vec<Duration>> {
    let rows: Vec<(Option<Timestamp>, Option<Timestamp>)> = tx
        .all(
            "SELECT (SELECT MIN(e.occurred_at) FROM events e WHERE e.workspace_id = $1 AND e.conversation_id = c.id AND e.kind = 'conversation.handed_over'), \
             (SELECT MIN(m.created_at) FROM messages m WHERE m.workspace_id = $1 AND m.conversation_id = c.id AND m.direction = 'out' \
             AND m.visibility = 'public' AND m.kind = 'text' AND m.author LIKE 'staff:%') \
             FROM (SELECT id FROM conversations WHERE workspace_id = $1 AND channel_id = $2 AND NOT active AND agent_id IS NOT NULL \
             ORDER BY last_message_at DESC LIMIT $3) c",
            params![workspace, channel, limit],
        )
        .await?;
    Ok(rows.into_iter().filter_map(|(wished, answered)| Some(answered?.0 - wished?.0)).filter(|waited| *waited >= 0).map(Duration).collect())
}
