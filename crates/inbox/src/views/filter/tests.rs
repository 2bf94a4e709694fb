use proptest::prelude::*;
use serde_json::json;

use super::*;

fn context() -> Context {
    Context { viewer: Some(StaffId(uuid::Uuid::from_u128(7))), now: Timestamp::from_seconds(1_000_000) }
}

fn compiled(filter: serde_json::Value) -> Result<Compiled, Problem> {
    compile(&serde_json::from_value(filter).unwrap(), context(), 2)
}

#[test]
fn trees_become_sql_with_parameters_in_order() {
    let filter = json!({ "all": [
        { "field": "assignee", "operator": "is", "value": "me" },
        { "any": [
            { "field": "priority", "operator": "at_least", "value": "high" },
            { "not": { "field": "language", "operator": "in", "value": ["fi", "sv"] } },
        ] },
        { "field": "waiting_since", "operator": "older_than", "value": 60 },
    ] });
    let compiled = compiled(filter).unwrap();
    assert_eq!(compiled.sql, "(agent_id = $2 AND (priority <= $3 OR NOT COALESCE((locale IN ($4, $5)), FALSE)) AND waiting_since < $6)");
    assert_eq!(
        compiled.parameters,
        [Value::Uuid(uuid::Uuid::from_u128(7)), Value::Integer(1), Value::Text("fi".into()), Value::Text("sv".into()), Value::Integer(999_940_000_000)]
    );
}

#[test]
fn nonsense_is_refused_with_its_place() {
    for (filter, field) in [
        (json!({ "field": "state", "operator": "is", "value": "open' OR 1=1 --" }), "filter.value"),
        (json!({ "all": [{ "field": "queue", "operator": "is", "value": "1; DROP TABLE messages" }] }), "filter.all[0].value"),
        (json!({ "field": "rating", "operator": "at_least", "value": "5 OR 1=1" }), "filter.value"),
        (json!({ "field": "reason", "operator": "is", "value": "x' UNION SELECT" }), "filter.value"),
        (json!({ "field": "solved", "operator": "at_least", "value": true }), "filter.operator"),
        (json!({ "field": "created_at", "operator": "is", "value": 5 }), "filter.operator"),
        (json!({ "field": "label", "operator": "in", "value": [] }), "filter.value"),
        (json!({ "field": "created_at", "operator": "older_than", "value": -1 }), "filter.value"),
    ] {
        let problem = compiled(filter.clone()).unwrap_err();
        assert_eq!(problem.fields.first().map(|error| error.field.as_str()), Some(field), "{filter}");
        assert_eq!(problem.status(), 422);
    }
}

#[test]
fn unknown_fields_operators_and_keys_are_not_filters() {
    for filter in [
        json!({ "field": "workspace_id", "operator": "is", "value": "x" }),
        json!({ "field": "state", "operator": "= 'open' OR 1=1 --", "value": "x" }),
        json!({ "field": "state", "operator": "is", "value": "open", "sql": "1=1" }),
        json!({ "all": [], "any": [] }),
        json!({ "or": [] }),
    ] {
        assert!(serde_json::from_value::<Filter>(filter.clone()).is_err(), "{filter}");
    }
}

#[test]
fn depth_and_size_have_limits() {
    let mut deep = json!({ "field": "state", "operator": "exists" });
    for _ in 0..DEPTH_MAX {
        deep = json!({ "not": deep });
    }
    assert_eq!(compiled(deep).unwrap_err().fields[0].code, "too_deep");
    let wide = json!({ "any": vec![json!({ "field": "state", "operator": "exists" }); CONDITIONS_MAX + 1] });
    assert_eq!(compiled(wide).unwrap_err().fields[0].code, "too_many");
}

fn anything() -> impl Strategy<Value = serde_json::Value> {
    let field = prop_oneof![
        Just("state"),
        Just("owner"),
        Just("assignee"),
        Just("queue"),
        Just("label"),
        Just("priority"),
        Just("language"),
        Just("reason"),
        Just("rating"),
        Just("solved"),
        Just("created_at"),
        Just("waiting_since"),
    ];
    let operator = prop_oneof![Just("is"), Just("is_not"), Just("in"), Just("exists"), Just("missing"), Just("at_least"), Just("before"), Just("older_than"),];
    let value = prop_oneof![
        Just(json!("open")),
        Just(json!("me")),
        Just(json!("urgent")),
        Just(json!(true)),
        Just(json!(null)),
        any::<i64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(|text| json!(text)),
        "['\";$\\-]{1,6}".prop_map(|text| json!([text])),
        Just(json!("00000000-0000-0000-0000-000000000001")),
        Just(json!(["fi", "sv"])),
    ];
    let condition = (field, operator, value).prop_map(|(field, operator, value)| json!({ "field": field, "operator": operator, "value": value }));
    condition.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|parts| json!({ "all": parts })),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|parts| json!({ "any": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

#[test]
fn what_a_state_rules_out_is_known_beforehand() {
    let state = |operator: &str, value: serde_json::Value| json!({ "field": "state", "operator": operator, "value": value });
    let urgent = json!({ "field": "priority", "operator": "is", "value": "urgent" });
    for (filter, may) in [
        (json!({ "any": [state("is", json!("open")), state("is", json!("waiting"))] }), [true, true, false, false]),
        (json!({ "not": state("in", json!(["open", "waiting"])) }), [false, false, true, true]),
        (json!({ "all": [state("is_not", json!("closed")), urgent] }), [true, true, true, false]),
        (json!({ "any": [state("is", json!("closed")), urgent] }), [true; 4]),
        (json!({ "not": { "any": [state("is", json!("closed")), urgent] } }), [true, true, true, false]),
        (json!({ "all": [state("is", json!("open")), state("is", json!("closed"))] }), [false; 4]),
        (json!({ "any": [] }), [false; 4]),
    ] {
        let filter: Filter = serde_json::from_value(filter).unwrap();
        let found = [State::Open, State::Waiting, State::Snoozed, State::Closed].map(|state| may_hold(&filter, state).0);
        assert_eq!(found, may, "{filter:?}");
    }
}

proptest! {
    /// Whatever a filter holds, its SQL consists of words of ours and of numbered places, one for each bound value.
    #[test]
    fn sql_is_made_of_our_own_words(filter in anything()) {
        let Ok(compiled) = compiled(filter) else { return Ok(()) };
        let mut places = 0;
        for word in compiled.sql.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',')).filter(|word| !word.is_empty()) {
            if let Some(number) = word.strip_prefix('$') {
                let number: usize = number.parse().unwrap();
                prop_assert!(number == 1 || (2..2 + compiled.parameters.len()).contains(&number));
                places += usize::from(number != 1);
                continue;
            }
            prop_assert!(
                ["AND", "OR", "NOT", "COALESCE", "FALSE", "IS", "NULL", "IN", "EXISTS", "SELECT", "FROM", "WHERE", "=", "<>", "<", ">", "<=", ">=", "0", "1",
                 "state", "owner_kind", "agent_id", "queue_id", "priority", "locale", "reason", "rating", "solved", "created_at", "waiting_since",
                 "conversation_labels", "workspace_id", "conversation_id", "conversations.id", "label_id"].contains(&word),
                "{word} in {}", compiled.sql
            );
        }
        prop_assert_eq!(places, compiled.parameters.len());
    }
}
