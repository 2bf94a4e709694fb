//! Full text in the database itself: backed up with what it finds, and both engines find the same things. Articles, contacts and
//! subjects are indexed in the transaction that changes them, messages by a follower behind those who write. Words come in already
//! normalised and stemmed (by the `language` crate). Results are newest first: that is what a desk looks for, and it lets both engines stop early.

use ennakoi_kernel::{Timestamp, ids::WorkspaceId};
use uuid::Uuid;

use crate::{Engine, FromRow, Result, Row, Tx, params};

/// Something that can be found.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// `message`, `contact`, `article`, `conversation`.
    pub kind: &'a str,
    pub id: Uuid,
    /// What it belongs to, e.g. the conversation of a message.
    pub parent: Option<Uuid>,
    pub occurred_at: Timestamp,
    /// Stemmed words separated by spaces; letters and digits only.
    pub words: &'a str,
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Position in the order of results; pass it as `before` for the next page.
    pub row: i64,
    pub id: Uuid,
    pub parent: Option<Uuid>,
    pub occurred_at: Timestamp,
}

impl FromRow for Hit {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { row: row.take()?, id: row.take()?, parent: row.take()?, occurred_at: row.take()? })
    }
}

/// Adds a document or replaces its words.
///
/// # Errors
/// The database refuses.
pub async fn index(tx: &mut Tx, workspace: WorkspaceId, document: &Document<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO search_documents (workspace_id, kind, document_id, parent_id, occurred_at, words) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (workspace_id, kind, document_id) DO UPDATE SET parent_id = $4, occurred_at = $5, words = $6",
        params![workspace, document.kind, document.id, document.parent, document.occurred_at, scoped(workspace, document.kind, document.words)],
    )
    .await?;
    Ok(())
}

/// Removes a document.
///
/// # Errors
/// The database refuses.
pub async fn remove(tx: &mut Tx, workspace: WorkspaceId, kind: &str, id: Uuid) -> Result<()> {
    tx.execute("DELETE FROM search_documents WHERE workspace_id = $1 AND kind = $2 AND document_id = $3", params![workspace, kind, id]).await?;
    Ok(())
}

/// Documents of a kind that hold every word (the last one as a prefix when `prefix`), newest first, before `before`.
///
/// # Errors
/// The database refuses.
pub async fn find(tx: &mut Tx, workspace: WorkspaceId, kind: &str, words: &[String], prefix: LastWord, before: i64, limit: u32) -> Result<Vec<Hit>> {
    let words: Vec<String> = words.iter().map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect()).filter(|word: &String| !word.is_empty()).collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let last = words.len() - 1;
    let scope = scope(workspace, kind);
    match tx.engine() {
        Engine::Sqlite => {
            let mut query = format!("\"{scope}\"");
            for (index, word) in words.iter().enumerate() {
                query.push_str(&format!(" AND \"{word}\"{}", if index == last && prefix == LastWord::Prefix { "*" } else { "" }));
            }
            tx.all(
                "SELECT d.row_id, d.document_id, d.parent_id, d.occurred_at FROM search_words w JOIN search_documents d ON d.row_id = w.rowid \
                 WHERE search_words MATCH $1 AND w.rowid < $2 ORDER BY w.rowid DESC LIMIT $3",
                params![query, before, limit],
            )
            .await
        }
        Engine::Postgres => {
            let mut query = scope;
            for (index, word) in words.iter().enumerate() {
                query.push_str(&format!(" & {word}{}", if index == last && prefix == LastWord::Prefix { ":*" } else { "" }));
            }
            tx.all(
                "SELECT row_id, document_id, parent_id, occurred_at FROM search_documents \
                 WHERE vector @@ to_tsquery('simple', $1) AND row_id < $2 ORDER BY row_id DESC LIMIT $3",
                params![query, before, limit],
            )
            .await
        }
    }
}

/// Whether the last word may be unfinished (search as you type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWord {
    Whole,
    Prefix,
}

/// A word that only documents of this workspace and kind carry, so that the index itself keeps tenants apart.
fn scope(workspace: WorkspaceId, kind: &str) -> String {
    format!("zz{kind}{}", workspace.0.simple())
}

fn scoped(workspace: WorkspaceId, kind: &str, words: &str) -> String {
    format!("{} {words}", scope(workspace, kind))
}
