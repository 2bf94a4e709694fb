//! Letters about accounts, in the reader's language, handed to the outbox as plain text.

use ennakoi_http::App;
use ennakoi_kernel::ids::WorkspaceId;
use ennakoi_store::{
    Result, Tx,
    outbox::{self, Class, NewIntent},
};
use serde_json::json;

use crate::Locale;

/// A letter with one link.
pub(crate) enum Letter<'a> {
    /// Somebody is invited to a workspace.
    Invitation { workspace: &'a str },
    /// Somebody asked for a new password.
    PasswordReset,
}

impl Letter<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::PasswordReset => "password_reset",
        }
    }

    fn subject(&self, locale: Locale) -> String {
        match (self, locale) {
            (Self::Invitation { workspace }, Locale::Fi) => format!("Kutsu työtilaan {workspace}"),
            (Self::Invitation { workspace }, Locale::Sv) => format!("Inbjudan till arbetsytan {workspace}"),
            (Self::Invitation { workspace }, Locale::En) => format!("Invitation to the workspace {workspace}"),
            (Self::PasswordReset, Locale::Fi) => "Uuden salasanan asettaminen".to_owned(),
            (Self::PasswordReset, Locale::Sv) => "Välj ett nytt lösenord".to_owned(),
            (Self::PasswordReset, Locale::En) => "Set a new password".to_owned(),
        }
    }

    fn text(&self, locale: Locale, link: &str) -> String {
        match (self, locale) {
            (Self::Invitation { workspace }, Locale::Fi) => {
                format!("Hei,\n\nsinut on kutsuttu työskentelemään työtilassa {workspace}. Hyväksy kutsu tästä linkistä seitsemän päivän kuluessa:\n\n{link}\n")
            }
            (Self::Invitation { workspace }, Locale::Sv) => {
                format!("Hej,\n\ndu är inbjuden att arbeta i arbetsytan {workspace}. Tacka ja via länken inom sju dagar:\n\n{link}\n")
            }
            (Self::Invitation { workspace }, Locale::En) => {
                format!("Hello,\n\nyou are invited to work in the workspace {workspace}. Accept with this link within seven days:\n\n{link}\n")
            }
            (Self::PasswordReset, Locale::Fi) => {
                format!("Hei,\n\nvoit asettaa uuden salasanan tästä linkistä tunnin ajan:\n\n{link}\n\nJos et pyytänyt tätä, sinun ei tarvitse tehdä mitään.\n")
            }
            (Self::PasswordReset, Locale::Sv) => {
                format!(
                    "Hej,\n\nvia den här länken kan du välja ett nytt lösenord inom en timme:\n\n{link}\n\nOm du inte bad om det behöver du inte göra något.\n"
                )
            }
            (Self::PasswordReset, Locale::En) => {
                format!(
                    "Hello,\n\nwith this link you can set a new password within an hour:\n\n{link}\n\nIf you did not ask for this, you need not do anything.\n"
                )
            }
        }
    }
}

/// Plans the letter. `fact` names what it is about, e.g. `invitation:<id>`, so that it is sent once.
#[expect(clippy::too_many_arguments, reason = "a letter has an occasion, a reader and a content")]
pub(crate) async fn send(tx: &mut Tx, app: &App, workspace: WorkspaceId, fact: &str, to: &str, locale: Locale, letter: Letter<'_>, link: &str) -> Result<()> {
    let intent = NewIntent {
        dedupe_key: fact,
        class: Class::Transactional,
        transport: "email",
        contact: None,
        payload: json!({ "kind": letter.kind(), "to": [to], "locale": locale, "subject": letter.subject(locale), "text": letter.text(locale, link) }),
        send_at: app.environment.now(),
        lane: None,
    };
    outbox::plan(tx, &app.environment, workspace, intent).await?;
    Ok(())
}
