//! Who is calling.

use axum::{extract::FromRequestParts, http::request::Parts};
use ennakoi_kernel::{
    Problem,
    access::{Permission, Role},
    ids::{ApiKeyId, SessionId, StaffId, WorkspaceId},
};
use ennakoi_store::timeline::Actor;

use crate::ApiError;

/// The caller, as an authenticator found them.
#[derive(Clone, Debug)]
pub enum Principal {
    /// Signed in by a session cookie. `workspace` is the one named by the request, if the person is a member of it.
    Staff { staff: StaffId, session: SessionId, operator: bool, workspace: Option<(WorkspaceId, Role)> },
    /// A program with a key of one workspace.
    ApiKey { key: ApiKeyId, workspace: WorkspaceId, scopes: Vec<Permission> },
}

impl Principal {
    /// The caller as a member with `permission`, if they have it.
    pub(crate) fn member(&self, permission: Permission) -> Result<Member, Problem> {
        match self {
            Self::Staff { workspace: None, .. } => Err(Problem::forbidden("name a workspace you are a member of in X-Ennakoi-Workspace")),
            Self::Staff { staff, workspace: Some((workspace, role)), .. } if role.may(permission) => {
                Ok(Member { workspace: *workspace, actor: Actor::Staff(*staff), staff: Some(*staff), role: Some(*role) })
            }
            Self::ApiKey { key, workspace, scopes } if scopes.contains(&permission) => {
                Ok(Member { workspace: *workspace, actor: Actor::ApiKey(*key), staff: None, role: None })
            }
            _ => Err(Problem::forbidden(format!("this needs the permission {}", permission.as_str()))),
        }
    }
}

/// A caller inside one workspace who has the route's permission: a person of staff or an API key.
#[derive(Clone, Debug)]
pub struct Member {
    pub workspace: WorkspaceId,
    pub actor: Actor,
    /// The person, unless a program calls.
    pub staff: Option<StaffId>,
    pub role: Option<Role>,
}

impl Member {
    /// The person behind the call, where only a person makes sense (drafts, read marks).
    ///
    /// # Errors
    /// The caller is an API key.
    pub fn person(&self) -> Result<StaffId, Problem> {
        self.staff.ok_or_else(|| Problem::forbidden("only a signed-in person can do this"))
    }
}

/// A signed-in person of staff, in whatever role.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub staff: StaffId,
    pub session: SessionId,
    /// May create workspaces on this installation.
    pub operator: bool,
}

/// The caller's network address, as far as it can be believed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub String);

macro_rules! from_extensions {
    ($($name:ident),+) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = ApiError;
            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
                parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                    tracing::error!(path = parts.uri.path(), concat!("the route's access does not provide ", stringify!($name)));
                    Problem::internal().into()
                })
            }
        }
    )+};
}

from_extensions!(Member, SignedIn, ClientAddress);
