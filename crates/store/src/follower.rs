//! Followers: functions that handle every event of a workspace exactly once, in order.
//!
//! A follower has a name and, for each workspace, a stored cursor. Its effects and its cursor commit together; past events that do
//! not concern it, it moves in memory, and the cursor is stored when things calm down. It is leased per workspace, so that one node
//! at a time runs it. A batch that keeps failing is narrowed to one event; an event that
//! still fails is set aside in `follower_failures`, and the company's work goes on.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration as StdDuration,
};

use ennakoi_kernel::{Duration, Environment, SPANS, Timestamp, ids::WorkspaceId, limits};
use futures_util::future::BoxFuture;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::Instant,
};
use tracing::Instrument;

use crate::{
    Db, Engine, Error, Result, Tx, params,
    timeline::{self, Event},
};

/// What a follower does with a batch. It finishes it with [`Batch::begin`] and [`Batch::commit`], or returns without
/// touching the database, which also moves the cursor.
pub type Handle = Arc<dyn Fn(Batch) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A named follower.
#[derive(Clone)]
pub struct Follower {
    pub name: &'static str,
    /// The kinds it handles; others only move its cursor. Empty: all.
    pub kinds: &'static [&'static str],
    pub handle: Handle,
}

/// Some events of one workspace, in order.
#[derive(Clone)]
pub struct Batch {
    pub db: Db,
    pub environment: Environment,
    pub workspace: WorkspaceId,
    pub events: Vec<Event>,
    name: &'static str,
    from: i64,
    to: i64,
    owner: Arc<str>,
    committed: Arc<AtomicBool>,
}

impl Batch {
    /// Begins the transaction that will hold the effects. Anything slow belongs before it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(&self) -> Result<Tx> {
        self.db.begin().await
    }

    /// Moves the cursor and commits it with the effects.
    ///
    /// # Errors
    /// Another node has taken over: nothing of this batch is kept.
    pub async fn commit(&self, mut tx: Tx) -> Result<()> {
        if !move_cursor(&mut tx, self.name, &self.owner, self.workspace, self.from, self.to).await? {
            return Err(Error::Collision(format!("follower {} lost its lease", self.name)));
        }
        tx.commit().await?;
        self.committed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether the cursor stood where it was thought to be, under this lease.
async fn move_cursor(tx: &mut Tx, name: &str, owner: &str, workspace: WorkspaceId, from: i64, to: i64) -> Result<bool> {
    let moved = tx
        .execute(
            "UPDATE followers SET seq = $4, attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END \
             WHERE workspace_id = $1 AND name = $2 AND seq = $3 AND lease_owner = $5",
            params![workspace, name, from, to, owner],
        )
        .await?;
    Ok(moved == 1)
}

/// How far this follower has read past events that do not concern it, without having stored it: a stored cursor for each message
/// that somebody else handles would be most of what a busy server writes. Lost with the process, they are read again.
#[derive(Default)]
struct Ahead {
    /// The stored cursor, and how far has been read.
    read: HashMap<WorkspaceId, (i64, i64)>,
    since: Option<Instant>,
    /// Until when the lease is this node's, as far as it knows; whoever moves the cursor asks the database.
    leases: HashMap<WorkspaceId, Timestamp>,
}

impl Ahead {
    fn start(&self, workspace: WorkspaceId, stored: i64) -> i64 {
        self.read.get(&workspace).filter(|(from, _)| *from == stored).map_or(stored, |(_, to)| *to)
    }

    /// Whether half of the lease is left: then nobody need be asked.
    fn holds(&self, workspace: WorkspaceId, now: Timestamp) -> bool {
        self.leases.get(&workspace).is_some_and(|until| *until > now + Duration(LEASE.0 / 2))
    }

    fn skip(&mut self, workspace: WorkspaceId, stored: i64, to: i64) {
        self.read.insert(workspace, (stored, to));
        self.since.get_or_insert_with(Instant::now);
    }

    /// Soon when it is calm, and once a while when it never is.
    fn due(&self) -> Instant {
        let now = Instant::now();
        self.since.map_or(now + SWEEP, |since| (now + CALM).min(since + LONGEST_AHEAD))
    }

    async fn store(&mut self, db: &Db, name: &str, owner: &str) -> Result<()> {
        self.since = None;
        if self.read.is_empty() {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        for (workspace, (from, to)) in self.read.drain() {
            // Another node may have the lease by now, and has its own idea of the cursor.
            move_cursor(&mut tx, name, owner, workspace, from, to).await?;
        }
        tx.commit().await
    }
}

/// Each failure quarters the batch, each success widens it again; a single event that still fails after this many attempts is
/// set aside.
const PATIENCE: i64 = 8;
/// Events that are looked through for those of one follower in one piece.
const STRETCH: i64 = 4_096;
const LEASE: Duration = Duration::seconds(30);
/// Between two looks: who finds nothing to do for longer than this begins at once, and on a busy server one look, and one
/// transaction, serves the messages of several groups.
const SPACING: StdDuration = StdDuration::from_millis(20);
/// How often everybody looks for missed wake-ups.
const SWEEP: StdDuration = StdDuration::from_secs(5);
/// A cursor that was moved in memory is stored after this much calm, or this long after the first move.
const CALM: StdDuration = StdDuration::from_millis(30);
const LONGEST_AHEAD: StdDuration = StdDuration::from_secs(1);

/// Runs one follower until `stop` becomes true.
pub async fn run(db: Db, environment: Environment, follower: Follower, mut stop: watch::Receiver<bool>) {
    let owner: Arc<str> = environment.token(8).into();
    if let Err(error) = reclaim(&db, follower.name).await {
        tracing::warn!(follower = follower.name, %error, "the lease of a process that is gone ends by itself");
    }
    let mut wakes = db.bus().subscribe();
    let mut pending: HashSet<WorkspaceId> = HashSet::new();
    let mut ahead = Ahead::default();
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = Instant::now() - SPACING;
    loop {
        if !pending.is_empty() {
            tokio::time::sleep_until(last + SPACING).await;
            last = Instant::now();
        }
        for workspace in std::mem::take(&mut pending) {
            loop {
                match advance(&db, &environment, &follower, &owner, workspace, &mut ahead).await {
                    Ok(Progress::More) => {}
                    // What comes after wakes again.
                    Ok(Progress::Level | Progress::Done) => break,
                    Err(error) => {
                        ahead.leases.remove(&workspace);
                        tracing::warn!(follower = follower.name, %workspace, %error, "follower failed; it will try again");
                        break;
                    }
                }
                if *stop.borrow() {
                    break;
                }
            }
        }
        tokio::select! {
            _ = stop.changed() => break,
            wake = wakes.recv() => match wake {
                Ok(wake) => {
                    pending.insert(wake.workspace);
                    while let Ok(wake) = wakes.try_recv() { pending.insert(wake.workspace); }
                }
                Err(RecvError::Lagged(_)) => pending.extend(behind(&db, follower.name).await),
                Err(RecvError::Closed) => break,
            },
            _ = sweep.tick() => pending.extend(behind(&db, follower.name).await),
            () = tokio::time::sleep_until(ahead.due()), if ahead.since.is_some() => {
                if let Err(error) = ahead.store(&db, follower.name, &owner).await {
                    tracing::debug!(follower = follower.name, %error, "a cursor is stored later");
                }
            }
        }
    }
    if let Err(error) = ahead.store(&db, follower.name, &owner).await {
        tracing::debug!(follower = follower.name, %error, "events that concern nobody will be read again");
    }
    release(&db, follower.name, &owner).await;
}

enum Progress {
    /// A batch is handled, and there was more.
    More,
    /// A batch is handled, and it was the last when it was read.
    Level,
    /// There was nothing to do, or it is another node's.
    Done,
}

/// Handles all that is there. For tests and tools, which run followers to the end without tasks.
///
/// # Errors
/// The handler or the database failed; the cursor has not moved.
pub async fn catch_up(db: &Db, environment: &Environment, follower: &Follower, workspace: WorkspaceId) -> Result<()> {
    let owner: Arc<str> = environment.token(8).into();
    let mut ahead = Ahead::default();
    let outcome = loop {
        match advance(db, environment, follower, &owner, workspace, &mut ahead).await {
            Ok(Progress::More | Progress::Level) => {}
            Ok(Progress::Done) => break ahead.store(db, follower.name, &owner).await,
            Err(error) => break Err(error),
        }
    };
    release(db, follower.name, &owner).await;
    outcome
}

async fn advance(db: &Db, environment: &Environment, follower: &Follower, owner: &Arc<str>, workspace: WorkspaceId, ahead: &mut Ahead) -> Result<Progress> {
    let mut tx = db.read().await?;
    let Some((from, attempts, head)) = peek(&mut tx, follower.name, workspace).await? else { return Ok(Progress::Done) };
    let start = ahead.start(workspace, from);
    if start >= head {
        return Ok(Progress::Done);
    }
    let now = environment.now();
    if !ahead.holds(workspace, now) {
        drop(tx);
        if !lease(db, now, follower.name, owner, workspace).await? {
            return Ok(Progress::Done);
        }
        ahead.leases.insert(workspace, now + LEASE);
        tx = db.read().await?;
    }
    let limit = (limits::FOLLOWER_BATCH >> (2 * attempts.min(30))).max(1);
    let until = head.min(start + STRETCH);
    let events = timeline::of_kinds(&mut tx, workspace, start, until, follower.kinds, limit).await?;
    drop(tx);
    let full = i64::try_from(events.len()).is_ok_and(|read| read >= limit);
    let to = events.last().filter(|_| full).map_or(until, |event| event.seq);
    let progress = if to < head { Progress::More } else { Progress::Level };
    if events.is_empty() {
        ahead.skip(workspace, from, to);
        return Ok(progress);
    }
    let committed = Arc::new(AtomicBool::new(false));
    let (name, owner) = (follower.name, owner.clone());
    let batch = Batch { db: db.clone(), environment: environment.clone(), workspace, events, name, from, to, owner, committed };
    let span = tracing::info_span!(target: SPANS, "follower", name = follower.name, %workspace, events = batch.events.len());
    match (follower.handle)(batch.clone()).instrument(span).await {
        // A handler that committed has moved the cursor; one that wrote nothing has nothing to repeat but its reading.
        Ok(()) if batch.committed.load(Ordering::Relaxed) => {
            ahead.read.remove(&workspace);
            Ok(progress)
        }
        Ok(()) => {
            ahead.skip(workspace, from, to);
            Ok(progress)
        }
        Err(error) => {
            let alone = (limit == 1 && attempts >= PATIENCE).then_some(to);
            fail(db, environment, name, &batch.owner, workspace, alone, &error).await?;
            Err(error)
        }
    }
}

async fn peek(tx: &mut Tx, name: &str, workspace: WorkspaceId) -> Result<Option<(i64, i64, i64)>> {
    tx.optional(
        "SELECT COALESCE(f.seq, 0), COALESCE(f.attempts, 0), h.seq FROM timeline_heads h \
         LEFT JOIN followers f ON f.workspace_id = h.workspace_id AND f.name = $2 WHERE h.workspace_id = $1",
        params![workspace, name],
    )
    .await
}

async fn behind(db: &Db, name: &str) -> Vec<WorkspaceId> {
    let found = async {
        let mut tx = db.read().await?;
        tx.all::<(WorkspaceId,)>(
            "SELECT h.workspace_id FROM timeline_heads h LEFT JOIN followers f ON f.workspace_id = h.workspace_id AND f.name = $1 \
             WHERE h.seq > COALESCE(f.seq, 0) LIMIT 10000",
            params![name],
        )
        .await
    };
    match found.await {
        Ok(rows) => rows.into_iter().map(|(workspace,)| workspace).collect(),
        Err(error) => {
            tracing::warn!(%error, "cannot look for workspaces to follow");
            Vec::new()
        }
    }
}

async fn lease(db: &Db, now: Timestamp, name: &str, owner: &str, workspace: WorkspaceId) -> Result<bool> {
    let mut tx = db.begin().await?;
    let taken = tx
        .execute(
            "INSERT INTO followers (workspace_id, name, seq, attempts, lease_owner, lease_until) VALUES ($1, $2, 0, 0, $3, $4) \
             ON CONFLICT (workspace_id, name) DO UPDATE SET lease_owner = $3, lease_until = $4 \
             WHERE followers.lease_owner IS NULL OR followers.lease_owner = $3 OR followers.lease_until < $5",
            params![workspace, name, owner, now + LEASE, now],
        )
        .await?;
    tx.commit().await?;
    Ok(taken == 1)
}

/// An embedded database has one process: a lease that is found when it starts was held by one that was killed.
async fn reclaim(db: &Db, name: &str) -> Result<()> {
    if db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let held: Option<(i64,)> = db.read().await?.optional("SELECT 1 FROM followers WHERE name = $1 AND lease_owner IS NOT NULL LIMIT 1", params![name]).await?;
    if held.is_none() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    tx.execute("UPDATE followers SET lease_owner = NULL WHERE name = $1 AND lease_owner IS NOT NULL", params![name]).await?;
    tx.commit().await
}

async fn release(db: &Db, name: &str, owner: &str) {
    let released = async {
        let mut tx = db.begin().await?;
        tx.execute("UPDATE followers SET lease_owner = NULL WHERE name = $1 AND lease_owner = $2", params![name, owner]).await?;
        tx.commit().await
    };
    if let Err(error) = released.await {
        tracing::debug!(%error, "a follower's lease will expire by itself");
    }
}

/// Counts a failure, or sets aside the one event that keeps failing.
async fn fail(db: &Db, environment: &Environment, name: &str, owner: &str, workspace: WorkspaceId, alone: Option<i64>, error: &Error) -> Result<()> {
    let mut tx = db.begin().await?;
    if let Some(event) = alone {
        tracing::error!(follower = name, %workspace, seq = event, %error, "event set aside");
        tx.execute(
            "INSERT INTO follower_failures (workspace_id, name, seq, error, failed_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (workspace_id, name, seq) DO UPDATE SET error = $4, failed_at = $5",
            params![workspace, name, event, error.to_string(), environment.now()],
        )
        .await?;
        tx.execute(
            "UPDATE followers SET seq = $3, attempts = 0 WHERE workspace_id = $1 AND name = $2 AND lease_owner = $4",
            params![workspace, name, event, owner],
        )
        .await?;
    } else {
        tx.execute("UPDATE followers SET attempts = attempts + 1 WHERE workspace_id = $1 AND name = $2 AND lease_owner = $3", params![workspace, name, owner])
            .await?;
    }
    tx.commit().await
}
