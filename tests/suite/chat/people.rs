//! Reaching people: now, at night, again, and what is asked at the end.

use ennakoi_kernel::Duration;
use serde_json::{Value, json};

use super::{Shop, always, options, said};
use crate::people::text;

/// Monday is 0.
fn weekday(at: i64) -> usize {
    usize::try_from((at / 86_400_000_000 + 3) % 7).unwrap()
}

const SHORT: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FINNISH: [&str; 7] = ["maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina", "sunnuntaina"];

impl Shop {
    /// Closed now; open for an hour at nine, three days from now. Returns that weekday.
    pub(crate) async fn close_for_days(&self) -> usize {
        let day = weekday(self.company.app.app.environment.now().0 + 3 * 86_400_000_000);
        self.hours(json!({ SHORT[day]: [["09:00", "10:00"]] })).await;
        day
    }

    async fn row(&self, conversation: &Value) -> Value {
        self.owner().get(&format!("conversations/{}", text(&conversation["id"]))).await.expect(200)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_opening_hours_a_person_takes_over_at_once() {
    let shop = Shop::open().await;
    shop.hours(always()).await;
    let aino = shop.company.colleague("aino", "agent").await;
    aino.put("availability", json!({ "availability": "online" })).await.expect(204);
    let visitor = shop.visitor().await;
    visitor.ask("1", "Missä pakettini on?").await;
    let handed = visitor.client.post("/widget/v1/person", json!({})).await.expect(200);
    assert!(handed["owner"] == "queue" || handed["owner"] == "agent", "{handed}");
    shop.company.app.settle().await;
    let row = shop.row(&visitor.conversation().await).await;
    assert_eq!((&row["owner"]["kind"], &row["owner"]["agent"]["name"], &row["reason"]), (&json!("agent"), &json!("aino"), &json!("person_requested")));
    assert!(row["routing"]["considered"].as_array().is_some_and(|considered| !considered.is_empty()), "the choice is explained: {row}");
    // Asking again changes nothing.
    visitor.client.post("/widget/v1/person", json!({})).await.expect(200);
    let answer = json!({ "client_key": "a", "body": "Hei, katson heti.", "visibility": "public" });
    aino.post(&format!("conversations/{}/messages", text(&row["id"])), answer).await.expect(201);
    let last = visitor.messages().await.pop().unwrap();
    assert_eq!((&last["body"], &last["author"]["kind"], &last["author"]["name"]), (&json!("Hei, katson heti."), &json!("staff"), &json!("aino")));
    // While a person has it, the bot is quiet.
    let heard = visitor.ask("2", "Käykö MobilePay?").await;
    assert!(said(&heard).is_empty(), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_them_it_is_said_when_people_are_there_and_an_address_is_taken() {
    let shop = Shop::open().await;
    let day = shop.close_for_days().await;
    let visitor = shop.visitor().await;
    let config = shop.company.app.stranger().get(&format!("/widget/v1/{}/config?locale=fi", shop.public_key)).await.expect(200);
    assert_eq!(config["open"]["open"], false);
    let heard = visitor.ask("1", "Haluan puhua ihmisen kanssa").await;
    let told = heard.iter().map(|message| text(&message["body"])).collect::<Vec<_>>().join("\n");
    assert!(told.contains(&format!("{} klo 9.00", FINNISH[day])), "{told}");
    assert!(heard.iter().any(|message| message["kind"] == "form"), "{heard:?}");
    let conversation = visitor.conversation().await;
    assert_eq!(conversation["owner"], "queue");
    let details = format!("/widget/v1/conversations/{}/contact-details", text(&conversation["id"]));
    assert_eq!(visitor.client.post(&details, json!({})).await.expect(422)["errors"][0]["field"], "email");
    assert_eq!(visitor.client.post(&details, json!({ "email": "ei osoite" })).await.expect(422)["errors"][0]["field"], "email");
    visitor.client.post(&details, json!({ "name": "Liisa", "email": "liisa@example.fi" })).await.expect(204);
    let row = shop.row(&conversation).await;
    assert_eq!((&row["contact"]["name"], &row["contact"]["email"]), (&json!("Liisa"), &json!("liisa@example.fi")));
    // Meanwhile the bot answers what it can, and does not repeat that nobody is there.
    let heard = visitor.ask("2", "Käykö MobilePay?").await;
    let spoken = said(&heard);
    assert_eq!((spoken.len(), &spoken[0]["meta"]["sources"][0]["title"]), (1, &json!("Maksutavat")), "{heard:?}");
    assert_eq!(visitor.conversation().await["owner"], "queue", "it still waits for a person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_goes_on_in_the_same_conversation() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    visitor.ask("1", "Miten palautan tuotteen?").await;
    let heard = visitor.tap("2", "not_helped", "Ei auttanut").await;
    let offered = *said(&heard).last().unwrap();
    assert!(options(offered).contains(&"person".to_owned()), "{offered}");
    let heard = visitor.ask("3", "Miten palautan tuotteen?").await;
    assert!(
        said(&heard).iter().all(|message| message["meta"]["sources"][0]["title"] != "Tuotteen palauttaminen"),
        "what did not help is not said again: {heard:?}"
    );
    assert_eq!(visitor.client.get("/widget/v1/conversations").await.expect(200).as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_conversation_is_rated_and_goes_on_within_a_week() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    visitor.ask("1", "Haluan puhua ihmisen kanssa").await;
    let first = text(&visitor.conversation().await["id"]);
    let rating = format!("/widget/v1/conversations/{first}/rating");
    let close = async || shop.owner().put(&format!("conversations/{first}/closure"), json!({})).await.expect(200);
    close().await;
    assert_eq!((&visitor.conversation().await["state"], &visitor.conversation().await["ask_rating"]), (&json!("closed"), &json!(true)));
    for wrong in [json!({ "score": 0 }), json!({ "score": 6 }), json!({ "score": "5" }), json!({ "stars": 5 })] {
        visitor.client.put(&rating, wrong.clone()).await.expect(422);
    }
    let rated = visitor.client.put(&rating, json!({ "score": 4, "solved": true, "comment": "kiitos" })).await.expect(200);
    assert_eq!((&rated["rating"], &rated["solved"], &rated["ask_rating"]), (&json!(4), &json!(true), &json!(false)));
    assert_eq!(shop.row(&visitor.conversation().await).await["rating"], 4);
    shop.company.app.clock.advance(Duration::days(6));
    let again = visitor.send("2", "Vielä yksi asia").await.expect(201);
    assert_eq!(text(&again["conversation_id"]), first);
    assert_eq!(visitor.conversation().await["state"], "open");
    close().await;
    shop.company.app.clock.advance(Duration::days(8));
    let later = visitor.send("3", "Missä pakettini on?").await.expect(201);
    assert_ne!(text(&later["conversation_id"]), first, "after a week a new one begins");
    shop.company.app.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_soon_people_answer_is_measured_and_said_only_when_it_is_known() {
    let shop = Shop::open().await;
    let config = format!("/widget/v1/{}/config", shop.public_key);
    let said = async || shop.company.app.stranger().get(&config).await.expect(200)["reply_minutes"].clone();
    assert_eq!(said().await, json!(null));
    for number in 0..8 {
        let visitor = shop.visitor().await;
        visitor.send("a", &format!("Hei {number}")).await.expect(201);
        let id = text(&visitor.client.post("/widget/v1/person", json!({})).await.expect(200)["id"]);
        shop.company.app.settle().await;
        shop.owner().post(&format!("conversations/{id}/claim"), json!({})).await.expect(200);
        shop.company.app.clock.advance(ennakoi_kernel::Duration::seconds(100));
        shop.owner()
            .post(&format!("conversations/{id}/messages"), json!({ "client_key": format!("k{number}"), "body": "Hei!", "visibility": "public" }))
            .await
            .expect(201);
        shop.owner().put(&format!("conversations/{id}/closure"), json!({})).await.expect(200);
    }
    assert_eq!(said().await, json!(2), "100 seconds are less than two minutes");
    shop.company.app.settle().await;
}
