//! The engine as a state machine: whatever rules people write, it comes to rest, runs each rule at most once for an event, and in order.

use std::collections::{BTreeMap, VecDeque};

use ennakoi_kernel::{
    Timestamp,
    ids::{ConversationId, RuleId, StaffId},
};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{actions::Action, rules::Definition};

fn event(seq: i64, kind: &str, actor: Actor, payload: serde_json::Value) -> Event {
    let at = Timestamp(seq);
    Event { seq, kind: kind.to_owned(), occurred_at: at, recorded_at: at, actor, contact: None, conversation: Some(ConversationId(Uuid::nil())), payload }
}

#[test]
fn events_are_told_apart_by_who_and_where() {
    let staff = Actor::Staff(StaffId(Uuid::nil()));
    let customer = Actor::Contact(ennakoi_kernel::ids::ContactId(Uuid::nil()));
    let message = |actor, direction: &str, visibility: &str, kind: &str| {
        When::of(&event(1, "message.added", actor, json!({ "direction": direction, "visibility": visibility, "kind": kind })))
    };
    assert_eq!(message(customer, "in", "public", "text"), Some(When::CustomerMessage));
    assert_eq!(message(staff, "out", "public", "text"), Some(When::Answer));
    assert_eq!(message(staff, "out", "private", "text"), Some(When::Note));
    assert_eq!(message(Actor::System, "out", "private", "event"), None);
    assert_eq!(message(Actor::System, "out", "private", "text"), None);
    assert_eq!(message(Actor::Bot, "out", "public", "text"), None);
    assert_eq!(When::of(&event(1, "sla.changed", Actor::System, json!({}))), None);
}

/// What an action makes happen, as the domain does it.
fn effect(action: &Action) -> Option<(&'static str, When)> {
    match action {
        Action::Close {} => Some(("conversation.closed", When::Closed)),
        Action::Snooze { .. } => Some(("conversation.snoozed", When::Snoozed)),
        Action::Priority { .. } => Some(("conversation.updated", When::Changed)),
        Action::Queue { .. } => Some(("conversation.assigned", When::Assigned)),
        _ => None,
    }
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let one = prop_oneof![
        Just(Action::Close {}),
        Just(Action::Snooze { minutes: None }),
        Just(Action::Priority { priority: crate::conversations::Priority::High }),
        Just(Action::Queue { queue_id: ennakoi_kernel::ids::QueueId(Uuid::nil()) }),
        Just(Action::Note { body: "x".to_owned() }),
    ];
    proptest::collection::vec(one, 1..4)
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let when = proptest::sample::subsequence(When::ALL.to_vec(), 1..8);
    let one = (when, actions(), any::<bool>(), prop_oneof![3 => Just(true), 1 => Just(false)], 0i64..4);
    proptest::collection::vec(one, 1..8).prop_map(|rules| {
        let number = |index: usize| i64::try_from(index).unwrap();
        rules
            .into_iter()
            .enumerate()
            .map(|(index, (when, actions, last, enabled, since))| Rule {
                id: RuleId(Uuid::from_u128(index as u128 + 1)),
                version: 1,
                position: number(index),
                enabled,
                enabled_at: Timestamp(since),
                definition: Definition { name: format!("{index}"), when, condition: conditions::always(), actions, last },
                created_at: Timestamp(0),
            })
            .collect()
    })
}

/// A world in which other parts of the program answer to events as well, without it being known as an effect of the rule: after a change of
/// queue routing assigns, and that is an event at depth 0.
fn run(rules: &[Rule], first: &[(&'static str, When)], routing: bool) -> (Vec<(RuleId, i64, Verdict)>, usize) {
    let mut queue: VecDeque<(i64, &'static str, When, i64)> = VecDeque::new();
    let (mut seq, mut handled) = (0, 0);
    let mut push = |queue: &mut VecDeque<_>, kind, when, depth| {
        seq += 1;
        queue.push_back((seq, kind, when, depth));
    };
    for (kind, when) in first {
        push(&mut queue, kind, *when, 0);
    }
    let mut runs: BTreeMap<RuleId, i64> = BTreeMap::new();
    let mut log = Vec::new();
    while let Some((at, kind, when, depth)) = queue.pop_front() {
        handled += 1;
        assert!(handled < 5_000, "it never comes to rest");
        for rule in rules {
            if !wakes(rule, &event(at, kind, Actor::System, json!({})), when) {
                continue;
            }
            let ran = log.iter().any(|(id, cause, verdict)| (*id, *cause, *verdict) == (rule.id, at, Verdict::Run));
            let verdict = verdict(Past { depth, ran, runs: runs.get(&rule.id).copied().unwrap_or(0) });
            log.push((rule.id, at, verdict));
            if verdict != Verdict::Run {
                continue;
            }
            *runs.entry(rule.id).or_default() += 1;
            for (kind, when) in rule.definition.actions.iter().filter_map(effect) {
                push(&mut queue, kind, when, depth + 1);
                if routing && when == When::Assigned {
                    push(&mut queue, "conversation.assigned", When::Assigned, 0);
                }
            }
            if rule.definition.last {
                break;
            }
        }
    }
    (log, handled)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_write_comes_to_rest(rules in rules(), routing in any::<bool>(), many in 1usize..4) {
        let first = [("conversation.opened", When::Opened), ("conversation.closed", When::Closed), ("conversation.assigned", When::Assigned)];
        let (log, _) = run(&rules, &first[..many], routing);
        let ran: Vec<_> = log.iter().filter(|(.., verdict)| *verdict == Verdict::Run).collect();
        // Once for an event, and no more than the brake allows.
        for (index, (rule, cause, _)) in ran.iter().enumerate() {
            prop_assert!(!ran[..index].iter().any(|(other, at, _)| other == rule && at == cause));
        }
        for rule in &rules {
            let runs = ran.iter().filter(|(id, ..)| *id == rule.id).count();
            prop_assert!(i64::try_from(runs).unwrap() <= RUNS_AN_HOUR);
            prop_assert!(rule.enabled || runs == 0);
        }
        // In order, for each event; and nothing after a rule that says it is the last.
        for (cause, order) in ran.iter().fold(BTreeMap::<i64, Vec<RuleId>>::new(), |mut all, (rule, cause, _)| { all.entry(*cause).or_default().push(*rule); all }) {
            prop_assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{cause}: {order:?}");
            let stops = |id: &RuleId| rules.iter().any(|rule| rule.id == *id && rule.definition.last);
            prop_assert!(order.iter().rev().skip(1).all(|id| !stops(id)));
        }
    }
}

#[test]
fn the_stops_hold_in_the_order_of_their_strength() {
    assert_eq!(verdict(Past { depth: 0, ran: false, runs: 0 }), Verdict::Run);
    assert_eq!(verdict(Past { depth: DEPTH_MAX - 1, ran: false, runs: RUNS_AN_HOUR - 1 }), Verdict::Run);
    assert_eq!(verdict(Past { depth: DEPTH_MAX, ran: false, runs: 0 }), Verdict::TooDeep);
    assert_eq!(verdict(Past { depth: 0, ran: false, runs: RUNS_AN_HOUR }), Verdict::Braked);
    assert_eq!(verdict(Past { depth: DEPTH_MAX, ran: true, runs: RUNS_AN_HOUR }), Verdict::Once);
}
