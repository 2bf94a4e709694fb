//! Who gets what, and that nothing is lost when nobody can.

use ennakoi_kernel::Duration;
use ennakoi_people::Locale;
use serde_json::{Value, json};

use super::{Desk, Talk, answers, read, staff_id};
use crate::people::text;

fn agent_of(row: &Value) -> Option<String> {
    row["owner"]["agent"]["id"].as_str().map(ToOwned::to_owned)
}

async fn set(desk: &Desk, agent: &ennakoi_testkit::Client, body: Value) {
    desk.owner().patch(&format!("staff/{}", staff_id(agent).await), body).await.expect(200);
}

async fn owner_of(desk: &Desk, talk: Talk) -> Option<String> {
    agent_of(&read(desk.owner(), talk).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_served_as_soon_as_somebody_has_room() {
    let desk = Desk::open().await;
    let first = desk.queued("Liisa", "Yksi").await;
    desk.company.app.clock.advance(Duration::seconds(10));
    let second = desk.queued("Matti", "Kaksi").await;
    desk.owner().patch(&second.path(""), json!({ "priority": "urgent" })).await.expect(200);
    desk.settle().await;
    assert_eq!((owner_of(&desk, first).await, owner_of(&desk, second).await), (None, None));
    // Aino comes with room for one: the urgent one goes first although it came later.
    let aino = desk.company.colleague("aino", "agent").await;
    set(&desk, &aino, json!({ "capacity": 1 })).await;
    aino.put("availability", json!({ "availability": "online" })).await.expect(204);
    desk.settle().await;
    let me = Some(staff_id(&aino).await);
    assert_eq!((owner_of(&desk, first).await, owner_of(&desk, second).await), (None, me.clone()));
    let routing = read(desk.owner(), second).await["routing"].clone();
    assert_eq!((&routing["summary"], &routing["rule"], &routing["considered"][0]["verdict"]), (&json!("assigned"), &json!("only_one"), &json!("chosen")));
    // She closes it: the next one comes.
    aino.put(&second.path("/closure"), json!({})).await.expect(200);
    desk.settle().await;
    assert_eq!(owner_of(&desk, first).await, me);
    // She goes home: what she has stays hers.
    aino.put("availability", json!({ "availability": "offline" })).await.expect(204);
    let third = desk.queued("Elsa", "Kolme").await;
    desk.settle().await;
    assert_eq!((owner_of(&desk, first).await, owner_of(&desk, third).await), (me, None));
    let routing = read(desk.owner(), third).await["routing"].clone();
    assert_eq!((&routing["summary"], &routing["considered"][0]["verdict"]), (&json!("nobody_online"), &json!("offline")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_agent_the_language_and_the_skills_decide() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.agent("aino").await, desk.agent("onni").await);
    set(&desk, &aino, json!({ "languages": ["fi"], "capacity": 5, "skills": ["laskutus"] })).await;
    set(&desk, &onni, json!({ "languages": ["sv"], "capacity": 5 })).await;
    let (aino_id, onni_id) = (Some(staff_id(&aino).await), Some(staff_id(&onni).await));
    let talk = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    assert_eq!(owner_of(&desk, talk).await, aino_id, "she speaks Finnish");
    // Liisa comes back: Aino again, and the explanation says why.
    let again = desk.talk_of(talk.contact, ennakoi_inbox::conversations::Owner::Queue(desk.queue), "Taas minä").await;
    desk.settle().await;
    let row = read(desk.owner(), again).await;
    assert_eq!((agent_of(&row), &row["routing"]["rule"]), (aino_id.clone(), &json!("usual_agent")));
    // Swedish goes to Onni.
    let (environment, workspace, channel) = (desk.company.app.app.environment.clone(), desk.workspace(), desk.channel);
    let contact = desk.contact("Astrid").await;
    let new = ennakoi_inbox::conversations::NewConversation {
        channel,
        contact: Some(contact),
        visitor: None,
        subject: None,
        locale: Some(Locale::Sv),
        owner: ennakoi_inbox::conversations::Owner::Queue(desk.queue),
    };
    let swedish = desk.within(async |tx| ennakoi_inbox::conversations::open(tx, &environment, workspace, new).await).await;
    desk.settle().await;
    assert_eq!(owner_of(&desk, Talk { contact, id: swedish.id }).await, onni_id);
    // A queue that needs a skill gets somebody who has it, or nobody.
    let billing = text(&desk.owner().post("queues", json!({ "name": "Laskutus", "skills": ["Laskutus"] })).await.expect(201)["id"]);
    let bill = desk.talk("Pentti", "Lasku").await;
    desk.owner().put(&bill.path("/assignment"), json!({ "agent_id": null, "queue_id": billing })).await.expect(200);
    desk.settle().await;
    assert_eq!(owner_of(&desk, bill).await, aino_id);
    let rare =
        text(&desk.owner().post("queues", json!({ "name": "Lakiasiat", "skills": ["laki"], "members": [staff_id(&onni).await] })).await.expect(201)["id"]);
    desk.owner().put(&bill.path("/assignment"), json!({ "agent_id": null, "queue_id": rare })).await.expect(200);
    desk.settle().await;
    let row = read(desk.owner(), bill).await;
    assert_eq!((agent_of(&row), &row["routing"]["summary"]), (None, &json!("nobody_with_skills")));
    assert_eq!(row["routing"]["considered"].as_array().unwrap().len(), 1, "only members are considered");
}

#[tokio::test(flavor = "multi_thread")]
async fn load_is_shared_and_capacity_kept() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.agent("aino").await, desk.agent("onni").await);
    for agent in [&aino, &onni] {
        set(&desk, agent, json!({ "capacity": 2 })).await;
    }
    let mut talks = Vec::new();
    for number in 0..6 {
        talks.push(desk.queued(&format!("Asiakas{number}"), "Hei").await);
    }
    desk.settle().await;
    let mut owners = Vec::new();
    for talk in &talks {
        owners.push(owner_of(&desk, *talk).await);
    }
    for agent in [&aino, &onni] {
        let id = Some(staff_id(agent).await);
        assert_eq!(owners.iter().filter(|owner| **owner == id).count(), 2);
    }
    assert_eq!(owners[4..], [None, None], "those who came last wait");
    // An answered conversation is the customer's turn; half an hour later it takes no attention any more.
    let me = Some(staff_id(&aino).await);
    let hers = talks[owners.iter().position(|owner| *owner == me).unwrap()];
    answers(&aino, hers, "a1", "Vastaus").await;
    desk.settle().await;
    assert_eq!(owner_of(&desk, talks[4]).await, None);
    desk.company.app.clock.advance(Duration::minutes(31));
    let served = async {
        while owner_of(&desk, talks[4]).await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), served).await.expect("routing looks again by itself");
    assert_eq!(owner_of(&desk, talks[4]).await, me);
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_back_is_not_given_again_to_the_same_person() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let talk = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    assert_eq!(owner_of(&desk, talk).await, Some(staff_id(&aino).await));
    aino.put(&talk.path("/assignment"), json!({ "agent_id": null })).await.expect(200);
    desk.settle().await;
    let row = read(desk.owner(), talk).await;
    assert_eq!((&row["owner"]["kind"], &row["routing"]["considered"][0]["verdict"]), (&json!("queue"), &json!("gave_it_back")));
    let onni = desk.agent("onni").await;
    desk.settle().await;
    assert_eq!(owner_of(&desk, talk).await, Some(staff_id(&onni).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_opening_hours_it_waits_and_is_served_when_they_begin() {
    let desk = Desk::open().await;
    let day = json!([["09:00", "17:00"]]);
    let weekly = json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": day });
    let calendar = desk.owner().post("calendars", json!({ "name": "Joka päivä", "timezone": "UTC", "weekly": weekly })).await.expect(201);
    desk.owner().patch(&format!("queues/{}", desk.queue), json!({ "calendar_id": calendar["id"] })).await.expect(200);
    // Move to an hour after closing.
    let now = desk.company.app.app.environment.now().seconds();
    let to_evening = (18 * 3_600 - now.rem_euclid(86_400)).rem_euclid(86_400);
    desk.company.app.clock.advance(Duration::seconds(to_evening));
    let aino = desk.agent("aino").await;
    let talk = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    let row = read(desk.owner(), talk).await;
    assert_eq!((&row["owner"]["kind"], &row["routing"]["summary"]), (&json!("queue"), &json!("closed")));
    desk.company.app.clock.advance(Duration::hours(16));
    let served = async {
        while owner_of(&desk, talk).await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), served).await.expect("the morning's timer routes it");
    assert_eq!(owner_of(&desk, talk).await, Some(staff_id(&aino).await));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_who_left_had_goes_to_others() {
    let desk = Desk::open().await;
    let aino = desk.agent("aino").await;
    let talk = desk.queued("Liisa", "Hei").await;
    desk.settle().await;
    let gone = staff_id(&aino).await;
    assert_eq!(owner_of(&desk, talk).await, Some(gone.clone()));
    let onni = desk.agent("onni").await;
    desk.owner().delete(&format!("staff/{gone}")).await.expect(204);
    desk.settle().await;
    assert_eq!(owner_of(&desk, talk).await, Some(staff_id(&onni).await));
}
