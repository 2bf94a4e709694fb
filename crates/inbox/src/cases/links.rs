//! SQL of where conversations go on, and what they have to do with each other.

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ConversationId, LinkId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params, stored_as_text, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How one conversation belongs to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// `from` was merged into `to`: whatever comes for it goes there.
    Merged,
    /// `from` had been closed for long when its customer wrote again, in `to`.
    Continued,
    /// `to` was split off from `from`.
    Split,
    /// They have to do with each other.
    Related,
}
stored_as_text!(LinkKind { Merged = "merged", Continued = "continued", Split = "split", Related = "related" });

/// A stored link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) kind: LinkKind,
    pub(crate) from: ConversationId,
    pub(crate) to: ConversationId,
    pub(crate) detail: Value,
    pub(crate) created_at: Timestamp,
    pub(crate) undone_at: Option<Timestamp>,
}

impl FromRow for Link {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            kind: row.take()?,
            from: row.take()?,
            to: row.take()?,
            detail: row.take()?,
            created_at: row.take()?,
            undone_at: row.take()?,
        })
    }
}

const SELECT: &str = "SELECT id, kind, from_id, to_id, detail, created_at, undone_at FROM conversation_links WHERE workspace_id = $1";
/// Links of one conversation that are looked at.
pub(crate) const MOST: i64 = 100;

/// Notes a link; `None` when there is one already.
pub(crate) async fn insert(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    kind: LinkKind,
    (from, to): (ConversationId, ConversationId),
    detail: Value,
) -> Result<Option<LinkId>> {
    let id: LinkId = environment.new_id();
    let noted = tx
        .execute(
            "INSERT INTO conversation_links (workspace_id, id, kind, from_id, to_id, actor, detail, created_at, undone_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT DO NOTHING",
            params![workspace, id, kind, from, to, actor.to_string(), detail, environment.now()],
        )
        .await?;
    Ok((noted == 1).then_some(id))
}

pub(crate) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: LinkId) -> Result<Option<Link>> {
    tx.optional(&format!("{SELECT} AND id = $2"), params![workspace, id]).await
}

/// Where a conversation goes on, and how; a merge wins.
pub(crate) async fn next(tx: &mut Tx, workspace: WorkspaceId, from: ConversationId) -> Result<Option<Link>> {
    tx.optional(
        &format!(
            "{SELECT} AND from_id = $2 AND kind IN ('merged', 'continued') AND undone_at IS NULL ORDER BY CASE WHEN kind = 'merged' THEN 0 ELSE 1 END LIMIT 1"
        ),
        params![workspace, from],
    )
    .await
}

/// Where a conversation goes on, every way.
pub(crate) async fn onward(tx: &mut Tx, workspace: WorkspaceId, from: ConversationId) -> Result<Vec<Link>> {
    tx.all(&format!("{SELECT} AND from_id = $2 AND kind IN ('merged', 'continued') AND undone_at IS NULL LIMIT 2"), params![workspace, from]).await
}

/// Live links from or to a conversation, oldest first.
pub(crate) async fn of(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<Link>> {
    let mut links: Vec<Link> =
        tx.all(&format!("{SELECT} AND from_id = $2 AND undone_at IS NULL ORDER BY created_at LIMIT $3"), params![workspace, conversation, MOST]).await?;
    links.extend(
        tx.all::<Link>(&format!("{SELECT} AND to_id = $2 AND undone_at IS NULL ORDER BY created_at LIMIT $3"), params![workspace, conversation, MOST]).await?,
    );
    links.sort_by_key(|link| (link.created_at, link.id));
    Ok(links)
}

/// Conversations that were merged into this one, directly.
pub(crate) async fn merged_into(tx: &mut Tx, workspace: WorkspaceId, to: ConversationId) -> Result<Vec<Link>> {
    tx.all(&format!("{SELECT} AND to_id = $2 AND kind = 'merged' AND undone_at IS NULL ORDER BY created_at LIMIT $3"), params![workspace, to, MOST]).await
}

/// False when it was undone before.
pub(crate) async fn undo(tx: &mut Tx, workspace: WorkspaceId, id: LinkId, now: Timestamp) -> Result<bool> {
    let undone = tx
        .execute("UPDATE conversation_links SET undone_at = $3 WHERE workspace_id = $1 AND id = $2 AND undone_at IS NULL", params![workspace, id, now])
        .await?;
    Ok(undone == 1)
}
