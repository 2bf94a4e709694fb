//! Mail folders as history (RFC 4155): mails become conversations by their names, as they did when they came.

use std::collections::HashMap;

use ennakoi_channels::history::{Format, PastConversation, PastFile, PastMessage, Person, Read, Reader, Records, Rejection, State, Who};
use ennakoi_inbox::messages::Correspondent;
use ennakoi_kernel::Timestamp;

use crate::{
    address,
    incoming::{
        limits,
        parse::{self, Parsed},
    },
};

/// Reads mail folders.
pub(crate) struct Mbox;

impl Reader for Mbox {
    fn format(&self) -> Format {
        Format::Mbox
    }

    fn read(&self, bytes: &[u8]) -> Read {
        Ok(conversations(bytes))
    }
}

/// A mail of the folder.
struct Mail {
    parsed: Parsed,
    at: Timestamp,
}

/// The mails of a folder: each begins with a line `From ` after an empty one, and quotes such lines of its own with `>`.
fn mails(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut all, mut mail, mut after_empty): (Vec<Vec<u8>>, Vec<u8>, bool) = (Vec::new(), Vec::new(), true);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if after_empty && line.starts_with(b"From ") {
            if !mail.is_empty() {
                all.push(std::mem::take(&mut mail));
            }
            after_empty = false;
            continue;
        }
        let quotes = line.iter().take_while(|byte| **byte == b'>').count();
        let line = if quotes > 0 && line[quotes..].starts_with(b"From ") { &line[1..] } else { line };
        mail.extend_from_slice(line);
        after_empty = line == b"\n" || line == b"\r\n";
    }
    if !mail.is_empty() {
        all.push(mail);
    }
    all
}

fn read(raw: &[u8], place: usize) -> Result<Mail, Rejection> {
    let refused = |reason| Rejection { record: format!("#{}", place + 1), reason };
    limits::check(raw).map_err(|_| refused("mail_too_large"))?;
    let message = parse::message(raw).ok_or_else(|| refused("mail_unreadable"))?;
    let (depth, parts) = parse::shape(&message);
    if depth > limits::DEPTH || parts > limits::PARTS {
        return Err(refused("mail_too_large"));
    }
    let parsed = parse::read(&message, raw);
    let at = message.date().map(|date| Timestamp::from_seconds(date.to_timestamp())).filter(|at| at.0 > 0);
    let named = |reason| Rejection { record: parsed.message_id.clone(), reason };
    let at = at.ok_or_else(|| named("date_invalid"))?;
    if parsed.from.is_none() {
        return Err(named("customer_missing"));
    }
    Ok(Mail { parsed, at })
}

fn conversations(bytes: &[u8]) -> Records {
    let mut rejected = Records::new();
    let mut mails: Vec<Mail> = mails(bytes)
        .iter()
        .enumerate()
        .filter_map(|(place, raw)| match read(raw, place) {
            Ok(mail) => Some(mail),
            Err(rejection) => {
                rejected.push(Err(rejection));
                None
            }
        })
        .collect();
    mails.sort_by_key(|mail| mail.at);
    let ours = own_addresses(&mails);
    let (mut threads, mut by_name): (Vec<Vec<Mail>>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    for mail in mails {
        let ancestor = mail.parsed.ancestors.iter().find_map(|name| by_name.get(name)).copied();
        let thread = ancestor.unwrap_or_else(|| {
            threads.push(Vec::new());
            threads.len() - 1
        });
        for name in mail.parsed.ancestors.iter().chain(std::iter::once(&mail.parsed.message_id)) {
            by_name.entry(name.clone()).or_insert(thread);
        }
        // The same mail may lie in the folder twice.
        if threads[thread].iter().all(|known| known.parsed.message_id != mail.parsed.message_id) {
            threads[thread].push(mail);
        }
    }
    rejected.extend(threads.iter().map(|thread| conversation(thread, &ours)));
    rejected
}

/// The company's own addresses: where the folder was delivered to, and whoever most mails are to.
fn own_addresses(mails: &[Mail]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for mail in mails {
        let mut named: Vec<String> = mail.parsed.delivered_to.iter().map(|it| address::key(it)).collect();
        named.extend(mail.parsed.to.iter().chain(&mail.parsed.cc).chain(&mail.parsed.from).map(|it| address::key(&it.address)));
        named.sort();
        named.dedup();
        for name in named {
            *counts.entry(name).or_default() += 1;
        }
    }
    let most = counts.values().copied().max().unwrap_or(0);
    counts.into_iter().filter(|(_, count)| *count == most).map(|(name, _)| name).take(if mails.len() > 1 { 3 } else { 0 }).collect()
}

fn person(it: &Correspondent) -> Person {
    Person { name: it.name.clone().unwrap_or_default(), email: Some(address::key(&it.address)), ..Person::default() }
}

fn conversation(thread: &[Mail], ours: &[String]) -> Result<PastConversation, Rejection> {
    let is_ours = |it: &Correspondent| ours.contains(&address::key(&it.address));
    let outside = thread.iter().flat_map(|mail| mail.parsed.from.iter()).find(|from| !is_ours(from));
    let outside = outside.or_else(|| thread.iter().flat_map(|mail| mail.parsed.to.iter()).find(|to| !is_ours(to)));
    let record = thread[0].parsed.message_id.clone();
    let customer = outside.map(person).ok_or_else(|| Rejection { record: record.clone(), reason: "customer_missing" })?;
    let messages: Vec<PastMessage> = thread
        .iter()
        .map(|mail| {
            let from = mail.parsed.from.as_ref();
            let stripped = ennakoi_language::quotes::strip(&mail.parsed.text).text;
            PastMessage {
                id: mail.parsed.message_id.chars().take(400).collect(),
                who: match from {
                    Some(from) if is_ours(from) => Who::Agent(person(from)),
                    Some(from) => Who::Customer(person(from)),
                    None => Who::Customer(customer.clone()),
                },
                at: mail.at,
                text: if stripped.trim().is_empty() { mail.parsed.text.trim().to_owned() } else { stripped },
                private: false,
                files: mail.parsed.files.iter().map(|file| PastFile { name: file.name.clone(), bytes: file.bytes.clone() }).collect(),
            }
        })
        .collect();
    Ok(PastConversation {
        id: record.chars().filter(|c| !c.is_control()).take(200).collect(),
        customer,
        subject: thread[0].parsed.subject.clone(),
        state: State::Closed,
        created_at: thread[0].at,
        messages,
        labels: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = "From liisa@example.fi Mon Nov 30 10:00:00 2026\nFrom: Liisa <liisa@example.fi>\nTo: tuki@kone.example\nSubject: Paketti\n\
        Message-ID: <a@example.fi>\nDate: Mon, 30 Nov 2026 10:00:00 +0200\n\nMissä pakettini on?\n>From varastolta ei vastata.\n\n\
        From tuki@kone.example Mon Nov 30 11:00:00 2026\nFrom: Tuki <tuki@kone.example>\nTo: liisa@example.fi\nSubject: Vs: Paketti\n\
        Message-ID: <b@kone.example>\nIn-Reply-To: <a@example.fi>\nDate: Mon, 30 Nov 2026 11:00:00 +0200\n\nSe on matkalla.\n\n\
        From x Mon Nov 30 12:00:00 2026\nFrom: Matti <matti@example.fi>\nTo: tuki@kone.example\nSubject: Muu\nMessage-ID: <c@example.fi>\n\
        Date: Mon, 30 Nov 2026 12:00:00 +0200\n\nToinen asia.\n\n\
        From x Mon Nov 30 13:00:00 2026\nSubject: Ilman lähettäjää\n\nTyhjä.\n";

    #[test]
    fn a_folder_becomes_its_conversations() {
        let records = conversations(FOLDER.as_bytes());
        assert_eq!(records.len(), 3, "{records:?}");
        assert!(records[0].is_err());
        let first = records[1].as_ref().unwrap();
        assert_eq!((first.id.as_str(), first.messages.len()), ("a@example.fi", 2));
        assert!(first.messages[0].text.contains("From varastolta"), "{:?}", first.messages[0].text);
        assert!(matches!(&first.messages[1].who, Who::Agent(agent) if agent.email.as_deref() == Some("tuki@kone.example")));
        assert_eq!(first.customer.email.as_deref(), Some("liisa@example.fi"));
        assert_eq!(records[2].as_ref().unwrap().customer.name, "Matti");
    }
}
