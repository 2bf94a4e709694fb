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
    checkpoint(&connection)?;
    let Some(writer) = writer.upgrade() else { return Ok(()) };
    let mut writer = writer.blocking_lock();
    // What waits for a commit does not wait for the copying too.
    commit_group(&mut writer);
    checkpoint(&connection)
}

fn checkpoint(connection: &Connection) -> Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(Error::from)
}
