//! Moving SQLite's write-ahead log into the database, on a thread of its own.
//!
//! SQLite by itself does it inside the commit that makes the log long: everybody who writes then waits until some megabytes are copied
//! and synced twice. Here the copying goes on beside the writers; only what they added meanwhile is copied while the writer is held,
//! so that the log can begin anew.

use std::{
    path::{Path, PathBuf},
    sync::{Weak, mpsc},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Mutex;

use crate::{
    Error, Result,
    sqlite::{Writer, commit_group, connect},
};

/// Pages of the log, of 4 KiB, after which it is moved.
const PAGES: i32 = 2_000;
/// Pages, 200 MB, at which writers wait for the log to begin anew.
const TOO_LONG: i64 = 50_000;
/// How long they wait for readers.
const PATIENCE: Duration = Duration::from_millis(50);
/// A reader with an old snapshot can keep the log from beginning anew; trying again at once would not help.
const PAUSE: Duration = Duration::from_millis(50);

/// Watches the writer's commits from now on. The thread ends with the connection.
pub(crate) fn watch(connection: &mut Connection, path: &Path) -> Result<Checkpoints> {
    // One request waiting is enough: it is answered with all that is there by then.
    let (wake, requests) = mpsc::sync_channel(1);
    connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
        if pages >= PAGES {
            let _ = wake.try_send(());
        }
        Ok(())
    }))?;
    Ok(Checkpoints { requests, path: path.to_owned() })
}

pub(crate) struct Checkpoints {
    requests: mpsc::Receiver<()>,
    path: PathBuf,
}

impl Checkpoints {
    pub(crate) fn start(self, writer: Weak<Mutex<Writer>>) -> Result<()> {
        let work = move || {
            while self.requests.recv().is_ok() {
                if let Err(error) = move_log(&self.path, &writer) {
                    // The log only grows until the next one succeeds.
                    tracing::warn!(%error, "the write-ahead log was not moved into the database");
                }
                std::thread::sleep(PAUSE);
            }
        };
        std::thread::Builder::new().name("sqlite-log".to_owned()).spawn(work).map(drop).map_err(|error| Error::Unavailable(error.to_string()))
    }
}

fn move_log(path: &Path, writer: &Weak<Mutex<Writer>>) -> Result<()> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    checkpoint(&connection, "PASSIVE")?;
    let Some(writer) = writer.upgrade() else { return Ok(()) };
    let mut writer = writer.blocking_lock();
    // What waits for a commit does not wait for the copying too.
    commit_group(&mut writer);
    if checkpoint(&connection, "PASSIVE")? < TOO_LONG {
        return Ok(());
    }
    // Readers who always overlap keep it from beginning anew: for a moment new ones use what is in the database already.
    connection.busy_timeout(PATIENCE)?;
    let pages = checkpoint(&connection, "RESTART")?;
    tracing::warn!(pages, "the write-ahead log has grown long");
    Ok(())
}

/// Returns the length of the log in pages.
fn checkpoint(connection: &Connection, mode: &str) -> Result<i64> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1)).map_err(Error::from)
}
