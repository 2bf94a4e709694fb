//! The data layer on both databases.

use std::sync::Arc;

use ennakoi_kernel::{Environment, ids::WorkspaceId};
use ennakoi_server::migrations;
use ennakoi_store::{
    Db, Engine, Error, Options,
    follower::{self, Follower},
    migrate, params, search,
    timeline::{self, Actor, NewEvent},
};
use ennakoi_testkit::TestDatabase;
use serde_json::json;

struct Fixture {
    db: Db,
    environment: Environment,
    _folder: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::create(folder.path()).await;
    let db = Db::open(&database.url, Options::default()).await.unwrap();
    let environment = Environment::system();
    migrate::migrate(&db, migrations::ALL, environment.now()).await.unwrap();
    Fixture { db, environment, _folder: folder }
}

impl Fixture {
    async fn workspace(&self) -> WorkspaceId {
        let workspace = self.environment.new_id();
        let mut tx = self.db.begin().await.unwrap();
        timeline::open(&mut tx, workspace).await.unwrap();
        tx.commit().await.unwrap();
        workspace
    }

    async fn append(&self, workspace: WorkspaceId, count: usize) -> i64 {
        let mut tx = self.db.begin().await.unwrap();
        let events = (0..count).map(|n| NewEvent::new("thing.happened", Actor::System, json!({ "n": n }))).collect();
        let head = timeline::append(&mut tx, &self.environment, workspace, events).await.unwrap();
        tx.commit().await.unwrap();
        head
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_gapless_and_in_commit_order_under_concurrency() {
    let fixture = Arc::new(fixture().await);
    let workspace = fixture.workspace().await;
    let writers = (0..8).map(|writer| {
        let fixture = fixture.clone();
        tokio::spawn(async move {
            for round in 0..20 {
                // Every third transaction is given up: it must leave no gap.
                if (writer + round) % 3 == 0 {
                    let mut tx = fixture.db.begin().await.unwrap();
                    let events = vec![NewEvent::new("thing.happened", Actor::Bot, json!({}))];
                    timeline::append(&mut tx, &fixture.environment, workspace, events).await.unwrap();
                    drop(tx);
                } else {
                    fixture.append(workspace, 1 + round % 3).await;
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut tx = fixture.db.read().await.unwrap();
    let events = timeline::after(&mut tx, workspace, 0, 10_000).await.unwrap();
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(timeline::head(&mut tx, workspace).await.unwrap(), i64::try_from(events.len()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_statement_leaves_nothing_of_its_transaction_and_hurts_no_other() {
    let fixture = fixture().await;
    let workspace = fixture.workspace().await;
    let mut good = fixture.db.begin().await.unwrap();
    good.execute("INSERT INTO timers (workspace_id, timer_key, kind, payload, due_at) VALUES ($1, 'a', 'k', '{}', 1)", params![workspace]).await.unwrap();
    good.commit().await.unwrap();
    let mut bad = fixture.db.begin().await.unwrap();
    bad.execute("INSERT INTO timers (workspace_id, timer_key, kind, payload, due_at) VALUES ($1, 'b', 'k', '{}', 1)", params![workspace]).await.unwrap();
    let refused = bad.execute("INSERT INTO timers (workspace_id, timer_key, kind, payload, due_at) VALUES ($1, 'a', 'k', '{}', 1)", params![workspace]).await;
    assert!(matches!(refused, Err(Error::Constraint(_))), "{refused:?}");
    drop(bad);
    let mut tx = fixture.db.read().await.unwrap();
    let keys: Vec<(String,)> = tx.all("SELECT timer_key FROM timers WHERE workspace_id = $1", params![workspace]).await.unwrap();
    assert_eq!(keys, [("a".to_owned(),)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_keeps_its_snapshot() {
    let fixture = fixture().await;
    let workspace = fixture.workspace().await;
    fixture.append(workspace, 1).await;
    let mut reader = fixture.db.read().await.unwrap();
    assert_eq!(timeline::head(&mut reader, workspace).await.unwrap(), 1);
    fixture.append(workspace, 1).await;
    assert_eq!(timeline::head(&mut reader, workspace).await.unwrap(), 1);
    drop(reader);
    assert_eq!(timeline::head(&mut fixture.db.read().await.unwrap(), workspace).await.unwrap(), 2);
}

/// Counts events into a timer row, and fails on the event numbered `poison`.
fn counting(poison: Option<i64>) -> Follower {
    Follower {
        name: "counting",
        kinds: &["thing.happened"],
        handle: Arc::new(move |batch| {
            Box::pin(async move {
                let mut tx = batch.begin().await?;
                for event in &batch.events {
                    tx.execute(
                        "INSERT INTO timers (workspace_id, timer_key, kind, payload, due_at) VALUES ($1, 'count', 'k', '{}', 1) \
                         ON CONFLICT (workspace_id, timer_key) DO UPDATE SET due_at = timers.due_at + 1",
                        params![batch.workspace],
                    )
                    .await?;
                    if Some(event.seq) == poison {
                        return Err(Error::Other("poison".to_owned()));
                    }
                }
                batch.commit(tx).await
            })
        }),
    }
}

async fn counted(fixture: &Fixture, workspace: WorkspaceId) -> i64 {
    let mut tx = fixture.db.read().await.unwrap();
    tx.optional::<(i64,)>("SELECT due_at FROM timers WHERE workspace_id = $1 AND timer_key = 'count'", params![workspace]).await.unwrap().map_or(0, |(n,)| n)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_handles_every_event_once_and_sets_a_poisonous_one_aside() {
    let fixture = fixture().await;
    let workspace = fixture.workspace().await;
    fixture.append(workspace, 700).await;
    let poisoned = counting(Some(650));
    let mut failures = 0;
    while follower::catch_up(&fixture.db, &fixture.environment, &poisoned, workspace).await.is_err() {
        failures += 1;
        assert!(failures < 50, "the poisonous event is never set aside");
    }
    assert_eq!(counted(&fixture, workspace).await, 699);
    let mut tx = fixture.db.read().await.unwrap();
    let aside: Vec<(i64, String)> = tx.all("SELECT seq, error FROM follower_failures WHERE workspace_id = $1", params![workspace]).await.unwrap();
    assert_eq!(aside, [(650, "poison".to_owned())]);
    drop(tx);
    // Running again changes nothing.
    follower::catch_up(&fixture.db, &fixture.environment, &counting(None), workspace).await.unwrap();
    assert_eq!(counted(&fixture, workspace).await, 699);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_a_follower_without_doing_anything_twice() {
    let fixture = fixture().await;
    let workspace = fixture.workspace().await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let nodes: Vec<_> = (0..2).map(|_| tokio::spawn(follower::run(fixture.db.clone(), fixture.environment.clone(), counting(None), stopped.clone()))).collect();
    let mut head = 0;
    for _ in 0..40 {
        head = fixture.append(workspace, 3).await;
    }
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while counted(&fixture, workspace).await < head && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    for node in nodes {
        node.await.unwrap();
    }
    assert_eq!(counted(&fixture, workspace).await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_own_documents_newest_first_by_whole_words_and_prefix() {
    let fixture = fixture().await;
    let (ours, theirs) = (fixture.workspace().await, fixture.workspace().await);
    let mut tx = fixture.db.begin().await.unwrap();
    let ids: Vec<uuid::Uuid> = (0..3).map(|_| fixture.environment.new_uuid()).collect();
    for (at, (id, words)) in ids.iter().zip(["paket viivästy", "paket rikki", "lasku"]).enumerate() {
        let document = search::Document { kind: "message", id: *id, parent: None, occurred_at: ennakoi_kernel::Timestamp(i64::try_from(at).unwrap()), words };
        search::index(&mut tx, ours, &document).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = fixture.db.read().await.unwrap();
    let mut found = async |workspace, words: &[&str], last| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let hits = search::find(&mut tx, workspace, "message", &words, last, i64::MAX, 10).await.unwrap();
        hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    assert_eq!(found(ours, &["paket"], search::LastWord::Whole).await, [ids[1], ids[0]]);
    assert_eq!(found(ours, &["paket", "viiv"], search::LastWord::Prefix).await, [ids[0]]);
    assert!(found(ours, &["viiv"], search::LastWord::Whole).await.is_empty());
    assert!(found(theirs, &["paket"], search::LastWord::Whole).await.is_empty());
    assert!(found(ours, &["\" OR *", "'; DROP"], search::LastWord::Prefix).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_migration_and_a_newer_database_are_refused() {
    let fixture = fixture().await;
    let mut changed = migrations::ALL.to_vec();
    changed[0].sqlite = "SELECT 1";
    changed[0].postgres = "SELECT 1";
    let refused = migrate::migrate(&fixture.db, &changed, fixture.environment.now()).await.unwrap_err().to_string();
    assert!(refused.contains("was changed"), "{refused}");
    let refused = migrate::migrate(&fixture.db, &migrations::ALL[..1], fixture.environment.now()).await.unwrap_err().to_string();
    assert!(refused.contains("newer program"), "{refused}");
}

/// SQLite alone: PostgreSQL gathers its own statistics.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_rows_are_looked_up_by_the_customer() {
    let fixture = fixture().await;
    if fixture.db.engine() == Engine::Postgres {
        return;
    }
    // A connection that was open before the statistics were written, like all readers.
    let mut tx = fixture.db.read().await.unwrap();
    let plan: Vec<(i64, i64, i64, String)> = tx
        .all(
            "EXPLAIN QUERY PLAN SELECT id FROM orders WHERE workspace_id = $1 AND contact_id IN ($2, $3) ORDER BY placed_at DESC, id DESC LIMIT $4",
            params![1, 2, 3, 4],
        )
        .await
        .unwrap();
    assert!(plan[0].3.contains("orders_of_contact (workspace_id=? AND contact_id=?)"), "{plan:?}");
    drop(tx);
    // Told once, they stand: a second start writes nothing.
    let before: Vec<(String, String)> = fixture.db.read().await.unwrap().all("SELECT idx, stat FROM sqlite_stat1 ORDER BY idx", params![]).await.unwrap();
    let commits = fixture.db.commits();
    migrate::migrate(&fixture.db, migrations::ALL, fixture.environment.now()).await.unwrap();
    let after: Vec<(String, String)> = fixture.db.read().await.unwrap().all("SELECT idx, stat FROM sqlite_stat1 ORDER BY idx", params![]).await.unwrap();
    assert!(before.len() > 100 && before == after && fixture.db.commits() <= commits + 1);
}
