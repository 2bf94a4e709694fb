//! How far each person of staff has read in each conversation.

use std::collections::HashMap;

use ennakoi_kernel::{
    Environment, Timestamp,
    ids::{ConversationId, StaffId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use crate::{conversations, sql};

/// Raises a person's mark; it never goes back.
///
/// # Errors
/// The database refuses.
pub(crate) async fn raise(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, conversation: ConversationId, seq: i64, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO read_marks (workspace_id, staff_id, conversation_id, seq, read_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, staff_id, conversation_id) DO UPDATE SET seq = $4, read_at = $5 WHERE read_marks.seq < $4",
        params![workspace, staff, conversation, seq, now],
    )
    .await?;
    Ok(())
}

/// Marks of one person in the given conversations.
///
/// # Errors
/// The database refuses.
pub(crate) async fn of(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, conversations: &[ConversationId]) -> Result<HashMap<ConversationId, i64>> {
    let (places, values) = sql::list(3, conversations);
    let rows: Vec<(ConversationId, i64)> = tx
        .all(
            &format!("SELECT conversation_id, seq FROM read_marks WHERE workspace_id = $1 AND staff_id = $2 AND conversation_id IN ({places})"),
            &sql::with_list(params![workspace, staff], values),
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// A person of staff has read up to `seq`. The customer hears of it when nobody of staff had read that far.
///
/// # Errors
/// The conversation is not there.
pub async fn by_staff(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: ConversationId, staff: StaffId, seq: i64) -> Result<()> {
    let mut held = conversations::lock(tx, workspace, conversation).await?;
    let seq = seq.clamp(0, held.last_seq);
    raise(tx, workspace, staff, conversation, seq, environment.now()).await?;
    if seq <= held.staff_seen_seq {
        return Ok(());
    }
    held.staff_seen_seq = seq;
    conversations::touch(tx, workspace, &mut held).await?;
    let event = NewEvent::new("conversation.seen", Actor::Staff(staff), json!({ "by": "staff", "seq": seq }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(conversation)]).await?;
    Ok(())
}

/// The customer has read up to `seq`.
///
/// # Errors
/// The conversation is not there.
pub async fn by_contact(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, conversation: ConversationId, actor: Actor, seq: i64) -> Result<()> {
    let mut held = conversations::lock(tx, workspace, conversation).await?;
    let seq = seq.clamp(0, held.last_seq);
    if seq <= held.contact_seen_seq {
        return Ok(());
    }
    held.contact_seen_seq = seq;
    conversations::touch(tx, workspace, &mut held).await?;
    let event = NewEvent::new("conversation.seen", actor, json!({ "by": "contact", "seq": seq }));
    timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(conversation)]).await?;
    Ok(())
}
