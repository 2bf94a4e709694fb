//! What somebody has practised: their own to see, and to share.

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ArticleId, AttemptId, ConversationId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_language::Language;
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    cases::{self, Line, PracticeCase},
    measures::{self, Measures},
};
use crate::search::{ArticleFinder, ArticleHit};

/// An answer that somebody practised.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PracticeAttempt")]
pub struct Attempt {
    pub id: AttemptId,
    pub staff_id: StaffId,
    pub conversation_id: ConversationId,
    pub turn: i64,
    pub answer: String,
    pub measures: Measures,
    pub created_at: Timestamp,
    /// Who reviews may see it.
    pub shared: bool,
}

impl FromRow for Attempt {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            staff_id: row.take()?,
            conversation_id: row.take()?,
            turn: row.take()?,
            answer: row.take()?,
            measures: serde_json::from_str(&row.take::<String>()?)?,
            created_at: row.take()?,
            shared: row.take()?,
        })
    }
}

/// An answer to a turn of a case.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewPracticeAttempt")]
#[serde(deny_unknown_fields)]
pub struct NewAttempt {
    pub conversation_id: ConversationId,
    pub turn: i64,
    pub answer: String,
}

/// What came of an answer: beside it, what was really answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PracticeOutcome {
    pub attempt: Attempt,
    /// What somebody of staff answered then.
    pub real: Vec<Line>,
    pub real_measures: Measures,
    /// The article that fits the question.
    pub article: Option<ArticleHit>,
    /// The case up to the customer's next turn; null at its end.
    pub next: Option<PracticeCase>,
}

/// How much somebody has practised.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Practised {
    pub staff_id: StaffId,
    pub answers: i64,
    pub cases: i64,
    pub last_at: Timestamp,
}

const SELECT: &str = "SELECT id, staff_id, conversation_id, turn, answer, measures, created_at, shared FROM training_attempts WHERE workspace_id = $1";

/// Keeps an answer, and says what was really answered.
///
/// # Errors
/// It says nothing, or the case has no such turn.
pub(super) async fn answer(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    person: StaffId,
    finder: &ArticleFinder,
    new: &NewAttempt,
) -> Result<PracticeOutcome> {
    if new.answer.trim().is_empty() {
        return Err(Problem::field("answer", "required", "must not be empty").into());
    }
    if new.answer.chars().count() > limits::MESSAGE_CHARACTERS {
        return Err(Problem::field("answer", "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS)).into());
    }
    let mut past = cases::load(tx, workspace, new.conversation_id).await?;
    let turn = usize::try_from(new.turn).ok().filter(|turn| *turn < past.turns.len());
    let turn = turn.ok_or_else(|| Problem::field("turn", "out_of_range", "the case has no such turn"))?;
    let article = cases::article(tx, workspace, finder, &past, turn).await?;
    let text = article.as_ref().map(|hit| format!("{}. {}", hit.title, hit.snippet));
    let now = jiff::Timestamp::from_microsecond(environment.now().0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let language: Language = past.language();
    let own = measures::of(language, &new.answer, text.as_deref(), now);
    let real: Vec<Line> = past.turns[turn].answer.clone();
    let said: Vec<&str> = real.iter().map(|line| line.text.as_str()).collect();
    let real_measures = measures::of(language, &said.join("\n"), text.as_deref(), now);
    // Somebody may know the case and write a name that nobody showed them.
    let answer = past.names.text(new.answer.trim());
    let id: AttemptId = environment.new_id();
    let article_id: Option<ArticleId> = article.as_ref().map(|hit| hit.id);
    tx.execute(
        "INSERT INTO training_attempts (workspace_id, id, staff_id, conversation_id, turn, article_id, answer, measures, created_at, shared) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE)",
        params![workspace, id, person, new.conversation_id, new.turn, article_id, answer, serde_json::to_string(&own)?, environment.now()],
    )
    .await?;
    let example = cases::is_example(tx, workspace, new.conversation_id).await?;
    let next = (turn + 1 < past.turns.len()).then(|| past.shown(example, turn + 1));
    Ok(PracticeOutcome { attempt: load(tx, workspace, person, id).await?, real, real_measures, article, next })
}

/// One's own answer.
async fn load(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: AttemptId) -> Result<Attempt> {
    let found: Option<Attempt> = tx.optional(&format!("{SELECT} AND id = $2"), params![workspace, id]).await?;
    found.filter(|attempt| attempt.staff_id == person).ok_or_else(|| Problem::not_found("the answer").into())
}

/// One's own answers, newest first.
///
/// # Errors
/// The cursor is of another list.
pub(super) async fn own(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<Attempt>> {
    let limit = ennakoi_http::limit(limit);
    let before: AttemptId = Cursor::read(cursor)?.unwrap_or(AttemptId(uuid::Uuid::max()));
    let found = tx.all(&format!("{SELECT} AND staff_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"), params![workspace, person, before, limit + 1]).await?;
    Ok(Page::of(found, limit, |attempt: &Attempt| attempt.id))
}

/// Answers that their authors share, newest first.
///
/// # Errors
/// The cursor is of another list.
pub(super) async fn shared(tx: &mut Tx, workspace: WorkspaceId, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<Attempt>> {
    let limit = ennakoi_http::limit(limit);
    let before: AttemptId = Cursor::read(cursor)?.unwrap_or(AttemptId(uuid::Uuid::max()));
    let found = tx.all(&format!("{SELECT} AND shared AND id < $2 ORDER BY id DESC LIMIT $3"), params![workspace, before, limit + 1]).await?;
    Ok(Page::of(found, limit, |attempt: &Attempt| attempt.id))
}

/// Shares one's own answer with those who review, or no longer.
///
/// # Errors
/// It is not one's own.
pub(super) async fn share(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: AttemptId, shared: bool) -> Result<Attempt> {
    load(tx, workspace, person, id).await?;
    tx.execute("UPDATE training_attempts SET shared = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, shared]).await?;
    load(tx, workspace, person, id).await
}

/// Forgets one's own answer.
///
/// # Errors
/// It is not one's own.
pub(super) async fn forget(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: AttemptId) -> Result<()> {
    load(tx, workspace, person, id).await?;
    tx.execute("DELETE FROM training_attempts WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

/// How much everybody has practised, and nothing else.
///
/// # Errors
/// The database refuses.
pub(super) async fn counts(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Practised>> {
    let found: Vec<(StaffId, i64, i64, Timestamp)> = tx
        .all(
            "SELECT staff_id, COUNT(*), COUNT(DISTINCT conversation_id), MAX(created_at) FROM training_attempts WHERE workspace_id = $1 \
             GROUP BY staff_id ORDER BY staff_id LIMIT 1000",
            params![workspace],
        )
        .await?;
    Ok(found.into_iter().map(|(staff_id, answers, cases, last_at)| Practised { staff_id, answers, cases, last_at }).collect())
}
