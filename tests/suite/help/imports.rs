use serde_json::json;

use super::Bank;
use crate::people::{count, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_is_tried_first_and_says_what_it_cannot_take() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    let csv = "Kysymys;Vastaus;Aihe;Kieli\nMiten maksan?;Kortilla.;Maksaminen;fi\nTyhjä vastaus;;Maksaminen;fi\nHur betalar jag?;Med kort.;Betalning;sv\n";
    let tried = owner.post("imports/articles?dry_run=true&publish=true", json!({ "text": csv })).await.expect(200);
    assert_eq!((&tried["created"], tried["preview"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(tried["rejected"], json!([{ "line": 3, "reason": "body_missing" }]));
    assert_eq!(count(&bank.company.app, "SELECT COUNT(*) FROM articles").await, 0, "a dry run writes nothing");
    assert_eq!(count(&bank.company.app, "SELECT COUNT(*) FROM help_categories").await, 1);

    let done = owner.post("imports/articles?publish=true", json!({ "text": csv })).await.expect(200);
    assert_eq!((&done["created"], &done["updated"], &done["unchanged"]), (&json!(2), &json!(0), &json!(0)));
    assert!(bank.page("fi/a/miten-maksan").await.contains("Kortilla.") && bank.page("sv/a/hur-betalar-jag").await.contains("Med kort."));
    let again = owner.post("imports/articles?publish=true", json!({ "text": csv.replace("Kortilla.", "Laskulla.") })).await.expect(200);
    assert_eq!((&again["created"], &again["updated"], &again["unchanged"]), (&json!(0), &json!(1), &json!(1)));
    assert!(bank.page("fi/a/miten-maksan").await.contains("Laskulla."));
    assert_eq!(owner.post("imports/articles", json!({ "text": "a;b\n1;2" })).await.expect(422)["errors"][0]["field"], "file");
    assert_eq!(owner.post("imports/articles", json!({})).await.expect(422)["errors"][0]["field"], "text");
}

#[tokio::test(flavor = "multi_thread")]
async fn markdown_and_a_pasted_page_become_articles() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    let markdown = "# UKK\n\n## Toimitus\n\n### Kauanko kestää?\n\n**Kaksi** päivää.\n\n### Mitä maksaa?\n\n5 €.\n";
    let done = owner.upload("imports/articles?publish=true&locale=fi", "ukk.md", "text/markdown", markdown.as_bytes().to_vec()).await.expect(200);
    assert_eq!(done["created"], 2);
    assert!(bank.page("fi/a/kauanko-kestaa").await.contains("<strong>Kaksi</strong> päivää."));
    assert!(bank.page("fi/").await.contains("Toimitus"));
    let page = "<!doctype html><html><body><h2>Betalning</h2><details><summary>Hur betalar jag?</summary><p>Med <b>kort</b>.<script>x()</script></p></details></body></html>";
    let done = owner.post("imports/articles?publish=true&locale=sv", json!({ "html": page })).await.expect(200);
    assert_eq!(done["created"], 1);
    let shown = bank.page("sv/a/hur-betalar-jag").await;
    assert!(shown.contains("Med ") && !shown.contains("x()"));
    let old = owner.upload("imports/articles?dry_run=true", "vanha.csv", "text/csv", b"otsikko;teksti\nP\xE4iv\xE4;\x80 5\n".to_vec()).await.expect(200);
    assert_eq!((&old["preview"][0]["title"], &old["preview"][0]["body"]), (&json!("Päivä"), &json!("€ 5")));
    let refused = owner.upload("imports/articles", "x.xlsx", "application/octet-stream", b"PK\0\0".to_vec()).await.expect(422);
    assert_eq!(refused["errors"][0]["code"], "not_text");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_publish_imports_drafts() {
    let bank = Bank::open().await;
    let made = bank.owner().post("api-keys", json!({ "name": "Sisällöt", "scopes": ["knowledge:read", "knowledge:write"] })).await.expect(201);
    let mut program = bank.company.app.stranger();
    program.authorization = Some(format!("Bearer {}", text(&made["key"])));
    let csv = "title;body\nMiten maksan?;Kortilla.\n";
    assert_eq!(program.post("imports/articles?publish=true&locale=fi", json!({ "text": csv })).await.expect(200)["created"], 1);
    assert_eq!(bank.read("fi/a/miten-maksan").await.status, 404);
    assert_eq!(text(&bank.owner().get("articles").await.expect(200)["items"][0]["locales"][0]["status"]), "draft");
    let agent = bank.company.colleague("aspa", "agent").await;
    agent.post("imports/articles?publish=true", json!({ "text": csv })).await.expect(403);
}
