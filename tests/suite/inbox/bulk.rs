//! One action on many, and undoing it without losing what happened since.

use serde_json::{Value, json};

use super::{Desk, ids, listed, read, staff_id};
use crate::people::text;

#[tokio::test]
async fn bulk_actions_are_undone_where_nothing_else_happened() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let (first, second, third) = (desk.talk("Liisa", "Yksi").await, desk.talk("Matti", "Kaksi").await, desk.talk("Elsa", "Kolme").await);
    let bulk = async |ids: &[String], action: Value| aino.post("conversations/bulk", json!({ "ids": ids, "action": action })).await.expect(200);
    let unknown = "00000000-0000-0000-0000-000000000001".to_owned();
    let mut all = ids(&[first, second, third]);
    all.push(unknown.clone());
    let waiting_since = read(&aino, first).await["waiting_since"].clone();
    let outcome = bulk(&all, json!({ "kind": "close" })).await;
    assert_eq!(outcome["changed"].as_array().unwrap().len(), 3);
    assert_eq!(outcome["failed"], json!([{ "id": unknown, "code": "not_found" }]));
    // One customer writes again before the undo: what they did stays.
    desk.says(second, "Ei se auttanut").await;
    let token = json!({ "undo_token": outcome["undo_token"] });
    let onni = desk.company.colleague("onni", "agent").await;
    onni.post("conversations/bulk/undo", token.clone()).await.expect(404);
    let undone = aino.post("conversations/bulk/undo", token.clone()).await.expect(200);
    assert_eq!(undone["changed"].as_array().unwrap().len(), 2);
    let row = read(&aino, first).await;
    assert_eq!((&row["state"], &row["waiting_since"], &row["closed_at"]), (&json!("open"), &waiting_since, &json!(null)));
    assert_eq!(read(&aino, second).await["state"], "open");
    aino.post("conversations/bulk/undo", token).await.expect(404);

    let me = staff_id(&aino).await;
    let outcome = bulk(&ids(&[first, third]), json!({ "kind": "assign", "agent_id": me })).await;
    assert_eq!(listed(&aino, "view=mine").await.len(), 2);
    aino.post("conversations/bulk/undo", json!({ "undo_token": outcome["undo_token"] })).await.expect(200);
    assert!(listed(&aino, "view=mine").await.is_empty());

    let label = text(&desk.owner().post("labels", json!({ "name": "Palautus", "color": "#2457d6" })).await.expect(201)["id"]);
    let outcome = bulk(&ids(&[first, third]), json!({ "kind": "label", "label_id": label })).await;
    assert_eq!(listed(&aino, &format!("label={label}")).await.len(), 2);
    assert_eq!(bulk(&ids(&[first]), json!({ "kind": "label", "label_id": label })).await["undo_token"], json!(null));
    aino.post("conversations/bulk/undo", json!({ "undo_token": outcome["undo_token"] })).await.expect(200);
    assert!(listed(&aino, &format!("label={label}")).await.is_empty());

    let outcome = bulk(&ids(&[first]), json!({ "kind": "snooze", "until": null })).await;
    assert_eq!(read(&aino, first).await["state"], "snoozed");
    aino.post("conversations/bulk/undo", json!({ "undo_token": outcome["undo_token"] })).await.expect(200);
    assert_eq!(read(&aino, first).await["state"], "open");
    let outcome = bulk(&ids(&[first, second]), json!({ "kind": "priority", "priority": "high" })).await;
    aino.patch(&second.path(""), json!({ "priority": "low" })).await.expect(200);
    aino.post("conversations/bulk/undo", json!({ "undo_token": outcome["undo_token"] })).await.expect(200);
    assert_eq!((read(&aino, first).await["priority"].clone(), read(&aino, second).await["priority"].clone()), (json!("normal"), json!("low")));

    aino.post("conversations/bulk", json!({ "ids": [], "action": { "kind": "close" } })).await.expect(422);
    aino.post("conversations/bulk", json!({ "ids": [first.id], "action": { "kind": "destroy" } })).await.expect(422);
    aino.post("conversations/bulk", json!({ "ids": [first.id], "action": { "kind": "close", "sql": "x" } })).await.expect(422);
    desk.settle().await;
}
