//! Answers that leave at a chosen moment: once, only then, and not when something has come between.

use ennakoi_kernel::Duration;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Desk, Talk, read};
use crate::people::text;

const HOUR: i64 = 3_600_000_000;

impl Desk {
    fn now(&self) -> i64 {
        self.company.app.app.environment.now().0
    }

    /// Waits until what waits in a conversation, and what was said in it by staff, is as expected.
    async fn until(&self, client: &Client, talk: Talk, expected: impl Fn(&[Value], &[String]) -> bool) -> Vec<Value> {
        for _ in 0..1_500 {
            let waiting = waiting(client, talk).await;
            if expected(&waiting, &said(client, talk).await) {
                return waiting;
            }
            tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        }
        panic!("{:?} waits, {:?} was said", waiting(client, talk).await, said(client, talk).await);
    }
}

async fn waiting(client: &Client, talk: Talk) -> Vec<Value> {
    client.get(&talk.path("/scheduled-answers")).await.expect(200)["items"].as_array().unwrap().clone()
}

/// What staff has said.
async fn said(client: &Client, talk: Talk) -> Vec<String> {
    let page = client.get(&talk.path("/messages?limit=100")).await.expect(200);
    let texts = page["items"].as_array().unwrap().iter().filter(|message| message["kind"] == "text" && message["author"]["kind"] == "staff");
    texts.map(|message| text(&message["body"])).collect()
}

async fn schedule(client: &Client, talk: Talk, key: &str, body: &str, send_at: i64) -> Value {
    client.post(&talk.path("/scheduled-answers"), json!({ "client_key": key, "body": body, "send_at": send_at })).await.expect(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_at_its_moment_and_once() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let talk = desk.queued("Liisa", "Milloin saan rahani?").await;
    aino.put(&talk.path("/draft"), json!({ "mode": "reply", "body": "Hei Liisa" })).await.expect(200);
    let file = aino.upload("attachments", "kuitti.pdf", "application/pdf", b"%PDF-1.4 kuitti".to_vec()).await.expect(201);
    let new = json!({ "client_key": "s1", "body": "Rahat ovat tilillä.", "attachment_ids": [file["id"]], "send_at": desk.now() + 2 * HOUR });
    let answer = aino.post(&talk.path("/scheduled-answers"), new.clone()).await.expect(201);
    assert_eq!(aino.post(&talk.path("/scheduled-answers"), new).await.expect(201)["id"], answer["id"], "sent again is the same");
    let seen = read(&aino, talk).await;
    assert_eq!((&seen["draft"]["reply"], &seen["scheduled"][0]["body"]), (&json!(null), &json!("Rahat ovat tilillä.")));
    assert_eq!((&seen["scheduled"][0]["attachments"][0]["name"], &seen["scheduled"][0]["author"]["name"]), (&json!("kuitti.pdf"), &json!("aino")));
    assert!(said(&aino, talk).await.is_empty(), "nobody has said anything yet");
    desk.company.app.clock.advance(Duration::hours(1));
    // What its author begins meanwhile stays.
    aino.put(&talk.path("/draft"), json!({ "mode": "reply", "body": "Ja vielä" })).await.expect(200);
    desk.settle().await;
    assert!(said(&aino, talk).await.is_empty());
    desk.company.app.clock.advance(Duration::minutes(61));
    desk.until(&aino, talk, |waiting, said| waiting.is_empty() && said == ["Rahat ovat tilillä."]).await;
    let page = aino.get(&talk.path("/messages?limit=10")).await.expect(200);
    let message = page["items"].as_array().unwrap().iter().find(|message| message["body"] == "Rahat ovat tilillä.").unwrap().clone();
    assert_eq!((&message["meta"]["scheduled"]["for_at"], &message["attachments"][0]["name"]), (&answer["send_at"], &json!("kuitti.pdf")));
    assert_eq!(read(&aino, talk).await["draft"]["reply"]["body"], "Ja vielä");
    assert_eq!(read(&aino, talk).await["state"], "waiting", "answered");
    // The same key does not say it again.
    aino.post(&talk.path("/messages"), json!({ "client_key": "s1", "body": "Rahat ovat tilillä.", "visibility": "public" })).await.expect(200);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_who_writes_again_holds_it() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.agent("aino").await, desk.agent("onni").await);
    let talk = desk.queued("Liisa", "Milloin saan rahani?").await;
    let answer = schedule(&aino, talk, "s1", "Huomenna.", desk.now() + HOUR).await;
    desk.says(talk, "Ne tulivatkin jo, kiitos!").await;
    let held = waiting(&onni, talk).await.pop().unwrap();
    assert_eq!(held["held"], "customer_wrote");
    desk.company.app.clock.advance(Duration::hours(3));
    desk.settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert!(said(&aino, talk).await.is_empty(), "it does not leave by itself");
    // A colleague changes its words and gives it a new moment: it is theirs now.
    let path = talk.path(&format!("/scheduled-answers/{}", text(&answer["id"])));
    let stale = onni.patch(&path, json!({ "send_at": desk.now() + HOUR, "version": answer["version"] })).await.expect(409);
    assert_eq!(stale["code"], "answer_changed");
    let changed = onni.patch(&path, json!({ "body": "Hienoa!", "send_at": desk.now() + HOUR, "version": held["version"] })).await.expect(200);
    assert_eq!((&changed["held"], &changed["author"]["name"]), (&json!(null), &json!("onni")));
    desk.company.app.clock.advance(Duration::hours(2));
    desk.until(&aino, talk, |waiting, said| waiting.is_empty() && said == ["Hienoa!"]).await;
    // Held, and sent all the same by somebody who has looked.
    let second = schedule(&aino, talk, "s2", "Hyvää päivänjatkoa.", desk.now() + HOUR).await;
    desk.says(talk, "Samoin!").await;
    let sent = onni.post(&talk.path(&format!("/scheduled-answers/{}/sending", text(&second["id"]))), json!({})).await.expect(201);
    assert_eq!((&sent["body"], &sent["author"]["name"]), (&json!("Hyvää päivänjatkoa."), &json!("aino")));
    desk.until(&aino, talk, |waiting, said| waiting.is_empty() && said == ["Hienoa!", "Hyvää päivänjatkoa."]).await;
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_taken_back_and_waits_where_it_no_longer_fits() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let talk = desk.queued("Liisa", "Milloin saan rahani?").await;
    let answer = schedule(&aino, talk, "s1", "Huomenna.", desk.now() + HOUR).await;
    let path = talk.path(&format!("/scheduled-answers/{}", text(&answer["id"])));
    desk.company.neighbour().await.delete(&path).await.expect(404);
    aino.delete(&path).await.expect(204);
    aino.delete(&path).await.expect(404);
    assert!(waiting(&aino, talk).await.is_empty());
    // A closed conversation stays as it is.
    schedule(&aino, talk, "s2", "Ylihuomenna.", desk.now() + HOUR).await;
    aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    desk.company.app.clock.advance(Duration::hours(2));
    let held = desk.until(&aino, talk, |waiting, _| waiting.iter().any(|answer| answer["held"] != json!(null))).await;
    assert_eq!(held[0]["held"], "conversation_closed");
    assert!(said(&aino, talk).await.is_empty());
    // One that waits in a conversation that becomes part of another waits there, for somebody's decision.
    let (one, other) = (desk.queued("Maija", "Ensin").await, desk.queued("Pekka", "Sitten").await);
    schedule(&aino, one, "s3", "Huomenna.", desk.now() + HOUR).await;
    aino.post(&other.path("/merges"), json!({ "conversation_id": one.id })).await.expect(201);
    let moved = waiting(&aino, other).await;
    assert_eq!((moved.len(), &moved[0]["held"], waiting(&aino, one).await.len()), (1, &json!("merged"), 0));
    // What cannot be scheduled.
    for (change, status) in [
        (json!({ "send_at": desk.now() - HOUR }), 422),
        (json!({ "send_at": desk.now() + 400 * 24 * HOUR }), 422),
        (json!({ "send_at": desk.now() + HOUR, "body": " " }), 422),
        (json!({ "send_at": desk.now() + HOUR, "attachment_ids": ["0190f5a0-0000-7000-8000-000000000000"] }), 422),
        (json!({ "send_at": desk.now() + HOUR, "addressing": { "subject": "x\r\nBcc: a@b.fi" } }), 422),
    ] {
        let mut new = json!({ "client_key": "bad", "body": "x" });
        new.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        aino.post(&other.path("/scheduled-answers"), new).await.expect(status);
    }
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_a_restart_and_offers_moments_by_the_opening_hours() {
    let mut desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let talk = desk.queued("Liisa", "Milloin saan rahani?").await;
    schedule(&aino, talk, "s1", "Huomenna.", desk.now() + HOUR).await;
    let day = json!([["09:00", "17:00"]]);
    let hours = json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": [], "sun": [] });
    let calendar = desk.owner().post("calendars", json!({ "name": "Arki", "timezone": "Europe/Helsinki", "weekly": hours })).await.expect(201);
    desk.owner().patch(&format!("queues/{}", desk.queue), json!({ "calendar_id": calendar["id"] })).await.expect(200);
    let offered = aino.get(&talk.path("/send-times")).await.expect(200);
    let offered = offered["items"].as_array().unwrap();
    assert!(!offered.is_empty() && offered.iter().all(|time| time["at"].as_i64().unwrap() > desk.now()), "{offered:?}");
    let minutes = |time: &Value| time["at"].as_i64().unwrap().rem_euclid(HOUR);
    assert!(offered.iter().filter(|time| time["code"] != "hour").all(|time| minutes(time) == 0), "mornings begin on the hour: {offered:?}");
    let (cookie, workspace) = (aino.cookie.clone(), aino.workspace.clone());
    desk.company.app = desk.company.app.crash(|_| {}).await;
    let mut aino = desk.company.app.stranger();
    (aino.cookie, aino.workspace) = (cookie, workspace);
    assert_eq!(waiting(&aino, talk).await.len(), 1);
    desk.company.app.clock.advance(Duration::hours(2));
    desk.until(&aino, talk, |waiting, said| waiting.is_empty() && said == ["Huomenna."]).await;
    desk.settle().await;
}
