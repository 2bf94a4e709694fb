//! Why a conversation came to people.

use std::borrow::Cow;

use ennakoi_store::{Error, FromValue, Result, Value};
use serde::{Deserialize, Serialize};

/// A stable code of a reason: lower-case letters and underscores. Screens translate it; rules of the bot bring their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Reason(Cow<'static, str>);

impl Reason {
    /// The customer asked for a person.
    pub const PERSON_REQUESTED: Self = Self(Cow::Borrowed("person_requested"));
    /// The channel lets people answer first.
    pub const PERSON_FIRST: Self = Self(Cow::Borrowed("person_first"));
    /// The bot does not know.
    pub const BOT_UNSURE: Self = Self(Cow::Borrowed("bot_unsure"));
    /// The bot failed or is switched off.
    pub const BOT_UNAVAILABLE: Self = Self(Cow::Borrowed("bot_unavailable"));
    pub const COMPLAINT: Self = Self(Cow::Borrowed("complaint"));
    pub const MONEY_DISPUTE: Self = Self(Cow::Borrowed("money_dispute"));
    pub const EMERGENCY: Self = Self(Cow::Borrowed("emergency"));
    /// An agent moved it.
    pub const BY_AGENT: Self = Self(Cow::Borrowed("by_agent"));
    /// An agent started it.
    pub const STARTED_BY_AGENT: Self = Self(Cow::Borrowed("started_by_agent"));
    /// A program or a rule moved it.
    pub const BY_RULE: Self = Self(Cow::Borrowed("by_rule"));
    /// The customer wrote again after it had been closed.
    pub const REOPENED: Self = Self(Cow::Borrowed("reopened"));
    /// Its agent has left the workspace.
    pub const AGENT_LEFT: Self = Self(Cow::Borrowed("agent_left"));

    /// A reason by its code.
    ///
    /// # Errors
    /// The code is not 1–60 lower-case letters, digits and underscores.
    pub fn new(code: impl Into<Cow<'static, str>>) -> Result<Self> {
        let code = code.into();
        let well_formed = (1..=60).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if well_formed { Ok(Self(code)) } else { Err(Error::Decode(format!("{code:?} is not the code of a reason"))) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Reason> for Value {
    fn from(reason: Reason) -> Self {
        Self::Text(reason.0.into_owned())
    }
}

impl From<&Reason> for Value {
    fn from(reason: &Reason) -> Self {
        Self::Text(reason.as_str().to_owned())
    }
}

impl FromValue for Reason {
    fn from_value(value: Value) -> Result<Self> {
        Self::new(String::from_value(value)?)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
