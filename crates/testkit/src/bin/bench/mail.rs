//! E-mail: how fast mails are taken in, what idle mailboxes cost, how soon a mail is on the screen, and what a hostile one costs.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ennakoi_testkit::{Client, DOVECOT_PASSWORD, Dovecot, LmtpClient, Socket, free_port};
use rusqlite::{Connection, params_from_iter, types::Value as Cell};
use serde_json::{Value, json};

use crate::{milliseconds, server::Server};

const CONNECTIONS: usize = 8;
const MAILS: usize = 4_000;
/// Mails of one customer about one thing.
const THREAD: usize = 4;
const IDLE: usize = 200;
/// Mailboxes that one workspace may have.
const IN_ONE: usize = 100;
const SEEN: usize = 60;
const HOSTILE_BYTES: usize = 39 << 20;

/// Measures all of it, each on a server of its own.
pub(crate) async fn measure(binary: &Path, folder: &Path) {
    taking_in(binary, &folder.join("mail")).await;
    let dovecot = Dovecot::start().await;
    waiting(binary, &folder.join("idle"), &dovecot).await;
}

async fn start(binary: &Path, folder: &Path) -> (Server, Client, SocketAddr) {
    std::fs::create_dir_all(folder).expect("a folder");
    let lmtp = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let settings = [("ENNAKOI_MAIL_LMTP_LISTEN", lmtp.to_string()), ("ENNAKOI_SECURITY_PRIVATE_EGRESS", "true".to_owned())];
    let server = Server::start_with(binary, folder, &settings).await;
    let (_, staff) = server.set_up().await;
    (server, staff, lmtp)
}

async fn mailbox(staff: &Client, address: &str, settings: Value) -> Value {
    let mut all = json!({ "name": "Bench", "outgoing": { "host": "127.0.0.1", "port": 1, "security": "plain" }, "sign_in": "password" });
    all.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
    staff.post("mailboxes", json!({ "address": address, "settings": all, "secrets": { "password": DOVECOT_PASSWORD } })).await.expect(201)
}

/// A mail of the usual kind: text and HTML, the earlier one quoted, three languages' letters.
fn mail(number: usize) -> String {
    let (thread, place) = (number / THREAD, number % THREAD);
    let name = |place: usize| format!("<m-{thread}-{place}@asiakas{thread}.example>");
    let references: String = (0..place).map(|earlier| format!(" {}", name(earlier))).collect();
    let references = if place == 0 { String::new() } else { format!("References:{references}\r\n") };
    let text = format!("Hei!\r\n\r\nTilasin pöydän {number} viime viikolla, eikä se ole vielä tullut. Missä se viipyy?\r\n\r\nTerveisin Liisa Meri\r\n");
    let quote = "ma 23. marraskuuta 2026 klo 12.01 Käpylän Kone <tuki@kone.example> kirjoitti:\r\n> Hei Liisa,\r\n> kiitos viestistäsi. Tarkistamme asian.\r\n";
    format!(
        "From: Liisa Meri <liisa@asiakas{thread}.example>\r\nTo: tuki@kone.example\r\nSubject: =?utf-8?q?P=C3=B6yt=C3=A4_{thread}?=\r\nMessage-ID: {}\r\n{references}\
         Date: Mon, 30 Nov 2026 12:00:00 +0200\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"raja\"\r\n\r\n--raja\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n{quote}\r\n--raja\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n<html><body><p>{}</p><blockquote type=\"cite\">Hei Liisa, kiitos viestistäsi.</blockquote></body></html>\r\n--raja--\r\n",
        name(place),
        text.replace("\r\n", "<br>")
    )
}

async fn taking_in(binary: &Path, folder: &Path) {
    let (server, staff, lmtp) = start(binary, folder).await;
    let made = mailbox(&staff, "tuki@kone.example", json!({ "arrival": "lmtp" })).await;
    let commits_before = server.commits().await;
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let next = next.clone();
            tokio::spawn(async move {
                let mut wire = LmtpClient::connect(lmtp).await;
                // A thread's mails come one after another, by one connection.
                loop {
                    let first = next.fetch_add(THREAD, Ordering::SeqCst);
                    if first >= MAILS {
                        return;
                    }
                    for number in first..first + THREAD {
                        let answers = wire.deliver("liisa@example.fi", &["tuki@kone.example"], mail(number).as_bytes()).await;
                        assert!(answers[0].starts_with("250"), "{answers:?}");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a delivery does not panic");
    }
    let rate = MAILS as f64 / started.elapsed().as_secs_f64();
    let commits = (server.commits().await - commits_before).max(1);
    hostile(&server, lmtp).await;
    let conversations = staff.get(&format!("conversations?view=all&channel={}&limit=1", made["channel_id"].as_str().unwrap_or_default())).await.expect(200);
    assert!(conversations["items"].as_array().is_some_and(|items| !items.is_empty()));
    server.stop().await;
    let (parse, insert, rows) = bare(folder, (MAILS as u64).div_ceil(commits));
    let bare_rate = MAILS as f64 / (parse + insert).as_secs_f64();
    println!(
        "{}",
        json!({ "measure": "mails_taken_in", "mails": MAILS, "per_second": rate, "mails_a_commit": MAILS as f64 / commits as f64, "bare_per_second": bare_rate,
            "bare_parse_ms": milliseconds(parse), "bare_insert_ms": milliseconds(insert), "rows": rows, "ratio": rate / bare_rate, "target": 0.5 })
    );
}

/// The bare parser over the same mails, and bare inserts of the rows that they became, in groups of one commit as large as the server's.
fn bare(folder: &Path, group: u64) -> (Duration, Duration, usize) {
    let mails: Vec<String> = (0..MAILS).map(mail).collect();
    let started = Instant::now();
    let parser = mail_parser::MessageParser::default();
    let parts: usize = mails.iter().filter_map(|mail| parser.parse(mail.as_bytes())).map(|message| message.parts.len()).sum();
    assert_eq!(parts, MAILS * 3);
    let parse = started.elapsed();
    let (schema, tables) = rows_of(&folder.join("bench.db"));
    let bare = Connection::open(folder.join("bare.db")).expect("a database");
    // Tables that are not copied cannot be pointed at.
    bare.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;").expect("pragmas");
    for statement in schema {
        bare.execute_batch(&statement).expect("the same schema");
    }
    let rows: usize = tables.iter().map(|(_, rows)| rows.len()).sum();
    let groups = (MAILS as u64).div_ceil(group).max(1) as usize;
    let started = Instant::now();
    for part in 0..groups {
        bare.execute_batch("BEGIN IMMEDIATE").expect("begin");
        for (insert, rows) in &tables {
            let mut statement = bare.prepare_cached(insert).expect("a statement");
            for row in &rows[rows.len() * part / groups..rows.len() * (part + 1) / groups] {
                statement.execute(params_from_iter(row)).expect("a row");
            }
        }
        bare.execute_batch("COMMIT").expect("commit");
    }
    (parse, started.elapsed(), rows)
}

type Tables = Vec<(String, Vec<Vec<Cell>>)>;

/// The schema of ordinary tables and their indexes, and every row in them that mails became. What the search index holds is left out,
/// which favours the bare side.
fn rows_of(database: &Path) -> (Vec<String>, Tables) {
    const OF_MAILS: &[&str] =
        &["conversations", "messages", "events", "mails", "mail_parts", "mail_participants", "contacts", "contact_identities", "identities", "read_marks"];
    let connection = Connection::open(database).expect("the database");
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a text")).collect()
    };
    let (mut schema, mut tables) = (Vec::new(), Vec::new());
    for table in OF_MAILS {
        let made = texts(&format!("SELECT sql FROM sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL ORDER BY type DESC"));
        if made.is_empty() {
            continue;
        }
        schema.extend(made);
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let columns = statement.column_count();
        let places: Vec<String> = (1..=columns).map(|place| format!("?{place}")).collect();
        let mut rows = statement.query([]).expect("rows");
        let mut all = Vec::new();
        while let Some(row) = rows.next().expect("a row") {
            all.push((0..columns).map(|at| row.get::<_, Cell>(at).expect("a cell")).collect());
        }
        tables.push((format!("INSERT INTO {table} VALUES ({})", places.join(", ")), all));
    }
    (schema, tables)
}

/// Mails made to be expensive, each near the limit: what the server's memory rises to above its rest, and how long it takes.
async fn hostile(server: &Server, lmtp: SocketAddr) {
    let head = |name: &str, kind: &str| {
        format!(
            "From: x@paha.example\r\nTo: tuki@kone.example\r\nSubject: {name}\r\nMessage-ID: <{name}@paha.example>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n"
        )
    };
    let filled = |head: String, piece: &str| head.clone() + &piece.repeat((HOSTILE_BYTES - head.len()) / piece.len());
    let mut nested = head("sisakkain", "multipart/mixed; boundary=\"r0\"");
    for depth in 1.. {
        if nested.len() > HOSTILE_BYTES - 200 {
            break;
        }
        nested.push_str(&format!("--r{}\r\nContent-Type: multipart/mixed; boundary=\"r{depth}\"\r\n\r\n", depth - 1));
    }
    let mails = [
        ("flat_text", filled(head("teksti", "text/plain; charset=utf-8"), "Miksi tämä on näin pitkä? Yksi rivi toisensa perään, ilman loppua.\r\n")),
        ("html", filled(head("html", "text/html; charset=utf-8"), "<div style=\"color:red\"><b><table><tr><td>x\r\n")),
        ("parts", filled(head("osat", "multipart/mixed; boundary=\"r\""), "--r\r\nContent-Type: text/plain\r\n\r\nx\r\n")),
        ("nested", nested),
        ("quoted", filled(head("lainaus", "text/plain; charset=utf-8"), ">>>>>>>>>> On Mon, 1 Jan 2026 at 10:00 X <x@y.example> wrote:\r\n")),
        (
            "attachment",
            filled(
                head("liite", "application/octet-stream; name=x.bin").replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
                "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NQ==\r\n",
            ),
        ),
    ];
    for (kind, mail) in mails {
        server.forget_peak();
        let before = server.memory_kb();
        let mut wire = LmtpClient::connect(lmtp).await;
        let started = Instant::now();
        let answers = wire.deliver("x@paha.example", &["tuki@kone.example"], mail.as_bytes()).await;
        let took = started.elapsed();
        let rise = server.peak_kb().saturating_sub(before) as f64 / 1e3;
        println!(
            "{}",
            json!({ "measure": "hostile_mail", "kind": kind, "mb": mail.len() as f64 / 1e6, "memory_rise_mb": rise, "memory_target": 64, "seconds": took.as_secs_f64(),
                "seconds_target": 2, "answer": answers[0] })
        );
        drop(wire);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// What two hundred mailboxes cost that nothing comes to, and how soon a mail is on an agent's screen.
async fn waiting(binary: &Path, folder: &Path, dovecot: &Dovecot) {
    let (server, mut staff, _) = start(binary, folder).await;
    let incoming = json!({ "incoming": { "host": "127.0.0.1", "port": dovecot.imap, "security": "plain" } });
    let first = staff.workspace.clone();
    // One to warm up what all share.
    mailbox(&staff, "tuki@kone.example", incoming.clone()).await;
    connected(&staff, 1).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = server.memory_kb();
    for workspace in 0..IDLE / IN_ONE {
        let made = staff.post("workspaces", json!({ "name": format!("Idle {workspace}"), "slug": format!("idle-{workspace}") })).await.expect(201);
        staff.workspace = made["workspace"]["id"].as_str().map(ToOwned::to_owned);
        for number in 0..IN_ONE {
            mailbox(&staff, &format!("idle{workspace}x{number}@kone.example"), incoming.clone()).await;
        }
        connected(&staff, IN_ONE).await;
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    let rise = server.memory_kb().saturating_sub(before) as f64 / 1e3;
    println!("{}", json!({ "measure": "idle_mailboxes_mb", "mailboxes": IDLE, "value": rise, "each_kb": rise * 1e3 / IDLE as f64, "target": 60 }));
    staff.workspace = first;
    let times = on_screen(&server, &staff, dovecot).await;
    println!(
        "{}",
        json!({ "measure": "mail_on_screen_ms", "mails": times.len(), "p50": milliseconds(times[times.len() / 2]), "p95": milliseconds(times[times.len() * 95 / 100]),
            "slowest": milliseconds(times[times.len() - 1]), "target": 2_000 })
    );
    server.stop().await;
}

async fn connected(staff: &Client, count: usize) {
    loop {
        let page = staff.get("mailboxes").await.expect(200);
        if page["items"].as_array().into_iter().flatten().filter(|item| item["state"] == "connected").count() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// From the moment at which the mail server is handed a mail to the moment at which an agent's socket hears of it.
async fn on_screen(server: &Server, staff: &Client, dovecot: &Dovecot) -> Vec<Duration> {
    let cookie = staff.cookie.clone().unwrap_or_default();
    let url = format!("ws://{}/api/v1/live?workspace={}", server.address, staff.workspace.clone().unwrap_or_default());
    let origin = format!("http://{}", server.address);
    let mut socket = Socket::open(&url, &[("cookie", &cookie), ("origin", &origin)]).await.expect("a socket");
    socket.send(json!({ "type": "hello", "last_seq": null })).await;
    socket.try_until(|frame| frame["type"] == "welcome").await.expect("welcome");
    let mut times = Vec::new();
    for number in 0..SEEN {
        let started = Instant::now();
        dovecot.deliver("liisa@example.fi", "tuki@kone.example", &mail(number * THREAD)).await;
        let subject = format!("Pöytä {number}");
        let heard = socket
            .try_until(|frame| {
                frame["type"] == "changes" && frame["conversations"].as_array().is_some_and(|rows| rows.iter().any(|row| row["subject"] == subject.as_str()))
            })
            .await;
        heard.expect("the socket stays open");
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    times.sort_unstable();
    times
}
