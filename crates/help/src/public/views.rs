//! Views are counted in memory and added to the database every few seconds, so that reading an article writes nothing. A node
//! that is killed loses the views of the last seconds, and only those.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use ennakoi_http::App;
use ennakoi_kernel::Duration as Span;
use ennakoi_store::Result;
use tokio::sync::watch;

use super::{
    centre::Centre,
    store::{self, DayOf},
};

const FLUSH: Duration = Duration::from_secs(3);
/// Flushes between two rounds of forgetting old votes: an hour.
const FORGET_EVERY: u32 = 1_200;
/// How long it is remembered who voted: longer than a page's token is good.
const VOTES_KEPT: Span = Span::days(4);
/// Rows of one transaction.
const ROWS: usize = 1_000;

/// Views that are not in the database yet.
#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<DayOf, i64>>);

impl Views {
    pub(super) fn add(&self, of: DayOf, views: i64) {
        *self.lock().entry(of).or_default() += views;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DayOf, i64>> {
        self.0.lock().expect("not held across a panic")
    }

    /// Adds what was counted to the database. What cannot be added is kept for the next time.
    pub(super) async fn flush(&self, app: &App) {
        let mut counted: Vec<(DayOf, i64)> = std::mem::take(&mut *self.lock()).into_iter().collect();
        // All nodes take rows in one order, or two of them could wait for each other.
        counted.sort_unstable_by_key(|(of, _)| (of.workspace, of.article, of.locale, of.day));
        for rows in counted.chunks(ROWS) {
            if let Err(error) = write(app, rows).await {
                tracing::warn!(%error, "views of articles are kept for a later try");
                for (of, views) in rows {
                    self.add(*of, *views);
                }
            }
        }
    }
}

async fn write(app: &App, rows: &[(DayOf, i64)]) -> Result<()> {
    let mut tx = app.db.begin().await?;
    for (of, views) in rows {
        store::add(&mut tx, *of, *views, 0, 0).await?;
    }
    tx.commit().await
}

async fn forget_votes(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::forget_votes(&mut tx, app.environment.now() - VOTES_KEPT).await?;
    tx.commit().await
}

/// Writes views every few seconds until the program stops, and once more then.
pub(super) async fn run(centre: Centre, app: App, mut stop: watch::Receiver<bool>) {
    let mut turns = 0u32;
    let mut tick = tokio::time::interval(FLUSH);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            _ = tick.tick() => {}
        }
        centre.views().flush(&app).await;
        if turns.is_multiple_of(FORGET_EVERY)
            && let Err(error) = forget_votes(&app).await
        {
            tracing::warn!(%error, "old votes are forgotten later");
        }
        turns = turns.wrapping_add(1);
    }
    centre.views().flush(&app).await;
}
