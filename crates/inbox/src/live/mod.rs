//! Live screens: what happens on the timeline reaches every open socket of the workspace.
//!
//! The hub reads each workspace's timeline once per node, however many sockets are open, looks up what the events touched, and
//! hands the same [`Change`] to everybody concerned. A socket that cannot keep up is dropped: its client reconnects and resumes
//! from the last sequence number it saw. So the state of a client that applies changes by "newer version wins" equals a fresh
//! one, whatever was lost, doubled or late.

pub mod api;
mod change;
pub mod connected;
mod presence;
mod socket;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ennakoi_http::App;
use ennakoi_kernel::{
    ids::{ConversationId, WorkspaceId},
    limits,
};
use ennakoi_store::{Db, Result, bus::Signal, timeline};
use tokio::{
    sync::{broadcast::error::RecvError, mpsc, watch},
    time::Instant,
};

pub use change::{Change, EventBrief, build, build_frame};
pub use presence::{Ephemeral, Mode, Typist};

/// Notices that wait for one slow socket before it is dropped.
const BACKLOG: usize = 64;
/// How often the hub looks for missed wake-ups.
const SWEEP: Duration = Duration::from_secs(2);

/// Between two readings: what is written within this time is told together.
const SPACING: Duration = Duration::from_millis(5);

/// What a socket is told.
#[derive(Clone, Debug)]
pub enum Notice {
    Change(Arc<Change>),
    Ephemeral(Arc<Ephemeral>),
}

/// What a socket listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Everything of the workspace: staff.
    Workspace,
    /// One conversation: its customer.
    Conversation(ConversationId),
}

/// All live sockets of this node; cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Default)]
struct Shared {
    workspaces: Mutex<HashMap<WorkspaceId, Listeners>>,
    presence: Mutex<presence::Presence>,
    next: AtomicU64,
}

struct Listeners {
    /// The last event that was handed on.
    seq: i64,
    topics: HashMap<Topic, HashMap<u64, mpsc::Sender<Notice>>>,
}

impl Listeners {
    fn send(&mut self, topic: Topic, notice: &Notice) {
        let Some(sockets) = self.topics.get_mut(&topic) else { return };
        // Dropping the sender ends the socket; its client resumes.
        sockets.retain(|_, sender| sender.try_send(notice.clone()).is_ok());
    }
}

/// A place in the hub; given back when dropped.
pub struct Subscription {
    hub: Hub,
    workspace: WorkspaceId,
    topic: Topic,
    number: u64,
    pub receiver: mpsc::Receiver<Notice>,
    /// Everything after this event arrives through `receiver`.
    pub seq: i64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(self.workspace, self.topic, self.number);
    }
}

impl Hub {
    /// Listens from now on.
    ///
    /// # Errors
    /// The workspace has no timeline, or the database refuses.
    pub async fn subscribe(&self, db: &Db, workspace: WorkspaceId, topic: Topic) -> Result<Subscription> {
        // Read before registering: the hub may be ahead of it, never behind, so nothing between the two is lost.
        let head = timeline::head(&mut db.read().await?, workspace).await?;
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mut workspaces = self.lock();
        let listeners = workspaces.entry(workspace).or_insert_with(|| Listeners { seq: head, topics: HashMap::new() });
        listeners.topics.entry(topic).or_default().insert(number, sender);
        Ok(Subscription { hub: self.clone(), workspace, topic, number, receiver, seq: listeners.seq })
    }

    /// Open sockets of this node.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.lock().values().flat_map(|listeners| listeners.topics.values()).map(HashMap::len).sum()
    }

    /// Who looks at a conversation now.
    #[must_use]
    pub fn present(&self, workspace: WorkspaceId, conversation: ConversationId, now: ennakoi_kernel::Timestamp) -> Vec<presence::Person> {
        self.0.presence.lock().expect("not held across a panic").of(workspace, conversation, now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, Listeners>> {
        self.0.workspaces.lock().expect("not held across a panic")
    }

    fn leave(&self, workspace: WorkspaceId, topic: Topic, number: u64) {
        let mut workspaces = self.lock();
        let Some(listeners) = workspaces.get_mut(&workspace) else { return };
        if let Some(sockets) = listeners.topics.get_mut(&topic) {
            sockets.remove(&number);
            if sockets.is_empty() {
                listeners.topics.remove(&topic);
            }
        }
        if listeners.topics.is_empty() {
            workspaces.remove(&workspace);
        }
    }

    fn send(&self, workspace: WorkspaceId, topic: Topic, notice: &Notice) {
        let mut workspaces = self.lock();
        if let Some(listeners) = workspaces.get_mut(&workspace) {
            listeners.send(topic, notice);
        }
    }

    /// Follows the timelines of all workspaces that somebody listens to, until `stop` becomes true.
    pub async fn run(self, app: App, mut stop: watch::Receiver<bool>) {
        let (mut wakes, mut signals) = (app.db.bus().subscribe(), app.db.bus().signals());
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last = Instant::now() - SPACING;
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                wake = wakes.recv() => match wake {
                    Ok(wake) => {
                        tokio::time::sleep_until(last + SPACING).await;
                        last = Instant::now();
                        // A group of commits wakes once for each of its writers; what they wrote is read together.
                        let mut awake = HashSet::from([wake.workspace]);
                        while let Ok(wake) = wakes.try_recv() {
                            awake.insert(wake.workspace);
                        }
                        for workspace in awake {
                            self.advance(&app, workspace).await;
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.advance_all(&app).await,
                    Err(RecvError::Closed) => return,
                },
                signal = signals.recv() => if let Ok(signal) = signal { self.pass_on(&app, &signal) },
                _ = sweep.tick() => {
                    self.advance_all(&app).await;
                    self.forget_absent(&app);
                }
            }
        }
    }

    async fn advance_all(&self, app: &App) {
        let workspaces: Vec<WorkspaceId> = self.lock().keys().copied().collect();
        for workspace in workspaces {
            self.advance(app, workspace).await;
        }
    }

    async fn advance(&self, app: &App, workspace: WorkspaceId) {
        loop {
            let Some(seq) = self.lock().get(&workspace).map(|listeners| listeners.seq) else { return };
            match self.read(app, workspace, seq).await {
                Ok(Some(change)) => self.hand_on(workspace, seq, change),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%workspace, %error, "live screens are behind; trying again soon");
                    return;
                }
            }
        }
    }

    async fn read(&self, app: &App, workspace: WorkspaceId, seq: i64) -> Result<Option<Arc<Change>>> {
        let mut tx = app.db.read().await?;
        let events = timeline::after(&mut tx, workspace, seq, limits::EVENTS_PAGE).await?;
        if events.is_empty() {
            return Ok(None);
        }
        Ok(Some(Arc::new(build_frame(&mut tx, workspace, events).await?)))
    }

    /// Moves the place of the workspace from `from` to the end of the change, and hands it to those who listen, in one step. Nothing
    /// happens when the place is another one by now: everybody had left, and who came then begins elsewhere.
    fn hand_on(&self, workspace: WorkspaceId, from: i64, change: Arc<Change>) {
        let conversations: Vec<ConversationId> = change.conversations.iter().map(|row| row.id).collect();
        let passing: Vec<Notice> = change.availability.iter().cloned().map(|told| Notice::Ephemeral(Arc::new(told))).collect();
        let mut workspaces = self.lock();
        let Some(listeners) = workspaces.get_mut(&workspace).filter(|listeners| listeners.seq == from) else { return };
        listeners.seq = change.seq;
        let notice = Notice::Change(change);
        listeners.send(Topic::Workspace, &notice);
        for told in &passing {
            listeners.send(Topic::Workspace, told);
        }
        for conversation in conversations {
            listeners.send(Topic::Conversation(conversation), &notice);
        }
    }

    fn pass_on(&self, app: &App, signal: &Signal) {
        let Ok(ephemeral) = serde_json::from_str::<Ephemeral>(&signal.text) else { return };
        let told = match ephemeral {
            Ephemeral::Looking { person, conversation } => {
                let now = app.environment.now();
                let changed = self.0.presence.lock().expect("not held across a panic").see(signal.workspace, person, conversation, now);
                for conversation in changed {
                    self.tell_presence(app, signal.workspace, conversation);
                }
                return;
            }
            other => other,
        };
        let conversation = told.conversation();
        let notice = Notice::Ephemeral(Arc::new(told));
        self.send(signal.workspace, Topic::Workspace, &notice);
        if let Some(conversation) = conversation {
            self.send(signal.workspace, Topic::Conversation(conversation), &notice);
        }
    }

    fn tell_presence(&self, app: &App, workspace: WorkspaceId, conversation: ConversationId) {
        let people = self.present(workspace, conversation, app.environment.now());
        self.send(workspace, Topic::Workspace, &Notice::Ephemeral(Arc::new(Ephemeral::Presence { conversation, people })));
    }

    fn forget_absent(&self, app: &App) {
        let gone = self.0.presence.lock().expect("not held across a panic").expire(app.environment.now());
        for (workspace, conversation) in gone {
            self.tell_presence(app, workspace, conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::Environment;

    use super::*;

    #[test]
    fn who_came_while_the_hub_read_hears_nothing_twice() {
        let (hub, workspace): (Hub, WorkspaceId) = (Hub::default(), Environment::system().new_id());
        let (sender, mut receiver) = mpsc::channel(BACKLOG);
        // Everybody had left while the hub read on from 3; whoever came then has had everything up to 5.
        let topics = HashMap::from([(Topic::Workspace, HashMap::from([(1, sender)]))]);
        hub.lock().insert(workspace, Listeners { seq: 5, topics });
        hub.hand_on(workspace, 3, Arc::new(Change::to(6)));
        assert!(receiver.try_recv().is_err());
        hub.hand_on(workspace, 5, Arc::new(Change::to(6)));
        assert!(matches!(receiver.try_recv(), Ok(Notice::Change(change)) if change.seq == 6));
        assert!(receiver.try_recv().is_err());
    }
}
