//! A record becomes a conversation, silently.

use std::collections::HashMap;

use ennakoi_http::App;
use ennakoi_inbox::{
    attachments::{self, Prepared},
    conversations::{Conversation, State as Desk},
    messages::{Direction, Visibility},
    past::{self, PastConversation as NewPast, PastMessage as NewPastMessage},
    queues,
};
use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ContactId, StaffId},
    limits,
};
use ennakoi_people::{contacts, staff};
use ennakoi_store::{Error, Result, Tx, timeline::Actor};

use super::{
    PastConversation, PastMessage, Person, Rejection, State, Who,
    store::{self, Import},
};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    Created(i64),
    Updated(i64),
    Unchanged,
}

/// Colleagues by their address, to give them what they wrote elsewhere.
pub(super) type Colleagues = HashMap<String, StaffId>;

pub(super) async fn colleagues(tx: &mut Tx, import: &Import) -> Result<Colleagues> {
    Ok(staff::members(tx, import.workspace).await?.into_iter().map(|member| (member.email.to_lowercase(), member.id)).collect())
}

/// The files of a record, stored before the transaction; those that are empty or too large are left out.
pub(super) async fn prepare(app: &App, import: &Import, record: &PastConversation) -> Result<Vec<Vec<Prepared>>> {
    let mut all = Vec::with_capacity(record.messages.len());
    for message in &record.messages {
        let mut files = Vec::new();
        for file in message.files.iter().filter(|file| !file.bytes.is_empty() && file.bytes.len() <= limits::UPLOAD_BYTES).take(limits::ATTACHMENTS) {
            files.push(attachments::prepare(app, import.workspace, &file.name, file.bytes.clone()).await?);
        }
        all.push(files);
    }
    Ok(all)
}

/// Writes a record, or what of it is not here yet.
///
/// # Errors
/// The inner error says why the record cannot be taken; the outer one is the database's.
pub(super) async fn bring(
    tx: &mut Tx,
    app: &App,
    import: &Import,
    colleagues: &Colleagues,
    record: &PastConversation,
    files: Vec<Vec<Prepared>>,
) -> Result<std::result::Result<Brought, Rejection>> {
    match bring_in(tx, app, import, colleagues, record, files).await {
        Ok(brought) => Ok(Ok(brought)),
        Err(Error::Problem(problem)) => Ok(Err(Rejection { record: record.id.clone(), reason: reason(&problem) })),
        Err(other) => Err(other),
    }
}

fn reason(problem: &Problem) -> &'static str {
    match problem.fields.first().map(|field| field.field.as_str()) {
        Some("subject") => "subject_invalid",
        Some("value" | "email" | "phone") => "customer_invalid",
        Some("name") => "name_invalid",
        _ => problem.code,
    }
}

async fn bring_in(tx: &mut Tx, app: &App, import: &Import, colleagues: &Colleagues, record: &PastConversation, files: Vec<Vec<Prepared>>) -> Result<Brought> {
    let (environment, workspace) = (&app.environment, import.workspace);
    let known = store::known(tx, import, &record.id).await?;
    let customer = contact(tx, app, import, &record.customer).await?;
    let mut held = match known {
        Some(id) => past::hold(tx, workspace, id).await?,
        None => open(tx, app, import, record, customer).await?,
    };
    if known.is_none() {
        store::remember(tx, import, &record.id, held.id).await?;
    }
    let mut added = 0;
    for (message, prepared) in record.messages.iter().zip(files) {
        if write(tx, app, import, colleagues, (&mut held, customer), message, prepared).await? {
            added += 1;
        }
    }
    if known.is_some() && added == 0 {
        return Ok(Brought::Unchanged);
    }
    past::settle(tx, workspace, held, waiting_since(record), environment.now()).await?;
    Ok(if known.is_some() { Brought::Updated(added) } else { Brought::Created(added) })
}

async fn open(tx: &mut Tx, app: &App, import: &Import, record: &PastConversation, contact: ContactId) -> Result<Conversation> {
    let state = match record.state {
        State::Open => Desk::Open,
        State::Waiting => Desk::Waiting,
        State::Closed => Desk::Closed,
    };
    let queue = if state.active() { queues::destination(tx, import.workspace, None, import.channel).await? } else { None };
    let subject = record.subject.as_ref().map(|subject| subject.split_whitespace().collect::<Vec<_>>().join(" "));
    let new = NewPast {
        channel: import.channel,
        contact,
        subject: subject.map(|subject| subject.chars().take(limits::LINE_CHARACTERS).collect()),
        locale: None,
        state,
        queue,
        created_at: record.created_at,
    };
    past::open(tx, &app.environment, import.workspace, new).await
}

async fn write(
    tx: &mut Tx,
    app: &App,
    import: &Import,
    colleagues: &Colleagues,
    (held, customer): (&mut Conversation, ContactId),
    message: &PastMessage,
    prepared: Vec<Prepared>,
) -> Result<bool> {
    let (author, name, direction) = match &message.who {
        Who::Customer(person) if *person == Person::default() => (Actor::Contact(customer), None, Direction::In),
        Who::Customer(person) => {
            // Another person from outside may have written too.
            let theirs = person.email.is_some() || person.phone.is_some() || person.id.is_some();
            let contact = match theirs {
                true => contact(tx, app, import, person).await,
                false => Ok(customer),
            };
            // Nothing tells them apart: then it was the customer.
            let contact = match contact {
                Err(Error::Problem(_)) => customer,
                known => known?,
            };
            (Actor::Contact(contact), None, Direction::In)
        }
        Who::Agent(person) => {
            let known = person.email.as_ref().and_then(|email| colleagues.get(&email.to_lowercase()));
            let name = [Some(&person.name), person.email.as_ref()].into_iter().flatten().find(|text| !text.trim().is_empty()).cloned();
            (known.map_or(Actor::System, |id| Actor::Staff(*id)), name.filter(|_| known.is_none()), Direction::Out)
        }
        Who::Machine => (Actor::Bot, None, Direction::Out),
    };
    let body: String = message.text.replace('\0', "").chars().take(limits::MESSAGE_CHARACTERS).collect();
    if body.trim().is_empty() && prepared.is_empty() {
        return Ok(false);
    }
    let mut attached = Vec::with_capacity(prepared.len());
    for file in prepared {
        attached.push(past::file(tx, &app.environment, import.workspace, author, file).await?);
    }
    let new = NewPastMessage {
        author,
        name: name.map(|name| name.chars().filter(|c| !c.is_control()).take(200).collect()),
        direction,
        visibility: if message.private { Visibility::Private } else { Visibility::Public },
        body,
        language: None,
        external_id: format!("{}:{}", import.source, message.id),
        attachments: attached,
        at: message.at,
    };
    Ok(past::add(tx, &app.environment, import.workspace, held, new).await?.is_some())
}

/// The contact of a person: the company's own records say who they are, as in an import of customers.
async fn contact(tx: &mut Tx, app: &App, import: &Import, person: &Person) -> Result<ContactId> {
    let own = person.id.as_ref().map(|id| format!("{}:{id}", import.source));
    let known = contacts::Recorded { name: person.name.clone(), email: person.email.clone(), phone: person.phone.clone(), handle: own };
    contacts::bring_along(tx, &app.environment, import.workspace, import.started_by, known).await
}

/// Since when the customer waits: the first of their last messages.
fn waiting_since(record: &PastConversation) -> Option<Timestamp> {
    let visible = record.messages.iter().rev().filter(|message| !message.private);
    visible.take_while(|message| matches!(message.who, Who::Customer(_))).last().map(|message| message.at)
}
