//! Signed-in dialogues that rest until the next mail of the same sender.
//!
//! Signing in costs several turns and a handshake, and large providers count connections: a sender has few at once, and keeps one
//! for a moment after a mail. A dialogue belongs to whoever signed in; nobody else's mail goes out by it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{Server, smtp::Dialogue};

/// Dialogues of one sender at once, as the large providers allow.
const AT_ONCE: usize = 3;
/// How long one rests before it is closed. Servers close after a minute or more by themselves.
const REST: Duration = Duration::from_secs(20);
/// Mails that one dialogue carries.
const MAILS: u32 = 50;

/// Whose dialogues these are: who signed in, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sender {
    /// Of the program: a mailbox in its present state, or the installation itself.
    pub(crate) name: String,
    pub(crate) server: Server,
}

struct Resting {
    dialogue: Dialogue,
    carried: u32,
    until: Instant,
}

struct Place {
    room: Arc<Semaphore>,
    resting: Vec<Resting>,
}

#[derive(Default)]
struct State {
    places: HashMap<Sender, Place>,
    swept: bool,
}

/// The dialogues of one program.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<State>>);

/// The right to hold one dialogue of a sender.
pub(crate) struct Turn {
    pool: Pool,
    sender: Sender,
    /// Mails that the dialogue has carried already.
    carried: u32,
    _room: OwnedSemaphorePermit,
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; with it comes a dialogue that rests, if there is one. It may have been closed meanwhile.
    pub(crate) async fn turn(&self, sender: Sender) -> (Turn, Option<Dialogue>) {
        let room = {
            let mut state = self.state();
            let place = state.places.entry(sender.clone()).or_insert_with(|| Place { room: Arc::new(Semaphore::new(AT_ONCE)), resting: Vec::new() });
            place.room.clone()
        };
        let Ok(room) = room.acquire_owned().await else { unreachable!("the room is never closed") };
        let now = Instant::now();
        let resting = self.state().places.get_mut(&sender).and_then(|place| {
            place.resting.retain(|resting| resting.until > now);
            place.resting.pop()
        });
        let carried = resting.as_ref().map_or(0, |resting| resting.carried);
        (Turn { pool: self.clone(), sender, carried, _room: room }, resting.map(|resting| resting.dialogue))
    }

    /// Closes what has rested long enough, until nothing rests.
    fn sweep(&self) {
        if std::mem::replace(&mut self.state().swept, true) {
            return;
        }
        let pool = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(REST / 4).await;
                let (over, empty) = pool.take_over_due(Instant::now());
                for mut resting in over {
                    resting.dialogue.quit().await;
                }
                if empty {
                    return;
                }
            }
        });
    }

    fn take_over_due(&self, now: Instant) -> (Vec<Resting>, bool) {
        let mut state = self.state();
        let mut over = Vec::new();
        for place in state.places.values_mut() {
            let (due, kept) = std::mem::take(&mut place.resting).into_iter().partition(|resting| resting.until <= now);
            place.resting = kept;
            over.extend::<Vec<Resting>>(due);
        }
        // A place that somebody waits at or works in is held by them too.
        state.places.retain(|_, place| !place.resting.is_empty() || Arc::strong_count(&place.room) > 1);
        let empty = state.places.is_empty();
        state.swept = !empty;
        (over, empty)
    }
}

impl Turn {
    /// The dialogue that came with the turn was closed: the next one is new.
    pub(crate) const fn begun_anew(&mut self) {
        self.carried = 0;
    }

    /// Lets a dialogue rest after a mail, or closes it when it has carried enough.
    pub(crate) async fn give_back(self, mut dialogue: Dialogue) {
        let carried = self.carried + 1;
        if carried >= MAILS {
            dialogue.quit().await;
            return;
        }
        let until = Instant::now() + REST;
        if let Some(place) = self.pool.state().places.get_mut(&self.sender) {
            place.resting.push(Resting { dialogue, carried, until });
        }
        self.pool.sweep();
    }
}
