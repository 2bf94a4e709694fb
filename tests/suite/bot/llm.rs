//! A language model as an option: off it changes nothing, on it answers only from sources, and however it fails the customer is
//! answered all the same.

use std::time::Duration;

use ennakoi_testkit::{ModelSink, Mood};
use serde_json::{Value, json};

use super::flows::{bought, liisa};
use crate::{
    chat::{Shop, options, said},
    people::text,
};

/// A shop whose endpoint may stand on this machine.
pub(super) async fn shop() -> Shop {
    Shop::open_with(|configuration| configuration.security.private_egress = true).await
}

/// Connects the shop with an endpoint and lets it answer and write.
pub(super) async fn connect(shop: &Shop, model: &ModelSink) {
    let settings = json!({ "enabled": true, "url": model.url(), "model": "malli-1", "key": "sk-salainen-avain", "time_limit_ms": 20_000 });
    shop.owner().patch("bot/llm", settings).await.expect(200);
}

pub(super) fn bodies(messages: &[Value]) -> String {
    said(messages).iter().map(|message| text(&message["body"])).collect::<Vec<_>>().join("\n")
}

async fn turn(shop: &Shop, conversation: &Value) -> Value {
    let turns = shop.owner().get(&format!("conversations/{}/bot-turns", text(&conversation["id"]))).await.expect(200);
    turns["items"][0].clone()
}

const QUESTION: &str = "Miten palautan tuotteen?";

#[tokio::test(flavor = "multi_thread")]
async fn off_it_is_never_called_and_nothing_of_it_shows() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    let read = shop.owner().get("bot/llm").await.expect(200);
    assert_eq!((&read["enabled"], &read["has_key"], &read["url"]), (&json!(false), &json!(false), &json!("")));
    let visitor = shop.visitor().await;
    let ordinary = bodies(&visitor.ask("1", QUESTION).await);
    assert_eq!(turn(&shop, &visitor.conversation().await).await["model_use"], Value::Null);
    // Connected, but not switched on.
    shop.owner().patch("bot/llm", json!({ "url": model.url(), "model": "malli-1" })).await.expect(200);
    assert_eq!(bodies(&shop.visitor().await.ask("1", QUESTION).await), ordinary);
    let tasks = shop.owner().get("bot/writing").await.expect(200);
    assert_eq!((&tasks["model"], &tasks["tasks"]), (&Value::Null, &json!(["summarise", "draft"])));
    assert!(model.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_have_bounds_and_the_key_goes_to_one_address_and_is_never_shown() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    for (change, field) in [
        (json!({ "enabled": true }), "url"),
        (json!({ "url": "ftp://a.example" }), "url"),
        (json!({ "url": "nonsense" }), "url"),
        (json!({ "url": "https://user:word@a.example/v1" }), "url"),
        (json!({ "url": "https://a.example/v1?key=1" }), "url"),
        (json!({ "url": model.url(), "enabled": true }), "model"),
        (json!({ "key": "kaksi sanaa" }), "key"),
        (json!({ "time_limit_ms": 100 }), "time_limit_ms"),
        (json!({ "daily_calls": 0 }), "daily_calls"),
        (json!({ "daily_tokens": 10 }), "daily_tokens"),
        (json!({ "temperature": 2 }), "temperature"),
    ] {
        assert_eq!(shop.owner().patch("bot/llm", change.clone()).await.expect(422)["errors"][0]["field"], field, "{change}");
    }
    connect(&shop, &model).await;
    let read = shop.owner().get("bot/llm").await.expect(200);
    assert!(read["has_key"] == true && !read.to_string().contains("salainen-avain"), "{read}");
    let trial = shop.owner().post("bot/llm/trials", json!({})).await.expect(200);
    assert_eq!((&trial["ok"], &trial["outcome"]), (&json!(true), &json!("used")));
    assert_eq!(model.asked()[0].authorization.as_deref(), Some("Bearer sk-salainen-avain"));
    // A change of another setting keeps the key, another address does not get it.
    assert_eq!(shop.owner().patch("bot/llm", json!({ "daily_calls": 5 })).await.expect(200)["has_key"], true);
    let elsewhere = ModelSink::start().await;
    assert_eq!(shop.owner().patch("bot/llm", json!({ "url": elsewhere.url() })).await.expect(200)["has_key"], false);
    shop.owner().post("bot/llm/trials", json!({})).await.expect(200);
    assert_eq!(elsewhere.asked()[0].authorization, None);
    let audit = shop.owner().get("audit?action=bot.llm_changed").await.expect(200);
    assert!(audit["items"].as_array().unwrap().len() >= 3 && !audit.to_string().contains("salainen-avain"), "{audit}");
    for role in ["agent", "viewer"] {
        let colleague = shop.company.colleague(role, role).await;
        colleague.get("bot/llm").await.expect(403);
        colleague.patch("bot/llm", json!({ "enabled": false })).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_the_own_network_need_the_operators_leave() {
    let (shop, model) = (Shop::open().await, ModelSink::start().await);
    let refused = shop.owner().patch("bot/llm", json!({ "url": model.url(), "model": "m" })).await.expect(422);
    assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["code"]), (&json!("url"), &json!("not_allowed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_rests_on_articles_and_tells_what_left_the_house() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    connect(&shop, &model).await;
    let sentence = "Käyttämättömän tuotteen voi palauttaa 30 päivän kuluessa.";
    model.feels(Mood::Says(vec![("Hei!".to_owned(), String::new()), (sentence.to_owned(), "A1".to_owned())]));
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", "Miten palautan tuotteen? Tilaukseni on 4471829 ja osoitteeni liisa.meri@example.fi").await;
    let answer = said(&heard).into_iter().find(|message| message["meta"]["sources"].is_array()).unwrap().clone();
    assert_eq!((&answer["body"], &answer["meta"]["sources"][0]["title"]), (&json!(sentence), &json!("Tuotteen palauttaminen")), "{heard:?}");
    assert!(options(&answer).contains(&"person".to_owned()) && !text(&answer["html"]).contains("<a "));
    let asked = model.asked();
    assert!(!asked[0].text().contains("4471829") && !asked[0].text().contains("liisa.meri"), "{}", asked[0].text());
    let turn = turn(&shop, &visitor.conversation().await).await;
    assert_eq!((&turn["rule"], &turn["verdict"]), (&json!("worded"), &json!("answered")));
    let told = &turn["model_use"];
    assert_eq!((&told["outcome"], &told["model"], &told["masked"]), (&json!("used"), &json!("malli-1"), &json!({ "email": 1, "order_number": 1 })), "{told}");
    assert!(told["sent"].as_array().unwrap().contains(&json!("article:Tuotteen palauttaminen")) && told["sentences"][0]["support"].as_f64().unwrap() > 0.6);
    let today = &shop.owner().get("bot/llm").await.expect(200)["today"];
    assert!(today["calls"] == 1 && today["tokens"].as_i64().unwrap() > 300, "{today}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_customers_own_order_is_told_by_its_number_which_never_leaves() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    bought(&shop).await;
    connect(&shop, &model).await;
    model.script([
        Mood::Tools(vec![("own_items".to_owned(), json!({ "kind": "order" }).to_string())]),
        Mood::Says(vec![("Tilauksen [ORDER_NUMBER_2] tila on lähetetty.".to_owned(), "D2".to_owned())]),
    ]);
    let liisa = liisa(&shop).await;
    let heard = bodies(&liisa.ask("1", "Voinko maksaa lahjakortilla sen mukin, jonka tilasin?").await);
    let asked: String = model.asked().iter().map(|asked| asked.text()).collect();
    for number in ["10021", "10022", "10023", "JJFI600022", "Liisa", "Meri", "asiakas-7"] {
        assert!(!asked.contains(number), "{number} left: {asked}");
    }
    let turn = turn(&shop, &liisa.conversation().await).await;
    assert_eq!(turn["model_use"]["tools"], json!(["own_items:order"]), "{turn}");
    assert!(heard.contains("lähetetty") && heard.contains("1002"), "{heard} {turn}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sensitive_and_what_is_a_flow_never_reaches_it() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    bought(&shop).await;
    connect(&shop, &model).await;
    for question in ["Haluan puhua ihmisen kanssa", "Teen teistä valituksen kuluttajariitalautakuntaan", "moi", "kiitos!"] {
        shop.visitor().await.ask("1", question).await;
    }
    liisa(&shop).await.ask("1", "missä mun tilaus on?").await;
    assert!(model.asked().is_empty(), "{:?}", model.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn however_it_fails_the_customer_gets_the_ordinary_answer_in_time() {
    let shop = shop().await;
    let ordinary = bodies(&shop.visitor().await.ask("1", QUESTION).await);
    let model = ModelSink::start().await;
    let tool = |name: &str, arguments: Value| Mood::Insists(name.to_owned(), arguments.to_string());
    let says = |sentence: &str, source: &str| Mood::Says(vec![(sentence.to_owned(), source.to_owned())]);
    for (mood, outcome) in [
        (Mood::Slow(Duration::from_secs(20)), "timeout"),
        (Mood::Stalls, "timeout"),
        (Mood::Breaks, "failed"),
        (Mood::Huge(600 << 10), "failed"),
        (Mood::Answer(500, "oh no".to_owned()), "failed"),
        (Mood::Answer(401, "{}".to_owned()), "failed"),
        (Mood::Redirects("http://169.254.169.254/latest".to_owned()), "failed"),
        (Mood::Answer(200, "<html>hello</html>".to_owned()), "unreadable"),
        (Mood::Answer(200, "{\"choices\":[]}".to_owned()), "unreadable"),
        (Mood::Answer(200, "{\"choices\":[{\"message\":{\"content\":\"puoli vas\"},\"finish_reason\":\"length\"}]}".to_owned()), "unreadable"),
        (Mood::Content("Toki! Palautus käy näin.".to_owned()), "unreadable"),
        (Mood::Content("{\"sentences\": \"kaikki hyvin\"}".to_owned()), "unreadable"),
        (Mood::Content("{\"sentences\":[]}".to_owned()), "declined"),
        (tool("get_customer", json!({ "email": "pekka.salainen@example.fi" })), "forbidden"),
        (tool("own_items", json!({ "kind": "order" })), "forbidden"),
        (tool("search_articles", json!({ "query": "palautus" })), "unreadable"),
        (tool("search_articles", json!({ "query": "palautus", "workspace": "all" })), "unreadable"),
        (says("Voit palauttaa käyttämättömän tuotteen 60 päivän kuluessa.", "A1"), "unsupported"),
        (says("Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa.", "A77"), "unsupported"),
        (says("Käyttämätöntä tuotetta ei voi palauttaa 30 päivän kuluessa.", "A1"), "unsupported"),
    ] {
        connect(&shop, &model).await;
        if outcome == "timeout" {
            shop.owner().patch("bot/llm", json!({ "time_limit_ms": 1_000 })).await.expect(200);
        }
        model.feels(mood.clone());
        let visitor = shop.visitor().await;
        assert_eq!(bodies(&visitor.ask("1", QUESTION).await), ordinary, "{mood:?}");
        let turn = turn(&shop, &visitor.conversation().await).await;
        assert_eq!(turn["model_use"]["outcome"], outcome, "{mood:?} {turn}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_again_and_again_is_left_alone_and_tried_again_later() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    connect(&shop, &model).await;
    model.feels(Mood::Answer(503, String::new()));
    for _ in 0..5 {
        shop.visitor().await.ask("1", QUESTION).await;
    }
    assert_eq!(model.asked().len(), 3, "the fourth and fifth are spared");
    assert!(shop.owner().get("bot/llm").await.expect(200)["paused_until"].is_i64());
    shop.company.app.clock.advance(ennakoi_kernel::Duration::seconds(31));
    model.feels(Mood::Honest);
    let visitor = shop.visitor().await;
    visitor.ask("1", QUESTION).await;
    assert_eq!(turn(&shop, &visitor.conversation().await).await["model_use"]["outcome"], "used");
    assert_eq!(shop.owner().get("bot/llm").await.expect(200)["paused_until"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_budget_ends_it_until_tomorrow() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    connect(&shop, &model).await;
    shop.owner().patch("bot/llm", json!({ "daily_calls": 2 })).await.expect(200);
    for _ in 0..4 {
        shop.visitor().await.ask("1", QUESTION).await;
    }
    assert_eq!(model.asked().len(), 2);
    shop.company.app.clock.advance(ennakoi_kernel::Duration::days(1));
    shop.visitor().await.ask("1", QUESTION).await;
    assert_eq!(model.asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_helped_to_write_and_nothing_is_sent() {
    let (shop, model) = (shop().await, ModelSink::start().await);
    let visitor = shop.visitor().await;
    visitor.ask("1", QUESTION).await;
    let id = text(&visitor.conversation().await["id"]);
    let path = format!("conversations/{id}/writings");
    let agent = shop.company.colleague("aino", "agent").await;
    // Without a model: the gist and the beginning of an answer, of words and articles.
    let draft = agent.post(&path, json!({ "task": "draft" })).await.expect(200);
    assert!(draft["model"].is_null() && draft["sources"][0]["title"] == "Tuotteen palauttaminen" && text(&draft["text"]).contains("30 päivän"), "{draft}");
    assert!(text(&agent.post(&path, json!({ "task": "summarise" })).await.expect(200)["text"]).contains("palautan"));
    assert_eq!(agent.post(&path, json!({ "task": "formal", "text": "moi" })).await.expect(409)["code"], "llm_off");
    connect(&shop, &model).await;
    assert_eq!(agent.get("bot/writing").await.expect(200)["tasks"].as_array().unwrap().len(), 6);
    model.feels(Mood::Rewrites("Hei! Tilauksesi [ORDER_NUMBER_1] saapuu 3 päivässä.".to_owned()));
    let written = agent.post(&path, json!({ "task": "friendlier", "text": "tilaus 4471829 tulee 3 pv" })).await.expect(200);
    assert_eq!((&written["text"], &written["changed"]), (&json!("Hei! Tilauksesi 4471829 saapuu 3 päivässä."), &json!([])));
    model.feels(Mood::Rewrites("Tilauksesi [ORDER_NUMBER_1] saapuu 30 päivässä.".to_owned()));
    let written = agent.post(&path, json!({ "task": "shorter", "text": "tilaus 4471829 tulee 3 pv" })).await.expect(200);
    assert_eq!(written["changed"], json!(["30", "3"]));
    for bad in ["Katso https://evil.example", "<b>Hei</b>", "Tilaus [EMAIL_4]", "Maksa tilille FI21 1234 5600 0007 85"] {
        model.feels(Mood::Rewrites(bad.to_owned()));
        let refused = agent.post(&path, json!({ "task": "translate", "text": "tilaus 4471829", "locale": "sv" })).await.expect(503);
        assert_eq!(refused["code"], "llm_unusable", "{bad}");
    }
    let wrong = agent.post(&path, json!({ "task": "translate", "text": "moi" })).await.expect(422);
    assert_eq!(wrong["errors"][0]["field"], "locale");
    model.feels(Mood::Honest);
    let draft = agent.post(&path, json!({ "task": "draft" })).await.expect(200);
    assert!(draft["model"] == "malli-1" && draft["sources"][0]["title"] == "Tuotteen palauttaminen", "{draft}");
    model.feels(Mood::Answer(500, String::new()));
    let fallen = agent.post(&path, json!({ "task": "draft" })).await.expect(200);
    assert!(fallen["model"].is_null() && fallen["fell_back"] == "failed" && text(&fallen["text"]).contains("30 päivän"), "{fallen}");
    assert!(!model.asked().iter().any(|asked| asked.text().contains("4471829")));
    let audit = shop.owner().get("audit?action=bot.llm_wrote").await.expect(200);
    assert!(audit["items"].as_array().unwrap().len() >= 3, "{audit}");
    assert!(visitor.messages().await.iter().all(|message| !text(&message["body"]).contains("saapuu 3")), "nothing is sent");
    shop.company.colleague("veikko", "viewer").await.post(&path, json!({ "task": "draft" })).await.expect(403);
    shop.company.neighbour().await.post(&path, json!({ "task": "draft" })).await.expect(404);
}
