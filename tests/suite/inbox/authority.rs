//! What people may give on their own: within the budget at once, above it by somebody else's word, and never more however many at once.

use ennakoi_inbox::conversations::{self, NewConversation, Owner};
use ennakoi_kernel::Duration;
use ennakoi_people::Locale;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Desk, Talk, staff_id};
use crate::people::text;

async fn give(client: &Client, talk: Talk, key: &str, amount_minor: i64) -> Value {
    let body = json!({ "client_key": key, "kind": "credit", "amount_minor": amount_minor, "currency": "EUR", "what": "", "reason": "Viivästys" });
    client.post(&talk.path("/grants"), body).await.expect(201)
}

async fn budget(desk: &Desk, staff: Option<&str>, limit_minor: i64, single_minor: Option<i64>) -> Value {
    let body = json!({ "staff_id": staff, "currency": "EUR", "period": "week", "limit_minor": limit_minor, "single_minor": single_minor });
    desk.owner().put("authority-budgets", body).await.expect(200)
}

async fn spent(client: &Client) -> i64 {
    client.get("authority").await.expect(200)["tills"][0]["spent_minor"].as_i64().unwrap()
}

fn state(grant: &Value) -> (&str, Option<&str>) {
    (grant["state"].as_str().unwrap(), grant["asked_because"].as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn within_the_budget_it_is_given_and_above_it_asked_for() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let liisa = desk.queued("Liisa", "Paketti on myöhässä").await;
    assert_eq!(state(&give(&aino, liisa, "a", 100).await), ("asked", Some("no_budget")));
    budget(&desk, None, 10_000, Some(6_000)).await;
    let given = give(&aino, liisa, "b", 6_000).await;
    assert_eq!((state(&given), &given["decided_by"]), (("given", None), &Value::Null));
    // The same again is the same grant.
    assert_eq!(give(&aino, liisa, "b", 6_000).await["id"], given["id"]);
    assert_eq!(state(&give(&aino, liisa, "c", 6_001).await), ("asked", Some("over_single")));
    assert_eq!(state(&give(&aino, liisa, "d", 4_001).await), ("asked", Some("over_budget")));
    assert_eq!(state(&give(&aino, liisa, "e", 4_000).await), ("given", None));
    assert_eq!(spent(&aino).await, 10_000);
    // Another currency is another till.
    let kronor = json!({ "client_key": "k", "kind": "gift", "amount_minor": 1, "currency": "SEK", "reason": "Kiitos" });
    assert_eq!(state(&aino.post(&liisa.path("/grants"), kronor).await.expect(201)), ("asked", Some("no_budget")));
    // A budget of one's own wins, and the next week begins anew.
    budget(&desk, Some(&staff_id(&aino).await), 12_000, None).await;
    assert_eq!(state(&give(&aino, liisa, "f", 2_000).await), ("given", None));
    desk.company.app.clock.advance(Duration::days(7));
    assert_eq!(spent(&aino).await, 0);
    assert_eq!(state(&give(&aino, liisa, "g", 12_000).await), ("given", None));
    desk.settle().await;
    let shown = aino.get(&format!("contacts/{}/grants", liisa.contact)).await.expect(200);
    assert_eq!(shown["items"].as_array().unwrap().len(), 8);
    assert_eq!(shown, aino.get(&liisa.path("/grants")).await.expect(200));
    let thread = aino.get(&liisa.path("/messages?limit=100")).await.expect(200);
    let notes: Vec<_> = thread["items"].as_array().unwrap().iter().filter(|message| message["meta"]["event"] == "grant_given").collect();
    assert_eq!((notes.len(), &notes[0]["visibility"], &notes[0]["meta"]["data"]["amount_minor"]), (4, &json!("private"), &json!(6_000)));
    let audit = desk.owner().get("audit?action=grant.given").await.expect(200);
    assert_eq!((audit["items"].as_array().unwrap().len(), &audit["items"][0]["detail"]["reason"]), (4, &json!("Viivästys")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_never_exceed_the_budget() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    budget(&desk, None, 10_000, None).await;
    let mut talks = Vec::new();
    for name in ["Liisa", "Matti", "Pekka", "Raija", "Ville", "Anna", "Olli", "Sari"] {
        talks.push(desk.queued(name, "Hei").await);
    }
    desk.settle().await;
    for round in 0..5 {
        desk.company.app.clock.advance(Duration::days(7));
        // Each alone fits; two together do not.
        let all = futures_util::future::join_all(talks.iter().map(|talk| {
            let (aino, key) = (&aino, format!("{round}-{}", talk.id));
            async move { give(aino, *talk, &key, 6_000).await }
        }))
        .await;
        assert_eq!(all.iter().filter(|grant| grant["state"] == "given").count(), 1, "round {round}");
        assert_eq!(spent(&aino).await, 6_000);
    }
    // The same request twice at once is one grant.
    desk.company.app.clock.advance(Duration::days(7));
    let twice = futures_util::future::join_all((0..6).map(|_| give(&aino, talks[0], "sama", 4_000))).await;
    assert!(twice.iter().all(|grant| grant["id"] == twice[0]["id"] && grant["state"] == "given"), "{twice:?}");
    assert_eq!(spent(&aino).await, 4_000);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_decides_once_and_the_asker_is_told() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let supervisor = desk.company.colleague("sirpa", "supervisor").await;
    let liisa = desk.queued("Liisa", "Hei").await;
    let (first, second) = (give(&aino, liisa, "a", 5_000).await, give(&aino, liisa, "b", 7_000).await);
    let path = |grant: &Value, rest: &str| format!("grants/{}/{rest}", text(&grant["id"]));
    aino.get("grants").await.expect(403);
    aino.put(&path(&first, "decision"), json!({ "state": "given" })).await.expect(403);
    let waiting = supervisor.get("grants").await.expect(200);
    assert_eq!((waiting["items"].as_array().unwrap().len(), &waiting["items"][0]["conversation"]["contact"]["name"]), (2, &json!("Liisa")));
    supervisor.put(&path(&first, "decision"), json!({ "state": "withdrawn" })).await.expect(422);
    let decided = supervisor.put(&path(&first, "decision"), json!({ "state": "given", "note": "Tämän kerran" })).await.expect(200);
    assert_eq!((state(&decided), &decided["decision_note"]), (("given", Some("no_budget")), &json!("Tämän kerran")));
    assert_eq!(supervisor.put(&path(&first, "decision"), json!({ "state": "declined" })).await.expect(409)["code"], "already_decided");
    // Of two who decide at once, one does.
    let owner = desk.owner();
    let both = futures_util::future::join_all([&supervisor, owner].map(|who| {
        let path = path(&second, "decision");
        async move { who.put(&path, json!({ "state": "declined" })).await }
    }))
    .await;
    assert_eq!(both.iter().filter(|answer| answer.status == 200).count(), 1);
    desk.settle().await;
    assert_eq!(aino.get("conversations?view=mentions").await.expect(200)["items"][0]["id"], json!(liisa.id));
    // What was approved is no part of the asker's own budget.
    budget(&desk, None, 1_000, None).await;
    assert_eq!(spent(&aino).await, 0);
    // Nobody decides about their own; who decides is bound by a budget of their own only.
    assert_eq!(state(&give(&supervisor, liisa, "s", 90_000).await), ("given", None));
    budget(&desk, Some(&staff_id(&supervisor).await), 0, None).await;
    let own = give(&supervisor, liisa, "t", 1).await;
    assert_eq!(supervisor.put(&path(&own, "decision"), json!({ "state": "given" })).await.expect(409)["code"], "own_request");
    owner.put(&path(&own, "decision"), json!({ "state": "given" })).await.expect(200);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_taken_back_by_who_asked_and_gifts_by_who_decides() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.agent("aino").await, desk.agent("onni").await);
    budget(&desk, None, 5_000, None).await;
    let liisa = desk.queued("Liisa", "Hei").await;
    let (asked, given) = (give(&aino, liisa, "a", 9_000).await, give(&aino, liisa, "b", 5_000).await);
    let path = |grant: &Value| format!("grants/{}/withdrawal", text(&grant["id"]));
    onni.put(&path(&asked), json!({})).await.expect(403);
    assert_eq!(aino.put(&path(&asked), json!({})).await.expect(200)["state"], "withdrawn");
    aino.put(&path(&given), json!({})).await.expect(403);
    assert_eq!(spent(&aino).await, 5_000);
    desk.owner().put(&path(&given), json!({})).await.expect(200);
    assert_eq!(desk.owner().put(&path(&given), json!({})).await.expect(409)["code"], "already_decided");
    // The budget is whole again.
    assert_eq!(spent(&aino).await, 0);
    assert_eq!(state(&give(&aino, liisa, "c", 5_000).await), ("given", None));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_are_set_by_who_may_and_make_sense() {
    let desk = Desk::open().await;
    let owner = desk.owner();
    let supervisor = desk.company.colleague("sirpa", "supervisor").await;
    let (viewer, aino) = (desk.company.colleague("katsoja", "viewer").await, desk.agent("aino").await);
    let good = json!({ "currency": "EUR", "period": "month", "limit_minor": 100 });
    supervisor.put("authority-budgets", good.clone()).await.expect(403);
    owner.put("authority-budgets", good).await.expect(200);
    assert_eq!(supervisor.get("authority-budgets").await.expect(200)["items"][0]["limit_minor"], 100);
    aino.get("authority-budgets").await.expect(403);
    for (body, field) in [
        (json!({ "currency": "euro", "period": "day", "limit_minor": 1 }), "currency"),
        (json!({ "currency": "EUR", "period": "day", "limit_minor": -1 }), "limit_minor"),
        (json!({ "currency": "EUR", "period": "day", "limit_minor": 1, "single_minor": -1 }), "single_minor"),
        (json!({ "currency": "EUR", "period": "day", "limit_minor": 1, "staff_id": desk.queue }), "staff_id"),
    ] {
        assert_eq!(owner.put("authority-budgets", body).await.expect(422)["errors"][0]["field"], json!(field));
    }
    let liisa = desk.queued("Liisa", "Hei").await;
    viewer.post(&liisa.path("/grants"), json!({})).await.expect(403);
    let mut new = json!({ "client_key": "a", "kind": "credit", "amount_minor": 0, "currency": "EUR", "reason": "x" });
    assert_eq!(aino.post(&liisa.path("/grants"), new.clone()).await.expect(422)["errors"][0]["field"], "amount_minor");
    new["amount_minor"] = json!(1);
    new["reason"] = json!(" ");
    assert_eq!(aino.post(&liisa.path("/grants"), new).await.expect(422)["errors"][0]["field"], "reason");
    assert_eq!(viewer.get(&liisa.path("/grants")).await.expect(200)["items"], json!([]));
    owner.delete("authority-budgets?currency=EUR").await.expect(204);
    owner.delete("authority-budgets?currency=EUR").await.expect(404);
    assert_eq!(aino.get("authority").await.expect(200), json!({ "unbounded": false, "tills": [] }));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_to_nobody_known_is_found_by_the_case() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    budget(&desk, None, 10_000, None).await;
    let (environment, workspace) = (desk.company.app.app.environment.clone(), desk.workspace());
    let new = NewConversation { channel: desk.channel, contact: None, visitor: None, subject: None, locale: Some(Locale::Fi), owner: Owner::Nobody };
    let conversation = desk.within(async |tx| conversations::open(tx, &environment, workspace, new).await).await;
    let path = format!("conversations/{}/grants", conversation.id);
    let body = json!({ "client_key": "a", "kind": "credit", "amount_minor": 500, "currency": "EUR", "what": "", "reason": "Viivästys" });
    let given = aino.post(&path, body).await.expect(201);
    assert_eq!(aino.get(&path).await.expect(200)["items"][0]["id"], given["id"]);
    desk.settle().await;
}
