//! Pictures of staff. Customers see them, so anybody may fetch one who knows its digest.

use axum::{
    extract::{Multipart, State},
    http::StatusCode,
    response::Response,
};
use ennakoi_http::{ApiResult, App, Json, Path, RateLimit, Route, SignedIn, delete, get, put};
use ennakoi_kernel::{Problem, access::Access, ids::StaffId};
use ennakoi_store::files;

use crate::{accounts, pictures, sessions::StaffProfile};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        put("/api/v1/profile/avatar", "set_avatar", Access::SignedIn, set_avatar)
            .summary("Set my picture: PNG, JPEG or WebP in the multipart field `file`, at most 1 MB and 2048 pixels a side")
            .body_bytes(pictures::FORM_BYTES)
            .returns::<StaffProfile>(200),
        delete("/api/v1/profile/avatar", "remove_avatar", Access::SignedIn, remove_avatar).summary("Remove my picture").answers(204),
        get("/api/v1/avatars/{staff}/{digest}", "get_avatar", Access::Public, get_avatar).summary("A picture of staff").rate(RateLimit::Pages),
    ]
}

fn key(staff: StaffId, digest: &str) -> String {
    format!("staff/{}/{digest}", staff.0.simple())
}

async fn set_avatar(State(app): State<App>, me: SignedIn, form: Multipart) -> ApiResult<Json<StaffProfile>> {
    let bytes = pictures::read(form).await?;
    let digest = files::digest(&bytes);
    app.blobs.put(&key(me.staff, &digest), bytes).await?;
    let mut tx = app.db.begin().await?;
    accounts::set_avatar(&mut tx, app.environment.now(), me.staff, Some(digest)).await?;
    let account = accounts::load(&mut tx, me.staff).await?.ok_or_else(Problem::unauthenticated)?;
    tx.commit().await?;
    Ok(Json(account.into()))
}

async fn remove_avatar(State(app): State<App>, me: SignedIn) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let before = accounts::load(&mut tx, me.staff).await?.and_then(|account| account.avatar);
    accounts::set_avatar(&mut tx, app.environment.now(), me.staff, None).await?;
    tx.commit().await?;
    if let Some(digest) = before {
        app.blobs.delete(&key(me.staff, &digest)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn get_avatar(State(app): State<App>, Path((staff, digest)): Path<(StaffId, String)>) -> ApiResult<Response> {
    pictures::answer(&app, &digest, key(staff, &digest)).await
}
