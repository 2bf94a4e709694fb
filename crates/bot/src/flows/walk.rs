//! Walking through a flow's steps until one waits or the flow ends.

use super::{
    definition::{Act, Flow, SlotKind, Step},
    hear,
    run::{End, Field, Given, Requested, Run, Said, Standing, Tap, Turned, Waits, World},
    shop::{Fact, Item, ItemKind},
};

/// Steps of one walk, at most; a checked flow needs fewer.
const HOPS: usize = 200;
/// Items offered to choose from; an older one can be named by its number.
const OFFERED: usize = 6;

pub(crate) struct Walk<'a, 'w> {
    pub flow: &'a Flow,
    pub world: &'a World<'w>,
    pub run: Run,
    out: Turned,
}

enum Next {
    To(String),
    Wait,
    Over(End),
}

/// The kind of item that the waiting step finds.
pub(crate) fn kind(flow: &Flow, run: &Run) -> ItemKind {
    match run.step(flow).map(|step| &step.act) {
        Some(Act::Find { item, .. }) => *item,
        _ => ItemKind::Order,
    }
}

/// Whether the waiting step can be gone on from without an answer.
pub(crate) fn optional(flow: &Flow, run: &Run) -> bool {
    matches!(run.step(flow).map(|step| &step.act), Some(Act::Ask { optional: true, .. }))
}

/// Whether a short message names one of the choices that were offered: an answer to the step rather than a story of its own.
pub(crate) fn names_choice(flow: &Flow, run: &Run, message: &str) -> bool {
    const WORDS: usize = 6;
    let said = hear::correction(message).filter(|rest| !rest.is_empty()).unwrap_or_else(|| message.to_owned());
    let names = |name: &str| flow.slots.get(name).is_some_and(|slot| slot.kind == SlotKind::Choice && hear::chosen(&slot.choices, &said).is_some());
    message.split_whitespace().count() <= WORDS && (run.slot(flow).is_some_and(names) || run.slots.keys().any(|name| names(name)))
}

/// The customer's items that the waiting or given step may be about.
pub(crate) fn own<'w>(world: &World<'w>, run: &Run, kind: ItemKind, only: &[String]) -> Vec<&'w Item> {
    let state_fits = |item: &Item| match item.facts.get("status") {
        Some(Fact::Word(status)) if !only.is_empty() => only.contains(status),
        _ => only.is_empty(),
    };
    world.items.iter().filter(|item| item.kind == kind && state_fits(item) && !run.passed.contains(&item.id)).collect()
}

/// The item of that number, if it is among the customer's.
pub(crate) fn numbered<'w>(world: &World<'w>, kind: ItemKind, number: &str) -> Option<&'w Item> {
    let key = hear::number_key(number);
    world.items.iter().find(|item| item.kind == kind && hear::number_key(&item.number) == key)
}

impl<'a, 'w> Walk<'a, 'w> {
    pub(crate) fn new(flow: &'a Flow, world: &'a World<'w>, run: Run) -> Self {
        Self { flow, world, run, out: Turned::default() }
    }

    /// Says something with nothing more to tap.
    pub(crate) fn tell(&mut self, text: String, taps: Vec<Tap>) {
        if !text.trim().is_empty() {
            self.out.says.push(Said { text, taps });
        }
    }

    /// The end of the flow.
    pub(crate) fn finish(mut self, end: End, rule: &'static str) -> Turned {
        self.out.end = Some(end);
        self.out.rule = rule;
        self.out
    }

    /// Stays where it is.
    pub(crate) fn stay(mut self, rule: &'static str) -> Turned {
        self.out.run = Some(self.run);
        self.out.rule = rule;
        self.out
    }

    pub(crate) fn start(self) -> Turned {
        let first = self.flow.steps.first().map(|step| step.id.clone()).unwrap_or_default();
        self.resume_at(&first)
    }

    pub(crate) fn resume_at(mut self, id: &str) -> Turned {
        let mut at = id.to_owned();
        for _ in 0..HOPS {
            let Some(step) = self.flow.step(&at) else { break };
            match self.pass(step) {
                Next::To(next) => at = next,
                Next::Wait => {
                    self.run.at.clone_from(&step.id);
                    return self.stay("asked");
                }
                Next::Over(end) => {
                    let rule = if matches!(end, End::Person(_)) { "person" } else { "done" };
                    return self.finish(end, rule);
                }
            }
        }
        self.finish(End::Person("bot_unavailable".to_owned()), "lost")
    }

    fn pass(&mut self, step: &Step) -> Next {
        match &step.act {
            Act::Say { text, next } => {
                let text = self.run.fill(self.flow, self.world, text.get(self.world.locale));
                if self.run.said.get(&step.id) != Some(&text) {
                    self.run.said.insert(step.id.clone(), text.clone());
                    self.tell(text, Vec::new());
                }
                Next::To(next.clone())
            }
            Act::Ask { slot, next, .. } => {
                if self.run.slots.contains_key(slot) || self.run.skipped.contains(slot) || self.read_opening(slot) {
                    return Next::To(next.clone());
                }
                self.wait(step, Waits::Slot)
            }
            Act::Find { item, next, none, stranger, only, .. } => self.find(step, *item, (next, none, stranger.as_deref()), only),
            Act::Branch { cases, otherwise } => {
                let case = cases.iter().find(|case| self.run.holds(self.flow, self.world, case));
                Next::To(case.map_or(otherwise, |case| &case.next).clone())
            }
            Act::Confirm { yes, .. } if self.run.confirmed.contains(&step.id) => Next::To(yes.clone()),
            Act::Confirm { .. } => self.wait(step, Waits::Yes),
            Act::Request { kind, text, hand_over, next } => {
                let request = self.request(kind, *hand_over);
                self.out.requests.push(request);
                let text = self.run.fill(self.flow, self.world, text.get(self.world.locale));
                self.tell(text, Vec::new());
                Next::To(next.clone())
            }
            Act::Person { reason, text } => {
                let text = self.run.fill(self.flow, self.world, text.get(self.world.locale));
                self.tell(text, Vec::new());
                Next::Over(End::Person(reason.clone()))
            }
            Act::End { text } => {
                let text = self.run.fill(self.flow, self.world, text.get(self.world.locale));
                self.tell(text, Vec::new());
                Next::Over(End::Done)
            }
        }
    }

    /// Fills a slot from the message that began the flow, when that says it plainly.
    fn read_opening(&mut self, name: &str) -> bool {
        let Some(slot) = self.flow.slots.get(name).filter(|slot| slot.kind != SlotKind::Text && !self.run.opening.is_empty()) else { return false };
        // A bare number in a first message is rather an order's than a sum.
        if slot.kind == SlotKind::Amount && self.run.opening.trim().parse::<f64>().is_ok() {
            return false;
        }
        match hear::value(slot, &self.run.opening, self.world.clock()) {
            Ok(value) => self.run.slots.insert(name.to_owned(), value).is_none(),
            Err(_) => false,
        }
    }

    fn find(&mut self, step: &Step, kind: ItemKind, (next, none, stranger): (&String, &String, Option<&str>), only: &[String]) -> Next {
        if self.run.item(self.world, kind).is_some() {
            return Next::To(next.clone());
        }
        let own = own(self.world, &self.run, kind, only);
        let hinted = hear::number(&self.run.opening);
        if let Some(item) = hinted.as_deref().and_then(|number| numbered(self.world, kind, number)).filter(|item| own.iter().any(|own| own.id == item.id)) {
            self.run.items.insert(kind, item.id.clone());
            return Next::To(next.clone());
        }
        match own[..] {
            [only] if hinted.is_none() || self.world.known => {
                self.run.items.insert(kind, only.id.clone());
                Next::To(next.clone())
            }
            [] if self.world.known => Next::To(none.clone()),
            [] | [_] => match (stranger, self.run.number.clone().or(hinted)) {
                (Some(to), _) => Next::To(to.to_owned()),
                (None, Some(number)) => {
                    self.run.number = Some(number);
                    self.wait(step, Waits::Proof)
                }
                (None, None) => self.wait(step, Waits::Number),
            },
            _ => self.wait(step, Waits::Item),
        }
    }

    fn wait(&mut self, step: &Step, waits: Waits) -> Next {
        self.run.at.clone_from(&step.id);
        self.run.waits = waits;
        let own = step.act.text().map(|text| self.run.fill(self.flow, self.world, text.get(self.world.locale))).unwrap_or_default();
        let number = self.run.number.clone().unwrap_or_default();
        let text = match waits {
            Waits::Number => self.world.say(&format!("flow_ask_{}_number", kind(self.flow, &self.run).as_str()), &[]),
            Waits::Proof => self.world.say("flow_ask_proof", &[("number", &number)]),
            _ => own,
        };
        let taps = taps(self.flow, self.world, &self.run);
        self.tell(text, taps);
        Next::Wait
    }

    fn request(&self, kind: &str, hand_over: bool) -> Requested {
        let item = self.run.items.iter().find_map(|(kind, id)| self.world.item(id).map(|item| (*kind, id.clone(), item.number.clone())));
        let standing = match (self.world.known, &item) {
            (true, _) => Standing::Identified,
            (false, Some(_)) => Standing::Proved,
            (false, None) => Standing::Claimed,
        };
        let fields = self.run.slots.iter().filter_map(|(name, filled)| {
            let slot = self.flow.slots.get(name)?;
            let shown = self.run.told(self.flow, self.world, name).unwrap_or_else(|| filled.shown.clone());
            Some(Field { name: name.clone(), title: slot.title.get(self.world.locale).to_owned(), value: filled.value.clone(), shown })
        });
        Requested { kind: kind.to_owned(), item, standing, fields: fields.collect(), hand_over }
    }
}

/// What can be tapped while a step waits; the way to a person is added by whoever speaks.
pub(crate) fn taps(flow: &Flow, world: &World<'_>, run: &Run) -> Vec<Tap> {
    let plain = |key: &str| Tap { key: key.to_owned(), label: world.say(&format!("flow_tap_{key}"), &[]) };
    let mut taps: Vec<Tap> = match run.waits {
        Waits::Slot => {
            let choices = run.slot(flow).and_then(|name| flow.slots.get(name)).map_or(&[][..], |slot| &slot.choices);
            let choices = choices.iter().map(|choice| Tap { key: format!("choice:{}", choice.key), label: choice.label.get(world.locale).to_owned() });
            choices.chain(optional(flow, run).then(|| plain("skip"))).collect()
        }
        Waits::Item => {
            let only = match run.step(flow).map(|step| &step.act) {
                Some(Act::Find { only, .. }) => &only[..],
                _ => &[],
            };
            let items = own(world, run, kind(flow, run), only);
            items.into_iter().take(OFFERED).map(|item| Tap { key: format!("item:{}", item.id), label: shortened(&item.title()) }).collect()
        }
        Waits::Yes => vec![plain("yes"), plain("no")],
        Waits::Change => {
            let items =
                run.items.keys().map(|kind| Tap { key: format!("change:@{}", kind.as_str()), label: world.say(&format!("flow_item_{}", kind.as_str()), &[]) });
            let slots = run
                .slots
                .keys()
                .filter_map(|name| flow.slots.get(name).map(|slot| Tap { key: format!("change:{name}"), label: slot.title.get(world.locale).to_owned() }));
            items.chain(slots).collect()
        }
        Waits::Number | Waits::Proof => Vec::new(),
    };
    let can_go_back = run.given.iter().any(|given| match given {
        Given::Slot(name) => run.slots.contains_key(name) || run.skipped.contains(name),
        Given::Item(kind) => run.items.contains_key(kind),
    });
    if can_go_back && run.waits != Waits::Change {
        taps.push(plain("back"));
    }
    taps.push(plain("leave"));
    taps
}

/// A label that fits on a button.
fn shortened(label: &str) -> String {
    const CHARACTERS: usize = 60;
    if label.chars().count() <= CHARACTERS { label.to_owned() } else { format!("{}…", label.chars().take(CHARACTERS - 1).collect::<String>().trim_end()) }
}
