//! Conditions of policies and rules: and/or trees over a conversation, its customer, the message at hand and the opening hours, judged in
//! memory against facts that are looked up once.
//!
//! Invariant: a tree that passed [`check`] is judged without an error; what is not known (no customer, no message) has no value, and a
//! comparison with no value does not hold, except those that ask for its absence.

mod facts;
mod judge;

use std::collections::BTreeSet;

use ennakoi_kernel::{FieldErrors, Problem, ids::CalendarId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use facts::{Facts, MessageFacts, PersonFacts};
pub(crate) use facts::{look_up, message as look_up_message};
pub use judge::holds;

/// Tests of one tree, at most, and how deep they nest.
pub const TESTS_MAX: usize = 50;
pub const DEPTH_MAX: usize = 6;
/// Characters of one text that is looked for.
const TEXT_CHARACTERS: usize = 200;

/// `{"all": […]}`, `{"any": […]}`, `{"not": …}` or a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "FactCondition")]
pub enum Condition {
    All(All),
    Any(Any),
    Not(Not),
    Test(Test),
}

/// Every part holds. An empty list holds always.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct All {
    pub all: Vec<Condition>,
}

/// At least one part holds. An empty list never holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Any {
    pub any: Vec<Condition>,
}

/// The part does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Not {
    pub not: Box<Condition>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FactTest")]
pub struct Test {
    pub field: Fact,
    pub operator: Operator,
    /// Which attribute of the customer, or whose opening hours (a calendar's id; absent: those of the conversation's queue).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A name, an id, a number, a text, a list of them for `in` and `contains`; absent for `exists` and `missing`.
    #[serde(default)]
    pub value: serde_json::Value,
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    State,
    Owner,
    Assignee,
    Queue,
    Channel,
    ChannelKind,
    Label,
    Priority,
    Language,
    Reason,
    Subject,
    Rating,
    Solved,
    /// How long the customer has been waiting, in minutes.
    WaitingMinutes,
    /// Messages of the conversation so far.
    Messages,
    CustomerEmail,
    /// What stands after the @ of the customer's address.
    CustomerDomain,
    /// An attribute of the customer; `key` names it.
    CustomerAttribute,
    MessageText,
    MessageLanguage,
    MessageAttachments,
    /// `open` or `closed`, now.
    Hours,
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FactOperator")]
pub enum Operator {
    Is,
    IsNot,
    In,
    Exists,
    Missing,
    AtLeast,
    AtMost,
    /// The text has one of these in it, whatever the case of letters.
    Contains,
    ContainsNot,
}

/// What a fact is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Name,
    Text,
    Number,
    Truth,
    /// An attribute: text, number or truth.
    Anything,
}

impl Fact {
    const fn shape(self) -> Shape {
        match self {
            Self::Subject | Self::CustomerEmail | Self::CustomerDomain | Self::MessageText => Shape::Text,
            Self::Rating | Self::WaitingMinutes | Self::Messages | Self::MessageAttachments => Shape::Number,
            Self::Solved => Shape::Truth,
            Self::CustomerAttribute => Shape::Anything,
            _ => Shape::Name,
        }
    }

    /// Whether it belongs to the message at hand, which a policy does not have.
    #[must_use]
    pub const fn is_of_message(self) -> bool {
        matches!(self, Self::MessageText | Self::MessageLanguage | Self::MessageAttachments)
    }
}

/// Where a tree is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Of a service policy: what is lasting about a conversation.
    Policy,
    Rule,
}

/// A tree that holds always.
#[must_use]
pub const fn always() -> Condition {
    Condition::All(All { all: Vec::new() })
}

/// Names every test that makes no sense, by its path below `root`.
///
/// # Errors
/// There is one.
pub fn check(condition: &Condition, root: &str, usage: Use) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    let mut tests = 0;
    walk(condition, root, 1, &mut |test, path| {
        tests += 1;
        match test {
            None => errors.add(path, "too_deep", format!("at most {DEPTH_MAX} levels")),
            Some(_) if tests == TESTS_MAX + 1 => errors.add(path, "too_many", format!("at most {TESTS_MAX} conditions")),
            Some(_) if tests > TESTS_MAX => {}
            Some(test) => check_test(test, path, usage, &mut errors),
        }
    });
    errors.finish()
}

/// Calls `each` for every test with its path; `None` where the tree is too deep.
fn walk(condition: &Condition, path: &str, depth: usize, each: &mut impl FnMut(Option<&Test>, &str)) {
    if depth > DEPTH_MAX {
        return each(None, path);
    }
    let mut parts = |parts: &[Condition], name: &str| {
        for (index, part) in parts.iter().take(TESTS_MAX + 1).enumerate() {
            walk(part, &format!("{path}.{name}[{index}]"), depth + 1, each);
        }
    };
    match condition {
        Condition::All(All { all }) => parts(all, "all"),
        Condition::Any(Any { any }) => parts(any, "any"),
        Condition::Not(Not { not }) => walk(not, &format!("{path}.not"), depth + 1, each),
        Condition::Test(test) => each(Some(test), path),
    }
}

fn check_test(test: &Test, path: &str, usage: Use, errors: &mut FieldErrors) {
    if usage == Use::Policy && (test.field.is_of_message() || test.field == Fact::Hours) {
        return errors.add(format!("{path}.field"), "invalid", "a policy is chosen by what is lasting about a conversation");
    }
    let shape = test.field.shape();
    let fits = match test.operator {
        Operator::Exists | Operator::Missing => true,
        Operator::Is | Operator::IsNot => fits(shape, &test.value),
        Operator::In => many(&test.value).is_some_and(|items| items.iter().all(|item| fits(shape, item))),
        Operator::AtLeast | Operator::AtMost => {
            let comparable = matches!(shape, Shape::Number | Shape::Anything) || test.field == Fact::Priority;
            comparable && if test.field == Fact::Priority { fits(Shape::Name, &test.value) } else { test.value.is_number() }
        }
        Operator::Contains | Operator::ContainsNot => {
            let textual = matches!(shape, Shape::Text | Shape::Anything);
            textual && (text(&test.value) || many(&test.value).is_some_and(|items| items.iter().all(text)))
        }
    };
    if !fits {
        errors.add(format!("{path}.value"), "invalid", "this field cannot be compared like this");
    }
    match (test.field, test.key.as_deref()) {
        (Fact::CustomerAttribute, Some(key)) if (1..=60).contains(&key.len()) => {}
        (Fact::CustomerAttribute, _) => errors.add(format!("{path}.key"), "required", "the key of an attribute"),
        (Fact::Hours, Some(key)) if key.parse::<CalendarId>().is_err() => errors.add(format!("{path}.key"), "invalid", "the id of a calendar"),
        (Fact::Hours, _) | (_, None) => {}
        (_, Some(_)) => errors.add(format!("{path}.key"), "invalid", "only attributes and opening hours have a key"),
    }
}

fn text(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARACTERS)
}

fn many(value: &serde_json::Value) -> Option<&Vec<serde_json::Value>> {
    value.as_array().filter(|items| (1..=TESTS_MAX).contains(&items.len()))
}

fn fits(shape: Shape, value: &serde_json::Value) -> bool {
    match shape {
        Shape::Name | Shape::Text => text(value),
        Shape::Number => value.is_number(),
        Shape::Truth => value.is_boolean(),
        Shape::Anything => text(value) || value.is_number() || value.is_boolean(),
    }
}

/// Whose opening hours the trees ask for; `None` is the conversation's queue.
#[must_use]
pub fn calendars<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> BTreeSet<Option<CalendarId>> {
    let mut found = BTreeSet::new();
    for condition in conditions {
        walk(condition, "", 1, &mut |test, _| {
            if let Some(test) = test.filter(|test| test.field == Fact::Hours) {
                found.insert(test.key.as_deref().and_then(|key| key.parse().ok()));
            }
        });
    }
    found
}

/// Whether a test of the tree is about the message at hand.
#[must_use]
pub fn asks_about_message(condition: &Condition) -> bool {
    let mut asks = false;
    walk(condition, "", 1, &mut |test, _| asks |= test.is_some_and(|test| test.field.is_of_message()));
    asks
}
