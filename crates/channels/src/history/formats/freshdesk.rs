//! Exports of Freshdesk: tickets with `requester` and `conversations` (or `notes`), as the interface and the XML export's JSON give them.

use serde_json::Value;

use super::json::{list, members, moment, person, text, words};
use crate::history::{PastConversation, PastMessage, Person, Records, Rejection, State, Who};

pub(super) fn read(documents: &[Value]) -> Records {
    let tickets = members(documents, &["tickets", "helpdesk_tickets"]);
    tickets.into_iter().enumerate().map(|(place, ticket)| conversation(ticket.get("helpdesk_ticket").unwrap_or(ticket), place)).collect()
}

fn conversation(ticket: &Value, place: usize) -> Result<PastConversation, Rejection> {
    let id = text(ticket, &["/display_id", "/id"]).ok_or_else(|| Rejection { record: format!("#{}", place + 1), reason: "id_missing" })?;
    let refused = |reason| Rejection { record: id.clone(), reason };
    let requester_id = text(ticket, &["/requester_id", "/requester/id"]);
    let customer = ticket.get("requester").filter(|it| it.is_object()).map(person);
    let customer = customer.or_else(|| text(ticket, &["/email"]).map(|email| Person { email: Some(email), ..Person::default() }));
    let mut customer = customer.or_else(|| requester_id.as_ref().map(|_| Person::default())).ok_or_else(|| refused("customer_missing"))?;
    customer.id = customer.id.or_else(|| requester_id.clone());
    let created_at = moment(ticket, &["/created_at"]).ok_or_else(|| refused("date_invalid"))?;
    let mut messages = Vec::new();
    let said = words(ticket, &["/description_text"], &["/description_html", "/description"]);
    if !said.is_empty() {
        messages.push(PastMessage {
            id: format!("{id}-0"),
            who: Who::Customer(customer.clone()),
            at: created_at,
            text: said,
            private: false,
            files: Vec::new(),
        });
    }
    let notes = ["/conversations", "/notes"].into_iter().flat_map(|field| list(ticket, field));
    for (index, note) in notes.map(|note| note.get("helpdesk_note").unwrap_or(note)).enumerate() {
        let author = text(note, &["/user_id"]);
        let incoming = note["incoming"] == true || author.is_some() && author == requester_id;
        let agent = Person {
            name: text(note, &["/user_name", "/user/name"]).unwrap_or_default(),
            email: text(note, &["/user/email"]).or_else(|| text(note, &["/from_email"]).filter(|_| !incoming)),
            ..Person::default()
        };
        messages.push(PastMessage {
            id: text(note, &["/id"]).unwrap_or_else(|| format!("{id}-{}", index + 1)),
            who: if incoming { Who::Customer(customer.clone()) } else { Who::Agent(agent) },
            at: moment(note, &["/created_at"]).unwrap_or(created_at),
            text: words(note, &["/body_text"], &["/body_html", "/body"]),
            private: note["private"] == true,
            files: Vec::new(),
        });
    }
    // 2 open, 3 pending, 4 resolved, 5 closed; 6 and 7 wait for somebody else.
    let state = match ticket["status"].as_i64() {
        Some(4 | 5) => State::Closed,
        Some(3 | 6) => State::Waiting,
        _ => State::Open,
    };
    let labels = list(ticket, "/tags").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(PastConversation { id, customer, subject: text(ticket, &["/subject"]), state, created_at, messages, labels })
}
