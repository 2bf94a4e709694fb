//! The company's logo, as its customers see it in the chat and in the help centre.

use axum::{
    extract::{Multipart, State},
    response::Response,
};
use ennakoi_http::{ApiResult, App, Json, Member, Path, RateLimit, Route, delete, get, put};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::WorkspaceId,
};
use ennakoi_store::files;

use super::{Workspace, save, store};
use crate::pictures;

pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Needs(Permission::SettingsManage);
    vec![
        put("/api/v1/workspace/logo", "set_logo", manage, set_logo)
            .summary("Set the logo: PNG, JPEG or WebP in the multipart field `file`, at most 1 MB and 2048 pixels a side")
            .body_bytes(pictures::FORM_BYTES)
            .returns::<Workspace>(200),
        delete("/api/v1/workspace/logo", "remove_logo", manage, remove_logo).summary("Remove the logo").returns::<Workspace>(200),
        get("/api/v1/logos/{workspace}/{digest}", "get_logo", Access::Public, get_logo).summary("A company's logo").rate(RateLimit::Pages),
    ]
}

fn key(workspace: WorkspaceId, digest: &str) -> String {
    format!("{}/logo/{digest}", workspace.0.simple())
}

async fn set_logo(State(app): State<App>, member: Member, form: Multipart) -> ApiResult<Json<Workspace>> {
    let bytes = pictures::read(form).await?;
    let digest = files::digest(&bytes);
    app.blobs.put(&key(member.workspace, &digest), bytes).await?;
    change(&app, &member, Some(format!("/api/v1/logos/{}/{digest}", member.workspace))).await
}

/// The file stays: mails and cached pages still name it.
async fn remove_logo(State(app): State<App>, member: Member) -> ApiResult<Json<Workspace>> {
    change(&app, &member, None).await
}

async fn change(app: &App, member: &Member, logo_url: Option<String>) -> ApiResult<Json<Workspace>> {
    let mut tx = app.db.begin().await?;
    let before = store::load_locked(&mut tx, member.workspace).await?.ok_or_else(|| Problem::not_found("the workspace"))?;
    let mut after = before.clone();
    after.brand.logo_url = logo_url;
    save(&mut tx, &app.environment, member.actor, &before, &after).await?;
    tx.commit().await?;
    Ok(Json(after))
}

async fn get_logo(State(app): State<App>, Path((workspace, digest)): Path<(WorkspaceId, String)>) -> ApiResult<Response> {
    pictures::answer(&app, &digest, key(workspace, &digest)).await
}
