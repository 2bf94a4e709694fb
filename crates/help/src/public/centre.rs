//! The shelves of this node, and how they are kept true.
//!
//! A request is answered from memory when nothing happened on its workspace's timeline since the shelf was read. Wake-ups of
//! the bus say that something happened; they come from all nodes and are taken in before each answer, so a reader who asks
//! after a publication was acknowledged sees it on the node that published, and on others as soon as the database has told
//! them. A wake-up that is lost costs two seconds: so often the timeline itself is asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use ennakoi_http::App;
use ennakoi_kernel::{Duration, Timestamp, ids::WorkspaceId};
use ennakoi_people::workspaces;
use ennakoi_store::{Result, bus::Wake, timeline};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::{
    shelf::{self, Shelf},
    store,
    views::Views,
};

/// How long a shelf is believed without a look at the timeline.
const BELIEVED: Duration = Duration::seconds(2);
/// After this a shelf is read again even if nothing changed: the most read have.
const OLD: Duration = Duration::minutes(10);
/// Texts that all shelves of this node may hold together.
const TEXTS_MAX: usize = 60_000;

/// The help centres of this node; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Centre(Arc<Inner>);

#[derive(Default)]
struct Inner {
    held: Mutex<Shelves>,
    /// One shelf is read at a time: it is the only heavy thing here.
    reading: tokio::sync::Mutex<()>,
    views: Views,
}

#[derive(Default)]
struct Shelves {
    wakes: Option<Receiver<Wake>>,
    by_slug: HashMap<String, Held>,
    /// As far as each timeline is known to have come.
    heads: HashMap<WorkspaceId, i64>,
}

struct Held {
    shelf: Arc<Shelf>,
    /// Nothing up to here changes the shelf.
    true_to: i64,
    checked_at: Timestamp,
    used_at: Timestamp,
}

enum Look {
    /// It is true now.
    Fresh(Arc<Shelf>),
    /// It was true up to this point of the timeline.
    Check(Arc<Shelf>, i64),
    Absent,
}

impl Centre {
    pub(super) fn views(&self) -> &Views {
        &self.0.views
    }

    /// What the workspace of this name shows; `None` when there is no such workspace.
    pub(super) async fn shelf(&self, app: &App, slug: &str) -> Result<Option<Arc<Shelf>>> {
        let (old, true_to) = match self.look(app, slug) {
            Look::Fresh(shelf) => return Ok(Some(shelf)),
            Look::Check(shelf, true_to) => (Some(shelf), true_to),
            Look::Absent => (None, 0),
        };
        match self.renew(app, slug, old.clone(), true_to).await {
            // A database that is away for a moment does not take the help pages with it.
            Err(error) if old.is_some() => {
                tracing::warn!(%error, "the help centre is shown as it was");
                Ok(old)
            }
            other => other,
        }
    }

    async fn renew(&self, app: &App, slug: &str, old: Option<Arc<Shelf>>, true_to: i64) -> Result<Option<Arc<Shelf>>> {
        let now = app.environment.now();
        if let Some(old) = old.filter(|old| now - old.built_at < OLD) {
            let mut tx = app.db.read().await?;
            let workspace = old.workspace.id;
            let head = timeline::head(&mut tx, workspace).await?;
            if head == true_to || !store::changed(&mut tx, workspace, true_to, head).await? {
                self.believe(slug, head, now);
                return Ok(Some(old));
            }
        }
        let _turn = self.0.reading.lock().await;
        let before = match self.look(app, slug) {
            Look::Fresh(shelf) => return Ok(Some(shelf)),
            Look::Check(shelf, _) => Some(shelf),
            Look::Absent => None,
        };
        let mut tx = app.db.read().await?;
        let Some(workspace) = workspaces::by_slug(&mut tx, slug).await? else { return Ok(None) };
        let shelf = Arc::new(shelf::read(&mut tx, workspace, before, now).await?);
        self.hold(slug, shelf.clone(), now);
        Ok(Some(shelf))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelves> {
        self.0.held.lock().expect("not held across a panic")
    }

    fn look(&self, app: &App, slug: &str) -> Look {
        let now = app.environment.now();
        let mut shelves = self.lock();
        shelves.take_in_wakes(app);
        let Shelves { by_slug, heads, .. } = &mut *shelves;
        let Some(held) = by_slug.get_mut(slug) else { return Look::Absent };
        held.used_at = now;
        let young = (now - held.checked_at) < BELIEVED && now - held.shelf.built_at < OLD;
        let head = heads.get(&held.shelf.workspace.id).copied().unwrap_or(0);
        if young && head <= held.true_to { Look::Fresh(held.shelf.clone()) } else { Look::Check(held.shelf.clone(), held.true_to) }
    }

    fn believe(&self, slug: &str, head: i64, now: Timestamp) {
        if let Some(held) = self.lock().by_slug.get_mut(slug) {
            held.true_to = held.true_to.max(head);
            held.checked_at = now;
        }
    }

    fn hold(&self, slug: &str, shelf: Arc<Shelf>, now: Timestamp) {
        let mut shelves = self.lock();
        let seq = shelf.seq;
        shelves.by_slug.insert(slug.to_owned(), Held { shelf, true_to: seq, checked_at: now, used_at: now });
        while shelves.by_slug.len() > 1 && shelves.by_slug.values().map(|held| held.shelf.texts()).sum::<usize>() > TEXTS_MAX {
            let Some(stalest) = shelves.by_slug.iter().min_by_key(|(_, held)| held.used_at).map(|(slug, _)| slug.clone()) else { break };
            shelves.by_slug.remove(&stalest);
        }
    }
}

impl Shelves {
    /// Notes how far the timelines have come.
    fn take_in_wakes(&mut self, app: &App) {
        // Listening begins before the first shelf is read, so no change falls between.
        let wakes = self.wakes.get_or_insert_with(|| app.db.bus().subscribe());
        let mut missed = false;
        loop {
            match wakes.try_recv() {
                Ok(wake) => {
                    let head = self.heads.entry(wake.workspace).or_default();
                    *head = wake.seq.max(*head);
                }
                Err(TryRecvError::Lagged(_)) => missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if missed {
            self.by_slug.values_mut().for_each(|held| held.checked_at = Timestamp(i64::MIN / 2));
        }
    }
}
