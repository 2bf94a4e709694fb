//! What belongs together, and what only pretends to.

use serde_json::{Value, json};

use super::{ADDRESS, Office, id};
use crate::people::text;

async fn written(office: &Office) -> (Value, String) {
    office
        .arrive("Liisa <liisa@example.fi>", "Subject: Tilaus 123\r\nMessage-ID: <first@example.fi>\r\nCc: Matti <matti@example.fi>\r\n", "Missä pakettini on?")
        .await;
    let conversation = office.conversation(1).await;
    let answered = office.answer(&id(&conversation), "1", json!({})).await;
    office.delivery(&id(&conversation), &answered, "sent").await;
    let ours = office.sink.mail(1).await.header("Message-ID").unwrap();
    (conversation, ours)
}

fn reply(own_id: &str, parent: &str) -> String {
    format!("Subject: Vs: Tilaus 123\r\nMessage-ID: <{own_id}>\r\nIn-Reply-To: {parent}\r\nReferences: <first@example.fi> {parent}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_back_to_their_conversation_without_what_they_quote() {
    let office = Office::open().await;
    let (conversation, ours) = written(&office).await;
    let quoted = "Kiitos, löytyi jo!\r\n\r\nma 30.11.2026 klo 12.30 Käpylän Kone <tuki@kone.example> kirjoitti:\r\n> Kiitos viestistäsi.\r\n";
    office.arrive("Liisa <liisa@example.fi>", &reply("second@example.fi", &ours), quoted).await;
    let messages = office.said(&id(&conversation), 3).await;
    assert_eq!(messages[2]["body"], "Kiitos, löytyi jo!");
    let mail = office.owner().get(&format!("messages/{}/mail", id(&messages[2]))).await.expect(200);
    let folded: Vec<&Value> = mail["stretches"].as_array().unwrap().iter().map(|it| &it["folded"]).collect();
    assert!(folded.contains(&&json!("quote")) && folded.contains(&&Value::Null), "{mail}");
    assert_eq!(office.conversations().await.len(), 1);
    assert_eq!(office.conversation(1).await["state"], "open", "the customer's turn is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_others_thread_only_between_people_of_the_conversation() {
    let office = Office::open().await;
    let (conversation, _) = written(&office).await;
    // Matti had a copy of the first mail and answers it, not ours.
    office.arrive("Matti <matti@example.fi>", &reply("m@example.fi", "<first@example.fi>"), "Sama juttu täällä, odotan myös.").await;
    let messages = office.said(&id(&conversation), 3).await;
    assert_eq!(messages[2]["author"]["name"], "Matti", "a third person, under their own name");
    assert_eq!(messages[2]["meta"]["origin"]["newcomer"], false);
    // A stranger who has seen its name somewhere.
    office.arrive("Vieras <vieras@evil.example>", &reply("v@evil.example", "<first@example.fi>"), "Kertokaa minullekin tilauksesta.").await;
    let apart = office.conversation(2).await;
    assert_ne!(apart["id"], conversation["id"]);
    assert_eq!(office.messages(&id(&conversation)).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_alone_threads_nothing_and_forged_names_open_nothing() {
    let office = Office::open().await;
    let (conversation, ours) = written(&office).await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Vs: Tilaus 123\r\nMessage-ID: <n@example.fi>\r\n", "Kokonaan toinen asia kuitenkin.").await;
    office.conversation(2).await;
    let number = conversation["number"].as_i64().unwrap();
    office
        .arrive("Vieras <vieras@evil.example>", &format!("Subject: [#{number}] Tilaus\r\nMessage-ID: <s@evil.example>\r\n"), "Kertokaa minullekin tilauksesta.")
        .await;
    office.conversation(3).await;
    // One letter of the name changed: the signature does not fit.
    let at = ours.rfind('@').unwrap();
    let last = ours.as_bytes()[at - 1];
    let forged = format!("{}{}{}", &ours[..at - 1], if last == b'0' { '1' } else { '0' }, &ours[at..]);
    office
        .arrive(
            "Vieras <vieras@evil.example>",
            &format!("Subject: Vs: Tilaus 123\r\nMessage-ID: <f@evil.example>\r\nIn-Reply-To: {forged}\r\n"),
            "Kertokaa minullekin tilauksesta.",
        )
        .await;
    office.conversation(4).await;
    assert_eq!(office.messages(&id(&conversation)).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_learns_our_name_joins_as_a_stranger_and_is_not_written_to() {
    let office = Office::open().await;
    let (conversation, ours) = written(&office).await;
    // A forwarded mail: its name threads, and proves nothing.
    office.arrive("Vieras <vieras@evil.example>", &reply("v@evil.example", &ours), "Vaihtakaa toimitusosoite, kiitos.").await;
    let messages = office.said(&id(&conversation), 3).await;
    assert_eq!(messages[2]["meta"]["origin"]["newcomer"], true);
    assert_ne!(messages[2]["author"]["id"], messages[0]["author"]["id"]);
    let answered = office.answer(&id(&conversation), "2", json!({ "body": "Paketti on huomenna perillä." })).await;
    office.delivery(&id(&conversation), &answered, "sent").await;
    assert_eq!(office.sink.mail(2).await.to, ["liisa@example.fi"], "the customer, not the stranger who wrote last");
    // The same stranger again is a stranger still.
    office.arrive("Vieras <vieras@evil.example>", &reply("v2@evil.example", &ours), "No, mitä kuuluu osoitteelle?").await;
    assert_eq!(office.said(&id(&conversation), 5).await[4]["meta"]["origin"]["newcomer"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_back_to_an_address_of_their_own() {
    let office = Office::open_with(json!({ "plus_addressing": true })).await;
    let (conversation, _) = written(&office).await;
    let reply_to = office.sink.mail(1).await.header("Reply-To").unwrap();
    let reply_to = reply_to.trim_matches(['<', '>']).to_owned();
    assert!(reply_to.starts_with("tuki+c") && reply_to.ends_with("@kone.example"), "{reply_to}");
    // A mail program that keeps no references at all.
    let mail = format!("From: liisa@example.fi\r\nTo: {reply_to}\r\nSubject: x\r\nMessage-ID: <z@example.fi>\r\n\r\nTässä vielä tilausnumero.\r\n");
    office.arrive_raw("liisa@example.fi", &reply_to, &mail).await;
    let messages = office.said(&id(&conversation), 3).await;
    assert_eq!(text(&messages[2]["body"]), "Tässä vielä tilausnumero.");
    let broken = reply_to.replace("tuki+c", "tuki+cx");
    office.arrive_raw("liisa@example.fi", ADDRESS, &mail.replace(&reply_to, &broken).replace("<z@", "<z2@")).await;
    office.conversation(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mailboxes_and_one_mail_are_one_message() {
    let office = Office::open().await;
    let mut settings = super::settings(&office.dovecot, &office.sink);
    settings["name"] = json!("Myynti");
    let new = json!({ "address": "myynti@kone.example", "settings": settings, "secrets": { "password": ennakoi_testkit::DOVECOT_PASSWORD } });
    let second = office.owner().post("mailboxes", new).await.expect(201);
    let path = format!("mailboxes/{}", id(&second));
    while office.owner().get(&path).await.expect(200)["state"] != "connected" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mail = "Authentication-Results: mx.kone.example; dmarc=pass\r\nFrom: Liisa <liisa@example.fi>\r\nTo: tuki@kone.example, myynti@kone.example\r\n\
                Subject: Molemmille\r\nMessage-ID: <both@example.fi>\r\n\r\nKumpi vastaa tähän asiaan?\r\n";
    office.arrive_raw("liisa@example.fi", ADDRESS, mail).await;
    let conversation = office.conversation(1).await;
    office.arrive_raw("liisa@example.fi", "myynti@kone.example", mail).await;
    let copies = "SELECT COUNT(*) FROM mails WHERE direction = 'in' AND conversation_id IS NOT NULL";
    while crate::people::count(&office.shop.company.app, copies).await < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(office.messages(&id(&conversation)).await.len(), 1);
    let all = office.owner().get("conversations?view=all").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}
