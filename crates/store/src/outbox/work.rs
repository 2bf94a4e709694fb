//! One loop for everything that is claimed under a lease and then tried: intents of the outbox, deliveries of webhooks, imports.
//!
//! Invariants: what is claimed is tried by nobody else until its lease ends; a slow try holds up no other; when the program stops,
//! what is under way is finished and nothing new is begun.

use std::{future::Future, sync::Arc, time::Duration as StdDuration};

use ennakoi_kernel::{Duration, Environment, Timestamp};
use tokio::{sync::watch, task::JoinSet};

use crate::{Db, Engine, Result, Tx};

/// Rounds after which [`Work::tidy`] is called again.
const TIDY_EVERY: u32 = 1_000;

/// How much is tried at once, and for how long it is claimed.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Tries under way at the same time.
    pub at_once: usize,
    /// Longer than any single try may take.
    pub lease: Duration,
    /// Between two looks when nothing was due.
    pub idle: StdDuration,
}

/// A claim: from when to when, by whom, and how many at most.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub now: Timestamp,
    pub until: Timestamp,
    pub owner: &'a str,
    pub limit: i64,
}

/// What is claimed and tried.
pub trait Work: Send + Sync + 'static {
    type Item: Send + 'static;
    /// For the log.
    fn name(&self) -> &'static str;
    fn pace(&self) -> Pace;
    /// Whether anything is due; asked on a reading connection, so that an idle loop writes nothing.
    fn due<'a>(&'a self, tx: &'a mut Tx, now: Timestamp) -> impl Future<Output = Result<bool>> + Send + 'a;
    /// Claims what is due, in a transaction that is committed before anything is tried.
    fn claim<'a>(&'a self, tx: &'a mut Tx, claim: Claim<'a>) -> impl Future<Output = Result<Vec<Self::Item>>> + Send + 'a;
    /// Tries one and records how it ended. After an error it is tried again when its lease ends.
    fn attempt<'a>(&'a self, owner: &'a str, item: Self::Item) -> impl Future<Output = Result<()>> + Send + 'a;
    /// Takes the leases of a process that is gone. Called at the start, and only where no other process can hold any.
    fn reclaim<'a>(&'a self, _tx: &'a mut Tx) -> impl Future<Output = Result<()>> + Send + 'a {
        async { Ok(()) }
    }
    /// Removes what is old, at the start and from time to time.
    fn tidy(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Claims and tries until `stop` becomes true, and then finishes what is under way.
pub async fn run<W: Work>(db: Db, environment: Environment, work: W, mut stop: watch::Receiver<bool>) {
    let (work, owner) = (Arc::new(work), Arc::<str>::from(environment.token(8)));
    let mut tasks = JoinSet::new();
    let mut round = 0u32;
    if let Err(error) = reclaim(&db, &*work).await {
        tracing::warn!(work = work.name(), %error, "leases of a process that is gone end by themselves");
    }
    while !*stop.borrow() {
        if round.is_multiple_of(TIDY_EVERY)
            && let Err(error) = work.tidy().await
        {
            tracing::warn!(work = work.name(), %error, "what is old was not removed");
        }
        round = round.wrapping_add(1);
        let begun = match begin_due(&db, &environment, &work, &owner, &mut tasks).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::warn!(work = work.name(), %error, "what is due cannot be claimed");
                0
            }
        };
        if begun == 0 {
            tokio::select! {
                _ = stop.changed() => {}
                Some(_) = tasks.join_next() => {}
                () = tokio::time::sleep(work.pace().idle) => {}
            }
        }
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

/// An embedded database has one process: what is claimed when it starts was claimed by one that was killed.
async fn reclaim<W: Work>(db: &Db, work: &W) -> Result<()> {
    if db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    work.reclaim(&mut tx).await?;
    tx.commit().await
}

/// Begins as much as there is room for; returns how many.
async fn begin_due<W: Work>(db: &Db, environment: &Environment, work: &Arc<W>, owner: &Arc<str>, tasks: &mut JoinSet<()>) -> Result<usize> {
    let (now, pace) = (environment.now(), work.pace());
    let room = pace.at_once.saturating_sub(tasks.len());
    if room == 0 || !work.due(&mut db.read().await?, now).await? {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let claim = Claim { now, until: now + pace.lease, owner, limit: i64::try_from(room).unwrap_or(1) };
    let claimed = work.claim(&mut tx, claim).await?;
    tx.commit().await?;
    let count = claimed.len();
    for item in claimed {
        let (work, owner) = (work.clone(), owner.clone());
        tasks.spawn(async move {
            if let Err(error) = work.attempt(&owner, item).await {
                tracing::warn!(work = work.name(), %error, "how a try ended was not stored; it will be tried again");
            }
        });
    }
    Ok(count)
}

/// The waits between the tries of one schedule.
#[derive(Clone, Copy, Debug)]
pub struct Waits(pub &'static [Duration]);

/// The other side may ask for a longer wait than the schedule's, up to this.
pub const LONGEST_WAIT: Duration = Duration::hours(24);

impl Waits {
    /// The wait after the n-th try (from 1), at least as long as the other side `asked` within reason; `None` when it was the last.
    #[must_use]
    pub fn after(self, attempts: i64, asked: Option<Duration>) -> Option<Duration> {
        let wait = usize::try_from(attempts - 1).ok().and_then(|at| self.0.get(at).copied())?;
        Some(Duration(asked.map_or(wait.0, |asked| asked.0.max(wait.0)).min(LONGEST_WAIT.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_ends_and_is_stretched_within_reason() {
        const SHORT: &[Duration] = &[Duration::seconds(5), Duration::minutes(5)];
        let waits = Waits(SHORT);
        assert_eq!(waits.after(1, None), Some(Duration::seconds(5)));
        assert_eq!(waits.after(2, Some(Duration::seconds(1))), Some(Duration::minutes(5)), "sooner is not granted");
        assert_eq!(waits.after(2, Some(Duration::minutes(9))), Some(Duration::minutes(9)));
        assert_eq!(waits.after(1, Some(Duration::days(9))), Some(LONGEST_WAIT));
        assert_eq!(waits.after(3, None), None);
        assert_eq!(waits.after(0, None), None);
    }
}
