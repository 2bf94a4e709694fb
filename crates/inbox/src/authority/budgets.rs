//! Budgets: a person's own, or the one of everybody who has none.

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_people::{audit, staff, workspaces};
use ennakoi_store::{FromRow, Result, Row, Tx, params, timeline::Actor};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Because, Period, SUM_MAX, is_currency};

/// Budgets of one workspace, at most.
const BUDGETS_MAX: usize = 1_000;
const EVERYBODY: StaffId = StaffId(Uuid::nil());

/// How much may be given in a period without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuthorityBudget")]
pub struct Budget {
    /// Whose; null: of everybody who has none of their own in this currency.
    pub staff_id: Option<StaffId>,
    /// ISO 4217.
    pub currency: String,
    pub period: Period,
    /// Minor units (cents).
    pub limit_minor: i64,
    /// The most at one time; null: no further limit.
    pub single_minor: Option<i64>,
    /// `staff:…` or `api_key:…`.
    pub updated_by: String,
    pub updated_at: Timestamp,
}

impl FromRow for Budget {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            staff_id: Some(row.take::<StaffId>()?).filter(|staff| *staff != EVERYBODY),
            currency: row.take()?,
            period: row.take()?,
            limit_minor: row.take()?,
            single_minor: row.take()?,
            updated_by: row.take()?,
            updated_at: row.take()?,
        })
    }
}

/// What is left of a person's budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Till {
    pub currency: String,
    pub period: Period,
    /// When the period ends and the budget is whole again.
    pub until: Timestamp,
    pub limit_minor: i64,
    pub spent_minor: i64,
    pub single_minor: Option<i64>,
}

/// Who gives: the person, and whether they may decide about others' requests.
#[derive(Clone, Copy, Debug)]
pub struct Giver {
    pub staff: StaffId,
    pub decides: bool,
}

const SELECT: &str = "SELECT staff_id, currency, period, limit_minor, single_minor, updated_by, updated_at FROM authority_budgets WHERE workspace_id = $1";

/// All budgets, everybody's first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Budget>> {
    tx.all(&format!("{SELECT} ORDER BY staff_id, currency LIMIT $2"), params![workspace, BUDGETS_MAX]).await
}

/// Sets a budget. `updated_by` and `updated_at` of `new` are not read.
///
/// # Errors
/// A value makes no sense, the person is not of this workspace, or there are too many.
pub async fn set(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: Budget) -> Result<Budget> {
    let mut errors = FieldErrors::default();
    if !is_currency(&new.currency) {
        errors.add("currency", "invalid", "three capital letters");
    }
    if !(0..=SUM_MAX).contains(&new.limit_minor) {
        errors.add("limit_minor", "out_of_range", "not below zero");
    }
    if new.single_minor.is_some_and(|single| !(0..=SUM_MAX).contains(&single)) {
        errors.add("single_minor", "out_of_range", "not below zero");
    }
    errors.finish()?;
    if let Some(person) = new.staff_id
        && staff::member(tx, workspace, person).await?.is_none()
    {
        return Err(Problem::field("staff_id", "unknown", "nobody of this workspace").into());
    }
    let known = list(tx, workspace).await?;
    let before = known.iter().find(|one| one.staff_id == new.staff_id && one.currency == new.currency);
    if before.is_none() && known.len() >= BUDGETS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {BUDGETS_MAX} budgets")).into());
    }
    let now = environment.now();
    let person = new.staff_id.unwrap_or(EVERYBODY);
    tx.execute(
        "INSERT INTO authority_budgets (workspace_id, staff_id, currency, period, limit_minor, single_minor, updated_by, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id, staff_id, currency) \
         DO UPDATE SET period = $4, limit_minor = $5, single_minor = $6, updated_by = $7, updated_at = $8",
        params![workspace, person, &new.currency, new.period, new.limit_minor, new.single_minor, actor.to_string(), now],
    )
    .await?;
    let detail = json!({
        "staff": new.staff_id, "currency": new.currency, "period": new.period, "limit_minor": new.limit_minor, "single_minor": new.single_minor,
        "limit_minor_before": before.map(|one| one.limit_minor),
    });
    audit::record(tx, environment, workspace, actor, "authority.budget_set", "staff", person, detail).await?;
    Ok(Budget { updated_by: actor.to_string(), updated_at: now, ..new })
}

/// Takes a budget away; the person falls back on everybody's.
///
/// # Errors
/// It is not there.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, staff: Option<StaffId>, currency: &str) -> Result<()> {
    let person = staff.unwrap_or(EVERYBODY);
    let gone =
        tx.execute("DELETE FROM authority_budgets WHERE workspace_id = $1 AND staff_id = $2 AND currency = $3", params![workspace, person, currency]).await?;
    if gone == 0 {
        return Err(Problem::not_found("the budget").into());
    }
    let detail = json!({ "staff": staff, "currency": currency });
    audit::record(tx, environment, workspace, actor, "authority.budget_removed", "staff", person, detail).await
}

/// What a person may give now, by currency; empty for whoever has no limit and no budget of their own.
///
/// # Errors
/// The database refuses.
pub async fn tills(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, giver: Giver) -> Result<Vec<Till>> {
    let all = list(tx, workspace).await?;
    let mut currencies: Vec<&str> = all.iter().map(|budget| budget.currency.as_str()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let mut tills = Vec::new();
    for currency in currencies {
        if let Some(budget) = that_binds(&all, giver, currency) {
            tills.push(till(tx, environment, workspace, giver.staff, budget).await?);
        }
    }
    Ok(tills)
}

/// Their own budget, else everybody's; whoever decides about others is bound by their own only.
fn that_binds<'a>(all: &'a [Budget], giver: Giver, currency: &str) -> Option<&'a Budget> {
    let of = |staff: Option<StaffId>| all.iter().find(|budget| budget.currency == currency && budget.staff_id == staff);
    of(Some(giver.staff)).or_else(|| of(None).filter(|_| !giver.decides))
}

async fn till(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, staff: StaffId, budget: &Budget) -> Result<Till> {
    let zone = TimeZone::get(&workspaces::load(tx, workspace).await?.timezone).unwrap_or(TimeZone::UTC);
    let (since, until) = bounds(&zone, budget.period, environment.now());
    let (spent_minor,): (i64,) = tx
        .one(
            "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM authority_grants \
             WHERE workspace_id = $1 AND staff_id = $2 AND currency = $3 AND charged AND state = 'given' AND given_at >= $4",
            params![workspace, staff, &budget.currency, since],
        )
        .await?;
    let Budget { period, limit_minor, single_minor, .. } = *budget;
    Ok(Till { currency: budget.currency.clone(), period, until, limit_minor, spent_minor, single_minor })
}

/// Begin and end of the period that runs at `now`.
fn bounds(zone: &TimeZone, period: Period, now: Timestamp) -> (Timestamp, Timestamp) {
    let today = zone.to_datetime(jiff::Timestamp::from_microsecond(now.0).unwrap_or(jiff::Timestamp::MAX)).date();
    let first = match period {
        Period::Day => today,
        Period::Week => today.checked_sub(i64::from(Weekday::Monday.until(today.weekday())).days()).unwrap_or(today),
        Period::Month => today.first_of_month(),
    };
    let next = match period {
        Period::Day => first.checked_add(1.day()),
        Period::Week => first.checked_add(7.days()),
        Period::Month => first.checked_add(1.month()),
    };
    let midnight = |date: Date| zone.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).map_or(now, |at| Timestamp(at.as_microsecond()));
    (midnight(first), midnight(next.unwrap_or(first)))
}

/// Holds the person's till in a currency until the commit, and says why the sum must be asked for, if it must.
pub(super) async fn judge(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    giver: Giver,
    (amount, currency): (i64, &str),
) -> Result<Option<Because>> {
    tx.execute(
        "INSERT INTO authority_tills (workspace_id, staff_id, currency, grants) VALUES ($1, $2, $3, 1) \
         ON CONFLICT (workspace_id, staff_id, currency) DO UPDATE SET grants = authority_tills.grants + 1",
        params![workspace, giver.staff, currency],
    )
    .await?;
    let all = list(tx, workspace).await?;
    let Some(budget) = that_binds(&all, giver, currency) else { return Ok((!giver.decides).then_some(Because::NoBudget)) };
    if budget.single_minor.is_some_and(|single| amount > single) {
        return Ok(Some(Because::OverSingle));
    }
    let till = till(tx, environment, workspace, giver.staff, budget).await?;
    Ok((till.spent_minor.saturating_add(amount) > till.limit_minor).then_some(Because::OverBudget))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let zoned = text.parse::<jiff::civil::DateTime>().expect("a moment").in_tz("Europe/Helsinki").expect("a zone");
        Timestamp(zoned.timestamp().as_microsecond())
    }

    #[test]
    fn periods_are_those_of_the_calendar_on_the_wall() {
        let zone = TimeZone::get("Europe/Helsinki").expect("a zone");
        let of = |period, now: &str| bounds(&zone, period, at(now));
        assert_eq!(of(Period::Day, "2026-11-30T00:30"), (at("2026-11-30T00:00"), at("2026-12-01T00:00")));
        assert_eq!(of(Period::Week, "2026-11-29T23:59"), (at("2026-11-23T00:00"), at("2026-11-30T00:00")));
        assert_eq!(of(Period::Week, "2026-11-30T00:00"), (at("2026-11-30T00:00"), at("2026-12-07T00:00")));
        assert_eq!(of(Period::Month, "2026-02-14T12:00"), (at("2026-02-01T00:00"), at("2026-03-01T00:00")));
        // The night in which clocks go back is an hour longer.
        let (from, to) = of(Period::Day, "2026-10-25T12:00");
        assert_eq!((to - from).0, ennakoi_kernel::Duration::hours(25).0);
    }
}
