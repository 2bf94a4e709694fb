//! History brought along: a dry run first, everything once, nothing said to anybody, and on where it was cut off.

use std::time::Duration;

use ennakoi_testkit::program::Program;
use serde_json::{Value, json};

use crate::{
    chat::Shop,
    people::{Company, text},
};

fn table(conversations: std::ops::Range<usize>) -> Vec<u8> {
    let mut rows = "conversation;message;date;direction;text;customer_email;name;agent;subject;state\n".to_owned();
    for n in conversations {
        rows.push_str(&format!("T{n};m{n}a;2026-01-01 08:00;in;Kysymys numero {n};asiakas{n}@example.fi;Asiakas {n};;Aihe {n};open\n"));
        rows.push_str(&format!("T{n};m{n}b;2026-01-01 09:00;out;Vastaus numero {n};;;aino@kone.example;;open\n"));
        rows.push_str(&format!("T{n};m{n}c;2026-01-01 09:05;note;Muistiinpano {n};;;aino@kone.example;;open\n"));
        rows.push_str(&format!("T{n};m{n}d;2026-01-02 10:00;in;Vielä kysymys {n};asiakas{n}@example.fi;;;;open\n"));
    }
    rows.into_bytes()
}

struct Mover {
    shop: Shop,
}

impl Mover {
    async fn open() -> Self {
        Self { shop: Shop::open_with(|configuration| configuration.security.private_egress = true).await }
    }

    fn company(&self) -> &Company {
        &self.shop.company
    }

    async fn upload(&self, format: &str, bytes: Vec<u8>) -> Value {
        let path = format!("imports/history?format={format}&channel={}", self.shop.channel);
        self.shop.owner().upload(&path, "historia", "application/octet-stream", bytes).await.expect(201)
    }

    async fn until(&self, import: &Value, states: &[&str]) -> Value {
        for _ in 0..4_000 {
            let now = self.shop.owner().get(&format!("imports/history/{}", text(&import["id"]))).await.expect(200);
            if states.contains(&now["state"].as_str().unwrap()) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("not {states:?}");
    }

    async fn run(&self, import: &Value) -> Value {
        self.until(import, &["checked"]).await;
        self.shop.owner().put(&format!("imports/history/{}/run", text(&import["id"])), json!({})).await.expect(200);
        self.until(import, &["finished"]).await
    }

    async fn count(&self, sql: &str) -> i64 {
        self.company().app.app.db.read().await.unwrap().scalar(sql, &[]).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_and_an_import_says_nothing_to_anybody() {
    let mover = Mover::open().await;
    let listening = Program::start().await;
    mover.shop.owner().post("webhooks", json!({ "url": listening.url })).await.expect(201);
    mover.company().app.settle().await;
    let (conversations, turns) = (mover.count("SELECT COUNT(*) FROM conversations").await, mover.count("SELECT COUNT(*) FROM bot_turns").await);
    let mut file = table(0..30);
    file.extend_from_slice(b";;2026-01-01;in;Ilman tunnusta;;;;;\nX;;eilen;in;Ilman aikaa;x@example.fi;;;;\n");
    let import = mover.upload("csv", file).await;
    let checked = mover.until(&import, &["checked"]).await;
    assert_eq!((&checked["counts"]["total"], &checked["counts"]["created"], &checked["counts"]["rejected"]), (&json!(32), &json!(30), &json!(2)));
    assert_eq!(checked["preview"][0]["subject"], "Aihe 0");
    assert_eq!(mover.count("SELECT COUNT(*) FROM conversations").await, conversations, "nothing is written");
    let finished = mover.run(&import).await;
    assert_eq!((&finished["counts"]["created"], &finished["counts"]["messages"], &finished["counts"]["rejected"]), (&json!(30), &json!(120), &json!(2)));
    let rejected = mover.shop.owner().get(&format!("imports/history/{}/rejections", text(&import["id"]))).await.expect(200);
    let reasons: Vec<String> = rejected["items"].as_array().unwrap().iter().map(|row| text(&row["reason"])).collect();
    assert_eq!(reasons, ["id_missing", "date_invalid"]);
    let row = mover.shop.owner().get("search?q=numero%207&kind=conversation").await.expect(200)["conversations"][0]["conversation"].clone();
    let page = mover.shop.owner().get(&format!("conversations/{}/messages", text(&row["id"]))).await.expect(200);
    let texts: Vec<&Value> = page["items"].as_array().unwrap().iter().collect();
    assert_eq!(texts.len(), 4);
    assert_eq!((&texts[1]["author"]["name"], &texts[1]["delivery"]), (&json!("aino@kone.example"), &json!("read")));
    assert_eq!(texts[2]["visibility"], "private");
    assert!(texts[0]["created_at"].as_i64() < texts[3]["created_at"].as_i64(), "at the times at which they were");
    assert_eq!((&row["state"], &row["owner"]["kind"]), (&json!("open"), &json!("queue")));
    mover.company().app.settle().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(mover.count("SELECT COUNT(*) FROM bot_turns").await, turns, "the bot is not woken");
    assert_eq!(mover.count("SELECT COUNT(*) FROM intents").await, 0, "nothing is sent");
    let told: Vec<Value> = listening.calls().iter().map(|call| call.json()["type"].clone()).collect();
    assert!(told.iter().all(|kind| kind == "import.finished"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_changes_nothing_and_what_was_added_is_added() {
    let mover = Mover::open().await;
    let import = mover.upload("csv", table(0..5)).await;
    mover.run(&import).await;
    let before = mover.count("SELECT COUNT(*) FROM messages").await;
    let again = mover.upload("csv", table(0..5)).await;
    let finished = mover.run(&again).await;
    assert_eq!((&finished["counts"]["unchanged"], &finished["counts"]["messages"]), (&json!(5), &json!(0)));
    assert_eq!(mover.count("SELECT COUNT(*) FROM messages").await, before);
    let mut more = table(0..6);
    more.extend_from_slice("T0;m0e;2026-01-03 10:00;in;Lisää nollasta;asiakas0@example.fi;;;;open\n".as_bytes());
    let finished = {
        let import = mover.upload("csv", more).await;
        mover.run(&import).await
    };
    assert_eq!((&finished["counts"]["updated"], &finished["counts"]["created"], &finished["counts"]["messages"]), (&json!(1), &json!(1), &json!(5)));
    mover.company().app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_held_or_cut_off_goes_on_where_it_was() {
    let mover = Mover::open().await;
    let import = mover.upload("csv", table(0..120)).await;
    mover.until(&import, &["checked"]).await;
    let path = format!("imports/history/{}", text(&import["id"]));
    mover.shop.owner().put(&format!("{path}/run"), json!({})).await.expect(200);
    for _ in 0..12_000 {
        if mover.shop.owner().get(&path).await.expect(200)["counts"]["done"].as_i64().unwrap() >= 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let held = mover.shop.owner().delete(&format!("{path}/run")).await.expect(200);
    if held["state"] == "paused" {
        mover.shop.owner().put(&format!("{path}/run"), json!({})).await.expect(200);
    }
    // Cut off in the middle, and started again on the same data.
    let Mover { shop: Shop { company, channel, public_key, queue } } = mover;
    let Company { app, owner, owner_password } = company;
    let app = app.crash(|configuration| configuration.security.private_egress = true).await;
    app.clock.advance(ennakoi_kernel::Duration::minutes(5));
    let mut moved = app.stranger();
    (moved.cookie, moved.workspace) = (owner.cookie, owner.workspace);
    let mover = Mover { shop: Shop { company: Company { app, owner: moved, owner_password }, channel, public_key, queue } };
    let finished = mover.until(&import, &["finished"]).await;
    assert_eq!((&finished["counts"]["done"], &finished["counts"]["created"]), (&json!(120), &json!(120)));
    assert_eq!(mover.count("SELECT COUNT(*) FROM history_conversations").await, 120);
    assert_eq!(mover.count("SELECT COUNT(*) FROM messages WHERE external_id LIKE 'csv:%'").await, 480, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_says_why_and_only_administrators_import() {
    let mover = Mover::open().await;
    let broken = mover.upload("zendesk", b"{ nonsense".to_vec()).await;
    let failed = mover.until(&broken, &["failed"]).await;
    assert!(text(&failed["trouble"]).starts_with("json_invalid"), "{failed}");
    let path = format!("imports/history/{}", text(&broken["id"]));
    assert_eq!(mover.shop.owner().put(&format!("{path}/run"), json!({})).await.expect(409)["code"], "import_state");
    let agent = mover.company().colleague("aino", "agent").await;
    agent.get("imports/history").await.expect(403);
    mover.company().neighbour().await.get(&path).await.expect(404);
    mover.shop.owner().delete(&path).await.expect(204);
    mover.company().app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_folder_becomes_conversations_with_files() {
    let mover = Mover::open().await;
    let mail = |from: &str, to: &str, id: &str, parent: &str, hour: u8, body: &str| {
        let reply = if parent.is_empty() { String::new() } else { format!("In-Reply-To: <{parent}>\r\n") };
        format!(
            "From {from} Mon Nov 30 {hour}:00:00 2025\r\nFrom: <{from}>\r\nTo: {to}\r\nSubject: Paketti\r\nMessage-ID: <{id}>\r\n{reply}Date: Sun, 30 Nov 2025 {hour}:00:00 +0200\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n--x\r\n\
             Content-Type: text/plain; name=kuitti.txt\r\nContent-Disposition: attachment; filename=kuitti.txt\r\n\r\nsumma 12\r\n--x--\r\n\r\n"
        )
    };
    let folder = [
        mail("liisa@example.fi", "tuki@kone.example", "1@example.fi", "", 10, "Missä pakettini on?"),
        mail("tuki@kone.example", "liisa@example.fi", "2@kone.example", "1@example.fi", 11, "Se on matkalla."),
        mail("matti@example.fi", "tuki@kone.example", "3@example.fi", "", 12, "Toinen asia."),
    ]
    .concat();
    let import = mover.upload("mbox", folder.into_bytes()).await;
    let finished = mover.run(&import).await;
    assert_eq!((&finished["counts"]["created"], &finished["counts"]["messages"]), (&json!(2), &json!(3)));
    let found = mover.shop.owner().get("search?q=matkalla&kind=conversation").await.expect(200);
    let id = text(&found["conversations"][0]["conversation"]["id"]);
    let page = mover.shop.owner().get(&format!("conversations/{id}/messages")).await.expect(200);
    assert_eq!((&page["items"][1]["direction"], &page["items"][0]["attachments"][0]["name"]), (&json!("out"), &json!("kuitti.txt")));
    mover.company().app.settle().await;
}
