//! The limits: what the same disk and the same database library do with nothing around them.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

fn open(folder: &Path, name: &str) -> Connection {
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    let connection = Connection::open(path).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE conversations (id BLOB PRIMARY KEY, version INTEGER, last_seq INTEGER, last_message_at INTEGER, preview TEXT);
             CREATE TABLE messages (id BLOB PRIMARY KEY, conversation_id BLOB, seq INTEGER, body TEXT, meta TEXT, client_key TEXT, created_at INTEGER);
             CREATE UNIQUE INDEX messages_in_order ON messages (conversation_id, seq);
             CREATE UNIQUE INDEX messages_once ON messages (client_key, conversation_id);
             CREATE TABLE heads (id INTEGER PRIMARY KEY, seq INTEGER);
             CREATE TABLE events (workspace BLOB, seq INTEGER, kind TEXT, payload TEXT, PRIMARY KEY (workspace, seq));
             INSERT INTO heads VALUES (1, 0); INSERT INTO conversations VALUES (x'00', 0, 0, 0, '');",
        )
        .expect("tables");
    connection
}

/// The median time of one durable commit of one row.
pub(crate) fn durable_commit(folder: &Path) -> Duration {
    let connection = open(folder, "commit.db");
    let mut times: Vec<Duration> = (0..200)
        .map(|at| {
            let started = Instant::now();
            connection.execute("UPDATE heads SET seq = ?1 WHERE id = 1", [at]).expect("an update");
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Messages a second of a bare loop that writes the rows of a message (message, event, conversation, head) in groups of one commit.
pub(crate) fn bare_inserts(folder: &Path, group: u64) -> f64 {
    let connection = open(folder, "bare.db");
    let body = "x".repeat(60);
    let payload = "x".repeat(140);
    let (started, mut written) = (Instant::now(), 0i64);
    while started.elapsed() < Duration::from_secs(4) {
        connection.execute_batch("BEGIN IMMEDIATE").expect("begin");
        for _ in 0..group {
            written += 1;
            let id = (u128::from(written.unsigned_abs()).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)).to_be_bytes();
            let statements = [
                ("UPDATE heads SET seq = seq + 1 WHERE id = 1", params![] as &[&dyn rusqlite::ToSql]),
                ("UPDATE conversations SET version = version + 1, last_seq = ?1, last_message_at = ?1, preview = ?2 WHERE id = x'00'", params![written, body]),
                ("INSERT INTO messages VALUES (?1, x'00', ?2, ?3, '{}', ?4, ?2)", params![id, written, body, id]),
                ("INSERT INTO events VALUES (x'00', ?1, 'message.added', ?2)", params![written, payload]),
            ];
            for (sql, parameters) in statements {
                connection.prepare_cached(sql).expect("a statement").execute(parameters).expect("a row");
            }
        }
        connection.execute_batch("COMMIT").expect("commit");
    }
    written as f64 / started.elapsed().as_secs_f64()
}
