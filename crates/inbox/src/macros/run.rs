//! Showing what a macro would do, doing it, and undoing it.

use std::collections::BTreeSet;

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ConversationId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_store::{Result, Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;

use super::Macro;
use crate::{
    actions::{self, Action},
    canned_answers,
    conversations::{self, bulk, bulk::BulkFailure},
};

/// What one action would do to a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Step {
    pub action: Action,
    /// The words that would stand in the conversation, with variables filled in.
    pub text: Option<String>,
    /// Whether the customer would see it.
    pub to_customer: bool,
    /// Whether the run's undo takes it back.
    pub undoable: bool,
    /// The code of why it would be refused.
    pub refused: Option<String>,
}

/// What a macro would do to a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Preview {
    pub conversation_id: ConversationId,
    pub steps: Vec<Step>,
}

/// What came of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MacroOutcome {
    pub changed: Vec<ConversationId>,
    /// Conversations in which an action was refused; the others of it were done.
    pub failed: Vec<BulkFailure>,
    /// Takes back what can be taken back (not what has been said), through `POST /conversations/bulk/undo`, once, within an hour.
    pub undo_token: Option<String>,
}

/// What the macro would do, without doing it.
///
/// # Errors
/// The conversation is not there.
pub async fn preview(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, id: ConversationId, it: &Macro) -> Result<Preview> {
    let conversation = conversations::load(tx, workspace, id).await?;
    let mut steps = Vec::new();
    for action in &it.actions {
        let (mut text, mut refused) = (None, None);
        match action {
            Action::Note { body } | Action::Notify { body, .. } => text = Some(body.clone()),
            Action::Reply { canned_answer_id } => match canned_answers::load(tx, workspace, viewer, *canned_answer_id).await {
                Ok(answer) => text = Some(actions::reply_text(tx, workspace, viewer, &conversation, &answer.body).await?.0),
                Err(ennakoi_store::Error::Problem(problem)) => refused = Some(actions::code_of(&problem)),
                Err(other) => return Err(other),
            },
            _ => {}
        }
        let to_customer = matches!(action, Action::Reply { .. });
        let undoable = !matches!(action, Action::Reply { .. } | Action::Note { .. } | Action::Notify { .. } | Action::Tell { .. });
        steps.push(Step { action: action.clone(), text, to_customer, undoable, refused });
    }
    Ok(Preview { conversation_id: id, steps })
}

/// Does the macro to each conversation, in the order of its actions.
///
/// # Errors
/// Too many conversations, or the database refuses: then nothing is changed.
pub async fn run(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, staff: StaffId, ids: &[ConversationId], it: &Macro) -> Result<MacroOutcome> {
    if ids.is_empty() || ids.len() > limits::BULK {
        return Err(Problem::field("ids", "out_of_range", format!("1 to {} conversations", limits::BULK)).into());
    }
    let mut outcome = MacroOutcome { changed: Vec::new(), failed: Vec::new(), undo_token: None };
    let mut changes = Vec::new();
    // Rows are held in the order of their ids, so that two runs at once cannot wait for each other.
    for id in ids.iter().copied().collect::<BTreeSet<_>>() {
        let mut refused = None;
        for action in &it.actions {
            let done = actions::perform(tx, environment, workspace, Actor::Staff(staff), id, action).await?;
            refused = refused.or(done.refused);
            changes.extend(done.change);
        }
        match refused {
            Some(code) => outcome.failed.push(BulkFailure { id, code }),
            None => outcome.changed.push(id),
        }
    }
    // What was done last goes back first.
    changes.reverse();
    if !changes.is_empty() {
        outcome.undo_token = Some(bulk::remember(tx, environment, workspace, staff, &changes).await?);
    }
    Ok(outcome)
}
