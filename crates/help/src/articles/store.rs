//! SQL of articles.

use std::collections::{BTreeMap, HashMap};

use ennakoi_kernel::{
    Timestamp,
    ids::{ArticleId, CategoryId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row, Tx, Value, params};

use super::{Article, ArticleRow, ArticleText, Audience, LocaleRow, PublishedText, Revision, status};

/// Days over which views and votes are added up.
const COUNTED_DAYS: i64 = 90;

/// Which articles a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub category: Option<CategoryId>,
    /// Only articles that have a text in this language.
    pub locale: Option<Locale>,
    /// Only those of these ids (search).
    pub ids: Option<Vec<ArticleId>>,
    /// Everything after this position.
    pub before: Option<(Timestamp, ArticleId)>,
    pub limit: u32,
}

struct Head {
    id: ArticleId,
    category_id: CategoryId,
    audience: Audience,
    related: Vec<ArticleId>,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived: bool,
}

impl FromRow for Head {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            category_id: row.take()?,
            audience: row.take()?,
            related: serde_json::from_str(&row.take::<String>()?)?,
            created_at: row.take()?,
            updated_at: row.take()?,
            archived: row.take::<Option<Timestamp>>()?.is_some(),
        })
    }
}

pub(super) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: ArticleId) -> Result<Option<Article>> {
    let head: Option<Head> = tx
        .optional(
            "SELECT id, category_id, audience, related, created_at, updated_at, archived_at FROM articles WHERE workspace_id = $1 AND id = $2",
            params![workspace, id],
        )
        .await?;
    let Some(head) = head else { return Ok(None) };
    let texts = texts_of(tx, workspace, id).await?;
    let (views, helpful, unhelpful) = counts(tx, workspace, &[id]).await?.remove(&id).unwrap_or_default();
    let Head { id, category_id, audience, related, created_at, updated_at, archived } = head;
    Ok(Some(Article { id, category_id, audience, related, created_at, updated_at, archived, texts, views, helpful, unhelpful }))
}

impl FromRow for ArticleText {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (title, slug, summary, body) = (row.take()?, row.take()?, row.take()?, row.take()?);
        let questions = serde_json::from_str(&row.take::<String>()?)?;
        let (video_url, version) = (row.take()?, row.take()?);
        let (draft_revision, published_revision) = (row.take()?, row.take()?);
        let status = status(draft_revision, published_revision);
        Ok(Self { title, slug, summary, body, questions, video_url, version, draft_revision, published_revision, status, updated_at: row.take()? })
    }
}

pub(super) async fn texts_of(tx: &mut Tx, workspace: WorkspaceId, id: ArticleId) -> Result<BTreeMap<Locale, ArticleText>> {
    let mut texts = BTreeMap::new();
    tx.each(
        "SELECT locale, title, slug, summary, body, questions, video_url, version, draft_revision, published_revision, updated_at \
         FROM article_texts WHERE workspace_id = $1 AND article_id = $2",
        params![workspace, id],
        |mut row| {
            texts.insert(row.take()?, ArticleText::from_row(&mut row)?);
            Ok(true)
        },
    )
    .await?;
    Ok(texts)
}

/// `$from, $from+1, …` for a list of ids.
fn places(from: usize, ids: &[ArticleId]) -> String {
    (from..from + ids.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn with_ids(mut parameters: Vec<Value>, ids: &[ArticleId]) -> Vec<Value> {
    parameters.extend(ids.iter().map(|id| Value::from(*id)));
    parameters
}

async fn counts(tx: &mut Tx, workspace: WorkspaceId, ids: &[ArticleId]) -> Result<HashMap<ArticleId, (i64, i64, i64)>> {
    let mut counted = HashMap::new();
    if ids.is_empty() {
        return Ok(counted);
    }
    let newest: i64 = tx.scalar("SELECT COALESCE(MAX(day), 0) FROM article_days WHERE workspace_id = $1", params![workspace]).await?;
    let sql = format!(
        "SELECT article_id, CAST(SUM(views) AS BIGINT), CAST(SUM(helpful) AS BIGINT), CAST(SUM(unhelpful) AS BIGINT) FROM article_days \
         WHERE workspace_id = $1 AND day > $2 AND article_id IN ({}) GROUP BY article_id",
        places(3, ids)
    );
    let rows: Vec<(ArticleId, i64, i64, i64)> = tx.all(&sql, &with_ids(vec![workspace.into(), (newest - COUNTED_DAYS).into()], ids)).await?;
    counted.extend(rows.into_iter().map(|(id, views, helpful, unhelpful)| (id, (views, helpful, unhelpful))));
    Ok(counted)
}

/// A page of articles, the most recently changed first; one more than the limit when there are more.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId, filter: &Filter) -> Result<Vec<ArticleRow>> {
    let mut sql =
        "SELECT id, category_id, audience, related, created_at, updated_at, archived_at FROM articles WHERE workspace_id = $1 AND archived_at IS NULL"
            .to_owned();
    let mut parameters: Vec<Value> = vec![workspace.into()];
    if let Some(category) = filter.category {
        parameters.push(category.into());
        sql.push_str(&format!(" AND category_id = ${}", parameters.len()));
    }
    if let Some(locale) = filter.locale {
        parameters.push(locale.into());
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM article_texts t WHERE t.workspace_id = articles.workspace_id AND t.article_id = articles.id AND t.locale = ${})",
            parameters.len()
        ));
    }
    if let Some(ids) = &filter.ids {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        sql.push_str(&format!(" AND id IN ({})", places(parameters.len() + 1, ids)));
        parameters = with_ids(parameters, ids);
    }
    if let Some((at, id)) = filter.before {
        parameters.extend([at.into(), id.into()]);
        sql.push_str(&format!(" AND (updated_at, id) < (${}, ${})", parameters.len() - 1, parameters.len()));
    }
    parameters.push((filter.limit + 1).into());
    sql.push_str(&format!(" ORDER BY updated_at DESC, id DESC LIMIT ${}", parameters.len()));
    let heads: Vec<Head> = tx.all(&sql, &parameters).await?;
    rows(tx, workspace, heads).await
}

async fn rows(tx: &mut Tx, workspace: WorkspaceId, heads: Vec<Head>) -> Result<Vec<ArticleRow>> {
    let ids: Vec<ArticleId> = heads.iter().map(|head| head.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut locales: HashMap<ArticleId, Vec<(LocaleRow, Option<Timestamp>)>> = HashMap::new();
    let sql = format!(
        "SELECT article_id, locale, title, slug, draft_revision, published_revision, updated_at, published_at FROM article_texts \
         WHERE workspace_id = $1 AND article_id IN ({}) ORDER BY locale",
        places(2, &ids)
    );
    tx.each(&sql, &with_ids(vec![workspace.into()], &ids), |mut row| {
        let article: ArticleId = row.take()?;
        let (locale, title, slug) = (row.take()?, row.take()?, row.take()?);
        let status = status(row.take()?, row.take()?);
        let text = LocaleRow { locale, title, slug, status, updated_at: row.take()?, outdated: false };
        locales.entry(article).or_default().push((text, row.take()?));
        Ok(true)
    })
    .await?;
    let mut counted = counts(tx, workspace, &ids).await?;
    let finished = heads.into_iter().map(|head| {
        let mut texts = locales.remove(&head.id).unwrap_or_default();
        let newest = texts.iter().filter_map(|(_, published_at)| *published_at).max();
        for (text, published_at) in &mut texts {
            text.outdated = newest.is_some() && *published_at < newest && text.updated_at < newest.unwrap_or_default();
        }
        let (views, helpful, unhelpful) = counted.remove(&head.id).unwrap_or_default();
        let locales = texts.into_iter().map(|(text, _)| text).collect();
        ArticleRow { id: head.id, category_id: head.category_id, audience: head.audience, updated_at: head.updated_at, locales, views, helpful, unhelpful }
    });
    Ok(finished.collect())
}

const PUBLISHED: &str = "SELECT a.id, a.category_id, t.locale, t.slug, r.title, r.summary, r.body, r.questions, r.video_url, t.published_at \
     FROM article_texts t JOIN articles a ON a.workspace_id = t.workspace_id AND a.id = t.article_id \
     JOIN article_revisions r ON r.workspace_id = t.workspace_id AND r.article_id = t.article_id AND r.locale = t.locale AND r.revision = t.published_revision \
     WHERE a.archived_at IS NULL AND a.audience = 'public'";

impl FromRow for PublishedText {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            category: row.take()?,
            locale: row.take()?,
            slug: row.take()?,
            title: row.take()?,
            summary: row.take()?,
            body: row.take()?,
            questions: serde_json::from_str(&row.take::<String>()?)?,
            video_url: row.take()?,
            published_at: row.take()?,
        })
    }
}

/// Published texts of a language: of a category, of given articles, or all; newest first.
///
/// # Errors
/// The database refuses.
pub async fn published(
    tx: &mut Tx,
    workspace: WorkspaceId,
    locale: Locale,
    category: Option<CategoryId>,
    ids: Option<&[ArticleId]>,
    limit: u32,
) -> Result<Vec<PublishedText>> {
    let mut sql = format!("{PUBLISHED} AND t.workspace_id = $1 AND t.locale = $2");
    let mut parameters: Vec<Value> = vec![workspace.into(), locale.into()];
    if let Some(category) = category {
        parameters.push(category.into());
        sql.push_str(&format!(" AND a.category_id = ${}", parameters.len()));
    }
    if let Some(ids) = ids {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        sql.push_str(&format!(" AND a.id IN ({})", places(parameters.len() + 1, ids)));
        parameters = with_ids(parameters, ids);
    }
    parameters.push(limit.into());
    sql.push_str(&format!(" ORDER BY t.published_at DESC, a.id LIMIT ${}", parameters.len()));
    tx.all(&sql, &parameters).await
}

/// The published text with this slug.
///
/// # Errors
/// The database refuses.
pub async fn published_by_slug(tx: &mut Tx, workspace: WorkspaceId, locale: Locale, slug: &str) -> Result<Option<PublishedText>> {
    tx.optional(&format!("{PUBLISHED} AND t.workspace_id = $1 AND t.locale = $2 AND t.slug = $3"), params![workspace, locale, slug]).await
}

impl FromRow for Revision {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            revision: row.take()?,
            title: row.take()?,
            summary: row.take()?,
            body: row.take()?,
            questions: serde_json::from_str(&row.take::<String>()?)?,
            video_url: row.take()?,
            created_at: row.take()?,
            created_by: row.take()?,
        })
    }
}

/// Earlier texts, newest first, before `before` (exclusive; `i64::MAX` for the newest).
///
/// # Errors
/// The database refuses.
pub async fn revisions(tx: &mut Tx, workspace: WorkspaceId, id: ArticleId, locale: Locale, before: i64, limit: u32) -> Result<Vec<Revision>> {
    tx.all(
        "SELECT revision, title, summary, body, questions, video_url, created_at, created_by FROM article_revisions \
         WHERE workspace_id = $1 AND article_id = $2 AND locale = $3 AND revision < $4 ORDER BY revision DESC LIMIT $5",
        params![workspace, id, locale, before, limit],
    )
    .await
}
