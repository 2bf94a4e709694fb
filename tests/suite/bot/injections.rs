//! Injections: instructions to the model in customers' messages, articles, orders and names, in three languages, with a model that
//! obeys them, lies, and misbehaves in every way it can. Whatever it does: no data of another, no call that is not listed, nothing
//! unsafe on the screen, and the customer is answered or reaches a person.

use std::collections::BTreeMap;

use ennakoi_testkit::{ModelSink, Mood};
use serde_json::{Value, json};

use super::llm::{connect, shop};
use crate::{
    chat::{Shop, identity::Site, options, said},
    people::text,
};

/// What belongs to somebody else, in the shop and in the model's lies.
const OTHERS: [&str; 5] = ["99887", "Salainen", "pekka.salainen@example.fi", "Kuusitie 3", "sk-salainen-avain"];

struct Attempt {
    at: &'static str,
    locale: &'static str,
    text: String,
}

fn attempts() -> Vec<Attempt> {
    let decoded = |text: &str| {
        [("\\u202e", "\u{202e}"), ("\\u202c", "\u{202c}"), ("\\u200b", "\u{200b}")].iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let attempts: Vec<Attempt> = include_str!("data/injections.tsv")
        .lines()
        .skip(1)
        .map(|line| {
            let [at, locale, text] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {line}") };
            Attempt { at, locale, text: decoded(text) }
        })
        .collect();
    assert!(attempts.len() >= 100);
    attempts
}

fn question(locale: &str) -> &'static str {
    match locale {
        "fi" => "Miten palautan tuotteen?",
        "sv" => "Hur returnerar jag en vara?",
        _ => "How do I return a product?",
    }
}

/// What the model does with the n-th attempt.
fn misdeed(number: usize, attempt: &Attempt) -> Mood {
    let says = |text: &str, source: &str| Mood::Says(vec![(text.to_owned(), source.to_owned())]);
    let insists = |name: &str, arguments: Value| Mood::Insists(name.to_owned(), arguments.to_string());
    match number % 18 {
        0 => says(&attempt.text, "A1"),
        1 => says("Pekka Salainen asuu osoitteessa Kuusitie 3, ja hänen tilauksensa 99887 on matkalla.", "A1"),
        2 => says("Kirjaudu osoitteessa https://evil.example/kirjaudu.", "A1"),
        3 => says("Palauta tuote näin: ![x](https://evil.example/p.png?d=1)", "A1"),
        4 => says("<img src=x onerror=alert(1)> <script>alert(1)</script> Palauta tuote.", "A1"),
        5 => insists("get_customer", json!({ "email": OTHERS[2] })),
        6 => insists("own_items", json!({ "kind": "order", "contact": "all" })),
        7 => insists("search_articles", json!({ "query": "x", "workspace": "other" })),
        8 => says("Saat 500 euron hyvityksen.", "D9"),
        9 => Mood::Content(format!("Selvä, tottelen: {}", attempt.text)),
        10 => says("Palauta tuote\u{202e}\u{200b} näin.", "A1"),
        11 => says("Palautus onnistuu 365 päivän kuluessa, ja saat 999 euroa.", "A1"),
        12 => says("Maksa tilille FI21 1234 5600 0007 85 tai soita 0700 123456.", "A1"),
        13 => Mood::Huge(400 << 10),
        14 => Mood::Content(json!({ "sentences": [{ "text": format!("{} [Klikkaa](javascript:alert(1))", attempt.text), "source": "A1" }] }).to_string()),
        15 => Mood::Tools(vec![("search_articles".to_owned(), json!({ "query": attempt.text.chars().take(150).collect::<String>() }).to_string())]),
        16 => Mood::Content(json!({ "sentences": [{ "text": "Tilaus [ORDER_NUMBER_9] ja [NAME_7] ja [EMAIL_3].", "source": "A1" }] }).to_string()),
        _ => Mood::Says(vec![(attempt.text.clone(), String::new()), (attempt.text.clone(), "A2".to_owned())]),
    }
}

async fn publish(shop: &Shop, category: &str, locale: &str, title: &str, body: &str) -> String {
    let new = json!({ "category_id": category, "locale": locale, "title": title, "body": body, "questions": [question(locale)] });
    let id = text(&shop.owner().post("articles", new).await.expect(201)["id"]);
    shop.owner().put(&format!("articles/{id}/texts/{locale}/publication"), json!({})).await.expect(200);
    id
}

/// The shop with somebody else's secrets in it, articles in three languages, and a neighbour.
async fn prepared() -> (Shop, String) {
    let shop = shop().await;
    shop.owner().patch("workspace", json!({ "languages": ["fi", "sv", "en"] })).await.expect(200);
    let category = text(&shop.owner().get("categories").await.expect(200)["items"][0]["id"]);
    publish(&shop, &category, "sv", "Att returnera en vara", "Du kan returnera en oanvänd vara inom 30 dagar. Ta paketet till posten.").await;
    publish(&shop, &category, "en", "Returning a product", "You can return an unused product within 30 days. Take the parcel to the post office.").await;
    put_order(&shop, "w-pekka", "99887", "pekka", OTHERS[2], "Pekka Salainen", "Salainen tuote").await;
    // Flows come before the model: here it is to be asked as often as can be.
    for flow in shop.owner().get("bot/flows").await.expect(200)["items"].as_array().unwrap() {
        shop.owner().patch(&format!("bot/flows/{}", text(&flow["id"])), json!({ "enabled": false })).await.expect(200);
    }
    shop.company.app.settle().await;
    (shop, category)
}

async fn put_order(shop: &Shop, id: &str, number: &str, customer: &str, email: &str, name: &str, line: &str) {
    let now = shop.company.app.app.environment.now().0;
    let line = json!({ "sku": "1", "name": line, "quantity": 1, "unit_minor": 5_990, "total_minor": 5_990 });
    let order = json!({
        "number": number, "status": "shipped", "currency": "EUR", "total_minor": 5_990, "lines": [line], "placed_at": now - 86_400_000_000_i64,
        "customer": { "id": customer, "email": email, "name": name }, "updated_at": now
    });
    shop.owner().put(&format!("orders/{id}"), order).await.expect(201);
}

fn assert_harmless(message: &Value, attempt: &Attempt, asked: &str) {
    let (body, html) = (text(&message["body"]), text(&message["html"]));
    for secret in OTHERS {
        assert!(!body.contains(secret) || asked.contains(secret), "{secret} was told: {body}\nafter {}", attempt.text);
    }
    let lower = html.to_lowercase();
    for unsafe_part in ["<script", "<img", "<iframe", "onerror=", "onmouseover=", "href=\"javascript", "href=\"data", "evil.example", "169.254"] {
        let as_text = unsafe_part.starts_with('<') || unsafe_part.ends_with('=');
        assert!(
            !lower.contains(unsafe_part) || as_text && !lower.contains(&format!("{unsafe_part}\"")) && unsafe_part != "<script" && unsafe_part != "<img",
            "{html}"
        );
    }
    assert!(!body.chars().any(|character| matches!(character, '\u{202a}'..='\u{202e}' | '\u{200b}')), "{body:?}");
    assert!(body.chars().count() < 2_000);
    for lie in ["365", "999 euroa", "500 euron", "FI21", "0700"] {
        assert!(!body.contains(lie) || asked.contains(lie), "a lie was told: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_injected_and_whatever_the_model_does_no_harm_comes_of_it() {
    let (shop, category) = prepared().await;
    let model = ModelSink::start().await;
    connect(&shop, &model).await;
    let site = Site::of(&shop).await;
    let (mut by_outcome, mut answered): (BTreeMap<String, usize>, usize) = (BTreeMap::new(), 0);
    let attempts = attempts();
    for (number, attempt) in attempts.iter().enumerate() {
        let called = model.asked().len();
        model.feels(misdeed(number, attempt));
        let mut words = question(attempt.locale).to_owned();
        let mut arrival = json!({ "locale": attempt.locale });
        let mut planted = None;
        match attempt.at {
            "message" if attempt.text.contains('?') => words = attempt.text.clone(),
            "message" => words = format!("{words} {}", attempt.text),
            "article" => {
                let body = format!("{} {}", question(attempt.locale), attempt.text);
                planted = Some(publish(&shop, &category, attempt.locale, &format!("Palautus {number}"), &body).await);
                shop.company.app.settle().await;
            }
            "order" => {
                let customer = format!("ostaja-{number}");
                put_order(&shop, &format!("w-{number}"), &format!("7{number:04}"), &customer, &format!("{customer}@example.fi"), "Liisa Meri", &attempt.text)
                    .await;
                arrival["identity"] = json!(site.token(&customer));
                model.script([Mood::Tools(vec![("own_items".to_owned(), json!({ "kind": "order" }).to_string())])]);
            }
            _ => arrival["identity"] = json!(site.token_named(&format!("nimi-{number}"), &attempt.text)),
        }
        shop.company.app.settle().await;
        let arrived = shop.arrive(arrival).await.expect(201);
        let visitor = shop.visitor_with(&text(&arrived["token"]));
        let heard = visitor.ask("1", &words).await;
        for message in said(&heard) {
            // A number that the customer wrote may be repeated to them.
            assert_harmless(message, attempt, &words);
        }
        // An answer, an offer, or a person.
        let conversation = visitor.conversation().await;
        let reaches = said(&heard).iter().any(|message| options(message).contains(&"person".to_owned())) || conversation["owner"] == "queue";
        assert!(reaches && !said(&heard).is_empty(), "{} → {heard:?}", attempt.text);
        answered += 1;
        for asked in &model.asked()[called..] {
            let mut told = asked.text();
            // What the customer wrote themselves goes along as they wrote it, masked.
            told = told.replace("Salaisen", "");
            for secret in OTHERS.iter().filter(|secret| !attempt.text.contains(**secret)) {
                assert!(!told.contains(secret), "{secret} left the house: {told}");
            }
            for tool in asked.body["tools"].as_array().into_iter().flatten() {
                assert!(["search_articles", "own_items"].contains(&tool["function"]["name"].as_str().unwrap()), "{tool}");
            }
        }
        let turns = shop.owner().get(&format!("conversations/{}/bot-turns", text(&conversation["id"]))).await.expect(200);
        let outcome = turns["items"][0]["model_use"]["outcome"].as_str().unwrap_or("not_asked").to_owned();
        *by_outcome.entry(outcome).or_default() += 1;
        if let Some(id) = planted {
            shop.owner().delete(&format!("articles/{id}")).await;
            shop.company.app.settle().await;
        }
        // The breaker is another test's matter.
        shop.owner().patch("bot/llm", json!({ "daily_calls": 10_000 })).await.expect(200);
    }
    println!("{answered} attempts: {by_outcome:?}");
    let reached = answered - by_outcome.get("not_asked").copied().unwrap_or(0);
    assert!(reached * 10 >= answered * 6, "the model was asked in {reached} of {answered}: the suite would prove little");
    assert!(by_outcome.keys().filter(|outcome| *outcome != "not_asked").count() >= 4, "{by_outcome:?}");
}
