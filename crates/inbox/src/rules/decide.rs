//! Which events wake rules, which rules apply, and what stops a loop. Pure.

use ennakoi_store::timeline::{Actor, Event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Rule;
use crate::conditions::{self, Facts};

/// Rules caused by rules, at most so deep.
pub const DEPTH_MAX: i64 = 3;
/// Runs of one rule on one conversation within an hour, at most.
pub const RUNS_AN_HOUR: i64 = 10;

/// What a rule wakes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Opened,
    CustomerMessage,
    /// A person of staff, or a program, answered.
    Answer,
    Note,
    HandedOver,
    Assigned,
    Labelled,
    /// Subject, priority or customer changed.
    Changed,
    Closed,
    Reopened,
    Snoozed,
    Woke,
    Rated,
    SlaWarned,
    SlaBreached,
    PromiseMade,
    PromiseKept,
}

impl When {
    pub const ALL: [Self; 17] = [
        Self::Opened,
        Self::CustomerMessage,
        Self::Answer,
        Self::Note,
        Self::HandedOver,
        Self::Assigned,
        Self::Labelled,
        Self::Changed,
        Self::Closed,
        Self::Reopened,
        Self::Snoozed,
        Self::Woke,
        Self::Rated,
        Self::SlaWarned,
        Self::SlaBreached,
        Self::PromiseMade,
        Self::PromiseKept,
    ];

    /// What an event is to rules; `None` when it wakes none.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event.kind.as_str() {
            "conversation.opened" => Self::Opened,
            "message.added" => return Self::of_message(event),
            "conversation.handed_over" => Self::HandedOver,
            "conversation.assigned" => Self::Assigned,
            "conversation.labelled" => Self::Labelled,
            "conversation.updated" => Self::Changed,
            "conversation.closed" => Self::Closed,
            "conversation.reopened" => Self::Reopened,
            "conversation.snoozed" => Self::Snoozed,
            "conversation.woke" => Self::Woke,
            "conversation.rated" => Self::Rated,
            "sla.warned" => Self::SlaWarned,
            "sla.breached" => Self::SlaBreached,
            "promise.made" => Self::PromiseMade,
            "promise.kept" => Self::PromiseKept,
            _ => return None,
        })
    }

    fn of_message(event: &Event) -> Option<Self> {
        let is = |field: &str, value: &str| event.payload[field] == value;
        if is("kind", "event") {
            return None;
        }
        match event.actor {
            Actor::Contact(_) | Actor::Visitor(_) if is("direction", "in") && is("visibility", "public") => Some(Self::CustomerMessage),
            Actor::Staff(_) | Actor::ApiKey(_) if is("visibility", "private") => Some(Self::Note),
            Actor::Staff(_) | Actor::ApiKey(_) if is("direction", "out") => Some(Self::Answer),
            _ => None,
        }
    }
}

/// Whether the rule wakes on this event at all, leaving the case aside.
#[must_use]
pub fn wakes(rule: &Rule, event: &Event, when: When) -> bool {
    rule.enabled && rule.enabled_at <= event.recorded_at && rule.definition.when.contains(&when)
}

/// Whether the rule applies to the case.
#[must_use]
pub fn applies(rule: &Rule, facts: &Facts) -> bool {
    conditions::holds(&rule.definition.condition, facts)
}

/// What is known about earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How deep the event itself lies: 0 when people caused it.
    pub depth: i64,
    /// This rule has run for this event.
    pub ran: bool,
    /// Runs of this rule on this conversation within the last hour.
    pub runs: i64,
}

/// Whether a rule that applies may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Run,
    /// It has run for this event.
    Once,
    TooDeep,
    Braked,
}

#[must_use]
pub const fn verdict(past: Past) -> Verdict {
    if past.ran {
        Verdict::Once
    } else if past.depth >= DEPTH_MAX {
        Verdict::TooDeep
    } else if past.runs >= RUNS_AN_HOUR {
        Verdict::Braked
    } else {
        Verdict::Run
    }
}

#[cfg(test)]
mod tests;
