//! Score sheets: named, with every version they ever had.

use std::collections::BTreeSet;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{SheetId, WorkspaceId},
    limits,
};
use ennakoi_people::{Locale, audit};
use ennakoi_store::{FromRow, Result, Row, Tx, params, stored_as_text, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Sheets of one workspace that are in use, at most.
const SHEETS_MAX: i64 = 50;
const SECTIONS_MAX: usize = 12;
const CRITERIA_MAX: usize = 50;
const HELP_MAX: usize = 1_000;
const WEIGHT_MAX: i64 = 100;
/// The highest mark of a scale, at most: a digit gives it.
const SCALE_MAX: i64 = 9;

/// How a criterion is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CriterionKind {
    /// 1 or 0.
    YesNo,
    /// 0 to `most`.
    Scale,
}
stored_as_text!(CriterionKind { YesNo = "yes_no", Scale = "scale" });

/// One thing that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Lower-case letters, digits and underscores; the same in every version, so that reports know it again.
    pub id: String,
    pub text: String,
    /// What earns which mark.
    #[serde(default)]
    pub help: String,
    pub kind: CriterionKind,
    /// The highest mark of a scale, 1–9; 1 for yes and no.
    pub most: i64,
    /// 1–100.
    pub weight: i64,
    /// Nothing for it is nothing for the whole.
    #[serde(default)]
    pub critical: bool,
    /// May be left out where it does not apply.
    #[serde(default)]
    pub may_not_apply: bool,
}

impl Criterion {
    /// The highest mark.
    #[must_use]
    pub const fn most(&self) -> i64 {
        match self.kind {
            CriterionKind::YesNo => 1,
            CriterionKind::Scale => self.most,
        }
    }
}

/// Criteria that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub title: String,
    pub criteria: Vec<Criterion>,
}

/// What a version of a sheet asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SheetDefinition")]
#[serde(deny_unknown_fields)]
pub struct Definition {
    pub sections: Vec<Section>,
}

impl Definition {
    /// All criteria, in their order.
    pub fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        self.sections.iter().flat_map(|section| &section.criteria)
    }
}

/// The newest version of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "QualitySheet")]
pub struct Sheet {
    pub id: SheetId,
    pub version: i64,
    pub name: String,
    #[serde(flatten)]
    pub definition: Definition,
    /// Published reviews and drafts under any of its versions.
    pub reviews: i64,
    pub created_by: String,
    pub created_at: Timestamp,
}

impl FromRow for Sheet {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            version: row.take()?,
            name: row.take()?,
            definition: serde_json::from_str(&row.take::<String>()?)?,
            created_by: row.take()?,
            created_at: row.take()?,
            reviews: row.take()?,
        })
    }
}

/// A sheet that comes with the program.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SheetTemplate {
    pub locale: Locale,
    pub name: String,
    #[serde(flatten)]
    pub definition: Definition,
}

/// The sheet that comes with the program, in each language.
///
/// # Errors
/// Never: the file is tested.
pub fn templates() -> Result<Vec<SheetTemplate>> {
    Ok(serde_json::from_str(include_str!("../../data/quality-sheets.json"))?)
}

const SELECT: &str = "SELECT s.id, v.version, v.name, v.definition, v.created_by, v.created_at, \
                      (SELECT COUNT(*) FROM quality_reviews r WHERE r.workspace_id = s.workspace_id AND r.sheet_id = s.id) \
                      FROM quality_sheets s JOIN quality_sheet_versions v ON v.workspace_id = s.workspace_id AND v.sheet_id = s.id AND v.version = s.version \
                      WHERE s.workspace_id = $1 AND s.archived_at IS NULL";

/// The sheets in use, oldest first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Sheet>> {
    tx.all(&format!("{SELECT} ORDER BY s.id LIMIT $2"), params![workspace, SHEETS_MAX]).await
}

/// A sheet in use.
///
/// # Errors
/// It is not in this workspace, or archived.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: SheetId) -> Result<Sheet> {
    let found = tx.optional(&format!("{SELECT} AND s.id = $2"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the score sheet").into())
}

/// A version's name and what it asks, also of an archived sheet.
///
/// # Errors
/// It is not there.
pub(crate) async fn version(tx: &mut Tx, workspace: WorkspaceId, id: SheetId, version: i64) -> Result<(String, Definition)> {
    let found: Option<(String, String)> = tx
        .optional(
            "SELECT name, definition FROM quality_sheet_versions WHERE workspace_id = $1 AND sheet_id = $2 AND version = $3",
            params![workspace, id, version],
        )
        .await?;
    let (name, definition) = found.ok_or_else(|| Problem::not_found("the score sheet"))?;
    Ok((name, serde_json::from_str(&definition)?))
}

/// A new sheet.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, name: &str, definition: &Definition) -> Result<Sheet> {
    check(name, definition)?;
    if list(tx, workspace).await?.len() as i64 >= SHEETS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {SHEETS_MAX} sheets")).into());
    }
    let (id, now): (SheetId, _) = (environment.new_id(), environment.now());
    tx.execute("INSERT INTO quality_sheets (workspace_id, id, version, created_at) VALUES ($1, $2, 1, $3)", params![workspace, id, now]).await?;
    keep(tx, environment, workspace, actor, (id, 1), name, definition).await?;
    load(tx, workspace, id).await
}

/// A new version of a sheet. `version` is the one that was edited.
///
/// # Errors
/// A field is not valid, or somebody else has saved another version meanwhile.
pub async fn save(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    (id, version): (SheetId, i64),
    name: &str,
    definition: &Definition,
) -> Result<Sheet> {
    let before = load(tx, workspace, id).await?;
    check(name, definition)?;
    if before.version == version && before.name == name && before.definition == *definition {
        return Ok(before);
    }
    let moved = tx
        .execute("UPDATE quality_sheets SET version = version + 1 WHERE workspace_id = $1 AND id = $2 AND version = $3", params![workspace, id, version])
        .await?;
    if moved == 0 {
        return Err(Problem::conflict("sheet_changed", "somebody has saved another version").into());
    }
    keep(tx, environment, workspace, actor, (id, version + 1), name, definition).await?;
    load(tx, workspace, id).await
}

async fn keep(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    (id, version): (SheetId, i64),
    name: &str,
    definition: &Definition,
) -> Result<()> {
    tx.execute(
        "INSERT INTO quality_sheet_versions (workspace_id, sheet_id, version, name, definition, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![workspace, id, version, name.trim(), serde_json::to_string(definition)?, actor.to_string(), environment.now()],
    )
    .await?;
    audit::record(tx, environment, workspace, actor, "quality_sheet.saved", "quality_sheet", id, json!({ "name": name, "version": version })).await
}

/// Takes a sheet out of use. Its reviews stay as they are.
///
/// # Errors
/// It is not there.
pub async fn archive(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: SheetId) -> Result<()> {
    let sheet = load(tx, workspace, id).await?;
    tx.execute("UPDATE quality_sheets SET archived_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, environment.now()]).await?;
    audit::record(tx, environment, workspace, actor, "quality_sheet.archived", "quality_sheet", id, json!({ "name": sheet.name })).await
}

fn is_key(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn check(name: &str, definition: &Definition) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", name, limits::LINE_CHARACTERS);
    if definition.sections.len() > SECTIONS_MAX {
        errors.add("sections", "too_many", format!("at most {SECTIONS_MAX}"));
    }
    match definition.criteria().count() {
        0 => errors.add("sections", "required", "at least one criterion"),
        count if count > CRITERIA_MAX => errors.add("sections", "too_many", format!("at most {CRITERIA_MAX} criteria")),
        _ => {}
    }
    let mut known = BTreeSet::new();
    for (number, section) in definition.sections.iter().enumerate() {
        errors.line(&format!("sections[{number}].title"), &section.title, limits::LINE_CHARACTERS);
        for (at, criterion) in section.criteria.iter().enumerate() {
            let field = |name: &str| format!("sections[{number}].criteria[{at}].{name}");
            if !is_key(&criterion.id) {
                errors.add(field("id"), "key_invalid", "lower-case letters, digits and underscores");
            } else if !known.insert(&criterion.id) {
                errors.add(field("id"), "repeated", "each criterion once");
            }
            errors.line(&field("text"), &criterion.text, limits::LINE_CHARACTERS);
            if criterion.help.chars().count() > HELP_MAX {
                errors.add(field("help"), "too_long", format!("at most {HELP_MAX} characters"));
            }
            let scale = if criterion.kind == CriterionKind::YesNo { 1..=1 } else { 1..=SCALE_MAX };
            if !scale.contains(&criterion.most) {
                errors.add(field("most"), "out_of_range", format!("{} to {}", scale.start(), scale.end()));
            }
            if !(1..=WEIGHT_MAX).contains(&criterion.weight) {
                errors.add(field("weight"), "out_of_range", format!("1 to {WEIGHT_MAX}"));
            }
        }
    }
    errors.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_that_comes_along_is_whole_and_the_same_in_each_language() {
        let all = templates().expect("the file is read");
        assert_eq!(all.iter().map(|one| one.locale).collect::<Vec<_>>(), [Locale::Fi, Locale::Sv, Locale::En]);
        let shape = |one: &SheetTemplate| -> Vec<_> {
            let part = |it: &Criterion| (it.id.clone(), it.kind, it.most, it.weight, it.critical, it.may_not_apply);
            one.definition.sections.iter().map(|section| section.criteria.iter().map(part).collect::<Vec<_>>()).collect()
        };
        for one in &all {
            check(&one.name, &one.definition).expect("it is valid");
            assert_eq!(shape(one), shape(&all[0]), "{:?}", one.locale);
            assert!(one.definition.criteria().all(|criterion| !criterion.help.is_empty()));
        }
    }
}
