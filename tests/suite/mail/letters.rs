//! Letters of the installation go out through the configured server: once, with patience, and never for ever.

use ennakoi_kernel::Duration;
use ennakoi_store::params;
use ennakoi_testkit::{Act, SmtpSink, Stage};
use serde_json::json;

use crate::people::{Company, count};

async fn company(sink: &SmtpSink) -> Company {
    let url = format!("smtp+plain://{}", sink.address);
    Company::start_with(move |configuration| {
        configuration.mail.smtp_url = url;
        configuration.mail.from = "Käpylän Kone <ilmoitukset@kone.example>".to_owned();
    })
    .await
}

async fn invite(company: &Company, name: &str) {
    company.owner.post("invitations", json!({ "email": format!("{name}@example.fi"), "role": "agent" })).await.expect(201);
}

async fn state_of(company: &Company, state: &str) {
    let sql = format!("SELECT COUNT(*) FROM intents WHERE transport = 'email' AND state = '{state}'");
    for _ in 0..3_000 {
        if count(&company.app, &sql).await > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no letter is {state}");
}

async fn attempts(company: &Company) -> i64 {
    let mut tx = company.app.app.db.read().await.unwrap();
    tx.scalar("SELECT MAX(attempts) FROM intents WHERE transport = 'email'", params![]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_arrives() {
    let sink = SmtpSink::start().await;
    let company = company(&sink).await;
    invite(&company, "aino").await;
    let mail = sink.mail(1).await;
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("ilmoitukset@kone.example", ["aino@example.fi".to_owned()].as_slice()));
    assert!(mail.header("From").unwrap().ends_with("<ilmoitukset@kone.example>"));
    assert_eq!(mail.header("To").unwrap().trim_matches(['<', '>']), "aino@example.fi");
    let id = mail.header("Message-ID").unwrap();
    assert!(id.starts_with("<letter.") && id.ends_with("@kone.example>"), "{id}");
    assert!(mail.bytes.is_ascii(), "any server can carry it");
    assert!(mail.text().replace("=\r\n", "").contains("/app/invitation/"), "{}", mail.text());
    state_of(&company, "sent").await;
    company.app.clock.advance(Duration::days(2));
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(sink.taken().len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_tried_again_under_the_same_name() {
    let sink = SmtpSink::start().await;
    let company = company(&sink).await;
    for (stage, act) in [
        (Stage::Greeting, Act::Say("421 4.3.2 too many connections")),
        (Stage::From, Act::Say("451 4.7.1 greylisted")),
        (Stage::To, Act::Say("450 4.2.1 later")),
        (Stage::Data, Act::HangUp),
        (Stage::End, Act::Say("452 4.3.1 disk full")),
        // The server has taken it, and its answer is lost.
        (Stage::End, Act::HangUp),
    ] {
        sink.will(stage, act);
    }
    invite(&company, "aino").await;
    for tries in 1..=6 {
        for _ in 0..3_000 {
            if attempts(&company).await >= tries {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        state_of(&company, "planned").await;
        assert_eq!(attempts(&company).await, tries, "nobody hurries");
        company.app.clock.advance(Duration::hours(25));
    }
    state_of(&company, "sent").await;
    let taken = sink.taken();
    assert_eq!(taken.len(), 2, "the lost answer makes a second copy");
    assert_eq!(taken[0].header("Message-ID"), taken[1].header("Message-ID"), "which says that it is the same letter");
    assert_eq!(attempts(&company).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_refused_is_left() {
    let sink = SmtpSink::start().await;
    let company = company(&sink).await;
    sink.will(Stage::To, Act::Say("550 5.1.1 no such person"));
    invite(&company, "nobody").await;
    state_of(&company, "failed").await;
    company.app.clock.advance(Duration::days(9));
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!((sink.taken().len(), sink.dialogues()), (0, 1));
    let mut tx = company.app.app.db.read().await.unwrap();
    let (error,): (String,) = tx.one("SELECT last_error FROM intents WHERE state = 'failed'", params![]).await.unwrap();
    assert_eq!(error, "550 5.1.1 no such person");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_letters_wait() {
    let company = Company::start().await;
    invite(&company, "aino").await;
    company.app.clock.advance(Duration::days(1));
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(attempts(&company).await, 0, "nothing is used up while it cannot be sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_signed_in_to() {
    let sink = SmtpSink::start().await;
    let url = format!("smtp+plain://tuki%40kone.example:sala%3Asana@{}", sink.address);
    let company = Company::start_with(move |configuration| {
        configuration.mail.smtp_url = url;
        configuration.mail.from = "tuki@kone.example".to_owned();
    })
    .await;
    invite(&company, "aino").await;
    assert_eq!(sink.mail(1).await.signed_in.as_deref(), Some("\0tuki@kone.example\0sala:sana"));
}
