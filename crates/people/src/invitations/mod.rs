//! Invitations: how somebody becomes a member of a workspace.
//!
//! The link proves that it reached the address; an existing account is joined only by whoever can also sign in to it.

mod api;
mod store;

use ennakoi_http::{App, Secret};
use ennakoi_kernel::{
    Duration, Environment, Problem, Timestamp,
    access::Role,
    ids::{InvitationId, StaffId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

pub(crate) use api::routes;

use crate::{
    audit, email,
    letters::{self, Letter},
    staff, workspaces,
};

const LIFETIME: Duration = Duration::days(7);
const TOKEN_BYTES: usize = 32;

/// An invitation as administrators see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To be handed over where no mail can be sent; only in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// An open invitation found by its token.
#[derive(Clone, Debug)]
struct Open {
    workspace: WorkspaceId,
    id: InvitationId,
    email: String,
    role: Role,
}

/// Invites an address, or renews its invitation; the earlier link stops working.
async fn invite(tx: &mut Tx, app: &App, workspace: WorkspaceId, actor: Actor, address: &str, role: Role) -> Result<Invitation> {
    let normalised = email::normalise(address).ok_or_else(|| Problem::field("email", "email_invalid", "not an e-mail address"))?;
    if store::is_member(tx, workspace, &normalised).await? {
        return Err(Problem::conflict("already_member", "this person is a member").into());
    }
    let now = app.environment.now();
    let token = app.environment.token(TOKEN_BYTES);
    let link = format!("{}/app/invitation/{token}", app.public_url());
    let invitation = Invitation {
        id: app.environment.new_id(),
        email: address.trim().to_owned(),
        role,
        created_at: now,
        expires_at: now + LIFETIME,
        link: Some(link.clone()),
    };
    store::replace(tx, workspace, &invitation, &normalised, &Secret::token_hash(&token), actor).await?;
    let company = workspaces::load(tx, workspace).await?;
    let fact = format!("invitation:{}", invitation.id);
    letters::send(tx, app, workspace, &fact, &invitation.email, company.default_language, Letter::Invitation { workspace: &company.name }, &link).await?;
    audit::record(tx, &app.environment, workspace, actor, "staff.invited", "invitation", invitation.id, json!({ "role": role })).await?;
    let event = NewEvent::new("staff.invited", actor, json!({ "invitation": invitation.id, "role": role }));
    timeline::append(tx, &app.environment, workspace, vec![event]).await?;
    Ok(invitation)
}

/// Makes the person a member and uses the invitation up.
///
/// # Errors
/// Somebody else used it at the same moment.
async fn accept(tx: &mut Tx, environment: &Environment, open: &Open, person: StaffId) -> Result<()> {
    if !store::take(tx, open.workspace, open.id).await? {
        return Err(gone().into());
    }
    staff::join(tx, environment, open.workspace, person, open.role).await
}

fn gone() -> Problem {
    Problem::not_found("the invitation, or it was used, withdrawn or has expired; it")
}
