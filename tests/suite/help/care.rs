//! The care of the knowledge bank: each kind of finding with its cause, and what makes it go away.

use ennakoi_store::params;
use serde_json::{Value, json};

use crate::people::{Company, text};

async fn publish(company: &Company, category: &str, locale: &str, title: &str, body: &str) -> String {
    let new = json!({ "category_id": category, "locale": locale, "title": title, "body": body });
    let id = text(&company.owner.post("articles", new).await.expect(201)["id"]);
    company.owner.put(&format!("articles/{id}/texts/{locale}/publication"), json!({})).await.expect(200);
    id
}

async fn findings(company: &Company, kind: &str) -> Vec<Value> {
    let found = company.owner.get("knowledge-care").await.expect(200);
    found["items"].as_array().unwrap().iter().filter(|finding| finding["kind"] == kind).cloned().collect()
}

async fn opened() -> (Company, String) {
    let company = Company::start().await;
    company.owner.patch("workspace", json!({ "languages": ["fi", "sv"], "default_language": "fi" })).await.expect(200);
    let category = text(&company.owner.post("categories", json!({ "title": { "fi": "Ohjeet" } })).await.expect(201)["id"]);
    (company, category)
}

const RETURNS: &str = "Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa toimituksesta. Tulosta palautuslappu tililtäsi ja vie paketti postiin.";

#[tokio::test(flavor = "multi_thread")]
async fn contradictions_are_found_and_go_when_they_are_mended_or_found_right() {
    let (company, category) = opened().await;
    let old = publish(
        &company,
        &category,
        "fi",
        "Palautusohjeet",
        "Käyttämättömän tuotteen voit palauttaa 14 päivän kuluessa toimituksesta. Hygieniatuotteita emme ota.",
    )
    .await;
    company.app.clock.advance(ennakoi_kernel::Duration::hours(1));
    let new = publish(&company, &category, "fi", "Tuotteen palauttaminen", RETURNS).await;
    let contradictions = findings(&company, "contradiction").await;
    assert_eq!(contradictions.len(), 1, "{contradictions:?}");
    let found = &contradictions[0];
    assert_eq!((&found["article"]["id"], &found["other"]["id"], &found["values"]), (&json!(old), &json!(new), &json!(["14", "30"])));
    assert!(text(&found["passages"][0]).contains("14") && text(&found["passages"][1]).contains("30"));
    // Looked at and right: gone until a text changes.
    company.owner.post("knowledge-care/dismissals", json!({ "mark": found["mark"] })).await.expect(204);
    assert!(findings(&company, "contradiction").await.is_empty());
    let article = company.owner.get(&format!("articles/{old}")).await.expect(200);
    let changed = json!({ "title": "Palautusohjeet", "body": "Käyttämättömän tuotteen voit palauttaa 21 päivän kuluessa toimituksesta.", "version": article["texts"]["fi"]["version"] });
    company.owner.put(&format!("articles/{old}/texts/fi"), changed).await.expect(200);
    company.owner.put(&format!("articles/{old}/texts/fi/publication"), json!({})).await.expect(200);
    assert_eq!(findings(&company, "contradiction").await.len(), 1);
    company.owner.delete(&format!("articles/{old}")).await.expect(204);
    assert!(findings(&company, "contradiction").await.is_empty());
    let refused = company.owner.post("knowledge-care/dismissals", json!({ "mark": "x" })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_grown_old_is_found() {
    let (company, category) = opened().await;
    let body = "Kampanja on voimassa jouluun asti kaikissa myymälöissä. Katso [ohje](/help/kapylan-kone-oy/fi/a/kadonnut).";
    let soon = company.app.app.environment.now();
    let id = publish(&company, &category, "fi", "Kampanja", body).await;
    let slug = text(&company.owner.get("workspace").await.expect(200)["slug"]);
    if slug == "kapylan-kone-oy" {
        assert_eq!(findings(&company, "dead_link").await.len(), 1);
    }
    assert_eq!(findings(&company, "missing_translation").await[0]["missing"], json!(["sv"]));
    // Readers: helped before, not any more.
    let today = soon.0.div_euclid(86_400_000_000);
    let mut tx = company.app.app.db.begin().await.unwrap();
    for (day, views, helpful, unhelpful) in [(today - 60, 300_i64, 80_i64, 6_i64), (today - 3, 200, 5, 30)] {
        tx.execute(
            "INSERT INTO article_days (workspace_id, article_id, locale, day, views, helpful, unhelpful) VALUES ($1, $2, 'fi', $3, $4, $5, $6)",
            params![company.workspace().parse::<uuid::Uuid>().unwrap(), id.parse::<uuid::Uuid>().unwrap(), day, views, helpful, unhelpful],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let falling = findings(&company, "falling").await;
    assert_eq!(falling.len(), 1, "{falling:?}");
    assert!(falling[0]["helpfulness"][0]["high"].as_f64() < falling[0]["helpfulness"][1]["low"].as_f64());
    assert_eq!(falling[0]["article"]["views"], 500);
    // A translation that is behind.
    let translated = json!({ "title": "Kampanj", "body": "Kampanjen gäller i alla butiker.", "version": 0 });
    company.owner.put(&format!("articles/{id}/texts/sv"), translated).await.expect(200);
    company.owner.put(&format!("articles/{id}/texts/sv/publication"), json!({})).await.expect(200);
    assert!(findings(&company, "missing_translation").await.is_empty() && findings(&company, "outdated_translation").await.is_empty());
    company.app.clock.advance(ennakoi_kernel::Duration::days(3));
    company.owner.put(&format!("articles/{id}/texts/fi/publication"), json!({})).await.expect(200);
    assert_eq!(findings(&company, "outdated_translation").await[0]["locale"], "sv");
}

#[tokio::test(flavor = "multi_thread")]
async fn care_is_of_ones_own_workspace_and_for_those_who_may_write() {
    let (company, category) = opened().await;
    publish(&company, &category, "fi", "Ohje", RETURNS).await;
    assert!(company.neighbour().await.get("knowledge-care").await.expect(200)["items"].as_array().unwrap().is_empty());
    let agent = company.colleague("aino", "agent").await;
    assert_eq!(agent.get("knowledge-care").await.expect(200)["items"].as_array().unwrap().len(), 1);
    agent.post("knowledge-care/dismissals", json!({ "mark": "0".repeat(32) })).await.expect(403);
}
