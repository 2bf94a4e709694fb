//! Gaps over HTTP: what is missing, closing one, and what became of it.

use std::collections::BTreeMap;

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Member, Page, Query, Route, get, post};
use ennakoi_kernel::{
    Duration, FieldErrors, Timestamp,
    access::{Access, Permission},
    ids::ArticleId,
};
use ennakoi_people::audit;
use ennakoi_store::params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::group::{self, Change, Gap, Question};

/// Questions of one look, the newest.
const QUESTIONS_MAX: i64 = 5_000;
/// Questions of one gap that are closed together.
const CLOSED_TOGETHER: usize = 5_000;
/// Days before and after an article that are compared.
const COMPARED: Duration = Duration::days(28);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/gaps", "list_gaps", Access::Needs(Permission::KnowledgeRead), list_gaps)
            .summary("What customers ask and nothing answers, the dearest first, each with a drafted article")
            .query::<GapQuery>()
            .returns::<Page<Gap>>(200),
        post("/api/v1/gaps/closures", "close_gap", Access::Needs(Permission::KnowledgeWrite), close_gap)
            .summary("Closes a gap: an article answers it now, or nothing is to")
            .takes::<Closure>()
            .returns::<Closed>(200),
        get("/api/v1/gaps/effects", "list_gap_effects", Access::Needs(Permission::KnowledgeRead), list_effects)
            .summary("Contacts before and after an article that was made of a gap")
            .returns::<Page<Effect>>(200),
    ]
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct GapQuery {
    /// How far to look back, 1–365; 28 when not given.
    days: Option<u32>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Closure {
    questions: Vec<Uuid>,
    /// The article that answers it; absent: nothing is to answer it.
    article_id: Option<ArticleId>,
}

#[derive(Serialize, JsonSchema)]
struct Closed {
    closed: u64,
}

#[derive(Serialize, JsonSchema)]
struct Effect {
    article_id: ArticleId,
    title: String,
    closed_at: Timestamp,
    before: usize,
    after: usize,
    /// Days after that could be looked at so far.
    days_after: f64,
    change: Option<Change>,
}

async fn list_gaps(State(app): State<App>, member: Member, Query(query): Query<GapQuery>) -> ApiResult<Json<Page<Gap>>> {
    let since = app.environment.now() - Duration::days(i64::from(query.days.unwrap_or(28).clamp(1, 365)));
    let mut tx = app.db.read().await?;
    let questions: Vec<Question> = tx
        .all(
            "SELECT id, at, source, locale, question, need, answer FROM bot_gap_questions WHERE workspace_id = $1 AND at >= $2 AND closed_at IS NULL \
             ORDER BY at DESC, id DESC LIMIT $3",
            params![member.workspace, since, QUESTIONS_MAX],
        )
        .await?;
    drop(tx);
    let gaps = tokio::task::spawn_blocking(move || group::gaps(&questions)).await.map_err(|_| ennakoi_kernel::Problem::internal())?;
    Ok(Json(Page::whole(gaps)))
}

async fn close_gap(State(app): State<App>, member: Member, Json(closure): Json<Closure>) -> ApiResult<Json<Closed>> {
    let mut wrong = FieldErrors::default();
    if closure.questions.is_empty() || closure.questions.len() > CLOSED_TOGETHER {
        wrong.add("questions", "invalid", format!("1 to {CLOSED_TOGETHER} questions"));
    }
    wrong.finish()?;
    let mut tx = app.db.begin().await?;
    let mut closed = 0;
    for question in &closure.questions {
        closed += tx
            .execute(
                "UPDATE bot_gap_questions SET closed_at = $3, article_id = $4 WHERE workspace_id = $1 AND id = $2 AND closed_at IS NULL",
                params![member.workspace, *question, app.environment.now(), closure.article_id],
            )
            .await?;
    }
    let what = json!({ "questions": closed, "article": closure.article_id });
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.gap_closed", "workspace", member.workspace, what).await?;
    tx.commit().await?;
    Ok(Json(Closed { closed }))
}

async fn list_effects(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Effect>>> {
    let now = app.environment.now();
    let mut tx = app.db.read().await?;
    let closed: Vec<(ArticleId, Timestamp, Timestamp, String)> = tx
        .all(
            "SELECT article_id, closed_at, at, need FROM bot_gap_questions WHERE workspace_id = $1 AND article_id IS NOT NULL ORDER BY at DESC LIMIT $2",
            params![member.workspace, QUESTIONS_MAX],
        )
        .await?;
    let asked: Vec<(Timestamp, String)> = tx
        .all(
            "SELECT at, need FROM bot_gap_questions WHERE workspace_id = $1 AND need <> '' ORDER BY at DESC LIMIT $2",
            params![member.workspace, QUESTIONS_MAX],
        )
        .await?;
    let mut by_article: BTreeMap<ArticleId, (Timestamp, usize, String)> = BTreeMap::new();
    for (article, at_closure, at, need) in closed {
        let entry = by_article.entry(article).or_insert((at_closure, 0, String::new()));
        if at >= at_closure - COMPARED {
            entry.1 += 1;
        }
        if entry.2.is_empty() {
            entry.2 = need;
        }
    }
    let mut effects = Vec::new();
    for (article, (closed_at, before, need)) in by_article {
        let until = (closed_at + COMPARED).min(now);
        let after = asked.iter().filter(|(at, other)| !need.is_empty() && *other == need && *at > closed_at && *at <= until).count();
        let title: Option<(String,)> =
            tx.optional("SELECT title FROM bot_articles WHERE workspace_id = $1 AND article_id = $2 LIMIT 1", params![member.workspace, article]).await?;
        let days = |span: Duration| span.0 as f64 / 86_400e6;
        let days_after = days(until - closed_at);
        effects.push(Effect {
            article_id: article,
            title: title.map(|(title,)| title).unwrap_or_default(),
            closed_at,
            before,
            after,
            days_after,
            change: group::change((before, days(COMPARED)), (after, days_after)),
        });
    }
    Ok(Json(Page::whole(effects)))
}
