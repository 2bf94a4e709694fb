//! [`Db`] and [`Tx`]: one face for both databases.

use std::path::{Path, PathBuf};

use ennakoi_kernel::{Problem, SPANS, ids::WorkspaceId};
use tracing::{Span, field::Empty};

use crate::{
    Engine, Error, FromRow, FromValue, Result, Row, Value,
    bus::Bus,
    postgres::{self, Postgres},
    shake::shake,
    sqlite::{self, Sqlite},
    trace,
};

/// Sizes of the pools.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Reading connections of SQLite.
    pub readers: u32,
    /// Connections to PostgreSQL.
    pub connections: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 6, connections: 24 }
    }
}

#[derive(Clone)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

/// An open database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    backend: Backend,
    bus: Bus,
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    /// The address is malformed or the database cannot be reached; the text says which.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let backend = if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            Backend::Sqlite(Sqlite::open(Path::new(path), options.readers)?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Backend::Postgres(Box::new(Postgres::open(url, options.connections).await?))
        } else {
            return Err(Error::Unavailable("database.url must start with sqlite: or postgres://".to_owned()));
        };
        let db = Self { backend, bus: Bus::new() };
        if let Backend::Postgres(postgres) = &db.backend {
            db.bus.listen(postgres.config.clone(), postgres.tls.clone());
        }
        Ok(db)
    }

    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// The database file, when it is one.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        match &self.backend {
            Backend::Sqlite(sqlite) => Some(sqlite.path.clone()),
            Backend::Postgres(_) => None,
        }
    }

    /// Durable commits made so far by the embedded database (0 for PostgreSQL, which counts its own).
    #[must_use]
    pub fn commits(&self) -> u64 {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.commits(),
            Backend::Postgres(_) => 0,
        }
    }

    #[must_use]
    pub const fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Tells every node something passing (at most 7,000 bytes). It may be lost; nothing may depend on it.
    pub async fn signal(&self, workspace: WorkspaceId, text: &str) {
        match &self.backend {
            Backend::Sqlite(_) => self.bus.signal(workspace, text),
            Backend::Postgres(postgres) => {
                let told = async {
                    let client = postgres.client().await?;
                    let notify = "SELECT pg_notify('ennakoi_signal', $1)";
                    trace::executed(notify);
                    client.execute(notify, &[&format!("{workspace}:{text}")]).await?;
                    Ok::<_, Error>(())
                };
                if let Err(error) = told.await {
                    tracing::debug!(%error, "a signal was lost");
                }
            }
        }
    }

    /// Begins a writing transaction. It is rolled back unless [`Tx::commit`] is called. Hold it briefly and await nothing but
    /// statements: on SQLite there is one writer.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(&self) -> Result<Tx> {
        let span = self.span("write");
        shake().await;
        let inner = match &self.backend {
            Backend::Sqlite(sqlite) => Inner::SqliteWrite(sqlite.begin_write().await?),
            Backend::Postgres(postgres) => Inner::Postgres(postgres.begin(false).await?),
        };
        Ok(Tx { inner, bus: self.bus.clone(), wakes: Vec::new(), span })
    }

    /// Begins a reading transaction with a stable snapshot.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn read(&self) -> Result<Tx> {
        let span = self.span("read");
        shake().await;
        let inner = match &self.backend {
            Backend::Sqlite(sqlite) => Inner::SqliteRead(sqlite.begin_read().await?),
            Backend::Postgres(postgres) => Inner::Postgres(postgres.begin(true).await?),
        };
        Ok(Tx { inner, bus: self.bus.clone(), wakes: Vec::new(), span })
    }

    /// From asking for the connection until the transaction is over.
    fn span(&self, access: &'static str) -> Span {
        let engine = if self.engine() == Engine::Sqlite { "sqlite" } else { "postgresql" };
        tracing::debug_span!(target: SPANS, "transaction", access, db.system.name = engine, committed = Empty)
    }
}

enum Inner {
    SqliteWrite(sqlite::WriteGuard),
    SqliteRead(sqlite::ReadGuard),
    Postgres(postgres::Transaction),
}

/// A transaction, reading or writing. Dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    inner: Inner,
    bus: Bus,
    wakes: Vec<(WorkspaceId, i64)>,
    span: Span,
}

impl Tx {
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.inner {
            Inner::Postgres(_) => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Commits and, when it is durable, wakes those who follow the changed workspaces.
    ///
    /// # Errors
    /// Nothing was written, except after a lost connection to PostgreSQL, where that is unknown.
    pub async fn commit(self) -> Result<()> {
        let Self { inner, bus, wakes, span } = self;
        match inner {
            Inner::SqliteWrite(guard) => guard.commit().await?,
            Inner::SqliteRead(_) => {}
            Inner::Postgres(transaction) => {
                for (workspace, seq) in &wakes {
                    transaction.execute("SELECT pg_notify('ennakoi', $1)", &[Value::Text(format!("{workspace}:{seq}"))]).await?;
                }
                transaction.commit().await?;
            }
        }
        span.record("committed", true);
        shake().await;
        for (workspace, seq) in wakes {
            bus.wake(workspace, seq);
        }
        Ok(())
    }

    /// After the commit, tells followers and sockets that the workspace has reached `seq`.
    pub(crate) fn wake_after_commit(&mut self, workspace: WorkspaceId, seq: i64) {
        match self.wakes.iter_mut().find(|(known, _)| *known == workspace) {
            Some((_, known)) => *known = seq.max(*known),
            None => self.wakes.push((workspace, seq)),
        }
    }

    /// Runs a statement; returns the number of rows changed.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        refuse_nul(parameters)?;
        match &mut self.inner {
            Inner::SqliteWrite(guard) => sqlite::execute(guard.standing()?, sql, parameters),
            Inner::SqliteRead(guard) => sqlite::execute(guard.connection(), sql, parameters),
            Inner::Postgres(transaction) => transaction.execute(sql, parameters).await,
        }
    }

    /// Hands each row to `each` until it returns `false`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn each(&mut self, sql: &str, parameters: &[Value], each: impl FnMut(Row) -> Result<bool> + Send) -> Result<()> {
        refuse_nul(parameters)?;
        match &mut self.inner {
            Inner::SqliteWrite(guard) => sqlite::query(guard.standing()?, sql, parameters, each),
            Inner::SqliteRead(guard) => sqlite::query(guard.connection(), sql, parameters, each),
            Inner::Postgres(transaction) => transaction.query(sql, parameters, each).await,
        }
    }

    /// All rows. The statement carries a LIMIT unless the table is small by nature.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn all<T: FromRow + Send>(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, parameters, |mut row| {
            rows.push(T::from_row(&mut row)?);
            Ok(true)
        })
        .await?;
        Ok(rows)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn optional<T: FromRow + Send>(&mut self, sql: &str, parameters: &[Value]) -> Result<Option<T>> {
        let mut first = None;
        self.each(sql, parameters, |mut row| {
            if first.is_none() {
                first = Some(T::from_row(&mut row)?);
            }
            // The rest is read and dropped: breaking off would leave an INSERT … RETURNING half done.
            Ok(true)
        })
        .await?;
        Ok(first)
    }

    /// The first row.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none.
    pub async fn one<T: FromRow + Send>(&mut self, sql: &str, parameters: &[Value]) -> Result<T> {
        self.optional(sql, parameters).await?.ok_or(Error::Missing)
    }

    /// The first column of the first row.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no row.
    pub async fn scalar<T: FromValue + Send>(&mut self, sql: &str, parameters: &[Value]) -> Result<T> {
        self.one::<(T,)>(sql, parameters).await.map(|(value,)| value)
    }

    /// Several statements without parameters, for migrations only.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.inner {
            Inner::SqliteWrite(guard) => Ok(guard.connection().execute_batch(sql)?),
            Inner::SqliteRead(guard) => Ok(guard.connection().execute_batch(sql)?),
            Inner::Postgres(transaction) => transaction.batch(sql).await,
        }
    }
}

/// PostgreSQL cannot hold the character NUL in a text, and what came with one is never meant: both databases refuse it alike.
fn refuse_nul(parameters: &[Value]) -> Result<()> {
    match parameters.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0'))) {
        true => Err(Problem::invalid("text_invalid", "a text does not contain the character NUL").into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Db, Tx};

    /// Handlers of the web server need futures that may move between threads.
    #[test]
    fn transactions_travel_between_threads() {
        fn moves<T: Send>(_: &T) {}
        fn check(db: &Db, tx: &mut Tx) {
            moves(&db.begin());
            moves(&tx.execute("", &[]));
            moves(&tx.all::<(i64,)>("", &[]));
        }
        let _ = check;
    }
}
