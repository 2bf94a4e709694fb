//! Timers: rows with a due time, named by a business fact, so that a changed fact supersedes the timer it had set.

use std::{collections::HashMap, sync::Arc, time::Duration as StdDuration};

use ennakoi_kernel::{Environment, Timestamp, ids::WorkspaceId};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::{Db, FromRow, Result, Row, Tx, params};

/// A timer that has come due.
#[derive(Clone, Debug)]
pub struct Timer {
    pub workspace: WorkspaceId,
    pub key: String,
    pub kind: String,
    pub payload: serde_json::Value,
    pub due_at: Timestamp,
}

impl FromRow for Timer {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { workspace: row.take()?, key: row.take()?, kind: row.take()?, payload: row.take()?, due_at: row.take()? })
    }
}

/// Acts on a due timer inside the transaction that removes it. It looks at the present state, not only at the payload.
pub type Handle = Arc<dyn for<'a> Fn(&'a mut Tx, &'a Environment, &'a Timer) -> BoxFuture<'a, Result<()>> + Send + Sync>;

/// A kind of timer and what it does.
#[derive(Clone)]
pub struct TimerKind {
    pub kind: &'static str,
    pub handle: Handle,
}

/// Sets or supersedes the timer named `key`.
///
/// # Errors
/// The database refuses.
pub async fn set(tx: &mut Tx, workspace: WorkspaceId, key: &str, kind: &str, due_at: Timestamp, payload: serde_json::Value) -> Result<()> {
    tx.execute(
        "INSERT INTO timers (workspace_id, timer_key, kind, payload, due_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, timer_key) DO UPDATE SET kind = $3, payload = $4, due_at = $5",
        params![workspace, key, kind, payload, due_at],
    )
    .await?;
    Ok(())
}

/// Sets the timer named `key` unless it is set; then it keeps its time.
///
/// One that another transaction is firing at this moment is waited for and set anew: the update locks its row. `DO NOTHING` would take a
/// row that is about to vanish for a timer.
///
/// # Errors
/// The database refuses.
pub async fn ensure(tx: &mut Tx, workspace: WorkspaceId, key: &str, kind: &str, due_at: Timestamp, payload: serde_json::Value) -> Result<()> {
    tx.execute(
        "INSERT INTO timers (workspace_id, timer_key, kind, payload, due_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, timer_key) DO UPDATE SET due_at = timers.due_at",
        params![workspace, key, kind, payload, due_at],
    )
    .await?;
    Ok(())
}

/// Removes the timer named `key`, if there is one.
///
/// # Errors
/// The database refuses.
pub async fn clear(tx: &mut Tx, workspace: WorkspaceId, key: &str) -> Result<()> {
    tx.execute("DELETE FROM timers WHERE workspace_id = $1 AND timer_key = $2", params![workspace, key]).await?;
    Ok(())
}

/// Fires due timers until `stop` becomes true.
pub async fn run(db: Db, environment: Environment, kinds: Vec<TimerKind>, mut stop: watch::Receiver<bool>) {
    let handlers: HashMap<&'static str, Handle> = kinds.into_iter().map(|kind| (kind.kind, kind.handle)).collect();
    while !*stop.borrow() {
        match fire_due(&db, &environment, &handlers).await {
            Ok(fired) if fired > 0 => {}
            Ok(_) => tokio::select! { _ = stop.changed() => {}, () = tokio::time::sleep(StdDuration::from_millis(500)) => {} },
            Err(error) => {
                tracing::warn!(%error, "a timer failed; it will be tried again");
                tokio::select! { _ = stop.changed() => {}, () = tokio::time::sleep(StdDuration::from_secs(2)) => {} }
            }
        }
    }
}

/// Fires every timer that is due, each in its own transaction; returns how many.
///
/// # Errors
/// A handler or the database failed; that timer stays.
pub async fn fire_due(db: &Db, environment: &Environment, handlers: &HashMap<&'static str, Handle>) -> Result<usize> {
    let due: Vec<Timer> = {
        let mut tx = db.read().await?;
        tx.all("SELECT workspace_id, timer_key, kind, payload, due_at FROM timers WHERE due_at <= $1 ORDER BY due_at LIMIT 100", params![environment.now()])
            .await?
    };
    let mut fired = 0;
    for timer in due {
        let mut tx = db.begin().await?;
        let removed = tx
            .execute("DELETE FROM timers WHERE workspace_id = $1 AND timer_key = $2 AND due_at = $3", params![timer.workspace, &timer.key, timer.due_at])
            .await?;
        // Superseded or fired by another node since we looked.
        if removed == 0 {
            continue;
        }
        match handlers.get(timer.kind.as_str()) {
            Some(handle) => handle(&mut tx, environment, &timer).await?,
            None => tracing::error!(kind = timer.kind, "no handler for timers of this kind; dropped"),
        }
        tx.commit().await?;
        fired += 1;
    }
    Ok(fired)
}
