//! Correcting the bot: an agent says which article should have answered, sees what that changes, and makes it live.

use std::collections::BTreeSet;

use axum::{Extension, extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, post, put};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
    ids::{ArticleId, WorkspaceId},
};
use ennakoi_language::{answers::Verdict as Fit, entities};
use ennakoi_people::{Locale, audit};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Knowledge, Settings,
    knowledge::{self, Known},
    settings,
};

/// Examples of a workspace, at most.
const EXAMPLES_MAX: i64 = 2_000;
/// Past questions that a change is tried on.
const REGRESSION: i64 = 300;
const SHOWN: i64 = 100;

/// A wording that an agent taught the bot.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Example {
    pub id: Uuid,
    pub article_id: ArticleId,
    pub locale: Locale,
    pub question: String,
    /// Whether the bot uses it.
    pub live: bool,
    pub created_at: Timestamp,
    /// Who proposed it: an id of staff or of a key.
    pub created_by: String,
    /// Title of the article; absent when it is not published in this language.
    pub article_title: Option<String>,
}

impl FromRow for Example {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            article_id: row.take()?,
            locale: row.take()?,
            question: row.take()?,
            live: row.take()?,
            created_at: row.take()?,
            created_by: row.take()?,
            article_title: row.take()?,
        })
    }
}

/// A past question that would be answered otherwise.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Changed {
    question: String,
    /// Title of the article that answers now; absent when none surely does.
    before: Option<String>,
    after: Option<String>,
    /// Whether it had been answered, and would not be answered so any more: look twice.
    worse: bool,
}

/// What a correction would do.
#[derive(Debug, Serialize, JsonSchema)]
struct Correction {
    example: Example,
    /// What the bot would answer to the question itself.
    answers_itself: bool,
    /// Past questions that were tried.
    tried: usize,
    changed: Vec<Changed>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewExample {
    article_id: ArticleId,
    question: String,
    locale: Locale,
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/bot/examples", "list_examples", Access::Needs(Permission::KnowledgeRead), list_examples)
            .summary("Wordings that agents taught the bot, newest first")
            .returns::<Page<Example>>(200),
        post("/api/v1/bot/examples", "create_example", Access::Needs(Permission::ConversationsWrite), create_example)
            .summary("Proposes that an article should answer a question, and tells what that would change; nothing is live yet")
            .takes::<NewExample>()
            .returns::<Correction>(201),
        put("/api/v1/bot/examples/{id}/publication", "publish_example", Access::Needs(Permission::KnowledgeWrite), publish_example)
            .summary("Makes a proposed wording live")
            .returns::<Example>(200),
        delete("/api/v1/bot/examples/{id}", "delete_example", Access::Needs(Permission::KnowledgeWrite), delete_example).summary("Forgets a wording"),
    ]
}

async fn load(tx: &mut Tx, workspace: WorkspaceId, id: Uuid) -> Result<Example> {
    let sql = "SELECT e.id, e.article_id, e.locale, e.question, e.live, e.created_at, e.created_by, a.title FROM bot_examples e \
               LEFT JOIN bot_articles a ON a.workspace_id = e.workspace_id AND a.article_id = e.article_id AND a.locale = e.locale \
               WHERE e.workspace_id = $1 AND e.id = $2";
    let found: Option<Example> = tx.optional(sql, params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the wording").into())
}

async fn list_examples(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Example>>> {
    // What waits for somebody stands first.
    let sql = "SELECT e.id, e.article_id, e.locale, e.question, e.live, e.created_at, e.created_by, a.title FROM bot_examples e \
               LEFT JOIN bot_articles a ON a.workspace_id = e.workspace_id AND a.article_id = e.article_id AND a.locale = e.locale \
               WHERE e.workspace_id = $1 ORDER BY e.live, e.created_at DESC, e.id DESC LIMIT $2";
    Ok(Json(Page::whole(app.db.read().await?.all(sql, params![member.workspace, SHOWN]).await?)))
}

async fn create_example(
    State(app): State<App>,
    Extension(bot): Extension<Knowledge>,
    member: Member,
    Json(new): Json<NewExample>,
) -> ApiResult<(StatusCode, Json<Correction>)> {
    let question = entities::mask(new.question.trim());
    if !(2..=500).contains(&question.chars().count()) {
        return Err(Problem::field("question", "invalid", "2 to 500 characters").into());
    }
    let mut tx = app.db.begin().await?;
    let (count,): (i64,) = tx.one("SELECT CAST(COUNT(*) AS BIGINT) FROM bot_examples WHERE workspace_id = $1", params![member.workspace]).await?;
    if count >= EXAMPLES_MAX {
        return Err(Problem::field("question", "too_many", format!("at most {EXAMPLES_MAX}")).into());
    }
    let settings = settings::load(&mut tx, member.workspace).await?;
    let past: Vec<(String, Locale)> = tx
        .all(
            "SELECT question, language FROM bot_turns WHERE workspace_id = $1 AND verdict IN ('answered', 'asked_back', 'rejected') AND question <> '' \
             ORDER BY at DESC, id DESC LIMIT $2",
            params![member.workspace, REGRESSION],
        )
        .await?;
    let present = bot.of(member.workspace, settings.wrong_cost).await?;
    let Some(article) = present.article(new.article_id, new.locale) else {
        return Err(Problem::field("article_id", "unknown", "no published article").into());
    };
    let example = Example {
        id: app.environment.new_uuid(),
        article_id: new.article_id,
        locale: new.locale,
        question,
        live: false,
        created_at: app.environment.now(),
        created_by: member.actor.to_string(),
        article_title: Some(article.title.clone()),
    };
    tx.execute(
        "INSERT INTO bot_examples (id, workspace_id, article_id, locale, question, live, created_at, created_by) VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7)",
        params![example.id, member.workspace, example.article_id, example.locale, &example.question, example.created_at, &example.created_by],
    )
    .await?;
    tx.commit().await?;
    let articles = knowledge::articles(&mut app.db.read().await?, member.workspace).await?;
    let correction = tokio::task::spawn_blocking(move || weigh(&present, articles, &settings, example, &past)).await.map_err(|_| Problem::internal())?;
    Ok((StatusCode::CREATED, Json(correction)))
}

/// Tries past questions with and without the wording.
fn weigh(present: &Known, articles: Vec<knowledge::KnownArticle>, settings: &Settings, example: Example, past: &[(String, Locale)]) -> Correction {
    let mut taught = articles;
    for article in taught.iter_mut().filter(|article| article.id == example.article_id && article.locale == example.locale) {
        article.questions.push(example.question.clone());
    }
    let then = knowledge::build(present.version, taught, settings.wrong_cost);
    let surely = |known: &Known, question: &str, locale: Locale| {
        let answer = known.index(locale).ask(question, knowledge::language(locale));
        let best = answer.candidates.first().filter(|_| answer.verdict == Fit::Answer)?;
        let id: ArticleId = best.article.parse().ok()?;
        Some((id, known.article(id, locale)?.title.clone()))
    };
    let answers_itself = surely(&then, &example.question, example.locale).is_some_and(|(id, _)| id == example.article_id);
    let (mut seen, mut changed, mut tried) = (BTreeSet::new(), Vec::new(), 0);
    for (question, locale) in past {
        if !seen.insert(question.as_str()) || *question == example.question {
            continue;
        }
        tried += 1;
        let (before, after) = (surely(present, question, *locale), surely(&then, question, *locale));
        if before.as_ref().map(|(id, _)| *id) != after.as_ref().map(|(id, _)| *id) {
            let worse = before.is_some();
            changed.push(Changed { question: entities::mask(question), before: before.map(|(_, title)| title), after: after.map(|(_, title)| title), worse });
        }
    }
    Correction { example, answers_itself, tried, changed }
}

async fn publish_example(State(app): State<App>, Extension(bot): Extension<Knowledge>, member: Member, Path(id): Path<Uuid>) -> ApiResult<Json<Example>> {
    let mut tx = app.db.begin().await?;
    let example = load(&mut tx, member.workspace, id).await?;
    if !example.live {
        tx.execute("UPDATE bot_examples SET live = TRUE WHERE workspace_id = $1 AND id = $2", params![member.workspace, id]).await?;
        knowledge::renew(&mut tx, &app.environment, member.workspace).await?;
        let what = json!({ "article": example.article_id, "question": example.question });
        audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.example_learned", "article", example.article_id, what).await?;
    }
    let example = load(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    bot.forget(member.workspace);
    Ok(Json(example))
}

async fn delete_example(State(app): State<App>, Extension(bot): Extension<Knowledge>, member: Member, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let gone = tx.execute("DELETE FROM bot_examples WHERE workspace_id = $1 AND id = $2", params![member.workspace, id]).await?;
    if gone == 0 {
        return Err(Problem::not_found("the wording").into());
    }
    knowledge::renew(&mut tx, &app.environment, member.workspace).await?;
    tx.commit().await?;
    bot.forget(member.workspace);
    Ok(StatusCode::NO_CONTENT)
}
