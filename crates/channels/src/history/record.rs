//! What every format becomes before it is written.

use bytes::Bytes;
use ennakoi_kernel::{Problem, Timestamp};
use ennakoi_store::stored_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A folder of mails (RFC 4155).
    Mbox,
    /// One message a row.
    Csv,
    Zendesk,
    Freshdesk,
    Chatwoot,
    Zammad,
}
stored_as_text!(Format { Mbox = "mbox", Csv = "csv", Zendesk = "zendesk", Freshdesk = "freshdesk", Chatwoot = "chatwoot", Zammad = "zammad" });

/// Somebody as the other system knew them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The other system's id, for telling apart people without an address.
    pub id: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The conversation's customer, or another person from outside.
    Customer(Person),
    Agent(Person),
    Machine,
}

/// A file of a message.
#[derive(Clone, Debug)]
pub struct PastFile {
    pub name: String,
    pub bytes: Bytes,
}

/// A message of the past.
#[derive(Clone, Debug)]
pub struct PastMessage {
    /// The other system's id; the same id in the same conversation is the same message.
    pub id: String,
    pub who: Who,
    pub at: Timestamp,
    pub text: String,
    /// A note that the customer never saw.
    pub private: bool,
    pub files: Vec<PastFile>,
}

/// How a conversation stood there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Open,
    /// Answered; the customer's turn.
    Waiting,
    Closed,
}

/// A conversation of the past, its messages oldest first.
#[derive(Clone, Debug)]
pub struct PastConversation {
    /// The other system's id.
    pub id: String,
    pub customer: Person,
    pub subject: Option<String>,
    pub state: State,
    pub created_at: Timestamp,
    pub messages: Vec<PastMessage>,
    pub labels: Vec<String>,
}

/// A record that cannot be taken, and the code of the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What the other system calls it, or where it stands in the file.
    pub record: String,
    pub reason: &'static str,
}

/// Records in the file's order.
pub type Records = Vec<Result<PastConversation, Rejection>>;
/// A file taken apart, or why it cannot be.
pub type Read = Result<Records, Problem>;

/// Conversations of one file, and messages of one conversation, at most.
pub(super) const CONVERSATIONS_MAX: usize = 200_000;
pub(super) const MESSAGES_MAX: usize = 2_000;

impl PastConversation {
    /// Puts it in order and judges it.
    pub(super) fn checked(mut self) -> Result<Self, Rejection> {
        let refused = |reason| Rejection { record: self.id.chars().take(200).collect(), reason };
        if self.id.trim().is_empty() || self.id.len() > 200 || self.id.contains(char::is_control) {
            return Err(refused("id_invalid"));
        }
        if self.messages.is_empty() {
            return Err(refused("no_messages"));
        }
        if self.messages.len() > MESSAGES_MAX {
            return Err(refused("too_many_messages"));
        }
        if self.messages.iter().any(|message| message.id.is_empty() || message.id.len() > 400 || message.id.contains('\0')) {
            return Err(refused("id_invalid"));
        }
        let person = &self.customer;
        if person.email.is_none() && person.phone.is_none() && person.id.is_none() {
            return Err(refused("customer_missing"));
        }
        self.messages.sort_by_key(|message| message.at);
        self.created_at = self.created_at.min(self.messages[0].at);
        Ok(self)
    }
}
