//! Machines: the bot answers once and says what it is; machines that write to us start nothing.

use ennakoi_kernel::Duration;
use serde_json::json;

use super::{ADDRESS, Office, id};
use crate::people::count;

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_answers_first_where_it_may_and_says_what_it_is() {
    let office = Office::open_with(json!({ "mode": "bot_first" })).await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Maksaminen\r\nMessage-ID: <1@example.fi>\r\n", "Hei, millä voin maksaa? Käykö MobilePay?").await;
    let conversation = office.conversation(1).await;
    let mail = office.sink.mail(1).await;
    assert_eq!(mail.to, ["liisa@example.fi"]);
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-replied"));
    assert_eq!(mail.header("X-Auto-Response-Suppress").as_deref(), Some("All"));
    assert!(mail.header("X-Ennakoi-Loop").is_some());
    let flat = decoded(&mail.text());
    assert!(flat.contains("MobilePaylla"), "{flat}");
    assert!(flat.contains("kirjoitti kone") && flat.contains("ihminen, kiitos"), "{flat}");
    office.shop.company.app.settle().await;
    office.shop.company.app.clock.advance(Duration::minutes(2));
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(office.sink.taken().len(), 1, "what the bot said at once is one mail");
    for message in office.messages(&id(&conversation)).await.iter().filter(|message| message["author"]["kind"] == "bot") {
        office.delivery(&id(&conversation), message, "sent").await;
    }
    // The second question of the day goes to people.
    let ours = mail.header("Message-ID").unwrap();
    office
        .arrive(
            "Liisa <liisa@example.fi>",
            &format!("Subject: Re: Maksaminen\r\nMessage-ID: <2@example.fi>\r\nIn-Reply-To: {ours}\r\n"),
            "Entä miten käytän lahjakortin?",
        )
        .await;
    for _ in 0..3_000 {
        if office.conversation(1).await["owner"]["kind"] != "bot" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(office.conversation(1).await["reason"], "machine_answered_once");
    office.shop.company.app.settle().await;
    assert_eq!(office.sink.taken().len(), 1);
}

/// Quoted-printable read back, well enough to look for words.
fn decoded(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = (*first == b'=')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match digits {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_for_in_words() {
    let office = Office::open_with(json!({ "mode": "bot_first" })).await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Asia\r\nMessage-ID: <1@example.fi>\r\n", "Haluan puhua ihmiselle, kiitos.").await;
    office.conversation(1).await;
    for _ in 0..3_000 {
        if office.conversation(1).await["owner"]["kind"] == "queue" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{}", office.conversation(1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_start_no_clock_and_get_no_answer() {
    let office = Office::open_with(json!({ "mode": "bot_first" })).await;
    for (n, headers) in [
        "Auto-Submitted: auto-replied\r\n",
        "X-Autoreply: yes\r\n",
        "Precedence: bulk\r\n",
        "List-Unsubscribe: <https://example.fi/u>\r\n",
        "X-Auto-Response-Suppress: All\r\n",
    ]
    .iter()
    .enumerate()
    {
        office
            .arrive(
                &format!("Kone <kone{n}@example.fi>"),
                &format!("Subject: Poissa {n}\r\nMessage-ID: <{n}@example.fi>\r\n{headers}"),
                "Olen lomalla. Millä voin maksaa?",
            )
            .await;
    }
    // Nobody vouches for this one, and the sender's domain disowns it: no backscatter.
    let forged = format!(
        "Authentication-Results: mx.kone.example; dmarc=fail\r\nFrom: uhri@example.fi\r\nTo: {ADDRESS}\r\nSubject: Poissa 9\r\nMessage-ID: <9@x.example>\r\n\r\nMillä voin maksaa teillä?\r\n"
    );
    office.arrive_raw("uhri@example.fi", ADDRESS, &forged).await;
    office.conversation(6).await;
    office.shop.company.app.settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(office.sink.taken().len(), 0, "{:?}", office.sink.taken());
    for conversation in office.conversations().await.iter().filter(|it| it["subject"] != "Poissa 9") {
        assert_eq!(conversation["waiting_since"], json!(null), "{conversation}");
        assert_eq!(office.messages(&id(conversation)).await[0]["meta"]["origin"]["automatic"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_notice_reopens_nothing() {
    let office = Office::open().await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Asia\r\nMessage-ID: <1@example.fi>\r\n", "Missä pakettini on?").await;
    let conversation = id(&office.conversation(1).await);
    office.answer(&conversation, "1", json!({ "close": true })).await;
    let ours = office.sink.mail(1).await.header("Message-ID").unwrap();
    office
        .arrive(
            "Liisa <liisa@example.fi>",
            &format!("Subject: Poissa: Re: Asia\r\nMessage-ID: <2@example.fi>\r\nIn-Reply-To: {ours}\r\nAuto-Submitted: auto-replied\r\n"),
            "Olen lomalla.",
        )
        .await;
    office.said(&conversation, 3).await;
    assert_eq!(office.conversations().await[0]["state"], "closed");
}

/// Two installations whose bots answer every mail, wired to each other, for a virtual day.
#[tokio::test(flavor = "multi_thread")]
async fn two_machines_do_not_keep_each_other_company() {
    let here = Office::open_with(json!({ "mode": "bot_first" })).await;
    let there = Office::open_with(json!({ "mode": "bot_first" })).await;
    // A question that looks like a person's begins it, and neither side tells the other that it is a machine.
    here.arrive("Toinen <tuki@toinen.example>", "Subject: Maksaminen\r\nMessage-ID: <alku@toinen.example>\r\n", "Millä voin maksaa? Käykö MobilePay?").await;
    here.sink.mail(1).await;
    let (mut from_here, mut from_there, mut asked_here) = (0_usize, 0_usize, 1_usize);
    for hour in 0..24 {
        for _ in 0..3 {
            tokio::time::sleep(std::time::Duration::from_millis(120)).await;
            for mail in here.sink.taken().iter().skip(from_here) {
                from_here += 1;
                there.arrive_raw(ADDRESS, ADDRESS, &disguised(&mail.text(), "tuki@ensimmainen.example", &format!("h{from_here}"))).await;
            }
            for mail in there.sink.taken().iter().skip(from_there) {
                from_there += 1;
                here.arrive_raw("tuki@toinen.example", ADDRESS, &disguised(&mail.text(), "tuki@toinen.example", &format!("t{from_there}"))).await;
            }
        }
        // Somebody on the other side asks anew every few hours.
        if hour % 6 == 3 {
            asked_here += 1;
            here.arrive(
                "Toinen <tuki@toinen.example>",
                &format!("Subject: Taas {hour}\r\nMessage-ID: <taas{hour}@toinen.example>\r\n"),
                "Millä voin maksaa? Käykö MobilePay?",
            )
            .await;
        }
        for (office, arrived) in [(&here, from_there + asked_here), (&there, from_here)] {
            under_way(office, arrived).await;
            office.shop.company.app.clock.advance(Duration::minutes(55));
        }
    }
    assert!(from_here <= 1 && from_there <= 1, "{from_here} and {from_there} automatic answers in a day");
    assert_eq!(from_here, 1, "the first question was answered");
    let sent = "SELECT COUNT(*) FROM mails WHERE direction = 'out' AND outcome = 'sent'";
    assert_eq!(count(&here.shop.company.app, sent).await, 1);
}

/// Waits until all that arrived is read and all that is due has been sent: an hour that passes in the middle of a sending would end its
/// lease, and it would be tried again.
async fn under_way(office: &Office, arrived: usize) {
    let app = &office.shop.company.app;
    for _ in 0..3_000 {
        if count(app, "SELECT COUNT(*) FROM mails WHERE direction = 'in'").await == i64::try_from(arrived).unwrap() {
            app.settle().await;
            let due = format!("SELECT COUNT(*) FROM intents WHERE state = 'sending' OR (state = 'planned' AND send_at <= {})", app.app.environment.now().0);
            if count(app, &due).await == 0 {
                return;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("something is under way for a minute");
}

/// The mail as a careless server would pass it on: everything that says that a machine wrote it is gone.
fn disguised(mail: &str, from: &str, name: &str) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let kept: Vec<&str> = head
        .split("\r\n")
        .filter(|line| {
            let lower = line.to_lowercase();
            lower.starts_with("content-") || lower.starts_with("mime-") || lower.starts_with([' ', '\t'])
        })
        .collect();
    format!(
        "Authentication-Results: mx.kone.example; dmarc=pass\r\nFrom: <{from}>\r\nTo: {ADDRESS}\r\nSubject: Millä voin maksaa?\r\nMessage-ID: <{name}@kulku.example>\r\n{}\r\n\r\nMillä voin maksaa?\r\n{body}",
        kept.join("\r\n")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_mails_come_back_as_nothing() {
    let office = Office::open().await;
    office.arrive("Liisa <liisa@example.fi>", "Subject: Asia\r\nMessage-ID: <1@example.fi>\r\n", "Missä pakettini on?").await;
    let conversation = id(&office.conversation(1).await);
    office.answer(&conversation, "1", json!({})).await;
    let ours = office.sink.mail(1).await;
    // A rule of the server copies what leaves, and the customer's server sends it back in a circle.
    office.arrive_raw(ADDRESS, ADDRESS, &ours.text()).await;
    let circle = format!(
        "From: liisa@example.fi\r\nTo: {ADDRESS}\r\nSubject: x\r\nMessage-ID: <c@example.fi>\r\n{}\r\nPyörii ja pyörii.\r\n",
        "Received: from a by b; Mon, 30 Nov 2026 10:00:00 +0200\r\n".repeat(60)
    );
    office.arrive_raw("liisa@example.fi", ADDRESS, &circle).await;
    office.all_taken_in().await;
    assert_eq!(office.messages(&conversation).await.len(), 2);
    assert_eq!(office.conversations().await.len(), 2);
    let outcomes = "SELECT COUNT(*) FROM mails WHERE outcome IN ('own', 'loop')";
    assert_eq!(count(&office.shop.company.app, outcomes).await, 2);
}
