//! The life of a conversation: owner, state, version.

use ennakoi_inbox::{
    conversations::{HandOver, NewConversation, Owner, Reason},
    messages::{Direction, NewMessage},
};
use ennakoi_kernel::Duration;
use ennakoi_people::Locale;
use ennakoi_store::timeline::Actor;
use serde_json::json;

use super::{Desk, Talk, answers, listed, read, staff_id};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn owner_and_state_go_their_own_ways() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Missä tilaukseni on?").await;
    let row = read(&aino, talk).await;
    assert_eq!((&row["state"], &row["owner"]["kind"], &row["number"]), (&json!("open"), &json!("nobody"), &json!(1)));
    assert!(row["waiting_since"].is_i64());
    assert_eq!((&row["contact"]["name"], &row["preview"], &row["preview_author"]), (&json!("Liisa"), &json!("Missä tilaukseni on?"), &json!("contact")));
    // The answer is out: the customer's turn, and whoever answered has it.
    let message = answers(&aino, talk, "a1", "Hei, katson heti.").await;
    assert_eq!((&message["seq"], &message["author"]["name"], &message["delivery"]), (&json!(2), &json!("aino"), &json!("sent")));
    let row = read(&aino, talk).await;
    assert_eq!((&row["state"], &row["owner"]["kind"], &row["waiting_since"]), (&json!("waiting"), &json!("agent"), &json!(null)));
    assert_eq!(row["owner"]["agent"]["id"], json!(staff_id(&aino).await));
    desk.says(talk, "Kiitos!").await;
    let version = read(&aino, talk).await["version"].as_i64().unwrap();
    let closed = aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    assert_eq!((&closed["state"], &closed["waiting_since"]), (&json!("closed"), &json!(null)));
    assert!(closed["closed_at"].is_i64() && closed["version"].as_i64().unwrap() > version);
    // Closing a closed one changes nothing.
    assert_eq!(aino.put(&talk.path("/closure"), json!({})).await.expect(200)["version"], closed["version"]);
    assert_eq!(aino.delete(&talk.path("/closure")).await.expect(200)["state"], "open");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reopens_within_seven_days_and_begins_anew_later() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Hei").await;
    answers(&aino, talk, "a1", "Hei!").await;
    aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    desk.company.app.clock.advance(Duration::days(6));
    let added = desk.says(talk, "Vielä yksi asia").await;
    assert_eq!(added.message.conversation_id, talk.id);
    let row = read(&aino, talk).await;
    assert_eq!((&row["state"], &row["owner"]["kind"], &row["closed_at"]), (&json!("open"), &json!("agent"), &json!(null)));
    aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    desk.company.app.clock.advance(Duration::days(8));
    let keyed = NewMessage { client_key: Some("uusi".to_owned()), ..NewMessage::text(Actor::Contact(talk.contact), Direction::In, "Uusi pulma") };
    let added = desk.writes(talk, keyed.clone()).await;
    assert_ne!(added.message.conversation_id, talk.id);
    // Sent again to the conversation that the sender knows: not a third one.
    let again = desk.writes(talk, keyed).await;
    assert_eq!((again.fresh, again.message.id), (false, added.message.id));
    assert_eq!(added.message.seq, 1);
    assert_eq!(read(&aino, talk).await["state"], "closed");
    let again = aino.get(&format!("conversations/{}", added.message.conversation_id)).await.expect(200);
    assert_eq!((&again["number"], &again["earlier"][0]["id"]), (&json!(2), &json!(talk.id)));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_claims_at_once_have_one_winner() {
    let desk = Desk::open().await;
    let mut agents = Vec::new();
    for name in ["aino", "onni", "elli", "veikko"] {
        agents.push(desk.company.colleague(name, "agent").await);
    }
    for round in 0..5 {
        let talk = desk.talk(&format!("Asiakas{round}"), "Hei").await;
        let claims = agents.iter().map(|agent| async { (staff_id(agent).await, agent.post(&talk.path("/claim"), json!({})).await) });
        let answers = futures_util::future::join_all(claims).await;
        let winners: Vec<&String> = answers.iter().filter(|(_, answer)| answer.status == 200).map(|(id, _)| id).collect();
        assert_eq!(winners.len(), 1);
        for (id, answer) in answers.iter().filter(|(_, answer)| answer.status != 200) {
            let problem = answer.json();
            assert_eq!((answer.status.as_u16(), &problem["code"]), (409, &json!("already_claimed")), "{id}");
            assert_eq!(problem["errors"][0]["message"], json!(winners[0]));
            assert!(!text(&problem["errors"][1]["message"]).is_empty());
        }
        assert_eq!(read(desk.owner(), talk).await["owner"]["agent"]["id"], json!(winners[0]));
        // Claiming what one has is no conflict.
        let winner = agents[answers.iter().position(|(_, answer)| answer.status == 200).unwrap()].clone();
        winner.post(&talk.path("/claim"), json!({})).await.expect(200);
    }
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snoozed_ones_come_back_by_time_by_message_and_by_hand() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Hei").await;
    let now = desk.company.app.app.environment.now();
    aino.put(&talk.path("/snooze"), json!({ "until": (now - Duration::minutes(1)).0 })).await.expect(422);
    let until = now + Duration::hours(2);
    let row = aino.put(&talk.path("/snooze"), json!({ "until": until.0 })).await.expect(200);
    assert_eq!((&row["state"], &row["snoozed_until"]), (&json!("snoozed"), &json!(until.0)));
    assert!(listed(&aino, "view=all").await.is_empty());
    assert_eq!(listed(&aino, "view=snoozed").await.len(), 1);
    desk.company.app.clock.advance(Duration::hours(3));
    let woken = async {
        while read(&aino, talk).await["state"] != "open" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), woken).await.expect("the timer wakes it");
    aino.put(&talk.path("/snooze"), json!({ "until": null })).await.expect(200);
    desk.says(talk, "Oletteko siellä?").await;
    assert_eq!(read(&aino, talk).await["state"], "open");
    aino.put(&talk.path("/snooze"), json!({ "until": null })).await.expect(200);
    assert_eq!(aino.delete(&talk.path("/snooze")).await.expect(200)["state"], "open");
    aino.put(&talk.path("/closure"), json!({})).await.expect(200);
    let refused = aino.put(&talk.path("/snooze"), json!({ "until": null })).await.expect(409);
    assert_eq!(refused["code"], "conversation_closed");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handing_over_tells_why_and_begins_the_wait() {
    let desk = Desk::open().await;
    let contact = desk.contact("Liisa").await;
    let (environment, workspace) = (desk.company.app.app.environment.clone(), desk.workspace());
    let hand_over = HandOver { actor: Actor::Bot, reason: Reason::PERSON_REQUESTED, queue: None, note: Some("Kysyi palautuksesta.".to_owned()) };
    // In one transaction, so that the bot finds it handed over and says nothing of its own.
    let new = NewConversation { channel: desk.channel, contact: Some(contact), visitor: None, subject: None, locale: Some(Locale::Fi), owner: Owner::Bot };
    let done = desk
        .within(async |tx| {
            let opened = ennakoi_inbox::conversations::open(tx, &environment, workspace, new).await?;
            let wish = NewMessage::text(Actor::Contact(contact), Direction::In, "Haluan ihmisen");
            ennakoi_inbox::messages::add(tx, &environment, workspace, opened.id, wish).await?;
            ennakoi_inbox::conversations::hand_over(tx, &environment, workspace, opened.id, hand_over.clone()).await
        })
        .await;
    let talk = Talk { contact, id: done.id };
    assert_eq!((done.owner, done.queue), (Owner::Queue(desk.queue), Some(desk.queue)));
    let row = read(desk.owner(), talk).await;
    assert_eq!((&row["reason"], &row["owner"]["queue"]["name"]), (&json!("person_requested"), &json!("Asiakaspalvelu")));
    // Once more is the same hand-over, with one more note.
    desk.within(async |tx| ennakoi_inbox::conversations::hand_over(tx, &environment, workspace, talk.id, hand_over).await).await;
    let thread = desk.owner().get(&talk.path("/messages")).await.expect(200);
    let shown: Vec<_> = thread["items"].as_array().unwrap().iter().map(|m| (text(&m["kind"]), text(&m["visibility"]), m["meta"]["event"].clone())).collect();
    let note = ("text".to_owned(), "private".to_owned(), json!(null));
    assert_eq!(shown[0].0, "text");
    assert_eq!(shown[1..], [note.clone(), ("event".to_owned(), "public".to_owned(), json!("handed_over")), note]);
    desk.settle().await;
    let routings = desk.owner().get(&talk.path("/routings")).await.expect(200);
    assert_eq!(routings["items"][0]["summary"], "nobody_online");
    let events = desk.owner().get(&talk.path("/events")).await.expect(200);
    let kinds: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| text(&event["kind"])).collect();
    assert_eq!(kinds[..4], ["conversation.opened", "message.added", "message.added", "conversation.handed_over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_begins_a_conversation() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let contact = desk.contact("Liisa").await;
    let body = json!({ "contact_id": contact, "subject": "Tilauksesi myöhästyy", "body": "Hei Liisa" });
    let made = aino.post("conversations", body).await.expect(201);
    assert_eq!((&made["state"], &made["owner"]["kind"], &made["subject"]), (&json!("waiting"), &json!("agent"), &json!("Tilauksesi myöhästyy")));
    let path = format!("conversations/{}", text(&made["id"]));
    let changed = aino.patch(&path, json!({ "subject": null, "priority": "urgent" })).await.expect(200);
    assert_eq!((&changed["subject"], &changed["priority"]), (&json!(null), &json!("urgent")));
    aino.patch(&path, json!({ "subject": "a\nb" })).await.expect(422);
    aino.patch(&path, json!({ "state": "closed" })).await.expect(422);
    let unknown = json!({ "contact_id": "00000000-0000-0000-0000-000000000001", "body": "Hei" });
    assert!([404, 422].contains(&aino.post("conversations", unknown).await.status.as_u16()));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_and_a_viewer_get_nowhere() {
    let desk = Desk::open().await;
    let talk = desk.talk("Liisa", "Salaisuus").await;
    let neighbour = desk.company.neighbour().await;
    let viewer = desk.company.colleague("katsoja", "viewer").await;
    for rest in ["", "/messages", "/events", "/routings"] {
        neighbour.get(&talk.path(rest)).await.expect(404);
        viewer.get(&talk.path(rest)).await.expect(200);
    }
    for (rest, body) in [("/closure", json!({})), ("/assignment", json!({ "agent_id": null })), ("/snooze", json!({ "until": null }))] {
        neighbour.put(&talk.path(rest), body.clone()).await.expect(404);
        viewer.put(&talk.path(rest), body).await.expect(403);
    }
    let message = json!({ "client_key": "x", "body": "hei", "visibility": "public" });
    neighbour.post(&talk.path("/messages"), message.clone()).await.expect(404);
    viewer.post(&talk.path("/messages"), message).await.expect(403);
    neighbour.post(&talk.path("/claim"), json!({})).await.expect(404);
    assert!(listed(&neighbour, "view=all").await.is_empty());
    // A colleague of another company cannot be given anything, nor theirs to ours.
    let stranger = staff_id(&neighbour).await;
    desk.owner().put(&talk.path("/assignment"), json!({ "agent_id": stranger })).await.expect(422);
    desk.owner().put(&talk.path("/assignment"), json!({ "agent_id": staff_id(&viewer).await })).await.expect(422);
    desk.settle().await;
}
