//! The engine: a pure function from where a run stands and what was heard to what is said and where it stands then.
//!
//! Taking something back (going back, changing one's mind, repairing) changes what is known and walks again from the beginning:
//! steps whose answer is known are passed in silence, so the walk stops at the first thing that is open.

use ennakoi_language::text;
use ennakoi_people::Locale;

use super::{
    definition::{Act, Flow, SlotKind},
    hear::{self, Command, Filled},
    run::{End, Given, Input, Run, Turned, Waits, World},
    shop::{Item, ItemKind, Proof},
    walk::{self, Walk},
};
use crate::texts;

/// Answers in a row that may be misunderstood before a person is asked.
const MISSES_MOST: u32 = 3;
/// Proofs that may fail in one run.
const PROOFS_MOST: u32 = 3;
/// Characters of the opening message that are kept.
const OPENING_CHARACTERS: usize = 500;

/// Begins a flow with the message that asked for it.
#[must_use]
pub fn begin(flow: &Flow, version: i64, world: &World<'_>, message: &str) -> Turned {
    let opening: String = message.chars().take(OPENING_CHARACTERS).collect();
    let run = Run { flow: flow.id.clone(), version, opening, ..Run::default() };
    let mut turned = Walk::new(flow, world, run).start();
    turned.rule = "began";
    turned
}

/// The question that waits, once more: after an interruption, or when the talk comes back.
#[must_use]
pub fn remind(flow: &Flow, world: &World<'_>, run: &Run) -> Turned {
    let mut walk = Walk::new(flow, world, run.clone());
    walk.run.said.remove(&run.at);
    let at = run.at.clone();
    walk.resume_at(&at)
}

/// Takes one turn.
#[must_use]
pub fn advance(flow: &Flow, world: &World<'_>, run: Run, input: Input<'_>) -> Turned {
    if run.step(flow).is_none() {
        // The definition changed under it in a way that has no such step any more.
        return Walk::new(flow, world, Run { at: String::new(), ..run }).start();
    }
    match input {
        Input::Taps(key) => tapped(flow, world, run, key),
        Input::Says(message) => said(flow, world, run, message),
        Input::Proved(Some(id)) => match world.item(id) {
            Some(item) => took(flow, world, run, item),
            None => unproved(flow, world, run),
        },
        Input::Proved(None) => unproved(flow, world, run),
        Input::TooMany => {
            let mut walk = Walk::new(flow, world, run);
            walk.tell(world.say("flow_too_many_proofs", &[]), Vec::new());
            walk.finish(End::Person("proof_failed".to_owned()), "too_many_proofs")
        }
    }
}

fn tapped(flow: &Flow, world: &World<'_>, run: Run, key: &str) -> Turned {
    match key.split_once(':') {
        None => match key {
            "back" => back(flow, world, run),
            "leave" => leave(flow, world, run),
            "skip" => skip(flow, world, run),
            "yes" | "no" if run.waits == Waits::Yes => agreed(flow, world, run, key == "yes"),
            _ => missed(flow, world, run, "flow_not_understood"),
        },
        Some(("item", id)) if run.waits == Waits::Item => match world.item(id) {
            Some(item) => took(flow, world, run, item),
            None => missed(flow, world, run, "flow_not_understood"),
        },
        Some(("choice", choice)) => {
            let slot = run.slot(flow).and_then(|name| Some((name.to_owned(), flow.slots.get(name)?)));
            let Some((name, slot)) = slot else { return missed(flow, world, run, "flow_not_understood") };
            match slot.choices.iter().find(|known| known.key == choice) {
                Some(choice) => filled(flow, world, run, &name, hear::of_choice(choice, world.locale)),
                None => missed(flow, world, run, "flow_not_understood"),
            }
        }
        Some(("change", what)) => change(flow, world, run, what),
        Some(_) => missed(flow, world, run, "flow_not_understood"),
    }
}

fn said(flow: &Flow, world: &World<'_>, run: Run, message: &str) -> Turned {
    match (hear::command(message), run.waits) {
        (Some(Command::Back), _) => return back(flow, world, run),
        (Some(Command::Leave), _) => return leave(flow, world, run),
        (Some(Command::Yes), Waits::Yes) => return agreed(flow, world, run, true),
        (Some(Command::No), Waits::Yes) => return agreed(flow, world, run, false),
        (Some(Command::Skip | Command::No), Waits::Slot) if walk::optional(flow, &run) => return skip(flow, world, run),
        (Some(Command::Skip), Waits::Number | Waits::Proof) => return skip(flow, world, run),
        _ => {}
    }
    if let Some(rest) = hear::correction(message)
        && let Some(turned) = corrected(flow, world, &run, message, &rest)
    {
        return turned;
    }
    match run.waits {
        Waits::Slot => {
            let slot = run.slot(flow).and_then(|name| Some((name.to_owned(), flow.slots.get(name)?)));
            let Some((name, slot)) = slot else { return missed(flow, world, run, "flow_not_understood") };
            match hear::value(slot, message, world.clock()) {
                Ok(value) => filled(flow, world, run, &name, value),
                Err(wrong) => missed(flow, world, run, wrong),
            }
        }
        Waits::Item => item_meant(flow, world, run, message),
        Waits::Number => match hear::number(message) {
            Some(number) => numbered(flow, world, run, number, message),
            None => missed(flow, world, run, "flow_wrong_number"),
        },
        Waits::Proof => match (hear::claim(message), run.number.clone()) {
            (Some(claim), Some(number)) => prove(run.clone(), Proof { kind: walk::kind(flow, &run), number, claim }),
            // Perhaps the number was mistyped and is given again.
            (None, _) => match hear::number(message) {
                Some(number) => numbered(flow, world, run, number, message),
                None => missed(flow, world, run, "flow_wrong_claim"),
            },
            (Some(_), None) => missed(flow, world, run, "flow_wrong_number"),
        },
        Waits::Yes => changed_at_once(flow, world, &run, message).unwrap_or_else(|| missed(flow, world, run, "flow_wrong_yes")),
        Waits::Change => match named_slot(flow, &run, message) {
            Some(what) => change(flow, world, run, &what),
            None => changed_at_once(flow, world, &run, message).unwrap_or_else(|| missed(flow, world, run, "flow_not_understood")),
        },
    }
}

/// The item was chosen or proved: on to what follows.
fn took(flow: &Flow, world: &World<'_>, mut run: Run, item: &Item) -> Turned {
    run.items.insert(item.kind, item.id.clone());
    run.passed.remove(&item.id);
    run.given.push(Given::Item(item.kind));
    (run.number, run.misses) = (None, 0);
    let next = match run.step(flow).map(|step| &step.act) {
        Some(Act::Find { next, .. }) => next.clone(),
        _ => return Walk::new(flow, world, run).start(),
    };
    Walk::new(flow, world, run).resume_at(&next)
}

fn filled(flow: &Flow, world: &World<'_>, mut run: Run, name: &str, value: Filled) -> Turned {
    run.slots.insert(name.to_owned(), value);
    run.skipped.remove(name);
    run.given.push(Given::Slot(name.to_owned()));
    run.misses = 0;
    let next = match run.step(flow).map(|step| &step.act) {
        Some(Act::Ask { next, .. }) => next.clone(),
        _ => return Walk::new(flow, world, run).start(),
    };
    Walk::new(flow, world, run).resume_at(&next)
}

/// Takes back what was given last and asks for it again.
fn back(flow: &Flow, world: &World<'_>, mut run: Run) -> Turned {
    run.opening.clear();
    run.misses = 0;
    if run.number.take().is_none() {
        match run.given.pop() {
            Some(Given::Slot(name)) => {
                run.slots.remove(&name);
                run.skipped.remove(&name);
            }
            Some(Given::Item(kind)) => {
                run.items.remove(&kind);
            }
            None => {
                let mut walk = Walk::new(flow, world, run);
                let taps = walk::taps(flow, world, &walk.run);
                walk.tell(world.say("flow_nothing_back", &[]), taps);
                return walk.stay("nothing_back");
            }
        }
    }
    run.confirmed.clear();
    let mut turned = Walk::new(flow, world, run).start();
    turned.rule = "went_back";
    turned
}

fn leave(flow: &Flow, world: &World<'_>, run: Run) -> Turned {
    let mut walk = Walk::new(flow, world, run);
    walk.tell(world.say("flow_left", &[]), Vec::new());
    walk.finish(End::Left, "left")
}

/// Goes on without an answer; who cannot say what an item's number is goes where strangers go.
fn skip(flow: &Flow, world: &World<'_>, mut run: Run) -> Turned {
    match run.step(flow).map(|step| &step.act) {
        Some(Act::Ask { slot, next, optional: true, .. }) => {
            run.skipped.insert(slot.clone());
            run.given.push(Given::Slot(slot.clone()));
            run.misses = 0;
            let next = next.clone();
            Walk::new(flow, world, run).resume_at(&next)
        }
        Some(Act::Find { .. }) if matches!(run.waits, Waits::Number | Waits::Proof) => {
            let mut walk = Walk::new(flow, world, run);
            walk.tell(world.say("flow_cannot_identify", &[]), Vec::new());
            walk.finish(End::Person("not_identified".to_owned()), "not_identified")
        }
        _ => missed(flow, world, run, "flow_not_understood"),
    }
}

fn agreed(flow: &Flow, world: &World<'_>, mut run: Run, yes: bool) -> Turned {
    run.misses = 0;
    let Some(Act::Confirm { yes: on, no, .. }) = run.step(flow).map(|step| &step.act) else { return missed(flow, world, run, "flow_not_understood") };
    if yes {
        run.confirmed.insert(run.at.clone());
        return Walk::new(flow, world, run).resume_at(on);
    }
    if let Some(no) = no {
        return Walk::new(flow, world, run).resume_at(no);
    }
    run.waits = Waits::Change;
    let mut walk = Walk::new(flow, world, run);
    let taps = walk::taps(flow, world, &walk.run);
    walk.tell(world.say("flow_what_to_change", &[]), taps);
    walk.stay("declined")
}

/// Asks for one of the given things again.
fn change(flow: &Flow, world: &World<'_>, mut run: Run, what: &str) -> Turned {
    run.opening.clear();
    run.confirmed.clear();
    run.misses = 0;
    match what.strip_prefix('@') {
        Some(kind) => {
            let Some(kind) = ItemKind::ALL.iter().find(|known| known.as_str() == kind) else { return missed(flow, world, run, "flow_not_understood") };
            let dropped = run.items.remove(kind);
            // The only one there is would be taken again in silence.
            if let Some(id) = dropped.filter(|_| walk::own(world, &run, *kind, &[]).len() == 1 && !world.known) {
                run.passed.insert(id);
            }
        }
        None if run.slots.remove(what).is_some() || run.skipped.remove(what) => run.given.retain(|given| *given != Given::Slot(what.to_owned())),
        None => return missed(flow, world, run, "flow_not_understood"),
    }
    let mut turned = Walk::new(flow, world, run).start();
    turned.rule = "changed";
    turned
}

/// "No, I meant …": another item, another value, or the slot that was wrong.
fn corrected(flow: &Flow, world: &World<'_>, run: &Run, message: &str, rest: &str) -> Option<Turned> {
    if let Some(turned) = another_item(flow, world, run, message, rest) {
        return Some(turned);
    }
    if run.waits == Waits::Slot
        && let Some((name, slot)) = run.slot(flow).and_then(|name| Some((name.to_owned(), flow.slots.get(name)?)))
        && slot.kind != SlotKind::Text
        && let Ok(value) = hear::value(slot, rest, world.clock())
    {
        return Some(filled(flow, world, run.clone(), &name, value));
    }
    changed_at_once(flow, world, run, rest).or_else(|| named_slot(flow, run, rest).map(|what| change(flow, world, run.clone(), &what)))
}

fn another_item(flow: &Flow, world: &World<'_>, run: &Run, message: &str, rest: &str) -> Option<Turned> {
    let (kind, chosen) = run.items.iter().next_back().map(|(kind, id)| (*kind, id.clone()))?;
    let number = hear::number(rest);
    if let Some(meant) = number.as_deref().and_then(|number| walk::numbered(world, kind, number)) {
        return (meant.id != chosen).then(|| switched(flow, world, run.clone(), meant));
    }
    if number.is_none() && !hear::other(message) {
        return None;
    }
    let mut run = run.clone();
    run.opening.clear();
    run.confirmed.clear();
    if !world.known {
        run.items.remove(&kind);
        run.passed.insert(chosen);
        run.number = number;
        return Some(Walk::new(flow, world, run).start());
    }
    if let Some(number) = number {
        return Some(missed(flow, world, Run { number: Some(number), ..run }, "flow_not_yours"));
    }
    let others = walk::own(world, &run, kind, &[]).into_iter().filter(|item| item.id != chosen).count();
    if others == 0 {
        return Some(missed(flow, world, run, "flow_only_one"));
    }
    run.items.remove(&kind);
    run.passed.insert(chosen);
    let mut turned = Walk::new(flow, world, run).start();
    turned.rule = "changed";
    Some(turned)
}

/// The same flow about another item; what was said otherwise stays.
fn switched(flow: &Flow, world: &World<'_>, mut run: Run, item: &Item) -> Turned {
    run.items.insert(item.kind, item.id.clone());
    run.opening.clear();
    run.confirmed.clear();
    run.misses = 0;
    let mut turned = Walk::new(flow, world, run).start();
    turned.rule = "changed";
    turned
}

/// A given value is said anew without being asked for: another number, another choice, another day.
fn changed_at_once(flow: &Flow, world: &World<'_>, run: &Run, message: &str) -> Option<Turned> {
    if let Some((kind, chosen)) = run.items.iter().next_back()
        && let Some(meant) = hear::number(message).and_then(|number| walk::numbered(world, *kind, &number))
        && meant.id != *chosen
    {
        return Some(switched(flow, world, run.clone(), meant));
    }
    run.slots.iter().rev().find_map(|(name, present)| {
        let slot = flow.slots.get(name).filter(|slot| slot.kind != SlotKind::Text && slot.kind != SlotKind::Number)?;
        let value = hear::value(slot, message, world.clock()).ok().filter(|value| value.value != present.value)?;
        let mut run = run.clone();
        run.slots.insert(name.clone(), value);
        run.confirmed.clear();
        run.misses = 0;
        let mut turned = Walk::new(flow, world, run).start();
        turned.rule = "changed";
        Some(turned)
    })
}

/// The given slot or item that a message names ("osoite on väärin").
fn named_slot(flow: &Flow, run: &Run, message: &str) -> Option<String> {
    let normalised = text::normalise(message);
    let words: Vec<&str> = text::tokens(&normalised).collect();
    let names = |title: &str| {
        let title = text::normalise(title);
        text::tokens(&title).filter(|word| word.chars().count() > 3).any(|part| {
            let stem: String = part.chars().take(5).collect();
            words.iter().any(|word| word.starts_with(&stem))
        })
    };
    let given = |name: &&String| run.slots.contains_key(*name);
    let slot =
        flow.slots.keys().filter(given).find(|name| flow.slots.get(*name).is_some_and(|slot| Locale::ALL.iter().any(|locale| names(slot.title.own(*locale)))));
    slot.cloned().or_else(|| {
        let kind = run.items.keys().find(|kind| Locale::ALL.iter().any(|locale| names(&texts::say(*locale, &format!("flow_item_{}", kind.as_str()), &[]))))?;
        Some(format!("@{}", kind.as_str()))
    })
}

/// One of the offered items, by number, by what is in it, or as the newest.
fn item_meant(flow: &Flow, world: &World<'_>, run: Run, message: &str) -> Turned {
    const NEWEST: &[&str] = &["uusin", "uusimman", "viimeisin", "viimeisimmän", "viimeinen", "senaste", "nyaste", "latest", "newest", "last"];
    let kind = walk::kind(flow, &run);
    if let Some(number) = hear::number(message) {
        return numbered(flow, world, run, number, message);
    }
    let own = walk::own(world, &run, kind, &[]);
    let normalised = text::normalise(message);
    let words: Vec<&str> = text::tokens(&normalised).collect();
    if words.iter().any(|word| NEWEST.contains(word))
        && let Some(newest) = own.first()
    {
        return took(flow, world, run, newest);
    }
    if let [only] = words[..]
        && let Some(item) = only.parse::<usize>().ok().and_then(|place| own.get(place.checked_sub(1)?))
    {
        return took(flow, world, run, item);
    }
    let shares = |item: &&&Item| {
        let title = text::normalise(&item.title());
        let title: Vec<&str> = text::tokens(&title).collect();
        words.iter().filter(|word| word.chars().count() >= 4).any(|word| {
            let stem: String = word.chars().take(4).collect();
            title.iter().any(|part| part.starts_with(&stem))
        })
    };
    let fitting: Vec<&&Item> = own.iter().filter(shares).collect();
    match fitting[..] {
        [only] => took(flow, world, run, only),
        _ => missed(flow, world, run, "flow_wrong_item"),
    }
}

/// A number was given: the customer's own at once, a stranger's after a proof.
fn numbered(flow: &Flow, world: &World<'_>, mut run: Run, number: String, message: &str) -> Turned {
    let kind = walk::kind(flow, &run);
    if let Some(item) = walk::numbered(world, kind, &number) {
        return took(flow, world, run, item);
    }
    if world.known {
        run.number = Some(number);
        return missed(flow, world, run, "flow_not_yours");
    }
    run.number = Some(number.clone());
    run.misses = 0;
    if let Some(claim) = hear::claim(message) {
        return prove(run, Proof { kind, number, claim });
    }
    run.waits = Waits::Proof;
    let mut walk = Walk::new(flow, world, run);
    let taps = walk::taps(flow, world, &walk.run);
    walk.tell(world.say("flow_ask_proof", &[("number", &number)]), taps);
    walk.stay("asked")
}

fn prove(run: Run, proof: Proof) -> Turned {
    Turned { run: Some(run), proof: Some(proof), rule: "proof", ..Turned::default() }
}

/// Number and address do not belong together, or there is no such number: which of the two is not told.
fn unproved(flow: &Flow, world: &World<'_>, mut run: Run) -> Turned {
    run.failed_proofs += 1;
    run.number = None;
    if run.failed_proofs >= PROOFS_MOST {
        return advance(flow, world, run, Input::TooMany);
    }
    run.waits = Waits::Number;
    let mut walk = Walk::new(flow, world, run);
    let taps = walk::taps(flow, world, &walk.run);
    walk.tell(world.say("flow_proof_failed", &[]), taps);
    walk.stay("proof_failed")
}

/// The answer does not fit what was asked: says what is wanted, and after some times gives way to a person.
fn missed(flow: &Flow, world: &World<'_>, mut run: Run, key: &str) -> Turned {
    run.misses += 1;
    let number = run.number.clone().unwrap_or_default();
    if world.known {
        run.number = None;
    }
    let mut walk = Walk::new(flow, world, run);
    if walk.run.misses >= MISSES_MOST {
        walk.tell(world.say("flow_giving_up", &[]), Vec::new());
        return Turned { missed: true, ..walk.finish(End::Person("bot_unsure".to_owned()), "not_understood") };
    }
    let taps = walk::taps(flow, world, &walk.run);
    walk.tell(world.say(key, &[("number", &number)]), taps);
    Turned { missed: true, ..walk.stay("not_understood") }
}
