//! Backup and self-check of the embedded database.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{Error, Result};

/// Copies a live SQLite database into a new file, consistently, without stopping writers.
///
/// # Errors
/// The source cannot be read or the target exists or cannot be written.
pub fn backup_sqlite(source: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        return Err(Error::Unavailable(format!("{} exists already", target.display())));
    }
    let from = Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    from.execute_batch("PRAGMA busy_timeout = 30000;")?;
    from.execute("VACUUM INTO ?1", [target.to_string_lossy().as_ref()])?;
    std::fs::File::open(target).and_then(|file| file.sync_all()).map_err(|error| Error::Unavailable(error.to_string()))
}

/// What SQLite finds wrong with its own file, and foreign keys that point nowhere; empty when all is well.
///
/// # Errors
/// The file cannot be opened.
pub fn check_sqlite(path: &Path) -> Result<Vec<String>> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut findings = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            findings.push(line);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    for line in statement.query_map([], |row| {
        Ok(format!("{} row {:?} points nowhere in {}", row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, String>(2)?))
    })? {
        findings.push(line?);
    }
    Ok(findings)
}
