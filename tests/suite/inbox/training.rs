//! Practising on past cases: nothing that points at somebody leaves the server, and what was practised is one's own.

use ennakoi_inbox::conversations::{self, Rating};
use ennakoi_store::timeline::Actor;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{
    Desk, Talk, answers,
    quality::{closed, marks, sheet},
    staff_id,
};
use crate::people::text;

/// A closed case in which everything points at the customer.
pub(crate) async fn telling(desk: &Desk, agent: &Client, name: &str) -> Talk {
    let body = format!(
        "Hei, olen {name}. Tilaukseni 1002345 ei ole tullut osoitteeseen Kauppakatu 12, 00100 Helsinki. Numeroni on 040 123 4567, posti {}@example.fi.",
        name.to_lowercase()
    );
    let talk = desk.queued(name, &body).await;
    agent.put(&talk.path("/assignment"), json!({ "agent_id": staff_id(agent).await })).await.expect(200);
    let note = json!({ "client_key": format!("n{name}"), "body": "Asiakas on vihainen", "visibility": "private" });
    agent.post(&talk.path("/messages"), note).await.expect(201);
    answers(agent, talk, name, &format!("Hei {name}! Paketti 1002345 on lajittelussa. Palaan asiaan huomenna. Terveisin Aino")).await;
    desk.says(talk, "Kiitos! Tuleeko se numeroon 0401234567 ilmoitettuna?").await;
    answers(agent, talk, &format!("{name}2"), "Kyllä tulee.").await;
    desk.says(talk, "Selvä, kiitos avusta!").await;
    agent.put(&talk.path("/closure"), json!({})).await.expect(200);
    talk
}

pub(crate) async fn rate(desk: &Desk, talk: Talk, score: i64, comment: Option<&str>) {
    let (environment, workspace) = (desk.company.app.app.environment.clone(), desk.workspace());
    let rating = Rating { score: Some(score), solved: Some(true), comment: comment.map(str::to_owned) };
    desk.within(async |tx| conversations::rate(tx, &environment, workspace, talk.id, Actor::Contact(talk.contact), rating).await).await;
}

/// Whatever is shown of the case, nobody can be known from it, nor the case itself.
fn anonymous(shown: &Value, talk: Talk) {
    let all = shown.to_string();
    let (case, contact) = (talk.id.to_string(), talk.contact.to_string());
    for secret in ["Liisa", "liisa", "1002345", "Kauppakatu", "00100", "4567", "example.fi", "Aino", "vihainen", &case, &contact] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

/// The exercise under way; null when there is nothing to practise on.
pub(crate) async fn begun(client: &Client) -> Value {
    client.post("training-exercises", json!({})).await.expect(201)["exercise"].clone()
}

fn answer(turn: i64, answer: &str) -> Value {
    json!({ "turn": turn, "answer": answer })
}

fn path(exercise: &Value, rest: &str) -> String {
    format!("training-exercises/{}{rest}", text(&exercise["id"]))
}

/// An exercise of one turn that is finished.
async fn practised(client: &Client) -> Value {
    let exercise = begun(client).await;
    client.post(&path(&exercise, "/answers"), answer(0, "Hei! Selvitän asian tänään.")).await.expect(201)
}

fn score(of: &Value, marks: Value) -> Value {
    json!({ "sheet_id": of["sheet"]["id"], "sheet_version": of["sheet"]["version"], "marks": marks, "note": "Muista päivä." })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_practised_turn_by_turn_without_anybody_in_it() {
    let desk = Desk::open().await;
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    let category = text(&owner.post("categories", json!({ "title": { "fi": "Toimitus" } })).await.expect(201)["id"]);
    let article = json!({ "category_id": category, "locale": "fi", "title": "Missä tilaukseni on?", "body": "Tilaus on tullut perille 2–4 arkipäivässä." });
    let article = text(&owner.post("articles", article).await.expect(201)["id"]);
    owner.put(&format!("articles/{article}/texts/fi/publication"), json!({})).await.expect(200);
    let liisa = telling(&desk, &aino, "Liisa").await;
    desk.settle().await;
    assert_eq!(begun(&onni).await, Value::Null);
    rate(&desk, liisa, 5, Some("Aino oli ihana, terveisin Liisa")).await;
    let shown = begun(&onni).await;
    anonymous(&shown, liisa);
    assert_eq!((&shown["turns"], &shown["answered"], &shown["example"], &shown["ending"]), (&json!(2), &json!(0), &json!(false), &Value::Null));
    assert!(text(&shown["steps"][0]["before"][0]["text"]).contains("⟦customer⟧"));
    assert_eq!((shown["steps"].as_array().unwrap().len(), &shown["steps"][0]["answer"]), (1, &Value::Null));
    // The same one until it is finished, in every window.
    assert_eq!(begun(&onni).await["id"], shown["id"]);

    let answers = path(&shown, "/answers");
    assert_eq!(onni.post(&answers, answer(0, " ")).await.expect(422)["errors"][0]["field"], "answer");
    assert_eq!(onni.post(&answers, answer(0, &"x".repeat(20_001))).await.expect(422)["errors"][0]["field"], "answer");
    assert_eq!(onni.post(&answers, answer(1, "Hei")).await.expect(422)["errors"][0]["field"], "turn");
    let came = onni.post(&answers, answer(0, "Hei! Tilaus on tullut perille huomenna, kerron Liisalle.")).await.expect(201);
    anonymous(&came, liisa);
    let first = &came["steps"][0]["answer"];
    assert_eq!((&first["real"][0]["speaker"], &first["article"]["id"]), (&json!("agent"), &json!(article)));
    assert_eq!((&first["real_measures"]["promises"], &first["measures"]["greets"]), (&json!(true), &json!(true)));
    assert!(first["measures"]["article"].as_f64().unwrap() > first["real_measures"]["article"].as_f64().unwrap(), "{first}");
    assert_eq!((&came["steps"][1]["answer"], &came["ending"]), (&Value::Null, &Value::Null));
    assert_eq!(onni.post(&answers, answer(0, "Toisen kerran")).await.expect(422)["errors"][0]["field"], "turn");
    let came = onni.post(&answers, answer(1, "Kyllä.")).await.expect(201);
    anonymous(&came, liisa);
    let ending = &came["ending"];
    assert_eq!((&ending["rating"], &ending["solved"], &ending["came_back"]), (&json!(5), &json!(true), &json!(false)));
    assert_eq!(ending["lines"][0]["text"], "Selvä, kiitos avusta!");
    assert_eq!(onni.post(&answers, answer(2, "Hei")).await.expect(409)["code"], "finished");
    assert_eq!(begun(&onni).await, Value::Null);
    // What happens to the case afterwards is followed; nothing of it was copied.
    desk.says(liisa, "Ei se tullutkaan").await;
    let later = onni.get(&path(&shown, "")).await.expect(200);
    assert_eq!((&later["ending"]["came_back"], later["steps"].as_array().unwrap().len()), (&json!(true), 2));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_practises_on_what_is_sensitive_or_their_own() {
    let desk = Desk::open().await;
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    let sad = desk.queued("Pekka", "Äitini kuoli viime viikolla. Miten hänen tilauksensa perutaan?").await;
    aino.put(&sad.path("/assignment"), json!({ "agent_id": staff_id(&aino).await })).await.expect(200);
    answers(&aino, sad, "sad", "Otan osaa. Hoidan asian.").await;
    aino.put(&sad.path("/closure"), json!({})).await.expect(200);
    rate(&desk, sad, 5, None).await;
    assert_eq!(begun(&onni).await, Value::Null);
    assert_eq!(owner.put(&sad.path("/training-example"), json!({})).await.expect(409)["code"], "sensitive_case");
    let own = closed(&desk, &aino, "Liisa").await;
    rate(&desk, own, 5, None).await;
    assert_eq!(begun(&aino).await, Value::Null);
    assert_ne!(begun(&onni).await, Value::Null);
    // A case that becomes a sensitive one later is shown no more; what was practised stays.
    let exercise = practised(&onni).await;
    assert_eq!(exercise["gone"], false);
    desk.says(own, "Henkilötunnukseni on 131052-308T").await;
    let gone = onni.get(&path(&exercise, "")).await.expect(200);
    assert_eq!((&gone["gone"], &gone["ending"], &gone["steps"][0]["before"]), (&json!(true), &Value::Null, &json!([])));
    assert_eq!(gone["steps"][0]["answer"]["text"], "Hei! Selvitän asian tänään.");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_makes_a_case_ones_own_and_small_letters_hide_nobody() {
    let desk = Desk::open().await;
    let (aino, onni, eero) = (desk.agent("aino").await, desk.agent("onni").await, desk.agent("eero").await);
    let body = "hei, nimeni on kalevi meikäläinen ja asun osoitteessa kauppakatu 5 a 3, 00100 helsinki. tilasin 1002345 1.12.2025, missä se on?";
    let talk = desk.queued("Liisa", body).await;
    aino.put(&talk.path("/assignment"), json!({ "agent_id": staff_id(&aino).await })).await.expect(200);
    let note = json!({ "client_key": "onni-note", "body": "Soitin kuljettajalle", "visibility": "private" });
    onni.post(&talk.path("/messages"), note).await.expect(201);
    answers(&aino, talk, "only", "Hei! Se tulee huomenna.").await;
    aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    rate(&desk, talk, 5, None).await;
    for wrote in [&aino, &onni] {
        assert_eq!(begun(wrote).await, Value::Null);
    }
    let shown = begun(&eero).await["steps"].to_string();
    for secret in ["kalevi", "meikä", "kauppakatu", "00100", "helsinki", "1002345"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("1.12.2025") && shown.contains("missä se on?"), "{shown}");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_practised_is_ones_own_until_it_is_shared() {
    let desk = Desk::open().await;
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    let liisa = closed(&desk, &aino, "Liisa").await;
    let open = desk.queued("Matti", "Hei").await;
    answers(&aino, open, "open", "Hei! Miten voin auttaa?").await;
    // Marked by who reviews, and only what is closed.
    aino.put(&liisa.path("/training-example"), json!({})).await.expect(403);
    assert_eq!(owner.put(&open.path("/training-example"), json!({})).await.expect(409)["code"], "conversation_open");
    for _ in 0..2 {
        owner.put(&liisa.path("/training-example"), json!({})).await.expect(204);
    }
    assert_eq!(owner.get(&liisa.path("/training-example")).await.expect(200)["marked"], true);
    let exercise = begun(&onni).await;
    assert_eq!(exercise["example"], true);
    assert_eq!(onni.put(&path(&exercise, "/sharing"), json!({})).await.expect(409)["code"], "not_finished");
    assert_eq!(onni.get("training-exercises").await.expect(200)["items"], json!([]));
    let exercise = practised(&onni).await;
    let counts = owner.get("training-progress").await.expect(200);
    let one = &counts["items"][0];
    assert_eq!((&one["staff_id"], &one["answers"], &one["exercises"]), (&json!(staff_id(&onni).await), &json!(1), &json!(1)));
    assert!(!counts.to_string().contains("Selvitän"));
    onni.get("training-progress").await.expect(403);
    onni.get("shared-exercises").await.expect(403);
    let shared = format!("shared-exercises/{}", text(&exercise["id"]));
    assert_eq!(owner.get("shared-exercises").await.expect(200)["items"], json!([]));
    owner.get(&shared).await.expect(404);
    for other in [&aino, owner] {
        assert_eq!(other.get("training-exercises").await.expect(200)["items"], json!([]));
        other.get(&path(&exercise, "")).await.expect(404);
        other.put(&path(&exercise, "/sharing"), json!({})).await.expect(404);
        other.put(&path(&exercise, "/end"), json!({})).await.expect(404);
        other.delete(&path(&exercise, "")).await.expect(404);
    }
    onni.put(&path(&exercise, "/sharing"), json!({})).await.expect(200);
    assert_eq!(owner.get("shared-exercises").await.expect(200)["items"][0]["preview"], "Hei! Selvitän asian tänään.");
    assert_eq!(owner.get(&shared).await.expect(200)["steps"][0]["answer"]["text"], "Hei! Selvitän asian tänään.");
    onni.delete(&path(&exercise, "/sharing")).await.expect(200);
    owner.get(&shared).await.expect(404);
    onni.delete(&path(&exercise, "")).await.expect(204);
    assert_eq!(onni.get("training-exercises").await.expect(200)["items"], json!([]));
    // Forgotten, it may come again; ended without an answer, it does not.
    let again = begun(&onni).await;
    onni.put(&path(&again, "/end"), json!({})).await.expect(200);
    assert_eq!(begun(&onni).await, Value::Null);
    for _ in 0..2 {
        owner.delete(&liisa.path("/training-example")).await.expect(204);
    }
    for action in ["training_example.marked", "training_example.unmarked"] {
        let audit = owner.get(&format!("audit?action={action}")).await.expect(200);
        assert_eq!(audit["items"].as_array().unwrap().len(), 1, "{action}");
    }
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_is_scored_by_the_sheet_by_oneself_and_by_who_reviews() {
    let desk = Desk::open().await;
    let (owner, aino, onni) = (desk.owner(), desk.agent("aino").await, desk.agent("onni").await);
    let liisa = closed(&desk, &aino, "Liisa").await;
    rate(&desk, liisa, 4, None).await;
    let exercise = practised(&onni).await;
    assert_eq!(exercise["sheet"], Value::Null);
    let none = json!({ "sheet_id": exercise["id"], "sheet_version": 1, "marks": {} });
    assert_eq!(onni.put(&path(&exercise, "/score"), none).await.expect(409)["code"], "no_sheet");
    let made = owner.post("quality-sheets", sheet("Perus")).await.expect(201);
    let shown = onni.get(&path(&exercise, "")).await.expect(200);
    assert_eq!((&shown["sheet"]["id"], &shown["sheet"]["sections"]), (&made["id"], &made["sections"]));
    let own = path(&exercise, "/score");
    assert_eq!(onni.put(&own, score(&shown, marks(4, None, 2))).await.expect(422)["errors"][0]["field"], "marks.correct");
    assert_eq!(onni.put(&own, score(&shown, json!({}))).await.expect(422)["errors"][0]["field"], "marks.correct");
    let scored = onni.put(&own, score(&shown, marks(3, None, 2))).await.expect(200);
    assert_eq!((&scored["own_points"], &scored["review_points"], &scored["scores"][0]["points"]), (&json!(800), &Value::Null, &json!(800)));

    // The sheet goes on; the exercise keeps the version by which it was scored first.
    let mut changed = sheet("Uusi");
    changed["version"] = json!(1);
    owner.put(&format!("quality-sheets/{}", text(&made["id"])), changed).await.expect(200);
    let shared = format!("shared-exercises/{}", text(&exercise["id"]));
    owner.put(&format!("{shared}/score"), score(&shown, marks(0, None, 4))).await.expect(404);
    onni.put(&path(&exercise, "/sharing"), json!({})).await.expect(200);
    let seen = owner.get(&shared).await.expect(200);
    assert_eq!((&seen["sheet"]["version"], &seen["sheet"]["name"]), (&json!(1), &json!("Perus")));
    let mut newer = score(&seen, marks(0, None, 4));
    newer["sheet_version"] = json!(2);
    assert_eq!(owner.put(&format!("{shared}/score"), newer).await.expect(409)["code"], "sheet_changed");
    owner.put(&format!("{shared}/score"), score(&seen, marks(0, None, 4))).await.expect(200);
    let twice = owner.put(&format!("{shared}/score"), score(&seen, marks(0, Some(1), 4))).await.expect(200);
    // (0 + 10 × 1/1 + 20 × 4/4) of 60.
    assert_eq!((&twice["review_points"], twice["scores"].as_array().unwrap().len()), (&json!(500), 2));
    let row = onni.get("training-exercises").await.expect(200)["items"][0].clone();
    assert_eq!((&row["own_points"], &row["review_points"]), (&json!(800), &json!(500)));
    onni.put(&format!("{shared}/score"), score(&seen, marks(3, None, 4))).await.expect(403);
    assert_eq!(owner.get("audit?action=training_exercise.reviewed").await.expect(200)["items"].as_array().unwrap().len(), 2);

    // Nobody reviews their own exercise.
    rate(&desk, liisa, 5, None).await;
    let mine = practised(owner).await;
    owner.put(&path(&mine, "/sharing"), json!({})).await.expect(200);
    let review = format!("shared-exercises/{}/score", text(&mine["id"]));
    assert_eq!(owner.put(&review, score(&mine, marks(3, None, 4))).await.expect(409)["code"], "own_work");
    owner.delete(&path(&mine, "")).await.expect(204);
    onni.delete(&path(&exercise, "")).await.expect(204);
    assert_eq!(owner.get("shared-exercises").await.expect(200)["items"], json!([]));
    desk.settle().await;
}
