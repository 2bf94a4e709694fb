//! Rules: what they do by themselves, in which order, how often, and what stops them.

use ennakoi_kernel::Duration;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Desk, Talk, answers, read, staff_id};
use crate::people::text;

async fn rule(desk: &Desk, body: Value) -> Value {
    desk.owner().post("rules", body).await.expect(201)
}

async fn runs(client: &Client, talk: Talk) -> Vec<Value> {
    client.get(&talk.path("/rule-runs")).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn thread(client: &Client, talk: Talk) -> Vec<Value> {
    client.get(&talk.path("/messages?limit=100")).await.expect(200)["items"].as_array().unwrap().clone()
}

fn contains(words: &[&str]) -> Value {
    json!({ "field": "message_text", "operator": "contains", "value": words })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_does_everything_it_says_in_order_and_the_thread_says_so() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let aino = desk.agent("aino").await;
    let aino_id = staff_id(&aino).await;
    let label = text(&owner.post("labels", json!({ "name": "palautus", "color": "#ff0000" })).await.expect(201)["id"]);
    let other = text(&owner.post("queues", json!({ "name": "Palautukset", "members": [aino_id] })).await.expect(201)["id"]);
    let canned = json!({ "shortcut": "pal", "title": "Palautus", "body": { "fi": "Hei {{first_name}}, asia {{number}} on meillä." }, "shared": true });
    let canned = text(&owner.post("canned-answers", canned).await.expect(201)["id"]);
    aino.put("availability", json!({ "availability": "offline" })).await.expect(204);
    let made = rule(&desk, json!({
        "name": "Palautukset", "when": ["customer_message"], "condition": { "all": [contains(&["palaut", "retur"]), { "field": "queue", "operator": "is", "value": desk.queue }] },
        "actions": [
            { "kind": "label", "label_id": label }, { "kind": "queue", "queue_id": other }, { "kind": "priority", "priority": "high" },
            { "kind": "note", "body": "Tarkista kuitti" }, { "kind": "reply", "canned_answer_id": canned }, { "kind": "notify", "staff_ids": [aino_id], "body": "katso" },
            { "kind": "tell", "topic": "palautus" },
        ],
    })).await;
    let liisa = desk.queued("Liisa", "Haluan PALAUTTAA kengät").await;
    let matti = desk.queued("Matti", "Missä paketti on?").await;
    desk.settle().await;
    let row = read(owner, liisa).await;
    assert_eq!((&row["priority"], &row["labels"][0]["name"], &row["owner"]["queue"]["name"]), (&json!("high"), &json!("palautus"), &json!("Palautukset")));
    let said = thread(owner, liisa).await;
    let bodies: Vec<String> = said.iter().filter(|message| message["kind"] == "text").map(|message| text(&message["body"])).collect();
    assert_eq!(bodies[1..], ["Tarkista kuitti".to_owned(), format!("Hei Liisa, asia {} on meillä.", row["number"]), "@aino katso".to_owned()]);
    let note = said.iter().find(|message| message["meta"]["event"] == "rule_ran").unwrap();
    assert_eq!((&note["visibility"], &note["meta"]["data"]["rule"]), (&json!("private"), &json!("Palautukset")));
    assert_eq!(super::listed(&aino, "view=mentions").await, super::ids(&[liisa]));
    let log = runs(&aino, liisa).await;
    assert_eq!(
        (log.len(), &log[0]["rule_id"], &log[0]["outcome"], &log[0]["depth"], &log[0]["cause"]),
        (1, &made["id"], &json!("ran"), &json!(1), &json!("message.added"))
    );
    assert!(log[0]["actions"].as_array().unwrap().iter().all(|action| action["refused"].is_null()), "{log:?}");
    // An automatic word is no answer: the customer still waits for a person.
    assert!(row["waiting_since"].is_number());
    assert_eq!((runs(owner, matti).await.len(), read(owner, matti).await["labels"].clone()), (0, json!([])));
    let audit = owner.get("audit").await.expect(200);
    assert!(audit["items"].as_array().unwrap().iter().any(|line| line["action"] == "rule.created"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_run_in_order_and_each_sees_what_the_one_before_did() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let label = text(&owner.post("labels", json!({ "name": "kiire", "color": "#ff0000" })).await.expect(201)["id"]);
    let second = rule(&desk, json!({ "name": "Toinen", "when": ["customer_message"], "condition": { "field": "label", "operator": "is", "value": label }, "actions": [{ "kind": "priority", "priority": "urgent" }], "last": true })).await;
    let first = rule(&desk, json!({ "name": "Eka", "when": ["customer_message"], "actions": [{ "kind": "label", "label_id": label }] })).await;
    let third = rule(&desk, json!({ "name": "Kolmas", "when": ["customer_message"], "actions": [{ "kind": "note", "body": "ei koskaan" }] })).await;
    owner.put("rule-order", json!({ "ids": [first["id"], second["id"], third["id"]] })).await.expect(200);
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    assert_eq!(read(owner, liisa).await["priority"], "urgent");
    let mut names: Vec<_> = runs(owner, liisa).await.into_iter().map(|run| text(&run["rule_name"])).collect();
    names.reverse();
    assert_eq!(names, ["Eka", "Toinen"]);
    assert_eq!(owner.get("rules").await.expect(200)["items"][0]["name"], "Eka");
    let id = text(&first["id"]);
    assert_eq!(owner.get(&format!("rules/{id}/runs")).await.expect(200)["items"].as_array().unwrap().len(), 1);
    // A rule that is switched off and on again leaves alone what happened meanwhile.
    owner.patch(&format!("rules/{id}"), json!({ "enabled": false })).await.expect(200);
    let matti = desk.queued("Matti", "Hei").await;
    owner.patch(&format!("rules/{id}"), json!({ "enabled": true })).await.expect(200);
    desk.settle().await;
    assert!(runs(owner, matti).await.iter().all(|run| run["rule_name"] != "Eka"));
    owner.delete(&format!("rules/{id}")).await.expect(204);
    assert_eq!(runs(owner, liisa).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_wake_each_other_come_to_rest() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    rule(&desk, json!({ "name": "Sulje", "when": ["reopened", "customer_message"], "actions": [{ "kind": "close" }] })).await;
    let canned = json!({ "shortcut": "a", "title": "A", "body": { "fi": "Hei" }, "shared": true });
    let canned = text(&owner.post("canned-answers", canned).await.expect(201)["id"]);
    let up = |to: &str| json!({ "kind": "priority", "priority": to });
    rule(&desk, json!({ "name": "Ylös", "when": ["changed"], "condition": { "field": "priority", "operator": "is", "value": "high" }, "actions": [up("urgent"), { "kind": "reply", "canned_answer_id": canned }] })).await;
    rule(
        &desk,
        json!({ "name": "Alas", "when": ["changed"], "condition": { "field": "priority", "operator": "is", "value": "urgent" }, "actions": [up("high")] }),
    )
    .await;
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    owner.patch(&liisa.path(""), json!({ "priority": "high" })).await.expect(200);
    desk.settle().await;
    let log = runs(owner, liisa).await;
    let count = |outcome: &str| log.iter().filter(|run| run["outcome"] == outcome).count();
    // Each of the two sees what the other did to the same event: two, four and eight runs, and no deeper; and one closing.
    assert!((3..=15).contains(&count("ran")) && count("too_deep") >= 1, "{log:?}");
    assert!(log.iter().all(|run| run["depth"].as_i64().unwrap() <= 3));
    // One rule on one conversation: ten times an hour, whoever wakes it.
    for turn in 0..12 {
        desk.says(liisa, &format!("viesti {turn}")).await;
        desk.settle().await;
    }
    let log = runs(owner, liisa).await;
    let closing = |outcome: &str| log.iter().filter(|run| run["rule_name"] == "Sulje" && run["outcome"] == outcome).count();
    assert_eq!(closing("ran"), 10);
    assert!(closing("braked") >= 1);
    desk.company.app.clock.advance(Duration::minutes(61));
    desk.says(liisa, "tunnin päästä").await;
    desk.settle().await;
    assert_eq!(runs(owner, liisa).await.iter().filter(|run| run["rule_name"] == "Sulje" && run["outcome"] == "ran").count(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_the_past_and_changes_nothing() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let liisa = desk.queued("Liisa", "Haluan palauttaa").await;
    desk.says(liisa, "palautus siis").await;
    desk.queued("Matti", "Missä paketti on?").await;
    desk.settle().await;
    let definition = json!({ "name": "x", "when": ["customer_message"], "condition": contains(&["palau"]), "actions": [{ "kind": "close" }] });
    let trial = owner.post("rule-trials", json!({ "days": 7, "rule": definition })).await.expect(200);
    assert_eq!((&trial["woken"], &trial["hits"], &trial["cases"], &trial["truncated"]), (&json!(3), &json!(2), &json!(1), &json!(false)));
    assert_eq!((&trial["shown"][0]["conversation"]["id"], &trial["shown"][0]["times"]), (&json!(liisa.id), &json!(2)));
    assert_eq!((read(owner, liisa).await["state"].clone(), runs(owner, liisa).await.len()), (json!("open"), 0));
    desk.company.app.clock.advance(Duration::days(3));
    let later = owner.post("rule-trials", json!({ "days": 2, "rule": definition })).await.expect(200);
    assert_eq!(later["cases"], 0);
    assert_eq!(owner.post("rule-trials", json!({ "days": 31, "rule": definition })).await.expect(422)["errors"][0]["field"], "days");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_action_is_logged_and_the_others_go_on() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let label = text(&owner.post("labels", json!({ "name": "pois", "color": "#ff0000" })).await.expect(201)["id"]);
    rule(&desk, json!({ "name": "Rikki", "when": ["customer_message"], "actions": [{ "kind": "label", "label_id": label }, { "kind": "notify", "body": "hei" }, { "kind": "priority", "priority": "low" }, { "kind": "snooze", "minutes": 30 }] })).await;
    owner.delete(&format!("labels/{label}")).await.expect(204);
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    let log = runs(owner, liisa).await;
    let refused: Vec<_> = log[0]["actions"].as_array().unwrap().iter().map(|action| action["refused"].clone()).collect();
    assert_eq!(refused, [json!("not_found"), json!("nobody_to_tell"), Value::Null, Value::Null]);
    assert_eq!((&read(owner, liisa).await["priority"], &read(owner, liisa).await["state"]), (&json!("low"), &json!("snoozed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_breached_wakes_rules_and_closed_hours_can_be_asked_for() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let calendar = text(&owner.post("calendars", json!({ "name": "Kiinni", "timezone": "Europe/Helsinki" })).await.expect(201)["id"]);
    owner.post("sla-policies", json!({ "name": "Perus", "targets": { "first_answer": 60 } })).await.expect(201);
    rule(
        &desk,
        json!({ "name": "Myöhässä", "when": ["sla_breached"], "condition": { "all": [
        { "field": "hours", "key": calendar, "operator": "is", "value": "closed" }, { "field": "hours", "operator": "is", "value": "open" },
        { "field": "waiting_minutes", "operator": "at_least", "value": 59 }, { "field": "channel_kind", "operator": "is", "value": "chat" },
    ] }, "actions": [{ "kind": "priority", "priority": "urgent" }] }),
    )
    .await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(61));
    for _ in 0..1_200 {
        if read(owner, liisa).await["priority"] == "urgent" {
            answers(&aino, liisa, "a", "Anteeksi").await;
            return desk.settle().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the breach woke no rule: {:?}", runs(owner, liisa).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_make_no_sense_are_refused_by_field() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let own = json!({ "shortcut": "oma", "title": "Oma", "body": { "fi": "Hei" }, "shared": false });
    let own = text(&owner.post("canned-answers", own).await.expect(201)["id"]);
    let nowhere = "0190a000-0000-7000-8000-00000000dead";
    let close = json!([{ "kind": "close" }]);
    for (body, field) in [
        (json!({ "name": "", "when": ["opened"], "actions": close }), "name"),
        (json!({ "name": "x", "when": [], "actions": close }), "when"),
        (json!({ "name": "x", "when": ["opened"], "actions": [] }), "actions"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "reply", "canned_answer_id": own }] }), "actions[0].canned_answer_id"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "close" }, { "kind": "assign", "agent_id": nowhere }] }), "actions[1].agent_id"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "queue", "queue_id": nowhere }] }), "actions[0].queue_id"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "unlabel", "label_id": nowhere }] }), "actions[0].label_id"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "snooze", "minutes": 0 }] }), "actions[0].minutes"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "note", "body": " " }] }), "actions[0].body"),
        (json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "notify", "staff_ids": [nowhere], "body": "x" }] }), "actions[0].staff_ids"),
        (
            json!({ "name": "x", "when": ["opened"], "actions": close, "condition": { "field": "hours", "key": "x", "operator": "is", "value": "open" } }),
            "condition.key",
        ),
    ] {
        assert_eq!(owner.post("rules", body.clone()).await.expect(422)["errors"][0]["field"], json!(field), "{body}");
    }
    owner.put("rule-order", json!({ "ids": [nowhere] })).await.expect(422);
}
