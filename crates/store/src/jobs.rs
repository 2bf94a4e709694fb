//! Jobs: work that a transaction asks for and that runs later, at least once. Handlers are idempotent.

use std::{collections::HashMap, sync::Arc, time::Duration as StdDuration};

use ennakoi_kernel::{
    Duration, Environment, SPANS, Timestamp,
    ids::{JobId, WorkspaceId},
    limits,
};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tracing::Instrument;

use crate::{Db, Engine, FromRow, Result, Row, Tx, params};

/// A job taken from the queue.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub workspace: Option<WorkspaceId>,
    pub kind: String,
    pub payload: serde_json::Value,
    pub attempts: i64,
}

impl FromRow for Job {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, workspace: row.take()?, kind: row.take()?, payload: row.take()?, attempts: row.take()? })
    }
}

/// Does the work of one kind of job; an error means "try again later".
pub type Handle = Arc<dyn Fn(Job) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A kind of job and what does it.
#[derive(Clone)]
pub struct JobKind {
    pub kind: &'static str,
    pub handle: Handle,
}

const LEASE: Duration = Duration::minutes(5);
const CLAIM: i64 = 16;
const IDLE: StdDuration = StdDuration::from_millis(500);

/// Puts a job into the queue, inside the transaction that needs it.
///
/// # Errors
/// The database refuses.
pub async fn schedule(
    tx: &mut Tx,
    environment: &Environment,
    workspace: Option<WorkspaceId>,
    kind: &str,
    payload: serde_json::Value,
    run_at: Timestamp,
) -> Result<JobId> {
    let id: JobId = environment.new_id();
    tx.execute(
        "INSERT INTO jobs (id, workspace_id, kind, payload, run_at, attempts, lease_owner, lease_until, last_error, parked) \
         VALUES ($1, $2, $3, $4, $5, 0, NULL, 0, NULL, FALSE)",
        params![id, workspace, kind, payload, run_at],
    )
    .await?;
    Ok(id)
}

/// Runs due jobs until `stop` becomes true.
pub async fn run(db: Db, environment: Environment, kinds: Vec<JobKind>, mut stop: watch::Receiver<bool>) {
    let owner = environment.token(8);
    let handlers: HashMap<&'static str, Handle> = kinds.into_iter().map(|kind| (kind.kind, kind.handle)).collect();
    if let Err(error) = reclaim(&db).await {
        tracing::warn!(%error, "leases of a process that is gone end by themselves");
    }
    while !*stop.borrow() {
        let ran = match run_due(&db, &environment, &handlers, &owner).await {
            Ok(ran) => ran,
            Err(error) => {
                tracing::warn!(%error, "jobs cannot be claimed");
                0
            }
        };
        if ran == 0 {
            tokio::select! { _ = stop.changed() => {}, () = tokio::time::sleep(IDLE) => {} }
        }
    }
}

/// An embedded database has one process: a job that is held when it starts was held by one that was killed.
async fn reclaim(db: &Db) -> Result<()> {
    if db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    tx.execute("UPDATE jobs SET lease_owner = NULL, lease_until = 0 WHERE lease_owner IS NOT NULL", params![]).await?;
    tx.commit().await
}

/// Runs every job that is due now, once; returns how many. For tests and for [`run`].
///
/// # Errors
/// The database refuses.
pub async fn run_due(db: &Db, environment: &Environment, handlers: &HashMap<&'static str, Handle>, owner: &str) -> Result<usize> {
    let now = environment.now();
    let nothing_due = {
        let mut tx = db.read().await?;
        tx.optional::<(i64,)>("SELECT run_at FROM jobs WHERE NOT parked AND run_at <= $1 AND lease_until < $1 LIMIT 1", params![now]).await?.is_none()
    };
    if nothing_due {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let lock = tx.engine().skip_locked();
    let claimed: Vec<Job> = tx
        .all(
            &format!(
                "UPDATE jobs SET lease_owner = $2, lease_until = $3, attempts = attempts + 1 WHERE id IN \
                 (SELECT id FROM jobs WHERE NOT parked AND run_at <= $1 AND lease_until < $1 ORDER BY run_at LIMIT $4{lock}) \
                 RETURNING id, workspace_id, kind, payload, attempts"
            ),
            params![now, owner, now + LEASE, CLAIM],
        )
        .await?;
    tx.commit().await?;
    let count = claimed.len();
    for job in claimed {
        let outcome = match handlers.get(job.kind.as_str()) {
            Some(handle) => {
                let workspace = job.workspace.map(tracing::field::display);
                let span = tracing::info_span!(target: SPANS, "job", kind = job.kind, workspace, attempt = job.attempts);
                handle(job.clone()).instrument(span).await
            }
            None => Err(format!("no handler for jobs of kind {:?}", job.kind)),
        };
        finish(db, environment, owner, &job, outcome).await?;
    }
    Ok(count)
}

async fn finish(db: &Db, environment: &Environment, owner: &str, job: &Job, outcome: Result<(), String>) -> Result<()> {
    let mut tx = db.begin().await?;
    match outcome {
        Ok(()) => {
            tx.execute("DELETE FROM jobs WHERE id = $1 AND lease_owner = $2", params![job.id, owner]).await?;
        }
        Err(error) => {
            let parked = job.attempts >= i64::from(limits::JOB_ATTEMPTS);
            tracing::warn!(kind = job.kind, attempts = job.attempts, parked, error, "job failed");
            tx.execute(
                "UPDATE jobs SET lease_owner = NULL, lease_until = 0, run_at = $3, last_error = $4, parked = $5 WHERE id = $1 AND lease_owner = $2",
                params![job.id, owner, environment.now() + back_off(job.attempts), error, parked],
            )
            .await?;
        }
    }
    tx.commit().await
}

/// 2 s, 4 s, 8 s … at most six hours.
fn back_off(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.clamp(1, 20)).unwrap_or(20);
    Duration::seconds(2i64.pow(exponent).min(6 * 3_600))
}
