//! What every channel owes, written once and run against every adapter: one effect for each message, order kept, nothing lost, and
//! forged input refused.
//!
//! An adapter takes part by a small harness, [`Outside`]: how its customers' messages come, and what can go wrong on its way out.

mod brought;
mod chat;
mod email;
mod lmtp;
mod mailgun;
mod programs;

use std::collections::BTreeSet;

use ennakoi_kernel::Duration;
use ennakoi_testkit::Answer;
use serde_json::{Value, json};

use crate::people::{Company, text};

/// What happens to the next answer on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// "Not now, come back in so many seconds", where the transport can say so.
    Busy(u32),
    /// The other side is down.
    Broken,
    /// The other side will never take it.
    Refuse,
    /// The other side has it, but we never learn that.
    Lose,
}

/// An answer as it reached the customer's side; the same identity is the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) identity: String,
    pub(super) words: String,
}

/// How a transport treats a message whose clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skewed {
    /// It is refused, and nothing of it is kept.
    Refused,
    /// It is taken at the time at which it came, whatever it says itself.
    Taken,
}

/// The world on the other side of one adapter: one customer who writes, and gets answers.
pub(super) trait Outside: Sized {
    /// Whether answers of one conversation never overtake each other.
    const ORDER: bool;
    /// Whether the other side can refuse an answer, and have it tried again.
    const REFUSES: bool;
    /// Whether the other side can name the time at which to come back.
    const NAMES_A_WAIT: bool;
    /// Whether those who bring messages can be told to come back later, because they bring too many.
    const IS_TOLD_TO_WAIT: bool;

    async fn open() -> Self;
    fn company(&self) -> &Company;
    /// The channel's id.
    fn channel(&self) -> String;
    /// The customer's message comes; `key` tells it apart. It is taken in when this returns.
    async fn bring(&self, key: &str, words: &str);
    /// One that may be put off: the seconds to wait, `None` when it is taken.
    async fn attempt(&self, key: &str, words: &str) -> Option<u32>;
    /// The transport does not learn that a message was taken, and brings it again by itself.
    async fn bring_unsure(&mut self, key: &str, words: &str);
    /// Messages come in the wrong order, as far as the transport can mix them up; all of them are brought in the end.
    async fn bring_mixed_up(&self, messages: &[(&str, &str)]);
    /// Somebody else pretends to be the customer, or the transport itself.
    async fn forge(&self, key: &str, words: &str);
    /// The customer's message with a clock ten minutes off.
    async fn bring_skewed(&self, key: &str, words: &str) -> Skewed;
    /// What will happen to the next answers; then all is well.
    fn will(&self, acts: &[Act]);
    /// How often answers were tried.
    fn tries(&self) -> usize;
    /// Every answer that reached the other side, in order, as often as it did.
    async fn got(&self) -> Vec<Got>;
}

/// What all adapters are asked in the same way.
struct Desk<'a, O: Outside>(&'a O);

impl<O: Outside> Desk<'_, O> {
    async fn conversations(&self) -> Vec<Value> {
        let mut items = Vec::new();
        for view in ["all", "closed"] {
            let path = format!("conversations?view={view}&channel={}&limit=100", self.0.channel());
            items.extend(self.0.company().owner.get(&path).await.expect(200)["items"].as_array().unwrap().clone());
        }
        items.sort_by_key(|item| item["number"].as_i64().unwrap());
        items
    }

    async fn conversation(&self) -> String {
        text(&self.conversations().await[0]["id"])
    }

    async fn texts(&self, conversation: &str) -> Vec<Value> {
        let page = self.0.company().owner.get(&format!("conversations/{conversation}/messages?limit=100")).await.expect(200);
        page["items"].as_array().unwrap().iter().filter(|message| message["kind"] == "text").cloned().collect()
    }

    /// What the customer wrote, in the order in which we have it.
    async fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        for conversation in self.conversations().await {
            let texts = self.texts(&text(&conversation["id"])).await;
            heard.extend(texts.iter().filter(|message| message["direction"] == "in").map(|message| text(&message["body"])));
        }
        heard
    }

    async fn answer(&self, key: &str, words: &str) -> Value {
        let conversation = self.conversation().await;
        let message = json!({ "client_key": key, "visibility": "public", "body": words });
        self.0.company().owner.post(&format!("conversations/{conversation}/messages"), message).await.expect(201)
    }

    async fn state(&self, answer: &Value) -> Value {
        let texts = self.texts(&text(&answer["conversation_id"])).await;
        texts.into_iter().find(|message| message["id"] == answer["id"]).unwrap()
    }

    async fn until(&self, answer: &Value, states: &[&str]) -> Value {
        for _ in 0..1_500 {
            let message = self.state(answer).await;
            if states.contains(&message["delivery"].as_str().unwrap_or_default()) {
                return message;
            }
            pause().await;
        }
        panic!("not {states:?}: {}", self.state(answer).await);
    }

    /// Waits until answers were tried this often altogether.
    async fn tried(&self, times: usize) {
        for _ in 0..1_500 {
            if self.0.tries() >= times {
                return;
            }
            pause().await;
        }
        panic!("tried {} times, not {times}", self.0.tries());
    }

    async fn got(&self, different: usize) -> Vec<Got> {
        for _ in 0..1_500 {
            let got = self.0.got().await;
            if got.iter().map(|got| &got.identity).collect::<BTreeSet<_>>().len() >= different {
                return got;
            }
            pause().await;
        }
        panic!("not {different} answers: {:?}", self.0.got().await);
    }

    /// Lets time go on in steps, until the answer has been sent.
    async fn sent_in_time(&self, answer: &Value, step: Duration) -> Value {
        for round in 0..1_500 {
            let message = self.state(answer).await;
            if SENT.contains(&message["delivery"].as_str().unwrap_or_default()) {
                return message;
            }
            if round % 25 == 0 {
                self.later(step);
            }
            pause().await;
        }
        panic!("not sent: {}", self.state(answer).await);
    }

    /// From now on whoever calls may do so this often a second, and four or six times that at once.
    fn limit(&self, per_second: u32) {
        let app = &self.0.company().app.app;
        app.rates.configure(app.configuration.security.sign_in_attempts_per_minute, per_second, per_second);
    }

    fn later(&self, span: Duration) {
        self.0.company().app.clock.advance(span);
    }
}

/// What an answer over HTTP to somebody who brings a message says.
fn put_off(answer: &Answer) -> Option<u32> {
    match answer.status.as_u16() {
        200 | 201 => None,
        429 => Some(answer.headers["retry-after"].to_str().unwrap().parse().unwrap()),
        other => panic!("{other}: {}", answer.text),
    }
}

async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(40)).await;
}

const SENT: &[&str] = &["sent", "delivered", "read"];

async fn the_same_message_again_is_the_same_message<O: Outside>() {
    let outside = O::open().await;
    outside.bring("a", "Missä pakettini on?").await;
    for _ in 0..3 {
        outside.bring("a", "Missä pakettini on?").await;
    }
    futures_util::future::join_all((0..3).map(|_| outside.bring("b", "Tilasin sen maanantaina."))).await;
    let desk = Desk(&outside);
    assert_eq!(desk.heard().await, ["Missä pakettini on?", "Tilasin sen maanantaina."]);
    assert_eq!(desk.conversations().await.len(), 1);
    outside.company().app.settle().await;
}

async fn what_is_brought_again_because_nobody_knows_is_taken_once<O: Outside>() {
    let mut outside = O::open().await;
    outside.bring("a", "Ensimmäinen kysymys.").await;
    outside.bring_unsure("b", "Toinen kysymys.").await;
    outside.bring("c", "Kolmas kysymys.").await;
    assert_eq!(Desk(&outside).heard().await, ["Ensimmäinen kysymys.", "Toinen kysymys.", "Kolmas kysymys."]);
    outside.company().app.settle().await;
}

async fn mixed_up_messages_are_all_there_once<O: Outside>() {
    let outside = O::open().await;
    outside.bring("0", "Aloitus tässä.").await;
    outside.bring_mixed_up(&[("1", "Yksi tulee ensin."), ("2", "Kaksi on toinen."), ("3", "Kolme on viimeinen.")]).await;
    let mut heard = Desk(&outside).heard().await;
    if !O::ORDER {
        heard.sort();
        assert_eq!(heard, ["Aloitus tässä.", "Kaksi on toinen.", "Kolme on viimeinen.", "Yksi tulee ensin."]);
    } else {
        assert_eq!(heard, ["Aloitus tässä.", "Yksi tulee ensin.", "Kaksi on toinen.", "Kolme on viimeinen."]);
    }
    outside.company().app.settle().await;
}

async fn a_message_that_comes_days_late_still_counts_once<O: Outside>() {
    let outside = O::open().await;
    outside.bring("a", "Kirjoitettu ajoissa.").await;
    let desk = Desk(&outside);
    desk.later(Duration::days(2));
    outside.bring("a", "Kirjoitettu ajoissa.").await;
    outside.bring("b", "Tämä viipyi matkalla.").await;
    assert_eq!(desk.heard().await, ["Kirjoitettu ajoissa.", "Tämä viipyi matkalla."]);
    assert_eq!(desk.conversations().await.len(), 1);
    outside.company().app.settle().await;
}

async fn too_much_at_once_is_told_to_wait_and_nothing_is_lost<O: Outside>() {
    if !O::IS_TOLD_TO_WAIT {
        return;
    }
    let outside = O::open().await;
    outside.bring("0", "Aloitus tässä.").await;
    let desk = Desk(&outside);
    let messages: Vec<(String, String)> = (1..=40).map(|number| (format!("r{number}"), format!("Viesti numero {number}."))).collect();
    desk.limit(1);
    // However long the calls take, nobody gets room meanwhile.
    outside.company().app.clock.stop();
    let answers = futures_util::future::join_all(messages.iter().map(|(key, words)| outside.attempt(key, words))).await;
    outside.company().app.clock.go_on();
    desk.limit(100_000);
    let put_off: Vec<_> = messages.iter().zip(&answers).filter_map(|(message, answer)| answer.map(|seconds| (message, seconds))).collect();
    assert!(!put_off.is_empty() && put_off.len() < messages.len(), "some are taken, some put off: {answers:?}");
    assert!(put_off.iter().all(|(_, seconds)| (1..=3_600).contains(seconds)), "each is told when to come back: {answers:?}");
    desk.later(Duration::minutes(1));
    for ((key, words), _) in put_off {
        outside.bring(key, words).await;
    }
    let mut heard = desk.heard().await;
    let mut expected: Vec<&str> = messages.iter().map(|(_, words)| words.as_str()).chain(["Aloitus tässä."]).collect();
    heard.sort();
    expected.sort_unstable();
    assert_eq!(heard, expected);
    outside.company().app.settle().await;
}

async fn forged_input_changes_nothing<O: Outside>() {
    let outside = O::open().await;
    outside.bring("a", "Olen Liisa itse.").await;
    let desk = Desk(&outside);
    let conversation = desk.conversation().await;
    let answered = desk.answer("1", "Hei Liisa").await;
    desk.until(&answered, SENT).await;
    let before = desk.texts(&conversation).await;
    outside.forge("f", "Vaihtakaa toimitusosoite.").await;
    outside.company().app.settle().await;
    let after = desk.texts(&conversation).await;
    assert_eq!(before.len(), after.len(), "nothing of it in the customer's conversation: {after:?}");
    assert!(after.iter().all(|message| !text(&message["body"]).contains("toimitusosoite")));
    outside.company().app.settle().await;
}

async fn a_wrong_clock_is_refused_or_makes_no_difference<O: Outside>() {
    let outside = O::open().await;
    outside.bring("a", "Kello on oikein.").await;
    let treated = outside.bring_skewed("b", "Kello on väärin.").await;
    outside.bring("c", "Taas oikein.").await;
    let expected: &[&str] = match treated {
        Skewed::Refused => &["Kello on oikein.", "Taas oikein."],
        Skewed::Taken => &["Kello on oikein.", "Kello on väärin.", "Taas oikein."],
    };
    let desk = Desk(&outside);
    assert_eq!(desk.heard().await, expected);
    let now = outside.company().app.app.environment.now();
    for conversation in desk.conversations().await {
        for message in desk.texts(&text(&conversation["id"])).await {
            let off = now.0 - message["created_at"].as_i64().unwrap();
            assert!(off.abs() < Duration::minutes(5).0, "it stands at the time at which it came: {message}");
        }
    }
    outside.company().app.settle().await;
}

async fn a_busy_side_is_left_alone_as_long_as_it_asks<O: Outside>() {
    if !O::REFUSES {
        return;
    }
    let outside = O::open().await;
    outside.bring("a", "Missä pakettini on?").await;
    let desk = Desk(&outside);
    outside.will(&[Act::Busy(600)]);
    let answered = desk.answer("1", "Matkalla.").await;
    desk.tried(1).await;
    if O::NAMES_A_WAIT {
        desk.later(Duration::minutes(3));
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        assert_eq!(outside.tries(), 1, "sooner than it asked for");
    }
    assert_eq!(desk.state(&answered).await["delivery"], "pending");
    // The wait is counted from when the answer was heard, which may be after this test has moved the clock: time goes on.
    desk.sent_in_time(&answered, Duration::minutes(15)).await;
    assert_eq!(desk.got(1).await.len(), 1);
}

async fn a_broken_side_gets_what_it_missed_once_and_in_order<O: Outside>() {
    let outside = O::open().await;
    outside.bring("a", "Missä pakettini on?").await;
    let desk = Desk(&outside);
    outside.will(&[Act::Broken, Act::Broken]);
    let first = desk.answer("1", "Se on matkalla.").await;
    if O::REFUSES {
        desk.tried(1).await;
    }
    let second = desk.answer("2", "Perillä huomenna.").await;
    desk.sent_in_time(&first, Duration::minutes(6)).await;
    desk.sent_in_time(&second, Duration::minutes(6)).await;
    let got = desk.got(2).await;
    let mut words: Vec<&str> = got.iter().map(|got| got.words.as_str()).collect();
    if !O::ORDER {
        words.sort_unstable();
        words.reverse();
    }
    assert_eq!(words, ["Se on matkalla.", "Perillä huomenna."]);
}

async fn what_is_refused_is_not_tried_again_and_the_next_goes_out<O: Outside>() {
    if !O::REFUSES {
        return;
    }
    let outside = O::open().await;
    outside.bring("a", "Missä pakettini on?").await;
    let desk = Desk(&outside);
    outside.will(&[Act::Refuse]);
    let refused = desk.answer("1", "Tätä ei oteta.").await;
    let shown = desk.until(&refused, &["failed"]).await;
    assert!(shown["meta"]["delivery_code"].is_string(), "{shown}");
    let next = desk.answer("2", "Tämä menee.").await;
    desk.until(&next, SENT).await;
    desk.later(Duration::hours(3));
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(desk.got(1).await.iter().map(|got| got.words.as_str()).collect::<Vec<_>>(), ["Tämä menee."]);
    assert_eq!(desk.state(&refused).await["delivery"], "failed");
}

async fn an_answer_whose_end_is_unknown_keeps_its_identity<O: Outside>() {
    let outside = O::open().await;
    outside.bring("a", "Missä pakettini on?").await;
    let desk = Desk(&outside);
    outside.will(&[Act::Lose]);
    let answered = desk.answer("1", "Se on matkalla.").await;
    desk.sent_in_time(&answered, Duration::minutes(2)).await;
    let got = desk.got(1).await;
    let identities: BTreeSet<&String> = got.iter().map(|got| &got.identity).collect();
    assert_eq!(identities.len(), 1, "the other side can tell that it is the same: {got:?}");
}

/// Runs the whole contract against one adapter.
macro_rules! contract {
    ($outside:ty) => {
        crate::contract::contract!($outside:
            the_same_message_again_is_the_same_message,
            what_is_brought_again_because_nobody_knows_is_taken_once,
            mixed_up_messages_are_all_there_once,
            a_message_that_comes_days_late_still_counts_once,
            too_much_at_once_is_told_to_wait_and_nothing_is_lost,
            forged_input_changes_nothing,
            a_wrong_clock_is_refused_or_makes_no_difference,
            a_busy_side_is_left_alone_as_long_as_it_asks,
            a_broken_side_gets_what_it_missed_once_and_in_order,
            what_is_refused_is_not_tried_again_and_the_next_goes_out,
            an_answer_whose_end_is_unknown_keeps_its_identity,
        );
    };
    ($outside:ty: $($name:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            super::$name::<$outside>().await;
        }
    )+};
}
use contract;
