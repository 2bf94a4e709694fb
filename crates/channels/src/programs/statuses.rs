//! What the other program says about how far our answers have come.

use ennakoi_http::App;
use ennakoi_inbox::{
    conversations,
    messages::{self, Delivery, Direction, Visibility},
    read_marks,
};
use ennakoi_kernel::{Problem, ids::MessageId};
use ennakoi_store::{Result, Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store::Program;
use crate::carry;

/// Statuses of one call.
const MOST: usize = 100;
/// Bytes of a code.
const CODE_BYTES: usize = 40;

/// How far an answer has come; a message never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reached {
    Sent,
    Delivered,
    Read,
    Failed,
}

/// One report.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Status {
    /// Ours, as it stood in the call.
    pub(super) message_id: MessageId,
    pub(super) status: Reached,
    /// Why it failed, for screens: small letters and `_`, e.g. `address_unknown`.
    #[serde(default)]
    pub(super) code: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Statuses {
    pub(super) statuses: Vec<Status>,
}

/// What was taken; ids that are not of this channel are passed over and named.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(super) struct Taken {
    pub(super) taken: usize,
    pub(super) unknown: Vec<MessageId>,
}

impl Statuses {
    fn check(&self) -> Result<(), Problem> {
        if self.statuses.is_empty() || self.statuses.len() > MOST {
            return Err(Problem::field("statuses", "out_of_range", format!("1 to {MOST} statuses")));
        }
        for (at, status) in self.statuses.iter().enumerate() {
            let good = |code: &String| (1..=CODE_BYTES).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if status.code.as_ref().is_some_and(|code| !good(code)) {
                return Err(Problem::field(format!("statuses[{at}].code"), "invalid", format!("small letters and _, at most {CODE_BYTES}")));
            }
        }
        Ok(())
    }
}

/// Takes reports in, whatever their order.
///
/// # Errors
/// There are too many, or a code is none.
pub(super) async fn take(app: &App, program: &Program, reported: &Statuses) -> Result<Taken, Problem> {
    reported.check()?;
    let mut tx = app.db.begin().await?;
    let mut taken = Taken::default();
    for status in &reported.statuses {
        if apply(&mut tx, app, program, status).await? {
            taken.taken += 1;
        } else {
            taken.unknown.push(status.message_id);
        }
    }
    tx.commit().await?;
    Ok(taken)
}

async fn apply(tx: &mut Tx, app: &App, program: &Program, status: &Status) -> Result<bool> {
    let (environment, workspace) = (&app.environment, program.workspace);
    let Some(message) = messages::by_ids(tx, workspace, &[status.message_id]).await?.pop() else { return Ok(false) };
    let conversation = conversations::load(tx, workspace, message.conversation_id).await?;
    if conversation.channel != program.channel || message.direction != Direction::Out || message.visibility != Visibility::Public {
        return Ok(false);
    }
    let (delivery, code) = match status.status {
        Reached::Sent => (Delivery::Sent, None),
        Reached::Delivered => (Delivery::Delivered, None),
        Reached::Read => (Delivery::Read, None),
        Reached::Failed => (Delivery::Failed, Some(status.code.as_deref().unwrap_or("refused"))),
    };
    messages::set_delivery(tx, environment, workspace, message.id, delivery, code).await?;
    // It is there, or will never be: a try that is still planned after a lost answer would only bring it again.
    carry::settled(tx, environment, workspace, message.id).await?;
    if status.status == Reached::Read {
        let reader = conversation.contact.map_or(Actor::System, Actor::Contact);
        read_marks::by_contact(tx, environment, workspace, conversation.id, reader, message.seq).await?;
    }
    Ok(true)
}
