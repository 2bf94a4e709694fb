//! One numbered series of migrations for both databases.

use sha2::{Digest, Sha256};

use crate::{Db, Engine, Error, Result, params, statistics};

/// One step of the schema. `postgres` differs from `sqlite` only where the text must.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// The newest applied version; `None` when the database is empty.
///
/// # Errors
/// The database cannot be read.
pub async fn version(db: &Db) -> Result<Option<i64>> {
    let mut tx = db.read().await?;
    let tables: Vec<(String,)> = tx.all(tx.engine().table_names(), params![]).await?;
    if !tables.iter().any(|(name,)| name == "schema_migrations") {
        return Ok(None);
    }
    tx.scalar("SELECT MAX(version) FROM schema_migrations", params![]).await
}

/// Applies what is missing, in one transaction, and returns the versions applied.
///
/// # Errors
/// A step failed (nothing of it stays), an applied step was changed afterwards, or the database is newer than the program.
pub async fn migrate(db: &Db, migrations: &[Migration], now: ennakoi_kernel::Timestamp) -> Result<Vec<i64>> {
    let mut tx = db.begin().await?;
    tx.batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)",
    )
    .await?;
    if db.engine() == Engine::Postgres {
        // Two nodes that start together must not both migrate; held until the end of this transaction.
        tx.batch("LOCK TABLE schema_migrations IN EXCLUSIVE MODE").await?;
    }
    let applied: Vec<(i64, String)> = tx.all("SELECT version, checksum FROM schema_migrations ORDER BY version", params![]).await?;
    if let Some((newest, _)) = applied.last()
        && migrations.iter().all(|migration| migration.version != *newest)
    {
        return Err(Error::Unavailable(format!("the database has schema version {newest}, which this program does not know: use a newer program")));
    }
    let mut done = Vec::new();
    for migration in migrations {
        let text = match db.engine() {
            Engine::Sqlite => migration.sqlite,
            Engine::Postgres => migration.postgres,
        };
        let checksum = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, known)) if *known == checksum => {}
            Some(_) => return Err(Error::Unavailable(format!("migration {} {:?} was changed after it had been applied", migration.version, migration.name))),
            None => {
                tx.batch(text).await.map_err(|error| Error::Statement(format!("migration {} {:?}: {error}", migration.version, migration.name)))?;
                tx.execute(
                    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
                    params![migration.version, migration.name, checksum, now],
                )
                .await?;
                done.push(migration.version);
            }
        }
    }
    statistics::state(&mut tx).await?;
    tx.commit().await?;
    Ok(done)
}
