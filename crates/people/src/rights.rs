//! Nobody grants more than they have.

use ennakoi_http::Principal;
use ennakoi_kernel::{
    Problem,
    access::{Permission, Role},
};

/// Whether the caller has the permission in the workspace of the request.
pub(crate) fn has(principal: &Principal, permission: Permission) -> bool {
    match principal {
        Principal::Staff { workspace: Some((_, role)), .. } => role.may(permission),
        Principal::Staff { workspace: None, .. } => false,
        Principal::ApiKey { scopes, .. } => scopes.contains(&permission),
    }
}

/// # Errors
/// The role carries a right that the caller does not have.
pub(crate) fn require_role(principal: &Principal, role: Role) -> Result<(), Problem> {
    let beyond = Permission::ALL.iter().find(|permission| role.may(**permission) && !has(principal, **permission));
    match beyond {
        None => Ok(()),
        Some(permission) => Err(Problem::forbidden(format!("the role {} may {}, which you may not", role.as_str(), permission.as_str()))),
    }
}

/// # Errors
/// One of the scopes is a right that the caller does not have.
pub(crate) fn require_scopes(principal: &Principal, scopes: &[Permission]) -> Result<(), Problem> {
    match scopes.iter().find(|permission| !has(principal, **permission)) {
        None => Ok(()),
        Some(permission) => Err(Problem::forbidden(format!("you may not {} yourself", permission.as_str()))),
    }
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::ids::{ApiKeyId, SessionId, StaffId, WorkspaceId};
    use uuid::Uuid;

    use super::*;

    fn staff(role: Role) -> Principal {
        let nil = Uuid::nil();
        Principal::Staff { staff: StaffId(nil), session: SessionId(nil), operator: false, workspace: Some((WorkspaceId(nil), role)) }
    }

    #[test]
    fn a_role_is_granted_only_by_those_who_have_all_of_it() {
        assert!(require_role(&staff(Role::Owner), Role::Owner).is_ok());
        assert!(require_role(&staff(Role::Admin), Role::Owner).is_err());
        assert!(require_role(&staff(Role::Admin), Role::Admin).is_ok());
        assert!(require_role(&staff(Role::Agent), Role::Supervisor).is_err());
        assert!(require_role(&staff(Role::Agent), Role::Viewer).is_err(), "a viewer reads reports, an agent does not");
        let key = Principal::ApiKey { key: ApiKeyId(Uuid::nil()), workspace: WorkspaceId(Uuid::nil()), scopes: vec![Permission::StaffManage] };
        assert!(require_role(&key, Role::Agent).is_err());
        assert!(require_scopes(&key, &[Permission::StaffManage]).is_ok());
        assert!(require_scopes(&key, &[Permission::ContactsRead]).is_err());
    }
}
