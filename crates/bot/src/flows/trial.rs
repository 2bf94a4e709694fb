//! Trying a flow out: a demo customer with orders, invoices and a subscription, at a fixed moment, and the tests of a definition.

use std::collections::BTreeMap;

use ennakoi_kernel::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    advance::{advance, begin},
    definition::{Flow, FlowTest, Who},
    hear::number_key,
    run::{End, Input, Requested, Run, Said, Turned, World},
    shop::{Claim, Fact, Item, ItemKind, Proof},
};

/// Friday 20 November 2026, 15.30 in Helsinki: when the demo customer's days are counted from.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_181_400);
pub const TIMEZONE: &str = "Europe/Helsinki";
/// The demo customer's address.
const EMAIL: &str = "liisa@example.com";

fn item(kind: ItemKind, id: &str, number: &str, facts: Vec<(&str, Fact)>) -> Item {
    let facts: BTreeMap<String, Fact> =
        facts.into_iter().chain([("number", Fact::Text(number.to_owned()))]).map(|(name, fact)| (name.to_owned(), fact)).collect();
    Item { kind, id: id.to_owned(), number: number.to_owned(), facts }
}

/// What the demo customer has bought.
#[must_use]
pub fn items() -> Vec<Item> {
    let day = |days: i64| Fact::At(Timestamp(NOW.0 + days * 86_400_000_000));
    let word = |word: &str| Fact::Word(word.to_owned());
    let text = |text: &str| Fact::Text(text.to_owned());
    let euros = |minor| Fact::Money { minor, currency: "EUR".to_owned() };
    let order = |number: &str, facts: Vec<(&str, Fact)>| item(ItemKind::Order, &format!("o{number}"), number, facts);
    vec![
        order(
            "10023",
            vec![
                ("status", word("processing")),
                ("total", euros(12_900)),
                ("lines", text("Pellavalakana")),
                ("placed", day(-9)),
                ("promised", day(-2)),
                ("late", word("yes")),
            ],
        ),
        order(
            "10022",
            vec![
                ("status", word("shipped")),
                ("total", euros(5_990)),
                ("lines", text("2 × Keraaminen muki")),
                ("placed", day(-4)),
                ("promised", day(2)),
                ("late", word("no")),
                ("parcel", word("in_transit")),
                ("carrier", text("Posti")),
                ("tracking", text("JJFI600022")),
                ("link", text("https://seuranta.example.com/JJFI600022")),
            ],
        ),
        order(
            "10021",
            vec![
                ("status", word("completed")),
                ("total", euros(11_480)),
                ("lines", text("Villapaita, Pipo")),
                ("placed", day(-12)),
                ("promised", day(-6)),
                ("late", word("no")),
                ("delivered", day(-7)),
                ("days_since_delivery", Fact::Count(7)),
                ("parcel", word("delivered")),
                ("carrier", text("Posti")),
                ("tracking", text("JJFI600021")),
            ],
        ),
        order(
            "10010",
            vec![
                ("status", word("completed")),
                ("total", euros(3_900)),
                ("lines", text("Kylpypyyhe")),
                ("placed", day(-80)),
                ("promised", day(-74)),
                ("late", word("no")),
                ("delivered", day(-75)),
                ("days_since_delivery", Fact::Count(75)),
                ("parcel", word("delivered")),
            ],
        ),
        item(
            ItemKind::Invoice,
            "i50012",
            "50012",
            vec![
                ("status", word("open")),
                ("reference", text("50012 7")),
                ("total", euros(8_990)),
                ("due", euros(8_990)),
                ("issued", day(-6)),
                ("due_at", day(8)),
                ("days_to_due", Fact::Count(8)),
            ],
        ),
        item(
            ItemKind::Invoice,
            "i50011",
            "50011",
            vec![
                ("status", word("paid")),
                ("reference", text("50011 4")),
                ("total", euros(3_900)),
                ("due", euros(0)),
                ("issued", day(-80)),
                ("due_at", day(-66)),
                ("paid", day(-70)),
                ("link", text("https://laskut.example.com/50011")),
            ],
        ),
        item(
            ItemKind::Subscription,
            "s1",
            "Kahviboksi",
            vec![("name", text("Kahviboksi")), ("status", word("active")), ("price", euros(1_990)), ("interval", word("month")), ("renews", day(11))],
        ),
    ]
}

/// Whether a proof opens one of the demo customer's items.
#[must_use]
pub fn prove(proof: &Proof) -> Option<Item> {
    let theirs = matches!(&proof.claim, Claim::Email(email) if email == EMAIL);
    items().into_iter().find(|item| theirs && item.kind == proof.kind && number_key(&item.number) == number_key(&proof.number))
}

/// What a turn gave, for the screen that tries flows out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tried {
    pub says: Vec<Said>,
    /// The step that waits, or `end`, `left`, `person`.
    pub at: String,
    /// Where it stands; to be sent back with the next turn.
    pub state: Option<serde_json::Value>,
    pub requests: Vec<Requested>,
    /// What happened: `began`, `asked`, `changed`, `went_back`, `not_understood`, …
    pub rule: String,
    /// Whether the message was no answer to what was asked; in a real talk the articles are asked then.
    pub missed: bool,
    pub reason: Option<String>,
}

fn around(items: &[Item], who: Who, locale: ennakoi_people::Locale) -> World<'_> {
    World { items, known: who == Who::Known, now: NOW, timezone: TIMEZONE, locale }
}

/// A turn of the demo customer. `run` is `None` at the beginning.
#[must_use]
pub fn turn(flow: &Flow, who: Who, locale: ennakoi_people::Locale, (run, proved): (Option<Run>, &mut Vec<Item>), input: Input<'_>) -> Turned {
    let all = items();
    let own = |proved: &[Item]| if who == Who::Known { all.clone() } else { proved.to_vec() };
    let items = own(proved);
    let mut turned = match run {
        None => begin(flow, 0, &around(&items, who, locale), if let Input::Says(message) = input { message } else { "" }),
        Some(run) => advance(flow, &around(&items, who, locale), run, input),
    };
    if let Some(proof) = turned.proof.take()
        && let Some(run) = turned.run.take()
    {
        let found = prove(&proof);
        proved.extend(found.clone());
        let items = own(proved);
        turned = advance(flow, &around(&items, who, locale), run, Input::Proved(found.as_ref().map(|item| item.id.as_str())));
    }
    turned
}

/// Where a turn ended: the waiting step, or how the flow ended.
#[must_use]
pub fn place(turned: &Turned) -> String {
    match (&turned.end, &turned.run) {
        (Some(End::Done), _) => "end".to_owned(),
        (Some(End::Left), _) => "left".to_owned(),
        (Some(End::Person(_)), _) => "person".to_owned(),
        (None, Some(run)) => run.at.clone(),
        (None, None) => String::new(),
    }
}

/// How a test of a flow went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TestResult {
    pub name: String,
    pub passed: bool,
    /// The turn that did not go as told, from 1.
    pub turn: Option<usize>,
    /// What was expected and what came.
    pub told: Option<String>,
}

/// Runs one test.
#[must_use]
pub fn run_test(flow: &Flow, test: &FlowTest) -> TestResult {
    let (mut run, mut proved) = (None, Vec::new());
    for (place_of_turn, turn) in test.turns.iter().enumerate() {
        let failed = |told: String| TestResult { name: test.name.clone(), passed: false, turn: Some(place_of_turn + 1), told: Some(told) };
        let input = match (&turn.taps, &turn.says) {
            (Some(key), _) => Input::Taps(key),
            (None, Some(message)) => Input::Says(message),
            (None, None) => return failed("says or taps is missing".to_owned()),
        };
        let turned = self::turn(flow, test.customer, test.locale, (run.take(), &mut proved), input);
        let at = place(&turned);
        let heard = turned.says.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n");
        if turn.at.as_ref().is_some_and(|expected| *expected != at) {
            return failed(format!("expected {:?}, is at {at:?}: {heard}", turn.at));
        }
        if turn.hears.as_ref().is_some_and(|expected| !heard.contains(expected.as_str())) {
            return failed(format!("expected to hear {:?}: {heard}", turn.hears));
        }
        if turn.request.is_some() && turn.request.as_deref() != turned.requests.first().map(|request| request.kind.as_str()) {
            return failed(format!("expected the request {:?}, got {:?}", turn.request, turned.requests));
        }
        run = turned.run;
    }
    TestResult { name: test.name.clone(), passed: true, turn: None, told: None }
}
