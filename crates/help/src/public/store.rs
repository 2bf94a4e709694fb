//! SQL of the public pages.

use ennakoi_inbox::channels::{self, ChannelKind};
use ennakoi_kernel::{
    Timestamp,
    ids::{ArticleId, CategoryId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row, Tx, Value, params};
use uuid::Uuid;

/// Published texts of one workspace that the public pages show, at most.
const TEXTS_MAX: i64 = 20_000;
/// Days over which the most read articles are counted.
const READ_DAYS: i64 = 90;
/// Rows of those days, of an article, a language and a day each.
const DAY_ROWS: i64 = 200_000;
/// Ids in one statement.
const IDS: usize = 200;
/// Events that are looked through before everything is simply read again.
const EVENTS_MAX: i64 = 500;
/// The same for the distance on the timeline.
const DISTANCE_MAX: i64 = 20_000;

/// A published text without its body.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: ArticleId,
    pub(super) category: CategoryId,
    pub(super) related: Vec<ArticleId>,
    pub(super) locale: Locale,
    pub(super) slug: String,
    pub(super) revision: i64,
    pub(super) published_at: Timestamp,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) questions: Vec<String>,
}

impl FromRow for Head {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            category: row.take()?,
            related: serde_json::from_str(&row.take::<String>()?)?,
            locale: row.take()?,
            slug: row.take()?,
            revision: row.take()?,
            published_at: row.take()?,
            title: row.take()?,
            summary: row.take()?,
            questions: serde_json::from_str(&row.take::<String>()?)?,
        })
    }
}

/// What the public may read, newest first.
pub(super) async fn heads(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Head>> {
    tx.all(
        "SELECT a.id, a.category_id, a.related, t.locale, t.slug, r.revision, t.published_at, r.title, r.summary, r.questions \
         FROM article_texts t JOIN articles a ON a.workspace_id = t.workspace_id AND a.id = t.article_id \
         JOIN article_revisions r ON r.workspace_id = t.workspace_id AND r.article_id = t.article_id AND r.locale = t.locale AND r.revision = t.published_revision \
         WHERE t.workspace_id = $1 AND a.archived_at IS NULL AND a.audience = 'public' ORDER BY t.published_at DESC, a.id, t.locale LIMIT $2",
        params![workspace, TEXTS_MAX],
    )
    .await
}

/// Hands the published body of each text of these articles to `each`.
pub(super) async fn bodies(tx: &mut Tx, workspace: WorkspaceId, ids: &[ArticleId], mut each: impl FnMut(ArticleId, Locale, i64, String) + Send) -> Result<()> {
    for some in ids.chunks(IDS) {
        let places = (2..2 + some.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT r.article_id, r.locale, r.revision, r.body FROM article_texts t JOIN article_revisions r ON r.workspace_id = t.workspace_id \
             AND r.article_id = t.article_id AND r.locale = t.locale AND r.revision = t.published_revision \
             WHERE t.workspace_id = $1 AND t.article_id IN ({places})"
        );
        let parameters: Vec<Value> = std::iter::once(workspace.into()).chain(some.iter().map(|id| Value::from(*id))).collect();
        tx.each(&sql, &parameters, |mut row| {
            each(row.take()?, row.take()?, row.take()?, row.take()?);
            Ok(true)
        })
        .await?;
    }
    Ok(())
}

/// Views of the last 90 days, the most read first.
pub(super) async fn most_read(tx: &mut Tx, workspace: WorkspaceId, today: i64) -> Result<Vec<(ArticleId, Locale, i64)>> {
    tx.all(
        // The inner query keeps to the days asked for; in the order of the groups all days would be walked.
        "SELECT article_id, locale, CAST(SUM(views) AS BIGINT) AS seen FROM \
         (SELECT article_id, locale, views FROM article_days WHERE workspace_id = $1 AND day > $2 ORDER BY day DESC LIMIT $3) AS recent \
         GROUP BY article_id, locale ORDER BY seen DESC, article_id LIMIT 200",
        params![workspace, today - READ_DAYS, DAY_ROWS],
    )
    .await
}

/// The workspace's chat, if it has one: the way to a person.
pub(super) async fn chat(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<Uuid>> {
    let all = channels::list(tx, workspace).await?;
    Ok(all.into_iter().find(|channel| channel.kind == ChannelKind::Chat && channel.enabled).map(|channel| channel.public_key))
}

/// Whether something happened after `seq`, up to `head`, that changes what the public sees.
pub(super) async fn changed(tx: &mut Tx, workspace: WorkspaceId, seq: i64, head: i64) -> Result<bool> {
    if head - seq > DISTANCE_MAX {
        return Ok(true);
    }
    let events: Vec<(String, serde_json::Value)> = tx
        .all(
            "SELECT kind, payload FROM events WHERE workspace_id = $1 AND seq > $2 AND seq <= $3 AND kind IN ('article.published', 'article.unpublished', \
             'article.archived', 'article.updated', 'guide.published', 'guide.unpublished', 'category.changed', 'workspace.updated', 'channel.created', 'channel.updated', 'channel.removed') \
             ORDER BY seq LIMIT $4",
            params![workspace, seq, head, EVENTS_MAX],
        )
        .await?;
    // A saved draft is an update with a revision: the public sees it when it is published.
    let matters = |(kind, payload): &(String, serde_json::Value)| kind != "article.updated" || payload.get("revision").is_none();
    Ok(events.iter().any(matters) || i64::try_from(events.len()).unwrap_or(EVENTS_MAX) >= EVENTS_MAX)
}

/// Views of one article on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DayOf {
    pub(super) workspace: WorkspaceId,
    pub(super) article: ArticleId,
    pub(super) locale: Locale,
    /// Whole days since 1970-01-01 UTC.
    pub(super) day: i64,
}

/// Adds to the counts of a day.
pub(super) async fn add(tx: &mut Tx, of: DayOf, views: i64, helpful: i64, unhelpful: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO article_days (workspace_id, article_id, locale, day, views, helpful, unhelpful) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (workspace_id, article_id, locale, day) DO UPDATE SET views = article_days.views + $5, helpful = article_days.helpful + $6, \
         unhelpful = article_days.unhelpful + $7",
        params![of.workspace, of.article, of.locale, of.day, views, helpful, unhelpful],
    )
    .await?;
    Ok(())
}

/// Stores a vote unless this mark has voted; whether it was stored.
pub(super) async fn vote(tx: &mut Tx, of: DayOf, mark: &str, helpful: bool, now: Timestamp) -> Result<bool> {
    let stored = tx
        .execute(
            "INSERT INTO article_votes (workspace_id, article_id, locale, mark, helpful, voted_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (workspace_id, article_id, locale, mark) DO NOTHING",
            params![of.workspace, of.article, of.locale, mark, helpful, now],
        )
        .await?;
    Ok(stored == 1)
}

/// Changes a vote to the other answer; when the vote was given, or `None` when it was this answer already.
pub(super) async fn revote(tx: &mut Tx, of: DayOf, mark: &str, helpful: bool) -> Result<Option<Timestamp>> {
    let changed: Option<(Timestamp,)> = tx
        .optional(
            "UPDATE article_votes SET helpful = $5 WHERE workspace_id = $1 AND article_id = $2 AND locale = $3 AND mark = $4 AND helpful <> $5 RETURNING voted_at",
            params![of.workspace, of.article, of.locale, mark, helpful],
        )
        .await?;
    Ok(changed.map(|(at,)| at))
}

/// Forgets who voted before `before`; the counts stay.
pub(super) async fn forget_votes(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM article_votes WHERE voted_at < $1", params![before]).await
}

/// Keeps a search that found nothing.
pub(super) async fn keep_failed_search(tx: &mut Tx, id: Uuid, workspace: WorkspaceId, locale: Locale, query: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO help_searches (id, workspace_id, locale, query, results, searched_at) VALUES ($1, $2, $3, $4, 0, $5)",
        params![id, workspace, locale, query, now],
    )
    .await?;
    Ok(())
}

/// Slugs of the installation's workspaces, at most two: enough to know whether there is only one.
pub(super) async fn two_workspaces(tx: &mut Tx) -> Result<Vec<(String,)>> {
    tx.all("SELECT slug FROM workspaces ORDER BY created_at, id LIMIT 2", params![]).await
}
