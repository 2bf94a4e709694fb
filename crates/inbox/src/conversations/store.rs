//! SQL of one conversation.

use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ConversationId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_store::{Error, FromRow, Result, Row, Tx, Value, params};

use super::{Conversation, Owner, OwnerKind, Priority};
use crate::{
    sla::{ClockKind, RowClock},
    sql,
};

const COLUMNS: &str = "id, number, version, channel_id, contact_id, visitor_id, subject, locale, state, owner_kind, queue_id, agent_id, priority, \
                       reason, last_seq, last_message_at, preview, preview_author, waiting_since, snoozed_until, contact_seen_seq, staff_seen_seq, \
                       rating, solved, rating_comment, created_at, closed_at, queued_at, sla_kind, sla_warn_at, sla_due_at, promise_due_at";

impl FromRow for Conversation {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, number, version) = (row.take()?, row.take()?, row.take()?);
        let (channel, contact, visitor) = (row.take()?, row.take()?, row.take()?);
        let (subject, locale, state) = (row.take()?, row.take()?, row.take()?);
        let (kind, queue, agent): (OwnerKind, Option<QueueId>, Option<StaffId>) = (row.take()?, row.take()?, row.take()?);
        let owner = match (kind, queue, agent) {
            (OwnerKind::Bot, ..) => Owner::Bot,
            (OwnerKind::Nobody, ..) => Owner::Nobody,
            (OwnerKind::Queue, Some(queue), _) => Owner::Queue(queue),
            (OwnerKind::Agent, _, Some(agent)) => Owner::Agent(agent),
            _ => return Err(Error::Decode(format!("conversation {id} has an owner without an id"))),
        };
        Ok(Self {
            id,
            number,
            version,
            channel,
            contact,
            visitor,
            subject,
            locale,
            state,
            owner,
            queue,
            priority: Priority::of_rank(row.take()?),
            reason: row.take()?,
            last_seq: row.take()?,
            last_message_at: row.take()?,
            preview: row.take()?,
            preview_author: row.take()?,
            waiting_since: row.take()?,
            snoozed_until: row.take()?,
            contact_seen_seq: row.take()?,
            staff_seen_seq: row.take()?,
            rating: row.take()?,
            solved: row.take()?,
            rating_comment: row.take()?,
            created_at: row.take()?,
            closed_at: row.take()?,
            queued_at: row.take()?,
            clock: row_clock(row)?,
            promise_due_at: row.take()?,
        })
    }
}

fn row_clock(row: &mut Row) -> Result<Option<RowClock>> {
    let (kind, warn_at, due_at): (Option<ClockKind>, Option<Timestamp>, Option<Timestamp>) = (row.take()?, row.take()?, row.take()?);
    Ok(kind.zip(warn_at).zip(due_at).map(|((kind, warn_at), due_at)| RowClock { kind, warn_at, due_at }))
}

/// The beginning of a statement over conversations; `$1` is the workspace.
pub(super) fn select() -> String {
    format!("SELECT {COLUMNS} FROM conversations WHERE workspace_id = $1")
}

/// One conversation, if it is there.
///
/// # Errors
/// The database refuses.
pub async fn find(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<Option<Conversation>> {
    tx.optional(&format!("SELECT {COLUMNS} FROM conversations WHERE workspace_id = $1 AND id = $2"), &[workspace.into(), id.into()]).await
}

pub(super) async fn by_ids(tx: &mut Tx, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
    let (places, values) = sql::list(2, ids);
    tx.all(&format!("SELECT {COLUMNS} FROM conversations WHERE workspace_id = $1 AND id IN ({places})"), &sql::with_list(&[workspace.into()], values)).await
}

/// The conversation, held against other changes until the transaction ends.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: ConversationId) -> Result<Conversation> {
    let lock = tx.engine().for_update();
    tx.optional(&format!("SELECT {COLUMNS} FROM conversations WHERE workspace_id = $1 AND id = $2{lock}"), &[workspace.into(), id.into()])
        .await?
        .ok_or_else(|| Problem::not_found("the conversation").into())
}

/// Writes what may change, with the columns derived from it, and raises the version. The row must be held by [`lock`].
///
/// # Errors
/// The database refuses.
pub(crate) async fn save(tx: &mut Tx, workspace: WorkspaceId, conversation: &mut Conversation, now: Timestamp) -> Result<()> {
    derive(conversation, now);
    conversation.version += 1;
    let mut parameters: Vec<Value> = vec![workspace.into(), conversation.id.into(), conversation.version.into()];
    parameters.extend(changeable(conversation));
    tx.execute(
        "UPDATE conversations SET version = $3, contact_id = $4, visitor_id = $5, subject = $6, locale = $7, state = $8, owner_kind = $9, \
         queue_id = $10, agent_id = $11, priority = $12, reason = $13, last_seq = $14, last_message_at = $15, preview = $16, preview_author = $17, \
         waiting_since = $18, snoozed_until = $19, contact_seen_seq = $20, staff_seen_seq = $21, rating = $22, solved = $23, rating_comment = $24, \
         closed_at = $25, active = $26, desk = $27, queued_at = $28 WHERE workspace_id = $1 AND id = $2",
        &parameters,
    )
    .await?;
    Ok(())
}

/// Writes only what a message or a read mark changes, and raises the version: the lists that this does not move stay untouched.
///
/// # Errors
/// The database refuses.
pub(crate) async fn touch(tx: &mut Tx, workspace: WorkspaceId, conversation: &mut Conversation) -> Result<()> {
    conversation.version += 1;
    tx.execute(
        "UPDATE conversations SET version = $3, last_seq = $4, last_message_at = $5, preview = $6, preview_author = $7, contact_seen_seq = $8, \
         staff_seen_seq = $9 WHERE workspace_id = $1 AND id = $2",
        params![
            workspace,
            conversation.id,
            conversation.version,
            conversation.last_seq,
            conversation.last_message_at,
            &conversation.preview,
            conversation.preview_author,
            conversation.contact_seen_seq,
            conversation.staff_seen_seq
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, conversation: &mut Conversation) -> Result<()> {
    derive(conversation, conversation.created_at);
    let mut parameters: Vec<Value> = vec![
        workspace.into(),
        conversation.id.into(),
        conversation.version.into(),
        conversation.number.into(),
        conversation.channel.into(),
        conversation.created_at.into(),
    ];
    parameters.extend(changeable(conversation));
    tx.execute(
        "INSERT INTO conversations (workspace_id, id, version, number, channel_id, created_at, contact_id, visitor_id, subject, locale, state, \
         owner_kind, queue_id, agent_id, priority, reason, last_seq, last_message_at, preview, preview_author, waiting_since, snoozed_until, \
         contact_seen_seq, staff_seen_seq, rating, solved, rating_comment, closed_at, active, desk, queued_at) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)",
        &parameters,
    )
    .await?;
    Ok(())
}

pub(super) async fn by_number(tx: &mut Tx, workspace: WorkspaceId, number: i64) -> Result<Option<ConversationId>> {
    let found: Option<(ConversationId,)> =
        tx.optional("SELECT id FROM conversations WHERE workspace_id = $1 AND number = $2", params![workspace, number]).await?;
    Ok(found.map(|(id,)| id))
}

/// The next number of the workspace.
pub(super) async fn next_number(tx: &mut Tx, workspace: WorkspaceId) -> Result<i64> {
    tx.scalar(
        "INSERT INTO conversation_numbers (workspace_id, last_number) VALUES ($1, 1) \
         ON CONFLICT (workspace_id) DO UPDATE SET last_number = conversation_numbers.last_number + 1 RETURNING last_number",
        &[workspace.into()],
    )
    .await
}

/// Keeps `queue` and `queued_at` true to state and owner.
fn derive(conversation: &mut Conversation, now: Timestamp) {
    if let Owner::Queue(queue) = conversation.owner {
        if conversation.queue != Some(queue) {
            conversation.queued_at = None;
        }
        conversation.queue = Some(queue);
    }
    let in_line = matches!(conversation.owner, Owner::Queue(_)) && conversation.state.active();
    conversation.queued_at = if in_line { conversation.queued_at.or(Some(now)) } else { None };
}

/// The desk on which an active conversation without an agent lies.
fn desk(owner: Owner) -> &'static str {
    match owner {
        Owner::Bot => "bot",
        Owner::Agent(_) => "agent",
        Owner::Queue(_) | Owner::Nobody => "unassigned",
    }
}

fn changeable(conversation: &Conversation) -> [Value; 25] {
    [
        conversation.contact.into(),
        conversation.visitor.into(),
        conversation.subject.clone().into(),
        conversation.locale.into(),
        conversation.state.into(),
        conversation.owner.kind().into(),
        conversation.queue.into(),
        conversation.agent().into(),
        conversation.priority.rank().into(),
        conversation.reason.clone().into(),
        conversation.last_seq.into(),
        conversation.last_message_at.into(),
        (&conversation.preview).into(),
        conversation.preview_author.into(),
        conversation.waiting_since.into(),
        conversation.snoozed_until.into(),
        conversation.contact_seen_seq.into(),
        conversation.staff_seen_seq.into(),
        conversation.rating.into(),
        conversation.solved.into(),
        conversation.rating_comment.clone().into(),
        conversation.closed_at.into(),
        conversation.state.active().into(),
        desk(conversation.owner).into(),
        conversation.queued_at.into(),
    ]
}
