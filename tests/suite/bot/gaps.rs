//! Knowledge that grows: a gap becomes an article that the bot answers from; an agent's correction is weighed and then learned.

use serde_json::{Value, json};

use super::sources;
use crate::{
    chat::{Shop, said},
    people::text,
};

const UNKNOWN: &str = "Voiko teille tuoda vanhan keinutuolin entisöitäväksi?";

async fn gaps(shop: &Shop) -> Vec<Value> {
    shop.owner().get("gaps?days=28").await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_becomes_an_article_and_the_bot_answers_from_it() {
    let shop = Shop::open().await;
    shop.owner().patch("bot", json!({ "unknowns_before_person": 1 })).await.expect(200);
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", UNKNOWN).await;
    assert!(sources(&heard).is_empty(), "{heard:?}");
    let id = text(&visitor.conversation().await["id"]);
    let answer = "Entisöimme keinutuoleja Oulun verstaallamme. Varaa aika numerosta 040 123 4567, niin arvioimme tuolin ennen työtä.";
    let message = json!({ "client_key": "a", "body": answer, "visibility": "public" });
    shop.owner().post(&format!("conversations/{id}/messages"), message).await.expect(201);
    // A search in the help centre that finds nothing is a gap too.
    let slug = text(&shop.owner().get("workspace").await.expect(200)["slug"]);
    shop.company.app.stranger().get(&format!("/help/{slug}/fi/search.json?q=xylofonikurssi")).await;
    shop.company.app.settle().await;
    let found = gaps(&shop).await;
    let gap = found.iter().find(|gap| gap["wordings"].to_string().contains("keinutuolin")).unwrap_or_else(|| panic!("{found:?}"));
    assert!(text(&gap["draft"]["body"]).contains("Oulun verstaallamme") && text(&gap["draft"]["body"]).contains("[phone]"), "{gap}");
    assert_eq!(gap["contacts"], 1);
    assert!(gap["cost_minutes"].as_u64() >= found.last().unwrap()["cost_minutes"].as_u64(), "the dearest first: {found:?}");
    // As the screen does it: an article of the draft, with the customers' own wordings.
    let category = text(&shop.owner().get("categories").await.expect(200)["items"][0]["id"]);
    let draft = &gap["draft"];
    let new = json!({ "category_id": category, "locale": "fi", "title": "Keinutuolin entisöinti", "body": draft["body"], "questions": draft["questions"] });
    let article = text(&shop.owner().post("articles", new).await.expect(201)["id"]);
    shop.owner().put(&format!("articles/{article}/texts/fi/publication"), json!({})).await.expect(200);
    shop.company.app.settle().await;
    let closed = shop.owner().post("gaps/closures", json!({ "questions": gap["questions"], "article_id": article })).await.expect(200);
    assert_eq!(closed["closed"], 1);
    assert!(!gaps(&shop).await.iter().any(|gap| gap["wordings"].to_string().contains("keinutuolin")));
    let heard = shop.visitor().await.ask("1", UNKNOWN).await;
    assert_eq!(sources(&heard), ["Keinutuolin entisöinti"], "{heard:?}");
    let effects = shop.owner().get("gaps/effects").await.expect(200);
    assert_eq!((&effects["items"][0]["article_id"], &effects["items"][0]["before"]), (&json!(article), &json!(1)), "{effects}");
    shop.owner().post("gaps/closures", json!({ "questions": [] })).await.expect(422);
    let aino = shop.company.colleague("aino", "agent").await;
    aino.post("gaps/closures", json!({ "questions": gap["questions"] })).await.expect(403);
    assert!(shop.company.neighbour().await.get("gaps").await.expect(200)["items"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_weighed_before_it_is_learned() {
    let shop = Shop::open().await;
    let owner = shop.owner();
    let question = "Tartteeko teille kuittia mukaan jos tuon paidan takaisin liikkeeseen";
    let before = shop.visitor().await.ask("1", question).await;
    let articles = owner.get("articles").await.expect(200);
    let wanted =
        articles["items"].as_array().unwrap().iter().find(|article| article["locales"][0]["title"] == "Tuotteen palauttaminen").expect("the article").clone();
    let body = json!({ "article_id": wanted["id"], "question": question, "locale": "fi" });
    let proposed = owner.post("bot/examples", body.clone()).await.expect(201);
    assert_eq!((&proposed["answers_itself"], &proposed["example"]["live"]), (&json!(true), &json!(false)), "{proposed} after {before:?}");
    assert!(proposed["changed"].as_array().unwrap().iter().all(|changed| changed["worse"] == false), "{proposed}");
    let id = text(&proposed["example"]["id"]);
    assert_eq!(owner.put(&format!("bot/examples/{id}/publication"), json!({})).await.expect(200)["live"], true);
    let heard = shop.visitor().await.ask("1", question).await;
    assert_eq!(said(&heard).last().unwrap()["meta"]["sources"][0]["title"], "Tuotteen palauttaminen", "{heard:?}");
    assert_eq!(owner.get("bot/examples").await.expect(200)["items"].as_array().unwrap().len(), 1);
    let unknown = json!({ "article_id": "0190a000-0000-7000-8000-00000000dead", "question": question, "locale": "fi" });
    owner.post("bot/examples", unknown).await.expect(422);
    owner.post("bot/examples", json!({ "article_id": wanted["id"], "question": "", "locale": "fi" })).await.expect(422);
    owner.delete(&format!("bot/examples/{id}")).await.expect(204);
    owner.delete(&format!("bot/examples/{id}")).await.expect(404);
}
