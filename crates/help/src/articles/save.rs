//! Writing: new articles, saved texts, moves, archiving.

use ennakoi_inbox::search::message_words;
use ennakoi_kernel::{
    Environment, FieldErrors, Problem,
    ids::{ArticleId, CategoryId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{
    Error, Result, Tx, params, search,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{ARTICLE, Article, Audience, load, publish::unpublish};
use crate::{categories, markdown, slug};

/// Wordings of one article in one language, at most.
const QUESTIONS: usize = 200;

/// A text to be saved.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub title: String,
    /// Markdown.
    pub body: String,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub questions: Vec<String>,
    #[serde(default)]
    pub video_url: Option<String>,
    /// The version that the text is based on; 0 for a language that has no text yet.
    #[serde(default)]
    pub version: i64,
}

/// An article to be, with its first text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArticle {
    pub category_id: CategoryId,
    pub locale: Locale,
    pub title: String,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub questions: Vec<String>,
    #[serde(default)]
    pub audience: Audience,
}

fn check(text: &Text) -> std::result::Result<(), Problem> {
    let mut wrong = FieldErrors::default();
    wrong.line("title", &text.title, limits::LINE_CHARACTERS);
    if text.body.chars().count() > limits::ARTICLE_CHARACTERS {
        wrong.add("body", "too_long", format!("at most {} characters", limits::ARTICLE_CHARACTERS));
    }
    if text.summary.chars().count() > 1_000 {
        wrong.add("summary", "too_long", "at most 1000 characters");
    }
    if text.questions.len() > QUESTIONS || text.questions.iter().any(|question| question.chars().count() > 1_000) {
        wrong.add("questions", "too_long", format!("at most {QUESTIONS} wordings of 1000 characters"));
    }
    if [&text.body, &text.summary].into_iter().chain(&text.questions).any(|part| part.contains('\0')) {
        wrong.add("body", "invalid", "a text does not contain the character NUL");
    }
    if text.video_url.as_deref().is_some_and(|url| !(url.starts_with("https://") && url.len() <= 1_000 && !url.contains(char::is_whitespace))) {
        wrong.add("video_url", "invalid", "an address that begins with https://");
    }
    wrong.finish()
}

/// Begins an article.
///
/// # Errors
/// The category is not there, or a text is missing or too long.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: NewArticle) -> Result<Article> {
    categories::load(tx, workspace, new.category_id).await.map_err(|_| Problem::field("category_id", "unknown", "no category of this workspace"))?;
    let id: ArticleId = environment.new_id();
    let now = environment.now();
    tx.execute(
        "INSERT INTO articles (id, workspace_id, category_id, audience, related, created_at, updated_at, archived_at) VALUES ($1, $2, $3, $4, '[]', $5, $5, NULL)",
        params![id, workspace, new.category_id, new.audience, now],
    )
    .await?;
    let event = NewEvent::new("article.created", actor, json!({ "article": id }));
    timeline::append(tx, environment, workspace, vec![event]).await?;
    let text = Text { title: new.title, body: new.body, summary: new.summary, questions: new.questions, video_url: None, version: 0 };
    save(tx, environment, workspace, actor, id, new.locale, text).await
}

/// Saves the working text of a language as a new revision. The public sees it when it is published.
///
/// # Errors
/// `stale_version` when somebody saved in between (the current version stands in `errors[0].message`); a text is missing or too
/// long; the article is not there.
pub async fn save(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ArticleId, locale: Locale, text: Text) -> Result<Article> {
    check(&text)?;
    // Two who save at once come one after the other; the second then sees that its version is stale.
    let lock = tx.engine().for_update();
    tx.optional::<(ArticleId,)>(&format!("SELECT id FROM articles WHERE workspace_id = $1 AND id = $2{lock}"), params![workspace, id]).await?;
    let article = load(tx, workspace, id).await?;
    let now = environment.now();
    let questions: Vec<&str> = text.questions.iter().map(|question| question.trim()).filter(|question| !question.is_empty()).collect();
    let questions = serde_json::to_string(&questions)?;
    let current = article.texts.get(&locale);
    let version = current.map_or(0, |current| current.version);
    if version != text.version {
        let mut problem = Problem::conflict("stale_version", "somebody saved this text in between");
        problem.fields.push(ennakoi_kernel::FieldError { field: "version".to_owned(), code: "stale".to_owned(), message: version.to_string() });
        return Err(problem.into());
    }
    let revision = current.map_or(0, |current| current.draft_revision) + 1;
    // The address of a text that was public stays: others link to it.
    let slug = match current.filter(|current| current.published_revision.is_some()) {
        Some(current) => current.slug.clone(),
        None => free_slug(tx, workspace, locale, id, &slug::of(&text.title)).await?,
    };
    tx.execute(
        "INSERT INTO article_revisions (workspace_id, article_id, locale, revision, title, summary, body, questions, video_url, created_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![workspace, id, locale, revision, &text.title, &text.summary, &text.body, &questions, text.video_url.clone(), now, actor.to_string()],
    )
    .await?;
    let written = tx
        .execute(
            "INSERT INTO article_texts (workspace_id, article_id, locale, slug, title, summary, body, questions, video_url, version, draft_revision, \
             published_revision, published_at, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, NULL, NULL, $11, $12) \
             ON CONFLICT (workspace_id, article_id, locale) DO UPDATE SET slug = $4, title = $5, summary = $6, body = $7, questions = $8, video_url = $9, \
             version = article_texts.version + 1, draft_revision = $10, updated_at = $11, updated_by = $12 WHERE article_texts.version = $13",
            params![workspace, id, locale, slug, &text.title, &text.summary, &text.body, &questions, text.video_url, revision, now, actor.to_string(), version],
        )
        .await
        // Another article took the same address in this moment: tried again, this one gets the next.
        .map_err(|error| if let Error::Constraint(text) = error { Error::Collision(text) } else { error })?;
    if written == 0 {
        return Err(Problem::conflict("stale_version", "somebody saved this text in between").into());
    }
    touch(tx, environment, workspace, actor, id, json!({ "article": id, "locale": locale, "revision": revision })).await?;
    let saved = load(tx, workspace, id).await?;
    index(tx, workspace, &saved).await?;
    Ok(saved)
}

/// Makes the article findable for staff by all its texts.
async fn index(tx: &mut Tx, workspace: WorkspaceId, article: &Article) -> Result<()> {
    let words: Vec<String> = article
        .texts
        .iter()
        .map(|(locale, content)| {
            let whole = [content.title.as_str(), &content.summary, &markdown::to_text(&content.body), &content.questions.join("\n")].join("\n");
            message_words(&whole, Some(*locale))
        })
        .collect();
    let document = search::Document { kind: ARTICLE, id: article.id.0, parent: None, occurred_at: article.updated_at, words: &words.join(" ") };
    search::index(tx, workspace, &document).await
}

async fn free_slug(tx: &mut Tx, workspace: WorkspaceId, locale: Locale, id: ArticleId, base: &str) -> Result<String> {
    let mut slug = base.to_owned();
    for number in 2..1_000 {
        let taken: Option<(i64,)> = tx
            .optional(
                "SELECT 1 FROM article_texts WHERE workspace_id = $1 AND locale = $2 AND slug = $3 AND article_id <> $4",
                params![workspace, locale, &slug, id],
            )
            .await?;
        if taken.is_none() {
            return Ok(slug);
        }
        slug = format!("{base}-{number}");
    }
    Err(Problem::field("title", "taken", "too many articles have this title").into())
}

async fn touch(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ArticleId, payload: serde_json::Value) -> Result<()> {
    tx.execute("UPDATE articles SET updated_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, environment.now()]).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new("article.updated", actor, payload)]).await?;
    Ok(())
}

/// Moves an article, or changes who reads it and what stands beside it. A public article that becomes internal is taken back.
///
/// # Errors
/// It or the category is not there.
#[expect(clippy::too_many_arguments, reason = "an article has these parts, each of which may change alone")]
pub async fn update(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ArticleId,
    category: Option<CategoryId>,
    audience: Option<Audience>,
    related: Option<Vec<ArticleId>>,
) -> Result<Article> {
    let article = load(tx, workspace, id).await?;
    if let Some(category) = category {
        categories::load(tx, workspace, category).await.map_err(|_| Problem::field("category_id", "unknown", "no category of this workspace"))?;
    }
    let related = related.unwrap_or_else(|| article.related.clone());
    if related.len() > 20 || related.contains(&id) {
        return Err(Problem::field("related", "invalid", "at most 20 other articles").into());
    }
    for (at, other) in related.iter().enumerate().filter(|(_, other)| !article.related.contains(other)) {
        load(tx, workspace, *other).await.map_err(|_| Problem::field(format!("related[{at}]"), "unknown", "no article of this workspace"))?;
    }
    let audience = audience.unwrap_or(article.audience);
    tx.execute(
        "UPDATE articles SET category_id = $3, audience = $4, related = $5 WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, category.unwrap_or(article.category_id), audience, serde_json::to_string(&related)?],
    )
    .await?;
    if audience == Audience::Staff && article.audience == Audience::Public {
        take_back(tx, environment, workspace, actor, &article).await?;
    }
    touch(tx, environment, workspace, actor, id, json!({ "article": id })).await?;
    load(tx, workspace, id).await
}

async fn take_back(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, article: &Article) -> Result<()> {
    for (locale, text) in &article.texts {
        if text.published_revision.is_some() {
            unpublish(tx, environment, workspace, actor, article.id, *locale).await?;
        }
    }
    Ok(())
}

/// Puts an article away: taken back everywhere, kept with its revisions.
///
/// # Errors
/// It is not there.
pub async fn archive(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ArticleId) -> Result<()> {
    let article = load(tx, workspace, id).await?;
    take_back(tx, environment, workspace, actor, &article).await?;
    tx.execute("UPDATE articles SET archived_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, environment.now()]).await?;
    search::remove(tx, workspace, ARTICLE, id.0).await?;
    timeline::append(tx, environment, workspace, vec![NewEvent::new("article.archived", actor, json!({ "article": id }))]).await?;
    Ok(())
}

/// Takes an article out of the archive, as drafts.
///
/// # Errors
/// It is not there.
pub async fn restore(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ArticleId) -> Result<Article> {
    tx.execute("UPDATE articles SET archived_at = NULL WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    touch(tx, environment, workspace, actor, id, json!({ "article": id, "restored": true })).await?;
    let article = load(tx, workspace, id).await?;
    index(tx, workspace, &article).await?;
    Ok(article)
}
