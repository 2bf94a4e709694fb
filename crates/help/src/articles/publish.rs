//! Making a text public, and taking it back.

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ArticleId, WorkspaceId},
};
use ennakoi_people::{Locale, workspaces};
use ennakoi_store::{
    Result, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{Article, load};

/// Publishes the working text. Those who answer from articles learn its content from the event.
///
/// # Errors
/// The article has no text in this language, or an empty one.
pub async fn publish(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ArticleId, locale: Locale) -> Result<Article> {
    let article = load(tx, workspace, id).await?;
    let text = article.texts.get(&locale).ok_or_else(|| Problem::not_found("the text in this language"))?;
    if article.archived {
        return Err(Problem::conflict("article_archived", "restore it first").into());
    }
    if text.body.trim().is_empty() && text.summary.trim().is_empty() {
        return Err(Problem::field("body", "required", "an empty article cannot be published").into());
    }
    let now = environment.now();
    tx.execute(
        "UPDATE article_texts SET published_revision = draft_revision, published_at = $4 WHERE workspace_id = $1 AND article_id = $2 AND locale = $3",
        params![workspace, id, locale, now],
    )
    .await?;
    let slug = workspaces::load(tx, workspace).await?.slug;
    let payload = json!({
        "article": id, "locale": locale, "title": text.title, "summary": text.summary, "body": text.body, "questions": text.questions,
        "url": format!("/help/{slug}/{}/a/{}", locale.as_str(), text.slug), "audience": article.audience, "revision": text.draft_revision,
    });
    timeline::append(tx, environment, workspace, vec![NewEvent::new("article.published", actor, payload)]).await?;
    load(tx, workspace, id).await
}

/// Takes a text back. Taking back what is not public changes nothing.
///
/// # Errors
/// The article has no text in this language.
pub async fn unpublish(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: ArticleId, locale: Locale) -> Result<Article> {
    let article = load(tx, workspace, id).await?;
    let text = article.texts.get(&locale).ok_or_else(|| Problem::not_found("the text in this language"))?;
    if text.published_revision.is_none() {
        return Ok(article);
    }
    tx.execute(
        "UPDATE article_texts SET published_revision = NULL, published_at = NULL WHERE workspace_id = $1 AND article_id = $2 AND locale = $3",
        params![workspace, id, locale],
    )
    .await?;
    let event = NewEvent::new("article.unpublished", actor, json!({ "article": id, "locale": locale }));
    timeline::append(tx, environment, workspace, vec![event]).await?;
    load(tx, workspace, id).await
}
