//! Doing an action to a conversation.

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Duration, Environment, Problem,
    ids::{ConversationId, StaffId, WorkspaceId},
};
use ennakoi_people::{Locale, contacts, staff, workspaces};
use ennakoi_store::{
    Error, Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{Action, able_staff, code_of};
use crate::{
    canned_answers,
    conversations::{self, BulkAction, Conversation, bulk},
    messages::{self, Direction, Format, NewMessage, Visibility},
};

/// What came of an action.
pub(crate) struct Performed {
    pub(crate) kind: &'static str,
    /// The code of why it was refused; nothing was changed then.
    pub(crate) refused: Option<String>,
    /// How it is undone, where that can be.
    pub(crate) change: Option<bulk::Change>,
}

/// Does one action on behalf of `actor`. A refusal is an outcome, not an error: what comes after it goes on.
///
/// # Errors
/// The database refuses.
pub(crate) async fn perform(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ConversationId,
    action: &Action,
) -> Result<Performed> {
    let kind = action.kind();
    match attempt(tx, environment, workspace, actor, id, action).await {
        Ok(change) => Ok(Performed { kind, refused: None, change }),
        Err(Error::Problem(problem)) => Ok(Performed { kind, refused: Some(code_of(&problem)), change: None }),
        Err(other) => Err(other),
    }
}

async fn attempt(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ConversationId,
    action: &Action,
) -> Result<Option<bulk::Change>> {
    let plain = match action {
        Action::Assign { agent_id } => BulkAction::Assign { agent_id: *agent_id },
        Action::Queue { queue_id } => BulkAction::Queue { queue_id: *queue_id },
        Action::Label { label_id } => BulkAction::Label { label_id: *label_id },
        Action::Unlabel { label_id } => BulkAction::Unlabel { label_id: *label_id },
        Action::Priority { priority } => BulkAction::Priority { priority: *priority },
        Action::Snooze { minutes } => BulkAction::Snooze { until: minutes.map(|minutes| environment.now() + Duration::minutes(minutes)) },
        Action::Close {} => BulkAction::Close {},
        Action::Note { body } => {
            note(tx, environment, workspace, actor, id, body, Vec::new()).await?;
            return Ok(None);
        }
        Action::Reply { canned_answer_id } => {
            let conversation = conversations::load(tx, workspace, id).await?;
            let viewer = person(actor);
            let answer = canned_answers::load(tx, workspace, viewer, *canned_answer_id).await?;
            let (body, language) = reply_text(tx, workspace, viewer, &conversation, &answer.body).await?;
            // What nobody wrote says so: the bot's words are marked as such on every channel.
            let author = if viewer.is_some() { actor } else { Actor::Bot };
            let message = NewMessage { language: Some(language), format: Format::Markdown, ..NewMessage::text(author, Direction::Out, body) };
            messages::add(tx, environment, workspace, id, message).await?;
            return Ok(None);
        }
        Action::Notify { staff_ids, body } => {
            let conversation = conversations::load(tx, workspace, id).await?;
            let able = able_staff(tx, workspace).await?;
            let named = if staff_ids.is_empty() { conversation.agent().into_iter().collect() } else { staff_ids.clone() };
            let told: Vec<StaffId> = named.into_iter().filter(|staff| able.contains(staff)).collect();
            if told.is_empty() {
                return Err(Problem::conflict("nobody_to_tell", "nobody is assigned or named").into());
            }
            let names = staff::briefs(tx, workspace, &told).await?;
            let signs: Vec<String> = told.iter().filter_map(|staff| names.get(staff)).map(|brief| format!("@{}", brief.name)).collect();
            note(tx, environment, workspace, actor, id, &format!("{} {body}", signs.join(" ")), told).await?;
            return Ok(None);
        }
        Action::Tell { topic } => {
            let held = conversations::load(tx, workspace, id).await?;
            let event = NewEvent::new("rule.told", actor, json!({ "topic": topic, "number": held.number, "state": held.state }));
            timeline::append(tx, environment, workspace, vec![event.contact(held.contact).conversation(id)]).await?;
            return Ok(None);
        }
    };
    bulk::apply(tx, environment, workspace, actor, id, &plain).await
}

async fn note(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    id: ConversationId,
    body: &str,
    mentions: Vec<StaffId>,
) -> Result<()> {
    let new = NewMessage { visibility: Visibility::Private, mentions, ..NewMessage::text(actor, Direction::Out, body) };
    messages::add(tx, environment, workspace, id, new).await?;
    Ok(())
}

/// The text of a canned answer for this customer: in their language where it exists, with the variables filled in. Unknown variables stay as
/// they are, so that nobody sends them unseen.
///
/// # Errors
/// The answer has no text, or the database refuses.
pub(crate) async fn reply_text(
    tx: &mut Tx,
    workspace: WorkspaceId,
    agent: Option<StaffId>,
    conversation: &Conversation,
    body: &BTreeMap<Locale, String>,
) -> Result<(String, Locale)> {
    let company = workspaces::load(tx, workspace).await?;
    let wanted = conversation.locale.unwrap_or(company.default_language);
    let order = [wanted, company.default_language, Locale::Fi, Locale::En, Locale::Sv];
    let found = order.into_iter().find_map(|locale| body.get(&locale).filter(|text| !text.trim().is_empty()).map(|text| (text, locale)));
    let (text, language) = found.ok_or_else(|| Problem::conflict("answer_empty", "the canned answer has no text"))?;
    let customer = match conversation.contact {
        Some(contact) => contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact).map(|brief| brief.name).filter(|name| !name.is_empty()),
        None => None,
    };
    let agent = match agent {
        Some(agent) => staff::briefs(tx, workspace, &[agent]).await?.remove(&agent).map(|brief| brief.name),
        None => None,
    };
    let first_name = customer.as_deref().and_then(|name| name.split_whitespace().next()).map(ToOwned::to_owned);
    let values = [
        (&["name", "contact.name"][..], customer),
        (&["first_name"][..], first_name),
        (&["agent", "agent.name"][..], agent),
        (&["company"][..], Some(company.name)),
        (&["number"][..], Some(conversation.number.to_string())),
    ];
    Ok((fill(text, &|name| values.iter().find(|(names, _)| names.contains(&name)).and_then(|(_, value)| value.clone())), language))
}

/// `{{name}}` becomes the value of `name`.
fn fill(text: &str, value: &impl Fn(&str) -> Option<String>) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(from) = rest.find("{{") {
        let Some(length) = rest[from..].find("}}") else { break };
        let (whole, name) = (&rest[from..from + length + 2], rest[from + 2..from + length].trim());
        filled.push_str(&rest[..from]);
        filled.push_str(&value(name).unwrap_or_else(|| whole.to_owned()));
        rest = &rest[from + length + 2..];
    }
    filled.push_str(rest);
    filled
}

fn person(actor: Actor) -> Option<StaffId> {
    match actor {
        Actor::Staff(staff) => Some(staff),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_and_unknown_ones_stay() {
        let value = |name: &str| (name == "first_name").then(|| "Liisa".to_owned());
        assert_eq!(fill("Hei {{ first_name }}, {{tuntematon}} {{", &value), "Hei Liisa, {{tuntematon}} {{");
        assert_eq!(fill("{{first_name}}{{first_name}}", &value), "LiisaLiisa");
        assert_eq!(fill("", &value), "");
    }
}
