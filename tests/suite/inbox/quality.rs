//! Reviews: sheets whose past stays, a queue that nobody can choose from, and what the reviewed person sees, answers and disputes.

use std::collections::{BTreeMap, BTreeSet};

use ennakoi_inbox::conversations::{self, Rating};
use ennakoi_kernel::Duration;
use ennakoi_store::{params, timeline::Actor};
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Desk, Talk, answers, staff_id};
use crate::people::text;

/// A sheet of a scale, a critical question, and one that need not apply.
pub(crate) fn sheet(name: &str) -> Value {
    let criterion = |id: &str, kind: &str, most: i64, weight: i64, critical: bool, may_not_apply: bool| json!({ "id": id, "text": format!("Kysymys {id}?"), "kind": kind, "most": most, "weight": weight, "critical": critical, "may_not_apply": may_not_apply });
    json!({ "name": name, "sections": [
        { "title": "Vastaus", "criteria": [criterion("correct", "scale", 3, 30, false, false), criterion("checked", "yes_no", 1, 10, true, true)] },
        { "title": "Tapa", "criteria": [criterion("tone", "scale", 4, 20, false, false)] },
    ] })
}

fn rule(per_week: i64) -> Value {
    json!({ "per_week": per_week, "low_rating": true, "broken_promise": true, "reopened": true, "long_wait_minutes": 60 })
}

/// All marks of the sheet.
pub(crate) fn marks(correct: i64, checked: Option<i64>, tone: i64) -> Value {
    json!({ "correct": { "value": correct }, "checked": { "value": checked }, "tone": { "value": tone, "note": "Lämmin." } })
}

/// A case that the agent has answered and closed.
pub(crate) async fn closed(desk: &Desk, agent: &Client, name: &str) -> Talk {
    let talk = taken(desk, agent, name).await;
    close(agent, talk).await;
    talk
}

async fn taken(desk: &Desk, agent: &Client, name: &str) -> Talk {
    let talk = desk.queued(name, "Missä pakettini on?").await;
    agent.put(&talk.path("/assignment"), json!({ "agent_id": staff_id(agent).await })).await.expect(200);
    answers(agent, talk, name, "Hei! Se tulee huomenna.").await;
    talk
}

async fn close(agent: &Client, talk: Talk) {
    agent.put(&talk.path("/closure"), json!({})).await.expect(200);
}

async fn rate(desk: &Desk, talk: Talk, score: i64) {
    let (environment, workspace) = (desk.company.app.app.environment.clone(), desk.workspace());
    let rating = Rating { score: Some(score), solved: None, comment: None };
    desk.within(async |tx| conversations::rate(tx, &environment, workspace, talk.id, Actor::Contact(talk.contact), rating).await).await;
}

/// Why each case waits, by conversation.
async fn waiting(client: &Client) -> Vec<(String, BTreeSet<String>)> {
    let page = client.get("quality-cases?limit=100").await.expect(200);
    let reasons = |row: &Value| row["reasons"].as_array().unwrap().iter().map(text).collect();
    page["items"].as_array().unwrap().iter().map(|row| (text(&row["conversation_id"]), reasons(row))).collect()
}

/// A draft with all its marks.
async fn drafted(reviewer: &Client, talk: Talk, marks: Value) -> Value {
    let draft = reviewer.post(&talk.path("/reviews"), json!({})).await.expect(201);
    let body = json!({ "version": draft["version"], "marks": marks, "summary": "Hyvä, että kerroit päivän." });
    reviewer.put(&format!("reviews/{}", text(&draft["id"])), body).await.expect(200)
}

async fn published(reviewer: &Client, talk: Talk, marks: Value) -> Value {
    let draft = drafted(reviewer, talk, marks).await;
    reviewer.put(&format!("reviews/{}/publication", text(&draft["id"])), json!({})).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_sheet_leaves_what_was_reviewed_as_it_was() {
    let desk = Desk::open().await;
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    aino.get("quality-sheets").await.expect(403);
    let templates = owner.get("quality-sheet-templates").await.expect(200);
    let of = |locale: &str| templates["items"].as_array().unwrap().iter().find(|one| one["locale"] == locale).unwrap().clone();
    let mut new = of("fi");
    new.as_object_mut().unwrap().remove("locale");
    let ready = owner.post("quality-sheets", new).await.expect(201);
    owner.delete(&format!("quality-sheets/{}", text(&ready["id"]))).await.expect(204);
    assert_eq!(owner.get("quality-sheets").await.expect(200)["items"], json!([]));
    let talk = closed(&desk, &aino, "Liisa").await;
    assert_eq!(owner.post(&talk.path("/reviews"), json!({})).await.expect(409)["code"], "no_sheet");

    let made = owner.post("quality-sheets", sheet("Perus")).await.expect(201);
    let path = format!("quality-sheets/{}", text(&made["id"]));
    let review = published(owner, talk, marks(3, None, 2)).await;
    // (30 × 3/3 + 20 × 2/4) of the 50 that applied.
    assert_eq!((&review["points"], &review["failed"], &review["sheet_version"]), (&json!(800), &json!(false), &json!(1)));
    let mut changed = sheet("Uusi nimi");
    changed["version"] = json!(1);
    changed["sections"][0]["criteria"][0]["most"] = json!(5);
    changed["sections"][1]["criteria"] = json!([]);
    assert_eq!(owner.put(&path, changed.clone()).await.expect(200)["version"], 2);
    assert_eq!(owner.put(&path, changed).await.expect(409)["code"], "sheet_changed");
    let kept = owner.get(&format!("reviews/{}", text(&review["id"]))).await.expect(200);
    assert_eq!((&kept["points"], &kept["sheet_name"], &kept["sections"]), (&json!(800), &json!("Perus"), &made["sections"]));
    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get(&format!("reviews/{}", text(&review["id"]))).await.expect(200)["sections"], made["sections"]);

    for (at, value, field) in [
        ("/name", json!(" "), "name"),
        ("/sections", json!([]), "sections"),
        ("/sections/0/criteria/1/id", json!("correct"), "sections[0].criteria[1].id"),
        ("/sections/0/criteria/0/most", json!(10), "sections[0].criteria[0].most"),
        ("/sections/0/criteria/1/most", json!(2), "sections[0].criteria[1].most"),
        ("/sections/0/criteria/0/weight", json!(0), "sections[0].criteria[0].weight"),
    ] {
        let mut wrong = sheet("Väärin");
        *wrong.pointer_mut(at).unwrap() = value;
        assert_eq!(owner.post("quality-sheets", wrong).await.expect(422)["errors"][0]["field"], json!(field));
    }
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_holds_what_went_wrong_and_a_drawn_sample() {
    let desk = Desk::open().await;
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    aino.put("quality-sampling", rule(2)).await.expect(403);
    assert_eq!(owner.get("quality-sampling").await.expect(200)["rule"], Value::Null);
    // Closed before there was a rule; it is looked at when the rule comes.
    let early = closed(&desk, &aino, "Liisa").await;
    rate(&desk, early, 2).await;
    owner.put("quality-sampling", rule(0)).await.expect(200);
    let of = |talk: Talk, reasons: &[&str]| (talk.id.to_string(), reasons.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
    let expect = async |wanted: Vec<(String, BTreeSet<String>)>| {
        for _ in 0..1_200 {
            desk.settle().await;
            if waiting(owner).await == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{:?} is not {wanted:?}", waiting(owner).await);
    };
    expect(vec![of(early, &["low_rating"])]).await;

    let back = closed(&desk, &aino, "Matti").await;
    desk.settle().await;
    desk.says(back, "Ei tullutkaan").await;
    answers(&aino, back, "again", "Selvitän.").await;
    close(&aino, back).await;
    let slow = desk.queued("Pekka", "Hei?").await;
    desk.company.app.clock.advance(Duration::minutes(61));
    aino.put(&slow.path("/assignment"), json!({ "agent_id": staff_id(&aino).await })).await.expect(200);
    answers(&aino, slow, "slow", "Anteeksi!").await;
    close(&aino, slow).await;
    expect(vec![of(early, &["low_rating"]), of(back, &["reopened"]), of(slow, &["long_wait"])]).await;
    // A promise that breaks after the closing counts too, and so does a rating that comes later.
    let promised = taken(&desk, &aino, "Raija").await;
    let due = desk.company.app.app.environment.now().0 + 60_000_000;
    aino.post(&promised.path("/promises"), json!({ "body": "Soitan", "due_at": due })).await.expect(201);
    close(&aino, promised).await;
    desk.settle().await;
    desk.company.app.clock.advance(Duration::minutes(2));
    expect(vec![of(early, &["low_rating"]), of(back, &["reopened"]), of(slow, &["long_wait"]), of(promised, &["broken_promise"])]).await;
    rate(&desk, slow, 1).await;
    let all = vec![of(early, &["low_rating"]), of(back, &["reopened"]), of(slow, &["low_rating", "long_wait"]), of(promised, &["broken_promise"])];
    expect(all.clone()).await;

    // A case of one's own is not in one's queue, and cannot be decided about.
    let sirpa = desk.company.colleague("sirpa", "supervisor").await;
    let own = closed(&desk, &sirpa, "Ville").await;
    rate(&desk, own, 1).await;
    expect([all.clone(), vec![of(own, &["low_rating"])]].concat()).await;
    assert_eq!(waiting(&sirpa).await, all);
    let page = owner.get("quality-cases?limit=100").await.expect(200);
    let path = |at: usize| format!("quality-cases/{}/skip", text(&page["items"][at]["id"]));
    assert_eq!(sirpa.put(&path(4), json!({})).await.expect(409)["code"], "own_work");
    sirpa.put(&path(0), json!({})).await.expect(204);
    assert_eq!(sirpa.put(&path(0), json!({})).await.expect(409)["code"], "already_decided");
    assert_eq!(waiting(&sirpa).await, all[1..]);
    sirpa.delete(&path(0)).await.expect(204);
    assert_eq!(waiting(&sirpa).await, all);
    assert_eq!(owner.get("audit?action=quality_case.skipped").await.expect(200)["items"].as_array().unwrap().len(), 1);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_as_large_as_the_rule_says_and_what_was_begun_stays_in_it() {
    let desk = Desk::open().await;
    // All of it happens in one week, whenever this runs.
    desk.company.app.clock.stop();
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    owner.post("quality-sheets", sheet("Perus")).await.expect(201);
    owner.put("quality-sampling", rule(2)).await.expect(200);
    let mut talks = Vec::new();
    for name in ["Liisa", "Matti", "Pekka"] {
        talks.push(closed(&desk, &aino, name).await);
    }
    let other = closed(&desk, &onni, "Raija").await;
    desk.settle().await;
    let drawn = async || -> BTreeSet<String> { waiting(owner).await.into_iter().map(|(id, _)| id).filter(|id| *id != other.id.to_string()).collect() };
    let first = drawn().await;
    assert_eq!((first.len(), waiting(owner).await.len()), (2, 3));
    assert!(waiting(owner).await.iter().all(|(_, reasons)| *reasons == BTreeSet::from(["sample".to_owned()])));
    // One of them is begun: whatever is closed later, it stays, and there are still two.
    let begun = *talks.iter().find(|talk| first.contains(&talk.id.to_string())).unwrap();
    let draft = drafted(owner, begun, marks(1, None, 1)).await;
    for name in ["Ville", "Anna", "Olli", "Sari", "Kaisa", "Jari", "Tuula", "Eero"] {
        closed(&desk, &aino, name).await;
    }
    desk.settle().await;
    let now = drawn().await;
    assert!(now.len() == 2 && now.contains(&begun.id.to_string()), "{now:?}");
    // Looking back draws the same again.
    owner
        .put("quality-sampling", json!({ "per_week": 2, "low_rating": false, "broken_promise": false, "reopened": false, "long_wait_minutes": null }))
        .await
        .expect(200);
    let looked_back = "SELECT COUNT(*) FROM timers WHERE timer_key = 'inbox.quality'";
    let mut left = 1_i64;
    for _ in 0..1_200 {
        left = desk.company.app.app.db.read().await.unwrap().scalar(looked_back, &[]).await.unwrap();
        if left == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(left, 0, "looked back");
    assert_eq!(drawn().await, now);
    // Thrown away, it waits again.
    let row = |page: &Value| page["items"].as_array().unwrap().iter().find(|row| row["conversation_id"] == json!(begun.id)).unwrap().clone();
    let shown = row(&owner.get("quality-cases").await.expect(200));
    assert_eq!((&shown["state"], &shown["reviewers"]), (&json!("begun"), &json!([staff_id(owner).await])));
    owner.delete(&format!("reviews/{}", text(&draft["id"]))).await.expect(204);
    assert_eq!(row(&owner.get("quality-cases").await.expect(200))["state"], "waiting");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_with_a_reason_stays_when_another_is_drawn_in_its_place() {
    let desk = Desk::open().await;
    desk.company.app.clock.stop();
    let (owner, aino) = (desk.owner(), desk.agent("aino").await);
    owner.put("quality-sampling", rule(1)).await.expect(200);
    let unhappy = closed(&desk, &aino, "Liisa").await;
    rate(&desk, unhappy, 1).await;
    desk.settle().await;
    let both = BTreeSet::from(["low_rating".to_owned(), "sample".to_owned()]);
    assert_eq!(waiting(owner).await, [(unhappy.id.to_string(), both)]);
    // Whatever is drawn for the next one, it is less.
    let workspace = desk.workspace();
    desk.within(async |tx| tx.execute("UPDATE quality_cases SET draw = $2 WHERE workspace_id = $1", params![workspace, i64::MAX]).await).await;
    let next = closed(&desk, &aino, "Matti").await;
    desk.settle().await;
    let now: BTreeMap<String, BTreeSet<String>> = waiting(owner).await.into_iter().collect();
    assert_eq!(now[&unhappy.id.to_string()], BTreeSet::from(["low_rating".to_owned()]));
    assert_eq!((now.len(), &now[&next.id.to_string()]), (2, &BTreeSet::from(["sample".to_owned()])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_seen_answered_and_disputed_by_whom_it_is_about_and_nobody_else() {
    let desk = Desk::open().await;
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    let sirpa = desk.company.colleague("sirpa", "supervisor").await;
    owner.post("quality-sheets", sheet("Perus")).await.expect(201);
    let talk = closed(&desk, &aino, "Liisa").await;
    let message = owner.get(&talk.path("/messages")).await.expect(200)["items"][0]["id"].clone();
    let draft = drafted(&sirpa, talk, marks(3, Some(1), 4)).await;
    let path = |rest: &str| format!("reviews/{}{rest}", text(&draft["id"]));
    let save = async |change: Value| {
        let mut body = json!({ "version": sirpa.get(&path("")).await.expect(200)["version"], "marks": marks(3, Some(1), 4) });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        sirpa.put(&path(""), body).await
    };
    // A draft is its reviewer's alone; what does not fit the sheet or the case is refused.
    owner.get(&path("")).await.expect(404);
    assert_eq!(owner.get("reviews?state=draft").await.expect(200)["items"], json!([]));
    assert_eq!(aino.get("own-reviews").await.expect(200)["items"], json!([]));
    aino.get(&path("")).await.expect(403);
    aino.get(&format!("own-{}", path(""))).await.expect(404);
    assert_eq!(save(json!({ "version": 1 })).await.expect(409)["code"], "review_changed");
    assert_eq!(save(json!({ "marks": marks(4, Some(1), 4) })).await.expect(422)["errors"][0]["field"], "marks.correct");
    assert_eq!(save(json!({ "marks": { "tone": { "value": null } } })).await.expect(422)["errors"][0]["code"], "required");
    assert_eq!(save(json!({ "comments": [{ "message_id": draft["id"], "body": "x" }] })).await.expect(422)["errors"][0]["code"], "unknown");
    save(json!({ "marks": { "correct": { "value": 3 } } })).await.expect(200);
    assert_eq!(sirpa.put(&path("/publication"), json!({})).await.expect(422)["errors"].as_array().unwrap().len(), 2);
    save(json!({ "marks": marks(3, Some(0), 4), "comments": [{ "message_id": message, "body": "Tässä se kysyttiin." }], "summary": "Katso tunnistus." }))
        .await
        .expect(200);
    let review = sirpa.put(&path("/publication"), json!({})).await.expect(200);
    assert_eq!((&review["points"], &review["failed"]), (&json!(0), &json!(true)));
    assert_eq!(sirpa.put(&path("/publication"), json!({})).await.expect(409)["code"], "already_published");
    assert_eq!(save(json!({})).await.expect(409)["code"], "already_published");

    // The person sees it, with the case; a colleague does not.
    let count = async |client: &Client, what: &str| client.get("quality").await.expect(200)[what].as_i64().unwrap();
    assert_eq!((count(&aino, "unanswered").await, count(&onni, "unanswered").await, count(&aino, "waiting").await), (1, 0, 0));
    let own = aino.get(&format!("own-{}", path(""))).await.expect(200);
    assert_eq!(
        (&own["comments"][0]["body"], &own["summary"], own["sections"].as_array().unwrap().len()),
        (&json!("Tässä se kysyttiin."), &json!("Katso tunnistus."), 2)
    );
    onni.get(&format!("own-{}", path(""))).await.expect(404);
    assert_eq!(onni.get("own-reviews").await.expect(200)["items"], json!([]));
    let answer = format!("own-{}", path("/answer"));
    onni.put(&answer, json!({ "answer": "acknowledged" })).await.expect(404);
    assert_eq!(aino.put(&answer, json!({ "answer": "disputed", "reason": " " })).await.expect(422)["errors"][0]["field"], "reason");
    aino.put(&answer, json!({ "answer": "disputed", "reason": "Tunnistus tehtiin puhelimessa." })).await.expect(200);
    assert_eq!(aino.put(&answer, json!({ "answer": "acknowledged" })).await.expect(409)["code"], "already_decided");

    // Somebody else than the person ends the dispute, once; what was corrected is kept.
    let disputes = owner.get("reviews?disputed=true").await.expect(200);
    assert_eq!((&disputes["items"][0]["answer_reason"], count(owner, "disputed").await), (&json!("Tunnistus tehtiin puhelimessa."), 1));
    aino.put(&path("/resolution"), json!({ "resolution": "stands", "note": "x" })).await.expect(403);
    assert_eq!(owner.put(&path("/resolution"), json!({ "resolution": "corrected", "note": "Totta." })).await.expect(422)["errors"][0]["field"], "marks");
    assert_eq!(owner.put(&path("/resolution"), json!({ "resolution": "stands", "note": "" })).await.expect(422)["errors"][0]["field"], "note");
    let corrected = json!({ "resolution": "corrected", "note": "Totta.", "marks": marks(3, Some(1), 4) });
    let ended = owner.put(&path("/resolution"), corrected.clone()).await.expect(200);
    assert_eq!((&ended["points"], &ended["first_points"], &ended["failed"]), (&json!(1_000), &json!(0), &json!(false)));
    assert_eq!(owner.put(&path("/resolution"), corrected).await.expect(409)["code"], "already_decided");
    let audit = owner.get("audit?action=review.resolved").await.expect(200);
    assert_eq!((&audit["items"][0]["detail"]["first_points"], &audit["items"][0]["detail"]["points"]), (&json!(0), &json!(1_000)));

    // Nobody reviews their own work, an open case, or one in which the person said nothing.
    let own = closed(&desk, &sirpa, "Matti").await;
    assert_eq!(sirpa.post(&own.path("/reviews"), json!({})).await.expect(409)["code"], "own_work");
    assert_eq!(owner.post(&own.path("/reviews"), json!({ "agent_id": staff_id(&onni).await })).await.expect(409)["code"], "no_agent");
    let open = taken(&desk, &aino, "Pekka").await;
    assert_eq!(owner.post(&open.path("/reviews"), json!({})).await.expect(409)["code"], "conversation_open");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_of_coaching_are_read_by_whom_they_are_for() {
    let desk = Desk::open().await;
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    let talk = closed(&desk, &aino, "Liisa").await;
    let person = staff_id(&aino).await;
    let new = |body: &str| json!({ "agent_id": person, "conversation_id": talk.id, "body": body });
    onni.post("coaching-notes", new("Hei")).await.expect(403);
    assert_eq!(owner.post("coaching-notes", new(" ")).await.expect(422)["errors"][0]["field"], "body");
    assert_eq!(owner.post("coaching-notes", json!({ "agent_id": staff_id(owner).await, "body": "x" })).await.expect(409)["code"], "own_work");
    assert_eq!(owner.post("coaching-notes", json!({ "agent_id": talk.contact, "body": "x" })).await.expect(422)["errors"][0]["field"], "agent_id");
    let note = owner.post("coaching-notes", new("Kerro aina päivä.")).await.expect(201);
    assert_eq!(owner.get(&format!("coaching-notes?agent={person}")).await.expect(200)["items"], json!([note]));
    assert_eq!(aino.get("own-coaching-notes").await.expect(200)["items"], json!([note]));
    assert_eq!(onni.get("own-coaching-notes").await.expect(200)["items"], json!([]));
    let seen = format!("own-coaching-notes/{}/seen", text(&note["id"]));
    onni.put(&seen, json!({})).await.expect(404);
    assert_eq!(aino.get("quality").await.expect(200)["unseen"], 1);
    let read = aino.put(&seen, json!({})).await.expect(200);
    assert!(read["seen_at"].is_number());
    assert_eq!(aino.put(&seen, json!({})).await.expect(200), read);
    assert_eq!(aino.get("quality").await.expect(200)["unseen"], 0);
    let sirpa = desk.company.colleague("sirpa", "supervisor").await;
    let path = format!("coaching-notes/{}", text(&note["id"]));
    sirpa.delete(&path).await.expect(403);
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(404);
    desk.settle().await;
}
