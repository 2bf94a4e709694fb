//! How much everybody practises, for those who review: counts, and nothing of what was written.

use ennakoi_kernel::{
    Timestamp,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

/// How much somebody has practised.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Practised {
    pub staff_id: StaffId,
    pub exercises: i64,
    pub answers: i64,
    pub last_at: Timestamp,
}

/// How much everybody has practised.
///
/// # Errors
/// The database refuses.
pub(super) async fn counts(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Practised>> {
    let found: Vec<(StaffId, i64, i64, Timestamp)> = tx
        .all(
            "SELECT staff_id, COUNT(*), CAST(SUM(answered) AS BIGINT), MAX(begun_at) FROM training_exercises WHERE workspace_id = $1 AND answered > 0 \
             GROUP BY staff_id ORDER BY staff_id LIMIT 1000",
            params![workspace],
        )
        .await?;
    Ok(found.into_iter().map(|(staff_id, exercises, answers, last_at)| Practised { staff_id, exercises, answers, last_at }).collect())
}
