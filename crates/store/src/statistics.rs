//! What SQLite's planner is told about the data.
//!
//! Without statistics SQLite takes every equality for one that ten rows meet, so that "all of this workspace" looks as good as "all of
//! this customer", and an index that only spares the sorting wins: cost then grows with history. Statistics gathered from the data
//! would depend on when they were gathered. These follow from the schema alone, as of a large installation, and so do the plans.
//!
//! Format of `sqlite_stat1`: <https://sqlite.org/fileformat2.html#the_sqlite_stat1_table>; stating instead of gathering:
//! <https://sqlite.org/optoverview.html#manual_control_of_query_plans_using_sqlite_stat_tables>.

use crate::{Engine, Result, Tx, params};

/// Rows of a table.
const ROWS: u64 = 1_000_000;
/// Workspaces that share it.
const WORKSPACES: u64 = 100;
/// Rows of one customer, one conversation, one message: of whatever there are as many of as there is history.
const OF_ONE: u64 = 10;
/// Agents, queues, channels, labels of a workspace.
const OF_A_WORKSPACE: u64 = 20;
/// Moments are hardly ever the same.
const MOMENTS: u64 = 1_000;
/// States, kinds, languages.
const KINDS: u64 = 4;

const GROWING: &[&str] = &[
    "id",
    "article_id",
    "case_id",
    "contact_id",
    "conversation_id",
    "document_id",
    "external_id",
    "loser_id",
    "mail_id",
    "merged_into",
    "message_id",
    "order_id",
    "parent_id",
    "promise_id",
    "review_id",
    "session_id",
    "source_id",
    "visitor_id",
    "winner_id",
];
const NAMES: &[&str] = &["_key", "_normalised", "_hash", "slug", "sha256", "address", "token", "prefix"];
const PLACES: &[&str] = &["_at", "_until", "seq", "day", "hour", "week", "place", "number", "position", "version", "revision"];

/// An index: its table, its name, whether it is unique, whether it holds only some rows, and its columns in order (`None`: an expression).
struct Index {
    table: String,
    name: String,
    unique: bool,
    partial: bool,
    columns: Vec<Option<String>>,
}

/// Writes the statistics of the schema as it is, when they are not the ones that stand. Does nothing on PostgreSQL, which gathers its own.
///
/// # Errors
/// The database cannot be read or written.
pub(crate) async fn state(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        return Ok(());
    }
    let wanted: Vec<(String, String, String)> =
        indexes(tx).await?.into_iter().map(|it| (stat(&it), it.table, it.name)).map(|(stat, table, name)| (table, name, stat)).collect();
    let tables: Vec<(String,)> = tx.all("SELECT name FROM sqlite_master WHERE name = 'sqlite_stat1'", params![]).await?;
    if !tables.is_empty() {
        let standing: Vec<(String, String, String)> =
            tx.all("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL ORDER BY tbl, idx", params![]).await?;
        if standing == wanted {
            return Ok(());
        }
    }
    // The table can only be made by gathering something.
    tx.batch("ANALYZE schema_migrations; DELETE FROM sqlite_stat1").await?;
    for (table, name, stat) in wanted {
        tx.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)", params![table, name, stat]).await?;
    }
    // This connection reads them again by the first, all others because the schema changed.
    tx.batch("ANALYZE sqlite_schema; CREATE TABLE statistics_changed (it INTEGER); DROP TABLE statistics_changed").await
}

async fn indexes(tx: &mut Tx) -> Result<Vec<Index>> {
    let rows: Vec<(String, String, bool, bool, Option<String>)> = tx
        .all(
            "SELECT t.name, l.name, l.\"unique\", l.partial, c.name FROM sqlite_master t JOIN pragma_index_list(t.name) l JOIN pragma_index_info(l.name) c \
             WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name NOT LIKE 'search\\_words%' ESCAPE '\\' \
             ORDER BY t.name, l.name, c.seqno",
            params![],
        )
        .await?;
    let mut indexes: Vec<Index> = Vec::new();
    for (table, name, unique, partial, column) in rows {
        match indexes.last_mut() {
            Some(last) if last.name == name => last.columns.push(column),
            _ => indexes.push(Index { table, name, unique, partial, columns: vec![column] }),
        }
    }
    Ok(indexes)
}

/// The rows of an index, then how many of them agree in the first column, in the first two, and so on.
fn stat(index: &Index) -> String {
    let rows = if index.partial { ROWS / 2 } else { ROWS };
    let mut left = rows;
    let mut stat = rows.to_string();
    for (place, column) in index.columns.iter().enumerate() {
        left = left_after(left, column.as_deref(), place == 0).max(1);
        if index.unique && place + 1 == index.columns.len() {
            left = 1;
        }
        stat.push_str(&format!(" {left}"));
    }
    stat
}

/// Rows that are left of `left` when this column is known too.
fn left_after(left: u64, column: Option<&str>, first: bool) -> u64 {
    let Some(column) = column else { return left / MOMENTS };
    let ends = |endings: &[&str]| endings.iter().any(|ending| column.ends_with(ending));
    match column {
        "workspace_id" => left / WORKSPACES,
        _ if GROWING.contains(&column) || ends(NAMES) => left.min(OF_ONE),
        _ if ends(&["_id", "_by"]) => {
            if first {
                left.min(OF_ONE)
            } else {
                left / OF_A_WORKSPACE
            }
        }
        "at" => left / MOMENTS,
        _ if ends(PLACES) => left / MOMENTS,
        _ => left / KINDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat_of(columns: &[&str], unique: bool, partial: bool) -> String {
        let columns = columns.iter().map(|column| (!column.is_empty()).then(|| (*column).to_owned())).collect();
        stat(&Index { table: String::new(), name: String::new(), unique, partial, columns })
    }

    #[test]
    fn a_customer_is_fewer_rows_than_a_workspace() {
        assert_eq!(stat_of(&["workspace_id", "contact_id", "number"], false, false), "1000000 10000 10 1");
        assert_eq!(stat_of(&["workspace_id", "agent_id", "last_message_at", "id"], false, true), "500000 5000 250 1 1");
        assert_eq!(stat_of(&["staff_id"], false, false), "1000000 10");
        assert_eq!(stat_of(&["workspace_id", "kind", "state"], true, false), "1000000 10000 2500 1");
        assert_eq!(stat_of(&["workspace_id", ""], false, false), "1000000 10000 10");
    }
}
