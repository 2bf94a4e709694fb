//! Actions: what a rule does by itself, and a macro at one touch. One vocabulary, one way of doing it.

mod perform;

use std::collections::BTreeSet;

use ennakoi_kernel::{
    FieldErrors, Problem,
    access::Permission,
    ids::{CannedAnswerId, LabelId, QueueId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::staff;
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{canned_answers, conversations::Priority, labels, queues};

pub(crate) use perform::{perform, reply_text};

/// Actions of one rule or macro, at most.
pub const ACTIONS_MAX: usize = 20;
const SNOOZE_MINUTES_MAX: i64 = 366 * 24 * 60;

/// One thing to do to a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// To a colleague, or back to the queue (null).
    Assign {
        agent_id: Option<StaffId>,
    },
    Queue {
        queue_id: QueueId,
    },
    Label {
        label_id: LabelId,
    },
    Unlabel {
        label_id: LabelId,
    },
    Priority {
        priority: Priority,
    },
    /// For a while, or until the next message (null).
    Snooze {
        minutes: Option<i64>,
    },
    Close {},
    /// A private note.
    Note {
        body: String,
    },
    /// A canned answer in the customer's language, with its variables filled in.
    Reply {
        canned_answer_id: CannedAnswerId,
    },
    /// A private note that mentions colleagues; without any, whoever the conversation is assigned to.
    Notify {
        #[serde(default)]
        staff_ids: Vec<StaffId>,
        body: String,
    },
    /// Tells the workspace's webhooks, as the event `rule.told` with this topic.
    Tell {
        topic: String,
    },
}

impl Action {
    /// Its name, as `kind` says it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::Queue { .. } => "queue",
            Self::Label { .. } => "label",
            Self::Unlabel { .. } => "unlabel",
            Self::Priority { .. } => "priority",
            Self::Snooze { .. } => "snooze",
            Self::Close {} => "close",
            Self::Note { .. } => "note",
            Self::Reply { .. } => "reply",
            Self::Notify { .. } => "notify",
            Self::Tell { .. } => "tell",
        }
    }
}

/// Names every action that makes no sense here. `viewer` is whose canned answers may be used, beside the shared ones.
///
/// # Errors
/// There is one.
pub(crate) async fn check(tx: &mut Tx, workspace: WorkspaceId, viewer: Option<StaffId>, actions: &[Action]) -> Result<()> {
    let mut errors = FieldErrors::default();
    if actions.is_empty() {
        errors.add("actions", "required", "at least one action");
    }
    if actions.len() > ACTIONS_MAX {
        errors.add("actions", "too_many", format!("at most {ACTIONS_MAX} actions"));
    }
    let able = able_staff(tx, workspace).await?;
    for (index, action) in actions.iter().take(ACTIONS_MAX).enumerate() {
        let at = |field: &str| format!("actions[{index}].{field}");
        match action {
            Action::Assign { agent_id: Some(agent) } if !able.contains(agent) => errors.add(at("agent_id"), "unknown", "nobody of this workspace who answers"),
            Action::Queue { queue_id } if queues::load(tx, workspace, *queue_id).await.is_err() => {
                errors.add(at("queue_id"), "unknown", "no queue of this workspace");
            }
            Action::Label { label_id } | Action::Unlabel { label_id } if labels::load(tx, workspace, *label_id).await.is_err() => {
                errors.add(at("label_id"), "unknown", "no label of this workspace");
            }
            Action::Reply { canned_answer_id } if canned_answers::load(tx, workspace, viewer, *canned_answer_id).await.is_err() => {
                errors.add(at("canned_answer_id"), "unknown", "no canned answer that may be used here");
            }
            Action::Snooze { minutes: Some(minutes) } if !(1..=SNOOZE_MINUTES_MAX).contains(minutes) => {
                errors.add(at("minutes"), "out_of_range", format!("1 to {SNOOZE_MINUTES_MAX}"));
            }
            Action::Note { body } => text(&mut errors, at("body"), body),
            Action::Notify { staff_ids, body } => {
                text(&mut errors, at("body"), body);
                if !staff_ids.iter().all(|staff| able.contains(staff)) {
                    errors.add(at("staff_ids"), "unknown", "nobody of this workspace who answers");
                }
            }
            Action::Tell { topic } => errors.line(&at("topic"), topic, limits::LINE_CHARACTERS),
            _ => {}
        }
    }
    Ok(errors.finish()?)
}

fn text(errors: &mut FieldErrors, field: String, body: &str) {
    if body.trim().is_empty() {
        errors.add(field, "required", "must not be empty");
    } else if body.chars().count() > limits::MESSAGE_CHARACTERS || body.contains('\0') {
        errors.add(field, "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS));
    }
}

/// Who of the workspace may answer customers.
async fn able_staff(tx: &mut Tx, workspace: WorkspaceId) -> Result<BTreeSet<StaffId>> {
    let members = staff::members(tx, workspace).await?;
    Ok(members.into_iter().filter(|member| member.role.may(Permission::ConversationsWrite)).map(|member| member.id).collect())
}

/// The code of a refusal, for a log.
pub(crate) fn code_of(problem: &Problem) -> String {
    problem.fields.first().map_or_else(|| problem.code.to_owned(), |field| field.code.clone())
}
