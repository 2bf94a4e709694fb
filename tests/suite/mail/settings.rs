//! Setting up a mailbox: what is wrong is said in codes that screens put into words, secrets are never shown, tokens are renewed.

use ennakoi_kernel::Duration;
use ennakoi_testkit::{Act, Certificate, DOVECOT_PASSWORD, Dovecot, SmtpSink, Stage};
use serde_json::{Value, json};

use super::{ADDRESS, Office, settings};
use crate::{
    chat::Shop,
    people::{count, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_is_wrong() {
    let (dovecot, sink) = (Dovecot::start().await, SmtpSink::start().await);
    let shop = Shop::open_with(|configuration| configuration.security.private_egress = true).await;
    let owner = shop.owner();
    let check = |settings: Value, password: &str| {
        let body = json!({ "address": ADDRESS, "settings": settings, "secrets": { "password": password } });
        async move { owner.post("mailboxes/check", body).await.expect(200) }
    };
    let good = settings(&dovecot, &sink);
    let report = check(good.clone(), DOVECOT_PASSWORD).await;
    assert_eq!(report["ok"], true, "{report}");
    let report = check(good.clone(), "väärä").await;
    assert_eq!((&report["ok"], &report["steps"][0]["step"], &report["steps"][0]["code"]), (&json!(false), &json!("incoming"), &json!("sign_in_refused")));
    let changed = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for (settings, step, code) in [
        (changed("/incoming/port", json!(closed)), 0, "connection_refused"),
        (changed("/incoming/port", json!(sink.address.port())), 0, "not_imap"),
        (changed("/incoming/security", json!("starttls")), 0, "starttls_missing"),
        (changed("/outgoing/port", json!(dovecot.imap)), 1, "not_smtp"),
        (changed("/outgoing/security", json!("starttls")), 1, "starttls_missing"),
        (changed("/incoming/host", json!("ei-ole.invalid")), 0, "host_unknown"),
    ] {
        let report = check(settings, DOVECOT_PASSWORD).await;
        assert_eq!(report["steps"][step]["code"], code, "{report}");
    }
    let mut folder = good.clone();
    folder["folder"] = json!("Ei ole");
    assert_eq!(check(folder, DOVECOT_PASSWORD).await["steps"][0]["code"], "folder_missing");
    assert_eq!(count(&shop.company.app, "SELECT COUNT(*) FROM mailboxes").await, 0, "a test stores nothing");
}

/// Certificates are judged, in all the ways in which a connection can be protected.
#[tokio::test(flavor = "multi_thread")]
async fn protected_connections_are_protected() {
    let certificate = Certificate::make();
    let (dovecot, sink) = (Dovecot::start_with_tls(&certificate).await, SmtpSink::start_with_tls(&certificate).await);
    let server = |port: u16, security: &str| json!({ "host": "localhost", "port": port, "security": security });
    let mut protected = settings(&dovecot, &sink);
    protected["outgoing"] = server(sink.address.port(), "starttls");
    let trusted = certificate.path().display().to_string();
    for (trust, code) in [(trusted.clone(), Value::Null), (String::new(), json!("certificate_untrusted"))] {
        let shop = Shop::open_with(|configuration| {
            configuration.security.private_egress = true;
            configuration.mail.trusted_certificates = trust;
        })
        .await;
        for incoming in [server(dovecot.imaps, "tls"), server(dovecot.imap, "starttls")] {
            protected["incoming"] = incoming;
            let body = json!({ "address": ADDRESS, "settings": protected, "secrets": { "password": DOVECOT_PASSWORD } });
            let report = shop.owner().post("mailboxes/check", body).await.expect(200);
            for step in [0, 1] {
                assert_eq!(report["steps"][step]["code"], code, "{report}");
            }
        }
        // A certificate of another name is no certificate.
        let mut elsewhere = protected.clone();
        elsewhere["incoming"]["host"] = json!("127.0.0.1");
        let body = json!({ "address": ADDRESS, "settings": elsewhere, "secrets": { "password": DOVECOT_PASSWORD } });
        assert_eq!(shop.owner().post("mailboxes/check", body).await.expect(200)["steps"][0]["code"], "certificate_untrusted");
    }
    // Letters of the installation go the same way.
    let url = format!("smtp://tuki:salainen@localhost:{}", sink.address.port());
    let company = crate::people::Company::start_with(move |configuration| {
        configuration.mail.smtp_url = url;
        configuration.mail.from = "tuki@kone.example".to_owned();
        configuration.mail.trusted_certificates = trusted;
    })
    .await;
    company.owner.post("invitations", json!({ "email": "aino@example.fi", "role": "agent" })).await.expect(201);
    assert_eq!(sink.mail(1).await.to, ["aino@example.fi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_inside_are_out_of_reach_unless_that_is_allowed() {
    let (dovecot, sink) = (Dovecot::start().await, SmtpSink::start().await);
    let shop = Shop::open().await;
    let body = json!({ "address": ADDRESS, "settings": settings(&dovecot, &sink), "secrets": { "password": "x" } });
    let report = shop.owner().post("mailboxes/check", body).await.expect(200);
    for step in report["steps"].as_array().unwrap() {
        assert_eq!(step["code"], "address_private", "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_go_in_and_never_come_out() {
    let office = Office::open().await;
    let shown = office.owner().get("mailboxes").await;
    assert!(!shown.text.contains(DOVECOT_PASSWORD));
    let mut tx = office.shop.company.app.app.db.read().await.unwrap();
    let (sealed,): (Vec<u8>,) = tx.one("SELECT sealed FROM mailboxes", ennakoi_store::params![]).await.unwrap();
    drop(tx);
    assert!(!String::from_utf8_lossy(&sealed).contains(DOVECOT_PASSWORD));
    let path = format!("mailboxes/{}", office.mailbox);
    // Without a new password the old one stays, as long as it goes to the same servers.
    let mut changed = settings(&office.dovecot, &office.sink);
    changed["signature"] = json!("Uusi");
    office.owner().patch(&path, json!({ "settings": changed })).await.expect(200);
    office.connected().await;
    changed["incoming"]["host"] = json!("imap.evil.example");
    let refused = office.owner().patch(&path, json!({ "settings": changed })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "secrets.password");
    let body = json!({ "id": office.mailbox, "address": ADDRESS, "settings": changed });
    office.owner().post("mailboxes/check", body).await.expect(422);
    for (field, value) in [("name", json!("x\r\nBcc: y")), ("folder", json!("")), ("undo_seconds", json!(9_999)), ("signature", json!("x".repeat(3_000)))] {
        let mut wrong = settings(&office.dovecot, &office.sink);
        wrong[field] = value;
        office.owner().patch(&path, json!({ "settings": wrong })).await.expect(422);
    }
    let agent = office.shop.company.colleague("aino", "agent").await;
    agent.get("mailboxes").await.expect(403);
    let again = json!({ "address": "Tuki@Kone.example", "settings": settings(&office.dovecot, &office.sink), "secrets": { "password": "x" } });
    assert_eq!(office.owner().post("mailboxes", again).await.expect(422)["errors"][0]["code"], "taken");
    office.owner().delete(&path).await.expect(204);
    office.owner().get(&path).await.expect(404);
    office.owner().get(&format!("channels/{}", office.channel)).await.expect(404);
    let left = "SELECT COUNT(*) FROM mailboxes WHERE length(sealed) > 0";
    assert_eq!(count(&office.shop.company.app, left).await, 0, "with the mailbox goes its password");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_once_and_then_somebody_is_asked() {
    let (dovecot, sink) = (Dovecot::start().await, SmtpSink::start().await);
    let shop = Shop::open_with(|configuration| configuration.security.private_egress = true).await;
    let mut settings = settings(&dovecot, &sink);
    settings["sign_in"] = json!("oauth");
    settings["oauth"] = json!({ "client_id": "ennakoi", "token_url": format!("http://{}/token", dovecot.tokens_at), "scope": "imap" });
    // The first token has been revoked although its time is not over; the second one is good.
    dovecot.accept_tokens(&["hyva"]);
    sink.accept_tokens(&["hyva", "parempi"]);
    dovecot.refresh_gives(&["vanhentunut", "hyva"]);
    let new = json!({ "address": ADDRESS, "settings": settings, "secrets": { "refresh_token": "r1", "client_secret": "s1" } });
    let made = shop.owner().post("mailboxes", new).await.expect(201);
    let office = Office { mailbox: text(&made["id"]), channel: text(&made["channel_id"]), shop, dovecot, sink };
    office.connected().await;
    assert_eq!(office.dovecot.refreshes(), 2);
    office.arrive("Liisa <liisa@example.fi>", "Subject: Asia\r\nMessage-ID: <1@example.fi>\r\n", "Missä pakettini on?").await;
    let conversation = super::id(&office.conversation(1).await);
    // The token is used for sending too, and a refused one is replaced there as well.
    let answered = office.answer(&conversation, "1", json!({})).await;
    office.delivery(&conversation, &answered, "sent").await;
    assert_eq!(office.sink.mail(1).await.signed_in.as_deref(), Some("user=tuki@kone.example\u{1}auth=Bearer hyva\u{1}\u{1}"));
    office.sink.accept_tokens(&["parempi"]);
    // The dialogue that rests was signed in while the old token was good; its server ends it.
    office.sink.will(Stage::From, Act::Say("421 4.3.2 closing"));
    office.dovecot.refresh_gives(&["parempi"]);
    let answered = office.answer(&conversation, "2", json!({})).await;
    office.delivery(&conversation, &answered, "sent").await;
    assert!(office.sink.mail(2).await.signed_in.unwrap().contains("Bearer parempi"));
    // Consent is withdrawn.
    office.dovecot.refresh_gives(&[""]);
    office.dovecot.accept_tokens(&["muu"]);
    office.owner().patch(&format!("mailboxes/{}", office.mailbox), json!({ "secrets": { "refresh_token": "r2" } })).await.expect(200);
    let mailbox = office.until(|mailbox| mailbox["state"] == "consent_needed").await;
    assert_eq!(mailbox["trouble"], "consent_needed");
    let waiting = office.answer(&conversation, "3", json!({})).await;
    office.shop.company.app.settle().await;
    assert_eq!(waiting["delivery"], "pending", "nothing is lost meanwhile");
    office.dovecot.refresh_gives(&["muu"]);
    office.sink.accept_tokens(&["muu"]);
    office.owner().patch(&format!("mailboxes/{}", office.mailbox), json!({ "secrets": { "refresh_token": "r3" } })).await.expect(200);
    office.connected().await;
    office.shop.company.app.clock.advance(Duration::minutes(10));
    office.delivery(&conversation, &waiting, "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn known_providers_need_nothing_but_the_address() {
    let shop = Shop::open().await;
    for (address, host, sign_in) in [
        ("tuki@gmail.com", "imap.gmail.com", "oauth"),
        ("tuki@outlook.com", "outlook.office365.com", "oauth"),
        ("tuki@icloud.com", "imap.mail.me.com", "password"),
    ] {
        let found = shop.owner().post("mailboxes/discovery", json!({ "address": address })).await.expect(200);
        assert_eq!((&found["incoming"]["host"], &found["sign_in"], &found["source"]), (&json!(host), &json!(sign_in), &json!("known")));
    }
    let guessed = shop.owner().post("mailboxes/discovery", json!({ "address": "tuki@ei-ole.invalid" })).await.expect(200);
    assert_eq!((&guessed["source"], &guessed["incoming"]["host"]), (&json!("guess"), &json!("imap.ei-ole.invalid")));
    shop.owner().post("mailboxes/discovery", json!({ "address": "ei osoite" })).await.expect(422);
}
