//! Afterwards: every mail is in once and where it belongs, every answer is out, and what may be out twice is listed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use ennakoi_testkit::TakenMail;
use serde_json::Value;

use super::{
    Office,
    load::{self, Load, THREAD},
};

/// What was found.
#[derive(Default)]
pub(super) struct Report {
    pub(super) findings: Vec<String>,
    pub(super) arrived: usize,
    pub(super) answers: usize,
    /// Mails that the other server took.
    pub(super) left: usize,
    /// Answers that the product says may have arrived twice, and those that did.
    pub(super) listed: usize,
    pub(super) out_again: usize,
}

/// Waits until everything is in and every answer has come to an end; false when nothing happens any more.
pub(super) async fn wait(office: &Office, load: &Load, stall: Duration) -> bool {
    let (mut before, mut moved) = ((0, 0), Instant::now());
    while moved.elapsed() < stall {
        let texts: Vec<Value> = everything(office).await.into_values().flatten().filter(|message| message["kind"] == "text").collect();
        let arrived = texts.iter().filter(|message| message["direction"] == "in").count();
        let ended = texts.iter().filter(|message| message["direction"] == "out" && message["delivery"] != "pending").count();
        if arrived >= load.plan.arriving && ended >= load.plan.leaving {
            return true;
        }
        if (arrived, ended) != before {
            (before, moved) = ((arrived, ended), Instant::now());
            eprintln!("{arrived} mails in, {ended} answers at their end");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    false
}

/// The messages of every conversation of the mailbox.
async fn everything(office: &Office) -> BTreeMap<String, Vec<Value>> {
    let mut all = BTreeMap::new();
    for conversation in load::conversations(office).await.expect("the server lives") {
        let page = office.target.staff.get(&format!("conversations/{conversation}/messages?after_seq=0&limit=100")).await.expect(200);
        let texts = page["items"].as_array().cloned().unwrap_or_default();
        all.insert(conversation, texts);
    }
    all
}

pub(super) async fn verify(office: &Office, load: &Load) -> Report {
    let mut report = Report::default();
    let conversations = everything(office).await;
    arrived(office, load, &conversations, &mut report).await;
    left(office, load, &conversations, &mut report).await;
    report
}

/// Each mail once, those of a customer together and in their order, each with the mail it is.
async fn arrived(office: &Office, load: &Load, conversations: &BTreeMap<String, Vec<Value>>, report: &mut Report) {
    let threads = load.plan.arriving.div_ceil(THREAD);
    let expected: HashMap<String, (usize, usize)> = (0..load.plan.arriving)
        .map(|number| (number % threads, number / threads))
        .map(|(thread, place)| (load::words(thread, place), (thread, place)))
        .collect();
    let mut seen: HashMap<(usize, usize), usize> = HashMap::new();
    let mut homes: HashMap<usize, HashSet<&String>> = HashMap::new();
    for (conversation, messages) in conversations {
        let seqs = messages.iter().filter_map(|message| message["seq"].as_i64());
        if !seqs.eq(1..=i64::try_from(messages.len()).unwrap_or(0)) {
            report.findings.push(format!("conversation {conversation} is not numbered without gaps"));
        }
        let mut before = None;
        for message in messages.iter().filter(|message| message["direction"] == "in") {
            let Some(&(thread, place)) = message["body"].as_str().and_then(|body| expected.get(body)) else {
                report.findings.push(format!("nobody wrote {}", message["body"]));
                continue;
            };
            *seen.entry((thread, place)).or_default() += 1;
            homes.entry(thread).or_default().insert(conversation);
            if before >= Some(place) {
                report.findings.push(format!("thread {thread}: {place} stands after {before:?}"));
            }
            before = Some(place);
            let mail = office.target.staff.get(&format!("messages/{}/mail", message["id"].as_str().unwrap_or_default())).await;
            if !mail.status.is_success() || mail.json()["message_id"] != load::name(thread, place) {
                report.findings.push(format!("message {thread}-{place} is not the mail it came as: {}", mail.text));
            }
        }
    }
    report.arrived = seen.len();
    report.findings.extend(expected.values().filter(|key| !seen.contains_key(*key)).map(|(thread, place)| format!("mail {thread}-{place} is lost")));
    report.findings.extend(seen.iter().filter(|(_, times)| **times > 1).map(|(key, times)| format!("mail {key:?} is in {times} times")));
    report.findings.extend(homes.iter().filter(|(_, homes)| homes.len() > 1).map(|(thread, homes)| format!("thread {thread} lies in {homes:?}")));
}

/// Each answer out once, or listed; always the same bytes under the same name, to whom it was for.
async fn left(office: &Office, load: &Load, conversations: &BTreeMap<String, Vec<Value>>, report: &mut Report) {
    let answered = load.answered();
    report.answers = answered.len();
    let listed = office.target.staff.get(&format!("mailboxes/{}/unclear", office.mailbox)).await.expect(200);
    let listed: HashSet<String> = listed["items"].as_array().into_iter().flatten().filter_map(|it| it["message_id"].as_str().map(str::to_owned)).collect();
    report.listed = listed.len();
    let taken = office.sink.taken();
    report.left = taken.len();
    let texts: Vec<String> = taken.iter().map(TakenMail::text).collect();
    let mut ours: HashMap<String, HashSet<String>> = HashMap::new();
    for (number, conversation) in &answered {
        let words = load::answer_words(*number);
        let names = taken.iter().zip(&texts).filter(|(_, text)| text.contains(&words)).filter_map(|(mail, _)| mail.header("Message-ID"));
        ours.entry(conversation.clone()).or_default().extend(names);
    }
    for (number, conversation) in answered {
        let words = load::answer_words(number);
        let messages: Vec<&Value> = conversations.get(&conversation).into_iter().flatten().filter(|message| message["body"] == words.as_str()).collect();
        let [message] = messages.as_slice() else {
            report.findings.push(format!("answer {number} stands {} times in its conversation", messages.len()));
            continue;
        };
        if !matches!(message["delivery"].as_str(), Some("sent" | "delivered" | "read")) {
            report.findings.push(format!("answer {number} is {} and not sent", message["delivery"]));
        }
        // A number with a full stop behind it is the beginning of no other.
        let copies: Vec<&TakenMail> = taken.iter().zip(&texts).filter(|(_, text)| text.contains(&words)).map(|(mail, _)| mail).collect();
        let is_listed = message["id"].as_str().is_some_and(|id| listed.contains(id));
        match copies.as_slice() {
            [] => report.findings.push(format!("answer {number} is said to be sent and never left")),
            [_] => {}
            [first, others @ ..] => {
                report.out_again += 1;
                if !is_listed {
                    report.findings.push(format!("answer {number} is out {} times and not listed", copies.len()));
                }
                if others.iter().any(|other| other.bytes != first.bytes || other.header("Message-ID") != first.header("Message-ID")) {
                    report.findings.push(format!("answer {number} left in two forms"));
                }
            }
        }
        if is_listed && message["meta"]["delivery_code"] != "perhaps_twice" {
            report.findings.push(format!("answer {number} is listed, and its message does not say so"));
        }
        // A long thread names only its last mails, ours among them.
        let theirs = messages_of_customer(conversations.get(&conversation));
        let is_of_home = |name: &String| theirs.contains(name) || ours.get(&conversation).is_some_and(|ours| ours.contains(name));
        if copies.iter().any(|mail| !mail.header("In-Reply-To").is_some_and(|name| is_of_home(&name))) {
            report.findings.push(format!("answer {number} refers to nothing in its conversation"));
        }
    }
}

/// The name of the mail with which each customer's conversation began.
fn messages_of_customer(messages: Option<&Vec<Value>>) -> Vec<String> {
    let words = messages.into_iter().flatten().filter(|message| message["direction"] == "in").filter_map(|message| message["body"].as_str());
    let number = |body: &str| body.split([' ', ':']).nth(1).and_then(|key| key.split_once('-')).map(|(thread, place)| (thread.to_owned(), place.to_owned()));
    words.filter_map(number).map(|(thread, place)| format!("<posti-{thread}-{place}@asiakas{thread}.example>")).collect()
}
