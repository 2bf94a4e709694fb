//! Trying settings out: each step by itself, with a code that the screen puts into plain words.

use ennakoi_http::App;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Arrival, Mailbox, secrets, secrets::Renew};
use crate::{
    incoming::{keeper, session},
    wire::{Credentials, Trouble, reach, smtp},
};

/// One step of a test.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Step {
    /// `token`, `incoming`, `outgoing`.
    step: &'static str,
    ok: bool,
    /// Code of what is wrong, e.g. `sign_in_refused`, `certificate_untrusted`.
    code: Option<String>,
    /// What the server said; in its own words and language.
    detail: Option<String>,
}

/// The outcome of a test.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CheckReport {
    ok: bool,
    steps: Vec<Step>,
}

impl Step {
    fn of(step: &'static str, outcome: Result<(), Trouble>) -> Self {
        match outcome {
            Ok(()) => Self { step, ok: true, code: None, detail: None },
            Err(trouble) => Self { step, ok: false, code: Some(trouble.code.to_owned()), detail: Some(trouble.detail.chars().take(300).collect()) },
        }
    }
}

/// Tries both servers with the given settings and secrets; nothing is stored but a fresh token.
pub(crate) async fn check(app: &App, mailbox: &mut Mailbox) -> CheckReport {
    let mut steps = Vec::new();
    let credentials = match secrets::credentials(app, mailbox, Renew::WhenDue).await {
        Ok(credentials) => Some(credentials),
        Err(trouble) => {
            steps.push(Step::of("token", Err(trouble)));
            None
        }
    };
    if let Some(credentials) = credentials {
        if mailbox.settings.arrival == Arrival::Imap {
            steps.push(Step::of("incoming", incoming(app, mailbox).await));
        }
        steps.push(Step::of("outgoing", outgoing(app, mailbox, &credentials).await));
    }
    CheckReport { ok: steps.iter().all(|step| step.ok), steps }
}

async fn incoming(app: &App, mailbox: &mut Mailbox) -> Result<(), Trouble> {
    session::Open::leave(keeper::sign_in(app, mailbox).await?).await;
    Ok(())
}

async fn outgoing(app: &App, mailbox: &Mailbox, credentials: &Credentials) -> Result<(), Trouble> {
    match smtp::try_out(app, &mailbox.settings.outgoing, reach(app), Some(credentials)).await {
        Ok(()) => Ok(()),
        Err(smtp::Failure::Before(trouble)) => Err(trouble),
        Err(smtp::Failure::SignIn(reply)) => {
            // Said by Microsoft's servers where signing in by password is switched off.
            let code = if reply.text.contains("5.7.30") || reply.text.contains("5.7.139") { "password_not_allowed" } else { "sign_in_refused" };
            Err(Trouble::new(code, format!("{} {}", reply.code, reply.text)))
        }
        Err(smtp::Failure::Refused(reply)) => Err(Trouble::new("refused", format!("{} {}", reply.code, reply.text))),
        Err(smtp::Failure::Unclear(detail)) => Err(Trouble::new("connection_lost", detail)),
        Err(smtp::Failure::TooLarge(_)) => Err(Trouble::new("refused", "too large")),
    }
}
