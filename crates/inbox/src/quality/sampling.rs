//! Which closed cases are reviewed: the rule, and the draw.

use ennakoi_kernel::{
    Environment, FieldErrors, Timestamp,
    ids::{ConversationId, WorkspaceId},
};
use ennakoi_people::{audit, workspaces};
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Cases drawn of one agent in a week, at most.
const PER_WEEK_MAX: i64 = 50;
const WAIT_MAX_MINUTES: i64 = 100_000;

/// Which closed cases come into the queue of reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "QualitySampling")]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Cases drawn of each agent and week; 0: none.
    pub per_week: i64,
    /// Always those that the customer rated with one or two of five.
    pub low_rating: bool,
    /// Always those with a promise that was not kept in time.
    pub broken_promise: bool,
    /// Always those that went on after they had been closed.
    pub reopened: bool,
    /// Always those in which the customer waited so many minutes of opening hours or longer; null: not looked at.
    pub long_wait_minutes: Option<i64>,
}

/// The rule with its seed.
pub(super) struct Kept {
    pub(super) rule: Rule,
    pub(super) seed: i64,
}

impl FromRow for Kept {
    fn from_row(row: &mut Row) -> Result<Self> {
        let rule = Rule { per_week: row.take()?, low_rating: row.take()?, broken_promise: row.take()?, reopened: row.take()?, long_wait_minutes: row.take()? };
        Ok(Self { rule, seed: row.take()? })
    }
}

const SELECT: &str = "SELECT per_week, low_rating, broken_promise, reopened, long_wait_minutes, seed FROM quality_sampling WHERE workspace_id = $1";

async fn find(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<Kept>> {
    tx.optional(SELECT, params![workspace]).await
}

/// The rule in force, held until the commit, so that the follower and the look back never draw for the same place.
pub(super) async fn hold(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<Kept>> {
    let lock = tx.engine().for_update();
    tx.optional(&format!("{SELECT}{lock}"), params![workspace]).await
}

/// The rule in force; none until somebody has set one.
///
/// # Errors
/// The database refuses.
pub async fn read(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<Rule>> {
    Ok(find(tx, workspace).await?.map(|kept| kept.rule))
}

/// Sets the rule. What was closed in the last two weeks is looked at under it in the background; what is in the queue already stays.
///
/// # Errors
/// A value makes no sense.
pub async fn set(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, rule: Rule) -> Result<Rule> {
    let mut errors = FieldErrors::default();
    if !(0..=PER_WEEK_MAX).contains(&rule.per_week) {
        errors.add("per_week", "out_of_range", format!("0 to {PER_WEEK_MAX}"));
    }
    if rule.long_wait_minutes.is_some_and(|minutes| !(1..=WAIT_MAX_MINUTES).contains(&minutes)) {
        errors.add("long_wait_minutes", "out_of_range", format!("1 to {WAIT_MAX_MINUTES}"));
    }
    errors.finish()?;
    let before = find(tx, workspace).await?;
    if before.as_ref().is_some_and(|kept| kept.rule == rule) {
        return Ok(rule);
    }
    let mut bytes = [0; 8];
    environment.fill(&mut bytes);
    let seed = before.as_ref().map_or(i64::from_le_bytes(bytes) & i64::MAX, |kept| kept.seed);
    tx.execute(
        "INSERT INTO quality_sampling (workspace_id, per_week, low_rating, broken_promise, reopened, long_wait_minutes, seed, updated_by, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id) \
         DO UPDATE SET per_week = $2, low_rating = $3, broken_promise = $4, reopened = $5, long_wait_minutes = $6, updated_by = $8, updated_at = $9",
        params![
            workspace,
            rule.per_week,
            rule.low_rating,
            rule.broken_promise,
            rule.reopened,
            rule.long_wait_minutes,
            seed,
            actor.to_string(),
            environment.now()
        ],
    )
    .await?;
    super::follow::look_back(tx, environment, workspace).await?;
    let detail = json!({ "before": before.map(|kept| kept.rule), "after": rule });
    audit::record(tx, environment, workspace, actor, "quality_sampling.set", "workspace", workspace, detail).await?;
    Ok(rule)
}

/// The case's place in the draw: SplitMix64 over the seed and the id, so that it is as good as random and always the same.
pub(super) fn draw(seed: i64, conversation: ConversationId) -> i64 {
    let (high, low) = Uuid::from(conversation).as_u64_pair();
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let drawn = mix(mix(seed.cast_unsigned().wrapping_add(0x9E37_79B9_7F4A_7C15) ^ high).wrapping_add(low));
    (drawn >> 1).cast_signed()
}

/// The time zone of the company.
pub(super) async fn zone(tx: &mut Tx, workspace: WorkspaceId) -> Result<TimeZone> {
    Ok(TimeZone::get(&workspaces::load(tx, workspace).await?.timezone).unwrap_or(TimeZone::UTC))
}

/// Monday of the week of a moment.
pub(super) fn week(zone: &TimeZone, at: Timestamp) -> Date {
    let day = zone.to_datetime(jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX)).date();
    day.checked_sub(i64::from(Weekday::Monday.until(day.weekday())).days()).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_even_and_always_the_same() {
        let ids: Vec<ConversationId> = (0..4_000_u128).map(|number| ConversationId(Uuid::from_u128((0x0190_a000 << 96) | (0x7 << 76) | number))).collect();
        let share = ids.iter().filter(|id| draw(7, **id) < i64::MAX / 4).count();
        assert!((900..1_100).contains(&share), "{share} of 4000 in the first quarter");
        assert!(ids.iter().all(|id| draw(7, *id) >= 0 && draw(7, *id) == draw(7, *id)));
        let both = ids.iter().filter(|id| draw(7, **id) < i64::MAX / 4 && draw(8, **id) < i64::MAX / 4).count();
        assert!((190..310).contains(&both), "{both} of 4000 under both seeds");
    }

    #[test]
    fn weeks_begin_on_monday_on_the_wall() {
        let zone = TimeZone::get("Europe/Helsinki").expect("a zone");
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().expect("a moment").as_microsecond());
        assert_eq!(week(&zone, at("2026-11-29T21:59:00Z")).to_string(), "2026-11-23");
        assert_eq!(week(&zone, at("2026-11-29T22:00:00Z")).to_string(), "2026-11-30");
    }
}
