use serde_json::json;

use super::{Bank, titles};
use crate::people::{count, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_article_is_written_saved_published_and_put_away() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    let id = bank.draft("Miten palautan tuotteen?", "Ensimmäinen luonnos.").await;
    let path = format!("articles/{id}/texts/fi");
    assert_eq!(bank.read("fi/a/miten-palautan-tuotteen").await.status, 404, "a draft is nobody's business");

    let saved = owner.put(&path, json!({ "title": "Miten palautan tuotteen?", "body": "Toinen luonnos.", "version": 1 })).await.expect(200);
    assert_eq!(saved["texts"]["fi"]["version"], 2);
    let refused = owner.put(&path, json!({ "title": "Ohi", "body": "Ohi.", "version": 1 })).await.expect(409);
    assert_eq!((&refused["code"], &refused["errors"][0]["message"]), (&json!("stale_version"), &json!("2")));
    assert_eq!(owner.get(&format!("articles/{id}")).await.expect(200)["texts"]["fi"]["body"], "Toinen luonnos.", "nothing is overwritten");

    let published = bank.publish(&id, "fi").await;
    assert_eq!(published["texts"]["fi"]["status"], "published");
    assert!(bank.page("fi/a/miten-palautan-tuotteen").await.contains("Toinen luonnos."));

    owner.put(&path, json!({ "title": "Uusi nimi", "body": "Kolmas luonnos.", "version": 2 })).await.expect(200);
    let page = bank.page("fi/a/miten-palautan-tuotteen").await;
    assert!(page.contains("Toinen luonnos.") && !page.contains("Kolmas"), "the public sees what was published");
    let listed = owner.get("articles?status=changed").await.expect(200);
    assert_eq!(listed["items"][0]["locales"][0]["status"], "changed");
    bank.publish(&id, "fi").await;
    let page = bank.page("fi/a/miten-palautan-tuotteen").await;
    assert!(page.contains("Kolmas luonnos.") && page.contains("<h1>Uusi nimi</h1>"), "the address stays, the text is new");

    owner.delete(&format!("articles/{id}")).await.expect(204);
    assert_eq!(bank.read("fi/a/miten-palautan-tuotteen").await.status, 404);
    assert!(titles(&bank.read("fi/search.json?q=palautan").await.expect(200)).is_empty());
    owner.post(&format!("articles/{id}/restoration"), json!({})).await.expect(200);
    assert_eq!(bank.read("fi/a/miten-palautan-tuotteen").await.status, 404, "it comes back as a draft");
    bank.publish(&id, "fi").await;
    assert!(bank.page("fi/a/miten-palautan-tuotteen").await.contains("Kolmas luonnos."), "at the address that others may link to");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_revision_can_be_saved_again() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    let id = bank.published("Maksutavat", "Vanha teksti.").await;
    bank.rewrite(&id, json!({ "body": "Uusi teksti." })).await;
    let revisions = owner.get(&format!("articles/{id}/texts/fi/revisions?limit=1")).await.expect(200);
    assert_eq!((&revisions["items"][0]["revision"], &revisions["items"][0]["body"]), (&json!(2), &json!("Uusi teksti.")));
    let next = text(&revisions["next_cursor"]);
    let older = owner.get(&format!("articles/{id}/texts/fi/revisions?limit=1&cursor={next}")).await.expect(200);
    assert_eq!(older["items"][0]["body"], "Vanha teksti.");
    let restored = owner.post(&format!("articles/{id}/texts/fi/revisions/1/restoration"), json!({})).await.expect(200);
    assert_eq!((&restored["texts"]["fi"]["body"], &restored["texts"]["fi"]["draft_revision"]), (&json!("Vanha teksti."), &json!(3)));
    assert!(bank.page("fi/a/maksutavat").await.contains("Uusi teksti."), "restoring makes a draft");
    owner.post(&format!("articles/{id}/texts/fi/revisions/9/restoration"), json!({})).await.expect(404);
    owner.delete(&format!("articles/{id}/texts/fi/publication")).await.expect(200);
    assert_eq!(bank.read("fi/a/maksutavat").await.status, 404);
    owner.delete(&format!("articles/{id}/texts/fi/publication")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_staff_is_never_public() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    let secret = json!({ "category_id": bank.category, "locale": "fi", "title": "Hyvitysten rajat", "body": "Salainen raja.", "audience": "staff" });
    let id = text(&owner.post("articles", secret).await.expect(201)["id"]);
    bank.publish(&id, "fi").await;
    let public = bank.published("Julkinen ohje", "Kaikille.").await;
    for rest in ["fi/a/hyvitysten-rajat", "fi/", "fi/c/toimitus", "fi/?q=hyvitysten+rajat", "fi/search.json?q=hyvitysten", "sitemap.xml"] {
        let answer = bank.read(rest).await;
        assert!(!answer.text.contains("Salainen") && !answer.text.contains("Hyvitysten rajat") && !answer.text.contains("hyvitysten-rajat"), "{rest}");
    }
    assert!(bank.page("fi/").await.contains("Julkinen ohje"));
    owner.patch(&format!("articles/{public}"), json!({ "audience": "staff" })).await.expect(200);
    assert_eq!(bank.read("fi/a/julkinen-ohje").await.status, 404, "an article that becomes internal is taken back");
    assert!(!bank.page("fi/").await.contains("Julkinen ohje"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_texts_are_refused_with_the_field_named() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    let new = |change: serde_json::Value| {
        let mut article = json!({ "category_id": bank.category, "locale": "fi", "title": "Otsikko", "body": "Teksti." });
        for (field, value) in change.as_object().unwrap() {
            article[field] = value.clone();
        }
        owner.post("articles", article)
    };
    for (change, field) in [
        (json!({ "title": " " }), "title"),
        (json!({ "title": "x".repeat(301) }), "title"),
        (json!({ "body": "a\0b" }), "body"),
        (json!({ "summary": "x".repeat(1_001) }), "summary"),
        (json!({ "category_id": bank.company.workspace() }), "category_id"),
        (json!({ "locale": "de" }), "locale"),
        (json!({ "published": true }), "published"),
    ] {
        assert_eq!(new(change.clone()).await.expect(422)["errors"][0]["field"], field, "{change}");
    }
    let id = bank.draft("Tyhjä", "").await;
    assert_eq!(owner.put(&format!("articles/{id}/texts/fi/publication"), json!({})).await.expect(422)["errors"][0]["field"], "body");
    owner.put(&format!("articles/{id}/texts/sv/publication"), json!({})).await.expect(404);
    for url in ["http://video.example/1", "javascript:alert(1)", "https://a b"] {
        let text = json!({ "title": "Tyhjä", "body": "x", "video_url": url, "version": 1 });
        assert_eq!(owner.put(&format!("articles/{id}/texts/fi"), text).await.expect(422)["errors"][0]["field"], "video_url", "{url}");
    }
    assert_eq!(owner.patch(&format!("articles/{id}"), json!({ "related": [id] })).await.expect(422)["errors"][0]["field"], "related");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_editors_at_once_and_roles() {
    let bank = Bank::open().await;
    let id = bank.draft("Yhdessä", "Alku.").await;
    let path = format!("articles/{id}/texts/fi");
    let save = |body: &str| bank.owner().put(&path, json!({ "title": "Yhdessä", "body": body, "version": 1 }));
    let (one, other) = tokio::join!(save("Yksi."), save("Kaksi."));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "one of them is told");
    assert_eq!(count(&bank.company.app, "SELECT COUNT(*) FROM article_revisions").await, 2);

    let viewer = bank.company.colleague("katsoja", "viewer").await;
    viewer.get(&format!("articles/{id}")).await.expect(200);
    viewer.put(&path, json!({ "title": "x", "body": "x", "version": 2 })).await.expect(403);
    viewer.put(&format!("{path}/publication"), json!({})).await.expect(403);
    bank.company.app.stranger().get(&format!("articles/{id}")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_are_renamed_and_only_empty_ones_removed() {
    let bank = Bank::open().await;
    let owner = bank.owner();
    bank.published("Toimitusajat", "2–5 päivää.").await;
    assert!(bank.page("fi/").await.contains("Toimitus ja palautus"));
    owner
        .patch(&format!("categories/{}", bank.category), json!({ "title": { "fi": "Kuljetus" }, "description": { "fi": "Missä paketti kulkee" } }))
        .await
        .expect(200);
    let home = bank.page("fi/").await;
    assert!(home.contains("Kuljetus") && home.contains("Missä paketti kulkee") && !home.contains("Toimitus ja palautus"));
    assert!(bank.page("fi/c/toimitus").await.contains("<h1>Kuljetus</h1>"));
    assert_eq!(owner.delete(&format!("categories/{}", bank.category)).await.expect(409)["code"], "category_not_empty");
    let other = owner.post("categories", json!({ "title": { "fi": "Toimitus" } })).await.expect(201);
    assert_eq!(other["slug"], "toimitus-2");
    let taken = owner.patch(&format!("categories/{}", text(&other["id"])), json!({ "slug": "toimitus" })).await.expect(422);
    assert_eq!(taken["errors"][0]["field"], "slug");
    owner.delete(&format!("categories/{}", text(&other["id"]))).await.expect(204);
    assert_eq!(owner.get("categories").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_of_one_title_get_addresses_of_their_own() {
    let bank = Bank::open().await;
    bank.published("Maksutavat", "Yksi.").await;
    bank.published("Maksutavat", "Kaksi.").await;
    assert!(bank.page("fi/a/maksutavat").await.contains("Yksi.") && bank.page("fi/a/maksutavat-2").await.contains("Kaksi."));
    let save = || bank.owner().post("articles", json!({ "category_id": bank.category, "locale": "fi", "title": "Yhtä aikaa", "body": "x" }));
    let (one, other) = tokio::join!(save(), save());
    // On a database with many writers the second may be asked to try again; it never becomes a fault.
    assert!([one, other].iter().all(|answer| [201, 503].contains(&answer.status.as_u16())));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_of_the_desk_finds_articles_in_all_languages_drafts_too() {
    let bank = Bank::open().await;
    let returns = bank.published("Miten palautan tuotteen?", "Täytä palautuslomake ja vie paketti postiin.").await;
    bank.translate(&returns, "sv", "Hur returnerar jag en vara?", "Fyll i blanketten och lämna paketet på posten.").await;
    let draft = bank.draft("Tilauksen peruminen", "Tilaukset perutaan asiakaspalvelussa.").await;
    let found = async |query: &str| {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
        let found = bank.owner().get(&format!("search?{query}")).await.expect(200);
        found["articles"].as_array().unwrap().iter().map(|hit| (text(&hit["id"]), text(&hit["locale"]), text(&hit["title"]))).collect::<Vec<_>>()
    };
    assert_eq!(found("tuotteiden palautus").await, [(returns.clone(), "fi".into(), "Miten palautan tuotteen?".into())]);
    assert_eq!(found("returnera vara").await, [(returns.clone(), "sv".into(), "Hur returnerar jag en vara?".into())]);
    assert_eq!(found("tilaus").await, [(draft.clone(), "fi".into(), "Tilauksen peruminen".into())], "a draft, by another form of its word");
    assert!(found("avaruusraketti").await.is_empty() && found("\" OR 1=1 --").await.is_empty());
    let only = bank.owner().get("search?q=palautusloma&kind=article").await.expect(200);
    assert_eq!(only["articles"][0]["snippet"], "Täytä palautuslomake ja vie paketti postiin.", "a word that is still being typed");
    bank.owner().delete(&format!("articles/{draft}")).await.expect(204);
    assert!(found("tilaus").await.is_empty(), "what was put away is not offered");
    let neighbour = bank.company.neighbour().await;
    assert_eq!(neighbour.get("search?q=palautus").await.expect(200)["articles"], json!([]));
}
