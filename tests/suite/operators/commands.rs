//! The command line: right words, wrong words.

use super::{ended, moved, program_with, refused, run};
use ennakoi_store::params;

use crate::people::{Company, count};

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_printed_and_wrong_ones_are_named() {
    let company = Company::start().await;
    let configuration = company.app.app.configuration.clone();
    let printed = run(&["config"], &configuration).await;
    assert!(printed.well && printed.said.contains("[database]") && printed.said.contains("otlp_endpoint"), "{printed:?}");
    refused(&ended(program_with(&["check"], &configuration).env("ENNAKOI_SERVER_LISTNE", "x")).await, "ENNAKOI_SERVER_LISTNE names no known setting");
    refused(&ended(program_with(&["check"], &configuration).env("ENNAKOI_SERVER_DRAIN_SECONDS", "soon")).await, "must be a whole number");
    refused(&run(&["--config", "/nowhere/ennakoi.toml", "check"], &configuration).await, "cannot read /nowhere/ennakoi.toml");
    let mut wrong = configuration.clone();
    wrong.database.url = "mysql://localhost/x".to_owned();
    refused(&run(&["check"], &wrong).await, "database.url must start with sqlite: or postgres://");
    wrong.database.url = "postgres://nobody@127.0.0.1:1/x".to_owned();
    refused(&run(&["check"], &wrong).await, "cannot open the database");
    wrong = configuration;
    wrong.server.listen = "nowhere".to_owned();
    refused(&run(&["serve"], &wrong).await, "cannot listen on nowhere");
}

/// A misspelt path must not make a new installation and call it well; nor must looking at one change it.
#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    let company = Company::start().await;
    let configuration = company.app.app.configuration.clone();
    let folder = tempfile::tempdir().unwrap();
    let mut elsewhere = moved(&configuration, &format!("sqlite:{}", folder.path().join("none/x.db").display()), folder.path());
    for words in [&["check"][..], &["backup", "/nowhere/backup"], &["admin", "reset-password", "aino@example.fi"]] {
        refused(&run(words, &elsewhere).await, "there is no database at");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    elsewhere.database.url.clone_from(&configuration.database.url);
    refused(&run(&["check"], &elsewhere).await, "secret is missing");
    let migrated = run(&["migrate"], &configuration).await;
    assert!(migrated.well && migrated.said.contains("the schema is at version"), "{migrated:?}");
    let mut tx = company.app.app.db.begin().await.unwrap();
    tx.execute("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, 'future', '', 0)", params![]).await.unwrap();
    tx.commit().await.unwrap();
    refused(&run(&["check"], &configuration).await, "use a newer program");
    refused(&run(&["serve"], &configuration).await, "use a newer program");
    let document = run(&["openapi"], &elsewhere).await;
    assert!(document.well && document.said.contains("\"openapi\": \"3.1"), "{}", document.said.get(..300).unwrap_or_default());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_are_locked_out_are_let_in() {
    let company = Company::start().await;
    let configuration = company.app.app.configuration.clone();
    company.colleague("aino", "agent").await;
    refused(&run(&["admin", "reset-password", "nobody@example.fi"], &configuration).await, "nobody@example.fi");
    let reset = run(&["admin", "reset-password", "aino@example.fi"], &configuration).await;
    assert!(reset.well, "{reset:?}");
    let password = reset.said.split_once("signs in with ").unwrap().1.split_once(" from now on").unwrap().0.to_owned();
    let aino = crate::people::sign_in(&company.app, "aino@example.fi", &password).await;
    refused(&run(&["admin", "make-owner", "aino@example.fi", "nowhere"], &configuration).await, "nowhere");
    let mut tx = company.app.app.db.read().await.unwrap();
    let slug: String = tx.scalar("SELECT slug FROM workspaces", params![]).await.unwrap();
    drop(tx);
    let made = run(&["admin", "make-owner", "aino@example.fi", &slug], &configuration).await;
    assert!(made.well, "{made:?}");
    aino.get("session").await.expect(200);
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM memberships WHERE role = 'owner'").await, 2);
}

/// What is filled for measuring is written past the domain's functions; it has to be what they would have written.
#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_for_measuring_is_sound() {
    let company = Company::start().await;
    let configuration = company.app.app.configuration.clone();
    let filled = run(&["demo", "--messages", "120", "--brief"], &configuration).await;
    assert!(filled.well && filled.said.contains("120 messages"), "{filled:?}");
    let checked = run(&["check"], &configuration).await;
    assert!(checked.well, "{checked:?}");
    refused(&run(&["demo", "--brief"], &configuration).await, "--messages");
}
