//! What is meant beyond the need: how it is done or to have it done, the same for another order, a call while nobody is there.

use serde_json::Value;

use super::flows::{bought, liisa, talk};
use crate::{
    chat::{Shop, options, said},
    people::text,
};

fn last(messages: &[Value]) -> &Value {
    said(messages).last().copied().expect("something was said")
}

fn heard(messages: &[Value]) -> String {
    said(messages).iter().map(|message| text(&message["body"])).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_asks_how_gets_the_article_and_the_flow_to_tap() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let stranger = shop.visitor().await;
    let answer = stranger.ask("1", "Miten palautan tuotteen?").await;
    assert_eq!(last(&answer)["meta"]["sources"][0]["title"], "Tuotteen palauttaminen", "{answer:?}");
    let offered = options(last(&answer));
    assert!(offered.contains(&"flow:begin:return_order".to_owned()) && offered.contains(&"person".to_owned()), "{offered:?}");
    talk(&stranger, &[(">flow:begin:return_order", "tilausnumerosi")]).await;
    // A wish begins it at once, and so does the question of somebody whose orders are known.
    talk(&shop.visitor().await, &[("Haluan palauttaa tuotteen", "tilausnumerosi")]).await;
    talk(&liisa(&shop).await, &[("Miten palautan tuotteen?", "Minkä tilauksen")]).await;
    // Where something is, is asked of one's own order.
    talk(&shop.visitor().await, &[("Missä tilaukseni on?", "tilausnumerosi")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_flow_the_same_is_asked_of_another_order() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let known = liisa(&shop).await;
    talk(&known, &[("Missä tilaus 10022 on?", "JJFI600022"), ("entä tilaus 10023?", "käsittelyssä"), ("entäs se muki", "JJFI600022")]).await;
    // A question of its own in between is answered, and the flow is still what the next number is about.
    talk(&known, &[("Käykö MobilePay?", "MobilePay"), ("entä 10023", "käsittelyssä")]).await;
    assert_eq!(known.conversation().await["owner"], "bot");
    let stranger = shop.visitor().await;
    talk(&stranger, &[("Missä tilaukseni on?", "tilausnumerosi"), ("10022", "sähköpostiosoitteella"), ("asiakas-7@example.fi", "JJFI600022")]).await;
    let answer = stranger.ask("more", "entä tilaus 10023?").await;
    assert!(heard(&answer).contains("sähköpostiosoitteella"), "another order wants its own proof: {}", heard(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_to_be_called_while_nobody_is_there_books_the_call() {
    let shop = Shop::open().await;
    shop.close_for_days().await;
    let caller = shop.visitor().await;
    let answer = caller.ask("1", "voisitteko soittaa mulle").await;
    assert!(heard(&answer).contains("eivät ole juuri nyt paikalla") && heard(&answer).contains("Mitä soitto koskee"), "{}", heard(&answer));
    assert!(options(last(&answer)).contains(&"person".to_owned()), "{answer:?}");
    assert_eq!(caller.conversation().await["owner"], "bot");
    talk(&caller, &[("sohvan toimitus", "numeroon"), ("040 123 4567", "päivä"), ("huomenna", "aikaan"), ("aamulla", "oikein"), ("joo", "kirjattu")]).await;
    assert_eq!(shop.owner().get("requests").await.expect(200)["items"][0]["kind"], "call");
    // A person stays a tap away, and whoever says it again under way means it.
    let second = shop.visitor().await;
    second.ask("1", "soittakaa mulle").await;
    second.ask("2", "haluan että joku soittaa mulle").await;
    assert_eq!(second.conversation().await["owner"], "queue");
    // Who asks for a person and not for a call waits for one.
    let third = shop.visitor().await;
    third.ask("1", "Haluan puhua ihmisen kanssa").await;
    assert_eq!(third.conversation().await["owner"], "queue");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_people_are_there_a_wish_to_be_called_goes_to_them() {
    let shop = Shop::open().await;
    shop.hours(crate::chat::always()).await;
    let caller = shop.visitor().await;
    caller.ask("1", "voisitteko soittaa mulle").await;
    assert_eq!(caller.conversation().await["owner"], "queue");
}
