//! Merging, splitting and relating cases, and undoing each of it.

use ennakoi_kernel::Duration;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Desk, Talk, answers, read};
use crate::people::text;

async fn merge(agent: &Client, winner: Talk, loser: Talk) -> Value {
    agent.post(&winner.path("/merges"), json!({ "conversation_id": loser.id })).await.expect(201)
}

async fn cases(agent: &Client, talk: Talk) -> Vec<Value> {
    agent.get(&talk.path("/cases")).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn bodies(agent: &Client, conversation: &str) -> Vec<Value> {
    let page = agent.get(&format!("conversations/{conversation}/messages?limit=100")).await.expect(200);
    page["items"].as_array().unwrap().iter().filter(|message| message["kind"] == "text").cloned().collect()
}

/// What an undo must give back.
fn facts(row: &Value) -> Value {
    json!([
        row["state"],
        row["owner"]["kind"],
        row["queue"],
        row["priority"],
        row["snoozed_until"],
        row["waiting_since"],
        row["closed_at"],
        row["labels"],
        row["contact"]
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_for_a_merged_case_goes_to_the_other_until_it_is_undone() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let (first, second) = (desk.talk("Liisa", "Missä pakettini on?").await, desk.talk("Liisa", "Paketista vielä.").await);
    let label = desk.owner().post("labels", json!({ "name": "Toimitus", "color": "#2b8a3e" })).await.expect(201);
    aino.put(&second.path(&format!("/labels/{}", text(&label["id"]))), json!({})).await;
    answers(&aino, first, "a", "Selvitän.").await;
    let before = [read(&aino, first).await, read(&aino, second).await].map(|row| facts(&row));
    let merged = merge(&aino, first, second).await;
    assert_eq!(merged["conversation"]["state"], "open", "who waited in the one waits in the other");
    let gone = read(&aino, second).await;
    assert_eq!(gone["state"], "closed");
    let added = desk.says(second, "Joko se löytyi?").await;
    assert_eq!(added.message.conversation_id, first.id);
    // Sent again, it is the same message.
    assert_eq!(bodies(&aino, &first.id.to_string()).await.last().unwrap()["body"], "Joko se löytyi?");
    assert_eq!(bodies(&aino, &second.id.to_string()).await.len(), 1, "nothing moved");
    let seen = cases(&aino, first).await;
    assert_eq!((seen.len(), &seen[0]["kind"], &seen[0]["from_other"]), (1, &json!("merged"), &json!(true)));
    assert_eq!(aino.delete(&second.path("/closure")).await.expect(409)["code"], "conversation_merged");
    let link = text(&merged["link"]);
    let third = desk.talk("Matti", "Muu asia").await;
    assert_eq!(aino.post(&third.path("/merges"), json!({ "conversation_id": second.id })).await.expect(409)["code"], "already_merged");
    assert_eq!(aino.post(&second.path("/merges"), json!({ "conversation_id": third.id })).await.expect(409)["code"], "already_merged");
    aino.post(&first.path("/merges"), json!({ "conversation_id": first.id })).await.expect(422);
    aino.delete(&third.path(&format!("/merges/{link}"))).await.expect(404);
    aino.delete(&first.path(&format!("/merges/{link}"))).await.expect(204);
    aino.delete(&first.path(&format!("/merges/{link}"))).await.expect(404);
    assert_eq!(facts(&read(&aino, second).await), before[1], "as it was");
    assert!(cases(&aino, first).await.is_empty());
    let again = desk.says(second, "Täällä taas").await;
    assert_eq!(again.message.conversation_id, second.id);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_gives_back_exactly_what_was() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let (first, second) = (desk.talk("Liisa", "Yksi").await, desk.talk("Liisa", "Kaksi").await);
    let until = desk.company.app.app.environment.now() + Duration::hours(5);
    aino.put(&second.path("/snooze"), json!({ "until": until })).await.expect(200);
    aino.put(&first.path("/closure"), json!({})).await.expect(200);
    let before = [facts(&read(&aino, first).await), facts(&read(&aino, second).await)];
    let link = text(&merge(&aino, first, second).await["link"]);
    assert_eq!(read(&aino, second).await["state"], "closed");
    aino.delete(&first.path(&format!("/merges/{link}"))).await.expect(204);
    assert_eq!([facts(&read(&aino, first).await), facts(&read(&aino, second).await)], before);
    desk.company.app.clock.advance(Duration::hours(6));
    desk.settle().await;
    for _ in 0..1_200 {
        if read(&aino, second).await["state"] == "open" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it still wakes by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_begins_a_case_of_its_own_and_is_undone_without_a_trace_lost() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Missä pakettini on?").await;
    desk.says(talk, "Ja lasku on väärin.").await;
    answers(&aino, talk, "a", "Katson.").await;
    let messages = bodies(&aino, &talk.id.to_string()).await;
    let wrong = json!({ "message_ids": [messages[1]["id"], "00000000-0000-7000-8000-000000000000"] });
    assert_eq!(aino.post(&talk.path("/splits"), wrong).await.expect(422)["errors"][0]["field"], "message_ids[1]");
    aino.post(&talk.path("/splits"), json!({ "message_ids": [] })).await.expect(422);
    let split = aino.post(&talk.path("/splits"), json!({ "message_ids": [messages[1]["id"]], "subject": "Lasku" })).await.expect(201);
    let other = text(&split["conversation"]["id"]);
    assert_eq!((&split["conversation"]["subject"], &split["conversation"]["state"]), (&json!("Lasku"), &json!("open")));
    assert_eq!(split["conversation"]["contact"]["name"], "Liisa");
    let copies = bodies(&aino, &other).await;
    assert_eq!((copies.len(), &copies[0]["body"], &copies[0]["created_at"]), (1, &messages[1]["body"], &messages[1]["created_at"]));
    assert_eq!(copies[0]["meta"]["copied_from"]["message"], messages[1]["id"]);
    let origin = bodies(&aino, &talk.id.to_string()).await;
    assert_eq!(origin[1]["meta"]["moved_to"]["conversation"], json!(other), "the original says where it goes on");
    assert_eq!(origin.len(), 3);
    aino.post(&talk.path("/splits"), json!({ "message_ids": [messages[1]["id"]] })).await.expect(422);
    // Something is said in the new case, and then the split turns out to have been wrong.
    aino.post(&format!("conversations/{other}/messages"), json!({ "client_key": "b", "visibility": "public", "body": "Korjasin laskun." })).await.expect(201);
    let link = text(&split["link"]);
    aino.delete(&talk.path(&format!("/splits/{link}"))).await.expect(204);
    let origin = bodies(&aino, &talk.id.to_string()).await;
    assert!(origin[1]["meta"]["moved_to"].is_null());
    let seen = cases(&aino, talk).await;
    assert_eq!((&seen[0]["kind"], &seen[0]["conversation"]["id"]), (&json!("merged"), &json!(other)), "what was said there stays readable");
    assert_eq!(bodies(&aino, &other).await.len(), 2);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_files_message_takes_its_file_along() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Missä pakettini on?").await;
    let file = aino.upload("attachments", "kuitti.txt", "text/plain", b"49,90".to_vec()).await.expect(201);
    let body = json!({ "client_key": "f", "body": "Kuitti", "visibility": "public", "attachment_ids": [file["id"]] });
    let sent = aino.post(&talk.path("/messages"), body).await.expect(201);
    let split = aino.post(&talk.path("/splits"), json!({ "message_ids": [sent["id"]] })).await.expect(201);
    let copied = bodies(&aino, &text(&split["conversation"]["id"])).await[0]["attachments"][0].clone();
    assert!(copied["id"] != file["id"] && copied["name"] == "kuitti.txt", "{copied}");
    let shown = aino.get(&format!("attachments/{}/kuitti.txt", text(&copied["id"]))).await;
    assert_eq!((shown.status.as_u16(), shown.text.as_str()), (200, "49,90"));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn related_cases_point_at_each_other() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let (first, second) = (desk.talk("Liisa", "Yksi").await, desk.talk("Matti", "Sama vika").await);
    let related = aino.post(&first.path("/relations"), json!({ "conversation_id": second.id })).await.expect(201);
    let again = aino.post(&second.path("/relations"), json!({ "conversation_id": first.id })).await.expect(201);
    assert_eq!(related["link"], again["link"], "said from either side, it is one relation");
    for talk in [first, second] {
        assert_eq!(cases(&aino, talk).await[0]["kind"], "related");
    }
    aino.delete(&second.path(&format!("/relations/{}", text(&related["link"])))).await.expect(204);
    assert!(cases(&aino, first).await.is_empty());
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_and_neighbours_change_nothing() {
    let desk = Desk::open().await;
    let (first, second) = (desk.talk("Liisa", "Yksi").await, desk.talk("Liisa", "Kaksi").await);
    let viewer = desk.company.colleague("kaisa", "viewer").await;
    viewer.post(&first.path("/merges"), json!({ "conversation_id": second.id })).await.expect(403);
    let neighbour = desk.company.neighbour().await;
    neighbour.post(&first.path("/merges"), json!({ "conversation_id": second.id })).await.expect(404);
    neighbour.get(&first.path("/cases")).await.expect(404);
    neighbour.post(&first.path("/relations"), json!({ "conversation_id": second.id })).await.expect(404);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_to_a_long_closed_case_open_one_new_case() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Hei").await;
    aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    desk.company.app.clock.advance(Duration::days(8));
    let mut places = std::collections::BTreeSet::new();
    for words in ["Vielä yksi asia", "Ja toinen", "Ja kolmas"] {
        places.insert(desk.says(talk, words).await.message.conversation_id);
    }
    assert_eq!(places.len(), 1);
    assert!(!places.contains(&talk.id));
    let seen = cases(&aino, talk).await;
    assert_eq!((seen.len(), &seen[0]["kind"]), (1, &json!("continued")));
    desk.settle().await;
}
