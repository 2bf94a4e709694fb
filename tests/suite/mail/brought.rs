//! Mails that others bring: another mail server by LMTP, Mailgun, Postmark and Amazon by calls.

use base64::{Engine, prelude::BASE64_STANDARD};
use ennakoi_kernel::Duration;
use ennakoi_testkit::{Answer, LmtpClient};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{ADDRESS, Office, id, settings};
use crate::people::text;

pub(crate) const KEY: &str = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0";
const TOPIC: &str = "arn:aws:sns:eu-north-1:123456789012:posti";

pub(crate) fn mail(key: &str, words: &str) -> String {
    format!(
        "Authentication-Results: mx.kone.example; dmarc=pass header.from=example.fi\r\nFrom: Liisa Meri <liisa@example.fi>\r\nTo: {ADDRESS}\r\n\
         Subject: Paketti\r\nMessage-ID: <{key}@example.fi>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    )
}

fn signature(key: &str, timestamp: i64, token: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{timestamp}{token}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A form as Mailgun posts it.
pub(crate) fn form(key: &str, timestamp: i64, token: &str, mail: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        [("recipient", ADDRESS), ("timestamp", &timestamp.to_string()), ("token", token), ("signature", &signature(key, timestamp, token)), ("body-mime", mail)]
    {
        form.append_pair(name, value);
    }
    form.finish()
}

impl Office {
    pub(crate) fn seconds(&self) -> i64 {
        self.shop.company.app.app.environment.now().seconds()
    }

    /// Where the provider calls, as the settings say.
    pub(crate) async fn hook(&self) -> url::Url {
        let arrival = self.owner().get(&format!("mailboxes/{}/arrival", self.mailbox)).await.expect(200);
        url::Url::parse(&text(&arrival["url"])).unwrap()
    }

    pub(crate) fn mailgun_path(&self) -> String {
        format!("/channels/v1/mail/{}/mailgun/mime", self.mailbox)
    }

    pub(crate) async fn mailgun(&self, body: String) -> Answer {
        let stranger = self.shop.company.app.stranger();
        let request = stranger.request(Method::POST, &self.mailgun_path()).header("content-type", "application/x-www-form-urlencoded").body(body);
        stranger.send(request).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mail_server_delivers_and_is_told_what_became_of_each() {
    let office = Office::open_brought(json!({ "arrival": "lmtp", "plus_addressing": true }), json!({})).await;
    let arrival = office.owner().get(&format!("mailboxes/{}/arrival", office.mailbox)).await.expect(200);
    assert_eq!((text(&arrival["lmtp"]), &arrival["url"]), (office.lmtp().to_string(), &Value::Null));
    let mut wire = LmtpClient::connect(office.lmtp()).await;
    let answers = wire.deliver("liisa@example.fi", &[ADDRESS, "muu@kone.example"], mail("a", ".Pisteellä alkava rivi.").as_bytes()).await;
    assert!(answers[0].starts_with("250") && answers[1].starts_with("550 5.1.1"), "{answers:?}");
    let conversation = office.conversation(1).await;
    let said = office.said(&id(&conversation), 1).await;
    assert_eq!(said[0]["body"], ".Pisteellä alkava rivi.");
    assert_eq!(said[0]["meta"]["origin"]["proof"], "proven", "our own server's judgement is known by its name");
    office.connected().await;
    // An answer, and the customer's reply to the address of the conversation, which only the envelope names.
    let answered = office.answer(&id(&conversation), "1", json!({})).await;
    office.delivery(&id(&conversation), &answered, "sent").await;
    let reply_to = office.sink.mail(1).await.header("Reply-To").unwrap();
    let reply_to = reply_to.rsplit('<').next().unwrap().trim_end_matches('>').to_owned();
    assert!(reply_to.contains('+'), "{reply_to}");
    let answers = wire.deliver("liisa@example.fi", &[&reply_to], mail("b", "Kiitos!").as_bytes()).await;
    assert!(answers[0].starts_with("250"), "{answers:?}");
    assert_eq!(office.said(&id(&conversation), 3).await[2]["body"], "Kiitos!");
    // The same again is taken again and changes nothing.
    assert!(wire.deliver("liisa@example.fi", &[&reply_to], mail("b", "Kiitos!").as_bytes()).await[0].starts_with("250"));
    assert_eq!((office.conversations().await.len(), office.messages(&id(&conversation)).await.len()), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn lmtp_keeps_to_its_rules_with_those_who_do_not() {
    let office = Office::open_brought(json!({ "arrival": "lmtp" }), json!({})).await;
    let mut wire = LmtpClient::connect(office.lmtp()).await;
    for (line, expected) in [
        ("RCPT TO:<tuki@kone.example>", "503"),
        ("DATA", "503"),
        ("EHLO x", "500"),
        ("MAIL FROM:<a@b.fi> SIZE=999999999", "552"),
        ("MAIL FROM:a@b.fi", "501"),
        ("MAIL FROM:<a@b.fi>", "250"),
        ("RCPT TO:<>", "501"),
        ("RCPT TO:<vieras@muualla.example>", "550"),
        ("RCPT TO:<TUKI+mika@KONE.example>", "250"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("NOOP", "250"),
    ] {
        let said = wire.say(line).await;
        assert!(said.starts_with(expected), "{line}: {said}");
    }
    // A channel that is off takes nothing; neither does a mailbox that is read by IMAP.
    office.owner().patch(&format!("channels/{}", office.channel), json!({ "enabled": false })).await.expect(200);
    assert!(wire.deliver("a@b.fi", &[ADDRESS], mail("x", "Hei").as_bytes()).await[0].starts_with("451 4.2.1"));
    office.owner().patch(&format!("channels/{}", office.channel), json!({ "enabled": true })).await.expect(200);
    // More than is taken: refused, and the dialogue goes on.
    let large = mail("large", "Iso") + &("y".repeat(998) + "\r\n").repeat(42_100);
    assert!(wire.deliver("a@b.fi", &[ADDRESS], large.as_bytes()).await[0].starts_with("552"));
    assert!(wire.deliver("liisa@example.fi", &[ADDRESS], mail("ok", "Tämä mahtuu.").as_bytes()).await[0].starts_with("250"));
    assert_eq!(office.said(&id(&office.conversation(1).await), 1).await[0]["body"], "Tämä mahtuu.");
    assert_eq!(office.conversations().await.len(), 1);
    // A dot between bare line feeds ends nothing: what follows it is no second mail.
    for line in ["MAIL FROM:<liisa@example.fi>", &format!("RCPT TO:<{ADDRESS}>")] {
        assert!(wire.say(line).await.starts_with("250"));
    }
    assert!(wire.say("DATA").await.starts_with("354"));
    let hidden = mail("outer", "Yksi\n.\nMAIL FROM:<pomo@kone.example>\r\nRCPT TO:<tuki@kone.example>\nDATA\n.\r\nloppu");
    wire.write(hidden.as_bytes()).await;
    let answer = wire.say(".").await;
    assert!(answer.starts_with("250"), "{answer}");
    assert_eq!(wire.say("NOOP").await, "250 2.0.0 here", "no answers to commands within the mail");
    assert!(wire.say("QUIT").await.starts_with("221"));
    assert_eq!(office.conversations().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn mailgun_brings_mails_under_its_signature_and_each_token_once() {
    let office = Office::open_brought(json!({ "arrival": "mailgun" }), json!({ "signing_key": KEY })).await;
    let now = office.seconds();
    office.mailgun(form(KEY, now, "t1", &mail("a", "Missä pakettini on?"))).await.expect(200);
    office.mailgun(form(KEY, now, "t1", &mail("a", "Missä pakettini on?"))).await.expect(200);
    assert_eq!(office.mailgun(form(KEY, now, "t1", &mail("b", "Vaihtakaa osoite."))).await.expect(401)["code"], "token_used");
    assert_eq!(office.mailgun(form("key-other", now, "t2", &mail("c", "Vaihtakaa osoite."))).await.expect(401)["code"], "signature_invalid");
    for off in [-10 * 3_600, 600] {
        let skewed = office.mailgun(form(KEY, now + off, "t3", &mail("d", "Vaihtakaa osoite."))).await.expect(401);
        assert_eq!(skewed["code"], "timestamp_skewed");
    }
    office.mailgun(form(KEY, now, "t4", "")).await.expect(422);
    let said = office.said(&id(&office.conversation(1).await), 1).await;
    assert_eq!((said.len(), &said[0]["body"]), (1, &json!("Missä pakettini on?")));
    assert_eq!(office.conversations().await.len(), 1);
    office.connected().await;
    // As a form of parts, as Mailgun sends it when there are files.
    let parts = [("timestamp", now.to_string()), ("token", "t5".to_owned()), ("signature", signature(KEY, now, "t5")), ("recipient", ADDRESS.to_owned())];
    let form = parts.into_iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text(name, value));
    let stranger = office.shop.company.app.stranger();
    let path = office.hook().await.path().to_owned();
    assert_eq!(path, office.mailgun_path());
    stranger.send(stranger.request(Method::POST, &path).multipart(form.text("body-mime", mail("e", "Toinen asia.")))).await.expect(200);
    assert_eq!(office.said(&id(&office.conversation(2).await), 1).await[0]["body"], "Toinen asia.");
    // The key is never shown, and the address of the hook only to those who manage settings.
    let shown = office.owner().get(&format!("mailboxes/{}", office.mailbox)).await;
    assert!(!shown.text.contains(KEY) && !shown.text.contains("/channels/v1/mail"));
    let agent = office.shop.company.colleague("aino", "agent").await;
    agent.get(&format!("mailboxes/{}/arrival", office.mailbox)).await.expect(403);
    // A mailbox that gets its mail another way has no such door.
    stranger.send(stranger.request(Method::POST, &path.replace("mailgun/mime", "postmark")).json(&json!({}))).await.expect(404);
    let unsigned = json!({ "settings": { "name": "x", "arrival": "mailgun", "outgoing": { "host": "x.example", "port": 465, "security": "tls" }, "sign_in": "password" } });
    let mut new = unsigned.clone();
    new["address"] = json!("toinen@kone.example");
    new["secrets"] = json!({ "password": "x" });
    assert_eq!(office.owner().post("mailboxes", new).await.expect(422)["errors"][0]["field"], "secrets.signing_key");
}

#[tokio::test(flavor = "multi_thread")]
async fn postmark_brings_mails_by_the_password_of_its_address() {
    let office = Office::open_brought(json!({ "arrival": "postmark" }), json!({})).await;
    let hook = office.hook().await;
    let stranger = office.shop.company.app.stranger();
    let call = |password: Option<String>, body: Value| {
        let mut request = stranger.request(Method::POST, hook.path());
        if let Some(password) = password {
            request = request.header("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{password}", hook.username()))));
        }
        stranger.send(request.json(&body))
    };
    let good = || hook.password().map(str::to_owned);
    let body = |key: &str, words: &str| json!({ "From": "liisa@example.fi", "MessageID": "22c7", "OriginalRecipient": ADDRESS, "RawEmail": mail(key, words), "Attachments": [] });
    call(good(), body("a", "Missä pakettini on?")).await.expect(200);
    call(good(), body("a", "Missä pakettini on?")).await.expect(200);
    for wrong in [None, Some(String::new()), Some("0".repeat(40))] {
        call(wrong, body("b", "Vaihtakaa osoite.")).await.expect(401);
    }
    assert_eq!(call(good(), json!({ "TextBody": "Hei" })).await.expect(422)["errors"][0]["field"], "RawEmail");
    let said = office.said(&id(&office.conversation(1).await), 1).await;
    assert_eq!((office.conversations().await.len(), said.len()), (1, 1));
    office.connected().await;
    office.shop.company.app.clock.advance(Duration::days(2));
    call(good(), body("a", "Missä pakettini on?")).await.expect(200);
    assert_eq!(office.messages(&id(&office.conversation(1).await)).await.len(), 1, "days later it is still the same");
    // An address that others have learnt is changed: the old one opens nothing any more.
    office.owner().patch(&format!("mailboxes/{}", office.mailbox), json!({ "secrets": { "signing_key": "uusi" } })).await.expect(200);
    call(good(), body("c", "Vaihtakaa osoite.")).await.expect(401);
    let changed = office.hook().await;
    assert_ne!(changed.password(), hook.password());
    call(changed.password().map(str::to_owned), body("d", "Toinen asia.")).await.expect(200);
    office.conversation(2).await;
    // Another server for what goes out forgets the password for it, and brings no old address back.
    let mut settings = settings(&office.dovecot, &office.sink);
    settings["arrival"] = json!("postmark");
    settings["outgoing"]["host"] = json!("smtp.muualla.example");
    let change = json!({ "settings": settings, "secrets": { "password": "toinen" } });
    office.owner().patch(&format!("mailboxes/{}", office.mailbox), change).await.expect(200);
    assert_eq!(office.hook().await.password(), changed.password());
    call(good(), body("e", "Vaihtakaa osoite.")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_a_mail_server_delivers_to_belongs_to_one_company() {
    let office = Office::open_brought(json!({ "arrival": "lmtp" }), json!({})).await;
    let neighbour = office.shop.company.neighbour().await;
    let mut settings = settings(&office.dovecot, &office.sink);
    let claim = |address: &str, settings: &Value| json!({ "address": address, "secrets": { "password": "x" }, "settings": settings });
    settings["arrival"] = json!("lmtp");
    for address in [ADDRESS, "tuki+laskut@kone.example"] {
        let refused = neighbour.post("mailboxes", claim(address, &settings)).await.expect(422);
        assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["code"]), (&json!("address"), &json!("taken_elsewhere")), "{address}");
    }
    // Who fetches mails with a password of their own may name any address; not so once the mail server is to deliver them.
    settings["arrival"] = json!("imap");
    let made = neighbour.post("mailboxes", claim(ADDRESS, &settings)).await.expect(201);
    settings["arrival"] = json!("lmtp");
    neighbour.patch(&format!("mailboxes/{}", text(&made["id"])), json!({ "settings": settings })).await.expect(422);
    office.shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amazons_notices_are_refused_unless_signed_and_of_the_topic() {
    let office = Office::open_brought(json!({ "arrival": "ses", "topic": TOPIC }), json!({})).await;
    let path = office.hook().await.path().to_owned();
    let stranger = office.shop.company.app.stranger();
    let notice = json!({
        "Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Message": json!({ "notificationType": "Received", "content": mail("a", "Hei") }).to_string(),
        "Timestamp": "2026-11-30T12:00:00.000Z", "SignatureVersion": "2", "Signature": "AAAA",
        "SigningCertURL": "https://sns.eu-north-1.amazonaws.com.evil.example/x.pem",
    });
    for (change, code) in [
        (json!({}), "signature_invalid"),
        (json!({ "TopicArn": "arn:aws:sns:eu-north-1:999999999999:muu" }), "topic_unknown"),
        (json!({ "SignatureVersion": "1" }), "signature_invalid"),
        (json!({ "SigningCertURL": "http://127.0.0.1/x.pem" }), "signature_invalid"),
        (json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": "https://evil.example/" }), "signature_invalid"),
    ] {
        let mut body = notice.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = stranger.send(stranger.request(Method::POST, &path).header("content-type", "text/plain; charset=UTF-8").body(body.to_string())).await;
        assert_eq!(answer.expect(401)["code"], code, "{change}");
    }
    assert!(office.conversations().await.is_empty());
}
