//! Judging a tree by the facts.

use serde_json::Value;

use super::{All, Any, Condition, Fact, Facts, Not, Operator, Test};
use crate::conversations::Priority;

/// Whether the tree holds.
#[must_use]
pub fn holds(condition: &Condition, facts: &Facts) -> bool {
    match condition {
        Condition::All(All { all }) => all.iter().all(|part| holds(part, facts)),
        Condition::Any(Any { any }) => any.iter().any(|part| holds(part, facts)),
        Condition::Not(Not { not }) => !holds(not, facts),
        Condition::Test(test) => test_holds(test, facts),
    }
}

fn test_holds(test: &Test, facts: &Facts) -> bool {
    let values = values(test, facts);
    match test.operator {
        Operator::Exists => !values.is_empty(),
        Operator::Missing => values.is_empty(),
        Operator::Is => values.iter().any(|value| same(value, &test.value)),
        // Having no value is being different, as people mean it.
        Operator::IsNot => !values.iter().any(|value| same(value, &test.value)),
        Operator::In => values.iter().any(|value| items(&test.value).iter().any(|wanted| same(value, wanted))),
        Operator::AtLeast => values.iter().any(|value| rank(test.field, value).zip(rank(test.field, &test.value)).is_some_and(|(it, least)| it >= least)),
        Operator::AtMost => values.iter().any(|value| rank(test.field, value).zip(rank(test.field, &test.value)).is_some_and(|(it, most)| it <= most)),
        Operator::Contains => contains(&values, &test.value),
        Operator::ContainsNot => !contains(&values, &test.value),
    }
}

/// The values that the fact has now: none, one, or several for labels.
fn values(test: &Test, facts: &Facts) -> Vec<Value> {
    let it = &facts.conversation;
    let one = |value: Option<Value>| value.filter(|value| !value.is_null()).into_iter().collect();
    match test.field {
        Fact::Label => facts.labels.iter().map(|label| Value::from(label.to_string())).collect(),
        Fact::State => one(Some(it.state.as_str().into())),
        Fact::Owner => one(Some(it.owner.kind().as_str().into())),
        Fact::Assignee => one(it.agent().map(|agent| agent.to_string().into())),
        Fact::Queue => one(it.queue.map(|queue| queue.to_string().into())),
        Fact::Channel => one(Some(it.channel.to_string().into())),
        Fact::ChannelKind => one(facts.channel_kind.map(|kind| kind.as_str().into())),
        Fact::Priority => one(serde_json::to_value(it.priority).ok()),
        Fact::Language => one(it.locale.map(|locale| locale.as_str().into())),
        Fact::Reason => one(it.reason.as_ref().map(|reason| reason.as_str().into())),
        Fact::Subject => one(it.subject.clone().map(Value::from)),
        Fact::Rating => one(it.rating.map(Value::from)),
        Fact::Solved => one(it.solved.map(Value::from)),
        Fact::WaitingMinutes => one(it.waiting_since.map(|since| ((facts.now - since).0 / 60_000_000).into())),
        Fact::Messages => one(Some(it.last_seq.into())),
        Fact::CustomerEmail => one(facts.person.as_ref().and_then(|person| person.email.clone()).map(Value::from)),
        Fact::CustomerDomain => {
            let domain = facts.person.as_ref().and_then(|person| person.email.as_deref()).and_then(|email| email.rsplit_once('@'));
            one(domain.map(|(_, domain)| domain.into()))
        }
        Fact::CustomerAttribute => {
            let key = test.key.as_deref().unwrap_or_default();
            one(facts.person.as_ref().and_then(|person| person.attributes.get(key)).and_then(|value| serde_json::to_value(value).ok()))
        }
        Fact::MessageText => one(facts.message.as_ref().map(|message| message.body.clone().into())),
        Fact::MessageLanguage => one(facts.message.as_ref().and_then(|message| message.language).map(|language| language.as_str().into())),
        Fact::MessageAttachments => one(facts.message.as_ref().map(|message| message.attachments.into())),
        Fact::Hours => {
            let calendar = test.key.as_deref().and_then(|key| key.parse().ok());
            one(facts.open.get(&calendar).map(|open| if *open { "open" } else { "closed" }.into()))
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// Texts are the same whatever the case of their letters; `3` and `3.0` are the same number.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.trim().to_lowercase() == other.trim().to_lowercase(),
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// What is compared by size: the more urgent is the greater.
fn rank(field: Fact, value: &Value) -> Option<f64> {
    if field == Fact::Priority {
        let priority: Priority = serde_json::from_value(value.clone()).ok()?;
        #[expect(clippy::cast_precision_loss, reason = "one of four ranks")]
        return Some(-(priority.rank() as f64));
    }
    value.as_f64()
}

fn contains(values: &[Value], wanted: &Value) -> bool {
    let wanted: Vec<String> = items(wanted).iter().filter_map(Value::as_str).map(str::to_lowercase).collect();
    values.iter().filter_map(Value::as_str).map(str::to_lowercase).any(|text| wanted.iter().any(|word| text.contains(word.as_str())))
}
