//! Backup, restore and check, with what can be wrong about them.

use std::{path::Path, sync::Arc};

use ennakoi_kernel::{Environment, SystemClock, SystemEntropy, configuration::Configuration};
use ennakoi_server::start;
use ennakoi_store::{Engine, params};
use ennakoi_testkit::{TestDatabase, s3::FakeS3};
use serde_json::json;

use super::{moved, refused, run};
use crate::{
    inbox::Desk,
    people::{Company, text},
};

/// A small installation with a talk, a sent picture and a picture of its owner.
async fn installation(company: Company) -> (Desk, Vec<u8>) {
    let desk = Desk::of(company).await;
    let talk = desk.talk("Liisa", "Missä pakettini on?").await;
    let bytes = b"%PDF-1.7 lasku".to_vec();
    let file = desk.owner().upload("attachments", "lasku.pdf", "application/pdf", bytes.clone()).await.expect(201);
    let message = json!({ "client_key": "k1", "body": "Tässä", "visibility": "public", "attachment_ids": [file["id"]] });
    desk.owner().post(&talk.path("/messages"), message).await.expect(201);
    desk.settle().await;
    (desk, bytes)
}

/// The texts of all messages and the bytes of all files that `configuration` leads to.
async fn contents(configuration: &Configuration) -> (Vec<String>, Vec<Vec<u8>>) {
    let app = start::open(configuration.clone(), Environment::new(Arc::new(SystemClock), Arc::new(SystemEntropy))).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let messages: Vec<(String,)> = tx.all("SELECT body FROM messages ORDER BY created_at, id", params![]).await.unwrap();
    let (mut files, mut from) = (Vec::new(), None);
    loop {
        let page = app.blobs.list(from).await.unwrap();
        for key in page.keys {
            files.push(app.blobs.get(&key).await.unwrap().to_vec());
        }
        from = page.next;
        if from.is_none() {
            return (messages.into_iter().map(|(body,)| body).collect(), files);
        }
    }
}

fn path(folder: &Path) -> String {
    folder.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_backed_up_comes_back() {
    let (desk, bytes) = installation(Company::start().await).await;
    let configuration = desk.company.app.app.configuration.clone();
    let folder = tempfile::tempdir().unwrap();
    let backup = path(&folder.path().join("backup"));
    let made = run(&["backup", &backup], &configuration).await;
    assert!(made.well && made.said.contains("(1 files)"), "{made:?}");
    refused(&run(&["backup", &backup], &configuration).await, "exists already");
    let database = TestDatabase::create(folder.path()).await;
    let elsewhere = moved(&configuration, &database.url, &folder.path().join("new"));
    let restored = run(&["restore", &backup], &elsewhere).await;
    assert!(restored.well, "{restored:?}");
    let checked = run(&["check"], &elsewhere).await;
    assert!(checked.well && checked.said.contains("all is well"), "{checked:?}");
    let (messages, files) = contents(&elsewhere).await;
    assert_eq!((&messages, &files), (&contents(&configuration).await.0, &vec![bytes]));
    assert!(messages.iter().any(|body| body == "Missä pakettini on?"), "{messages:?}");
    refused(&run(&["restore", &backup], &elsewhere).await, if desk.company.app.app.db.engine() == Engine::Sqlite { "exists already" } else { "not empty" });
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_refused_before_anything_is_written() {
    let (desk, _) = installation(Company::start().await).await;
    let configuration = desk.company.app.app.configuration.clone();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let made = run(&["backup", &path(&backup), "--without-files"], &configuration).await;
    assert!(made.well && made.said.contains("left out"), "{made:?}");
    let database = TestDatabase::create(folder.path()).await;
    let elsewhere = moved(&configuration, &database.url, &folder.path().join("new"));
    refused(&run(&["restore", &path(&folder.path().join("nothing"))], &elsewhere).await, "not a complete backup");
    let manifest = std::fs::read(backup.join("manifest.json")).unwrap();
    std::fs::write(backup.join("manifest.json"), b"{").unwrap();
    refused(&run(&["restore", &path(&backup)], &elsewhere).await, "damaged manifest.json");
    std::fs::write(backup.join("manifest.json"), manifest).unwrap();
    let mut other = elsewhere.clone();
    other.database.url =
        if desk.company.app.app.db.engine() == Engine::Sqlite { "postgres://127.0.0.1:1/none".to_owned() } else { "sqlite:/nowhere/x.db".to_owned() };
    refused(&run(&["restore", &path(&backup)], &other).await, "another engine");
    std::fs::create_dir_all(folder.path().join("new")).unwrap();
    std::fs::write(folder.path().join("new/secret"), "0".repeat(64)).unwrap();
    refused(&run(&["restore", &path(&backup)], &elsewhere).await, "another secret");
    std::fs::remove_file(folder.path().join("new/secret")).unwrap();
    let mut bytes = std::fs::read(backup.join("database")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(backup.join("database"), bytes).unwrap();
    refused(&run(&["restore", &path(&backup)], &elsewhere).await, "its hash differs");
    assert!(!folder.path().join("new/files").exists() && !folder.path().join("new/secret").exists(), "nothing was written");
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_what_is_missing_or_damaged() {
    let (desk, _) = installation(Company::start().await).await;
    let app = &desk.company.app.app;
    let key = app.blobs.list(None).await.unwrap().keys.remove(0);
    let configuration = app.configuration.clone();
    let stored = Path::new(configuration.files.url.strip_prefix("file:").unwrap()).join(&key);
    std::fs::write(&stored, b"other").unwrap();
    refused(&run(&["check"], &configuration).await, "is damaged");
    std::fs::remove_file(&stored).unwrap();
    refused(&run(&["check"], &configuration).await, "is missing");
    let mut tx = app.db.begin().await.unwrap();
    tx.execute("UPDATE conversations SET last_seq = last_seq + 1", params![]).await.unwrap();
    tx.execute("UPDATE timeline_heads SET seq = seq + 5 WHERE seq > 0", params![]).await.unwrap();
    tx.commit().await.unwrap();
    let found = run(&["check"], &configuration).await;
    refused(&found, "messages");
    refused(&found, "timeline of");
    // As it was, for those who look when this ends.
    let mut tx = app.db.begin().await.unwrap();
    tx.execute("UPDATE timeline_heads SET seq = seq - 5 WHERE seq > 0", params![]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_store_is_backed_up_and_restored_too() {
    let store = FakeS3::start().await;
    let company = Company::start_with(|configuration| store.configure(&mut configuration.files, "live")).await;
    let (desk, bytes) = installation(company).await;
    for _ in 0..4 {
        let file = desk.owner().upload("attachments", "kuva.txt", "text/plain", text(&json!(format!("teksti {}", store.keys().len()))).into_bytes()).await;
        file.expect(201);
    }
    let configuration = desk.company.app.app.configuration.clone();
    let folder = tempfile::tempdir().unwrap();
    let backup = path(&folder.path().join("backup"));
    let made = run(&["backup", &backup], &configuration).await;
    assert!(made.well && made.said.contains("(5 files)"), "{made:?}");
    let database = TestDatabase::create(folder.path()).await;
    let mut elsewhere = moved(&configuration, &database.url, &folder.path().join("new"));
    store.configure(&mut elsewhere.files, "restored/here");
    let restored = run(&["restore", &backup], &elsewhere).await;
    assert!(restored.well, "{restored:?}");
    assert!(run(&["check"], &elsewhere).await.well);
    let (_, files) = contents(&elsewhere).await;
    assert!(files.len() == 5 && files.contains(&bytes), "{} files", files.len());
    let key = store.keys().into_iter().find(|key| key.starts_with("restored/here/") && files.len() == 5).unwrap();
    store.damage(&key);
    let found = run(&["check"], &elsewhere).await;
    assert!(found.well || found.said.contains("is damaged"), "{found:?}");
    database.remove().await;
}
