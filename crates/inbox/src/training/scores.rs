//! What an exercise was worth by a score sheet: to who practised, and to who reviews.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{SheetId, StaffId, TrainingExerciseId, WorkspaceId},
};
use ennakoi_people::audit;
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::exercises;
use crate::quality::{
    TEXT_MAX,
    reviews::{self, Marks},
    score::{self, Outcome},
    sheets::{self, Section},
};

/// What somebody gave an exercise.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PracticeScore")]
pub struct Score {
    /// Who practised, or who reviews.
    pub scorer_id: StaffId,
    pub sheet_id: SheetId,
    pub sheet_version: i64,
    pub marks: Marks,
    /// Of a thousand; null where nothing applied.
    pub points: Option<i64>,
    /// A critical criterion got nothing.
    pub failed: bool,
    pub note: String,
    pub created_at: Timestamp,
}

impl FromRow for Score {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            scorer_id: row.take()?,
            sheet_id: row.take()?,
            sheet_version: row.take()?,
            marks: serde_json::from_str(&row.take::<String>()?)?,
            points: row.take()?,
            failed: row.take()?,
            note: row.take()?,
            created_at: row.take()?,
        })
    }
}

/// The version of a sheet by which an exercise is scored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PracticeSheet")]
pub struct ScoreSheet {
    pub id: SheetId,
    pub version: i64,
    pub name: String,
    pub sections: Vec<Section>,
}

/// Marks for an exercise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewPracticeScore")]
#[serde(deny_unknown_fields)]
pub struct NewScore {
    /// The sheet and version that the exercise shows.
    pub sheet_id: SheetId,
    pub sheet_version: i64,
    /// Every criterion has its mark.
    pub marks: Marks,
    #[serde(default)]
    pub note: String,
}

/// As whom somebody scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scoring {
    /// Who practised.
    Own,
    /// Who reviews what another shares.
    Anothers,
}

/// What was given, the first first.
///
/// # Errors
/// The database refuses.
pub(super) async fn of_exercise(tx: &mut Tx, workspace: WorkspaceId, id: TrainingExerciseId) -> Result<Vec<Score>> {
    tx.all(
        "SELECT scorer_id, sheet_id, sheet_version, marks, points, failed, note, created_at FROM training_scores WHERE workspace_id = $1 AND exercise_id = $2 \
         ORDER BY created_at, scorer_id LIMIT 100",
        params![workspace, id],
    )
    .await
}

/// By which sheet an exercise is scored: the one that was used first, so that all scores of it can be compared; else the oldest in use.
///
/// # Errors
/// The database refuses.
pub(super) async fn sheet(tx: &mut Tx, workspace: WorkspaceId, scores: &[Score]) -> Result<Option<ScoreSheet>> {
    if let Some(first) = scores.first() {
        let (name, definition) = sheets::version(tx, workspace, first.sheet_id, first.sheet_version).await?;
        return Ok(Some(ScoreSheet { id: first.sheet_id, version: first.sheet_version, name, sections: definition.sections }));
    }
    let oldest = sheets::list(tx, workspace).await?.into_iter().next();
    Ok(oldest.map(|sheet| ScoreSheet { id: sheet.id, version: sheet.version, name: sheet.name, sections: sheet.definition.sections }))
}

/// Keeps what somebody gives an exercise; giving again replaces it.
///
/// # Errors
/// The exercise is not there for them, is not finished, or the marks do not fit its sheet.
pub(super) async fn give(
    tx: &mut Tx,
    environment: &Environment,
    (workspace, scorer): (WorkspaceId, StaffId),
    id: TrainingExerciseId,
    scoring: Scoring,
    new: &NewScore,
) -> Result<()> {
    let person = exercises::to_score(tx, workspace, scorer, id, scoring).await?;
    if new.note.chars().count() > TEXT_MAX {
        return Err(Problem::field("note", "too_long", format!("at most {TEXT_MAX} characters")).into());
    }
    let given = of_exercise(tx, workspace, id).await?;
    let sheet = sheet(tx, workspace, &given).await?.ok_or_else(|| Problem::conflict("no_sheet", "there is no score sheet"))?;
    if (sheet.id, sheet.version) != (new.sheet_id, new.sheet_version) {
        return Err(Problem::conflict("sheet_changed", "the exercise is scored by another version").into());
    }
    let definition = sheets::Definition { sections: sheet.sections };
    reviews::check_marks(&definition, &new.marks)?;
    reviews::check_whole(&definition, &new.marks)?;
    let Outcome { points, failed } = score::outcome(&definition, &new.marks);
    tx.execute(
        "INSERT INTO training_scores (workspace_id, exercise_id, scorer_id, sheet_id, sheet_version, marks, points, failed, note, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id, exercise_id, scorer_id) \
         DO UPDATE SET marks = $6, points = $7, failed = $8, note = $9, created_at = $10",
        params![workspace, id, scorer, sheet.id, sheet.version, serde_json::to_string(&new.marks)?, points, failed, new.note.trim(), environment.now()],
    )
    .await?;
    if scoring == Scoring::Own {
        return Ok(());
    }
    let detail = json!({ "agent": person, "sheet": sheet.id, "sheet_version": sheet.version, "points": points, "failed": failed });
    audit::record(tx, environment, workspace, Actor::Staff(scorer), "training_exercise.reviewed", "training_exercise", id, detail).await
}
