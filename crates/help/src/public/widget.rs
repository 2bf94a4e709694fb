//! Articles for the chat widget, which shows them before anybody has to write.

use axum::{Extension, extract::State};
use ennakoi_http::{ApiResult, App, Json, Path, Query};
use ennakoi_inbox::channels;
use ennakoi_kernel::{Problem, ids::ArticleId};
use ennakoi_people::{Locale, workspaces};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    centre::Centre,
    pages::article_path,
    shelf::{Shelf, Text},
};

/// Articles of one answer.
const ARTICLES: usize = 8;
/// Characters of a query that are looked at.
const QUERY: usize = 200;
const EXCERPT: usize = 140;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ArticleQuery {
    /// What to look for; absent or empty: the most read.
    q: Option<String>,
    /// The visitor's language; the company's own when absent or not one of its languages.
    locale: Option<Locale>,
}

/// Articles, best first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WidgetArticles {
    items: Vec<WidgetArticle>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WidgetArticle {
    id: ArticleId,
    title: String,
    excerpt: String,
    /// Where the whole article stands.
    url: String,
    /// The article's language: another one than asked for when nothing was found in that.
    locale: Locale,
}

/// `GET /widget/v1/{public_key}/articles`
pub(super) async fn list_widget_articles(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path(public_key): Path<Uuid>,
    Query(query): Query<ArticleQuery>,
) -> ApiResult<Json<WidgetArticles>> {
    let mut tx = app.db.read().await?;
    let channel = channels::by_public_key(&mut tx, public_key).await?.ok_or_else(|| Problem::not_found("this chat"))?;
    let workspace = workspaces::load(&mut tx, channel.workspace).await?;
    drop(tx);
    let shelf = centre.shelf(&app, &workspace.slug).await?.filter(|shelf| shelf.is_open());
    let Some(shelf) = shelf else { return Ok(Json(WidgetArticles { items: Vec::new() })) };
    let locale = query.locale.filter(|locale| shelf.speaks(*locale)).unwrap_or(shelf.workspace.default_language);
    let asked: String = query.q.unwrap_or_default().chars().take(QUERY).collect();
    let in_order = std::iter::once(locale).chain(shelf.written().filter(|other| *other != locale));
    let found = in_order.map(|locale| items(&app, &shelf, locale, &asked)).find(|items| !items.is_empty());
    Ok(Json(WidgetArticles { items: found.unwrap_or_default() }))
}

fn items(app: &App, shelf: &Shelf, locale: Locale, asked: &str) -> Vec<WidgetArticle> {
    let here = shelf.of(locale);
    let item = |text: &Text, excerpt: String| WidgetArticle {
        id: text.head.id,
        title: text.head.title.clone(),
        excerpt,
        url: format!("{}{}", app.public_url(), article_path(shelf, text)),
        locale,
    };
    if asked.trim().is_empty() {
        return here.most_read().take(ARTICLES).map(|text| item(text, text.excerpt(EXCERPT))).collect();
    }
    let (hits, found) = here.find(asked, ARTICLES);
    hits.into_iter().map(|text| item(text, text.found_in(&found.marks, EXCERPT))).collect()
}
