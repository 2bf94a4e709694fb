use ennakoi_kernel::Duration;
use ennakoi_testkit::{Answer, Client};
use serde_json::{Value, json};

use super::{Bank, between};
use crate::people::{count, text};

const PATH: &str = "fi/a/maksutavat";

/// A reader with a browser of their own.
fn reader(bank: &Bank, browser: &str) -> Client {
    bank.company.app.stranger().with_header("user-agent", browser)
}

async fn token(bank: &Bank, reader: &Client) -> String {
    let page = text(&reader.get(&bank.path(PATH)).await.expect(200));
    between(&page, "name=\"token\" value=\"", "\"").to_owned()
}

async fn vote(bank: &Bank, reader: &Client, token: &str, helpful: &str) -> Answer {
    let request = reader.request("POST".parse().expect("a method"), &bank.path(&format!("{PATH}/feedback")));
    reader.send(request.header("content-type", "application/x-www-form-urlencoded").body(format!("token={token}&helpful={helpful}"))).await
}

async fn counted(bank: &Bank, id: &str) -> (Value, Value) {
    let article = bank.owner().get(&format!("articles/{id}")).await.expect(200);
    (article["helpful"].clone(), article["unhelpful"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_votes_once_and_may_change_their_mind() {
    let bank = Bank::open().await;
    let id = bank.published("Maksutavat", "Kortti.").await;
    let (liisa, matti) = (reader(&bank, "Firefox"), reader(&bank, "Safari"));
    let ticket = token(&bank, &liisa).await;
    assert_eq!(ticket, token(&bank, &liisa).await, "the same reader has the same token");
    let thanked = vote(&bank, &liisa, &ticket, "yes").await;
    assert_eq!((thanked.status.as_u16(), thanked.headers["location"].to_str().unwrap()), (303, format!("{}?rated=yes#feedback", bank.path(PATH)).as_str()));
    assert!(thanked.headers.get("set-cookie").is_none());
    let page = text(&liisa.get(&bank.path(&format!("{PATH}?rated=yes"))).await.expect(200));
    assert!(page.contains("Mukava kuulla") && !page.contains("name=\"token\"") && page.contains("noindex"));
    for _ in 0..3 {
        assert_eq!(vote(&bank, &liisa, &ticket, "yes").await.status, 303);
    }
    assert_eq!(counted(&bank, &id).await, (json!(1), json!(0)), "pressed again is pressed once");
    vote(&bank, &liisa, &ticket, "no").await;
    assert_eq!(counted(&bank, &id).await, (json!(0), json!(1)), "a changed mind moves the vote");
    let other = token(&bank, &matti).await;
    assert_ne!(other, ticket);
    vote(&bank, &matti, &other, "yes").await;
    assert_eq!(counted(&bank, &id).await, (json!(1), json!(1)));
    assert_eq!(count(&bank.company.app, "SELECT COUNT(*) FROM events WHERE kind = 'article.rated'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_presses_at_once_are_one_vote() {
    let bank = Bank::open().await;
    let id = bank.published("Maksutavat", "Kortti.").await;
    let liisa = reader(&bank, "Firefox");
    let ticket = token(&bank, &liisa).await;
    let press = || vote(&bank, &liisa, &ticket, "yes");
    let answers = tokio::join!(press(), press(), press(), press());
    assert!([answers.0, answers.1, answers.2, answers.3].iter().all(|answer| answer.status == 303));
    assert_eq!(counted(&bank, &id).await, (json!(1), json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_one_article_and_not_for_long() {
    let bank = Bank::open().await;
    let id = bank.published("Maksutavat", "Kortti.").await;
    bank.published("Toimitusajat", "2–5 päivää.").await;
    let liisa = reader(&bank, "Firefox");
    let page = text(&liisa.get(&bank.path("fi/a/toimitusajat")).await.expect(200));
    let foreign = between(&page, "name=\"token\" value=\"", "\"").to_owned();
    let ticket = token(&bank, &liisa).await;
    let mut forged = ticket.clone().into_bytes();
    forged[15] = if forged[15] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for (token, helpful) in
        [(foreign.as_str(), "yes"), (&forged, "yes"), ("", "yes"), ("AAAA", "no"), (&ticket, "maybe"), (&ticket, "yes&helpful=no"), (&ticket, "yes&x=1")]
    {
        let refused = vote(&bank, &liisa, token, helpful).await;
        assert_eq!(refused.status, 400, "{token} {helpful}");
        assert!(refused.text.contains("Vastaatko uudelleen?") && refused.text.contains("name=\"token\""), "the reader may try again");
    }
    bank.company.app.clock.advance(Duration::days(1));
    assert_eq!(vote(&bank, &liisa, &ticket, "yes").await.status, 303, "a page that was open over midnight");
    bank.company.app.clock.advance(Duration::days(2));
    assert_eq!(vote(&bank, &liisa, &ticket, "yes").await.status, 400);
    assert_eq!(counted(&bank, &id).await, (json!(1), json!(0)));
    let other = token(&bank, &liisa).await;
    bank.owner().delete(&format!("articles/{id}/texts/fi/publication")).await.expect(200);
    assert_eq!(vote(&bank, &liisa, &other, "yes").await.status, 404, "what is not public is not rated");
}
