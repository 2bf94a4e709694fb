//! Every column has a data class, so that export, erasure and retention know what it is.

use std::collections::{BTreeMap, BTreeSet};

use ennakoi_store::{Engine, params};
use ennakoi_testkit::TestApp;

const CLASSES: &str = include_str!("../../../migrations/data-classes.toml");
const KNOWN: [&str; 6] = ["none", "technical", "staff", "personal", "content", "secret"];
/// Columns that only PostgreSQL has; SQLite keeps the same words in its own index.
const POSTGRES_ONLY: [(&str, &str); 1] = [("search_documents", "vector")];

/// Table and column, as declared and as found.
type Columns = BTreeSet<(String, String)>;

fn declared() -> BTreeMap<(String, String), String> {
    let tables: toml::Table = toml::from_str(CLASSES).expect("data-classes.toml is TOML");
    let mut columns = BTreeMap::new();
    for (table, lines) in tables {
        for (column, line) in lines.as_table().unwrap_or_else(|| panic!("{table} is a table")) {
            columns.insert((table.clone(), column.clone()), line.as_str().unwrap_or_else(|| panic!("{table}.{column} is a text")).to_owned());
        }
    }
    columns
}

/// The columns of the migrated database. The index tables behind SQLite's full text hold what `search_documents` holds.
async fn present(app: &TestApp) -> Columns {
    let mut tx = app.app.db.read().await.unwrap();
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT t.name, c.name FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
        }
        Engine::Postgres => "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public'",
    };
    tx.all(sql, params![]).await.unwrap().into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_has_a_data_class_and_every_class_a_column() {
    let app = TestApp::start().await;
    let (declared, present) = (declared(), present(&app).await);
    assert!(present.len() > 300, "the database was not read: {} columns", present.len());
    let unclassed: Vec<_> = present.iter().filter(|column| !declared.contains_key(*column)).collect();
    assert!(unclassed.is_empty(), "columns without a line in migrations/data-classes.toml: {unclassed:?}");
    let elsewhere = |column: &(String, String)| {
        app.app.db.engine() == Engine::Sqlite && POSTGRES_ONLY.iter().any(|(table, name)| (*table, *name) == (column.0.as_str(), column.1.as_str()))
    };
    let gone: Vec<_> = declared.keys().filter(|column| !present.contains(*column) && !elsewhere(column)).collect();
    assert!(gone.is_empty(), "lines in migrations/data-classes.toml without a column: {gone:?}");
}

#[test]
fn a_class_says_what_for_and_how_long() {
    for ((table, column), line) in declared() {
        let parts: Vec<&str> = line.splitn(2, ", ").collect();
        let [class, rest] = parts[..] else { panic!("{table}.{column}: class, purpose, retention") };
        assert!(KNOWN.contains(&class), "{table}.{column} has the unknown class {class}");
        let (purpose, retention) = rest.rsplit_once(", ").unwrap_or_else(|| panic!("{table}.{column} lacks purpose or retention"));
        assert!(!purpose.trim().is_empty() && !retention.trim().is_empty(), "{table}.{column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_a_workspace_names_it() {
    // Without a workspace: what belongs to the installation or to a person of staff in all of theirs.
    const INSTALLATION: [&str; 12] = [
        "schema_migrations",
        "idempotency_keys",
        "staff",
        "staff_recovery_codes",
        "sessions",
        "passkeys",
        "sign_in_ceremonies",
        "password_resets",
        "oidc_providers",
        "oidc_links",
        "workspaces",
        "jobs",
    ];
    let app = TestApp::start().await;
    let columns = present(&app).await;
    let tables: BTreeSet<&String> = columns.iter().map(|(table, _)| table).collect();
    for table in tables.into_iter().filter(|table| !INSTALLATION.contains(&table.as_str())) {
        assert!(columns.contains(&(table.clone(), "workspace_id".to_owned())), "{table} lacks workspace_id");
    }
}
