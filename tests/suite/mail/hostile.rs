//! Mails that were made to do harm arrive as harmless messages, and the good ones behind them come through.

use std::time::Instant;

use serde_json::Value;

use super::{ADDRESS, Office, id};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_kept_and_not_opened() {
    let office = Office::open().await;
    let nested: String = (0..400).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let head =
        |n: u32| format!("From: pommi{n}@evil.example\r\nTo: {ADDRESS}\r\nSubject: Pommi {n}\r\nMessage-ID: <p{n}@evil.example>\r\nMIME-Version: 1.0\r\n");
    let many = format!("{}Content-Type: multipart/mixed; boundary=x\r\n\r\n{}--x--\r\n", head(2), "--x\r\n\r\na\r\n".repeat(50_000));
    let forwarded = format!("{}{}\r\nHei\r\n", head(3), "Content-Type: message/rfc822\r\n\r\n".repeat(100));
    let long_header = format!("{}X-Long: {}\r\n\r\nHei\r\n", head(4), "a".repeat(400_000));
    let references =
        format!("{}References: {}\r\n\r\nHei, tämä on viesti.\r\n", head(5), (0..8_000).map(|n| format!("<{n}@x.example>\r\n ")).collect::<String>());
    let quotes = format!("{}\r\n{}\r\nHei, tämä on viesti.\r\n", head(6), "> ".repeat(200_000));
    let html = format!("{}Content-Type: text/html\r\n\r\n{}x{}\r\n", head(7), "<div>".repeat(20_000), "</div>".repeat(20_000));
    let words = format!("{}Subject: {}\r\n\r\nHei\r\n", head(8).replace("Subject: Pommi 8\r\n", ""), "=?utf-8?q?a?= ".repeat(5_000));
    let started = Instant::now();
    for mail in [format!("{}{nested}", head(1)), many, forwarded, long_header, references, quotes, html, words] {
        let answer = office.dovecot.try_deliver("pommi@evil.example", ADDRESS, mail.as_bytes()).await;
        assert!(answer.starts_with("250"), "{answer}");
    }
    office.arrive("Liisa <liisa@example.fi>", "Subject: Oikea\r\nMessage-ID: <ok@example.fi>\r\n", "Missä pakettini on?").await;
    let last = office.conversation(9).await;
    assert_eq!(last["subject"], "Oikea");
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
    for conversation in office.conversations().await.iter().take(4) {
        let message = office.messages(&id(conversation)).await[0].clone();
        assert!(text(&message["body"]).starts_with('('), "{message}");
        assert_eq!(message["meta"]["origin"]["automatic"], true, "nobody answers it by machine");
        office.owner().get(&format!("messages/{}/mail", id(&message))).await.expect(200);
        office.owner().get(&format!("messages/{}/mail.html", id(&message))).await.expect(404);
        assert_eq!(office.owner().get(&format!("messages/{}/mail.eml", id(&message))).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_too_large_is_told_and_left_where_it_is() {
    let office = Office::open().await;
    let mut mail = format!("From: liisa@example.fi\r\nTo: {ADDRESS}\r\nSubject: Suuri\r\nMessage-ID: <s@example.fi>\r\n\r\n").into_bytes();
    let line = [b"a".repeat(998), b"\r\n".to_vec()].concat();
    while mail.len() <= 41 << 20 {
        mail.extend_from_slice(&line);
    }
    let answer = office.dovecot.try_deliver("liisa@example.fi", ADDRESS, &mail).await;
    assert!(answer.starts_with("250"), "{answer}");
    let conversation = office.conversation(1).await;
    assert_eq!(conversation["subject"], "Suuri");
    assert!(text(&office.messages(&id(&conversation)).await[0]["body"]).contains("liian suuri"));
}

/// Where a stranger's words may come out: list, thread, mail view, frame.
#[tokio::test(flavor = "multi_thread")]
async fn scripts_come_out_nowhere() {
    let office = Office::open().await;
    let payloads = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    ];
    for (n, payload) in payloads.iter().enumerate() {
        let mail = format!(
            "From: \"{payload}\" <x{n}@evil.example>\r\nTo: {ADDRESS}\r\nSubject: {payload}\r\nMessage-ID: <{payload}{n}@evil.example>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n<p>{payload}</p><p onclick=\"alert(1)\" style=\"background:url(javascript:alert(1))\">x</p>\r\n\
             --m\r\nContent-Type: image/svg+xml; name=\"{}.svg\"\r\nContent-Disposition: attachment\r\n\r\n<svg onload=alert(1)/>\r\n--m--\r\n",
            payload.replace('"', "")
        );
        office.arrive_raw("x@evil.example", ADDRESS, &mail).await;
    }
    office.conversation(payloads.len()).await;
    for conversation in office.conversations().await {
        let message = office.messages(&id(&conversation)).await[0].clone();
        let html = text(&message["html"]).to_lowercase();
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("<svg") && !html.contains("<iframe") && !html.contains("href=\"javascript"),
            "{html}"
        );
        let page = office.owner().get(&format!("messages/{}/mail.html", id(&message))).await;
        let lower = page.text.to_lowercase();
        for bad in ["<script", "onerror", "onload", "onclick", "<svg", "<iframe", "javascript:", "url("] {
            assert!(!lower.contains(bad), "{bad} in {}", page.text);
        }
        for file in message["attachments"].as_array().unwrap() {
            let path = text(&file["url"]);
            let served = office.owner().get(path.split("/api/v1/").nth(1).unwrap()).await;
            assert!(served.headers["content-disposition"].to_str().unwrap().starts_with("attachment"), "an SVG is never shown");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_keep_to_no_rule_are_read_all_the_same() {
    let office = Office::open().await;
    let heads = [
        "Subject: Yksi\r\nMessage-ID: <a@b@example.fi>\r\n",
        "Subject: Kaksi\r\nMessage-ID: ilman-hakasia@example.fi\r\n",
        "Subject: Kolme\r\n",
        "Subject: Nelja\r\nMessage-ID: <x@example.fi>\r\nMessage-ID: <y@example.fi>\r\n",
        "Subject: Viisi\r\nMessage-ID: <>\r\n",
        "Subject: Kuusi\r\nMessage-ID:\r\n <taitettu@example.fi>\r\nIn-Reply-To: Your message of Monday\r\nReferences: a b <c\r\n",
        "Subject: =?utf-8?q?Seits=\r\nMessage-ID: <q@example.fi>\r\n",
    ];
    for head in heads {
        office.arrive("Liisa <liisa@example.fi>", head, "Tavallinen viesti, outo otsikko.").await;
    }
    office.conversation(heads.len()).await;
    office.all_taken_in().await;
    assert_eq!(office.conversations().await.len(), heads.len() + 1);
    let without_sender = format!("To: {ADDRESS}\r\nSubject: Kuka\r\n\r\nEn kerro kuka olen.\r\n");
    office.arrive_raw("", ADDRESS, &without_sender).await;
    office.conversation(heads.len() + 2).await;
    let bodies: Vec<Value> = office.messages(&id(&office.conversation(1).await)).await;
    assert_eq!(bodies[0]["body"], "Tavallinen viesti, outo otsikko.");
}
