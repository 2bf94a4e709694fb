//! `ennakoi check`

use anyhow::{Result, bail};
use ennakoi_http::App;
use ennakoi_kernel::ids::WorkspaceId;
use ennakoi_store::{Error, files, maintenance, params};
use futures_util::{StreamExt, stream};

/// Files read at the same time.
const AT_ONCE: usize = 8;

pub(super) async fn check(app: &App) -> Result<()> {
    let mut findings = match app.db.path() {
        Some(path) => maintenance::check_sqlite(&path)?,
        None => Vec::new(),
    };
    findings.extend(gaps(app).await?);
    findings.extend(disorder(app).await?);
    findings.extend(missing_files(app).await?);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("all is well");
        return Ok(());
    }
    bail!("{} findings", findings.len())
}

/// A timeline counts 1, 2, 3 … up to its head.
async fn gaps(app: &App) -> Result<Vec<String>> {
    let mut tx = app.db.read().await?;
    let wrong: Vec<(WorkspaceId, i64, i64)> = tx
        .all(
            "SELECT h.workspace_id, h.seq, COALESCE(e.held, 0) FROM timeline_heads h LEFT JOIN \
             (SELECT workspace_id, COUNT(seq) AS held, MAX(seq) AS newest FROM events GROUP BY workspace_id) e ON e.workspace_id = h.workspace_id \
             WHERE h.seq <> COALESCE(e.held, 0) OR h.seq <> COALESCE(e.newest, 0)",
            params![],
        )
        .await?;
    Ok(wrong.into_iter().map(|(workspace, head, count)| format!("timeline of {workspace}: head {head}, {count} events")).collect())
}

/// Messages of a conversation count 1, 2, 3 … up to its last one.
async fn disorder(app: &App) -> Result<Vec<String>> {
    let mut tx = app.db.read().await?;
    let wrong: Vec<(uuid::Uuid, i64, i64)> = tx
        .all(
            "SELECT c.id, c.last_seq, COUNT(m.seq) FROM conversations c LEFT JOIN messages m ON m.workspace_id = c.workspace_id AND m.conversation_id = c.id \
             GROUP BY c.id, c.last_seq HAVING c.last_seq <> COUNT(m.seq) OR c.last_seq <> COALESCE(MAX(m.seq), 0) LIMIT 100",
            params![],
        )
        .await?;
    Ok(wrong.into_iter().map(|(id, last, count)| format!("conversation {id}: last message {last}, {count} messages")).collect())
}

/// Every stored file's bytes are where they should be.
async fn missing_files(app: &App) -> Result<Vec<String>> {
    let mut known: Vec<(WorkspaceId, String)> = Vec::new();
    let mut tx = app.db.read().await?;
    tx.each("SELECT DISTINCT workspace_id, sha256 FROM files", params![], |mut row| {
        known.push((row.take()?, row.take()?));
        Ok(true)
    })
    .await?;
    drop(tx);
    let looked = stream::iter(known).map(|(workspace, sha256)| async move {
        match app.blobs.get(&files::key(workspace, &sha256)).await {
            Ok(bytes) if files::digest(&bytes) == sha256 => None,
            Ok(_) => Some(format!("file {sha256} of {workspace} is damaged")),
            Err(Error::Missing) => Some(format!("file {sha256} of {workspace} is missing")),
            Err(error) => Some(format!("file {sha256} of {workspace} cannot be read: {error}")),
        }
    });
    Ok(looked.buffered(AT_ONCE).filter_map(|finding| async { finding }).collect().await)
}
