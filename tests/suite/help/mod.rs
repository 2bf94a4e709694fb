//! The knowledge bank and its public pages, and the attacks on them.

mod attacks;
mod care;
mod editing;
pub(crate) mod guides;
mod imports;
mod pages;
mod searching;
mod votes;

use ennakoi_testkit::{Answer, Client};
use serde_json::{Value, json};

use crate::people::{Company, text};

/// A company with a category and somebody who reads its pages.
pub(crate) struct Bank {
    pub(crate) company: Company,
    pub(crate) reader: Client,
    pub(crate) category: String,
    /// Short name of the workspace in addresses.
    pub(crate) slug: String,
}

impl Bank {
    pub(crate) async fn open() -> Self {
        let company = Company::start().await;
        let titles = json!({ "fi": "Toimitus ja palautus", "sv": "Leverans och retur", "en": "Delivery and returns" });
        let category = company.owner.post("categories", json!({ "slug": "toimitus", "title": titles })).await.expect(201);
        let slug = text(&company.owner.get("workspace").await.expect(200)["slug"]);
        Self { reader: company.app.stranger(), category: text(&category["id"]), company, slug }
    }

    pub(crate) fn owner(&self) -> &Client {
        &self.company.owner
    }

    /// A public page's path: `page("fi/a/palautus")`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/help/{}/{rest}", self.slug)
    }

    pub(crate) async fn read(&self, rest: &str) -> Answer {
        self.reader.get(&self.path(rest)).await
    }

    /// A page that is there.
    pub(crate) async fn page(&self, rest: &str) -> String {
        text(&self.read(rest).await.expect(200))
    }

    /// A draft in Finnish; its id.
    pub(crate) async fn draft(&self, title: &str, body: &str) -> String {
        let article = self.owner().post("articles", json!({ "category_id": self.category, "locale": "fi", "title": title, "body": body })).await;
        text(&article.expect(201)["id"])
    }

    pub(crate) async fn publish(&self, id: &str, locale: &str) -> Value {
        self.owner().put(&format!("articles/{id}/texts/{locale}/publication"), json!({})).await.expect(200)
    }

    /// An article that the public sees in Finnish; its id.
    pub(crate) async fn published(&self, title: &str, body: &str) -> String {
        let id = self.draft(title, body).await;
        self.publish(&id, "fi").await;
        id
    }

    /// Writes and publishes another language of an article.
    pub(crate) async fn translate(&self, id: &str, locale: &str, title: &str, body: &str) {
        let text = json!({ "title": title, "body": body, "version": 0 });
        self.owner().put(&format!("articles/{id}/texts/{locale}"), text).await.expect(200);
        self.publish(id, locale).await;
    }

    /// Changes the newest Finnish text and publishes it.
    pub(crate) async fn rewrite(&self, id: &str, changes: Value) {
        let article = self.owner().get(&format!("articles/{id}")).await.expect(200);
        let now = &article["texts"]["fi"];
        let mut text =
            json!({ "title": now["title"], "body": now["body"], "summary": now["summary"], "questions": now["questions"], "version": now["version"] });
        for (field, value) in changes.as_object().expect("changes by field") {
            text[field] = value.clone();
        }
        self.owner().put(&format!("articles/{id}/texts/fi"), text).await.expect(200);
        self.publish(id, "fi").await;
    }
}

/// The titles of suggestions or of the widget's articles.
pub(crate) fn titles(found: &Value) -> Vec<String> {
    found["items"].as_array().unwrap_or_else(|| panic!("no list: {found}")).iter().map(|item| text(&item["title"])).collect()
}

/// What stands between two pieces of a page.
#[track_caller]
pub(crate) fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} after {before} in {page}")).0
}
