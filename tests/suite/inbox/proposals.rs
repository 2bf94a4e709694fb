//! Promises that an answer seems to make: proposed, and recorded only when somebody says so.

use serde_json::{Value, json};

use super::{Desk, answers};
use crate::people::text;

const MINUTE: i64 = 60_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_promises_is_proposed_and_nothing_is_recorded_by_itself() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Missä paketti on?").await;
    let proposed = async |message: &Value| {
        let path = liisa.path(&format!("/messages/{}/promises", text(&message["id"])));
        aino.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    };
    let answer = answers(&aino, liisa, "a", "Hei Liisa!\n\nSoitan sinulle tunnin kuluttua. Hyvää päivänjatkoa!").await;
    let found = proposed(&answer).await;
    assert_eq!((found.len(), &found[0]["body"], &found[0]["timed"]), (1, &json!("Soitan sinulle tunnin kuluttua."), &json!(true)));
    let due = found[0]["due_at"].as_i64().unwrap();
    assert_eq!(due - answer["created_at"].as_i64().unwrap(), 60 * MINUTE);
    assert_eq!(aino.get(&liisa.path("/promises")).await.expect(200)["items"], json!([]));
    desk.settle().await;
    assert_eq!(aino.get(&liisa.path("/clocks")).await.expect(200)["items"], json!([]));
    // Confirmed, it has a clock and is not proposed again.
    aino.post(&liisa.path("/promises"), json!({ "body": found[0]["body"], "due_at": due })).await.expect(201);
    desk.settle().await;
    let clocks = aino.get(&liisa.path("/clocks")).await.expect(200);
    assert_eq!((&clocks["items"][0]["kind"], &clocks["items"][0]["due_at"]), (&json!("promise"), &json!(due)));
    assert_eq!(proposed(&answer).await, Vec::<Value>::new());
    // A whole day lasts until its work ends.
    let answer = answers(&aino, liisa, "b", "Vi återkommer senast på måndag.").await;
    let found = proposed(&answer).await;
    assert_eq!((found.len(), &found[0]["timed"]), (1, &json!(false)));
    assert!((1..=8 * 24 * 60).contains(&((found[0]["due_at"].as_i64().unwrap() - answer["created_at"].as_i64().unwrap()) / MINUTE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_what_others_wrote_promise_nothing() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let (liisa, matti) = (desk.queued("Liisa", "Palaan asiaan huomenna klo 10.").await, desk.queued("Matti", "Hei").await);
    let note = json!({ "client_key": "n", "body": "Soitan tunnin kuluttua.", "visibility": "private" });
    let note = aino.post(&liisa.path("/messages"), note).await.expect(201);
    let plain = answers(&aino, liisa, "a", "Selvä, kiitos!").await;
    let promise = answers(&aino, liisa, "b", "Soitan tunnin kuluttua.").await;
    let first = aino.get(&liisa.path("/messages?limit=10")).await.expect(200)["items"][0].clone();
    for message in [&note, &plain, &first] {
        let path = liisa.path(&format!("/messages/{}/promises", text(&message["id"])));
        assert_eq!(aino.get(&path).await.expect(200)["items"], json!([]), "{message}");
    }
    // Of another conversation, or taken back.
    aino.get(&matti.path(&format!("/messages/{}/promises", text(&promise["id"])))).await.expect(404);
    aino.delete(&liisa.path(&format!("/messages/{}", text(&promise["id"])))).await.expect(200);
    assert_eq!(aino.get(&liisa.path(&format!("/messages/{}/promises", text(&promise["id"])))).await.expect(200)["items"], json!([]));
    desk.company.colleague("katsoja", "viewer").await.get(&liisa.path(&format!("/messages/{}/promises", text(&plain["id"])))).await.expect(403);
    desk.settle().await;
}
