//! What people of staff may give to put things right: credits, gifts and discounts within a budget of their own, with approval above it.
//!
//! Invariants:
//! - sums are whole minor units of one currency, and never cross currencies;
//! - what a person gives on their own never exceeds their budget in its period, however many grants are on their way at once: whoever gives holds
//!   the person's till in that currency until the commit;
//! - nobody approves their own request;
//! - every grant, request, decision and change of a budget is in the audit, and stands in the thread for those who work there.

pub mod api;
pub mod budgets;
pub mod grants;

use ennakoi_store::stored_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Over what time a budget is spent: calendar periods of the workspace's time zone, weeks from Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Week,
    Month,
}
stored_as_text!(Period { Day = "day", Week = "week", Month = "month" });

/// What is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// Money back, or money to use.
    Credit,
    Gift,
    Discount,
}
stored_as_text!(GrantKind { Credit = "credit", Gift = "gift", Discount = "discount" });

/// How a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It waits for somebody who may decide.
    Asked,
    Given,
    Declined,
    /// Taken back: by who asked, before it was decided, or by who may decide, at any time.
    Withdrawn,
}
stored_as_text!(GrantState { Asked = "asked", Given = "given", Declined = "declined", Withdrawn = "withdrawn" });

/// Why a grant has to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    NoBudget,
    OverSingle,
    OverBudget,
}
stored_as_text!(Because { NoBudget = "no_budget", OverSingle = "over_single", OverBudget = "over_budget" });

/// Three letters, as in ISO 4217.
fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The most that any sum may be: ten thousand million of a currency with cents.
const SUM_MAX: i64 = 1_000_000_000_000;
