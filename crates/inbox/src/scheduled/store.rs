//! SQL of waiting answers.

use ennakoi_kernel::ids::{ConversationId, ScheduledAnswerId, WorkspaceId};
use ennakoi_store::{FromRow, Result, Row, Tx, params};

use super::{Content, MOST, Stored};

const COLUMNS: &str = "id, conversation_id, staff_id, client_key, content, send_at, held, version, created_at";

impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            conversation: row.take()?,
            author: row.take()?,
            client_key: row.take()?,
            content: serde_json::from_str::<Content>(&row.take::<String>()?)?,
            send_at: row.take()?,
            held: row.take()?,
            version: row.take()?,
            created_at: row.take()?,
        })
    }
}

/// Twice the usual limit: a merge brings those of another conversation along.
pub(super) async fn of_conversation(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<Stored>> {
    tx.all(
        &format!("SELECT {COLUMNS} FROM scheduled_answers WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY send_at, id LIMIT $3"),
        params![workspace, conversation, MOST * 2],
    )
    .await
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: ScheduledAnswerId) -> Result<Option<Stored>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM scheduled_answers WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, answer: &Stored) -> Result<()> {
    tx.execute(
        "INSERT INTO scheduled_answers (workspace_id, id, conversation_id, staff_id, client_key, content, send_at, held, version, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            workspace,
            answer.id,
            answer.conversation,
            answer.author,
            &answer.client_key,
            serde_json::to_value(&answer.content)?,
            answer.send_at,
            answer.held,
            answer.version,
            answer.created_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, answer: &Stored) -> Result<()> {
    tx.execute(
        "UPDATE scheduled_answers SET conversation_id = $3, staff_id = $4, content = $5, send_at = $6, held = $7, version = $8 \
         WHERE workspace_id = $1 AND id = $2",
        params![workspace, answer.id, answer.conversation, answer.author, serde_json::to_value(&answer.content)?, answer.send_at, answer.held, answer.version],
    )
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: ScheduledAnswerId) -> Result<()> {
    tx.execute("DELETE FROM scheduled_answers WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}
