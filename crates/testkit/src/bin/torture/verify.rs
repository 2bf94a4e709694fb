//! Afterwards: everything acknowledged is there once, in its writer's order.

use std::collections::HashMap;

use serde_json::Value;

use crate::load::{Log, Target};

/// What is wrong; empty when nothing is.
pub(crate) async fn verify(target: &Target, log: &Log) -> Vec<String> {
    let mut findings = Vec::new();
    let answers = log.answers();
    for writer in log.writers() {
        let messages = all_messages(target, &writer.conversation).await;
        let seqs: Vec<i64> = messages.iter().filter_map(|message| message["seq"].as_i64()).collect();
        if seqs != (1..=i64::try_from(seqs.len()).unwrap_or(0)).collect::<Vec<_>>() {
            findings.push(format!("conversation {} is not numbered without gaps", writer.conversation));
        }
        let keys: Vec<&str> = messages.iter().filter(|message| message["direction"] == "in").filter_map(|message| message["client_key"].as_str()).collect();
        // The last message may have been stored without its acknowledgement arriving: that is allowed, anything else is not.
        let expected: Vec<&str> = writer.keys.iter().map(String::as_str).collect();
        if !(keys == expected || keys.len() == expected.len() + 1 && keys[..expected.len()] == expected[..]) {
            findings.push(format!("conversation {}: {} acknowledged, {} stored, or in another order", writer.conversation, expected.len(), keys.len()));
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for key in messages.iter().filter_map(|message| message["client_key"].as_str()) {
            *counts.entry(key).or_default() += 1;
        }
        findings.extend(counts.iter().filter(|(_, count)| **count > 1).map(|(key, count)| format!("{key} is stored {count} times")));
        let lost = answers.iter().filter(|(conversation, key, _)| *conversation == writer.conversation && !counts.contains_key(key.as_str()));
        findings.extend(lost.map(|(conversation, key, _)| format!("answer {key} of {conversation} is lost")));
    }
    findings
}

async fn all_messages(target: &Target, conversation: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut after = 0;
    loop {
        let page = target.staff.get(&format!("conversations/{conversation}/messages?after_seq={after}&limit=100")).await.expect(200);
        let items = page["items"].as_array().cloned().unwrap_or_default();
        let Some(last) = items.last().and_then(|message| message["seq"].as_i64()) else { return messages };
        after = last;
        messages.extend(items);
    }
}
