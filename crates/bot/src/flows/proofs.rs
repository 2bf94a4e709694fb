//! Limits on guessing: how often somebody may fail to prove that an order or invoice is theirs.

use ennakoi_kernel::{Duration, Environment, ids::WorkspaceId};
use ennakoi_store::{Result, Tx, params};

use super::{hear::number_key, shop::Proof};

/// What counts.
const WINDOW: Duration = Duration::hours(1);
/// Failures of one visitor or talk.
const BY_SUBJECT: i64 = 5;
/// Failures with one number, by whomever.
const BY_NUMBER: i64 = 5;
/// Failures in the workspace: somebody tries many numbers from many addresses.
const BY_WORKSPACE: i64 = 200;

/// Whether another proof may be tried.
///
/// # Errors
/// The database refuses.
pub(crate) async fn allowed(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, subject: &str, proof: &Proof) -> Result<bool> {
    let since = environment.now() - WINDOW;
    let (all, theirs, number): (i64, i64, i64) = tx
        .one(
            "SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN subject = $3 THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN number_key = $4 THEN 1 ELSE 0 END), 0) AS BIGINT) \
             FROM bot_proofs WHERE workspace_id = $1 AND at > $2 AND NOT held",
            params![workspace, since, subject, number_key(&proof.number)],
        )
        .await?;
    Ok(all < BY_WORKSPACE && theirs < BY_SUBJECT && number < BY_NUMBER)
}

/// Notes a try, and forgets what does not count any more.
///
/// # Errors
/// The database refuses.
pub(crate) async fn note(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, subject: &str, proof: &Proof, held: bool) -> Result<()> {
    let now = environment.now();
    tx.execute("DELETE FROM bot_proofs WHERE workspace_id = $1 AND at <= $2", params![workspace, now - WINDOW]).await?;
    tx.execute(
        "INSERT INTO bot_proofs (id, workspace_id, subject, number_key, held, at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![environment.new_uuid(), workspace, subject, number_key(&proof.number), held, now],
    )
    .await?;
    Ok(())
}
