//! What a flow is: its slots, its steps and its tests, as they stand in TOML.

use std::collections::BTreeMap;

use ennakoi_people::Locale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{check::Flaw, shop::ItemKind};

/// Bytes of a definition, at most.
pub const DEFINITION_BYTES: usize = 64 * 1024;
/// Steps of a flow, at most.
pub const STEPS_MAX: usize = 60;

/// A sentence in the three languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Texts {
    pub fi: String,
    pub sv: String,
    pub en: String,
}

impl Texts {
    /// The sentence in the language, or in the first that has one.
    #[must_use]
    pub fn get(&self, locale: Locale) -> &str {
        let own = self.own(locale);
        if own.is_empty() {
            [Locale::Fi, Locale::Sv, Locale::En].map(|other| self.own(other)).into_iter().find(|text| !text.is_empty()).unwrap_or_default()
        } else {
            own
        }
    }

    /// The sentence in this language only.
    #[must_use]
    pub fn own(&self, locale: Locale) -> &str {
        match locale {
            Locale::Fi => &self.fi,
            Locale::Sv => &self.sv,
            Locale::En => &self.en,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fi.is_empty() && self.sv.is_empty() && self.en.is_empty()
    }
}

/// When a flow may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Begins {
    /// As soon as its need is recognised.
    #[default]
    AtOnce,
    /// When no article answers, or the one that was given did not help.
    AfterArticles,
}

/// What is asked from the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    Text,
    Choice,
    Date,
    Email,
    Phone,
    /// A sum of money.
    Amount,
    /// An order or invoice number.
    Number,
}

/// What a date may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Today or later.
    Future,
    /// Today or earlier.
    Past,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceOf {
    pub key: String,
    pub label: Texts,
    /// Words by which it is recognised besides its label, in any of the languages; by their beginnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

/// A value to be filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    pub kind: SlotKind,
    /// As staff and the summary call it.
    pub title: Texts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ChoiceOf>,
    /// For dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Days from today that a future date may be away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<i64>,
    /// Fewest characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
}

/// One way out of a branch. What is not given is not asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// `order.status`, `invoice.due`, or the name of a slot.
    pub value: String,
    /// One of these words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// A number of the flow's `values`, or a number itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    pub next: String,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Says something and goes on.
    Say { text: Texts, next: String },
    /// Asks for a slot, unless it is known.
    Ask {
        slot: String,
        text: Texts,
        next: String,
        /// Whether the customer may go on without it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        optional: bool,
    },
    /// Finds an order, invoice or subscription: the customer's own, or one whose number and address they know.
    Find {
        item: ItemKind,
        text: Texts,
        next: String,
        /// Where to go when the customer has none.
        none: String,
        /// Where to go with somebody who is not identified; when absent, they are asked for the number and a proof.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stranger: Option<String>,
        /// Only items in one of these states.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only: Vec<String>,
    },
    /// Goes on by what is known.
    Branch { cases: Vec<Case>, otherwise: String },
    /// Tells what will be done and waits for a yes. After a no without `no`, the customer is asked what to change.
    Confirm {
        text: Texts,
        yes: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        no: Option<String>,
    },
    /// Records a request that the company acts on. Only after a confirmation.
    Request {
        kind: String,
        /// What the customer is told: what happens next, never that it has been done.
        text: Texts,
        /// Whether the conversation goes to people with it.
        #[serde(default = "yes", skip_serializing_if = "is_yes")]
        hand_over: bool,
        next: String,
    },
    /// Hands over to a person.
    Person {
        reason: String,
        #[serde(default, skip_serializing_if = "Texts::is_empty")]
        text: Texts,
    },
    /// Ends the flow.
    End {
        #[serde(default, skip_serializing_if = "Texts::is_empty")]
        text: Texts,
    },
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_yes(value: &bool) -> bool {
    *value
}

impl Act {
    /// Its kind, as written after `do`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Say { .. } => "say",
            Self::Ask { .. } => "ask",
            Self::Find { .. } => "find",
            Self::Branch { .. } => "branch",
            Self::Confirm { .. } => "confirm",
            Self::Request { .. } => "request",
            Self::Person { .. } => "person",
            Self::End { .. } => "end",
        }
    }

    /// Where it may lead, each with what leads there.
    #[must_use]
    pub fn ways(&self) -> Vec<(String, &str)> {
        let way = |name: &str, to| (name.to_owned(), to);
        match self {
            Self::Say { next, .. } | Self::Ask { next, .. } | Self::Request { next, .. } => vec![way("next", next.as_str())],
            Self::Find { next, none, stranger, .. } => {
                let stranger = stranger.as_deref().map(|to| way("stranger", to));
                [way("next", next.as_str()), way("none", none.as_str())].into_iter().chain(stranger).collect()
            }
            Self::Branch { cases, otherwise } => {
                let cases = cases.iter().map(|case| (case.told(), case.next.as_str()));
                cases.chain(std::iter::once(way("otherwise", otherwise.as_str()))).collect()
            }
            Self::Confirm { yes, no, .. } => std::iter::once(way("yes", yes.as_str())).chain(no.as_deref().map(|to| way("no", to))).collect(),
            Self::Person { .. } | Self::End { .. } => Vec::new(),
        }
    }

    /// What it says, if it says something.
    #[must_use]
    pub const fn text(&self) -> Option<&Texts> {
        match self {
            Self::Say { text, .. }
            | Self::Ask { text, .. }
            | Self::Find { text, .. }
            | Self::Confirm { text, .. }
            | Self::Request { text, .. }
            | Self::Person { text, .. }
            | Self::End { text } => Some(text),
            Self::Branch { .. } => None,
        }
    }
}

impl Case {
    /// The condition in short, for the edge of a graph.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = self.value.clone();
        if !self.is.is_empty() {
            told.push_str(&format!(" = {}", self.is.join(" / ")));
        }
        if let Some(most) = &self.at_most {
            told.push_str(&format!(" ≤ {most}"));
        }
        match self.present {
            Some(true) => told.push_str(" ✓"),
            Some(false) => told.push_str(" ✗"),
            None => {}
        }
        told
    }
}

/// A step with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    pub id: String,
    #[serde(flatten)]
    pub act: Act,
}

/// Whom a test plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The demo customer, signed in.
    #[default]
    Known,
    /// Somebody whom the site does not know.
    Stranger,
}

/// One turn of a test: what the customer says or taps, and what must come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TestTurn {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taps: Option<String>,
    /// The step that waits afterwards, or `end`, `person`, `left`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Part of what the bot says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hears: Option<String>,
    /// Kind of the request that is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// A test of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowTest {
    pub name: String,
    pub locale: Locale,
    #[serde(default)]
    pub customer: Who,
    pub turns: Vec<TestTurn>,
}

/// A flow.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Flow {
    /// Stable name in snake case.
    pub id: String,
    pub title: Texts,
    /// Needs that it serves; see the corpus of needs.
    pub needs: Vec<String>,
    /// Probability of its needs, together, from which it begins; 0.2–0.99.
    pub confidence: f64,
    pub begins: Begins,
    /// What the shop must have told for it to make sense at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires: Option<ItemKind>,
    /// Numbers of the company, e.g. days in which something can be returned.
    pub values: BTreeMap<String, i64>,
    pub slots: BTreeMap<String, Slot>,
    /// The first one begins.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    #[serde(rename = "test")]
    pub tests: Vec<FlowTest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline {
    id: String,
    title: Texts,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default = "usual_confidence")]
    confidence: f64,
    #[serde(default)]
    begins: Begins,
    #[serde(default)]
    requires: Option<ItemKind>,
    #[serde(default)]
    values: BTreeMap<String, i64>,
    #[serde(default)]
    slots: BTreeMap<String, Slot>,
    #[serde(default)]
    step: Vec<Map<String, Value>>,
    #[serde(default)]
    test: Vec<FlowTest>,
}

const fn usual_confidence() -> f64 {
    0.5
}

impl Flow {
    /// Whether any text would be an answer at the step.
    #[must_use]
    pub fn takes_anything(&self, step: &str) -> bool {
        match self.step(step).map(|step| &step.act) {
            Some(Act::Ask { slot, .. }) => self.slots.get(slot).is_some_and(|slot| slot.kind == SlotKind::Text),
            _ => false,
        }
    }

    /// Whether it records a request of this kind.
    #[must_use]
    pub fn requests(&self, wanted: &str) -> bool {
        self.steps.iter().any(|step| matches!(&step.act, Act::Request { kind, .. } if kind == wanted))
    }

    /// The step of a name.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

/// Reads a definition. What is wrong inside a step is told at the step.
///
/// # Errors
/// It is not TOML, or not a flow.
pub fn read(text: &str) -> Result<Flow, Vec<Flaw>> {
    if text.len() > DEFINITION_BYTES {
        return Err(vec![Flaw::whole("too_long", format!("at most {DEFINITION_BYTES} bytes"))]);
    }
    let value: Value = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        vec![Flaw { line: (line > 0).then_some(line), ..Flaw::whole("not_toml", error.message()) }]
    })?;
    of_value(value)
}

/// Makes a flow of its JSON, as the visual editor sends it.
///
/// # Errors
/// It is not a flow.
pub fn of_value(value: Value) -> Result<Flow, Vec<Flaw>> {
    let outline: Outline = serde_json::from_value(value).map_err(|error| vec![Flaw::whole("invalid", error.to_string())])?;
    let (mut steps, mut flaws) = (Vec::new(), Vec::new());
    for (place, mut fields) in outline.step.into_iter().enumerate() {
        let id = match fields.remove("id") {
            Some(Value::String(id)) => id,
            _ => {
                flaws.push(Flaw::whole("step_without_id", format!("step {} has no id", place + 1)));
                continue;
            }
        };
        match serde_json::from_value(Value::Object(fields)) {
            Ok(act) => steps.push(Step { id, act }),
            Err(error) => flaws.push(Flaw::at(&id, "invalid", error.to_string())),
        }
    }
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let Outline { id, title, needs, confidence, begins, requires, values, slots, test, .. } = outline;
    Ok(Flow { id, title, needs, confidence, begins, requires, values, slots, steps, tests: test })
}
