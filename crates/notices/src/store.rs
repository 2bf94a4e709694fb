//! SQL of notices.

use ennakoi_kernel::{
    Duration, Environment, Timestamp,
    ids::{ConversationId, NoticeDeliveryId, NoticeId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};

use crate::kinds::{NoticeKind, Way};

/// What is told of the same kind and case within this time is one notice.
const TOGETHER: Duration = Duration::minutes(10);
const KEPT: Duration = Duration::days(60);
/// Notices counted for the bell, at most.
pub(crate) const COUNTED: i64 = 100;
/// Older ones stay in the list, and call nobody any more.
const COUNTED_DAYS: Duration = Duration::days(14);
/// Notices looked at as ones that another may join.
const NEAR: i64 = 200;
/// Notices that go out together, at most; the others follow.
pub(crate) const AT_ONCE: i64 = 50;

/// Whoever has read the case as far as a notice reaches has seen it: no request need say so.
const UNREAD: &str = "n.read_at IS NULL AND (n.seq IS NULL OR NOT EXISTS (SELECT 1 FROM read_marks r WHERE r.workspace_id = n.workspace_id \
                      AND r.staff_id = n.staff_id AND r.conversation_id = n.conversation_id AND r.seq >= n.seq))";
const COLUMNS: &str = "n.id, n.kind, n.conversation_id, n.queue_id, n.detail, n.actor, n.happened, n.last_at";

/// Something to tell somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) staff: StaffId,
    pub(crate) kind: NoticeKind,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) queue: Option<QueueId>,
    pub(crate) seq: Option<i64>,
    pub(crate) detail: String,
    pub(crate) actor: Actor,
}

/// A notice as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) id: NoticeId,
    pub(crate) kind: NoticeKind,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) queue: Option<QueueId>,
    pub(crate) detail: String,
    pub(crate) actor: Actor,
    pub(crate) happened: i64,
    pub(crate) at: Timestamp,
    pub(crate) unread: bool,
}

impl FromRow for Notice {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            kind: row.take()?,
            conversation: row.take()?,
            queue: row.take()?,
            detail: row.take()?,
            actor: row.take::<String>()?.parse()?,
            happened: row.take()?,
            at: row.take()?,
            unread: row.take()?,
        })
    }
}

/// Whether the person has read the case so far already.
pub(crate) async fn has_read(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, conversation: ConversationId, seq: i64) -> Result<bool> {
    let sql = "SELECT seq FROM read_marks WHERE workspace_id = $1 AND staff_id = $2 AND conversation_id = $3";
    Ok(tx.optional::<(i64,)>(sql, params![workspace, staff, conversation]).await?.is_some_and(|(read,)| read >= seq))
}

/// Adds a notice, or lets it join an unread one of the same kind and case; returns the id of a new one.
pub(crate) async fn add(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, it: &Telling, listed: bool) -> Result<Option<NoticeId>> {
    let now = environment.now();
    let near: Vec<(NoticeId, Option<ConversationId>, Option<QueueId>, String)> = tx
        .all(
            &format!(
                "SELECT n.id, n.conversation_id, n.queue_id, n.detail FROM notices n WHERE n.workspace_id = $1 AND n.staff_id = $2 AND n.kind = $3 \
                 AND n.last_at > $4 AND n.first_at > $4 AND {UNREAD} ORDER BY n.last_at DESC LIMIT $5"
            ),
            params![workspace, it.staff, it.kind, now - TOGETHER, NEAR],
        )
        .await?;
    let same = near.into_iter().find(|(_, conversation, queue, detail)| *conversation == it.conversation && *queue == it.queue && *detail == it.detail);
    if let Some((id, ..)) = same {
        tx.execute(
            "UPDATE notices SET happened = happened + 1, last_at = $3, seq = $4, actor = $5 WHERE workspace_id = $1 AND id = $2",
            params![workspace, id, now, it.seq, it.actor.to_string()],
        )
        .await?;
        return Ok(None);
    }
    let id: NoticeId = environment.new_id();
    tx.execute(
        "INSERT INTO notices (workspace_id, id, staff_id, kind, conversation_id, queue_id, seq, detail, actor, happened, listed, first_at, last_at, read_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $11, NULL)",
        params![workspace, id, it.staff, it.kind, it.conversation, it.queue, it.seq, &it.detail, it.actor.to_string(), listed, now],
    )
    .await?;
    Ok(Some(id))
}

/// Forgets what this person was told long ago.
pub(crate) async fn prune(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, now: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM notices WHERE workspace_id = $1 AND staff_id = $2 AND last_at < $3", params![workspace, staff, now - KEPT]).await?;
    Ok(())
}

/// Notes what the person has read by opening the case, so that whoever counts need not ask how far they have read.
pub(crate) async fn note_read(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, conversation: ConversationId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE notices SET read_at = $4 WHERE workspace_id = $1 AND staff_id = $2 AND conversation_id = $3 AND read_at IS NULL AND seq <= \
               (SELECT r.seq FROM read_marks r WHERE r.workspace_id = $1 AND r.staff_id = $2 AND r.conversation_id = $3)";
    tx.execute(sql, params![workspace, staff, conversation, now]).await?;
    Ok(())
}

/// What one person was told, newest first.
pub(crate) async fn page(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, before: (Timestamp, NoticeId), limit: u32) -> Result<Vec<Notice>> {
    tx.all(
        &format!(
            "SELECT {COLUMNS}, ({UNREAD}) FROM notices n WHERE n.workspace_id = $1 AND n.staff_id = $2 AND n.listed AND (n.last_at, n.id) < ($3, $4) \
             ORDER BY n.last_at DESC, n.id DESC LIMIT $5"
        ),
        params![workspace, staff, before.0, before.1, limit],
    )
    .await
}

/// Unread ones in the list of the last [`COUNTED_DAYS`], counted as far as [`COUNTED`].
pub(crate) async fn unread(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, now: Timestamp) -> Result<i64> {
    tx.scalar(
        &format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM notices n WHERE n.workspace_id = $1 AND n.staff_id = $2 AND n.listed AND n.last_at > $4 AND {UNREAD} LIMIT $3) AS counted"
        ),
        params![workspace, staff, COUNTED, now - COUNTED_DAYS],
    )
    .await
}

/// One notice is read; returns whether it is this person's.
pub(crate) async fn read(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, id: NoticeId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE notices SET read_at = COALESCE(read_at, $4) WHERE workspace_id = $1 AND staff_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![workspace, staff, id, now]).await? == 1)
}

/// Everything that was told until now is read.
pub(crate) async fn read_all(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE notices SET read_at = $3 WHERE workspace_id = $1 AND staff_id = $2 AND read_at IS NULL AND last_at <= $3";
    tx.execute(sql, params![workspace, staff, now]).await?;
    Ok(())
}

/// Notes that a notice is to go out in a way.
pub(crate) async fn wait(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, staff: StaffId, notice: NoticeId, way: Way) -> Result<()> {
    tx.execute(
        "INSERT INTO notice_deliveries (workspace_id, id, notice_id, staff_id, way, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (workspace_id, staff_id, way, notice_id) DO NOTHING",
        params![workspace, environment.new_id::<NoticeDeliveryId>(), notice, staff, way, environment.now()],
    )
    .await?;
    Ok(())
}

/// What waits to go out in a way, oldest first.
pub(crate) async fn waiting(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, way: Way) -> Result<Vec<Notice>> {
    tx.all(
        &format!(
            "SELECT {COLUMNS}, ({UNREAD}) FROM notice_deliveries d JOIN notices n ON n.workspace_id = d.workspace_id AND n.id = d.notice_id \
             WHERE d.workspace_id = $1 AND d.staff_id = $2 AND d.way = $3 ORDER BY d.notice_id LIMIT $4"
        ),
        params![workspace, staff, way, AT_ONCE],
    )
    .await
}

/// These wait no more.
pub(crate) async fn settle(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, way: Way, notices: &[Notice]) -> Result<()> {
    for notice in notices {
        let sql = "DELETE FROM notice_deliveries WHERE workspace_id = $1 AND staff_id = $2 AND way = $3 AND notice_id = $4";
        tx.execute(sql, params![workspace, staff, way, notice.id]).await?;
    }
    Ok(())
}

/// Nothing waits for this person there any more.
pub(crate) async fn settle_all(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, way: Way) -> Result<()> {
    let sql = "DELETE FROM notice_deliveries WHERE workspace_id = $1 AND staff_id = $2 AND way = $3";
    tx.execute(sql, params![workspace, staff, way]).await?;
    Ok(())
}

/// What those of these that are still unread tell of.
pub(crate) async fn unread_kinds(tx: &mut Tx, workspace: WorkspaceId, notices: &[NoticeId]) -> Result<Vec<NoticeKind>> {
    let mut kinds = Vec::new();
    for id in notices {
        let sql = format!("SELECT n.kind FROM notices n WHERE n.workspace_id = $1 AND n.id = $2 AND {UNREAD}");
        kinds.extend(tx.optional::<(NoticeKind,)>(&sql, params![workspace, *id]).await?.map(|(kind,)| kind));
    }
    Ok(kinds)
}
