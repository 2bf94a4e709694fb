//! Exports of Zendesk: tickets with their comments beside them (`/tickets/{id}/comments`, or `comments` inside), and people in `users`.

use std::collections::HashMap;

use serde_json::Value;

use super::json::{at, list, members, moment, person, text, words};
use crate::history::{PastConversation, PastMessage, Person, Records, Rejection, State, Who};

pub(super) fn read(documents: &[Value]) -> Records {
    let mut users: HashMap<String, (Person, bool)> = HashMap::new();
    for user in documents.iter().flat_map(|document| list(document, "/users")) {
        let staff = matches!(user["role"].as_str(), Some("agent" | "admin"));
        if let Some(id) = text(user, &["/id"]) {
            users.insert(id, (person(user), staff));
        }
    }
    members(documents, &["tickets"]).into_iter().enumerate().map(|(place, ticket)| conversation(ticket, place, &users)).collect()
}

fn conversation(ticket: &Value, place: usize, users: &HashMap<String, (Person, bool)>) -> Result<PastConversation, Rejection> {
    let id = text(ticket, &["/id"]).ok_or_else(|| Rejection { record: format!("#{}", place + 1), reason: "id_missing" })?;
    let refused = |reason| Rejection { record: id.clone(), reason };
    let requester = ticket.get("requester").filter(|it| it.is_object()).map(person);
    let requester_id = text(ticket, &["/requester_id", "/requester/id"]);
    let customer = requester.or_else(|| users.get(requester_id.as_deref()?).map(|(person, _)| person.clone())).or_else(|| {
        let by_mail = |address: String| Person { email: Some(address), ..Person::default() };
        text(ticket, &["/via/source/from/address"]).map(by_mail)
    });
    let customer =
        customer.or_else(|| requester_id.clone().map(|id| Person { id: Some(id), ..Person::default() })).ok_or_else(|| refused("customer_missing"))?;
    let created_at = moment(ticket, &["/created_at"]).ok_or_else(|| refused("date_invalid"))?;
    let mut messages = Vec::new();
    for (index, comment) in list(ticket, "/comments").iter().enumerate() {
        let author = text(comment, &["/author_id", "/author/id"]);
        let known = author.as_deref().and_then(|id| users.get(id));
        let inside = comment.get("author").filter(|it| it.is_object());
        let is_staff = known.is_some_and(|(_, staff)| *staff) || inside.is_some_and(|it| matches!(it["role"].as_str(), Some("agent" | "admin")));
        let who = known.map(|(person, _)| person.clone()).or_else(|| inside.map(person)).unwrap_or_else(|| customer.clone());
        let theirs = author.is_none() || author == requester_id;
        messages.push(PastMessage {
            id: text(comment, &["/id"]).unwrap_or_else(|| format!("{id}-{index}")),
            who: if is_staff && !theirs { Who::Agent(who) } else { Who::Customer(who) },
            at: comment["created_at"].as_str().and_then(at).unwrap_or(created_at),
            text: words(comment, &["/plain_body", "/body"], &["/html_body"]),
            private: comment["public"] == false,
            files: Vec::new(),
        });
    }
    if messages.is_empty() {
        let said = words(ticket, &["/description"], &[]);
        if !said.is_empty() {
            let id = format!("{id}-0");
            messages.push(PastMessage { id, who: Who::Customer(customer.clone()), at: created_at, text: said, private: false, files: Vec::new() });
        }
    }
    let state = match ticket["status"].as_str() {
        Some("solved" | "closed") => State::Closed,
        Some("pending") => State::Waiting,
        _ => State::Open,
    };
    let labels = list(ticket, "/tags").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(PastConversation { id, customer, subject: text(ticket, &["/subject", "/raw_subject"]), state, created_at, messages, labels })
}
