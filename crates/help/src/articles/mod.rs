//! Articles: one matter, told in several languages, each with drafts, revisions and a published text.

pub mod api;
mod find;
mod publish;
mod save;
mod store;

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ArticleId, CategoryId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use find::finder;
pub use publish::{publish, unpublish};
pub use save::{NewArticle, Text, archive, create, restore, save, update};
pub use store::{Filter, list, published, published_by_slug, revisions};

/// The kind of an article in the index of words, with all its texts, published or not.
const ARTICLE: &str = "article";

/// Who may read an article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody, and the bot.
    #[default]
    Public,
    /// Staff only.
    Staff,
}
stored_as_text!(Audience { Public = "public", Staff = "staff" });

/// How a text stands towards the public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    Published,
    /// Published, and changed since.
    Changed,
}

/// One language of an article, for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LocaleRow {
    pub locale: Locale,
    pub title: String,
    pub slug: String,
    pub status: Status,
    pub updated_at: Timestamp,
    /// Another language was published after this one: the translation may be behind.
    pub outdated: bool,
}

/// An article in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ArticleRow {
    pub id: ArticleId,
    pub category_id: CategoryId,
    pub audience: Audience,
    pub updated_at: Timestamp,
    pub locales: Vec<LocaleRow>,
    /// In the last 90 days.
    pub views: i64,
    pub helpful: i64,
    pub unhelpful: i64,
}

/// The working text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ArticleText {
    pub title: String,
    pub slug: String,
    /// The answer in a line or two; shown first, and said by the bot.
    pub summary: String,
    /// Markdown.
    pub body: String,
    /// Wordings that customers use.
    pub questions: Vec<String>,
    pub video_url: Option<String>,
    /// Raised by every save; a save names the one it is based on.
    pub version: i64,
    pub draft_revision: i64,
    pub published_revision: Option<i64>,
    pub status: Status,
    pub updated_at: Timestamp,
}

/// An article with all its texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Article {
    pub id: ArticleId,
    pub category_id: CategoryId,
    pub audience: Audience,
    pub related: Vec<ArticleId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub archived: bool,
    pub texts: BTreeMap<Locale, ArticleText>,
    pub views: i64,
    pub helpful: i64,
    pub unhelpful: i64,
}

/// A published text, as the public sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedText {
    pub id: ArticleId,
    pub category: CategoryId,
    pub locale: Locale,
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub body: String,
    pub questions: Vec<String>,
    pub video_url: Option<String>,
    pub published_at: Timestamp,
}

/// An earlier text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Revision {
    pub revision: i64,
    pub title: String,
    pub summary: String,
    pub body: String,
    pub questions: Vec<String>,
    pub video_url: Option<String>,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// One article.
///
/// # Errors
/// It is not there.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: ArticleId) -> Result<Article> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the article").into())
}

const fn status(draft: i64, published: Option<i64>) -> Status {
    match published {
        None => Status::Draft,
        Some(revision) if revision == draft => Status::Published,
        Some(_) => Status::Changed,
    }
}
