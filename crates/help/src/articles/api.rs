//! Articles over HTTP, for staff.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, Path, Query, Route, delete, get, limit, patch, post, put};
use ennakoi_inbox::search::Question;
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::{ArticleId, CategoryId},
    limits,
};
use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ARTICLE, Article, ArticleRow, Audience, Filter, NewArticle, Revision, Status, Text, load, publish, save, store};
use crate::markdown;

pub(crate) fn routes() -> Vec<Route> {
    let read = Access::Needs(Permission::KnowledgeRead);
    let write = Access::Needs(Permission::KnowledgeWrite);
    let publish = Access::Needs(Permission::KnowledgePublish);
    vec![
        get("/api/v1/articles", "list_articles", read, list_articles)
            .summary("Articles, the most recently changed first")
            .query::<ArticleQuery>()
            .returns::<Page<ArticleRow>>(200),
        post("/api/v1/articles", "create_article", write, create_article).summary("Begin an article").takes::<NewArticle>().returns::<Article>(201),
        post("/api/v1/articles/preview", "preview_article", read, preview_article)
            .summary("Markdown as the help centre shows it")
            .takes::<Preview>()
            .returns::<Previewed>(200),
        get("/api/v1/articles/{id}", "read_article", read, read_article).summary("An article with all its texts").returns::<Article>(200),
        patch("/api/v1/articles/{id}", "update_article", write, update_article)
            .summary("Move an article, or change who reads it")
            .takes::<ArticleChange>()
            .returns::<Article>(200),
        delete("/api/v1/articles/{id}", "archive_article", publish, archive_article).summary("Put an article away").answers(204),
        post("/api/v1/articles/{id}/restoration", "restore_article", publish, restore_article)
            .summary("Take an article out of the archive")
            .returns::<Article>(200),
        put("/api/v1/articles/{id}/texts/{locale}", "save_article_text", write, save_article_text)
            .summary("Save the working text of a language")
            .takes::<Text>()
            .returns::<Article>(200),
        put("/api/v1/articles/{id}/texts/{locale}/publication", "publish_article_text", publish, publish_article_text)
            .summary("Make the working text public")
            .returns::<Article>(200),
        delete("/api/v1/articles/{id}/texts/{locale}/publication", "unpublish_article_text", publish, unpublish_article_text)
            .summary("Take a text back")
            .returns::<Article>(200),
        get("/api/v1/articles/{id}/texts/{locale}/revisions", "list_article_revisions", read, list_article_revisions)
            .summary("Earlier texts")
            .query::<ennakoi_http::PageQuery>()
            .returns::<Page<Revision>>(200),
        post("/api/v1/articles/{id}/texts/{locale}/revisions/{revision}/restoration", "restore_article_revision", write, restore_article_revision)
            .summary("Save an earlier text as the newest")
            .returns::<Article>(200),
    ]
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ArticleQuery {
    category: Option<CategoryId>,
    locale: Option<Locale>,
    /// Only articles with a text in this state.
    status: Option<Status>,
    /// Words to look for.
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

async fn list_articles(State(app): State<App>, member: Member, Query(query): Query<ArticleQuery>) -> ApiResult<Json<Page<ArticleRow>>> {
    let mut tx = app.db.read().await?;
    let most = limit(query.limit);
    let mut filter = Filter { category: query.category, locale: query.locale, ids: None, before: Cursor::read(query.cursor.as_deref())?, limit: most };
    if let Some(words) = query.q.as_deref().filter(|words| !words.trim().is_empty()) {
        let found = Question::new(words).documents(&mut tx, member.workspace, ARTICLE, limits::PAGE_MAX).await?;
        filter.ids = Some(found.into_iter().map(ArticleId).collect());
    }
    let rows = store::list(&mut tx, member.workspace, &filter).await?;
    let page = Page::of(rows, most, |row| (row.updated_at, row.id));
    let wanted = |row: &ArticleRow| query.status.is_none_or(|status| row.locales.iter().any(|text| text.status == status));
    Ok(Json(Page { items: page.items.into_iter().filter(wanted).collect(), next_cursor: page.next_cursor }))
}

async fn create_article(State(app): State<App>, member: Member, Json(new): Json<NewArticle>) -> ApiResult<(StatusCode, Json<Article>)> {
    let mut tx = app.db.begin().await?;
    let article = super::create(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(article)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Preview {
    markdown: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Previewed {
    html: String,
}

async fn preview_article(_: Member, Json(preview): Json<Preview>) -> ApiResult<Json<Previewed>> {
    if preview.markdown.chars().count() > limits::ARTICLE_CHARACTERS {
        return Err(Problem::field("markdown", "too_long", format!("at most {} characters", limits::ARTICLE_CHARACTERS)).into());
    }
    Ok(Json(Previewed { html: markdown::to_html(&preview.markdown) }))
}

async fn read_article(State(app): State<App>, member: Member, Path(id): Path<ArticleId>) -> ApiResult<Json<Article>> {
    Ok(Json(load(&mut app.db.read().await?, member.workspace, id).await?))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ArticleChange {
    category_id: Option<CategoryId>,
    audience: Option<Audience>,
    related: Option<Vec<ArticleId>>,
}

async fn update_article(State(app): State<App>, member: Member, Path(id): Path<ArticleId>, Json(change): Json<ArticleChange>) -> ApiResult<Json<Article>> {
    let mut tx = app.db.begin().await?;
    let article = save::update(&mut tx, &app.environment, member.workspace, member.actor, id, change.category_id, change.audience, change.related).await?;
    tx.commit().await?;
    Ok(Json(article))
}

async fn archive_article(State(app): State<App>, member: Member, Path(id): Path<ArticleId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    save::archive(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore_article(State(app): State<App>, member: Member, Path(id): Path<ArticleId>) -> ApiResult<Json<Article>> {
    let mut tx = app.db.begin().await?;
    let article = save::restore(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(Json(article))
}

async fn save_article_text(
    State(app): State<App>,
    member: Member,
    Path((id, locale)): Path<(ArticleId, Locale)>,
    Json(text): Json<Text>,
) -> ApiResult<Json<Article>> {
    let mut tx = app.db.begin().await?;
    let article = save::save(&mut tx, &app.environment, member.workspace, member.actor, id, locale, text).await?;
    tx.commit().await?;
    Ok(Json(article))
}

async fn publish_article_text(State(app): State<App>, member: Member, Path((id, locale)): Path<(ArticleId, Locale)>) -> ApiResult<Json<Article>> {
    let mut tx = app.db.begin().await?;
    let article = publish::publish(&mut tx, &app.environment, member.workspace, member.actor, id, locale).await?;
    tx.commit().await?;
    Ok(Json(article))
}

async fn unpublish_article_text(State(app): State<App>, member: Member, Path((id, locale)): Path<(ArticleId, Locale)>) -> ApiResult<Json<Article>> {
    let mut tx = app.db.begin().await?;
    let article = publish::unpublish(&mut tx, &app.environment, member.workspace, member.actor, id, locale).await?;
    tx.commit().await?;
    Ok(Json(article))
}

async fn list_article_revisions(
    State(app): State<App>,
    member: Member,
    Path((id, locale)): Path<(ArticleId, Locale)>,
    Query(query): Query<ennakoi_http::PageQuery>,
) -> ApiResult<Json<Page<Revision>>> {
    let before = Cursor::read(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let mut tx = app.db.read().await?;
    load(&mut tx, member.workspace, id).await?;
    let rows = store::revisions(&mut tx, member.workspace, id, locale, before, query.limit() + 1).await?;
    Ok(Json(Page::of(rows, query.limit(), |row| row.revision)))
}

async fn restore_article_revision(
    State(app): State<App>,
    member: Member,
    Path((id, locale, revision)): Path<(ArticleId, Locale, i64)>,
) -> ApiResult<Json<Article>> {
    let mut tx = app.db.begin().await?;
    let found = store::revisions(&mut tx, member.workspace, id, locale, revision.saturating_add(1), 1).await?.pop();
    let old = found.filter(|found| found.revision == revision).ok_or_else(|| Problem::not_found("the revision"))?;
    let version = load(&mut tx, member.workspace, id).await?.texts.get(&locale).map_or(0, |text| text.version);
    let text = Text { title: old.title, body: old.body, summary: old.summary, questions: old.questions, video_url: old.video_url, version };
    let article = save::save(&mut tx, &app.environment, member.workspace, member.actor, id, locale, text).await?;
    tx.commit().await?;
    Ok(Json(article))
}
