//! Mails arrive: at once, once, and whole.

use std::time::Instant;

use ennakoi_testkit::Dovecot;
use serde_json::json;

use super::{ADDRESS, Office, id, settings};
use crate::people::{count, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_becomes_a_conversation_while_the_server_is_listened_to() {
    let office = Office::open().await;
    let started = Instant::now();
    office
        .arrive(
            "=?utf-8?q?P=C3=A4ivi_M=C3=A4ki?= <paivi@example.fi>",
            "Subject: Tilaus 123\r\nMessage-ID: <1@example.fi>\r\nContent-Type: text/plain; charset=iso-8859-15\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            "Hei,\r\n\r\nmiss=E4 pakettini on? Maksoin 20 =A4.\r\n\r\n-- \r\nP=E4ivi",
        )
        .await;
    let conversation = office.conversation(1).await;
    assert!(started.elapsed().as_secs() < 60, "told at once, not looked for after minutes");
    assert_eq!((&conversation["subject"], &conversation["contact"]["name"]), (&json!("Tilaus 123"), &json!("Päivi Mäki")));
    assert_eq!(conversation["owner"]["kind"], "queue", "people answer mails unless the company wants otherwise");
    let message = &office.messages(&id(&conversation)).await[0];
    assert_eq!(message["body"], "Hei,\n\nmissä pakettini on? Maksoin 20 €.", "without the signature");
    assert_eq!(message["author"]["kind"], "contact");
    assert_eq!((&message["meta"]["origin"]["proof"], &message["meta"]["origin"]["shortened"]), (&json!("proven"), &json!(true)));
    assert_eq!(message["meta"]["addressing"]["from"]["address"], "paivi@example.fi");
    let mail = office.owner().get(&format!("messages/{}/mail", id(message))).await.expect(200);
    assert_eq!(mail["message_id"], "1@example.fi");
    let whole: String = mail["stretches"].as_array().unwrap().iter().map(|it| text(&it["text"])).collect();
    assert!(whole.contains("--\nPäivi"), "nothing is lost: {mail}");
    let original = office.owner().get(&format!("messages/{}/mail.eml", id(message))).await;
    assert_eq!(original.status, 200);
    assert!(original.text.contains("miss=E4 pakettini"), "byte by byte");
    let neighbour = office.shop.company.neighbour().await;
    neighbour.get(&format!("messages/{}/mail", id(message))).await.expect(404);
    neighbour.get(&format!("mailboxes/{}", office.mailbox)).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_sender_is_the_same_person_and_an_unproven_one_is_nobody_in_particular() {
    let office = Office::open().await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: A\r\nMessage-ID: <a@example.fi>\r\n", "Ensimmäinen viesti minulta.").await;
    let first = office.conversation(1).await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: B\r\nMessage-ID: <b@example.fi>\r\n", "Toinen viesti minulta.").await;
    let second = office.conversation(2).await;
    assert_eq!(first["contact"]["id"], second["contact"]["id"]);
    let forged = |n: u32, verdict: &str| {
        format!(
            "Authentication-Results: mx.kone.example; {verdict}\r\nFrom: Liisa <liisa@example.fi>\r\nSubject: C{n}\r\nMessage-ID: <c{n}@evil.example>\r\n\r\nVaihtakaa osoitteeni.\r\n"
        )
    };
    office.arrive_raw("liisa@example.fi", ADDRESS, &forged(1, "dmarc=fail header.from=example.fi")).await;
    let third = office.conversation(3).await;
    assert_ne!(third["contact"]["id"], first["contact"]["id"], "whoever writes under a name is not its owner");
    let message = &office.messages(&id(&third)).await[0];
    assert_eq!(message["meta"]["origin"]["proof"], "forged");
    office.arrive_raw("liisa@example.fi", ADDRESS, &forged(2, "spf=none")).await;
    let fourth = office.conversation(4).await;
    assert_eq!(fourth["contact"]["id"], third["contact"]["id"], "the unproven ones are kept together, apart from the proven one");
    assert_eq!(office.messages(&id(&fourth)).await[0]["meta"]["origin"]["proof"], "unproven");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mail_is_one_message_whatever_the_server_does() {
    let mut office = Office::open().await;
    for n in 1..=5 {
        office
            .arrive("Liisa <liisa@example.fi>", &format!("Subject: Asia {n}\r\nMessage-ID: <{n}@example.fi>\r\n"), &format!("Viesti numero {n} teille."))
            .await;
    }
    // Delivered a second time, as through two addresses.
    office.arrive("Liisa <liisa@example.fi>", "Subject: Asia 5\r\nMessage-ID: <5@example.fi>\r\n", "Viesti numero 5 teille.").await;
    office.conversation(5).await;
    // The connection is cut, and after it everything has new numbers.
    office.dovecot.stop().await;
    office.until(|mailbox| mailbox["state"] == "failing").await;
    office.dovecot.renumber(ADDRESS);
    office.dovecot.run().await;
    office
        .dovecot
        .deliver("liisa@example.fi", ADDRESS, "From: liisa@example.fi\r\nSubject: Asia 6\r\nMessage-ID: <6@example.fi>\r\n\r\nVielä yksi viesti.\r\n")
        .await;
    office.shop.company.app.clock.advance(ennakoi_kernel::Duration::minutes(3));
    office.conversation(6).await;
    office.all_taken_in().await;
    let conversations = office.conversations().await;
    assert_eq!(conversations.len(), 7, "{conversations:?}");
    let validity = "SELECT COUNT(*) FROM mails WHERE direction = 'in'";
    assert_eq!(count(&office.shop.company.app, validity).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lay_in_the_mailbox_before_stays_there() {
    let (dovecot, sink) = (Dovecot::start().await, ennakoi_testkit::SmtpSink::start().await);
    dovecot.deliver("vanha@example.fi", ADDRESS, "From: vanha@example.fi\r\nSubject: Vanha\r\n\r\nTämä on vanha viesti.\r\n").await;
    let shop = crate::chat::Shop::open_with(|configuration| configuration.security.private_egress = true).await;
    let new = json!({ "address": ADDRESS, "settings": settings(&dovecot, &sink), "secrets": { "password": ennakoi_testkit::DOVECOT_PASSWORD } });
    let made = shop.owner().post("mailboxes", new).await.expect(201);
    let office = Office { mailbox: text(&made["id"]), channel: text(&made["channel_id"]), shop, dovecot, sink };
    office.connected().await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Uusi\r\nMessage-ID: <u@example.fi>\r\n", "Tämä on uusi viesti.").await;
    office.all_taken_in().await;
    let subjects: Vec<String> = office.conversations().await.iter().map(|it| text(&it["subject"])).collect();
    assert!(subjects.contains(&"Uusi".to_owned()) && !subjects.contains(&"Vanha".to_owned()), "{subjects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_pictures_come_along() {
    let office = Office::open().await;
    let body = "--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
        <p>Katso <b>kuva</b>: <img src=\"cid:k1\"><img src=\"https://seuranta.example/p.png\"></p>\r\n\
        --r\r\nContent-Type: image/png; name=kuva.png\r\nContent-ID: <k1>\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n\r\n\
        iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\r\n--r--\r\n\
        --m\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''k%C3%A4ytt%C3%B6ohje.pdf\r\n\r\n%PDF-1.4 x\r\n\
        --m\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--m--\r\n";
    office
        .arrive(
            "Liisa <liisa@example.fi>",
            "Subject: Kuva\r\nMessage-ID: <k@example.fi>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n",
            body,
        )
        .await;
    let conversation = office.conversation(1).await;
    let message = office.messages(&id(&conversation)).await[0].clone();
    let names: Vec<String> = message["attachments"].as_array().unwrap().iter().map(|file| text(&file["name"])).collect();
    assert_eq!(names, ["kuva.png", "käyttöohje.pdf", "invite.ics"]);
    assert_eq!(message["attachments"][1]["media_type"], "application/pdf");
    assert_eq!((&message["meta"]["origin"]["formatted"], &message["meta"]["origin"]["remote_images"]), (&json!(true), &json!(1)));
    assert!(text(&message["body"]).contains("Katso kuva"), "{}", message["body"]);
    let page = office.owner().get(&format!("messages/{}/mail.html", id(&message))).await;
    assert!(
        page.text.contains("<b>kuva</b>") && page.text.contains(&id(&message["attachments"][0])) && !page.text.contains("seuranta.example"),
        "{}",
        page.text
    );
    let policy = page.headers.get("content-security-policy").unwrap().to_str().unwrap();
    assert!(
        policy.starts_with("sandbox ") && policy.contains("default-src 'none'") && !policy.contains("https:") && !policy.contains("allow-scripts"),
        "{policy}"
    );
    let with = office.owner().get(&format!("messages/{}/mail.html?images=true", id(&message))).await;
    assert!(with.text.contains("https://seuranta.example/p.png"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_loses_and_doubles_nothing() {
    let mut office = Office::open().await;
    const MAILS: usize = 60;
    for n in 0..MAILS {
        office
            .arrive("Liisa <liisa@example.fi>", &format!("Subject: Asia {n}\r\nMessage-ID: <{n}@example.fi>\r\n"), &format!("Viesti numero {n} teille."))
            .await;
        if n % 20 == 10 {
            office = office.crash().await;
        }
    }
    office.conversation(MAILS).await;
    office.all_taken_in().await;
    assert_eq!(office.conversations().await.len(), MAILS + 1);
    let half = "SELECT COUNT(*) FROM mails WHERE outcome = 'new' OR conversation_id IS NULL";
    assert_eq!(count(&office.shop.company.app, half).await, 0, "nothing is half threaded");
}
