//! Drafts, labels, canned answers.

use serde_json::json;

use super::{Desk, answers, read, staff_id};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn drafts_are_kept_for_each_person_and_mode_until_sent() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let talk = desk.talk("Liisa", "Hei").await;
    let kept = aino.put(&talk.path("/draft"), json!({ "mode": "reply", "body": "Hei Liisa, kats", "attachment_ids": [] })).await.expect(200);
    aino.put(&talk.path("/draft"), json!({ "mode": "note", "body": "muista hyvitys" })).await.expect(200);
    let drafts = read(&aino, talk).await["draft"].clone();
    assert_eq!((&drafts["reply"]["body"], &drafts["note"]["body"]), (&json!("Hei Liisa, kats"), &json!("muista hyvitys")));
    assert_eq!(read(&onni, talk).await["draft"], json!({ "reply": null, "note": null }));
    desk.company.app.clock.advance(ennakoi_kernel::Duration::seconds(1));
    aino.put(&talk.path("/draft"), json!({ "mode": "reply", "body": "Hei Liisa, katson", "updated_at": kept["updated_at"] })).await.expect(200);
    // Another window that started from the older text may not overwrite it unseen.
    let stale = aino.put(&talk.path("/draft"), json!({ "mode": "reply", "body": "vanha", "updated_at": kept["updated_at"] })).await.expect(409);
    assert_eq!(stale["code"], "draft_changed");
    answers(&aino, talk, "a1", "Hei Liisa, katson").await;
    let drafts = read(&aino, talk).await["draft"].clone();
    assert_eq!((&drafts["reply"], &drafts["note"]["body"]), (&json!(null), &json!("muista hyvitys")));
    aino.delete(&talk.path("/draft?mode=note")).await.expect(204);
    assert_eq!(read(&aino, talk).await["draft"]["note"], json!(null));
    aino.put(&talk.path("/draft"), json!({ "mode": "song", "body": "x" })).await.expect(422);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_have_one_name_and_follow_their_changes() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Hei").await;
    aino.post("labels", json!({ "name": "Palautus", "color": "#ff0000" })).await.expect(403);
    let owner = desk.owner();
    let label = text(&owner.post("labels", json!({ "name": "Palautus", "color": "#FF0000" })).await.expect(201)["id"]);
    assert_eq!(owner.post("labels", json!({ "name": "PALAUTUS", "color": "#00ff00" })).await.expect(422)["errors"][0]["code"], "taken");
    owner.post("labels", json!({ "name": "x", "color": "red" })).await.expect(422);
    aino.put(&talk.path(&format!("/labels/{label}")), json!({})).await.expect(204);
    aino.put(&talk.path(&format!("/labels/{label}")), json!({})).await.expect(204);
    assert_eq!(read(&aino, talk).await["labels"], json!([{ "id": label, "name": "Palautus", "color": "#ff0000" }]));
    owner.patch(&format!("labels/{label}"), json!({ "name": "Hyvitys" })).await.expect(200);
    assert_eq!(read(&aino, talk).await["labels"][0]["name"], "Hyvitys");
    let neighbour = desk.company.neighbour().await;
    neighbour.patch(&format!("labels/{label}"), json!({ "name": "x" })).await.expect(404);
    aino.delete(&talk.path(&format!("/labels/{label}"))).await.expect(204);
    assert_eq!(read(&aino, talk).await["labels"], json!([]));
    aino.put(&talk.path(&format!("/labels/{label}")), json!({})).await.expect(204);
    owner.delete(&format!("labels/{label}")).await.expect(204);
    assert_eq!(read(&aino, talk).await["labels"], json!([]));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn canned_answers_are_own_or_shared() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let own = json!({ "shortcut": "moi", "title": "Tervehdys", "body": { "fi": "Moi!", "sv": "Hej!" }, "shared": false });
    let made = aino.post("canned-answers", own.clone()).await.expect(201);
    let path = format!("canned-answers/{}", text(&made["id"]));
    onni.post("canned-answers", own.clone()).await.expect(201);
    assert_eq!(aino.post("canned-answers", own).await.expect(422)["errors"][0]["code"], "taken");
    onni.patch(&path, json!({ "title": "x" })).await.expect(404);
    aino.patch(&path, json!({ "shared": true })).await.expect(403);
    let shared = json!({ "shortcut": "palautus", "title": "Palautus", "body": { "fi": "Palautusohje" }, "shared": true });
    aino.post("canned-answers", shared.clone()).await.expect(403);
    let shared = text(&desk.owner().post("canned-answers", shared).await.expect(201)["id"]);
    let seen = aino.get("canned-answers").await.expect(200);
    let shortcuts: Vec<String> = seen["items"].as_array().unwrap().iter().map(|answer| text(&answer["shortcut"])).collect();
    assert_eq!(shortcuts, ["moi", "palautus"]);
    aino.delete(&format!("canned-answers/{shared}")).await.expect(403);
    for bad in [json!({ "shortcut": "a b", "title": "x", "body": { "fi": "x" } }), json!({ "shortcut": "a", "title": "x", "body": {} })] {
        aino.post("canned-answers", bad).await.expect(422);
    }
    let changed = aino.patch(&path, json!({ "body": { "en": "Hi!" } })).await.expect(200);
    assert_eq!(changed["body"], json!({ "en": "Hi!" }));
    aino.delete(&path).await.expect(204);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_staff_shows_what_stands_on_each_desk() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let id = staff_id(&aino).await;
    let open = async || {
        let listed = desk.owner().get("staff").await.expect(200);
        let member = listed["items"].as_array().unwrap().iter().find(|member| member["id"] == id.as_str()).expect("aino is listed").clone();
        let counts = aino.get("conversations/counts").await.expect(200);
        assert_eq!(member["open_conversations"], counts["mine"], "two screens, one number");
        member["open_conversations"].as_i64().unwrap()
    };
    assert_eq!(open().await, 0);
    let (first, second) = (desk.talk("Liisa", "Hei").await, desk.talk("Matti", "Moi").await);
    for talk in [first, second] {
        aino.put(&talk.path("/assignment"), json!({ "agent_id": id })).await.expect(200);
    }
    assert_eq!(open().await, 2);
    aino.put(&first.path("/closure"), json!({})).await.expect(200);
    assert_eq!(open().await, 1);
    let changed = desk.owner().patch(&format!("staff/{id}"), json!({ "capacity": 7 })).await.expect(200);
    assert_eq!(changed["open_conversations"], 1);
    desk.settle().await;
}
