//! Where a customer stands in a flow, and what every turn gives: pure values, no input or output.

use std::collections::{BTreeMap, BTreeSet};

use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    definition::{Act, Flow, Step},
    hear::{Filled, Now},
    say,
    shop::{Fact, Item, ItemKind, Proof},
};
use crate::texts;

/// What the waiting step waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// A value of its slot.
    #[default]
    Slot,
    /// One of the customer's items.
    Item,
    /// The number of an item, from somebody unknown.
    Number,
    /// An address that proves it.
    Proof,
    /// Yes or no.
    Yes,
    /// Which of the given things is to be changed.
    Change,
}

/// Something that the customer has given, in order: what going back takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    Slot(String),
    Item(ItemKind),
}

/// A flow under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    pub flow: String,
    pub version: i64,
    /// The step that waits.
    pub at: String,
    pub waits: Waits,
    pub slots: BTreeMap<String, Filled>,
    /// Slots that the customer went on without.
    pub skipped: BTreeSet<String>,
    /// Chosen items by kind: their ids.
    pub items: BTreeMap<ItemKind, String>,
    /// Items that were not meant.
    pub passed: BTreeSet<String>,
    /// The number that is to be proved.
    pub number: Option<String>,
    pub given: Vec<Given>,
    /// Sentences that were said, by step, so that going through again does not repeat them.
    pub said: BTreeMap<String, String>,
    pub confirmed: BTreeSet<String>,
    /// The message that began it, from which slots may be filled without asking.
    pub opening: String,
    /// Answers in a row that were not understood.
    pub misses: u32,
    /// Proofs that failed.
    pub failed_proofs: u32,
}

/// What surrounds a turn.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The customer's items, newest first, and those that were proved.
    pub items: &'a [Item],
    /// Whether the channel vouches for who the customer is.
    pub known: bool,
    pub now: Timestamp,
    pub timezone: &'a str,
    pub locale: Locale,
}

impl<'a> World<'a> {
    pub(crate) fn clock(&self) -> Now<'a> {
        Now { at: self.now, timezone: self.timezone, locale: self.locale }
    }

    pub(crate) fn item(&self, id: &str) -> Option<&'a Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(crate) fn say(&self, key: &str, gaps: &[(&str, &str)]) -> String {
        texts::say(self.locale, key, gaps)
    }
}

/// What the customer did.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    Says(&'a str),
    /// Key of a tapped option.
    Taps(&'a str),
    /// The proof that was asked for holds for this item, or does not hold.
    Proved(Option<&'a str>),
    /// Too many proofs have failed: nothing was looked up.
    TooMany,
}

/// An option under a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tap {
    pub key: String,
    pub label: String,
}

/// A sentence with what can be tapped under it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Said {
    pub text: String,
    pub taps: Vec<Tap>,
}

/// How a flow ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Done,
    /// The customer left it.
    Left,
    /// To a person, for this reason.
    Person(String),
}

/// How sure it is that the customer is who the request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The site vouches for them.
    Identified,
    /// They knew a number and the address that belongs to it.
    Proved,
    /// They only say so: to be checked before anything is done.
    Claimed,
}
ennakoi_store::stored_as_text!(Standing { Identified = "identified", Proved = "proved", Claimed = "claimed" });

/// One thing of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    pub name: String,
    /// As staff read it, in the language of the talk.
    pub title: String,
    pub value: String,
    pub shown: String,
}

/// A request that the company is to act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Requested {
    pub kind: String,
    pub item: Option<(ItemKind, String, String)>,
    pub standing: Standing,
    pub fields: Vec<Field>,
    pub hand_over: bool,
}

/// What came of a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    pub says: Vec<Said>,
    /// The flow goes on.
    pub run: Option<Run>,
    pub end: Option<End>,
    /// Must be looked up before the flow goes on; then call again with [`Input::Proved`].
    pub proof: Option<Proof>,
    pub requests: Vec<Requested>,
    /// The message was no answer to what was asked. `says` holds what to say when nothing else answers it.
    pub missed: bool,
    /// Rule for the record: `flow:<id>:<what>`.
    pub rule: &'static str,
}

impl Run {
    /// The chosen item of a kind.
    pub(crate) fn item<'a>(&self, world: &World<'a>, kind: ItemKind) -> Option<&'a Item> {
        world.item(self.items.get(&kind)?)
    }

    /// A gap's value, as it is told.
    pub(crate) fn told(&self, flow: &Flow, world: &World<'_>, name: &str) -> Option<String> {
        if let Some((kind, fact)) = name.split_once('.') {
            let kind = ItemKind::ALL.iter().find(|known| known.as_str() == kind)?;
            let item = self.item(world, *kind)?;
            return item.facts.get(fact).map(|fact| say::fact(world.locale, world.timezone, fact));
        }
        let slot =
            self.slots.get(name).map(|filled| match flow.slots.get(name).and_then(|slot| slot.choices.iter().find(|choice| choice.key == filled.value)) {
                // In the language of now, should it have changed on the way.
                Some(choice) => choice.label.get(world.locale).to_owned(),
                None => filled.shown.clone(),
            });
        slot.or_else(|| flow.values.get(name).map(ToString::to_string))
    }

    /// A text of the flow with its gaps filled.
    pub(crate) fn fill(&self, flow: &Flow, world: &World<'_>, text: &str) -> String {
        say::fill(text, |name| self.told(flow, world, name))
    }

    /// Whether a case of a branch holds.
    pub(crate) fn holds(&self, flow: &Flow, world: &World<'_>, case: &super::definition::Case) -> bool {
        let fact = match case.value.split_once('.') {
            Some((kind, fact)) => {
                let kind = ItemKind::ALL.iter().find(|known| known.as_str() == kind);
                kind.and_then(|kind| self.item(world, *kind)).and_then(|item| item.facts.get(fact)).cloned()
            }
            None => {
                self.slots.get(&case.value).map(|filled| Fact::Word(filled.value.clone())).or_else(|| flow.values.get(&case.value).map(|n| Fact::Count(*n)))
            }
        };
        if case.present.is_some_and(|present| present != fact.is_some()) {
            return false;
        }
        let word_fits = case.is.is_empty()
            || match &fact {
                Some(Fact::Text(word) | Fact::Word(word)) => case.is.contains(word),
                Some(Fact::Count(count)) => case.is.contains(&count.to_string()),
                _ => false,
            };
        let most = case.at_most.as_ref().and_then(|most| flow.values.get(most).copied().or_else(|| most.parse().ok()));
        let number_fits = match (most, &fact) {
            (None, _) => true,
            (Some(most), Some(Fact::Count(count))) => *count <= most,
            (Some(most), Some(Fact::Money { minor, .. })) => *minor <= most,
            (Some(most), Some(Fact::Word(word))) => word.parse::<f64>().is_ok_and(|number| number <= most as f64),
            _ => false,
        };
        word_fits && number_fits
    }

    /// The step that waits.
    pub(crate) fn step<'a>(&self, flow: &'a Flow) -> Option<&'a Step> {
        flow.step(&self.at)
    }

    /// The slot that the waiting step fills.
    pub(crate) fn slot<'a>(&self, flow: &'a Flow) -> Option<&'a str> {
        match &self.step(flow)?.act {
            Act::Ask { slot, .. } => Some(slot),
            _ => None,
        }
    }
}
