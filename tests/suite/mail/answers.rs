//! Answers from the console leave as mails that any program shows well, and come to a known end.

use ennakoi_kernel::Duration;
use ennakoi_testkit::{Act, Stage};
use serde_json::{Value, json};

use super::{ADDRESS, Office, id};
use crate::people::text;

async fn asked(office: &Office) -> String {
    office.arrive("Liisa Meri <liisa@example.fi>", "Subject: Tilaus 123\r\nMessage-ID: <first@example.fi>\r\n", "Missä pakettini on?").await;
    id(&office.conversation(1).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_with_everything_that_belongs_to_it() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    let file = office.owner().upload("attachments", "ohje.pdf", "application/pdf", b"%PDF-1.4 ohje".to_vec()).await.expect(201);
    let change = json!({
        "body": "Hei Liisa,\n\npaketti on **matkalla**.", "format": "markdown", "attachment_ids": [file["id"]],
        "addressing": { "cc": [{ "address": "matti@example.fi", "name": "Matti" }], "bcc": [{ "address": "pomo@kone.example" }] },
    });
    let answered = office.answer(&conversation, "1", change).await;
    assert_eq!(answered["delivery"], "pending", "not sent before it is sent");
    let mail = office.sink.mail(1).await;
    let mut to = mail.to.clone();
    to.sort();
    assert_eq!((mail.from.as_str(), to), (ADDRESS, vec!["liisa@example.fi".to_owned(), "matti@example.fi".to_owned(), "pomo@kone.example".to_owned()]));
    assert_eq!(mail.signed_in.as_deref(), Some("\0tuki@kone.example\0salainen-sana"));
    assert_eq!(mail.header("Subject").as_deref(), Some("Re: Tilaus 123"));
    assert_eq!((mail.header("In-Reply-To").as_deref(), mail.header("References").as_deref()), (Some("<first@example.fi>"), Some("<first@example.fi>")));
    assert!(mail.header("To").unwrap().contains("liisa@example.fi") && mail.header("Cc").unwrap().contains("matti@example.fi"));
    assert!(mail.header("Bcc").is_none() && !mail.text().contains("pomo@"), "a blind copy is blind");
    assert!(mail.header("Auto-Submitted").is_none(), "a person wrote it");
    let flat = mail.text().replace("=\r\n", "");
    assert!(flat.contains("<strong>matkalla</strong>") && flat.contains("**matkalla**"), "both ways to read it");
    assert!(flat.contains("ohje.pdf") && flat.contains("multipart/mixed"));
    let delivered = office.delivery(&conversation, &answered, "sent").await;
    assert_eq!(delivered["meta"]["addressing"]["cc"][0]["address"], "matti@example.fi");
    let view = office.owner().get(&format!("messages/{}/mail", id(&answered))).await.expect(200);
    assert_eq!(view["recipients"]["liisa@example.fi"], "sent");
    // The next one refers to all that came before.
    office.answer(&conversation, "2", json!({ "addressing": { "subject": "Uusi otsikko" } })).await;
    let second = office.sink.mail(2).await;
    assert_eq!(second.header("Subject").as_deref(), Some("Uusi otsikko"));
    assert_eq!(second.header("In-Reply-To"), mail.header("Message-ID"));
    assert_eq!(second.header("References").unwrap(), format!("<first@example.fi> {}", mail.header("Message-ID").unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_cannot_be_smuggled_in() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    let path = format!("conversations/{conversation}/messages");
    for addressing in [
        json!({ "subject": "x\r\nBcc: kaikki@example.fi" }),
        json!({ "to": [{ "address": "a@b.fi\r\nBcc: c@d.fi" }] }),
        json!({ "to": [{ "address": "a@b.fi> SIZE=1 RCPT TO:<c@d.fi" }] }),
        json!({ "cc": [{ "address": "a@b.fi", "name": "x\nBcc: c@d.fi" }] }),
        json!({ "to": [{ "address": "ei osoite" }] }),
        json!({ "to": (0..60).map(|n| json!({ "address": format!("a{n}@b.fi") })).collect::<Vec<_>>() }),
        json!({ "headers": { "X": "y" } }),
    ] {
        let refused = office.owner().post(&path, json!({ "client_key": "h", "visibility": "public", "body": "x", "addressing": addressing })).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{addressing}: {}", refused.text);
    }
    // What a stranger put into the subject comes back harmless.
    office
        .arrive(
            "\"Evil\" <evil@example.fi>",
            "Subject: =?utf-8?q?Tilaus=0D=0ABcc:_kaikki@example.fi?=\r\nMessage-ID: <e@example.fi>\r\n",
            "Vastatkaa tähän viestiin.",
        )
        .await;
    let evil = office.conversation(2).await;
    office.answer(&id(&evil), "1", json!({})).await;
    let mail = office.sink.mail(1).await;
    assert!(mail.header("Bcc").is_none(), "{}", mail.text());
    assert_eq!(mail.to, ["evil@example.fi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_is_tried_again_and_a_refusal_is_shown() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    office.sink.will(Stage::End, Act::Say("451 4.3.0 try again"));
    let answered = office.answer(&conversation, "1", json!({})).await;
    for _ in 0..3_000 {
        if office.sink.dialogues() > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(office.messages(&conversation).await[1]["delivery"], "pending");
    office.shop.company.app.clock.advance(Duration::minutes(2));
    office.delivery(&conversation, &answered, "sent").await;
    assert_eq!(office.sink.taken().len(), 1);
    office.sink.will(Stage::To, Act::Say("550 5.1.1 no such user"));
    let refused = office.answer(&conversation, "2", json!({})).await;
    let failed = office.delivery(&conversation, &refused, "failed").await;
    assert_eq!(failed["meta"]["delivery_code"], "address_unknown");
    // One of two recipients: the other has it, and it is said that somebody has not.
    office.sink.will(Stage::To, Act::Say("550 5.2.2 mailbox full"));
    let half = office.answer(&conversation, "3", json!({ "addressing": { "to": [{ "address": "a@example.fi" }, { "address": "b@example.fi" }] } })).await;
    let failed = office.delivery(&conversation, &half, "failed").await;
    assert_eq!(failed["meta"]["delivery_code"], "some_refused");
    assert_eq!(office.sink.mail(2).await.to.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_the_same_mail_again_and_not_another() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    office.sink.will(Stage::End, Act::HangUp);
    let answered = office.answer(&conversation, "1", json!({})).await;
    office.sink.mail(1).await;
    office.shop.company.app.clock.advance(Duration::minutes(2));
    let sent = office.delivery(&conversation, &answered, "sent").await;
    let taken = office.sink.taken();
    assert_eq!((taken.len(), &taken[0].bytes), (2, &taken[1].bytes), "byte by byte the same, under the same name");
    // It is said, and listed, that it may have arrived twice; nothing is said of the next one.
    assert_eq!(sent["meta"]["delivery_code"], "perhaps_twice");
    let second = office.answer(&conversation, "2", json!({})).await;
    assert_eq!(office.delivery(&conversation, &second, "sent").await["meta"]["delivery_code"], Value::Null);
    let path = format!("mailboxes/{}/unclear", office.mailbox);
    let listed = office.owner().get(&path).await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["message_id"]), (1, &answered["id"]));
    assert_eq!(listed["items"][0]["recipients"]["liisa@example.fi"], "sent");
    office.shop.company.neighbour().await.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refused_before_it_had_the_mail_is_not_unclear() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    for (stage, act) in [(Stage::Data, Act::Say("451 4.3.0 later")), (Stage::End, Act::Say("452 4.3.1 later")), (Stage::To, Act::HangUp)] {
        office.sink.will(stage, act);
    }
    let answered = office.answer(&conversation, "1", json!({})).await;
    for _ in 0..20 {
        office.shop.company.app.clock.advance(Duration::minutes(40));
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        if office.messages(&conversation).await.iter().any(|message| message["id"] == answered["id"] && message["delivery"] == "sent") {
            break;
        }
    }
    let sent = office.delivery(&conversation, &answered, "sent").await;
    assert_eq!((office.sink.count(), &sent["meta"]["delivery_code"]), (1, &Value::Null));
    assert_eq!(office.owner().get(&format!("mailboxes/{}/unclear", office.mailbox)).await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_of_one_mailbox_share_a_dialogue_while_it_lives() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    for n in 1..=6 {
        let answered = office.answer(&conversation, &n.to_string(), json!({})).await;
        office.delivery(&conversation, &answered, "sent").await;
    }
    assert_eq!(office.sink.count(), 6);
    assert!(office.sink.dialogues() < 6, "{} dialogues", office.sink.dialogues());
    // The server ends it between two mails: the next one goes out by a new one, at the first try.
    office.sink.will(Stage::From, Act::Say("421 4.4.2 idle for too long"));
    let answered = office.answer(&conversation, "7", json!({})).await;
    let sent = office.delivery(&conversation, &answered, "sent").await;
    assert_eq!((office.sink.count(), &sent["meta"]["delivery_code"]), (7, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_answer_leaves_as_a_mail_at_its_moment() {
    let office = Office::open_with(json!({ "undo_seconds": 60 })).await;
    let conversation = asked(&office).await;
    let send_at = office.shop.company.app.app.environment.now().0 + 3_600_000_000;
    let new = json!({ "client_key": "s", "body": "Paketti on perillä.", "send_at": send_at, "addressing": { "cc": [{ "address": "matti@example.fi" }] } });
    office.owner().post(&format!("conversations/{conversation}/scheduled-answers"), new).await.expect(201);
    office.shop.company.app.settle().await;
    assert_eq!(office.sink.count(), 0);
    office.shop.company.app.clock.advance(Duration::minutes(61));
    let said = office.said(&conversation, 2).await;
    assert_eq!(said[1]["delivery"], "pending", "the undo time of the mailbox begins now");
    office.shop.company.app.clock.advance(Duration::minutes(2));
    office.delivery(&conversation, &said[1], "sent").await;
    assert_eq!((office.sink.count(), office.sink.mail(1).await.to.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_taken_back_for_a_while() {
    let office = Office::open_with(json!({ "undo_seconds": 60 })).await;
    let conversation = asked(&office).await;
    let answered = office.answer(&conversation, "1", json!({})).await;
    office.shop.company.app.settle().await;
    office.owner().delete(&format!("conversations/{conversation}/messages/{}", id(&answered))).await.expect(200);
    let kept = office.answer(&conversation, "2", json!({ "body": "Tämä jää voimaan." })).await;
    office.shop.company.app.settle().await;
    assert_eq!(office.sink.taken().len(), 0, "nothing leaves before its time");
    office.shop.company.app.clock.advance(Duration::minutes(2));
    office.delivery(&conversation, &kept, "sent").await;
    assert_eq!(office.sink.taken().len(), 1);
    assert!(!office.sink.mail(1).await.text().contains("Kiitos"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_and_a_complaint_come_back_to_the_message() {
    let office = Office::open().await;
    let conversation = asked(&office).await;
    let answered = office.answer(&conversation, "1", json!({})).await;
    office.delivery(&conversation, &answered, "sent").await;
    let ours = office.sink.mail(1).await.header("Message-ID").unwrap();
    let report = |action: &str, status: &str, n: u32| {
        format!(
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.fi\r\nTo: {ADDRESS}\r\nSubject: Undelivered\r\nMessage-ID: <d{n}@mx.example.fi>\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.fi\r\n\r\nFinal-Recipient: rfc822; liisa@example.fi\r\n\
             Action: {action}\r\nStatus: {status}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n--b--\r\n"
        )
    };
    office.arrive_raw("", ADDRESS, &report("delayed", "4.4.7", 1)).await;
    office.arrive_raw("", ADDRESS, &report("failed", "5.2.2", 2)).await;
    let failed = office.delivery(&conversation, &answered, "failed").await;
    assert_eq!(failed["meta"]["delivery_code"], "mailbox_full");
    let second = office.answer(&conversation, "2", json!({})).await;
    office.delivery(&conversation, &second, "sent").await;
    let ours = office.sink.mail(2).await.header("Message-ID").unwrap();
    let complaint = format!(
        "From: fbl@example.fi\r\nTo: {ADDRESS}\r\nMessage-ID: <c@example.fi>\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: {ADDRESS}\r\nMessage-ID: {ours}\r\n\r\nx\r\n--b--\r\n"
    );
    office.arrive_raw("fbl@example.fi", ADDRESS, &complaint).await;
    assert_eq!(office.delivery(&conversation, &second, "failed").await["meta"]["delivery_code"], "complaint");
    assert_eq!(office.conversations().await.len(), 1, "reports are no conversations");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_survive_a_crash_in_the_middle() {
    let mut office = Office::open().await;
    let conversation = asked(&office).await;
    const ANSWERS: usize = 30;
    for n in 0..ANSWERS {
        office.answer(&conversation, &n.to_string(), json!({ "body": format!("Vastaus {n}.") })).await;
        if n % 10 == 5 {
            office = office.crash().await;
        }
    }
    let mut waited = 0;
    loop {
        let messages = office.messages(&conversation).await;
        let waiting = messages.iter().filter(|message| message["delivery"] == "pending").count();
        if waiting == 0 {
            break;
        }
        waited += 1;
        assert!(waited < 1_000, "{waiting} still wait");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mut names: Vec<Option<String>> = office.sink.taken().iter().map(|mail| mail.header("Message-ID")).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ANSWERS, "every answer, each under one name");
    let mut bodies: Vec<Value> = office.messages(&conversation).await.iter().skip(1).map(|message| message["body"].clone()).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), ANSWERS);
    assert_eq!(text(&bodies[0]), "Vastaus 0.");
}
