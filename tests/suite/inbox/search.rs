//! Search over messages, numbers and contacts.

use serde_json::json;

use super::{Desk, answers, listed};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_their_forms_and_only_in_the_own_workspace() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Missä tilaukseni 4711 viipyy?").await;
    desk.says(talk, "Tilaus oli kahvikoneesta").await;
    let other = desk.talk("Matti", "Haluan palauttaa kengät").await;
    answers(&aino, other, "a1", "Palautus onnistuu, tilausnumero riittää").await;
    desk.settle().await;
    let find = async |query: &str| {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).append_pair("kind", "conversation").finish();
        let found = aino.get(&format!("search?{query}")).await.expect(200);
        found["conversations"].as_array().unwrap().iter().map(|hit| (text(&hit["conversation"]["id"]), hit["message_seq"].clone())).collect::<Vec<_>>()
    };
    // Both messages hold the word; the conversation is listed once, by the newest.
    assert_eq!(find("tilaukset").await, [(talk.id.to_string(), json!(2))]);
    assert_eq!(find("tilaukseni 4711").await, [(talk.id.to_string(), json!(1))]);
    assert_eq!(find("kahvi").await, [(talk.id.to_string(), json!(2))]);
    assert_eq!(find("kengät").await, [(other.id.to_string(), json!(1))]);
    assert_eq!(find("#2").await[0].0, other.id.to_string());
    for nothing in ["lentokone", "\" OR 1=1 --", "*", "", "()"] {
        assert!(find(nothing).await.is_empty(), "{nothing}");
    }
    let found = aino.get("search?q=liisa").await.expect(200);
    assert_eq!(found["contacts"][0]["name"], "Liisa");
    assert_eq!(aino.get("search?q=kahvi").await.expect(200)["conversations"][0]["snippet"], "Tilaus oli kahvikoneesta");
    assert_eq!(listed(&aino, "view=all&q=palautus").await, [other.id.to_string()]);
    assert!(listed(&aino, "view=all&q=lentokone").await.is_empty());
    let neighbour = desk.company.neighbour().await;
    let theirs = neighbour.get("search?q=kahvi").await.expect(200);
    assert_eq!((&theirs["conversations"], &theirs["contacts"]), (&json!([]), &json!([])));
    aino.get(&format!("search?q={}", "a".repeat(201))).await.expect(422);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects_are_found_and_pages_go_on() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(desk.talk(&format!("Asiakas{number}"), "Lasku puuttuu").await.id.to_string());
    }
    desk.settle().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let found = aino.get(&format!("search?q=lasku&kind=conversation&limit=2{cursor}")).await.expect(200);
        seen.extend(found["conversations"].as_array().unwrap().iter().map(|hit| text(&hit["conversation"]["id"])));
        let Some(next) = found["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    made.reverse();
    assert_eq!(seen, made);
    let path = format!("conversations/{}", made[0]);
    aino.patch(&path, json!({ "subject": "Reklamaatio pyykinpesukoneesta" })).await.expect(200);
    let found = aino.get("search?q=reklamaatio&kind=conversation").await.expect(200);
    assert_eq!((&found["conversations"][0]["conversation"]["id"], &found["conversations"][0]["message_seq"]), (&json!(made[0]), &json!(null)));
    aino.patch(&path, json!({ "subject": "" })).await.expect(200);
    assert_eq!(aino.get("search?q=reklamaatio&kind=conversation").await.expect(200)["conversations"], json!([]));
    desk.settle().await;
}
