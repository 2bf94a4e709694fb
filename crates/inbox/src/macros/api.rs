//! Macros over HTTP. Everybody keeps their own; shared ones need the right to manage the desk.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Query, Route, delete, get, patch, post};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::{ConversationId, MacroId, StaffId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Macro, MacroOutcome, Preview};
use crate::actions::Action;

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::ConversationsRead);
    let writes = Access::Needs(Permission::ConversationsWrite);
    vec![
        get("/api/v1/macros", "list_macros", reads, list_macros).summary("Your macros and the shared ones.").returns::<Page<Macro>>(200),
        post("/api/v1/macros", "create_macro", writes, create_macro).summary("Creates a macro.").takes::<CreateMacro>().returns::<Macro>(201),
        patch("/api/v1/macros/{id}", "update_macro", writes, update_macro)
            .summary("Changes a macro; `actions` are replaced as a whole.")
            .takes::<UpdateMacro>()
            .returns::<Macro>(200),
        delete("/api/v1/macros/{id}", "delete_macro", writes, delete_macro).summary("Removes a macro.").answers(204),
        get("/api/v1/macros/{id}/preview", "preview_macro", reads, preview_macro)
            .summary("What a macro would do to a conversation, with the words as the customer would read them.")
            .query::<Which>()
            .returns::<Preview>(200),
        post("/api/v1/macros/{id}/runs", "run_macro", writes, run_macro)
            .summary("Does a macro to conversations, 1–500.")
            .takes::<RunMacro>()
            .returns::<MacroOutcome>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateMacro {
    name: String,
    actions: Vec<Action>,
    #[serde(default)]
    shared: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateMacro {
    name: Option<String>,
    actions: Option<Vec<Action>>,
    shared: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    conversation: ConversationId,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunMacro {
    ids: Vec<ConversationId>,
}

/// Who keeps it: nobody in particular when it is shared, which not everybody may do.
fn owner(member: &Member, shared: bool) -> Result<Option<StaffId>, Problem> {
    if !shared {
        return member.person().map(Some);
    }
    // A program has no role; its key carries the right to write, and what it makes is everybody's.
    match member.role {
        Some(role) if !role.may(Permission::DeskManage) => Err(Problem::forbidden("this needs the permission desk:manage")),
        _ => Ok(None),
    }
}

async fn list_macros(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Macro>>> {
    Ok(Json(Page::whole(super::list(&mut app.db.read().await?, member.workspace, member.staff).await?)))
}

async fn create_macro(State(app): State<App>, member: Member, Json(body): Json<CreateMacro>) -> ApiResult<(StatusCode, Json<Macro>)> {
    let owner = owner(&member, body.shared)?;
    let new = Macro { id: app.environment.new_id(), name: body.name.trim().to_owned(), actions: body.actions, shared: body.shared };
    let mut tx = app.db.begin().await?;
    let made = super::save(&mut tx, &app.environment, member.workspace, member.actor, owner, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn update_macro(State(app): State<App>, member: Member, Path(id): Path<MacroId>, Json(body): Json<UpdateMacro>) -> ApiResult<Json<Macro>> {
    let mut tx = app.db.begin().await?;
    let mut it = super::load(&mut tx, member.workspace, member.staff, id).await?;
    if it.shared {
        owner(&member, true)?;
    }
    it.name = body.name.map_or(it.name, |name| name.trim().to_owned());
    it.actions = body.actions.unwrap_or(it.actions);
    it.shared = body.shared.unwrap_or(it.shared);
    let keeper = owner(&member, it.shared)?;
    let it = super::save(&mut tx, &app.environment, member.workspace, member.actor, keeper, it).await?;
    tx.commit().await?;
    Ok(Json(it))
}

async fn delete_macro(State(app): State<App>, member: Member, Path(id): Path<MacroId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let it = super::load(&mut tx, member.workspace, member.staff, id).await?;
    if it.shared {
        owner(&member, true)?;
    }
    super::remove(&mut tx, &app.environment, member.workspace, member.actor, &it).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn preview_macro(State(app): State<App>, member: Member, Path(id): Path<MacroId>, Query(which): Query<Which>) -> ApiResult<Json<Preview>> {
    let mut tx = app.db.read().await?;
    let it = super::load(&mut tx, member.workspace, member.staff, id).await?;
    Ok(Json(super::preview(&mut tx, member.workspace, member.staff, which.conversation, &it).await?))
}

async fn run_macro(State(app): State<App>, member: Member, Path(id): Path<MacroId>, Json(body): Json<RunMacro>) -> ApiResult<Json<MacroOutcome>> {
    let staff = member.person()?;
    let mut tx = app.db.begin().await?;
    let it = super::load(&mut tx, member.workspace, member.staff, id).await?;
    let outcome = super::run(&mut tx, &app.environment, member.workspace, staff, &body.ids, &it).await?;
    tx.commit().await?;
    Ok(Json(outcome))
}
