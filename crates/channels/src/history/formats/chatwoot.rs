//! Exports of Chatwoot: conversations with `meta.sender` (or `contact`) and `messages`.

use serde_json::Value;

use super::json::{list, members, moment, person, text, words};
use crate::history::{PastConversation, PastMessage, Person, Records, Rejection, State, Who};

pub(super) fn read(documents: &[Value]) -> Records {
    // The interface wraps its lists in `data.payload`.
    let unwrapped: Vec<Value> =
        documents.iter().map(|document| document.pointer("/data/payload").or_else(|| document.get("payload")).unwrap_or(document).clone()).collect();
    let conversations: Vec<Value> = members(&unwrapped, &["conversations"]).into_iter().cloned().collect();
    conversations.iter().enumerate().map(|(place, it)| conversation(it, place)).collect()
}

fn conversation(it: &Value, place: usize) -> Result<PastConversation, Rejection> {
    let id = text(it, &["/display_id", "/id"]).ok_or_else(|| Rejection { record: format!("#{}", place + 1), reason: "id_missing" })?;
    let refused = |reason| Rejection { record: id.clone(), reason };
    let sender = it.pointer("/meta/sender").or_else(|| it.get("contact")).filter(|sender| sender.is_object());
    let customer = sender.map(person).ok_or_else(|| refused("customer_missing"))?;
    let created_at = moment(it, &["/created_at", "/timestamp"]);
    let mut messages = Vec::new();
    for (index, message) in list(it, "/messages").iter().enumerate() {
        let sender: Person = message.get("sender").filter(|sender| sender.is_object()).map(person).unwrap_or_default();
        // 0 incoming, 1 outgoing, 2 activity, 3 template; newer exports say it in words.
        let who = match (message["message_type"].as_i64(), message["message_type"].as_str()) {
            (Some(0), _) | (_, Some("incoming")) => Who::Customer(customer.clone()),
            (Some(1), _) | (_, Some("outgoing")) if message.pointer("/sender/type").and_then(Value::as_str) != Some("agent_bot") => Who::Agent(sender),
            (Some(2), _) | (_, Some("activity")) => continue,
            _ => Who::Machine,
        };
        let Some(at) = moment(message, &["/created_at"]).or(created_at) else { return Err(refused("date_invalid")) };
        messages.push(PastMessage {
            id: text(message, &["/id"]).unwrap_or_else(|| format!("{id}-{index}")),
            who,
            at,
            text: words(message, &["/content", "/processed_message_content"], &[]),
            private: message["private"] == true,
            files: Vec::new(),
        });
    }
    let first = messages.first().map(|message| message.at);
    let created_at = created_at.or(first).ok_or_else(|| refused("no_messages"))?;
    let state = match it["status"].as_str() {
        Some("resolved") => State::Closed,
        Some("pending" | "snoozed") => State::Waiting,
        _ => State::Open,
    };
    let labels = list(it, "/labels").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let subject = text(it, &["/additional_attributes/mail_subject", "/subject"]);
    Ok(PastConversation { id, customer, subject, state, created_at, messages, labels })
}
