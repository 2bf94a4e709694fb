//! SQLite: a pool of readers, and one writer that groups commits.
//!
//! A writing transaction is a savepoint inside the open group. When it is done it hands the connection to the next writer
//! in line and waits; the committer thread queues for the same connection, so it commits after everybody who was already
//! waiting, and then acknowledges them all. One fsync serves the group, and nobody is acknowledged before it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, types::ValueRef};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Error, Result, Row, Value, checkpoint, files, trace};

/// SQLite before this version can corrupt a write-ahead log under concurrent checkpoints.
const OLDEST_SQLITE: i32 = 3_051_003;

type Acknowledgement = oneshot::Sender<Result<(), String>>;

pub(crate) struct Writer {
    connection: Connection,
    /// `BEGIN` was issued and not yet committed.
    open: bool,
    /// Finished transactions of the open group, waiting for its commit.
    waiting: Vec<Acknowledgement>,
}

struct Readers {
    connections: std::sync::Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// An open database file.
#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Arc<Mutex<Writer>>,
    readers: Arc<Readers>,
    commit: mpsc::Sender<()>,
    commits: Arc<AtomicU64>,
    pub(crate) path: PathBuf,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, readers: u32) -> Result<Self> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(Error::Unavailable(format!("SQLite {} is too old to be safe; 3.51.3 is needed", rusqlite::version())));
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            files::make_folders(parent).map_err(|error| Error::Unavailable(format!("{}: {error}", parent.display())))?;
        }
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        let checkpoints = checkpoint::watch(&mut connection, path)?;
        let pool = (0..readers.max(1))
            .map(|_| {
                let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                reader.execute_batch("PRAGMA query_only = ON;")?;
                Ok(reader)
            })
            .collect::<Result<Vec<_>>>()?;
        let (commit, requests) = mpsc::channel();
        let writer = Arc::new(Mutex::new(Writer { connection, open: false, waiting: Vec::new() }));
        let commits = Arc::new(AtomicU64::new(0));
        let readers = Arc::new(Readers { permits: Arc::new(Semaphore::new(pool.len())), connections: std::sync::Mutex::new(pool) });
        let (committer, counter) = (Arc::downgrade(&writer), commits.clone());
        std::thread::Builder::new()
            .name("sqlite-commit".to_owned())
            .spawn(move || {
                while requests.recv().is_ok() {
                    // One commit serves every request made so far.
                    while requests.try_recv().is_ok() {}
                    let Some(writer) = committer.upgrade() else { return };
                    commit_group(&mut writer.blocking_lock());
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        checkpoints.start(Arc::downgrade(&writer))?;
        Ok(Self { writer, readers, commit, commits, path: path.to_owned() })
    }

    /// Commits so far, for metrics and benchmarks.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) async fn begin_write(&self) -> Result<WriteGuard> {
        let mut guard = self.writer.clone().lock_owned().await;
        let writer = &mut *guard;
        notice_abort(writer);
        if !writer.open {
            writer.connection.execute_batch("BEGIN IMMEDIATE")?;
            writer.open = true;
        }
        run(&writer.connection, "SAVEPOINT command")?;
        Ok(WriteGuard { guard: Some(guard), commit: self.commit.clone(), since: Instant::now() })
    }

    pub(crate) async fn begin_read(&self) -> Result<ReadGuard> {
        let permit = self.readers.permits.clone().acquire_owned().await.map_err(|_| Error::Unavailable("closed".to_owned()))?;
        let connection = self.readers.connections.lock().expect("the pool is not held across a panic").pop();
        let connection = connection.ok_or_else(|| Error::Unavailable("no reader".to_owned()))?;
        let guard = ReadGuard { connection: Some(connection), readers: self.readers.clone(), _permit: permit };
        run(guard.connection(), "BEGIN")?;
        Ok(guard)
    }
}

pub(crate) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;")?;
    connection.set_prepared_statement_cache_capacity(256);
    // Otherwise the planner looks at bound values, and a statement that it looked at is prepared anew at each execution.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// After an I/O error SQLite may have rolled the whole group back: then nobody in it may be acknowledged.
fn notice_abort(writer: &mut Writer) {
    if writer.open && writer.connection.is_autocommit() {
        writer.open = false;
        acknowledge(writer, Err("the database rolled the transaction back"));
    }
}

pub(crate) fn commit_group(writer: &mut Writer) {
    notice_abort(writer);
    if !writer.open {
        return;
    }
    let outcome = run(&writer.connection, "COMMIT");
    if let Err(error) = &outcome {
        tracing::error!(%error, "commit failed; the group is rolled back");
        let _ = writer.connection.execute_batch("ROLLBACK");
    }
    writer.open = !writer.connection.is_autocommit();
    acknowledge(writer, outcome.map_err(|_| "the database could not write"));
}

fn acknowledge(writer: &mut Writer, outcome: Result<(), &str>) {
    for waiting in writer.waiting.drain(..) {
        // A caller that went away no longer needs to know.
        let _ = waiting.send(outcome.map_err(str::to_owned));
    }
}

/// The writing connection, held for one transaction.
pub(crate) struct WriteGuard {
    guard: Option<OwnedMutexGuard<Writer>>,
    commit: mpsc::Sender<()>,
    since: Instant,
}

/// Everybody else who writes waits for a transaction that is held longer than this.
const LONG: Duration = Duration::from_millis(10);

impl WriteGuard {
    pub(crate) fn connection(&self) -> &Connection {
        &self.guard.as_ref().expect("held until commit or drop").connection
    }

    /// The connection, if the transaction still stands: after an I/O error SQLite may have rolled it back, and a statement that
    /// followed would be committed by itself.
    pub(crate) fn standing(&self) -> Result<&Connection> {
        let connection = self.connection();
        if connection.is_autocommit() {
            return Err(Error::Unavailable("the database rolled the transaction back".to_owned()));
        }
        Ok(connection)
    }

    /// Ends the transaction and waits until its group is durable.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let mut guard = self.guard.take().expect("held until commit or drop");
        let writer = &mut *guard;
        if writer.connection.is_autocommit() {
            notice_abort(writer);
            return Err(Error::Unavailable("the database rolled the transaction back".to_owned()));
        }
        run(&writer.connection, "RELEASE command")?;
        let held = self.since.elapsed();
        if held > LONG {
            tracing::debug!(milliseconds = held.as_millis(), "a transaction held the writer for long");
        }
        let (acknowledgement, durable) = oneshot::channel();
        writer.waiting.push(acknowledgement);
        drop(guard);
        let _ = self.commit.send(());
        match durable.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(Error::Unavailable(reason)),
            Err(_) => Err(Error::Unavailable("the database is closed".to_owned())),
        }
    }
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            if guard.connection.is_autocommit() {
                notice_abort(&mut guard);
            } else if let Err(error) = guard.connection.execute_batch("ROLLBACK TO command; RELEASE command") {
                tracing::error!(%error, "rollback failed");
            }
            drop(guard);
            // The group may be open with others waiting for its commit.
            let _ = self.commit.send(());
        }
    }
}

/// A reading connection with a stable snapshot, returned to the pool on drop.
pub(crate) struct ReadGuard {
    connection: Option<Connection>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl ReadGuard {
    pub(crate) fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("held until drop")
    }
}

impl Drop for ReadGuard {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            if !connection.is_autocommit() {
                let _ = run(&connection, "ROLLBACK");
            }
            self.readers.connections.lock().expect("the pool is not held across a panic").push(connection);
        }
    }
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// `$1` is a *named* parameter to SQLite, numbered by first appearance: bound by its place where those are in order, by its name
/// (which SQLite looks for from the first one on, each time) elsewhere.
fn bind(statement: &mut rusqlite::CachedStatement<'_>, sql: &str, parameters: &[Value]) -> Result<()> {
    let in_order = appear_in_order(sql, parameters.len());
    for (index, value) in parameters.iter().enumerate() {
        let position = if in_order { index + 1 } else { position_of(statement, index + 1)? };
        match value {
            Value::Null => statement.raw_bind_parameter(position, rusqlite::types::Null)?,
            Value::Boolean(it) => statement.raw_bind_parameter(position, it)?,
            Value::Integer(it) => statement.raw_bind_parameter(position, it)?,
            Value::Real(it) => statement.raw_bind_parameter(position, it)?,
            Value::Text(it) => statement.raw_bind_parameter(position, it)?,
            Value::Uuid(it) => statement.raw_bind_parameter(position, it.as_bytes().as_slice())?,
            Value::Blob(it) => statement.raw_bind_parameter(position, it)?,
        }
    }
    Ok(())
}

fn position_of(statement: &rusqlite::CachedStatement<'_>, number: usize) -> Result<usize> {
    let name = format!("${number}");
    statement.parameter_index(&name)?.ok_or_else(|| Error::Statement(format!("parameter {name} is bound but not used")))
}

/// Whether `$1…$count` appear for the first time in this order.
fn appear_in_order(sql: &str, count: usize) -> bool {
    let mut seen = 0;
    for rest in sql.split('$').skip(1) {
        let number =
            rest.bytes().take_while(u8::is_ascii_digit).fold(0, |number: usize, digit| number.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
        match number {
            number if number <= seen => {}
            number if number == seen + 1 => seen = number,
            _ => return false,
        }
    }
    seen == count
}

pub(crate) fn execute(connection: &Connection, sql: &str, parameters: &[Value]) -> Result<u64> {
    trace::executed(sql);
    let mut statement = prepare(connection, sql, parameters)?;
    Ok(statement.raw_execute()? as u64)
}

pub(crate) fn query(connection: &Connection, sql: &str, parameters: &[Value], mut each: impl FnMut(Row) -> Result<bool>) -> Result<()> {
    trace::executed(sql);
    let mut statement = prepare(connection, sql, parameters)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(it) => Value::Integer(it),
                ValueRef::Real(it) => Value::Real(it),
                ValueRef::Text(it) => Value::Text(std::str::from_utf8(it).map_err(|_| Error::Decode("stored text is not UTF-8".to_owned()))?.to_owned()),
                ValueRef::Blob(it) => Value::Blob(it.to_vec()),
            });
        }
        if !each(Row::new(values))? {
            break;
        }
    }
    Ok(())
}

fn prepare<'a>(connection: &'a Connection, sql: &str, parameters: &[Value]) -> Result<rusqlite::CachedStatement<'a>> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| match Error::from(error) {
        Error::Statement(text) => Error::Statement(format!("{text} in: {sql}")),
        other => other,
    })?;
    if statement.parameter_count() != parameters.len() {
        return Err(Error::Statement(format!("{} parameters for {} places in: {sql}", parameters.len(), statement.parameter_count())));
    }
    bind(&mut statement, sql, parameters)?;
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::appear_in_order;

    #[test]
    fn the_order_of_parameters_is_seen() {
        assert!(appear_in_order("SELECT a FROM b WHERE c = $1 AND d = $2 AND e = $1", 2));
        assert!(appear_in_order("SELECT json_extract(a, '$.key') FROM b", 0));
        assert!(!appear_in_order("UPDATE a SET b = $3 WHERE c = $1 AND d = $2", 3));
        assert!(!appear_in_order("SELECT a FROM b WHERE c = $1", 2));
        assert!(appear_in_order("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", 11));
    }
}
