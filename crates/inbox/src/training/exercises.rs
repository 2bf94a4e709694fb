//! Exercises: a past case that somebody answers turn by turn. Theirs to see, to share and to forget.

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ArticleId, ConversationId, StaffId, TrainingExerciseId, WorkspaceId},
    limits,
};
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    cases::{self, Ending, Line, Past},
    measures::{self, Measures},
    scores::{self, Score, ScoreSheet, Scoring},
};
use crate::search::ArticleFinder;

/// An exercise as it is listed. It does not say which case it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrainingExerciseRow")]
pub struct ExerciseRow {
    pub id: TrainingExerciseId,
    /// Who practised.
    pub staff_id: StaffId,
    /// Turns of the customer that a person answered, and how many of them are practised.
    pub turns: i64,
    pub answered: i64,
    pub begun_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// Who reviews may see it.
    pub shared: bool,
    /// The first answer.
    pub preview: String,
    /// What they gave themselves, of a thousand.
    pub own_points: Option<i64>,
    /// What a reviewer gave, of a thousand; the latest one.
    pub review_points: Option<i64>,
}

/// An exercise as it is stored.
struct Exercise {
    row: ExerciseRow,
    conversation: ConversationId,
}

impl FromRow for Exercise {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (id, staff_id, conversation) = (row.take()?, row.take()?, row.take()?);
        let row = ExerciseRow {
            id,
            staff_id,
            turns: row.take()?,
            answered: row.take()?,
            begun_at: row.take()?,
            finished_at: row.take()?,
            shared: row.take()?,
            preview: row.take::<Option<String>>()?.unwrap_or_default(),
            own_points: row.take()?,
            review_points: row.take()?,
        };
        Ok(Self { row, conversation })
    }
}

/// An article that fits what the customer asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PracticeArticle {
    pub id: ArticleId,
    pub title: String,
}

/// What was practised, beside what was really answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PracticeAnswer {
    pub text: String,
    pub measures: Measures,
    /// What somebody of staff answered then.
    pub real: Vec<Line>,
    pub real_measures: Measures,
    /// How long the customer waited for it.
    pub waited_seconds: Option<i64>,
    pub article: Option<PracticeArticle>,
}

/// What comes before an answer, and the answer once it is practised.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PracticeTurn {
    pub before: Vec<Line>,
    pub answer: Option<PracticeAnswer>,
}

/// An exercise up to the turn that is to be answered; with how it ended once it is finished.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TrainingExercise {
    #[serde(flatten)]
    pub row: ExerciseRow,
    pub locale: Option<Locale>,
    /// Somebody who reviews marked it as good practice.
    pub example: bool,
    /// The case can no longer be shown: it became a sensitive one, or its messages are gone. What was practised stays.
    pub gone: bool,
    pub steps: Vec<PracticeTurn>,
    /// Null until it is finished.
    pub ending: Option<Ending>,
    pub scores: Vec<Score>,
    /// By which sheet it is scored; null until it is finished, or when there is none.
    pub sheet: Option<ScoreSheet>,
}

/// An answer to the next turn.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewPracticeAnswer")]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// Which turn; the first is 0.
    pub turn: i64,
    pub answer: String,
}

const SELECT: &str = "SELECT e.id, e.staff_id, e.conversation_id, e.turns, e.answered, e.begun_at, e.finished_at, e.shared, \
                      (SELECT a.answer FROM training_answers a WHERE a.workspace_id = e.workspace_id AND a.exercise_id = e.id AND a.turn = 0), \
                      (SELECT s.points FROM training_scores s WHERE s.workspace_id = e.workspace_id AND s.exercise_id = e.id AND s.scorer_id = e.staff_id), \
                      (SELECT s.points FROM training_scores s WHERE s.workspace_id = e.workspace_id AND s.exercise_id = e.id AND s.scorer_id <> e.staff_id \
                      ORDER BY s.created_at DESC LIMIT 1) FROM training_exercises e WHERE e.workspace_id = $1";

/// One's own exercise.
async fn load(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: TrainingExerciseId) -> Result<Exercise> {
    let found: Option<Exercise> = tx.optional(&format!("{SELECT} AND e.id = $2 AND e.staff_id = $3"), params![workspace, id, person]).await?;
    found.ok_or_else(|| Problem::not_found("the exercise").into())
}

/// A finished exercise that its author shares.
async fn load_shared(tx: &mut Tx, workspace: WorkspaceId, id: TrainingExerciseId) -> Result<Exercise> {
    let found: Option<Exercise> = tx.optional(&format!("{SELECT} AND e.id = $2 AND e.shared"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the exercise").into())
}

/// The exercise that a person has under way.
///
/// # Errors
/// The database refuses.
pub(super) async fn current(tx: &mut Tx, workspace: WorkspaceId, person: StaffId) -> Result<Option<TrainingExerciseId>> {
    let found: Option<(TrainingExerciseId,)> = tx
        .optional(
            "SELECT id FROM training_exercises WHERE workspace_id = $1 AND staff_id = $2 AND finished_at IS NULL ORDER BY id DESC LIMIT 1",
            params![workspace, person],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Begins to practise on a case that was chosen.
///
/// # Errors
/// The database refuses.
pub(super) async fn begin(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, person: StaffId, past: &Past) -> Result<TrainingExerciseId> {
    let id: TrainingExerciseId = environment.new_id();
    tx.execute(
        "INSERT INTO training_exercises (workspace_id, id, staff_id, conversation_id, turns, answered, begun_at, shared) VALUES ($1, $2, $3, $4, $5, 0, $6, FALSE) \
         ON CONFLICT (workspace_id, staff_id, conversation_id) DO NOTHING",
        params![workspace, id, person, past.conversation.id, past.turns.len() as i64, environment.now()],
    )
    .await?;
    // Another window may have begun the same.
    let begun: (TrainingExerciseId,) = tx
        .one(
            "SELECT id FROM training_exercises WHERE workspace_id = $1 AND staff_id = $2 AND conversation_id = $3",
            params![workspace, person, past.conversation.id],
        )
        .await?;
    Ok(begun.0)
}

/// An answer that is measured and anonymous, and not kept yet.
pub(super) struct Prepared {
    turn: i64,
    turns: i64,
    answer: String,
    measures: String,
    real_measures: String,
    article: Option<PracticeArticle>,
}

/// Reads the case and measures an answer to its next turn.
///
/// # Errors
/// It says nothing, it answers another turn than the next, or the case is gone.
pub(super) async fn prepare(
    tx: &mut Tx,
    environment: &Environment,
    (workspace, person): (WorkspaceId, StaffId),
    finder: &ArticleFinder,
    id: TrainingExerciseId,
    new: &NewAnswer,
) -> Result<Prepared> {
    if new.answer.trim().is_empty() {
        return Err(Problem::field("answer", "required", "must not be empty").into());
    }
    if new.answer.chars().count() > limits::MESSAGE_CHARACTERS {
        return Err(Problem::field("answer", "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS)).into());
    }
    let exercise = load(tx, workspace, person, id).await?;
    if exercise.row.finished_at.is_some() {
        return Err(Problem::conflict("finished", "the exercise is finished").into());
    }
    let mut past = cases::load(tx, workspace, exercise.conversation, Some(person)).await?.map_err(Problem::from)?;
    let turns = exercise.row.turns.min(past.turns.len() as i64);
    let turn = usize::try_from(new.turn).ok().filter(|_| new.turn == exercise.row.answered && new.turn < turns);
    let turn = turn.ok_or_else(|| Problem::field("turn", "out_of_range", "not the next turn of this exercise"))?;
    let article = cases::article(tx, workspace, finder, &past, turn).await?;
    let text = article.as_ref().map(|hit| format!("{}. {}", hit.title, hit.snippet));
    let now = jiff::Timestamp::from_microsecond(environment.now().0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let measured = |said: &str| measures::of(past.language(), said, text.as_deref(), now);
    let real: Vec<&str> = past.turns[turn].answer.iter().map(|line| line.text.as_str()).collect();
    let (own, real) = (measured(&new.answer), measured(&real.join("\n")));
    Ok(Prepared {
        turn: new.turn,
        turns,
        measures: serde_json::to_string(&own)?,
        real_measures: serde_json::to_string(&real)?,
        // Somebody may know the case and write a name that nobody showed them.
        answer: past.names.answer(new.answer.trim()),
        article: article.map(|hit| PracticeArticle { id: hit.id, title: hit.title }),
    })
}

/// Keeps an answer.
///
/// # Errors
/// Another window has answered this turn.
pub(super) async fn keep(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: TrainingExerciseId, it: &Prepared) -> Result<()> {
    let finished = (it.turn + 1 == it.turns).then(|| environment.now());
    let moved = tx
        .execute(
            "UPDATE training_exercises SET answered = answered + 1, finished_at = $4 WHERE workspace_id = $1 AND id = $2 AND answered = $3 AND finished_at IS NULL",
            params![workspace, id, it.turn, finished],
        )
        .await?;
    if moved == 0 {
        return Err(Problem::conflict("already_decided", "another window has answered this turn").into());
    }
    tx.execute(
        "INSERT INTO training_answers (workspace_id, exercise_id, turn, answer, measures, real_measures, article_id, article_title, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            workspace,
            id,
            it.turn,
            it.answer.as_str(),
            it.measures.as_str(),
            it.real_measures.as_str(),
            it.article.as_ref().map(|article| article.id),
            it.article.as_ref().map_or("", |article| article.title.as_str()),
            environment.now()
        ],
    )
    .await?;
    Ok(())
}

/// An answer as it is stored.
struct Kept {
    text: String,
    measures: Measures,
    real_measures: Measures,
    article: Option<PracticeArticle>,
}

impl FromRow for Kept {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (text, measures, real): (String, String, String) = (row.take()?, row.take()?, row.take()?);
        let (article, title): (Option<ArticleId>, String) = (row.take()?, row.take()?);
        Ok(Self {
            text,
            measures: serde_json::from_str(&measures)?,
            real_measures: serde_json::from_str(&real)?,
            article: article.map(|id| PracticeArticle { id, title }),
        })
    }
}

/// One's own exercise with the case as far as it is practised.
///
/// # Errors
/// It is not one's own.
pub(super) async fn read(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: TrainingExerciseId) -> Result<TrainingExercise> {
    let exercise = load(tx, workspace, person, id).await?;
    detail(tx, workspace, exercise).await
}

/// A finished exercise that its author shares, with its case.
///
/// # Errors
/// It is not shared.
pub(super) async fn read_shared(tx: &mut Tx, workspace: WorkspaceId, id: TrainingExerciseId) -> Result<TrainingExercise> {
    let exercise = load_shared(tx, workspace, id).await?;
    detail(tx, workspace, exercise).await
}

async fn detail(tx: &mut Tx, workspace: WorkspaceId, Exercise { row, conversation }: Exercise) -> Result<TrainingExercise> {
    let answers =
        "SELECT answer, measures, real_measures, article_id, article_title FROM training_answers WHERE workspace_id = $1 AND exercise_id = $2 ORDER BY turn";
    let answers: Vec<Kept> = tx.all(answers, params![workspace, row.id]).await?;
    let mut past = cases::load(tx, workspace, conversation, Some(row.staff_id)).await?.ok();
    let mut steps = Vec::with_capacity(answers.len() + 1);
    for (at, kept) in answers.into_iter().enumerate() {
        let turn = past.as_ref().and_then(|past| past.turns.get(at));
        steps.push(PracticeTurn {
            before: turn.map(|turn| turn.before.clone()).unwrap_or_default(),
            answer: Some(PracticeAnswer {
                text: kept.text,
                measures: kept.measures,
                real: turn.map(|turn| turn.answer.clone()).unwrap_or_default(),
                real_measures: kept.real_measures,
                waited_seconds: turn.and_then(cases::Turn::waited_seconds),
                article: kept.article,
            }),
        });
    }
    let finished = row.finished_at.is_some();
    if let Some(turn) = past.as_ref().filter(|_| !finished).and_then(|past| past.turns.get(steps.len())) {
        steps.push(PracticeTurn { before: turn.before.clone(), answer: None });
    }
    let ending = match past.as_mut() {
        Some(past) if finished => Some(past.ending(tx, workspace).await?),
        _ => None,
    };
    let scores = scores::of_exercise(tx, workspace, row.id).await?;
    let sheet = if finished && row.answered > 0 { scores::sheet(tx, workspace, &scores).await? } else { None };
    let example = cases::is_example(tx, workspace, conversation).await?;
    Ok(TrainingExercise { locale: past.as_ref().and_then(|past| past.conversation.locale), example, gone: past.is_none(), steps, ending, scores, sheet, row })
}

/// One's own exercises in which something was answered, newest first.
///
/// # Errors
/// The cursor is of another list.
pub(super) async fn own(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<ExerciseRow>> {
    let limit = ennakoi_http::limit(limit);
    let before: TrainingExerciseId = Cursor::read(cursor)?.unwrap_or(TrainingExerciseId(uuid::Uuid::max()));
    let query = format!("{SELECT} AND e.staff_id = $2 AND e.answered > 0 AND e.id < $3 ORDER BY e.id DESC LIMIT $4");
    let found: Vec<Exercise> = tx.all(&query, params![workspace, person, before, limit + 1]).await?;
    Ok(Page::of(found, limit, |exercise| exercise.row.id).map(|exercise| exercise.row))
}

/// Exercises that their authors share, newest first.
///
/// # Errors
/// The cursor is of another list.
pub(super) async fn shared(tx: &mut Tx, workspace: WorkspaceId, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<ExerciseRow>> {
    let limit = ennakoi_http::limit(limit);
    let before: TrainingExerciseId = Cursor::read(cursor)?.unwrap_or(TrainingExerciseId(uuid::Uuid::max()));
    let query = format!("{SELECT} AND e.shared AND e.id < $2 ORDER BY e.id DESC LIMIT $3");
    let found: Vec<Exercise> = tx.all(&query, params![workspace, before, limit + 1]).await?;
    Ok(Page::of(found, limit, |exercise| exercise.row.id).map(|exercise| exercise.row))
}

/// Ends an exercise before its last turn; its case does not come again.
///
/// # Errors
/// It is not one's own.
pub(super) async fn end(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, person: StaffId, id: TrainingExerciseId) -> Result<()> {
    load(tx, workspace, person, id).await?;
    let query = "UPDATE training_exercises SET finished_at = $3 WHERE workspace_id = $1 AND id = $2 AND finished_at IS NULL";
    tx.execute(query, params![workspace, id, environment.now()]).await?;
    Ok(())
}

/// Shares one's own finished exercise with those who review, or no longer.
///
/// # Errors
/// It is not one's own, or not finished.
pub(super) async fn share(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: TrainingExerciseId, shared: bool) -> Result<()> {
    let exercise = load(tx, workspace, person, id).await?;
    finished(&exercise.row)?;
    tx.execute("UPDATE training_exercises SET shared = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, shared]).await?;
    Ok(())
}

fn finished(row: &ExerciseRow) -> Result<(), Problem> {
    if row.finished_at.is_none() || row.answered == 0 {
        return Err(Problem::conflict("not_finished", "the exercise is not finished"));
    }
    Ok(())
}

/// Forgets one's own exercise with everything that was said of it.
///
/// # Errors
/// It is not one's own.
pub(super) async fn forget(tx: &mut Tx, workspace: WorkspaceId, person: StaffId, id: TrainingExerciseId) -> Result<()> {
    load(tx, workspace, person, id).await?;
    tx.execute("DELETE FROM training_scores WHERE workspace_id = $1 AND exercise_id = $2", params![workspace, id]).await?;
    tx.execute("DELETE FROM training_answers WHERE workspace_id = $1 AND exercise_id = $2", params![workspace, id]).await?;
    tx.execute("DELETE FROM training_exercises WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

/// Whose exercise it is, when this person may score it: their own finished one, or one of another who shares it.
///
/// # Errors
/// It is not there for them, it is not finished, or a reviewer comes to their own.
pub(super) async fn to_score(tx: &mut Tx, workspace: WorkspaceId, scorer: StaffId, id: TrainingExerciseId, scoring: Scoring) -> Result<StaffId> {
    let exercise = match scoring {
        Scoring::Own => load(tx, workspace, scorer, id).await?,
        Scoring::Anothers => load_shared(tx, workspace, id).await?,
    };
    if scoring == Scoring::Anothers && exercise.row.staff_id == scorer {
        return Err(Problem::conflict("own_work", "nobody reviews their own work").into());
    }
    finished(&exercise.row)?;
    Ok(exercise.row.staff_id)
}
