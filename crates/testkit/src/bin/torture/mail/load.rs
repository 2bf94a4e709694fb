//! Customers whose mails arrive, and an agent who answers them, spread over the lives of the victim.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use super::{ADDRESS, Office};

/// Mails of one customer about one thing.
pub(super) const THREAD: usize = 4;
const AGAIN: Duration = Duration::from_millis(30);

/// How much, over how many lives of the victim.
pub(super) struct Plan {
    pub(super) arriving: usize,
    pub(super) leaving: usize,
    pub(super) rounds: usize,
}

impl Plan {
    /// How many of `whole` may have begun by the end of this round.
    fn share(&self, whole: usize, round: usize) -> usize {
        whole * (round + 1) / self.rounds
    }
}

pub(super) struct Load {
    pub(super) plan: Plan,
    pub(super) round: AtomicUsize,
    again: AtomicUsize,
    /// What was acknowledged: number of the answer, its conversation.
    answered: Mutex<Vec<(usize, String)>>,
}

impl Load {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, round: AtomicUsize::new(0), again: AtomicUsize::new(0), answered: Mutex::default() }
    }

    pub(super) fn again(&self) -> usize {
        self.again.load(Ordering::SeqCst)
    }

    pub(super) fn answered(&self) -> Vec<(usize, String)> {
        self.answered.lock().expect("no panic").clone()
    }

    async fn may(&self, whole: usize, number: usize) {
        while number >= self.plan.share(whole, self.round.load(Ordering::SeqCst)) {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// What a mail says: which customer, and which of theirs.
pub(super) fn words(thread: usize, place: usize) -> String {
    format!("Posti {thread}-{place}: missä pakettini on?")
}

pub(super) fn name(thread: usize, place: usize) -> String {
    format!("posti-{thread}-{place}@asiakas{thread}.example")
}

pub(super) fn answer_words(number: usize) -> String {
    format!("Vastaus {number}.")
}

fn mail(thread: usize, place: usize) -> String {
    let references: String = (0..place).map(|earlier| format!(" <{}>", name(thread, earlier))).collect();
    let references = if place == 0 { String::new() } else { format!("References:{references}\r\n") };
    format!(
        "From: Asiakas {thread} <asiakas@asiakas{thread}.example>\r\nTo: {ADDRESS}\r\nSubject: Paketti {thread}\r\nMessage-ID: <{}>\r\n{references}\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
        name(thread, place),
        words(thread, place)
    )
}

/// Delivers the mails to the mail server, some of them twice, whether the victim lives or not.
pub(super) async fn deliver(office: Arc<Office>, load: Arc<Load>) {
    let threads = load.plan.arriving.div_ceil(THREAD);
    for number in 0..load.plan.arriving {
        load.may(load.plan.arriving, number).await;
        // The first mails of all, then the second ones: every thread goes on through several lives.
        let (thread, place) = (number % threads, number / threads);
        let from = format!("asiakas@asiakas{thread}.example");
        for _ in 0..1 + usize::from(number.is_multiple_of(10)) {
            office.dovecot.deliver(&from, ADDRESS, &mail(thread, place)).await;
        }
        load.again.fetch_add(usize::from(number.is_multiple_of(10)), Ordering::SeqCst);
    }
}

/// Answers one conversation after another, each answer sent again under the same key until it is acknowledged.
pub(super) async fn answer(office: Arc<Office>, load: Arc<Load>) {
    let mut begun: HashSet<String> = HashSet::new();
    let mut known: Vec<String> = Vec::new();
    for number in 0..load.plan.leaving {
        load.may(load.plan.leaving, number).await;
        let conversation = loop {
            if let Some(new) = known.iter().find(|id| !begun.contains(*id)).or_else(|| known.get(number % known.len().max(1))) {
                break new.clone();
            }
            tokio::time::sleep(AGAIN).await;
            known = conversations(&office).await.unwrap_or_default();
        };
        begun.insert(conversation.clone());
        let body = json!({ "client_key": format!("a{number}"), "visibility": "public", "body": answer_words(number) });
        loop {
            let request = office.target.staff.request(reqwest::Method::POST, &format!("conversations/{conversation}/messages")).json(&body);
            match request.send().await {
                Ok(answer) if answer.status().is_success() => break,
                _ => tokio::time::sleep(AGAIN).await,
            }
        }
        load.answered.lock().expect("no panic").push((number, conversation));
        if begun.len() >= known.len() {
            known = conversations(&office).await.unwrap_or(known);
        }
    }
}

/// The mailbox's conversations; `None` while the victim is dead.
pub(super) async fn conversations(office: &Office) -> Option<Vec<String>> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("conversations?view=all&channel={}&limit=100{cursor}", office.channel);
        let page: Value = office.target.staff.request(reqwest::Method::GET, &path).send().await.ok()?.json().await.ok()?;
        found.extend(page["items"].as_array()?.iter().filter_map(|item| item["id"].as_str()).map(ToOwned::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(found),
        }
    }
}
