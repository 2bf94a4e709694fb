//! The connection to PostgreSQL, encrypted. These need a server with a certificate of its own: `scripts/postgres.sh`.

use ennakoi_kernel::{Environment, ids::WorkspaceId};
use ennakoi_store::{Db, Options, params};
use ennakoi_testkit::{TestApp, TestDatabase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Host, port and the folder of certificates; `None` when the tests run on SQLite.
struct Server {
    port: String,
    root: String,
    stranger: String,
}

fn server() -> Option<Server> {
    let url = std::env::var("TEST_DATABASE_URL").ok()?;
    let port = url.rsplit_once(':')?.1.split_once('/')?.0.to_owned();
    let root = std::env::var("TEST_DATABASE_CERTIFICATE").ok()?;
    let stranger = root.replace("root.crt", "stranger.crt");
    Some(Server { port, root, stranger })
}

impl Server {
    fn url(&self, user: &str, host: &str, query: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres?{query}", self.port)
    }
}

async fn open(url: &str) -> Result<Db, String> {
    Db::open(url, Options { readers: 1, connections: 2 }).await.map_err(|error| error.to_string())
}

async fn encrypted(url: &str) -> bool {
    let db = open(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    db.read().await.unwrap().scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", params![]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mode_does_what_its_name_says() {
    let Some(server) = server() else { return };
    let (root, stranger) = (&server.root, &server.stranger);
    assert!(!encrypted(&server.url("ennakoi", "127.0.0.1", "sslmode=disable")).await);
    assert!(encrypted(&server.url("ennakoi", "127.0.0.1", "")).await, "preferred");
    assert!(encrypted(&server.url("ennakoi", "127.0.0.1", "sslmode=require")).await);
    assert!(encrypted(&server.url("ennakoi", "localhost", &format!("sslmode=verify-full&sslrootcert={root}"))).await);
    // The certificate is for another name: the authority is enough for one mode and not for the other.
    assert!(encrypted(&server.url("ennakoi", "127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}"))).await);
    let refused = async |host: &str, query: String, reason: &str| {
        let error = open(&server.url("ennakoi", host, &query)).await.err().unwrap_or_default();
        assert!(error.contains(reason), "{host} {query}: {error:?}");
    };
    refused("127.0.0.1", format!("sslmode=verify-full&sslrootcert={root}"), "not valid for name").await;
    refused("localhost", format!("sslmode=verify-full&sslrootcert={stranger}"), "UnknownIssuer").await;
    refused("localhost", format!("sslmode=verify-ca&sslrootcert={stranger}"), "UnknownIssuer").await;
    refused("localhost", format!("sslmode=require&sslrootcert={stranger}"), "UnknownIssuer").await;
    // Nor does the system know our root; where it knows none at all, that is said instead.
    let error = open(&server.url("ennakoi", "localhost", "sslmode=verify-full")).await.err().unwrap_or_default();
    assert!(error.contains("UnknownIssuer") || error.contains("no trusted root"), "{error:?}");
}

/// A password is bound to the certificate of the connection (SCRAM-SHA-256-PLUS).
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_bound_to_the_certificate() {
    let Some(server) = server() else { return };
    let db = open(&server.url("ennakoi", "127.0.0.1", "sslmode=disable")).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute("CREATE ROLE secured LOGIN PASSWORD 'salasana'", params![]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(encrypted(&server.url("secured:salasana", "127.0.0.1", "sslmode=require&channel_binding=require")).await);
    let error = open(&server.url("secured:salasana", "127.0.0.1", "sslmode=disable")).await.err().unwrap();
    assert!(error.contains("pg_hba"), "{error}");
    let error = open(&server.url("secured:wrong", "127.0.0.1", "sslmode=require")).await.err().unwrap();
    assert!(error.contains("password authentication failed"), "{error}");
}

/// Wake-ups of other nodes come through a connection of their own, which is encrypted as well.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_program_runs_encrypted() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::create(folder.path()).await;
    let name = database.url.rsplit_once('/').unwrap().1.split_once('?').unwrap().0.to_owned();
    let url = format!("postgres://ennakoi@localhost:{}/{name}?sslmode=verify-full&sslrootcert={}", server.port, server.root);
    let app = TestApp::start_with(|configuration| configuration.database.url.clone_from(&url)).await;
    assert_eq!(app.stranger().get("/readyz").await.status, 200);
    let other = open(&url).await.unwrap();
    let workspace: WorkspaceId = Environment::system().new_id();
    // Listening begins a moment after the start: tell until it is heard.
    let mut heard = app.app.db.bus().signals();
    let signal = loop {
        other.signal(workspace, "hei").await;
        if let Ok(signal) = tokio::time::timeout(std::time::Duration::from_millis(100), heard.recv()).await {
            break signal.unwrap();
        }
    };
    assert_eq!((signal.workspace, signal.text.as_ref()), (workspace, "hei"));
    let mut tx = other.read().await.unwrap();
    let plain: i64 = tx
        .scalar("SELECT COUNT(*) FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid WHERE a.datname = current_database() AND NOT s.ssl", params![])
        .await
        .unwrap();
    assert_eq!(plain, 0);
    drop(tx);
    drop((other, app));
    database.remove().await;
}

/// A server that does not speak TLS is refused when encryption is asked for, and told why.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_encryption_is_refused() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0u8; 8];
            let _ = stream.read_exact(&mut request).await;
            let _ = stream.write_all(b"N").await;
        }
    });
    let error = open(&format!("postgres://ennakoi@127.0.0.1:{port}/x?sslmode=require")).await.err().unwrap();
    assert!(error.contains("TLS"), "{error}");
}
