//! Exports of Zammad: tickets with `articles` inside or beside them, and people in `users`.

use std::collections::HashMap;

use serde_json::Value;

use super::json::{list, members, moment, person, text, words};
use crate::history::{PastConversation, PastMessage, Person, Records, Rejection, State, Who};

pub(super) fn read(documents: &[Value]) -> Records {
    let mut users: HashMap<String, Person> = HashMap::new();
    let mut articles: HashMap<String, Vec<&Value>> = HashMap::new();
    for document in documents {
        for user in list(document, "/users") {
            if let Some(id) = text(user, &["/id"]) {
                users.insert(id, person(user));
            }
        }
        for article in list(document, "/articles").iter().chain(list(document, "/ticket_articles")) {
            if let Some(ticket) = text(article, &["/ticket_id"]) {
                articles.entry(ticket).or_default().push(article);
            }
        }
    }
    members(documents, &["tickets"]).into_iter().enumerate().map(|(place, ticket)| conversation(ticket, place, &users, &articles)).collect()
}

fn conversation(ticket: &Value, place: usize, users: &HashMap<String, Person>, beside: &HashMap<String, Vec<&Value>>) -> Result<PastConversation, Rejection> {
    let key = text(ticket, &["/id"]).ok_or_else(|| Rejection { record: format!("#{}", place + 1), reason: "id_missing" })?;
    let id = text(ticket, &["/number"]).unwrap_or_else(|| key.clone());
    let refused = |reason| Rejection { record: id.clone(), reason };
    let said = ticket.get("customer").filter(|it| it.is_object()).map(person);
    let named = text(ticket, &["/customer_id"]).and_then(|id| users.get(&id).cloned().or(Some(Person { id: Some(id), ..Person::default() })));
    let by_mail = text(ticket, &["/customer"]).filter(|address| address.contains('@')).map(|email| Person { email: Some(email), ..Person::default() });
    let customer = said.or(by_mail).or(named).ok_or_else(|| refused("customer_missing"))?;
    let created_at = moment(ticket, &["/created_at"]).ok_or_else(|| refused("date_invalid"))?;
    let inside = list(ticket, "/articles").iter();
    let all: Vec<&Value> = inside.chain(beside.get(&key).into_iter().flatten().copied()).collect();
    let messages = all
        .iter()
        .enumerate()
        .map(|(index, article)| {
            let html = article["content_type"].as_str().is_some_and(|kind| kind.contains("html"));
            let agent = || {
                let known = text(article, &["/created_by_id"]).and_then(|id| users.get(&id).cloned());
                known.unwrap_or_else(|| Person { name: text(article, &["/created_by", "/from"]).unwrap_or_default(), ..Person::default() })
            };
            PastMessage {
                id: text(article, &["/id"]).unwrap_or_else(|| format!("{id}-{index}")),
                who: match article["sender"].as_str() {
                    Some("Agent") => Who::Agent(agent()),
                    Some("System") => Who::Machine,
                    _ => Who::Customer(customer.clone()),
                },
                at: moment(article, &["/created_at"]).unwrap_or(created_at),
                text: if html { words(article, &[], &["/body"]) } else { words(article, &["/body"], &[]) },
                private: article["internal"] == true,
                files: Vec::new(),
            }
        })
        .collect();
    let state = match text(ticket, &["/state", "/state/name"]).unwrap_or_default().as_str() {
        "closed" | "merged" | "removed" => State::Closed,
        state if state.starts_with("pending") => State::Waiting,
        _ => State::Open,
    };
    let labels = list(ticket, "/tags").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(PastConversation { id, customer, subject: text(ticket, &["/title"]), state, created_at, messages, labels })
}
