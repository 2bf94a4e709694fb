//! Members of a workspace, their roles, and who may do what.

use std::collections::HashMap;

use axum::{Extension, extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, PageQuery, Path, Principal, Query, Route, delete, get, patch, put};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission, Role},
    ids::StaffId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Availability, MemberChange, StaffMember, change, leave, member, page, set_availability};
use crate::{Hooks, Locale, OpenConversations, rights, sessions};

pub(crate) fn routes(hooks: &Hooks) -> Vec<Route> {
    let (read, manage) = (Access::Needs(Permission::StaffRead), Access::Needs(Permission::StaffManage));
    let (listing, changing) = (hooks.open_conversations.clone(), hooks.open_conversations.clone());
    vec![
        get("/api/v1/staff", "list_staff", read, move |state, member, query| list_staff(listing.clone(), state, member, query))
            .summary("Members of the workspace by name")
            .query::<PageQuery>()
            .returns::<Page<MemberRow>>(200),
        patch("/api/v1/staff/{id}", "update_staff", manage, move |state, member, principal, path, body| {
            update_staff(changing.clone(), state, member, principal, path, body)
        })
        .summary("Change a member's role, capacity, skills or languages")
        .takes::<StaffChange>()
        .returns::<MemberRow>(200),
        delete("/api/v1/staff/{id}", "remove_staff", manage, remove_staff).summary("Remove a member from the workspace").answers(204),
        put("/api/v1/availability", "set_availability", read, put_availability)
            .summary("Say whether I take work now")
            .takes::<AvailabilityChange>()
            .answers(204),
        get("/api/v1/permissions", "list_permissions", read, list_permissions).summary("What each role may do").returns::<PermissionMatrix>(200),
    ]
}

/// A member in the list of staff.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Member")]
struct MemberRow {
    id: StaffId,
    email: String,
    name: String,
    role: Role,
    avatar_url: Option<String>,
    availability: Availability,
    capacity: i64,
    skills: Vec<String>,
    languages: Vec<Locale>,
    open_conversations: i64,
}

impl MemberRow {
    fn new(it: StaffMember, open: &HashMap<StaffId, i64>) -> Self {
        Self {
            open_conversations: open.get(&it.id).copied().unwrap_or(0),
            id: it.id,
            email: it.email,
            name: it.name,
            role: it.role,
            avatar_url: it.avatar_url,
            availability: it.availability,
            capacity: it.capacity,
            skills: it.skills,
            languages: it.languages,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StaffChange {
    role: Option<Role>,
    capacity: Option<i64>,
    skills: Option<Vec<String>>,
    languages: Option<Vec<Locale>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AvailabilityChange {
    availability: Availability,
}

/// The matrix of roles and permissions.
#[derive(Serialize, JsonSchema)]
struct PermissionMatrix {
    roles: Vec<RolePermissions>,
}

#[derive(Serialize, JsonSchema)]
struct RolePermissions {
    role: Role,
    permissions: Vec<Permission>,
}

async fn list_staff(
    open: Option<OpenConversations>,
    State(app): State<App>,
    member: Member,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<MemberRow>>> {
    let after: Option<(String, StaffId)> = Cursor::read(query.cursor.as_deref())?;
    let mut tx = app.db.read().await?;
    let members = page(&mut tx, member.workspace, after, query.limit() + 1).await?;
    let ids: Vec<StaffId> = members.iter().map(|it| it.id).collect();
    let counts = match &open {
        Some(count) => count(&mut tx, member.workspace, &ids).await?,
        None => HashMap::new(),
    };
    let rows = members.into_iter().map(|it| MemberRow::new(it, &counts)).collect();
    Ok(Json(Page::of(rows, query.limit(), |row: &MemberRow| (row.name.clone(), row.id))))
}

fn checked(body: StaffChange) -> Result<MemberChange, Problem> {
    let mut errors = FieldErrors::default();
    if body.capacity.is_some_and(|capacity| !(0..=100).contains(&capacity)) {
        errors.add("capacity", "out_of_range", "0 to 100");
    }
    let skills = body.skills.map(|skills| {
        let mut skills: Vec<String> = skills.iter().map(|skill| skill.trim().to_lowercase()).collect();
        skills.sort();
        skills.dedup();
        skills
    });
    for (index, skill) in skills.iter().flatten().enumerate() {
        errors.line(&format!("skills[{index}]"), skill, 60);
    }
    if skills.as_ref().is_some_and(|skills| skills.len() > 50) {
        errors.add("skills", "too_many", "at most 50");
    }
    errors.finish()?;
    let languages = body.languages.map(|mut languages| {
        languages.sort_unstable();
        languages.dedup();
        languages
    });
    Ok(MemberChange { role: body.role, capacity: body.capacity, skills, languages })
}

async fn update_staff(
    open: Option<OpenConversations>,
    State(app): State<App>,
    caller: Member,
    Extension(principal): Extension<Principal>,
    Path(id): Path<StaffId>,
    Json(body): Json<StaffChange>,
) -> ApiResult<Json<MemberRow>> {
    let wanted = checked(body)?;
    let mut tx = app.db.begin().await?;
    let target = member(&mut tx, caller.workspace, id).await?.ok_or_else(|| Problem::not_found("the member"))?;
    rights::require_role(&principal, target.role)?;
    if let Some(role) = wanted.role {
        rights::require_role(&principal, role)?;
    }
    let changed = change(&mut tx, &app.environment, caller.workspace, caller.actor, target, wanted).await?;
    let counts = match &open {
        Some(count) => count(&mut tx, caller.workspace, &[id]).await?,
        None => HashMap::new(),
    };
    tx.commit().await?;
    sessions::forget_cached();
    Ok(Json(MemberRow::new(changed, &counts)))
}

async fn remove_staff(State(app): State<App>, caller: Member, Extension(principal): Extension<Principal>, Path(id): Path<StaffId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let target = member(&mut tx, caller.workspace, id).await?.ok_or_else(|| Problem::not_found("the member"))?;
    rights::require_role(&principal, target.role)?;
    leave(&mut tx, &app.environment, caller.workspace, caller.actor, target).await?;
    tx.commit().await?;
    sessions::forget_cached();
    Ok(StatusCode::NO_CONTENT)
}

async fn put_availability(State(app): State<App>, caller: Member, Json(body): Json<AvailabilityChange>) -> ApiResult<StatusCode> {
    let person = caller.person()?;
    let mut tx = app.db.begin().await?;
    set_availability(&mut tx, &app.environment, caller.workspace, person, body.availability).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_permissions(_: Member) -> ApiResult<Json<PermissionMatrix>> {
    let permissions = |role: Role| Permission::ALL.iter().copied().filter(|permission| role.may(*permission)).collect();
    let roles = Role::ALL.iter().map(|role| RolePermissions { role: *role, permissions: permissions(*role) }).collect();
    Ok(Json(PermissionMatrix { roles }))
}
