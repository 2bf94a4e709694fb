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

fn day(days: i64) -> Fact {
    Fact::At(Timestamp(NOW.0 + days * 86_400_000_000))
}

fn word(word: &str) -> Fact {
    Fact::Word(word.to_owned())
}

fn text(text: &str) -> Fact {
    Fact::Text(text.to_owned())
}

fn euros(minor: i64) -> Fact {
    Fact::Money { minor, currency: "EUR".to_owned() }
}

fn order(number: &str, (status, lines): (&str, &str), (placed, promised): (i64, i64), more: Vec<(&str, Fact)>) -> Item {
    let late = more.iter().all(|(name, _)| *name != "parcel") && promised < 0;
    let told = vec![
        ("status", word(status)),
        ("total", euros(5_990)),
        ("lines", text(lines)),
        ("placed", day(placed)),
        ("promised", day(promised)),
        ("late", word(if late { "yes" } else { "no" })),
    ];
    item(ItemKind::Order, &format!("o{number}"), number, told.into_iter().chain(more).collect())
}

fn parcel(status: &str, tracking: &str) -> Vec<(&'static str, Fact)> {
    vec![("parcel", word(status)), ("carrier", text("Posti")), ("tracking", text(tracking))]
}

fn delivered(days_ago: i64, tracking: &str) -> Vec<(&'static str, Fact)> {
    let more = vec![("delivered", day(-days_ago)), ("days_since_delivery", Fact::Count(days_ago))];
    parcel("delivered", tracking).into_iter().chain(more).collect()
}

/// What the demo customer has bought.
#[must_use]
pub fn items() -> Vec<Item> {
    let on_its_way = parcel("in_transit", "JJFI600022").into_iter().chain([("link", text("https://seuranta.example.com/JJFI600022"))]).collect();
    vec![
        order("10023", ("processing", "Pellavalakana"), (-9, -2), Vec::new()),
        order("10022", ("shipped", "2 × Keraaminen muki"), (-4, 2), on_its_way),
        order("10021", ("completed", "Villapaita, Pipo"), (-12, -6), delivered(7, "JJFI600021")),
        order("10010", ("completed", "Kylpypyyhe"), (-80, -74), delivered(75, "JJFI600010")),
        invoice("50012", "open", (-6, 8), 8_990, ("due", euros(8_990))),
        invoice("50011", "paid", (-80, -66), 3_900, ("link", text("https://laskut.example.com/50011"))),
        subscription(),
    ]
}

fn invoice(number: &str, status: &str, (issued, due): (i64, i64), total: i64, more: (&'static str, Fact)) -> Item {
    let told = vec![
        ("status", word(status)),
        ("reference", text(&format!("{number} 7"))),
        ("total", euros(total)),
        ("issued", day(issued)),
        ("due_at", day(due)),
        ("days_to_due", Fact::Count(due)),
        more,
    ];
    item(ItemKind::Invoice, &format!("i{number}"), number, told)
}

fn subscription() -> Item {
    let told = vec![("name", text("Kahviboksi")), ("status", word("active")), ("price", euros(1_990)), ("interval", word("month")), ("renews", day(11))];
    item(ItemKind::Subscription, "s1", "Kahviboksi", told)
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
