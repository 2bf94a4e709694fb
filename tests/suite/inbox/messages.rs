//! Order, idempotency, visibility, notes, corrections.

use ennakoi_inbox::messages::{Audience, Direction, NewMessage, list};
use ennakoi_store::timeline::Actor;
use serde_json::{Value, json};

use super::{Desk, answers, listed, read, staff_id};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_message() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "Hei").await;
    let body = json!({ "client_key": "k1", "body": "Vastaus", "visibility": "public" });
    let first = aino.post(&talk.path("/messages"), body.clone()).await.expect(201);
    let again = aino.post(&talk.path("/messages"), body).await.expect(200);
    assert_eq!(first, again);
    let keyed = NewMessage { client_key: Some("v1".to_owned()), ..NewMessage::text(Actor::Contact(talk.contact), Direction::In, "Kiitos") };
    assert!(desk.writes(talk, keyed.clone()).await.fresh);
    let repeated = desk.writes(talk, keyed.clone()).await;
    assert!(!repeated.fresh);
    let mailed = NewMessage { external_id: Some("<1@example.fi>".to_owned()), ..NewMessage::text(Actor::Contact(talk.contact), Direction::In, "Posti") };
    assert!(desk.writes(talk, mailed.clone()).await.fresh);
    assert!(!desk.writes(talk, mailed).await.fresh);
    let workspace = desk.workspace();
    let found = desk.within(async |tx| ennakoi_inbox::messages::by_client_key(tx, workspace, keyed.author, "v1").await).await;
    assert_eq!(found.map(|message| message.id), Some(repeated.message.id));
    // The same key in another conversation is another message.
    let elsewhere = desk.talk("Matti", "Hei").await;
    let other_first = aino.post(&elsewhere.path("/messages"), json!({ "client_key": "k1", "body": "Muu", "visibility": "public" })).await.expect(201);
    assert_ne!(other_first["id"], first["id"]);
    let other = desk.within(async |tx| ennakoi_inbox::messages::by_client_key(tx, workspace, Actor::Bot, "v1").await).await;
    assert!(other.is_none(), "a key is its author's own");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_write_at_once_get_gapless_numbers() {
    let desk = Desk::open().await;
    let talk = desk.talk("Liisa", "Hei").await;
    let mut agents = Vec::new();
    for name in ["aino", "onni", "elli"] {
        agents.push(desk.company.colleague(name, "agent").await);
    }
    let writes = (0..60).map(|number| {
        let agent = &agents[number % 3];
        // Every message is sent twice, as over a bad line.
        let key = format!("k{}", number / 2 * 3 + number % 3);
        let body = json!({ "client_key": key, "body": format!("{number}"), "visibility": "private" });
        async move { agent.post(&talk.path("/messages"), body).await }
    });
    let answers = futures_util::future::join_all(writes).await;
    assert!(answers.iter().all(|answer| [200, 201].contains(&answer.status.as_u16())));
    let mut fresh: Vec<i64> = answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.json()["seq"].as_i64().unwrap()).collect();
    fresh.sort_unstable();
    let last = read(desk.owner(), talk).await["last_seq"].as_i64().unwrap();
    assert_eq!(fresh, (2..=last).collect::<Vec<_>>());
    // Paging forwards and backwards sees each once and in order.
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = desk.owner().get(&talk.path(&format!("/messages?after_seq={after}&limit=7"))).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|message| message["seq"].as_i64().unwrap()));
        after = *seen.last().unwrap();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, (1..=last).collect::<Vec<_>>());
    let end = desk.owner().get(&talk.path("/messages?limit=5")).await.expect(200);
    assert_eq!((&end["items"][0]["seq"], &end["has_more"]), (&json!(last - 4), &json!(true)));
    let before = desk.owner().get(&talk.path("/messages?before_seq=3&limit=5")).await.expect(200);
    assert_eq!((before["items"].as_array().unwrap().len(), &before["has_more"]), (2, &json!(false)));
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_stay_inside_and_mention_colleagues() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let talk = desk.talk("Liisa", "Hei").await;
    let note = json!({ "client_key": "n1", "body": "@onni katso tätä", "visibility": "private", "mentions": [staff_id(&onni).await] });
    aino.post(&talk.path("/messages"), note).await.expect(201);
    let row = read(&aino, talk).await;
    assert_eq!((&row["state"], &row["owner"]["kind"]), (&json!("open"), &json!("nobody")), "a note is no answer");
    assert!(row["waiting_since"].is_i64());
    assert_eq!(listed(&onni, "view=mentions").await, [talk.id.to_string()]);
    assert!(listed(&aino, "view=mentions").await.is_empty());
    assert_eq!(onni.get("conversations/counts").await.expect(200)["mentions"], 1);
    let (workspace, id) = (desk.workspace(), talk.id);
    let theirs = desk.within(async |tx| list(tx, workspace, id, None, None, 50, Audience::Contact).await).await;
    assert_eq!(theirs.items.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["Hei"]);
    let unknown = json!({ "client_key": "n2", "body": "hei", "visibility": "private", "mentions": ["00000000-0000-0000-0000-000000000001"] });
    assert_eq!(aino.post(&talk.path("/messages"), unknown).await.expect(422)["errors"][0]["field"], "mentions[0]");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn own_texts_are_corrected_and_removed() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let talk = desk.talk("Liisa", "Hei").await;
    let message = answers(&aino, talk, "a1", "Tilaus on matkala").await;
    let path = talk.path(&format!("/messages/{}", text(&message["id"])));
    onni.patch(&path, json!({ "body": "muu" })).await.expect(403);
    let edited = aino.patch(&path, json!({ "body": "Tilaus on matkalla" })).await.expect(200);
    assert_eq!(edited["body"], "Tilaus on matkalla");
    assert!(edited["edited_at"].is_i64());
    onni.delete(&path).await.expect(403);
    let removed = aino.delete(&path).await.expect(200);
    assert_eq!((&removed["body"], &removed["html"], &removed["seq"]), (&json!(""), &json!(""), &message["seq"]));
    aino.patch(&path, json!({ "body": "x" })).await.expect(404);
    let found = desk.owner().get("search?q=matkalla&kind=conversation").await.expect(200);
    assert_eq!(found["conversations"], json!([]));
    desk.settle().await;
    for gone in ["matkalla", "matkala"] {
        let found = desk.owner().get(&format!("search?q={gone}&kind=conversation")).await.expect(200);
        assert_eq!(found["conversations"], json!([]), "the index that follows does not bring {gone} back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn html_is_harmless_and_texts_have_limits() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let talk = desk.talk("Liisa", "<script>alert(1)</script> https://example.fi/a?b=1&c=2").await;
    let thread = aino.get(&talk.path("/messages")).await.expect(200);
    let html = text(&thread["items"][0]["html"]);
    assert!(html.starts_with("&lt;script&gt;") && html.contains("rel=\"noopener nofollow noreferrer\""), "{html}");
    let send = async |body: Value| aino.post(&talk.path("/messages"), body).await;
    let markdown =
        send(json!({ "client_key": "m", "body": "**Hei** <img src=x onerror=alert(1)>", "format": "markdown", "visibility": "public" })).await.expect(201);
    assert_eq!(markdown["html"], "<p><strong>Hei</strong> &lt;img src=x onerror=alert(1)&gt;</p>");
    for (body, field) in [
        (json!({ "client_key": "e", "body": "  ", "visibility": "public" }), "body"),
        (json!({ "client_key": "", "body": "x", "visibility": "public" }), "client_key"),
        (json!({ "client_key": "l", "body": "x".repeat(20_001), "visibility": "public" }), "body"),
        (json!({ "client_key": "n", "body": "a\u{0}b", "visibility": "public" }), "body"),
        (json!({ "client_key": "u", "body": "x", "visibility": "public", "author": "bot" }), "author"),
        (json!({ "client_key": "v", "body": "x", "visibility": "secret" }), "visibility"),
    ] {
        let problem = send(body.clone()).await.expect(422);
        assert_eq!(problem["errors"][0]["field"], json!(field), "{body}");
    }
    let closing = send(json!({ "client_key": "c", "body": "Hyvää jatkoa", "visibility": "public", "close": true })).await.expect(201);
    assert_eq!(closing["kind"], "text");
    assert_eq!(read(&aino, talk).await["state"], "closed");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_marks_rise_and_never_fall() {
    let desk = Desk::open().await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let talk = desk.talk("Liisa", "Yksi").await;
    desk.says(talk, "Kaksi").await;
    assert_eq!(read(&aino, talk).await["seen_seq"], 0);
    aino.put(&talk.path("/seen"), json!({ "seq": 2 })).await.expect(204);
    aino.put(&talk.path("/seen"), json!({ "seq": 1 })).await.expect(204);
    assert_eq!((read(&aino, talk).await["seen_seq"].clone(), read(&onni, talk).await["seen_seq"].clone()), (json!(2), json!(0)));
    aino.put(&talk.path("/seen"), json!({ "seq": 99 })).await.expect(204);
    assert_eq!(read(&aino, talk).await["seen_seq"], 2);
    answers(&aino, talk, "a1", "Kolme").await;
    assert_eq!(read(&aino, talk).await["seen_seq"], 3);
    let (environment, workspace) = (desk.company.app.app.environment.clone(), desk.workspace());
    let actor = Actor::Contact(talk.contact);
    desk.within(async |tx| ennakoi_inbox::read_marks::by_contact(tx, &environment, workspace, talk.id, actor, 3).await).await;
    assert_eq!(read(&aino, talk).await["contact_seen_seq"], 3);
    let thread = aino.get(&talk.path("/messages")).await.expect(200);
    assert_eq!(thread["items"][2]["delivery"], "read");
    desk.settle().await;
}
