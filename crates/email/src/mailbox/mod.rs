//! Mailboxes: an address of the company, how its servers are reached, and how far it has been read.

pub(crate) mod api;
pub(crate) mod check;
pub(crate) mod discover;
pub(crate) mod secrets;
pub(crate) mod store;

use ennakoi_kernel::{
    FieldErrors, Timestamp,
    ids::{ChannelId, MailboxId, WorkspaceId},
    limits,
};
use ennakoi_store::stored_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::{Security, Server};

/// Mailboxes of one workspace, at most.
pub(crate) const MOST: i64 = 100;
const SIGNATURE_CHARACTERS: usize = 2_000;
const UNDO_SECONDS_MOST: u32 = 120;
const TRUSTED_MOST: usize = 10;

/// How the company signs in to a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    Password,
    /// OAuth 2 with a refresh token (XOAUTH2).
    Oauth,
}

/// A registered program at an OAuth provider. Its secret is stored sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OauthClient {
    pub client_id: String,
    /// Where a refresh token becomes an access token.
    pub token_url: String,
    #[serde(default)]
    pub scope: String,
}

/// How mails come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// We read them from its server.
    #[default]
    Imap,
    /// A mail server of the operator's delivers them.
    Lmtp,
    Mailgun,
    Postmark,
    /// Amazon SES, through SNS.
    Ses,
}
stored_as_text!(Arrival { Imap = "imap", Lmtp = "lmtp", Mailgun = "mailgun", Postmark = "postmark", Ses = "ses" });

/// How a mailbox is reached and behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The name that recipients see.
    pub name: String,
    #[serde(default)]
    pub arrival: Arrival,
    /// The SNS topic to which SES publishes; only its notices are taken.
    #[serde(default)]
    pub topic: String,
    /// IMAP; of no meaning where mails come another way.
    #[serde(default = "nowhere")]
    pub incoming: Server,
    /// SMTP submission.
    pub outgoing: Server,
    /// Empty: the address.
    #[serde(default)]
    pub user: String,
    pub sign_in: SignIn,
    #[serde(default)]
    pub oauth: Option<OauthClient>,
    #[serde(default = "inbox")]
    pub folder: String,
    /// Under every answer; `{agent}` stands for the name of whoever wrote it.
    #[serde(default)]
    pub signature: String,
    /// How long an answer can be taken back.
    #[serde(default = "undo_seconds")]
    pub undo_seconds: u32,
    /// Whether the server delivers `name+anything@domain` here; answers then come back to an address of their own.
    #[serde(default)]
    pub plus_addressing: bool,
    /// Names under which the receiving server signs its `Authentication-Results`; empty: those known for its host.
    #[serde(default)]
    pub trusted_results: Vec<String>,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

const fn nowhere() -> Server {
    Server { host: String::new(), port: 0, security: Security::Tls }
}

const fn undo_seconds() -> u32 {
    10
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), ennakoi_kernel::Problem> {
        let mut errors = FieldErrors::default();
        let is_line = |text: &str| !text.contains(char::is_control) && text.chars().count() <= limits::LINE_CHARACTERS;
        let servers = [("settings.incoming.host", &self.incoming), ("settings.outgoing.host", &self.outgoing)];
        for (field, server) in servers.into_iter().skip(usize::from(self.arrival != Arrival::Imap)) {
            let host_ok = !server.host.is_empty()
                && server.host.len() <= 253
                && server.host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
            if !host_ok || server.port == 0 {
                errors.add(field, "invalid", "the name of a server and its port");
            }
        }
        for (field, text) in [("settings.name", &self.name), ("settings.user", &self.user), ("settings.folder", &self.folder), ("settings.topic", &self.topic)]
        {
            if !is_line(text) {
                errors.add(field, "invalid", "one line");
            }
        }
        if self.arrival == Arrival::Ses && !self.topic.starts_with("arn:aws") {
            errors.add("settings.topic", "required", "the ARN of the SNS topic");
        }
        if self.folder.is_empty() {
            errors.add("settings.folder", "required", "usually INBOX");
        }
        if self.signature.chars().count() > SIGNATURE_CHARACTERS || self.signature.contains('\0') {
            errors.add("settings.signature", "too_long", format!("at most {SIGNATURE_CHARACTERS} characters"));
        }
        if self.undo_seconds > UNDO_SECONDS_MOST {
            errors.add("settings.undo_seconds", "invalid", format!("0 to {UNDO_SECONDS_MOST}"));
        }
        if self.trusted_results.len() > TRUSTED_MOST || self.trusted_results.iter().any(|name| !is_line(name)) {
            errors.add("settings.trusted_results", "invalid", format!("at most {TRUSTED_MOST} names"));
        }
        match (&self.oauth, self.sign_in) {
            (None, SignIn::Oauth) => errors.add("settings.oauth", "required", "the registered program that may read this mailbox"),
            (Some(client), _) if !is_line(&client.client_id) || !is_line(&client.token_url) || !is_line(&client.scope) => {
                errors.add("settings.oauth", "invalid", "one line each");
            }
            _ => {}
        }
        errors.finish()
    }
}

/// Whether a mailbox can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not tried yet.
    New,
    Connected,
    /// Tried again by itself; `trouble` says why.
    Failing,
    /// The provider wants the company's consent again.
    ConsentNeeded,
}
stored_as_text!(State { New = "new", Connected = "connected", Failing = "failing", ConsentNeeded = "consent_needed" });

/// A mailbox as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    pub(crate) id: MailboxId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) channel: ChannelId,
    pub(crate) address: String,
    pub(crate) settings: Settings,
    pub(crate) sealed: Vec<u8>,
    /// Raised when settings or secrets change by hand.
    pub(crate) revision: i64,
    pub(crate) cursor: Cursor,
    pub(crate) state: State,
    pub(crate) trouble: Option<String>,
    pub(crate) trouble_detail: Option<String>,
    pub(crate) checked_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

/// How far a mailbox has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) uid_validity: Option<i64>,
    pub(crate) last_uid: Option<i64>,
    pub(crate) highest_modseq: Option<i64>,
}

impl Mailbox {
    pub(crate) fn user(&self) -> &str {
        if self.settings.user.is_empty() { &self.address } else { &self.settings.user }
    }
}
