//! The answer goes where the person is: from the chat to the mail when they have left, and back.

use ennakoi_kernel::Duration;
use serde_json::{Value, json};

use super::{Office, id};
use crate::{chat::Visitor, people::text};

/// A visitor who has left an address, and their conversation.
async fn visitor<'a>(office: &'a Office, email: &str) -> (Visitor<'a>, String) {
    office.shop.set(json!({ "mode": "person_only" })).await;
    let visitor = office.shop.visitor().await;
    let sent = visitor.send("k1", "Missä pakettini on?").await.expect(201);
    let conversation = text(&sent["conversation_id"]);
    let details = json!({ "name": "Liisa", "email": email });
    visitor.client.post(&format!("/widget/v1/conversations/{conversation}/contact-details"), details).await.expect(204);
    (visitor, conversation)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_has_left_gets_the_answers_by_mail_and_answers_into_the_same_conversation() {
    let office = Office::open().await;
    let (visitor, conversation) = visitor(&office, "liisa@example.fi").await;
    office.answer(&conversation, "a1", json!({ "body": "Paketti on Tampereella." })).await;
    office.answer(&conversation, "a2", json!({ "body": "Se on perillä huomenna." })).await;
    office.shop.company.app.settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert!(office.sink.taken().is_empty(), "first they may read it in the chat");
    office.shop.company.app.clock.advance(Duration::minutes(3));
    let mail = office.sink.mail(1).await;
    assert_eq!(mail.to, ["liisa@example.fi"]);
    let written = mail.text();
    assert!(written.contains("Tampereella") && written.contains("huomenna"), "both answers in one mail: {written}");
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(office.sink.taken().len(), 1, "and in only one");
    // The answer to the mail comes back into the chat.
    let parent = mail.header("Message-ID").unwrap();
    let headers = format!("Subject: Vs: Vastaus\r\nMessage-ID: <r@example.fi>\r\nIn-Reply-To: {parent}\r\n");
    office.arrive("Liisa <liisa@example.fi>", &headers, "Kiitos paljon avusta!").await;
    let said = office.said(&conversation, 4).await;
    assert_eq!((&said[3]["body"], &said[3]["meta"]["origin"]["newcomer"]), (&json!("Kiitos paljon avusta!"), &json!(false)));
    assert_eq!(said[3]["author"]["id"], said[0]["author"]["id"], "the same customer");
    assert!(visitor.messages().await.iter().any(|message| message["body"] == "Kiitos paljon avusta!"), "and stands in the widget too");
    assert!(office.conversations().await.is_empty(), "no conversation of the mailbox");
    // Who wrote by mail is answered by mail, without waiting.
    office.answer(&conversation, "a3", json!({ "body": "Ole hyvä." })).await;
    assert!(office.sink.mail(2).await.header("In-Reply-To").unwrap().contains("r@example.fi"));
    // Back at the chat, answers are read there.
    visitor.send("k2", "Olen taas täällä.").await.expect(201);
    let read = office.answer(&conversation, "a4", json!({ "body": "Mukava kuulla." })).await;
    let seen = json!({ "seq": read["seq"] });
    visitor.client.put(&format!("/widget/v1/conversations/{conversation}/seen"), seen).await;
    for _ in 0..1_500 {
        let detail = office.owner().get(&format!("conversations/{conversation}")).await.expect(200);
        if detail["contact_seen_seq"].as_i64() >= read["seq"].as_i64() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }
    office.shop.company.app.clock.advance(Duration::minutes(5));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(office.sink.taken().len(), 2, "nothing is mailed that was read in the chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_learns_the_mails_name_is_told_apart() {
    let office = Office::open().await;
    let (_, conversation) = visitor(&office, "liisa@example.fi").await;
    office.answer(&conversation, "a1", json!({ "body": "Paketti on Tampereella." })).await;
    office.shop.company.app.settle().await;
    office.shop.company.app.clock.advance(Duration::minutes(3));
    let parent = office.sink.mail(1).await.header("Message-ID").unwrap();
    let headers = format!("Subject: Vs: Vastaus\r\nMessage-ID: <v@evil.example>\r\nIn-Reply-To: {parent}\r\n");
    office.arrive("Vieras <vieras@evil.example>", &headers, "Vaihtakaa toimitusosoite.").await;
    let said = office.said(&conversation, 3).await;
    assert_eq!(said[2]["meta"]["origin"]["newcomer"], true);
    assert_ne!(said[2]["author"]["id"], said[0]["author"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_or_where_the_chat_keeps_its_answers_nothing_is_mailed() {
    let office = Office::open().await;
    let (_, conversation) = visitor(&office, "liisa@example.fi").await;
    office.shop.set(json!({ "mode": "person_only", "chat_only": true })).await;
    office.answer(&conversation, "a1", json!({ "body": "Vain chatissa." })).await;
    let nobody = office.shop.visitor().await;
    let theirs = text(&nobody.send("k", "Hei vaan").await.expect(201)["conversation_id"]);
    let answered: Value = office.answer(&theirs, "b1", json!({ "body": "Hei!" })).await;
    office.shop.company.app.settle().await;
    office.shop.company.app.clock.advance(Duration::minutes(10));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert!(office.sink.taken().is_empty());
    assert_eq!(id(&answered).len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_to_a_merged_case_go_to_the_other() {
    let office = Office::open().await;
    let (_, chat) = visitor(&office, "liisa@example.fi").await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Paketti\r\nMessage-ID: <a@example.fi>\r\n", "Kirjoitin jo chatissa.").await;
    let mail = office.conversation(1).await;
    office.owner().post(&format!("conversations/{chat}/merges"), json!({ "conversation_id": mail["id"] })).await.expect(201);
    office
        .arrive("Liisa <liisa@example.fi>", "Subject: Vs: Paketti\r\nMessage-ID: <b@example.fi>\r\nReferences: <a@example.fi>\r\n", "Onko uutta tietoa?")
        .await;
    let said = office.said(&chat, 2).await;
    assert_eq!(said[1]["body"], "Onko uutta tietoa?");
    // The customer is at the mail now: the answer goes there, into the thread that they know.
    office.answer(&chat, "a1", json!({ "body": "On, se löytyi." })).await;
    let sent = office.sink.mail(1).await;
    assert_eq!(sent.to, ["liisa@example.fi"]);
    assert!(sent.header("In-Reply-To").unwrap().contains("b@example.fi"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_mails_to_a_long_closed_case_open_one_new_case() {
    let office = Office::open().await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Paketti\r\nMessage-ID: <a@example.fi>\r\n", "Missä pakettini on nyt?").await;
    let old = id(&office.conversation(1).await);
    office.owner().put(&format!("conversations/{old}/closure"), json!({})).await.expect(200);
    office.shop.company.app.clock.advance(Duration::days(8));
    for n in ["b", "c", "d"] {
        let headers = format!("Subject: Vs: Paketti\r\nMessage-ID: <{n}@example.fi>\r\nReferences: <a@example.fi>\r\n");
        office.arrive("Liisa <liisa@example.fi>", &headers, &format!("Kirjoitan taas, viesti {n}.")).await;
    }
    let begun = id(&office.conversation(2).await);
    office.said(&begun, 3).await;
    assert_eq!(office.conversations().await.len(), 2);
}
