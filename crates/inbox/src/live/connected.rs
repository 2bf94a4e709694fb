//! Who has the console open, on whichever node: a row for each person, renewed while a socket of theirs lives.

use ennakoi_http::App;
use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};

/// The mark is renewed at every third heartbeat.
pub(super) const EVERY_BEATS: u32 = 3;
/// Without a renewal for this long, nobody is there.
const GONE_AFTER: Duration = Duration::seconds(90);

/// Notes that the person is there. A mark that could not be stored is renewed soon.
pub(super) async fn see(app: &App, workspace: WorkspaceId, staff: StaffId) {
    let noted = async {
        let mut tx = app.db.begin().await?;
        tx.execute(
            "INSERT INTO staff_connections (workspace_id, staff_id, seen_at) VALUES ($1, $2, $3) \
             ON CONFLICT (workspace_id, staff_id) DO UPDATE SET seen_at = $3 WHERE staff_connections.seen_at < $3",
            params![workspace, staff, app.environment.now()],
        )
        .await?;
        tx.commit().await
    };
    if let Err(error) = noted.await {
        tracing::debug!(%error, "that somebody is connected was not noted");
    }
}

/// Until when the person counts as connected; `None` when they do not.
///
/// # Errors
/// The database refuses.
pub async fn until(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, now: Timestamp) -> Result<Option<Timestamp>> {
    let seen: Option<(Timestamp,)> =
        tx.optional("SELECT seen_at FROM staff_connections WHERE workspace_id = $1 AND staff_id = $2", params![workspace, staff]).await?;
    Ok(seen.map(|(at,)| at + GONE_AFTER).filter(|until| *until > now))
}
