//! Work that fails is tried again, later and later, and done once.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use ennakoi_kernel::{Clock, Duration, Environment, FixedClock, SystemEntropy, Timestamp, ids::WorkspaceId};
use ennakoi_server::migrations;
use ennakoi_store::{
    Db, Options,
    jobs::{self, Handle},
    migrate,
    outbox::{self, Class, NewIntent, State},
    params,
};
use ennakoi_testkit::TestDatabase;
use serde_json::json;

struct Ground {
    db: Db,
    environment: Environment,
    clock: Arc<FixedClock>,
    workspace: WorkspaceId,
    _folder: tempfile::TempDir,
}

impl Ground {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::create(folder.path()).await;
        let db = Db::open(&database.url, Options::default()).await.unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp::from_seconds(1_800_000_000)));
        let environment = Environment::new(clock.clone(), Arc::new(SystemEntropy));
        migrate::migrate(&db, migrations::ALL, environment.now()).await.unwrap();
        let workspace = environment.new_id();
        Self { db, environment, clock, workspace, _folder: folder }
    }

    async fn claim(&self, owner: &str) -> Vec<outbox::Intent> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await.unwrap();
        let claimed = outbox::claim(&mut tx, now, now + Duration::minutes(1), "email", owner, 10).await.unwrap();
        tx.commit().await.unwrap();
        claimed
    }

    async fn finish(&self, intent: &outbox::Intent, owner: &str, state: State, again_at: Option<Timestamp>) {
        let mut tx = self.db.begin().await.unwrap();
        outbox::finish(&mut tx, self.clock.now(), intent.id, owner, state, Some("no answer"), again_at).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn plan(&self, key: &str) -> bool {
        let intent = NewIntent {
            dedupe_key: key,
            class: Class::Transactional,
            transport: "email",
            contact: None,
            payload: json!({}),
            lane: None,
            send_at: self.clock.now(),
        };
        let mut tx = self.db.begin().await.unwrap();
        let planned = outbox::plan(&mut tx, &self.environment, self.workspace, intent).await.unwrap();
        tx.commit().await.unwrap();
        planned.is_some()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_planned_once_claimed_by_one_and_tried_again() {
    let ground = Ground::new().await;
    assert!(ground.plan("tilaus:77").await);
    assert!(!ground.plan("tilaus:77").await, "the same fact is the same letter");
    let first = ground.claim("a").await;
    assert_eq!(first.len(), 1);
    assert!(ground.claim("b").await.is_empty(), "what one holds the other does not get");
    // The holder died: after its lease another takes over, and the dead one's late word counts for nothing.
    ground.clock.advance(Duration::minutes(2));
    let second = ground.claim("b").await;
    assert_eq!((second.len(), second[0].attempts), (1, 2));
    ground.finish(&first[0], "a", State::Failed, None).await;
    let later = ground.clock.now() + Duration::minutes(5);
    ground.finish(&second[0], "b", State::Sent, Some(later)).await;
    assert!(ground.claim("c").await.is_empty(), "not before it is time");
    ground.clock.advance(Duration::minutes(6));
    let third = ground.claim("c").await;
    ground.finish(&third[0], "c", State::Sent, None).await;
    ground.clock.advance(Duration::days(1));
    assert!(ground.claim("d").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_cancelled_only_before_it_is_on_its_way() {
    let ground = Ground::new().await;
    let cancel = async |key: &str| {
        let mut tx = ground.db.begin().await.unwrap();
        let cancelled = outbox::cancel(&mut tx, &ground.environment, ground.workspace, key).await.unwrap();
        tx.commit().await.unwrap();
        cancelled
    };
    ground.plan("a").await;
    assert!(cancel("a").await);
    assert!(!cancel("a").await);
    assert!(!ground.plan("a").await, "a cancelled fact is not planned anew");
    ground.plan("b").await;
    assert_eq!(ground.claim("x").await.len(), 1);
    assert!(!cancel("b").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_waits_longer_each_time_and_is_parked_in_the_end() {
    let ground = Ground::new().await;
    let runs = Arc::new(AtomicI64::new(0));
    let counted = runs.clone();
    let failing: Handle = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err("the other side is down".to_owned()) })
    });
    let handlers = HashMap::from([("call", failing)]);
    let mut tx = ground.db.begin().await.unwrap();
    jobs::schedule(&mut tx, &ground.environment, Some(ground.workspace), "call", json!({}), ground.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut waits = Vec::new();
    let state = async || {
        let row: (i64, bool, i64) = ground.db.read().await.unwrap().one("SELECT attempts, parked, run_at FROM jobs", params![]).await.unwrap();
        row
    };
    loop {
        assert_eq!(jobs::run_due(&ground.db, &ground.environment, &handlers, "node").await.unwrap(), 1);
        assert_eq!(jobs::run_due(&ground.db, &ground.environment, &handlers, "node").await.unwrap(), 0, "not before it is time");
        let (_, parked, run_at) = state().await;
        if parked {
            break;
        }
        waits.push(run_at - ground.clock.now().0);
        ground.clock.advance(Duration(run_at - ground.clock.now().0));
    }
    assert!(waits.is_sorted() && waits.first() < waits.last(), "{waits:?}");
    ground.clock.advance(Duration::days(30));
    assert_eq!(jobs::run_due(&ground.db, &ground.environment, &handlers, "node").await.unwrap(), 0, "a parked job waits for a person");
    assert_eq!(runs.load(Ordering::SeqCst), i64::from(ennakoi_kernel::limits::JOB_ATTEMPTS));
}
