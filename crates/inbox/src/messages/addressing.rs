//! From whom and to whom a message goes, on channels where each message says it.

use ennakoi_kernel::{FieldErrors, Problem, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Correspondents of one message, at most.
const CORRESPONDENTS: usize = 50;

/// Somebody by address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correspondent {
    pub address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The head of a letter. Of what an agent writes, empty parts are filled in by the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Addressing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Correspondent>,
    /// Where the sender of a message that came wants the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Correspondent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Correspondent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Correspondent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Correspondent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Whether the sender is who the message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    Proven,
    /// Nobody vouches for it.
    Unproven,
    /// The sender's own domain says that it is not theirs.
    Forged,
}

/// What is known about a message that came from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    pub proof: Proof,
    /// Written by a machine: an absence notice, a list, a report of a mail server.
    #[serde(default)]
    pub automatic: bool,
    /// Whether the original says more than the body: quoted mails, a signature, or it was too long.
    #[serde(default)]
    pub shortened: bool,
    /// Whether the original is laid out (HTML).
    #[serde(default)]
    pub formatted: bool,
    /// Pictures that lie on other people's servers.
    #[serde(default)]
    pub remote_images: u32,
    /// The sender was no part of the conversation before.
    #[serde(default)]
    pub newcomer: bool,
}

impl Addressing {
    /// # Errors
    /// An address is none, there are too many, or a line break is hidden in a name or the subject.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut errors = FieldErrors::default();
        for (field, list) in [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)] {
            for (index, it) in list.iter().enumerate() {
                let name_is_good = it.name.as_ref().is_none_or(|name| is_line(name));
                if ennakoi_people::email::normalise(&it.address).is_none() || !name_is_good {
                    errors.add(format!("addressing.{field}[{index}]"), "email_invalid", "not an e-mail address");
                }
            }
        }
        if self.to.len() + self.cc.len() + self.bcc.len() > CORRESPONDENTS {
            errors.add("addressing.to", "too_many", format!("at most {CORRESPONDENTS} addresses"));
        }
        if self.subject.as_ref().is_some_and(|subject| !is_line(subject)) {
            errors.add("addressing.subject", "invalid", format!("one line of at most {} characters", limits::LINE_CHARACTERS));
        }
        errors.finish()
    }
}

fn is_line(text: &str) -> bool {
    !text.contains(char::is_control) && text.chars().count() <= limits::LINE_CHARACTERS
}
