//! Troubleshooting guides: written, published, walked without JavaScript and with the bot, and counted.

use serde_json::{Value, json};

use crate::{
    chat::{Shop, options, said},
    people::text,
};

fn guide() -> Value {
    json!({
        "title": { "fi": "Kahvinkeitin ei käynnisty", "sv": "Kaffebryggaren startar inte" },
        "summary": { "fi": "Kolme tavallisinta syytä." },
        "questions": { "fi": ["kahvinkeitin ei käynnisty", "keitin ei mene päälle", "miksi kahvinkeittimeni ei toimi"] },
        "steps": [
            { "id": "valo", "text": { "fi": "Palaako keittimen valo?", "sv": "Lyser lampan?" }, "picture_url": "https://kuvat.example.fi/valo.png",
              "picture_alt": { "fi": "Valo keittimen etuosassa", "sv": "Lampan framtill" },
              "choices": [
                { "label": { "fi": "Valo palaa", "sv": "Den lyser" }, "to": "nollaa" },
                { "label": { "fi": "Valo ei pala", "sv": "Den lyser inte" }, "to": "johto" },
                { "label": { "fi": "En uskalla katsoa", "sv": "Jag vågar inte titta" }, "to": "person" } ] },
            { "id": "nollaa", "text": { "fi": "Paina virtanappia **10 sekuntia**.", "sv": "Tryck på knappen i 10 sekunder." } },
            { "id": "johto", "text": { "fi": "Irrota johto ja kytke se uudelleen.", "sv": "Dra ut sladden och sätt i den igen." } }
        ]
    })
}

async fn page(shop: &Shop, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", shop.company.app.url)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A guide that readers and the bot may walk: its id, and its first page.
pub(crate) async fn published(shop: &Shop) -> (String, String) {
    let made = shop.owner().post("guides", guide()).await.expect(201);
    assert!(made["flaws"].as_array().unwrap().is_empty() && made["complete"] == json!(["fi", "sv"]), "{made}");
    let id = text(&made["id"]);
    shop.owner().put(&format!("guides/{id}/publication"), json!({})).await.expect(200);
    shop.company.app.settle().await;
    let home = text(&shop.owner().get("workspace").await.expect(200)["slug"]);
    (id, format!("/help/{home}/fi/g/{}", text(&made["slug"])))
}

async fn counts(shop: &Shop, id: &str) -> Vec<Value> {
    shop.company.app.settle().await;
    shop.owner().get(&format!("guides/{id}/counts")).await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_is_saved_in_turn_and_published_only_whole() {
    let shop = Shop::open().await;
    let mut half = guide();
    half["steps"][0]["choices"][0]["to"] = json!("muualle");
    let made = shop.owner().post("guides", half.clone()).await.expect(201);
    let id = text(&made["id"]);
    let codes: Vec<&str> = made["flaws"].as_array().unwrap().iter().map(|flaw| flaw["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["unknown_step", "unreachable"]);
    let refused = shop.owner().put(&format!("guides/{id}/publication"), json!({})).await.expect(422);
    assert_eq!((&refused["code"], &refused["errors"][0]["code"]), (&json!("guide_unfinished"), &json!("unknown_step")));
    let saved = shop.owner().put(&format!("guides/{id}"), json!({ "guide": guide(), "version": 1 })).await.expect(200);
    assert_eq!((&saved["version"], &saved["published"]), (&json!(2), &json!(0)));
    assert_eq!(shop.owner().put(&format!("guides/{id}"), json!({ "guide": half, "version": 1 })).await.expect(409)["code"], "stale_version");
    assert_eq!(shop.owner().put(&format!("guides/{id}/publication"), json!({})).await.expect(200)["published"], 1);
    for (bad, field) in [
        (json!({ "title": {} }), "title"),
        (json!({ "title": { "fi": "A" }, "steps": [{ "id": "ISO" }] }), "steps[0].id"),
        (json!({ "title": { "fi": "A" }, "steps": [{ "id": "a", "video_url": "javascript:alert(1)" }] }), "steps[0].video_url"),
        (json!({ "title": { "fi": "A" }, "steps": [{ "id": "a", "picture_url": "https://a\" onerror=\"x" }] }), "steps[0].picture_url"),
        (json!({ "title": { "fi": "A" }, "steps": [{ "id": "solved" }] }), "steps[0].id"),
    ] {
        assert_eq!(shop.owner().post("guides", bad.clone()).await.expect(422)["errors"][0]["field"], field, "{bad}");
    }
    let agent = shop.company.colleague("aino", "agent").await;
    agent.get("guides").await.expect(200);
    agent.post("guides", guide()).await.expect(403);
    shop.company.neighbour().await.get(&format!("guides/{id}")).await.expect(404);
    shop.owner().delete(&format!("guides/{id}")).await.expect(204);
    shop.owner().get(&format!("guides/{id}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_walk_it_without_a_script_and_are_counted() {
    let shop = Shop::open().await;
    let (id, path) = published(&shop).await;
    let home = path.rsplit_once("g/").unwrap().0.to_owned();
    assert!(page(&shop, &home).await.1.contains("Kahvinkeitin ei käynnisty"));
    let (status, first) = page(&shop, &path).await;
    assert_eq!(status, 200);
    for part in [
        "Palaako keittimen valo?",
        "https://kuvat.example.fi/valo.png",
        "Valo keittimen etuosassa",
        "?s=johto&amp;from=valo",
        "value=\"person\"",
        "hreflang=\"sv\"",
    ] {
        assert!(first.contains(part), "{part} is not in {first}");
    }
    let (_, second) = page(&shop, &format!("{path}?s=johto&from=valo")).await;
    assert!(second.contains("Irrota johto") && second.contains("Auttoiko tämä?") && second.contains("noindex"), "{second}");
    // A way that does not exist is not counted, a step that does not exist is not shown.
    page(&shop, &format!("{path}?s=johto&from=nollaa")).await;
    assert_eq!(page(&shop, &format!("{path}?s=muu")).await.0, 404);
    let post = |step: &'static str, outcome: &'static str| {
        let url = format!("{}{path}/outcome", shop.company.app.url);
        async move {
            let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            client.post(url).header("content-type", "application/x-www-form-urlencoded").body(format!("step={step}&outcome={outcome}")).send().await.unwrap()
        }
    };
    let ended = post("johto", "solved").await;
    assert_eq!(ended.status().as_u16(), 303);
    let location = ended.headers()["location"].to_str().unwrap().to_owned();
    assert!(page(&shop, location.split('#').next().unwrap()).await.1.contains("Hienoa, että se ratkesi"));
    assert_eq!(post("johto", "hacked").await.status().as_u16(), 404);
    let counted = counts(&shop, &id).await;
    assert_eq!(
        (&counted[0]["step"], &counted[0]["shown"], &counted[0]["to"], &counted[0]["left"]),
        (&json!("valo"), &json!(1), &json!({ "johto": 1 }), &json!(0))
    );
    assert_eq!((&counted[2]["step"], &counted[2]["shown"], &counted[2]["solved"], &counted[2]["left"]), (&json!("johto"), &json!(2), &json!(1), &json!(1)));
    shop.owner().delete(&format!("guides/{id}/publication")).await.expect(200);
    shop.company.app.settle().await;
    assert_eq!(page(&shop, &path).await.0, 404);
    assert!(!page(&shop, &home).await.1.contains("Kahvinkeitin ei käynnisty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_walks_it_by_taps_and_words_and_counts() {
    let shop = Shop::open().await;
    let (id, _) = published(&shop).await;
    let visitor = shop.visitor().await;
    let heard = visitor.ask("1", "Miksi kahvinkeittimeni ei toimi? Keitin ei mene päälle").await;
    let first = said(&heard).into_iter().find(|message| text(&message["body"]).contains("Palaako")).unwrap_or_else(|| panic!("{heard:?}")).clone();
    assert_eq!(options(&first), ["guide:nollaa", "guide:johto", "guide:person", "person"]);
    assert!(text(&first["body"]).contains("kuvat.example.fi"));
    let second = visitor.ask("2", "valo ei pala").await;
    assert!(text(&said(&second)[0]["body"]).contains("Irrota johto"), "{second:?}");
    let done = visitor.tap("3", "guide:solved", "Auttoi").await;
    assert!(text(&said(&done)[0]["body"]).contains("Hienoa"), "{done:?}");
    // What is not offered leads nowhere, and a person is always one tap away.
    let other = shop.visitor().await;
    other.ask("1", "keitin ei mene päälle").await;
    other.tap("2", "guide:johto", "Valo ei pala").await;
    other.tap("3", "guide:nollaa", "x").await;
    let third = shop.visitor().await;
    third.ask("1", "kahvinkeitin ei käynnisty").await;
    third.tap("2", "guide:person", "En uskalla katsoa").await;
    assert_eq!(third.conversation().await["owner"], "queue");
    let counted = counts(&shop, &id).await;
    let valo = &counted[0];
    assert_eq!((&valo["shown"], &valo["to"]["johto"], &valo["person"]), (&json!(3), &json!(2), &json!(1)), "{counted:?}");
    assert_eq!(counted[2]["solved"], 1);
    // Sensitive matters leave the guide.
    let fourth = shop.visitor().await;
    fourth.ask("1", "kahvinkeitin ei käynnisty").await;
    fourth.ask("2", "sain siitä sähköiskun ja käteni paloi").await;
    assert_eq!(fourth.conversation().await["owner"], "queue");
}
