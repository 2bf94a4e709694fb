//! Views over HTTP. Everybody keeps their own; sharing one, or changing a shared one of somebody else, needs the right to manage the desk.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, delete, get, patch, post};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::ViewId,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Filter, View};

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::ConversationsRead);
    vec![
        get("/api/v1/views", "list_views", reads, list_views).summary("Your views and the shared ones.").returns::<Page<View>>(200),
        post("/api/v1/views", "create_view", reads, create_view).summary("Keeps a filter as a view.").takes::<CreateView>().returns::<View>(201),
        patch("/api/v1/views/{id}", "update_view", reads, update_view).summary("Changes a view.").takes::<UpdateView>().returns::<View>(200),
        delete("/api/v1/views/{id}", "delete_view", reads, delete_view).summary("Removes a view.").answers(204),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateView {
    name: String,
    filter: Filter,
    #[serde(default)]
    shared: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateView {
    name: Option<String>,
    filter: Option<Filter>,
    shared: Option<bool>,
}

fn may_share(member: &Member) -> Result<(), Problem> {
    if member.role.is_some_and(|role| role.may(Permission::DeskManage)) {
        return Ok(());
    }
    Err(Problem::forbidden("this needs the permission desk:manage"))
}

async fn list_views(State(app): State<App>, member: Member) -> ApiResult<Json<Page<View>>> {
    let viewer = member.person()?;
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace, viewer).await?)))
}

async fn create_view(State(app): State<App>, member: Member, Json(body): Json<CreateView>) -> ApiResult<(StatusCode, Json<View>)> {
    let owner = member.person()?;
    if body.shared {
        may_share(&member)?;
    }
    let mut tx = app.db.begin().await?;
    let view = super::create(&mut tx, &app.environment, member.workspace, owner, &body.name, body.filter, body.shared).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

async fn update_view(State(app): State<App>, member: Member, Path(id): Path<ViewId>, Json(body): Json<UpdateView>) -> ApiResult<Json<View>> {
    let viewer = member.person()?;
    let mut tx = app.db.begin().await?;
    let mut view = super::load(&mut tx, member.workspace, viewer, id).await?;
    if view.owner_id != viewer || view.shared || body.shared == Some(true) {
        may_share(&member)?;
    }
    view.name = body.name.map_or(view.name, |name| name.trim().to_owned());
    view.filter = body.filter.unwrap_or(view.filter);
    view.shared = body.shared.unwrap_or(view.shared);
    let view = super::update(&mut tx, &app.environment, member.workspace, view).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn delete_view(State(app): State<App>, member: Member, Path(id): Path<ViewId>) -> ApiResult<StatusCode> {
    let viewer = member.person()?;
    let mut tx = app.db.begin().await?;
    let view = super::load(&mut tx, member.workspace, viewer, id).await?;
    if view.owner_id != viewer || view.shared {
        may_share(&member)?;
    }
    super::remove(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
