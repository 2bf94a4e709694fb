//! What must hold of a flow before it is published: every way leads somewhere, everything is said in the three languages, nothing
//! is recorded that was not confirmed.

use std::collections::{BTreeSet, HashMap};

use ennakoi_language::needs::Corpus;
use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    definition::{Act, Flow, STEPS_MAX, SlotKind, Step, Texts},
    say,
    shop::ItemKind,
};

/// Something wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Flaw {
    /// The step where it is; absent when it is the flow as a whole.
    pub step: Option<String>,
    /// Line of the text, from 1, when it cannot be read at all.
    pub line: Option<usize>,
    pub code: String,
    pub message: String,
}

impl Flaw {
    pub(crate) fn whole(code: &str, message: impl Into<String>) -> Self {
        Self { step: None, line: None, code: code.to_owned(), message: message.into() }
    }

    pub(crate) fn at(step: &str, code: &str, message: impl Into<String>) -> Self {
        Self { step: Some(step.to_owned()), ..Self::whole(code, message) }
    }
}

/// Characters of one sentence, at most.
const TEXT_CHARACTERS: usize = 1_500;
const SLOTS_MAX: usize = 20;
const CHOICES_MAX: usize = 12;
const TESTS_MAX: usize = 60;
const TURNS_MAX: usize = 30;

/// Everything that is wrong; empty when it may be published.
#[must_use]
pub fn flaws(flow: &Flow) -> Vec<Flaw> {
    let mut found = Vec::new();
    whole(flow, &mut found);
    slots(flow, &mut found);
    for step in &flow.steps {
        inside(flow, step, &mut found);
    }
    ways(flow, &mut found);
    if found.is_empty() {
        unconfirmed(flow, &mut found);
    }
    found
}

/// Whether a name is one: lower-case letters, digits, underscores.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.as_bytes()[0].is_ascii_lowercase()
}

fn whole(flow: &Flow, found: &mut Vec<Flaw>) {
    let mut add = |code: &str, message: String| found.push(Flaw::whole(code, message));
    if !is_name(&flow.id) {
        add("bad_name", format!("{:?}: lower-case letters, digits and underscores", flow.id));
    }
    if flow.steps.is_empty() || flow.steps.len() > STEPS_MAX {
        add("steps", format!("1 to {STEPS_MAX} steps"));
    }
    if !(0.2..=0.99).contains(&flow.confidence) {
        add("confidence", "0.2 to 0.99".to_owned());
    }
    if flow.slots.len() > SLOTS_MAX || flow.tests.len() > TESTS_MAX || flow.tests.iter().any(|test| test.turns.len() > TURNS_MAX) {
        add("too_many", format!("at most {SLOTS_MAX} slots and {TESTS_MAX} tests of {TURNS_MAX} turns"));
    }
    for need in &flow.needs {
        if Corpus::built_in().find(need).is_none() {
            add("unknown_need", format!("{need:?} is not a need"));
        }
    }
    if let Some(message) = untold(&flow.title) {
        add("title", message);
    }
    let mut seen = BTreeSet::new();
    for step in &flow.steps {
        if !is_name(&step.id) || matches!(step.id.as_str(), "end" | "person" | "left") {
            found.push(Flaw::at(&step.id, "bad_name", "lower-case letters, digits and underscores; not end, person, left"));
        }
        if !seen.insert(&step.id) {
            found.push(Flaw::at(&step.id, "twice", "two steps have this id"));
        }
    }
}

fn slots(flow: &Flow, found: &mut Vec<Flaw>) {
    for (name, slot) in &flow.slots {
        let mut add = |code: &str, message: String| found.push(Flaw::whole(code, format!("slot {name}: {message}")));
        if !is_name(name) || ItemKind::ALL.iter().any(|kind| kind.as_str() == name) {
            add("bad_name", "lower-case letters, digits and underscores; not order, invoice, subscription".to_owned());
        }
        if (slot.kind == SlotKind::Choice) != (2..=CHOICES_MAX).contains(&slot.choices.len()) {
            add("choices", format!("a choice has 2 to {CHOICES_MAX} choices, others have none"));
        }
        for texts in std::iter::once(&slot.title).chain(slot.choices.iter().map(|choice| &choice.label)) {
            if let Some(message) = untold(texts) {
                add("text", message);
            }
        }
    }
}

/// What is missing of a sentence.
fn untold(texts: &Texts) -> Option<String> {
    let missing: Vec<&str> = Locale::ALL.iter().filter(|locale| texts.own(**locale).trim().is_empty()).map(|locale| locale.as_str()).collect();
    if !missing.is_empty() {
        return Some(format!("no text in {}", missing.join(", ")));
    }
    Locale::ALL.iter().any(|locale| texts.own(*locale).chars().count() > TEXT_CHARACTERS).then(|| format!("at most {TEXT_CHARACTERS} characters"))
}

fn inside(flow: &Flow, step: &Step, found: &mut Vec<Flaw>) {
    let mut add = |code: &str, message: String| found.push(Flaw::at(&step.id, code, message));
    let may_be_silent = matches!(step.act, Act::End { .. } | Act::Person { .. });
    if let Some(texts) = step.act.text().filter(|texts| !(may_be_silent && texts.is_empty())) {
        if let Some(message) = untold(texts) {
            add("text", message);
        }
        for locale in Locale::ALL {
            for gap in say::gaps(texts.own(*locale)) {
                if !known_value(flow, &gap) {
                    add("unknown_value", format!("{{{gap}}} is neither a slot, a value nor a fact"));
                }
            }
        }
    }
    match &step.act {
        Act::Ask { slot, .. } if !flow.slots.contains_key(slot) => add("unknown_slot", format!("there is no slot {slot:?}")),
        Act::Branch { cases, .. } => {
            for case in cases {
                if !known_value(flow, &case.value) {
                    add("unknown_value", format!("{:?} is neither a slot nor a fact", case.value));
                }
                if case.is.is_empty() && case.at_most.is_none() && case.present.is_none() {
                    add("empty_case", format!("{:?} is compared with nothing", case.value));
                }
                if case.at_most.as_ref().is_some_and(|most| !flow.values.contains_key(most) && most.parse::<i64>().is_err()) {
                    add("unknown_value", format!("{:?} is neither a number nor one of the values", case.at_most));
                }
            }
        }
        Act::Request { kind, .. } if !is_name(kind) => add("bad_name", "the kind of a request: lower-case letters, digits and underscores".to_owned()),
        Act::Person { reason, .. } if !is_name(reason) => add("bad_name", "a reason: lower-case letters, digits and underscores".to_owned()),
        _ => {}
    }
}

fn known_value(flow: &Flow, name: &str) -> bool {
    match name.split_once('.') {
        Some((kind, fact)) => ItemKind::ALL.iter().any(|known| known.as_str() == kind && known.facts().contains(&fact)),
        None => flow.slots.contains_key(name) || flow.values.contains_key(name),
    }
}

fn ways(flow: &Flow, found: &mut Vec<Flaw>) {
    for step in &flow.steps {
        for (way, to) in step.act.ways() {
            if flow.step(to).is_none() {
                found.push(Flaw::at(&step.id, "leads_nowhere", format!("{way}: there is no step {to:?}")));
            }
        }
    }
    let reached = reachable(flow, |_, _| true);
    for step in flow.steps.iter().filter(|step| !reached.contains(step.id.as_str())) {
        found.push(Flaw::at(&step.id, "unreachable", "nothing leads here"));
    }
}

/// Steps that can be reached from the first along the ways that count.
fn reachable(flow: &Flow, counts: impl Fn(&Step, &str) -> bool) -> BTreeSet<&str> {
    let by_id: HashMap<&str, &Step> = flow.steps.iter().map(|step| (step.id.as_str(), step)).collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = flow.steps.first().map(|step| step.id.as_str()).into_iter().collect();
    while let Some(id) = open.pop() {
        let Some(step) = by_id.get(id).filter(|_| reached.insert(id)) else { continue };
        open.extend(step.act.ways().into_iter().filter(|(way, _)| counts(step, way)).map(|(_, to)| to));
    }
    reached
}

/// Requests that can be reached without a yes, and circles in which nobody is asked.
fn unconfirmed(flow: &Flow, found: &mut Vec<Flaw>) {
    let without = reachable(flow, |step, way| !(matches!(step.act, Act::Confirm { .. }) && way == "yes"));
    for step in flow.steps.iter().filter(|step| matches!(step.act, Act::Request { .. }) && without.contains(step.id.as_str())) {
        found.push(Flaw::at(&step.id, "unconfirmed", "a request is recorded only after a confirmation"));
    }
    let silent = |step: &Step| !matches!(step.act, Act::Ask { .. } | Act::Find { .. } | Act::Confirm { .. });
    for step in flow.steps.iter().filter(|step| silent(step)) {
        let mut open: Vec<&str> = step.act.ways().into_iter().map(|(_, to)| to).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if id == step.id {
                found.push(Flaw::at(&step.id, "circle", "goes round without asking anything"));
                break;
            }
            if let Some(next) = flow.step(id).filter(|next| silent(next) && seen.insert(id)) {
                open.extend(next.act.ways().into_iter().map(|(_, to)| to));
            }
        }
    }
}
