//! The bot answers, asks back, says that it does not know, and gives way.

use serde_json::json;

use super::{Shop, options, said};
use crate::people::text;

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_says_what_it_is_and_answers_from_an_article() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", "moi, missä mun paketti oikein on?").await;
    let spoken = said(&heard);
    assert!(text(&spoken[0]["body"]).contains("kone"), "{heard:?}");
    let answer = spoken[1];
    assert_eq!(answer["meta"]["sources"][0]["title"], "Paketin seuranta");
    assert!(text(&answer["body"]).contains("seurantakoodin"), "{answer}");
    let url = text(&answer["meta"]["sources"][0]["url"]);
    let page = shop.company.app.stranger().get(url.strip_prefix(&shop.company.app.app.public_url()).unwrap_or(&url)).await;
    assert!(page.status == 200 && page.text.contains("Paketin seuranta"), "the source leads to {} {url}", page.status);
    assert!(options(answer).contains(&"person".to_owned()), "the way to a person is always there");
    assert!(answer["meta"].get("bot_turn").is_none_or(serde_json::Value::is_null), "reasons are for staff");
    assert!(answer["author"]["name"].as_str().is_some());
    // Once said, it is not repeated.
    let heard = visitor.ask("2", "entä käykö MobilePay?").await;
    let spoken = said(&heard);
    assert_eq!(spoken.len(), 1, "{heard:?}");
    assert_eq!(spoken[0]["meta"]["sources"][0]["title"], "Maksutavat");
    let heard = visitor.tap("3", "helped", "Auttoi").await;
    assert_eq!(said(&heard).len(), 1);
    assert_eq!(visitor.conversation().await["owner"], "bot");
    // Staff can open the reasons.
    let id = text(&visitor.conversation().await["id"]);
    let turns = shop.owner().get(&format!("conversations/{id}/bot-turns")).await.expect(200);
    let turns = turns.as_array().cloned().unwrap_or_else(|| turns["items"].as_array().unwrap().clone());
    assert!(turns.iter().any(|turn| turn["verdict"] == "answered" && turn["candidates"][0]["confidence"].as_f64().is_some_and(|sure| sure > 0.5)), "{turns:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_asks_back_when_two_articles_fit() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", "palautus").await;
    let asked = *said(&heard).last().unwrap();
    let articles: Vec<String> = options(asked).into_iter().filter(|key| key.starts_with("article:")).collect();
    assert!(articles.len() >= 2, "{asked}");
    let wanted =
        asked["meta"]["options"].as_array().unwrap().iter().find(|option| option["label"] == "Palautuksen rahojen saaminen").expect("both are offered");
    let heard = visitor.tap("2", &text(&wanted["key"]), &text(&wanted["label"])).await;
    let answer = *said(&heard).last().unwrap();
    assert_eq!(answer["meta"]["sources"][0]["title"], "Palautuksen rahojen saaminen");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_says_that_it_does_not_know_and_then_gives_way() {
    let shop = Shop::open().await;
    // None of this is in the articles: nothing may be answered from one, and mostly it is said outright that it is not known.
    let mut unknown = Vec::new();
    let questions = [
        "Kuinka monta kuuta Jupiterilla on?",
        "Mikä on Ranskan pääkaupunki?",
        "Paljonko kello on Tokiossa?",
        "Osaatko leipoa pullaa?",
        "Kuka voitti jääkiekon MM-kisat?",
        "Kuinka syvä Päijänne on?",
        "Millainen sää on huomenna?",
    ];
    for question in questions {
        let turn = shop.owner().post("bot/questions", json!({ "text": question, "locale": "fi" })).await.expect(200);
        assert_ne!(turn["verdict"], "answered", "{question}: {turn}");
        if turn["verdict"] == "rejected" {
            unknown.push(question);
        }
    }
    assert!(2 * unknown.len() > questions.len(), "only {unknown:?} are said to be unknown");
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", unknown[0]).await;
    let spoken = *said(&heard).last().unwrap();
    assert!(spoken["meta"]["sources"].is_null() && options(spoken) == ["person"], "{spoken}");
    assert_eq!(visitor.conversation().await["owner"], "bot");
    visitor.ask("2", unknown[1]).await;
    assert_eq!(visitor.conversation().await["owner"], "queue");
    let id = text(&visitor.conversation().await["id"]);
    assert_eq!(shop.owner().get(&format!("conversations/{id}")).await.expect(200)["reason"], "bot_unsure");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_a_machine_goes_to_people_by_itself() {
    let shop = Shop::open().await;
    for (words, reason) in [
        ("Haluan puhua ihmisen kanssa", "person_requested"),
        ("saisinko asiakaspalvelijan langan päähän kiitos", "person_requested"),
        ("Tililtäni on veloitettu kaksi kertaa sama tilaus, vaadin rahat takaisin", "money_dispute"),
        ("Teidän laturinne syttyi tuleen ja talo palaa, apua!", "emergency"),
        ("Olen erittäin pettynyt palveluunne, tästä teen reklamaation", "complaint"),
    ] {
        let visitor = shop.visitor().await;
        let heard = visitor.ask("1", words).await;
        let conversation = visitor.conversation().await;
        assert_eq!(conversation["owner"], "queue", "{words}: {heard:?}");
        let row = shop.owner().get(&format!("conversations/{}", text(&conversation["id"]))).await.expect(200);
        assert_eq!(row["reason"], reason, "{words}");
        assert!(said(&heard).iter().all(|message| message["meta"]["sources"].is_null()), "{words}: nothing is answered from an article");
        assert_eq!(row["priority"], if reason == "emergency" { json!("urgent") } else { json!("normal") }, "{words}");
        if reason == "emergency" {
            assert!(heard.iter().any(|message| text(&message["body"]).contains("112")), "{heard:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_switched_off_hands_over_and_people_alone_are_asked_first() {
    let shop = Shop::open().await;
    shop.owner().patch("bot", json!({ "enabled": false })).await.expect(200);
    let visitor = shop.visitor().await;
    visitor.ask("1", "Missä pakettini on?").await;
    assert_eq!(visitor.conversation().await["owner"], "queue");
    shop.owner().patch("bot", json!({ "enabled": true })).await.expect(200);
    shop.set(json!({ "mode": "person_only" })).await;
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", "Missä pakettini on?").await;
    assert_eq!((said(&heard).len(), visitor.conversation().await["owner"].clone()), (0, json!("queue")));
    shop.set(json!({ "mode": "bot_only" })).await;
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", "Haluan puhua ihmisen kanssa").await;
    assert!(said(&heard).iter().all(|message| !options(message).contains(&"person".to_owned())), "{heard:?}");
    assert_eq!(visitor.conversation().await["owner"], "bot");
}
