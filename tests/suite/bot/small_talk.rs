//! What is said beside the matter: answered briefly, in the company's words if it has any, and never in the way of a question.

use serde_json::{Value, json};

use crate::{
    chat::{Shop, options, said},
    people::text,
};

fn heard(messages: &[Value]) -> String {
    said(messages).iter().map(|message| text(&message["body"])).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn small_talk_is_answered_in_three_languages_and_counts_as_no_failure() {
    let shop = Shop::open().await;
    shop.owner().patch("workspace", json!({ "languages": ["fi", "sv", "en"] })).await.expect(200);
    for (locale, lines) in [
        ("fi", [("hyvää joulua kaikille!", "samoin"), ("mitä kuuluu?", "kaikki hyvin"), ("oot ihana", "mukava kuulla"), ("olet tyhmä", "yritän uudelleen")]),
        ("sv", [("god jul!", "detsamma"), ("hur mår du?", "allt väl"), ("du är bäst", "roligt att höra"), ("du är värdelös", "försöker jag igen")]),
        ("en", [("merry christmas!", "same to you"), ("how are you?", "All well"), ("you're the best", "nice to hear"), ("useless bot", "try again")]),
    ] {
        let arrived = shop.arrive(json!({ "locale": locale })).await.expect(201);
        let visitor = shop.visitor_with(&text(&arrived["token"]));
        for (number, (line, expected)) in lines.iter().enumerate() {
            let answer = visitor.ask(&number.to_string(), line).await;
            assert!(heard(&answer).contains(expected), "{line:?} expects {expected:?}: {}", heard(&answer));
        }
        assert_eq!(visitor.conversation().await["owner"], "bot", "{locale}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_machine_or_swears_is_offered_a_person() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    for (number, line) in ["Oletko robotti?", "tyhmä botti"].into_iter().enumerate() {
        let answer = visitor.ask(&number.to_string(), line).await;
        assert!(options(said(&answer).last().unwrap()).contains(&"person".to_owned()), "{line}: {answer:?}");
    }
    visitor.tap("p", "person", "Ihminen, kiitos").await;
    assert_eq!(visitor.conversation().await["owner"], "queue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_never_stands_before_a_question() {
    let shop = Shop::open().await;
    for (number, line) in ["Hyvää joulua! Käykö MobilePay?", "Moi, oot ihana. Käykö teillä MobilePay?", "Kiitos! Millä voin maksaa?"].into_iter().enumerate()
    {
        let answer = shop.visitor().await.ask(&number.to_string(), line).await;
        assert_eq!(said(&answer).last().unwrap()["meta"]["sources"][0]["title"], "Maksutavat", "{line}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_may_answer_in_its_own_words() {
    let shop = Shop::open().await;
    let kinds = shop.owner().get("bot/small-talk").await.expect(200);
    let kinds = kinds.as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind["kind"] == "wishes" && text(&kind["built_in"]["sv"]).contains("detsamma")), "{kinds:?}");
    for wrong in [json!({ "nonsense": { "fi": "x" } }), json!({ "wishes": { "fi": "x".repeat(301) } })] {
        assert_eq!(shop.owner().patch("bot", json!({ "small_talk": wrong })).await.expect(422)["errors"][0]["field"], "small_talk");
    }
    let own = json!({ "small_talk": { "wishes": { "fi": "Kiitos ja iloista joulua koko väeltä!" }, "thanks": { "fi": "  " } } });
    let set = shop.owner().patch("bot", own).await.expect(200);
    assert_eq!(set["small_talk"].as_object().unwrap().len(), 1, "blanks fall away: {set}");
    let visitor = shop.visitor().await;
    assert!(heard(&visitor.ask("1", "hyvää joulua").await).contains("koko väeltä"));
    assert!(heard(&visitor.ask("2", "kiitos").await).contains("Ole hyvä"));
    // What is not set stays as it was when something else changes.
    let after = shop.owner().patch("bot", json!({ "unknowns_before_person": 3 })).await.expect(200);
    assert_eq!(after["small_talk"], set["small_talk"]);
}
