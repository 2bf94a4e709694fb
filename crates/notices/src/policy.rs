//! What a company lets its people send out of the building.

use ennakoi_kernel::{Timestamp, ids::WorkspaceId};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What holds for everybody in the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticePolicy {
    /// Whether customers' names and subjects may go to lock screens, mails and chats of those who want that.
    pub names_leave: bool,
}

/// Nothing is allowed until somebody allows it.
///
/// # Errors
/// The database refuses.
pub async fn of(tx: &mut Tx, workspace: WorkspaceId) -> Result<NoticePolicy> {
    let found: Option<(bool,)> = tx.optional("SELECT names_leave FROM notice_policies WHERE workspace_id = $1", params![workspace]).await?;
    Ok(found.map(|(names_leave,)| NoticePolicy { names_leave }).unwrap_or_default())
}

/// # Errors
/// The database refuses.
pub async fn save(tx: &mut Tx, workspace: WorkspaceId, policy: NoticePolicy, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO notice_policies (workspace_id, names_leave, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace_id) DO UPDATE SET names_leave = $2, updated_at = $3",
        params![workspace, policy.names_leave, now],
    )
    .await?;
    Ok(())
}
