//! Filters: and/or trees of conditions over conversations, compiled to SQL of a fixed vocabulary.
//!
//! Invariant: nothing of a filter ever becomes SQL text. Fields and operators are enums that choose texts written here; values are
//! only ever bound as parameters.

use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    ids::{ChannelId, ContactId, LabelId, QueueId, StaffId},
};
use ennakoi_people::Locale;
use ennakoi_store::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::conversations::{OwnerKind, Priority, State};

/// Conditions of one filter, at most, and how deep they nest.
pub const CONDITIONS_MAX: usize = 50;
pub const DEPTH_MAX: usize = 6;

/// A filter: `{"all": […]}`, `{"any": […]}`, `{"not": …}` or a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Filter {
    All(AllOf),
    Any(AnyOf),
    Not(NotOf),
    Condition(Condition),
}

/// Every part holds. An empty list holds always.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllOf {
    pub all: Vec<Filter>,
}

/// At least one part holds. An empty list never holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnyOf {
    pub any: Vec<Filter>,
}

/// The part does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotOf {
    pub not: Box<Filter>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub field: Field,
    pub operator: Operator,
    /// What the field is compared with: a name, an id, a number, a list of them for `in`, or absent for `exists`.
    #[serde(default)]
    pub value: serde_json::Value,
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    State,
    Owner,
    /// An id of staff, or `me`.
    Assignee,
    Queue,
    Channel,
    Label,
    Contact,
    Priority,
    Language,
    Reason,
    Rating,
    Solved,
    Number,
    CreatedAt,
    LastMessageAt,
    WaitingSince,
    ClosedAt,
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Is,
    IsNot,
    In,
    /// Has a value at all.
    Exists,
    Missing,
    AtLeast,
    AtMost,
    /// Moments, in microseconds.
    Before,
    After,
    /// Spans before now, in seconds.
    OlderThan,
    NewerThan,
}

/// The kind of value that a field holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Name,
    Id,
    Rank,
    Whole,
    Truth,
    Moment,
}

impl Field {
    const fn column(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Owner => "owner_kind",
            Self::Assignee => "agent_id",
            Self::Queue => "queue_id",
            Self::Channel => "channel_id",
            // Labels lie in their own table; see `labelled`.
            Self::Label => "id",
            Self::Contact => "contact_id",
            Self::Priority => "priority",
            Self::Language => "locale",
            Self::Reason => "reason",
            Self::Rating => "rating",
            Self::Solved => "solved",
            Self::Number => "number",
            Self::CreatedAt => "created_at",
            Self::LastMessageAt => "last_message_at",
            Self::WaitingSince => "waiting_since",
            Self::ClosedAt => "closed_at",
        }
    }

    const fn kind(self) -> Type {
        match self {
            Self::State | Self::Owner | Self::Language | Self::Reason => Type::Name,
            Self::Assignee | Self::Queue | Self::Channel | Self::Label | Self::Contact => Type::Id,
            Self::Priority => Type::Rank,
            Self::Rating | Self::Number => Type::Whole,
            Self::Solved => Type::Truth,
            Self::CreatedAt | Self::LastMessageAt | Self::WaitingSince | Self::ClosedAt => Type::Moment,
        }
    }
}

/// What a filter is compiled for.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Who looks: the meaning of `me`.
    pub viewer: Option<StaffId>,
    pub now: Timestamp,
}

/// SQL under construction. `$1` is always the workspace.
#[derive(Debug, Default)]
pub struct Compiled {
    pub sql: String,
    pub parameters: Vec<Value>,
    /// Number of the first parameter.
    first: usize,
}

impl Compiled {
    fn bind(&mut self, value: Value) -> String {
        self.parameters.push(value);
        format!("${}", self.first + self.parameters.len() - 1)
    }
}

/// Checks a filter and compiles it. Its parameters are numbered from `first`.
///
/// # Errors
/// Names the conditions that make no sense, by their path (`filter.all[1].value`).
pub fn compile(filter: &Filter, context: Context, first: usize) -> Result<Compiled, Problem> {
    let mut compiled = Compiled { first, ..Compiled::default() };
    let mut compiler = Compiler { context, compiled: &mut compiled, errors: FieldErrors::default(), conditions: 0 };
    let sql = compiler.filter(filter, "filter", 1);
    compiler.errors.finish()?;
    compiled.sql = sql;
    Ok(compiled)
}

/// Whether the filter says something about the state of conversations.
#[must_use]
pub fn names_state(filter: &Filter) -> bool {
    match filter {
        Filter::All(AllOf { all: parts }) | Filter::Any(AnyOf { any: parts }) => parts.iter().any(names_state),
        Filter::Not(NotOf { not }) => names_state(not),
        Filter::Condition(condition) => matches!(condition.field, Field::State | Field::ClosedAt),
    }
}

/// Whether a conversation in this state can meet the filter, and whether it can fail it, whatever else it is.
///
/// So much is known without looking at any: where only open ones can meet it, the many that are closed need not be walked.
#[must_use]
pub fn may_hold(filter: &Filter, state: State) -> (bool, bool) {
    match filter {
        Filter::All(AllOf { all }) => {
            all.iter().map(|part| may_hold(part, state)).fold((true, false), |(met, failed), (may, may_not)| (met && may, failed || may_not))
        }
        Filter::Any(AnyOf { any }) => {
            any.iter().map(|part| may_hold(part, state)).fold((false, true), |(met, failed), (may, may_not)| (met || may, failed && may_not))
        }
        Filter::Not(NotOf { not }) => {
            let (may, may_not) = may_hold(not, state);
            (may_not, may)
        }
        Filter::Condition(condition) if condition.field == Field::State => {
            let is = match condition.operator {
                Operator::Is => read::<State>(&condition.value).map(|value| value == state),
                Operator::IsNot => read::<State>(&condition.value).map(|value| value != state),
                Operator::In => read::<Vec<State>>(&condition.value).map(|values| values.contains(&state)),
                Operator::Exists => Some(true),
                Operator::Missing => Some(false),
                _ => None,
            };
            is.map_or((true, true), |is| (is, !is))
        }
        Filter::Condition(_) => (true, true),
    }
}

struct Compiler<'a> {
    context: Context,
    compiled: &'a mut Compiled,
    errors: FieldErrors,
    conditions: usize,
}

const NEVER: &str = "1 = 0";
const ALWAYS: &str = "1 = 1";

impl Compiler<'_> {
    fn filter(&mut self, filter: &Filter, path: &str, depth: usize) -> String {
        if depth > DEPTH_MAX {
            self.errors.add(path, "too_deep", format!("at most {DEPTH_MAX} levels"));
            return NEVER.to_owned();
        }
        match filter {
            Filter::All(AllOf { all }) => self.parts(all, &format!("{path}.all"), depth, " AND ", ALWAYS),
            Filter::Any(AnyOf { any }) => self.parts(any, &format!("{path}.any"), depth, " OR ", NEVER),
            // NULL is no answer; its opposite must be one.
            Filter::Not(NotOf { not }) => format!("NOT COALESCE(({}), FALSE)", self.filter(not, &format!("{path}.not"), depth + 1)),
            Filter::Condition(condition) => self.condition(condition, path),
        }
    }

    fn parts(&mut self, parts: &[Filter], path: &str, depth: usize, joint: &str, empty: &str) -> String {
        if parts.is_empty() {
            return empty.to_owned();
        }
        let parts: Vec<String> =
            parts.iter().take(CONDITIONS_MAX + 1).enumerate().map(|(index, part)| self.filter(part, &format!("{path}[{index}]"), depth + 1)).collect();
        format!("({})", parts.join(joint))
    }

    fn condition(&mut self, condition: &Condition, path: &str) -> String {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            if self.conditions == CONDITIONS_MAX + 1 {
                self.errors.add(path, "too_many", format!("at most {CONDITIONS_MAX} conditions"));
            }
            return NEVER.to_owned();
        }
        let (field, operator) = (condition.field, condition.operator);
        if field == Field::Label {
            return self.labelled(operator, &condition.value, path);
        }
        let column = field.column();
        match operator {
            Operator::Exists => format!("{column} IS NOT NULL"),
            Operator::Missing => format!("{column} IS NULL"),
            Operator::Is | Operator::IsNot if field.kind() != Type::Moment => {
                let Some(value) = self.value(field, &condition.value, path) else { return NEVER.to_owned() };
                let place = self.compiled.bind(value);
                if operator == Operator::Is { format!("{column} = {place}") } else { format!("({column} IS NULL OR {column} <> {place})") }
            }
            Operator::In if field.kind() != Type::Moment => match self.values(field, &condition.value, path) {
                Some(places) => format!("{column} IN ({places})"),
                None => NEVER.to_owned(),
            },
            Operator::AtLeast | Operator::AtMost if matches!(field.kind(), Type::Whole | Type::Rank) => {
                let Some(value) = self.value(field, &condition.value, path) else { return NEVER.to_owned() };
                let place = self.compiled.bind(value);
                // The most urgent priority has the smallest rank.
                let greater = (operator == Operator::AtLeast) != (field.kind() == Type::Rank);
                format!("{column} {} {place}", if greater { ">=" } else { "<=" })
            }
            Operator::Before | Operator::After | Operator::OlderThan | Operator::NewerThan if field.kind() == Type::Moment => {
                let Some(moment) = self.moment(operator, &condition.value, path) else { return NEVER.to_owned() };
                let place = self.compiled.bind(moment.into());
                let earlier = matches!(operator, Operator::Before | Operator::OlderThan);
                format!("{column} {} {place}", if earlier { "<" } else { ">" })
            }
            _ => {
                self.errors.add(format!("{path}.operator"), "invalid", "this field cannot be compared like this");
                NEVER.to_owned()
            }
        }
    }

    fn labelled(&mut self, operator: Operator, value: &serde_json::Value, path: &str) -> String {
        let any = "SELECT 1 FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = conversations.id";
        match operator {
            Operator::Exists => format!("EXISTS ({any})"),
            Operator::Missing => format!("NOT EXISTS ({any})"),
            Operator::Is | Operator::IsNot => {
                let Some(value) = self.value(Field::Label, value, path) else { return NEVER.to_owned() };
                let place = self.compiled.bind(value);
                format!("{}EXISTS ({any} AND label_id = {place})", if operator == Operator::IsNot { "NOT " } else { "" })
            }
            Operator::In => match self.values(Field::Label, value, path) {
                Some(places) => format!("EXISTS ({any} AND label_id IN ({places}))"),
                None => NEVER.to_owned(),
            },
            _ => {
                self.errors.add(format!("{path}.operator"), "invalid", "labels cannot be compared like this");
                NEVER.to_owned()
            }
        }
    }

    fn values(&mut self, field: Field, value: &serde_json::Value, path: &str) -> Option<String> {
        let items = value.as_array().filter(|items| (1..=CONDITIONS_MAX).contains(&items.len()));
        let Some(items) = items else {
            self.errors.add(format!("{path}.value"), "invalid", format!("a list of 1 to {CONDITIONS_MAX} values"));
            return None;
        };
        let values: Vec<Value> = items.iter().filter_map(|item| self.value(field, item, path)).collect();
        let complete = values.len() == items.len();
        let places: Vec<String> = values.into_iter().map(|value| self.compiled.bind(value)).collect();
        complete.then(|| places.join(", "))
    }

    /// The value as the field stores it. Only values of the field's own vocabulary pass.
    fn value(&mut self, field: Field, value: &serde_json::Value, path: &str) -> Option<Value> {
        let read: Option<Value> = match field {
            Field::State => read::<State>(value).map(Value::from),
            Field::Owner => read::<OwnerKind>(value).map(Value::from),
            Field::Language => read::<Locale>(value).map(Value::from),
            Field::Reason => read::<crate::conversations::Reason>(value).map(Value::from),
            Field::Assignee if value == "me" => self.context.viewer.map(Value::from),
            Field::Assignee => read::<StaffId>(value).map(Value::from),
            Field::Queue => read::<QueueId>(value).map(Value::from),
            Field::Channel => read::<ChannelId>(value).map(Value::from),
            Field::Label => read::<LabelId>(value).map(Value::from),
            Field::Contact => read::<ContactId>(value).map(Value::from),
            Field::Priority => read::<Priority>(value).map(|priority| priority.rank().into()),
            Field::Rating | Field::Number => read::<i64>(value).map(Value::from),
            Field::Solved => read::<bool>(value).map(Value::from),
            Field::CreatedAt | Field::LastMessageAt | Field::WaitingSince | Field::ClosedAt => read::<Timestamp>(value).map(Value::from),
        };
        if read.is_none() {
            self.errors.add(format!("{path}.value"), "invalid", "not a value of this field");
        }
        read
    }

    fn moment(&mut self, operator: Operator, value: &serde_json::Value, path: &str) -> Option<Timestamp> {
        let number = read::<i64>(value);
        let moment = match operator {
            Operator::Before | Operator::After => number.map(Timestamp),
            _ => {
                number.filter(|seconds| (0..=100 * 366 * 86_400).contains(seconds)).map(|seconds| self.context.now - ennakoi_kernel::Duration::seconds(seconds))
            }
        };
        if moment.is_none() {
            self.errors.add(format!("{path}.value"), "invalid", "a moment in microseconds, or a span in seconds");
        }
        moment
    }
}

fn read<T: DeserializeOwned>(value: &serde_json::Value) -> Option<T> {
    T::deserialize(value).ok()
}

#[cfg(test)]
mod tests;
