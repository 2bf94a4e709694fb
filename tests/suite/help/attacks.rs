//! Everything that staff or a stranger can write, on every public page that shows it.

use serde_json::json;

use super::{Bank, between};
use crate::people::text;

const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "<iframe src=javascript:alert(1)>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "javascript:alert(1)",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](x\" onerror=\"alert(1))",
    "<math><mtext></p><style><img src onerror=alert(1)>",
    "\u{2028}</script>\u{2029}<b>",
];

/// Fails when a page holds an element or an attribute that is not ours.
#[track_caller]
fn is_harmless(page: &str, place: &str) {
    let lower = page.to_lowercase();
    for (at, _) in lower.match_indices('<') {
        let tag = lower[at..].split('>').next().expect("split always has a first piece");
        // Cut quoted values away: what is left are names.
        let mut names = String::new();
        let mut quoted = None;
        for character in tag.chars() {
            match quoted {
                Some(quote) if character == quote => quoted = None,
                Some(_) => {}
                None if character == '"' || character == '\'' => quoted = Some(character),
                None => names.push(character),
            }
        }
        let element = names.trim_start_matches("</").trim_start_matches('<').split([' ', '\n', '/']).next().expect("split always has a first piece").to_owned();
        assert!(!["iframe", "base", "object", "embed", "math", "b"].contains(&element.as_str()), "{place}: {tag}");
        assert!(!names.split_whitespace().any(|name| name.starts_with("on")), "{place}: {tag}");
        assert!(!names.contains("javascript:") && !names.contains("http-equiv"), "{place}: {tag}");
        for attribute in ["href", "src", "action", "formaction", "poster"] {
            let value = tag.split(&format!(" {attribute}=\"")).nth(1).unwrap_or_default().trim_start();
            assert!(!value.starts_with("javascript:") && !value.starts_with("data:"), "{place}: {tag}");
        }
    }
    assert!(!lower.contains("<script>"), "{place}: an inline script");
    assert_eq!(lower.matches("<style>").count(), 1, "{place}: styles of somebody else");
    assert_eq!(lower.matches("</title>").count(), 1, "{place}");
    for script in page.split("<script type=\"application/ld+json\">").skip(1) {
        serde_json::from_str::<serde_json::Value>(script.split_once("</script>").expect("the script is closed").0)
            .unwrap_or_else(|error| panic!("{place}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_staff_write_runs_on_a_page() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    for (number, attack) in ATTACKS.iter().enumerate() {
        let titles = json!({ "fi": format!("{attack} aihe") });
        let category = owner.post("categories", json!({ "slug": format!("aihe-{number}"), "title": titles, "description": titles })).await.expect(201);
        let article = json!({
            "category_id": category["id"], "locale": "fi", "title": format!("{attack} otsikko {number}"), "summary": attack, "questions": [attack],
            "body": format!("{attack}\n\n## {attack}\n\n- {attack}\n\n`{attack}`\n\n| {attack} |\n|---|\n| {attack} |"),
        });
        let id = text(&owner.post("articles", article).await.expect(201)["id"]);
        let published = bank.publish(&id, "fi").await;
        let slug = text(&published["texts"]["fi"]["slug"]);
        for rest in [format!("fi/a/{slug}"), format!("fi/a/{slug}?rated=no"), format!("fi/c/aihe-{number}"), format!("fi/?q=otsikko+{number}")] {
            is_harmless(&bank.page(&rest).await, &format!("{attack} on {rest}"));
        }
        let map = bank.page("sitemap.xml").await;
        assert!(!map.contains("<script") && !map.contains("<svg"), "{attack}");
    }
    let home = bank.page("fi/").await;
    is_harmless(&home, "start page");
    assert!(home.contains("{{ 7 * 7 }}"), "a text is never a template");
    for attack in ATTACKS {
        owner.patch("workspace", json!({ "name": attack })).await.expect(200);
        for rest in ["fi/", "fi/c/toimitus", "fi/a/ei-ole", "fi/?q=aihe"] {
            is_harmless(&bank.read(rest).await.text, &format!("a company called {attack} on {rest}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_sends_runs_on_a_page() {
    let bank = Bank::open().await;
    bank.published("Maksutavat", "Kortti.").await;
    for attack in ATTACKS {
        let encoded: String = attack.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for rest in [
            format!("fi/?q={encoded}"),
            format!("fi/?q=maksutavat+{encoded}"),
            format!("fi/a/{encoded}"),
            format!("fi/c/{encoded}"),
            format!("fi/c/toimitus?page={encoded}"),
            format!("fi/a/maksutavat?rated={encoded}"),
        ] {
            let answer = bank.read(&rest).await;
            assert!([200, 404].contains(&answer.status.as_u16()), "{rest}");
            assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
            if answer.text.starts_with("<!doctype") {
                is_harmless(&answer.text, &format!("{attack} in {rest}"));
            }
        }
        for rest in [format!("{encoded}/"), format!("fi/{encoded}"), format!("fi/search.json?q={encoded}")] {
            let answer = bank.read(&rest).await;
            assert!(!answer.headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html")), "{rest}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_stays_on_our_site() {
    let bank = Bank::open().await;
    bank.published("Maksutavat", "Kortti.").await;
    for path in ["/help//evil.example/", "/help/%2F%2Fevil.example", "/help/https:%2F%2Fevil.example/fi"] {
        let answer = bank.reader.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let host = bank.company.app.stranger().with_header("host", "evil.example");
    let page = host.get(&bank.path("fi/a/maksutavat")).await;
    assert!(!page.text.contains("evil.example"), "addresses come from the configuration, not from the request");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_films_come_only_from_safe_addresses() {
    let bank = Bank::open().await;
    let body = "![kuva](https://cdn.example/a.png) ![paha](javascript:alert(1)) ![data](data:image/svg+xml,<svg>) [posti](mailto:a@example.fi)";
    let id = bank.published("Kuvat", body).await;
    bank.rewrite(&id, json!({ "video_url": "https://video.example/\"><script>alert(1)</script>.mp4" })).await;
    let page = bank.page("fi/a/kuvat").await;
    is_harmless(&page, "film");
    assert!(page.contains("src=\"https://cdn.example/a.png\"") && page.contains("href=\"mailto:a@example.fi\"") && !page.contains("src=\"data:"));
    let film = between(&page, "<video ", "</video>");
    assert!(film.contains("preload=\"none\"") && film.contains("https://video.example/"), "{film}");
}
