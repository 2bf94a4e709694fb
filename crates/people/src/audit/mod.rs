//! The audit: who did what that matters for security or money, kept apart from the timeline because it is never a
//! customer's story. Append only.

mod api;

use ennakoi_kernel::{
    Environment,
    ids::{AuditId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params, timeline::Actor};

pub(crate) use api::routes;

/// Writes one line of the audit. `action` is `subject.verb` in the past tense; `detail` holds changed values, never secrets.
///
/// # Errors
/// The database refuses.
#[expect(clippy::too_many_arguments, reason = "one line of the audit has these columns")]
pub async fn record(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    action: &str,
    subject_kind: &str,
    subject_id: impl ToString,
    detail: serde_json::Value,
) -> Result<()> {
    let id: AuditId = environment.new_id();
    tx.execute(
        "INSERT INTO audit (workspace_id, id, at, actor, action, subject_kind, subject_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![workspace, id, environment.now(), actor.to_string(), action, subject_kind, subject_id.to_string(), detail],
    )
    .await?;
    Ok(())
}
