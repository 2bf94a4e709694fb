use ennakoi_kernel::Duration;
use ennakoi_server::start;
use ennakoi_store::{Engine, params};
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Bank, between, titles};
use crate::people::{Company, count, text};

fn structured(page: &str) -> Vec<Value> {
    let scripts = page.split("<script type=\"application/ld+json\">").skip(1);
    scripts.map(|rest| serde_json::from_str(rest.split_once("</script>").expect("the script is closed").0).expect("structured data is JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_is_led_to_their_language() {
    let bank = Bank::open().await;
    let id = bank.published("Toimitusajat", "2–5 päivää.").await;
    let led = async |language: &str| {
        let answer = bank.company.app.stranger().with_header("accept-language", language).get(&format!("/help/{}/", bank.slug)).await;
        assert_eq!((answer.status.as_u16(), answer.headers["vary"].to_str().unwrap()), (302, "accept-language"));
        answer.headers["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(led("sv-FI,sv;q=0.9").await, bank.path("fi/"), "nothing is written in Swedish yet");
    bank.translate(&id, "sv", "Leveranstider", "2–5 dagar.").await;
    assert_eq!(led("sv-FI,sv;q=0.9").await, bank.path("sv/"));
    assert_eq!(led("de").await, bank.path("fi/"));
    let bare = bank.reader.get(&format!("/help/{}", bank.slug)).await;
    assert_eq!((bare.status.as_u16(), bare.headers["location"].to_str().unwrap()), (302, bank.path("fi/").as_str()));
    assert_eq!(bank.read("sv").await.headers["location"], bank.path("sv/").as_str());
    for missing in ["/help/nobody/", "/help/nobody/fi/", "/help/nobody/sitemap.xml", "/help/nobody/fi/a/x"] {
        assert_eq!(bank.reader.get(missing).await.status, 404, "{missing}");
    }
    assert_eq!(bank.read("de/").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_what_search_engines_and_readers_need() {
    let bank = Bank::open().await;
    let id = bank.published("Toimitusajat", "Runko **lihava**.").await;
    bank.rewrite(&id, json!({ "summary": "Paketti tulee 2–5 päivässä.", "video_url": "https://www.video.example/katso?v=1" })).await;
    bank.translate(&id, "sv", "Leveranstider", "2–5 dagar.").await;
    let answer = bank.read("fi/a/toimitusajat").await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self';") && policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.headers["cache-control"], "private, max-age=60");
    assert!(answer.headers.get("set-cookie").is_none());
    let page = text(&answer.expect(200));
    let site = bank.company.app.url.as_str();
    let absolute = |rest: &str| format!("{site}{}", bank.path(rest));
    assert!(page.starts_with("<!doctype html>\n<html lang=\"fi\">"));
    assert_eq!(between(&page, "<title>", "</title>"), "Toimitusajat – Käpylän Kone Oy");
    assert_eq!(between(&page, "<meta name=\"description\" content=\"", "\">"), "Paketti tulee 2–5 päivässä.");
    assert_eq!(between(&page, "<link rel=\"canonical\" href=\"", "\">"), absolute("fi/a/toimitusajat"));
    for (language, rest) in [("fi", "fi/a/toimitusajat"), ("sv", "sv/a/leveranstider"), ("x-default", "fi/a/toimitusajat")] {
        assert!(page.contains(&format!("<link rel=\"alternate\" hreflang=\"{language}\" href=\"{}\">", absolute(rest))), "{language} in {page}");
    }
    assert!(!page.contains("hreflang=\"en\" href=\"http"), "there is no English text");
    let content = between(&page, "<main", "</main>");
    assert!(content.find("Paketti tulee").unwrap() < content.find("Runko").unwrap(), "the answer comes first");
    assert!(content.contains("<strong>lihava</strong>"));
    assert!(content.contains("href=\"https://www.video.example/katso?v=1\"") && !page.contains("<iframe") && content.contains("video.example"), "{content}");
    assert!(page.contains("<a class=\"skip\" href=\"#content\">") && page.contains("aria-current=\"page\">Toimitusajat"));
    assert!(content.contains("<form method=\"post\""));
    let data = structured(&page);
    let kinds: Vec<&str> = data.iter().map(|object| object["@type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Article", "BreadcrumbList"]);
    assert_eq!(data[0]["headline"], "Toimitusajat");
    assert_eq!(data[1]["itemListElement"][1]["item"], absolute("fi/c/toimitus"));
    let category = bank.page("fi/c/toimitus").await;
    let data = structured(&category);
    assert_eq!((&data[1]["@type"], &data[1]["mainEntity"][0]["acceptedAnswer"]["text"]), (&json!("FAQPage"), &json!("Paketti tulee 2–5 päivässä.")));
    assert_eq!(structured(&bank.page("fi/").await)[0]["@type"], "WebSite");
    assert!(page.len() < 20_000, "{} bytes", page.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn translations_are_found_and_missing_ones_lead_to_what_there_is() {
    let bank = Bank::open().await;
    let id = bank.published("Toimitusajat", "2–5 päivää.").await;
    bank.published("Maksutavat", "Kortti.").await;
    bank.translate(&id, "sv", "Leveranstider", "2–5 dagar.").await;
    let to_translation = bank.read("sv/a/toimitusajat").await;
    assert_eq!((to_translation.status.as_u16(), to_translation.headers["location"].to_str().unwrap()), (302, bank.path("sv/a/leveranstider").as_str()));
    let untranslated = bank.read("sv/a/maksutavat").await;
    assert_eq!(untranslated.headers["location"], bank.path("fi/a/maksutavat").as_str());
    let missing = bank.read("sv/a/ingenting").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text.contains("<html lang=\"sv\">") && missing.text.contains("noindex"));
    let shelf = bank.page("sv/c/toimitus").await;
    assert!(shelf.contains("Leveranstider") && shelf.contains("lang=\"fi\" hreflang=\"fi\">Maksutavat"), "{shelf}");
    let english = bank.page("en/").await;
    assert!(english.contains("There are no articles in this language yet.") && english.contains("noindex") && english.contains(&bank.path("sv/")));
    assert_eq!(bank.read("fi/c/ei-ole").await.status, 404);
    assert_eq!(bank.read("fi/c/toimitus?page=2").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sitemap_lists_each_public_page_with_its_translations() {
    let bank = Bank::open().await;
    let id = bank.published("Toimitusajat", "2–5 päivää.").await;
    bank.translate(&id, "sv", "Leveranstider", "2–5 dagar.").await;
    bank.published("Maksutavat", "Kortti.").await;
    bank.draft("Luonnos", "Ei vielä.").await;
    let map = bank.page("sitemap.xml").await;
    let locations: Vec<&str> = map.split("<loc>").skip(1).map(|rest| rest.split_once("</loc>").unwrap().0).collect();
    let site = bank.company.app.url.as_str();
    let mut wanted: Vec<String> = ["fi/", "sv/", "fi/c/toimitus", "sv/c/toimitus", "fi/a/toimitusajat", "sv/a/leveranstider", "fi/a/maksutavat"]
        .map(|rest| format!("{site}{}", bank.path(rest)))
        .to_vec();
    let mut found: Vec<String> = locations.iter().map(|location| (*location).to_owned()).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
    let swedish = between(&map, &format!("<loc>{site}{}</loc>", bank.path("sv/a/leveranstider")), "</url>");
    for (language, rest) in [("fi", "fi/a/toimitusajat"), ("sv", "sv/a/leveranstider"), ("x-default", "fi/a/toimitusajat")] {
        assert!(swedish.contains(&format!("hreflang=\"{language}\" href=\"{site}{}\"/>", bank.path(rest))), "{swedish}");
    }
    // Every address of the map is a page that names itself canonical.
    for location in locations {
        let page = text(&bank.reader.get(location.strip_prefix(site).unwrap()).await.expect(200));
        assert_eq!(between(&page, "<link rel=\"canonical\" href=\"", "\">"), location);
    }
    let robots = text(&bank.reader.get("/robots.txt").await.expect(200));
    assert!(robots.contains("Disallow: /app/") && robots.contains(&format!("Sitemap: {site}{}", bank.path("sitemap.xml"))));
    bank.company.neighbour().await;
    assert!(!text(&bank.reader.get("/robots.txt").await.expect(200)).contains("Sitemap"), "who else is served is not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_did_not_change_is_not_sent_again() {
    let bank = Bank::open().await;
    let id = bank.published("Toimitusajat", "2–5 päivää.").await;
    for rest in ["fi/", "fi/c/toimitus", "fi/a/toimitusajat", "sitemap.xml"] {
        let first = bank.read(rest).await;
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        let again = bank.reader.clone().with_header("if-none-match", &tag);
        let unchanged = again.get(&bank.path(rest)).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.text.as_str()), (304, ""), "{rest}");
        bank.rewrite(&id, json!({ "title": format!("Toimitusajat {}", tag.len() + rest.len()), "body": format!("Muuttui {rest}") })).await;
        let changed = again.get(&bank.path(rest)).await;
        if rest != "sitemap.xml" {
            assert_eq!(changed.status, 200, "{rest}");
        }
    }
    let asset = between(&bank.page("fi/").await, "<link rel=\"stylesheet\" href=\"", "\">").to_owned();
    let sheet = bank.reader.get(&asset).await;
    assert!(sheet.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert!(text(&sheet.expect(200)).len() < 20_000);
    assert_eq!(bank.reader.get("/help/assets/help-0.css").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_the_company_show_at_once() {
    let bank = Bank::open().await;
    bank.published("Toimitusajat", "2–5 päivää.").await;
    let owner = bank.owner();
    let workspace = "workspace";
    assert!(!bank.page("fi/").await.contains("data-person"), "without a chat nobody is promised one");
    let channel = owner.post("channels", json!({ "kind": "chat", "name": "Verkkokauppa" })).await.expect(201);
    let key = text(&channel["public_key"]);
    assert!(bank.page("fi/").await.contains(&format!("data-key=\"{key}\"")));
    owner.patch(workspace, json!({ "name": "Uusi Nimi Oy", "brand": { "color": "#ffee00" } })).await.expect(200);
    let page = bank.page("fi/").await;
    assert!(page.contains("Uusi Nimi Oy") && page.contains("--band:#ffee00;--on-band:#101216"), "black is readable on yellow");
    owner.patch(workspace, json!({ "languages": ["fi", "en"] })).await.expect(200);
    assert_eq!(bank.read("sv/").await.status, 404);
    owner.patch(workspace, json!({ "modules": { "help": false } })).await.expect(200);
    for rest in ["", "fi/", "fi/a/toimitusajat", "fi/c/toimitus", "fi/?q=toimitus", "fi/search.json?q=toimitus", "sitemap.xml"] {
        assert_eq!(bank.read(rest).await.status, 404, "{rest}");
    }
    assert!(titles(&bank.reader.get(&format!("/widget/v1/{key}/articles")).await.expect(200)).is_empty());
    owner.patch(workspace, json!({ "modules": { "help": true } })).await.expect(200);
    assert_eq!(bank.read("fi/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_has_pages_of_their_own() {
    let bank = Bank::open().await;
    bank.published("Toimitusajat", "Vain meidän.").await;
    let neighbour = bank.company.neighbour().await;
    let category = neighbour.post("categories", json!({ "slug": "toimitus", "title": { "fi": "Naapurin aihe" } })).await.expect(201);
    let new = json!({ "category_id": category["id"], "locale": "fi", "title": "Toimitusajat", "body": "Naapurin teksti." });
    let id = text(&neighbour.post("articles", new).await.expect(201)["id"]);
    neighbour.put(&format!("articles/{id}/texts/fi/publication"), json!({})).await.expect(200);
    let slug = text(&neighbour.get("workspace").await.expect(200)["slug"]);
    let theirs = text(&bank.reader.get(&format!("/help/{slug}/fi/a/toimitusajat")).await.expect(200));
    assert!(theirs.contains("Naapurin teksti.") && !theirs.contains("Vain meidän."));
    assert!(!bank.page("fi/c/toimitus").await.contains("Naapurin"));
    bank.owner().get(&format!("articles/{id}")).await.expect(404);
    let mine = json!({ "category_id": category["id"], "locale": "fi", "title": "x", "body": "x" });
    bank.owner().post("articles", mine).await.expect(422);
    neighbour.put(&format!("articles/{id}/texts/fi"), json!({ "title": "Uusi", "body": "Uusi.", "version": 1 })).await.expect(200);
    bank.owner().put(&format!("articles/{id}/texts/fi/publication"), json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_counted_and_the_most_read_come_first() {
    let bank = Bank::open().await;
    let read = bank.published("Luettu ohje", "Teksti.").await;
    bank.published("Uudempi ohje", "Teksti.").await;
    assert!(bank.page("fi/").await.find("Uudempi ohje") < bank.page("fi/").await.find("Luettu ohje"), "before anything is read, the newest first");
    for _ in 0..3 {
        bank.page("fi/a/luettu-ohje").await;
    }
    let robot = bank.company.app.stranger().with_header("user-agent", "ExampleBot/1.0 (+https://search.example)");
    robot.get(&bank.path("fi/a/luettu-ohje")).await.expect(200);
    let views = async || bank.owner().get(&format!("articles/{read}")).await.expect(200)["views"].clone();
    let started = tokio::time::Instant::now();
    while views().await != json!(3) {
        assert!(started.elapsed().as_secs() < 60, "views reach the database: {}", views().await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    bank.company.app.clock.advance(Duration::minutes(11));
    let home = bank.page("fi/").await;
    assert!(home.find("Luettu ohje") < home.find("Uudempi ohje"));
    assert_eq!(count(&bank.company.app, "SELECT CAST(SUM(views) AS BIGINT) FROM article_days").await, 3, "machines are not counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn related_articles_are_chosen_or_found() {
    let bank = Bank::open().await;
    let parcel = bank.published("Missä pakettini on?", "Seuraa pakettia.").await;
    bank.published("Paketti on rikki", "Ota kuva.").await;
    let other = bank.published("Maksutavat", "Kortti.").await;
    let related = async || between(&bank.page("fi/a/missa-pakettini-on").await, "<main", "</main>").to_owned();
    let page = related().await;
    assert!(page.contains("Paketti on rikki") && !page.contains("Maksutavat"), "by shared words: {page}");
    bank.owner().patch(&format!("articles/{parcel}"), json!({ "related": [other] })).await.expect(200);
    let page = related().await;
    assert!(page.contains("Maksutavat") && !page.contains("Paketti on rikki"), "as staff chose");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_category_is_cut_into_pages() {
    let bank = Bank::open().await;
    let rows: String = (1..=120).map(|number| format!("Ohje numero {number};Teksti {number}.;Toimitus ja palautus\n")).collect();
    let csv = format!("title;body;category\n{rows}");
    let imported = bank.owner().post("imports/articles?publish=true&locale=fi", json!({ "text": csv })).await.expect(200);
    assert_eq!(imported["created"], 120);
    let mut seen = Vec::new();
    for number in 1..=3 {
        let page = bank.page(&format!("fi/c/toimitus?page={number}")).await;
        assert!(page.len() < 50_000, "{} bytes", page.len());
        seen.extend(page.split("/fi/a/ohje-numero-").skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned()));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
    assert!(bank.page("fi/").await.contains("120 ohjetta"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_one_database_show_the_same() {
    // On PostgreSQL the second node has connections and a bus of its own; SQLite has one process, and a second set of shelves in it.
    let bank = Bank::open().await;
    let id = bank.published("Toimitusajat", "Vanha.").await;
    let first = &bank.company.app.app;
    let app = match first.db.engine() {
        Engine::Postgres => start::open(first.configuration.clone(), first.environment.clone()).await.expect("a second node opens"),
        Engine::Sqlite => first.clone(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("http://{}", listener.local_addr().unwrap());
    let mut modules = ennakoi_server::modules::all(&app);
    for module in &mut modules.modules {
        // Followers, jobs and timers are the first node's; this one only serves.
        (module.followers, module.jobs, module.timers, module.background) = Default::default();
    }
    let running = start::serve(&app, modules, listener).unwrap();
    let (there, path) = (Client::new(&other), bank.path("fi/a/toimitusajat"));
    let shows = async |wanted: &str| {
        let started = tokio::time::Instant::now();
        while !there.get(&path).await.text.contains(wanted) {
            assert!(started.elapsed().as_secs() < 60, "the other node shows {wanted}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    shows("Vanha.").await;
    bank.rewrite(&id, json!({ "body": "Uusi." })).await;
    shows("Uusi.").await;
    bank.owner().delete(&format!("articles/{id}")).await.expect(204);
    shows("Sivua ei löytynyt").await;
    running.stop(std::time::Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_gets_articles_of_its_company() {
    let bank = Bank::open().await;
    let id = bank.published("Miten palautan tuotteen?", "Täytä palautuslomake ja vie paketti postiin.").await;
    bank.published("Maksutavat", "Kortti.").await;
    bank.translate(&id, "sv", "Hur returnerar jag en vara?", "Fyll i blanketten.").await;
    let channel = bank.owner().post("channels", json!({ "kind": "chat", "name": "Verkkokauppa" })).await.expect(201);
    let base = format!("/widget/v1/{}/articles", text(&channel["public_key"]));
    let most_read = bank.reader.get(&base).await.expect(200);
    assert_eq!(most_read["items"].as_array().unwrap().len(), 2);
    let found = bank.reader.get(&format!("{base}?q=tuotteiden%20palautus&locale=fi")).await.expect(200);
    assert_eq!(titles(&found), ["Miten palautan tuotteen?"]);
    let item = &found["items"][0];
    assert_eq!(item["url"], format!("{}{}", bank.company.app.url, bank.path("fi/a/miten-palautan-tuotteen")));
    assert_eq!((&item["id"], &item["excerpt"]), (&json!(id), &json!("Täytä palautuslomake ja vie paketti postiin.")));
    assert_eq!(titles(&bank.reader.get(&format!("{base}?q=returnera&locale=sv")).await.expect(200)), ["Hur returnerar jag en vara?"]);
    let fallback = bank.reader.get(&format!("{base}?q=maksutavat&locale=sv")).await.expect(200);
    assert_eq!(fallback["items"][0]["locale"], "fi", "another language is better than nothing");
    assert!(titles(&bank.reader.get(&format!("{base}?q=avaruusraketti")).await.expect(200)).is_empty());
    bank.reader.get("/widget/v1/0192f0c1-0000-7000-8000-000000000000/articles").await.expect(404);
    bank.owner().patch(&format!("channels/{}", text(&channel["id"])), json!({ "enabled": false })).await.expect(200);
    bank.reader.get(&base).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_survive_a_restart() {
    let bank = Bank::open().await;
    bank.published("Toimitusajat", "2–5 päivää.").await;
    bank.page("fi/a/toimitusajat").await;
    let (path, company) = (bank.path("fi/a/toimitusajat"), bank.company);
    let Company { app, .. } = company;
    let app = app.restart().await;
    assert!(app.stranger().get(&path).await.text.contains("2–5 päivää."));
    // What was read before the stop was counted at the stop.
    let mut tx = app.app.db.read().await.unwrap();
    let views: i64 = tx.scalar("SELECT CAST(COALESCE(SUM(views), 0) AS BIGINT) FROM article_days", params![]).await.unwrap();
    assert_eq!(views, 1);
}
