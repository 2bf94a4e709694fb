//! Macros: shown, done on one or many, undone as far as that goes; one's own and shared ones.

use serde_json::json;

use super::{Desk, ids, read, staff_id};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn a_macro_is_shown_done_and_undone() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let aino = desk.agent("aino").await;
    let label = text(&owner.post("labels", json!({ "name": "hoidettu", "color": "#00ff00" })).await.expect(201)["id"]);
    let canned = json!({ "shortcut": "kiitos", "title": "Kiitos", "body": { "fi": "Kiitos {{first_name}}! T. {{agent}}" }, "shared": true });
    let canned = text(&owner.post("canned-answers", canned).await.expect(201)["id"]);
    let actions = json!([
        { "kind": "reply", "canned_answer_id": canned }, { "kind": "label", "label_id": label }, { "kind": "priority", "priority": "low" },
        { "kind": "note", "body": "Valmis" }, { "kind": "close" },
    ]);
    let made = owner.post("macros", json!({ "name": "Kiitä ja sulje", "actions": actions, "shared": true })).await.expect(201);
    let id = text(&made["id"]);
    let (liisa, matti) = (desk.queued("Liisa", "Hei").await, desk.queued("Matti", "Hei").await);
    desk.settle().await;
    let shown = aino.get(&format!("macros/{id}/preview?conversation={}", liisa.id)).await.expect(200);
    let step = |index: usize| &shown["steps"][index];
    assert_eq!((&step(0)["text"], &step(0)["to_customer"], &step(0)["undoable"]), (&json!("Kiitos Liisa! T. aino"), &json!(true), &json!(false)));
    assert_eq!((&step(4)["undoable"], &step(3)["text"]), (&json!(true), &json!("Valmis")));
    assert_eq!(read(owner, liisa).await["state"], "open");
    let done = aino.post(&format!("macros/{id}/runs"), json!({ "ids": [liisa.id, matti.id] })).await.expect(200);
    assert_eq!((done["changed"].as_array().unwrap().len(), &done["failed"]), (2, &json!([])));
    desk.settle().await;
    for talk in [liisa, matti] {
        let row = read(owner, talk).await;
        assert_eq!((&row["state"], &row["priority"], &row["labels"][0]["name"]), (&json!("closed"), &json!("low"), &json!("hoidettu")));
    }
    let last = owner.get(&matti.path("/messages?limit=100")).await.expect(200).to_string();
    assert!(last.contains("Kiitos Matti! T. aino") && last.contains("Valmis"));
    aino.post("conversations/bulk/undo", json!({ "undo_token": done["undo_token"] })).await.expect(200);
    desk.settle().await;
    let row = read(owner, liisa).await;
    // What was said stays said; whose turn it is follows from that.
    assert_eq!((&row["state"], &row["priority"], &row["labels"]), (&json!("waiting"), &json!("normal"), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_macros_are_ones_own_and_shared_ones_need_the_right() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let (aino, onni) = (desk.agent("aino").await, desk.agent("onni").await);
    let close = json!([{ "kind": "close" }]);
    let own = text(&aino.post("macros", json!({ "name": "Oma", "actions": close })).await.expect(201)["id"]);
    aino.post("macros", json!({ "name": "Kaikkien", "actions": close, "shared": true })).await.expect(403);
    assert_eq!(onni.get("macros").await.expect(200)["items"], json!([]));
    onni.get(&format!("macros/{own}/preview?conversation={own}")).await.expect(404);
    let shared = text(&owner.post("macros", json!({ "name": "Kaikkien", "actions": close, "shared": true })).await.expect(201)["id"]);
    onni.patch(&format!("macros/{shared}"), json!({ "name": "x" })).await.expect(403);
    onni.delete(&format!("macros/{shared}")).await.expect(403);
    let renamed =
        aino.patch(&format!("macros/{own}"), json!({ "name": "Omin", "actions": [{ "kind": "assign", "agent_id": staff_id(&aino).await }] })).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["actions"][0]["kind"]), (&json!("Omin"), &json!("assign")));
    for (body, field) in [
        (json!({ "name": "", "actions": close }), "name"),
        (json!({ "name": "x", "actions": [] }), "actions"),
        (json!({ "name": "x", "actions": [{ "kind": "tell", "topic": "x" }] }), "actions[0].kind"),
    ] {
        assert_eq!(aino.post("macros", body).await.expect(422)["errors"][0]["field"], json!(field));
    }
    let liisa = desk.queued("Liisa", "Hei").await;
    let done = aino.post(&format!("macros/{own}/runs"), json!({ "ids": [liisa.id, own] })).await.expect(200);
    assert_eq!((&done["changed"], &done["failed"][0]["code"]), (&json!(ids(&[liisa])), &json!("not_found")));
    aino.post(&format!("macros/{own}/runs"), json!({ "ids": [] })).await.expect(422);
    aino.delete(&format!("macros/{own}")).await.expect(204);
    owner.delete(&format!("macros/{shared}")).await.expect(204);
    desk.settle().await;
}
