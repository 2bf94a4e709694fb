//! The list in the console.

use ennakoi_kernel::Duration;
use serde_json::{Value, json};

use super::{assign, choose, desk, mention, socket, told, unread, until};
use crate::{
    inbox::{Desk, answers, quality, staff_id},
    people::text,
};

fn row(kind: &str, happened: i64, unread: bool) -> (String, i64, bool) {
    (kind.to_owned(), happened, unread)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_once_what_concerns_them_and_nobody_else() {
    let desk = Desk::open().await;
    let (owner, aino, pekka) = (desk.owner(), desk.agent("aino").await, desk.agent("pekka").await);
    let (mut hers, mut his) = (socket(&desk, &aino).await, socket(&desk, &pekka).await);
    let talk = desk.talk("Liisa", "Missä pakettini on?").await;
    assign(owner, talk, &aino).await;
    hers.until(|message| message["type"] == "notices").await;
    assert_eq!((told(&aino).await, unread(&aino).await), (vec![row("assigned", 1, true)], 1));
    let page = aino.get("notices").await.expect(200);
    assert_eq!((&page["items"][0]["conversation_id"], &page["items"][0]["customer"]), (&json!(talk.id.to_string()), &json!("Liisa")));
    // Opening the case is reading what was told of it.
    let seq = aino.get(&talk.path("")).await.expect(200)["last_seq"].clone();
    aino.put(&talk.path("/seen"), json!({ "seq": seq })).await.expect(204);
    assert_eq!(unread(&aino).await, 0);
    // Two answers within some minutes are one notice; what one does oneself is none.
    desk.says(talk, "Hei?").await;
    desk.says(talk, "Onko siellä ketään?").await;
    desk.settle().await;
    assert_eq!(told(&aino).await[0], row("customer_answered", 2, true));
    answers(&aino, talk, "a", "Hei! Selvitän.").await;
    mention(&aino, talk, "b", &pekka).await;
    mention(&aino, talk, "c", &aino).await;
    his.until(|message| message["type"] == "notices").await;
    desk.settle().await;
    assert_eq!(told(&pekka).await, vec![row("mentioned", 1, true)]);
    assert_eq!(told(&aino).await.len(), 2);
    assert_eq!((unread(&aino).await, told(owner).await.len()), (0, 0), "who answered has read what stands above");
    // What was told long ago is no reason to be silent now.
    desk.says(talk, "Kiitos").await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(11));
    desk.says(talk, "Vielä yksi asia").await;
    desk.settle().await;
    let hers_now = told(&aino).await;
    assert_eq!(hers_now.iter().filter(|(kind, _, unread)| kind == "customer_answered" && *unread).count(), 2);
    // Taking a case oneself is no news.
    assign(&pekka, talk, &pekka).await;
    desk.settle().await;
    assert_eq!(told(&pekka).await, vec![row("mentioned", 1, false)], "and who takes a case has read it");

    let his_own = text(&pekka.get("notices").await.expect(200)["items"][0]["id"]);
    aino.put(&format!("notices/{his_own}/read"), json!({})).await.expect(404);
    pekka.put(&format!("notices/{his_own}/read"), json!({})).await.expect(204);
    assert_eq!(unread(&pekka).await, 0);
    aino.put("notices/read", json!({})).await.expect(204);
    assert_eq!(unread(&aino).await, 0);
    let first = aino.get("notices?limit=2").await.expect(200);
    let second = aino.get(&format!("notices?limit=2&cursor={}", text(&first["next_cursor"]))).await.expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), second["next_cursor"].clone()), (2, Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_and_reviews_reach_whom_they_concern() {
    let desk = Desk::open().await;
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    let leader = desk.company.colleague("leena", "supervisor").await;
    let talk = desk.talk("Liisa", "Laskussa on virhe").await;
    let wish = json!({ "client_key": "g", "kind": "credit", "amount_minor": 5_000, "currency": "EUR", "what": "", "reason": "Viivästys" });
    let grant = aino.post(&talk.path("/grants"), wish).await.expect(201);
    assert_eq!(grant["state"], "asked");
    desk.settle().await;
    assert_eq!((told(owner).await, told(&leader).await), (vec![row("approval_asked", 1, true)], vec![row("approval_asked", 1, true)]));
    assert!(told(&aino).await.is_empty());
    leader.put(&format!("grants/{}/decision", text(&grant["id"])), json!({ "state": "declined", "note": "Ei nyt" })).await.expect(200);
    desk.settle().await;
    let page = aino.get("notices").await.expect(200);
    assert_eq!((page["items"].as_array().unwrap().len(), &page["items"][0]["detail"], &page["items"][0]["by"]), (1, &json!("declined"), &json!("leena")));

    owner.post("quality-sheets", quality::sheet("Perus")).await.expect(201);
    let done = quality::closed(&desk, &aino, "Matti").await;
    let draft = owner.post(&done.path("/reviews"), json!({})).await.expect(201);
    let path = format!("reviews/{}", text(&draft["id"]));
    owner.put(&path, json!({ "version": draft["version"], "marks": quality::marks(3, Some(1), 2), "summary": "Hyvä" })).await.expect(200);
    owner.put(&format!("{path}/publication"), json!({})).await.expect(200);
    owner.post("coaching-notes", json!({ "agent_id": staff_id(&aino).await, "body": "Kerro aina päivä." })).await.expect(201);
    desk.settle().await;
    let page = aino.get("notices").await.expect(200);
    let reviews: Vec<&Value> = page["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "review").collect();
    assert_eq!(reviews.iter().map(|row| text(&row["detail"])).collect::<Vec<_>>(), ["coaching", "published"]);
    assert!(reviews.iter().all(|row| row["by"].is_null()), "who reviewed is told by the review itself");
    assert!(told(&leader).await.iter().all(|(kind, ..)| kind != "review"));
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_tell_who_has_the_case_and_who_leads() {
    let desk = Desk::open().await;
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    let leader = desk.company.colleague("leena", "supervisor").await;
    let talk = desk.talk("Liisa", "Hei").await;
    assign(owner, talk, &aino).await;
    let due = desk.company.app.app.environment.now() + Duration::hours(2);
    aino.post(&talk.path("/promises"), json!({ "body": "Vastaan iltapäivällä", "due_at": due })).await.expect(201);
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(110));
    until("the warning", async || told(&aino).await[0].0 == "promise_due").await;
    desk.company.app.clock.advance(Duration::minutes(15));
    until("the breach", async || told(&leader).await.iter().any(|(kind, ..)| kind == "team_breached")).await;
    let page = aino.get("notices").await.expect(200);
    let details: Vec<&Value> = page["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "promise_due").map(|row| &row["detail"]).collect();
    assert_eq!(details, [&json!("breached"), &json!("warned")]);
    assert!(told(&aino).await.iter().all(|(kind, ..)| kind != "team_breached"));
    assert!(told(owner).await.is_empty(), "who owns the company leads only when they ask for it");

    // The queue: from the second that waits.
    aino.put("availability", json!({ "availability": "offline" })).await.expect(204);
    choose(&leader, |settings| settings["queue_limit"] = json!(2)).await;
    for name in ["Matti", "Maija"] {
        let waiting = desk.talk(name, "Onko ketään?").await;
        owner.put(&waiting.path("/assignment"), json!({ "queue_id": desk.queue })).await.expect(200);
        desk.settle().await;
    }
    let page = leader.get("notices").await.expect(200);
    let full: Vec<&Value> = page["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "queue_full").collect();
    assert_eq!((full.len(), &full[0]["queue"]), (1, &json!("Asiakaspalvelu")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_person_chooses_and_what_makes_no_sense_is_refused() {
    let desk = desk(|_| {}).await;
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    let usual = aino.get("notice-settings").await.expect(200);
    assert_eq!((&usual["ways"], &usual["settings"]["timezone"]), (&json!([]), &json!("Europe/Helsinki")));
    assert!(!usual["kinds"].as_array().unwrap().contains(&json!("team_breached")));
    let talk = desk.talk("Liisa", "Hei").await;
    choose(&aino, |settings| settings["kinds"]["mentioned"] = json!({ "list": false, "email": false, "push": false, "chat": false })).await;
    mention(owner, talk, "a", &aino).await;
    desk.settle().await;
    assert!(told(&aino).await.is_empty());
    for (pointer, value, field) in [
        ("/timezone", json!("Mars/Olympus"), "timezone"),
        ("/quiet", json!([{ "days": [8], "from": "20:00", "to": "08:00" }]), "quiet[0].days"),
        ("/mail_after_minutes", json!(1_000), "mail_after_minutes"),
        ("/absence", json!({ "from": 5, "until": 5, "kinds": [] }), "absence.until"),
    ] {
        let mut wrong = usual["settings"].clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert_eq!(aino.put("notice-settings", wrong).await.expect(422)["errors"][0]["field"], json!(field));
    }
}
