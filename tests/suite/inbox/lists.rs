//! Views, filters, orders, pages, counts.

use std::collections::BTreeMap;

use ennakoi_inbox::conversations::Owner;
use ennakoi_kernel::Duration;
use proptest::{prelude::Strategy, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{Desk, Talk, answers, ids, listed, staff_id};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn views_hold_what_their_names_say() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let (free, mine, closed) = (desk.talk("Liisa", "Yksi").await, desk.talk("Matti", "Kaksi").await, desk.talk("Elsa", "Kolme").await);
    let bots = desk.bots("Pekka", "Neljä").await;
    answers(&aino, mine, "a1", "Hei").await;
    aino.put(&closed.path("/closure"), json!({})).await.expect(200);
    assert_eq!(listed(&aino, "view=mine").await, ids(&[mine]));
    assert_eq!(listed(&aino, "view=unassigned").await, ids(&[free]));
    assert_eq!(listed(&aino, "view=bot").await, ids(&[bots]));
    assert_eq!(listed(&aino, "view=waiting").await, ids(&[free]));
    assert_eq!(listed(&aino, "view=closed").await, ids(&[closed]));
    assert_eq!(listed(&aino, "view=all&sort=created&order=asc").await, ids(&[free, mine, bots]));
    assert_eq!(listed(&aino, &format!("contact={}", closed.contact)).await, ids(&[closed]));
    assert_eq!(listed(&aino, "state=closed").await, ids(&[closed]));
    assert_eq!(listed(&aino, "assignee=me").await, ids(&[mine]));
    assert_eq!(listed(&aino, &format!("assignee={}", staff_id(&aino).await)).await, ids(&[mine]));
    assert_eq!(listed(&aino, "assignee=none&sort=created&order=asc").await, ids(&[free, bots]));
    assert_eq!(listed(&aino, "language=sv").await, Vec::<String>::new());
    assert_eq!(listed(&aino, &format!("channel={}", desk.channel)).await.len(), 3);
    let counts = aino.get("conversations/counts").await.expect(200);
    let expected = json!({ "mine": 1, "unassigned": 1, "all": 3, "mentions": 0, "waiting": 1, "breaching": 0, "promised": 0, "bot": 1, "views": {} });
    assert_eq!(counts, expected);
    for wrong in ["view=nothing", "state=asleep", "assignee=somebody", "sort=password", "cursor=00", "limit=many", "workspace_id=1"] {
        aino.get(&format!("conversations?{wrong}")).await.expect(422);
    }
    aino.get("conversations?view=00000000-0000-0000-0000-000000000001").await.expect(404);
    let filtered =
        |filter: Value| format!("view=unassigned&filter={}", url::form_urlencoded::byte_serialize(filter.to_string().as_bytes()).collect::<String>());
    assert_eq!(listed(&aino, &filtered(json!({ "field": "contact", "operator": "is", "value": free.contact }))).await, ids(&[free]));
    assert!(listed(&aino, &filtered(json!({ "field": "contact", "operator": "is", "value": mine.contact }))).await.is_empty());
    aino.get(&format!("conversations?{}", filtered(json!({ "field": "password", "operator": "is", "value": 1 })))).await.expect(422);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_pages_without_gaps_or_repeats() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let mut talks: Vec<Talk> = Vec::new();
    for number in 0..9 {
        let talk = desk.talk(&format!("Asiakas{number}"), "Hei").await;
        let priority = ["low", "normal", "high", "urgent"][number % 4];
        aino.patch(&talk.path(""), json!({ "priority": priority })).await.expect(200);
        desk.company.app.clock.advance(Duration::seconds(if number % 3 == 0 { 0 } else { 60 }));
        talks.push(talk);
    }
    answers(&aino, talks[4], "a", "Hei").await;
    aino.put(&talks[7].path("/closure"), json!({})).await.expect(200);
    let both = json!({ "name": "Kaikki tilat", "filter": { "field": "state", "operator": "in", "value": ["open", "waiting", "closed"] } });
    let view = text(&aino.post("views", both).await.expect(201)["id"]);
    for scope in ["view=all".to_owned(), "view=unassigned".to_owned(), format!("view={view}")] {
        for sort in ["activity", "created", "priority", "waiting"] {
            for order in ["asc", "desc"] {
                let query = format!("{scope}&sort={sort}&order={order}");
                let whole = listed(&aino, &query).await;
                let mut paged = Vec::new();
                let mut cursor = String::new();
                loop {
                    let page = aino.get(&format!("conversations?{query}&limit=2{cursor}")).await.expect(200);
                    paged.extend(page["items"].as_array().unwrap().iter().map(|row| text(&row["id"])));
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    cursor = format!("&cursor={next}");
                }
                assert_eq!(paged, whole, "{query}");
                let expected = match (scope.as_str(), sort) {
                    ("view=all", "waiting") | ("view=unassigned", _) => 7,
                    ("view=all", _) => 8,
                    (_, "waiting") => 7,
                    _ => 9,
                };
                assert_eq!(whole.len(), expected, "{query}");
            }
        }
    }
    let urgent = aino.get("conversations?view=all&sort=priority").await.expect(200);
    let order: Vec<String> = urgent["items"].as_array().unwrap().iter().map(|row| text(&row["priority"])).collect();
    assert_eq!(order, ["urgent", "high", "high", "normal", "normal", "low", "low", "low"]);
    desk.settle().await;
}

/// The same question asked of rows in plain Rust.
fn holds(filter: &Value, row: &Value, me: &str) -> bool {
    if let Some(parts) = filter["all"].as_array() {
        return parts.iter().all(|part| holds(part, row, me));
    }
    if let Some(parts) = filter["any"].as_array() {
        return parts.iter().any(|part| holds(part, row, me));
    }
    if !filter["not"].is_null() {
        return !holds(&filter["not"], row, me);
    }
    let value = match filter["field"].as_str().unwrap() {
        "state" => row["state"].clone(),
        "owner" => row["owner"]["kind"].clone(),
        "assignee" => row["owner"]["agent"]["id"].clone(),
        "priority" => row["priority"].clone(),
        "language" => row["locale"].clone(),
        "waiting_since" => row["waiting_since"].clone(),
        "number" => row["number"].clone(),
        other => panic!("{other}"),
    };
    let wanted = if filter["value"] == "me" { json!(me) } else { filter["value"].clone() };
    let rank = |value: &Value| ["low", "normal", "high", "urgent"].iter().position(|name| value == name);
    match filter["operator"].as_str().unwrap() {
        "is" => value == wanted,
        "is_not" => value != wanted,
        "in" => wanted.as_array().unwrap().contains(&value),
        "exists" => !value.is_null(),
        "missing" => value.is_null(),
        "at_least" if value.is_i64() => value.as_i64() >= wanted.as_i64(),
        "at_least" => rank(&value) >= rank(&wanted),
        other => panic!("{other}"),
    }
}

fn filters() -> impl Strategy<Value = Value> {
    use proptest::prelude::*;
    let condition = prop_oneof![
        prop_oneof![Just("open"), Just("waiting"), Just("closed"), Just("snoozed")].prop_flat_map(
            |state| prop_oneof![Just("is"), Just("is_not")].prop_map(move |operator| json!({ "field": "state", "operator": operator, "value": state }))
        ),
        Just(json!({ "field": "owner", "operator": "in", "value": ["agent", "bot"] })),
        Just(json!({ "field": "assignee", "operator": "is", "value": "me" })),
        Just(json!({ "field": "assignee", "operator": "is_not", "value": "me" })),
        Just(json!({ "field": "assignee", "operator": "missing" })),
        prop_oneof![Just("high"), Just("normal"), Just("urgent")].prop_map(|value| json!({ "field": "priority", "operator": "at_least", "value": value })),
        Just(json!({ "field": "language", "operator": "is_not", "value": "sv" })),
        Just(json!({ "field": "waiting_since", "operator": "exists" })),
        (1i64..9).prop_map(|number| json!({ "field": "number", "operator": "at_least", "value": number })),
    ];
    condition.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "all": parts })),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "any": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_agree_with_a_plain_reading() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let me = staff_id(&aino).await;
    for number in 0..8 {
        let contact = desk.contact(&format!("Asiakas{number}")).await;
        let talk = desk.talk_of(contact, if number % 4 == 3 { Owner::Bot } else { Owner::Nobody }, "Hei").await;
        let priority = ["low", "normal", "high", "urgent"][number % 4];
        aino.patch(&talk.path(""), json!({ "priority": priority })).await.expect(200);
        match number {
            1 | 5 => drop(answers(&aino, talk, "a", "Hei").await),
            2 => drop(aino.put(&talk.path("/closure"), json!({})).await.expect(200)),
            6 => drop(aino.put(&talk.path("/snooze"), json!({ "until": null })).await.expect(200)),
            _ => {}
        }
    }
    // The bot has had its say before the rows are read.
    desk.settle().await;
    let mut rows: BTreeMap<String, Value> = BTreeMap::new();
    for view in ["all", "closed", "snoozed"] {
        let page = aino.get(&format!("conversations?view={view}")).await.expect(200);
        rows.extend(page["items"].as_array().unwrap().iter().map(|row| (text(&row["id"]), row.clone())));
    }
    assert_eq!(rows.len(), 8);
    let mut runner = TestRunner::deterministic();
    for _ in 0..120 {
        let filter = filters().new_tree(&mut runner).unwrap().current();
        let text = url::form_urlencoded::byte_serialize(filter.to_string().as_bytes()).collect::<String>();
        let mut found = listed(&aino, &format!("filter={text}")).await;
        found.sort_unstable();
        let names_state = filter.to_string().contains("\"state\"");
        let active = |row: &Value| names_state || row["state"] == "open" || row["state"] == "waiting";
        let expected: Vec<String> = rows.iter().filter(|(_, row)| active(row) && holds(&filter, row, &me)).map(|(id, _)| id.clone()).collect();
        assert_eq!(found, expected, "{filter}");
    }
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_their_owners_own_until_shared() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let lead = desk.company.colleague("lead", "supervisor").await;
    desk.talk("Liisa", "Hei").await;
    let filter = json!({ "field": "owner", "operator": "is", "value": "nobody" });
    let own = text(&aino.post("views", json!({ "name": "Omat", "filter": filter })).await.expect(201)["id"]);
    onni.get(&format!("conversations?view={own}")).await.expect(404);
    onni.patch(&format!("views/{own}"), json!({ "name": "Minun" })).await.expect(404);
    aino.post("views", json!({ "name": "Kaikille", "filter": filter, "shared": true })).await.expect(403);
    let shared = text(&lead.post("views", json!({ "name": "Kaikille", "filter": filter, "shared": true })).await.expect(201)["id"]);
    assert_eq!(listed(&onni, &format!("view={shared}")).await.len(), 1);
    assert_eq!(onni.get("conversations/counts").await.expect(200)["views"][&shared], 1);
    onni.delete(&format!("views/{shared}")).await.expect(403);
    let neighbour = desk.company.neighbour().await;
    neighbour.get(&format!("conversations?view={shared}")).await.expect(404);
    for bad in [
        json!({ "field": "state", "operator": "is", "value": "open' OR '1'='1" }),
        json!({ "field": "workspace_id", "operator": "is", "value": "x" }),
        json!({ "field": "label", "operator": "is", "value": "'); DROP TABLE messages; --" }),
    ] {
        aino.post("views", json!({ "name": "Paha", "filter": bad })).await.expect(422);
    }
    lead.delete(&format!("views/{shared}")).await.expect(204);
    aino.delete(&format!("views/{own}")).await.expect(204);
    assert_eq!(aino.get("views").await.expect(200)["items"], json!([]));
    desk.settle().await;
}
