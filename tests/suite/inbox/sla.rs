//! Service levels: what is promised, measured and told, and what a change leaves alone.

use ennakoi_kernel::Duration;
use ennakoi_store::params;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Desk, Talk, answers, ids, listed, read};
use crate::people::text;

const MINUTE: i64 = 60_000_000;

async fn policy(desk: &Desk, body: Value) -> Value {
    desk.owner().post("sla-policies", body).await.expect(201)
}

/// One hour to the first answer, half an hour to the next, four hours in all, around the clock.
async fn usual(desk: &Desk) -> Value {
    policy(desk, json!({ "name": "Perus", "targets": { "first_answer": 60, "next_answer": 30, "resolution": 240 } })).await
}

async fn clocks(client: &Client, talk: Talk) -> Vec<Value> {
    client.get(&talk.path("/clocks")).await.expect(200)["items"].as_array().unwrap().clone()
}

fn one<'a>(clocks: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<_> = clocks.iter().filter(|clock| clock["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {clocks:?}");
    found[0]
}

/// Moves the clock, and waits until a timer has told of what has come.
async fn pass(desk: &Desk, talk: Talk, span: Duration, kind: &str) {
    desk.settle().await;
    desk.company.app.clock.advance(span);
    for _ in 0..1_200 {
        let events = desk.owner().get(&talk.path("/events?limit=100")).await.expect(200);
        if events["items"].as_array().unwrap().iter().any(|event| event["kind"] == kind) {
            return desk.settle().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nobody told of {kind}");
}

async fn told(desk: &Desk, talk: Talk, kind: &str) -> usize {
    let events = desk.owner().get(&talk.path("/events?limit=100")).await.expect(200);
    events["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_time_is_met_and_the_next_question_has_a_clock_of_its_own() {
    let desk = Desk::open().await;
    let made = usual(&desk).await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Missä paketti on?").await;
    desk.settle().await;
    let row = read(desk.owner(), liisa).await;
    assert_eq!(row["clock"]["kind"], "first_answer");
    let waits = row["waiting_since"].as_i64().unwrap();
    // The clock begins when the customer asks; the queue had it a moment before that.
    let due = row["clock"]["due_at"].as_i64().unwrap();
    assert!((due - waits - 60 * MINUTE).abs() < MINUTE, "due {due}, waits since {waits}");
    assert_eq!(row["clock"]["warn_at"].as_i64().unwrap(), due - 12 * MINUTE);
    answers(&aino, liisa, "a", "Matkalla!").await;
    desk.settle().await;
    let found = clocks(&aino, liisa).await;
    let first = one(&found, "first_answer");
    assert_eq!((&first["outcome"], &first["breached_at"], &first["policy"]["name"]), (&json!("met"), &Value::Null, &json!("Perus")));
    assert!(first["wall_seconds"].as_i64().unwrap() >= first["spent_seconds"].as_i64().unwrap());
    // The whole matter stands while it is the customer's turn.
    let whole = one(&found, "resolution");
    assert_eq!((&whole["paused"], &whole["due_at"], &whole["outcome"]), (&json!(true), &Value::Null, &Value::Null));
    assert_eq!(read(desk.owner(), liisa).await["clock"], Value::Null);
    desk.says(liisa, "Milloin?").await;
    desk.settle().await;
    let found = clocks(&aino, liisa).await;
    assert_eq!(one(&found, "next_answer")["policy"]["id"], made["id"]);
    assert_eq!(one(&found, "resolution")["paused"], json!(false));
    aino.put(&liisa.path("/closure"), json!({})).await.expect(200);
    desk.settle().await;
    let found = clocks(&aino, liisa).await;
    // Nothing was late and there is nothing to answer any more.
    assert_eq!((&one(&found, "next_answer")["outcome"], &one(&found, "resolution")["outcome"]), (&json!("void"), &json!("met")));
    desk.says(liisa, "Hei taas").await;
    desk.settle().await;
    let again: Vec<_> = clocks(&aino, liisa).await.into_iter().filter(|clock| clock["kind"] == "resolution").collect();
    assert_eq!(again.iter().map(|clock| clock["outcome"].clone()).collect::<Vec<_>>(), [Value::Null, json!("met")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_warning_and_the_breach_are_told_once_and_the_lists_show_them() {
    let desk = Desk::open().await;
    usual(&desk).await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Missä paketti on?").await;
    desk.settle().await;
    assert_eq!(desk.owner().get("conversations/counts").await.expect(200)["breaching"], 0);
    pass(&desk, liisa, Duration::minutes(50), "sla.warned").await;
    assert_eq!(listed(desk.owner(), "view=breaching&sort=due").await, ids(&[liisa]));
    assert_eq!(told(&desk, liisa, "sla.breached").await, 0);
    pass(&desk, liisa, Duration::minutes(11), "sla.breached").await;
    assert_eq!((told(&desk, liisa, "sla.warned").await, told(&desk, liisa, "sla.breached").await), (1, 1));
    assert_eq!(desk.owner().get("conversations/counts").await.expect(200)["breaching"], 1);
    answers(&aino, liisa, "a", "Anteeksi!").await;
    desk.settle().await;
    let found = clocks(&aino, liisa).await;
    assert_eq!((&one(&found, "first_answer")["outcome"], told(&desk, liisa, "sla.breached").await), (&json!("missed"), 1));
    assert_eq!(listed(desk.owner(), "view=breaching&sort=due").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_policy_leaves_what_runs_and_what_was_measured() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let made = usual(&desk).await;
    let id = text(&made["id"]);
    let aino = desk.agent("aino").await;
    let (liisa, matti) = (desk.queued("Liisa", "Hei").await, desk.queued("Matti", "Hei").await);
    desk.settle().await;
    answers(&aino, liisa, "a", "Hei!").await;
    desk.settle().await;
    let before = (clocks(owner, liisa).await, read(owner, matti).await["clock"].clone());
    let changed = owner.patch(&format!("sla-policies/{id}"), json!({ "targets": { "first_answer": 5 }, "name": "Tiukka" })).await.expect(200);
    assert_eq!(changed["version"], 2);
    desk.settle().await;
    let after = clocks(owner, liisa).await;
    assert_eq!(one(&after, "first_answer"), one(&before.0, "first_answer"));
    assert_eq!(read(owner, matti).await["clock"], before.1);
    let pekka = desk.queued("Pekka", "Hei").await;
    desk.settle().await;
    let found = clocks(owner, pekka).await;
    assert_eq!((&found[0]["target_seconds"], &found[0]["policy"]["version"], found.len()), (&json!(300), &json!(2), 1));
    let versions = owner.get(&format!("sla-policies/{id}/versions")).await.expect(200);
    let told: Vec<_> = versions["items"].as_array().unwrap().iter().map(|it| (it["version"].clone(), it["cause"].clone(), it["name"].clone())).collect();
    assert_eq!(told, [(json!(2), json!("changed"), json!("Tiukka")), (json!(1), json!("created"), json!("Perus"))]);
    owner.delete(&format!("sla-policies/{id}")).await.expect(204);
    assert_eq!(clocks(owner, liisa).await.len(), after.len());
    let audit = owner.get("audit").await.expect(200);
    let actions: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|line| text(&line["action"])).filter(|action| action.starts_with("sla_policy")).collect();
    assert_eq!(actions, ["sla_policy.removed", "sla_policy.updated", "sla_policy.created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_opening_hours_count_from_now_on_and_never_backwards() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let always = json!({ "mon": [["00:00", "24:00"]], "tue": [["00:00", "24:00"]], "wed": [["00:00", "24:00"]], "thu": [["00:00", "24:00"]],
        "fri": [["00:00", "24:00"]], "sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]] });
    let calendar = text(&owner.post("calendars", json!({ "name": "Aina", "timezone": "Europe/Helsinki", "weekly": always })).await.expect(201)["id"]);
    let made = policy(&desk, json!({ "name": "Perus", "calendar_id": calendar, "targets": { "first_answer": 60 } })).await;
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(20));
    owner.patch(&format!("calendars/{calendar}"), json!({ "weekly": {} })).await.expect(200);
    desk.settle().await;
    let found = clocks(owner, liisa).await;
    let spent = found[0]["spent_seconds"].as_i64().unwrap();
    assert!((1_200..1_260).contains(&spent), "{spent}");
    // Hours that never come are never due.
    assert_eq!((&found[0]["due_at"], &found[0]["policy"]["version"], &read(owner, liisa).await["clock"]), (&Value::Null, &json!(2), &Value::Null));
    owner.patch(&format!("calendars/{calendar}"), json!({ "weekly": always })).await.expect(200);
    desk.settle().await;
    let due = clocks(owner, liisa).await[0]["due_at"].as_i64().unwrap();
    let left = due - desk.company.app.app.environment.now().0;
    assert!((38 * MINUTE..=40 * MINUTE).contains(&left), "{left}");
    let versions = owner.get(&format!("sla-policies/{}/versions", text(&made["id"]))).await.expect(200);
    assert_eq!(versions["items"][0]["cause"], "calendar");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_policy_whose_condition_holds_applies_and_a_label_brings_another() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let label = text(&owner.post("labels", json!({ "name": "kiire", "color": "#ff0000" })).await.expect(201)["id"]);
    let base = policy(&desk, json!({ "name": "Perus", "targets": { "first_answer": 60 } })).await;
    let gold = json!({ "any": [
        { "field": "label", "operator": "is", "value": label },
        { "field": "customer_attribute", "key": "taso", "operator": "is", "value": "Kulta" },
    ] });
    let gold = policy(&desk, json!({ "name": "Kulta", "condition": gold, "targets": { "first_answer": 10 } })).await;
    let order = owner.put("sla-policy-order", json!({ "ids": [gold["id"], base["id"]] })).await.expect(200);
    assert_eq!(order["items"][0]["name"], "Kulta");
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    assert_eq!(clocks(owner, liisa).await[0]["target_seconds"], 3_600);
    owner.put(&liisa.path(&format!("/labels/{label}")), json!({})).await.expect(204);
    desk.settle().await;
    let found = clocks(owner, liisa).await;
    assert_eq!((found.len(), &found[0]["target_seconds"], &found[0]["policy"]["name"]), (1, &json!(600), &json!("Kulta")));
    let rich = desk.contact("Raija").await;
    owner.post("attributes", json!({ "subject": "contact", "key": "taso", "label": "Taso", "type": "text" })).await.expect(201);
    owner.patch(&format!("contacts/{rich}"), json!({ "attributes": { "taso": "kulta" } })).await.expect(200);
    let raija = desk.talk_of(rich, ennakoi_inbox::conversations::Owner::Queue(desk.queue), "Hei").await;
    desk.settle().await;
    assert_eq!(clocks(owner, raija).await[0]["target_seconds"], 600);
    owner.patch(&format!("sla-policies/{}", text(&gold["id"])), json!({ "enabled": false })).await.expect(200);
    let pekka = desk.queued("Pekka", "Hei").await;
    desk.settle().await;
    assert_eq!(clocks(owner, pekka).await[0]["target_seconds"], 3_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bots_talk_runs_no_clock_and_snoozing_stops_them() {
    let desk = Desk::open().await;
    usual(&desk).await;
    let owner = desk.owner();
    let talk = desk.bots("Liisa", "Hei, miten voin auttaa?").await;
    desk.settle().await;
    assert_eq!(clocks(owner, talk).await, Vec::<Value>::new());
    owner.put(&talk.path("/assignment"), json!({ "queue_id": desk.queue })).await.expect(200);
    desk.says(talk, "Missä paketti on?").await;
    desk.settle().await;
    assert_eq!(clocks(owner, talk).await.len(), 2);
    owner.put(&talk.path("/snooze"), json!({ "until": null })).await.expect(200);
    desk.settle().await;
    assert!(clocks(owner, talk).await.iter().all(|clock| clock["paused"] == true));
    owner.delete(&talk.path("/snooze")).await.expect(200);
    desk.settle().await;
    assert!(clocks(owner, talk).await.iter().all(|clock| clock["paused"] == false));
    // Undoing a closing brings the clocks back as new ones; what ended stays ended.
    let closed = owner.post("conversations/bulk", json!({ "ids": [talk.id], "action": { "kind": "close" } })).await.expect(200);
    desk.settle().await;
    owner.post("conversations/bulk/undo", json!({ "undo_token": closed["undo_token"] })).await.expect(200);
    desk.settle().await;
    assert_eq!(clocks(owner, talk).await.iter().filter(|clock| clock["outcome"].is_null()).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_shown_until_it_is_kept_even_when_the_matter_is_closed() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Hei").await;
    let now = desk.company.app.app.environment.now().0;
    let path = liisa.path("/promises");
    assert_eq!(aino.post(&path, json!({ "body": "", "due_at": now - 1 })).await.expect(422)["errors"].as_array().unwrap().len(), 2);
    let first = aino.post(&path, json!({ "body": "Soitan perjantaina", "due_at": now + 60 * MINUTE })).await.expect(201);
    let second = aino.post(&path, json!({ "body": "Uusi paketti", "due_at": now + 120 * MINUTE })).await.expect(201);
    aino.put(&liisa.path("/closure"), json!({})).await.expect(200);
    desk.settle().await;
    assert_eq!(listed(&aino, "view=promised&sort=promised").await, ids(&[liisa]));
    assert_eq!(listed(&aino, "view=promised").await, ids(&[liisa]));
    assert_eq!(aino.get("conversations/counts").await.expect(200)["promised"], 1);
    assert_eq!(read(&aino, liisa).await["promise_due_at"], now + 60 * MINUTE);
    pass(&desk, liisa, Duration::minutes(61), "sla.breached").await;
    let first = text(&first["id"]);
    assert_eq!(aino.put(&format!("promises/{first}/closure"), json!({ "state": "open" })).await.expect(422)["errors"][0]["field"], "state");
    aino.put(&format!("promises/{first}/closure"), json!({ "state": "kept" })).await.expect(200);
    aino.put(&format!("promises/{first}/closure"), json!({ "state": "kept" })).await.expect(200);
    assert_eq!(aino.put(&format!("promises/{first}/closure"), json!({ "state": "withdrawn" })).await.expect(409)["code"], "promise_closed");
    aino.put(&format!("promises/{}/closure", text(&second["id"])), json!({ "state": "withdrawn" })).await.expect(200);
    desk.settle().await;
    let outcomes: Vec<_> = clocks(&aino, liisa).await.into_iter().map(|clock| (clock["promise_id"].clone(), clock["outcome"].clone())).collect();
    assert!(outcomes.contains(&(json!(first), json!("missed"))) && outcomes.contains(&(second["id"].clone(), json!("void"))), "{outcomes:?}");
    assert_eq!(aino.get("conversations/counts").await.expect(200)["promised"], 0);
    assert_eq!(aino.get(&path).await.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn following_the_same_history_again_measures_the_same() {
    let desk = Desk::open().await;
    usual(&desk).await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(70));
    answers(&aino, liisa, "a", "Anteeksi").await;
    desk.says(liisa, "Kiitos").await;
    aino.put(&liisa.path("/closure"), json!({})).await.expect(200);
    desk.settle().await;
    let facts = |clocks: Vec<Value>| -> Vec<Value> {
        let mut facts: Vec<_> = clocks
            .into_iter()
            .map(|it| json!([it["kind"], it["started_at"], it["finished_at"], it["outcome"], it["spent_seconds"], it["breached_at"]]))
            .collect();
        facts.sort_by_key(ToString::to_string);
        facts
    };
    let before = facts(clocks(&aino, liisa).await);
    assert_eq!(before.len(), 3, "{before:?}");
    desk.within(async |tx| {
        tx.execute("DELETE FROM sla_clocks", params![]).await?;
        tx.execute("DELETE FROM sla_tracks", params![]).await?;
        tx.execute("DELETE FROM followers WHERE name = 'inbox.sla'", params![]).await?;
        Ok(())
    })
    .await;
    // Any event wakes the follower, which begins from the first one.
    desk.queued("Matti", "Hei").await;
    desk.settle().await;
    for _ in 0..1_200 {
        if facts(clocks(&aino, liisa).await) == before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(facts(clocks(&aino, liisa).await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_make_no_sense_are_refused_by_field() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let nowhere = "0190a000-0000-7000-8000-00000000dead";
    let targets = json!({ "first_answer": 60 });
    for (body, field) in [
        (json!({ "name": "", "targets": targets }), "name"),
        (json!({ "name": "x", "targets": {} }), "targets"),
        (json!({ "name": "x", "targets": { "first_answer": 0 } }), "targets.first_answer"),
        (json!({ "name": "x", "targets": targets, "warn_percent": 100 }), "warn_percent"),
        (json!({ "name": "x", "targets": targets, "calendar_id": nowhere }), "calendar_id"),
        (
            json!({ "name": "x", "targets": targets, "condition": { "all": [{ "field": "message_text", "operator": "contains", "value": "x" }] } }),
            "condition.all[0].field",
        ),
        (json!({ "name": "x", "targets": targets, "condition": { "field": "rating", "operator": "is", "value": "five" } }), "condition.value"),
        (json!({ "name": "x", "targets": targets, "condition": { "field": "customer_attribute", "operator": "exists" } }), "condition.key"),
    ] {
        assert_eq!(owner.post("sla-policies", body.clone()).await.expect(422)["errors"][0]["field"], json!(field), "{body}");
    }
    owner.put("sla-policy-order", json!({ "ids": [nowhere] })).await.expect(422);
}
