//! `ennakoi admin`: for whoever has the machine, when somebody is locked out.

use anyhow::{Context, Result};
use ennakoi_http::App;

#[derive(Debug, clap::Subcommand)]
pub(super) enum AdminCommand {
    /// Give a person a new password, turn their second step off, and end their sessions.
    ResetPassword {
        /// E-mail address.
        email: String,
    },
    /// Make a person the owner of a workspace and an operator of the installation.
    MakeOwner {
        /// E-mail address.
        email: String,
        /// Short name of the workspace.
        workspace: String,
    },
}

pub(super) async fn run(app: &App, command: AdminCommand) -> Result<()> {
    match command {
        AdminCommand::ResetPassword { email } => {
            let password = ennakoi_people::reset_password(app, &email).await.with_context(|| format!("cannot reset the password of {email}"))?;
            println!("{email} signs in with {password} from now on");
        }
        AdminCommand::MakeOwner { email, workspace } => {
            ennakoi_people::make_owner(app, &email, &workspace).await.with_context(|| format!("cannot make {email} owner of {workspace}"))?;
            println!("{email} owns {workspace}");
        }
    }
    Ok(())
}
