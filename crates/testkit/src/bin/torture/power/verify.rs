//! What is found in an image, against what had been acknowledged before the power failed.

use std::{collections::HashMap, path::Path};

use rusqlite::{Connection, OpenFlags};

use super::Upload;
use crate::load::Log;

/// What is wrong with the data in `folder`; empty when nothing is. Acknowledged before `failed_at` (nanoseconds) must be there.
pub(super) fn verify(folder: &Path, log: &Log, uploads: &[Upload], secret: &[u8], failed_at: u64) -> Vec<String> {
    let mut findings = Vec::new();
    match read(folder) {
        Ok(found) => {
            findings.extend(found.damage.clone());
            findings.extend(lost(&found, log, failed_at));
            for upload in uploads.iter().filter(|upload| upload.at < failed_at) {
                let at = |workspace: &String| folder.join("files").join(workspace).join(&upload.sha256[..2]).join(&upload.sha256);
                let bytes = found.files.get(&upload.sha256).and_then(|workspace| std::fs::read(at(workspace)).ok());
                if bytes.is_none_or(|bytes| ennakoi_store::files::digest(&bytes) != upload.sha256) {
                    findings.push(format!("upload {} is lost", upload.sha256));
                }
            }
        }
        Err(error) => findings.push(format!("the database cannot be read: {error}")),
    }
    if std::fs::read(folder.join("secret")).ok().as_deref() != Some(secret) {
        findings.push("the installation's secret is lost".to_owned());
    }
    findings
}

struct Found {
    /// What the database says about itself.
    damage: Vec<String>,
    /// Of each file by its digest the workspace, without dashes.
    files: HashMap<String, String>,
    /// Of each conversation in the order of its numbers: number, whether the customer wrote it, key.
    messages: HashMap<String, Vec<(i64, bool, Option<String>)>>,
}

fn read(folder: &Path) -> rusqlite::Result<Found> {
    // Opening it replays the log, as the server does at its start.
    let connection = Connection::open_with_flags(folder.join("test.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut damage: Vec<String> = texts(&connection, "PRAGMA integrity_check")?.into_iter().filter(|line| line != "ok").collect();
    damage.extend(texts(&connection, "SELECT \"table\" || ' points nowhere' FROM pragma_foreign_key_check")?);
    damage.extend(texts(
        &connection,
        "SELECT 'timeline: head ' || h.seq || ', ' || COALESCE(e.held, 0) || ' events' FROM timeline_heads h LEFT JOIN \
         (SELECT workspace_id, COUNT(seq) AS held, MAX(seq) AS newest FROM events GROUP BY workspace_id) e ON e.workspace_id = h.workspace_id \
         WHERE h.seq <> COALESCE(e.held, 0) OR h.seq <> COALESCE(e.newest, 0)",
    )?);
    damage.extend(texts(
        &connection,
        "SELECT 'conversation: last ' || c.last_seq || ', ' || COUNT(m.seq) || ' messages' FROM conversations c \
         LEFT JOIN messages m ON m.workspace_id = c.workspace_id AND m.conversation_id = c.id \
         GROUP BY c.id, c.last_seq HAVING c.last_seq <> COUNT(m.seq) OR c.last_seq <> COALESCE(MAX(m.seq), 0)",
    )?);
    let mut statement = connection.prepare("SELECT sha256, lower(hex(workspace_id)) FROM files")?;
    let files = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut messages: HashMap<String, Vec<_>> = HashMap::new();
    let mut statement =
        connection.prepare("SELECT lower(hex(conversation_id)), seq, direction = 'in', client_key FROM messages ORDER BY conversation_id, seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        messages.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?, row.get(3)?));
    }
    Ok(Found { damage, files, messages })
}

fn texts(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn lost(found: &Found, log: &Log, failed_at: u64) -> Vec<String> {
    let mut findings = Vec::new();
    let of = |conversation: &str| found.messages.get(&conversation.replace('-', "")).map(Vec::as_slice).unwrap_or_default();
    for writer in log.writers() {
        let stored = of(&writer.conversation);
        if !stored.iter().map(|(seq, ..)| *seq).eq(1..=i64::try_from(stored.len()).unwrap_or(0)) {
            findings.push(format!("conversation {} is not numbered without gaps", writer.conversation));
        }
        let stored: Vec<&str> = stored.iter().filter(|(_, from_customer, _)| *from_customer).filter_map(|(_, _, key)| key.as_deref()).collect();
        let acknowledged = writer.times.iter().take_while(|at| **at < failed_at).count();
        // Written in order, so stored in order; what was not yet acknowledged may or may not be there.
        let in_order = stored.iter().zip(&writer.keys).all(|(stored, sent)| stored == sent);
        if stored.len() < acknowledged || stored.len() > writer.keys.len() + 1 || !in_order {
            findings.push(format!("conversation {}: {acknowledged} acknowledged, {} stored, or in another order", writer.conversation, stored.len()));
        }
    }
    for (conversation, key, at) in log.answers() {
        let times = of(&conversation).iter().filter(|(_, _, stored)| stored.as_deref() == Some(key.as_str())).count();
        if times > 1 || (times == 0 && at < failed_at) {
            findings.push(format!("answer {key} is stored {times} times"));
        }
    }
    findings
}
