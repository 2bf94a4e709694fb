//! A database of its own for each test.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio_postgres::NoTls;

/// A fresh SQLite file, or a fresh database on the PostgreSQL server named by `TEST_DATABASE_URL`.
pub struct TestDatabase {
    pub url: String,
    postgres: Option<(String, String)>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl TestDatabase {
    pub async fn create(folder: &Path) -> Self {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            return Self { url: format!("sqlite:{}", folder.join("test.db").display()), postgres: None };
        };
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        command(&server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("the address names a database");
        // Hundreds of tests need no handshakes; those of encryption ask for it.
        Self { url: format!("{base}/{name}?sslmode=disable"), postgres: Some((server, name)) }
    }

    /// Removes the database; one that is left behind goes with its server.
    pub async fn remove(self) {
        if let Some((server, name)) = self.postgres {
            command(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

async fn command(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, NoTls).await.expect("TEST_DATABASE_URL can be reached");
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("the test database can be made and removed");
    drop(client);
    let _ = driver.await;
}
