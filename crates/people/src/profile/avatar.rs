//! Pictures of staff. Customers see them, so anybody may fetch one who knows its digest.

use axum::{
    extract::{Multipart, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App, Json, Path, RateLimit, Route, SignedIn, delete, get, put};
use ennakoi_kernel::{Problem, ProblemKind, access::Access, ids::StaffId};
use ennakoi_store::{Error, files};
use imagesize::ImageType;

use crate::{accounts, sessions::StaffProfile};

const PICTURE_BYTES: usize = 1 << 20;
/// Pixels of a side.
const PICTURE_SIDE: usize = 2_048;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        put("/api/v1/profile/avatar", "set_avatar", Access::SignedIn, set_avatar)
            .summary("Set my picture: PNG, JPEG or WebP in the multipart field `file`, at most 1 MB and 2048 pixels a side")
            .body_bytes(PICTURE_BYTES + (8 << 10))
            .returns::<StaffProfile>(200),
        delete("/api/v1/profile/avatar", "remove_avatar", Access::SignedIn, remove_avatar).summary("Remove my picture").answers(204),
        get("/api/v1/avatars/{staff}/{digest}", "get_avatar", Access::Public, get_avatar).summary("A picture of staff").rate(RateLimit::Pages),
    ]
}

fn key(staff: StaffId, digest: &str) -> String {
    format!("staff/{}/{digest}", staff.0.simple())
}

/// The picture's media type, from its own bytes: what the sender says does not count.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(bytes).ok()? {
        ImageType::Png => Some("image/png"),
        ImageType::Jpeg => Some("image/jpeg"),
        ImageType::Webp => Some("image/webp"),
        _ => None,
    }
}

fn check(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.len() > PICTURE_BYTES {
        return Err(Problem::new(ProblemKind::TooLarge, "too_large", "a picture has at most 1 MB"));
    }
    let size = media_type(bytes).and_then(|_| imagesize::blob_size(bytes).ok());
    let size = size.ok_or_else(|| Problem::field("file", "picture_invalid", "send a PNG, JPEG or WebP picture"))?;
    if size.width > PICTURE_SIDE || size.height > PICTURE_SIDE {
        return Err(Problem::field("file", "picture_large", format!("at most {PICTURE_SIDE} pixels a side")));
    }
    Ok(())
}

async fn read_file(mut form: Multipart) -> Result<Bytes, Problem> {
    let unreadable = |_| Problem::invalid("body_unreadable", "send a multipart form with the field file, of at most 1 MB");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            return field.bytes().await.map_err(unreadable);
        }
    }
    Err(Problem::field("file", "required", "the field is missing"))
}

async fn set_avatar(State(app): State<App>, me: SignedIn, form: Multipart) -> ApiResult<Json<StaffProfile>> {
    let bytes = read_file(form).await?;
    check(&bytes)?;
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
    let missing = || Problem::not_found("the picture");
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing().into());
    }
    let bytes = match app.blobs.get(&key(staff, &digest)).await {
        Ok(bytes) => bytes,
        Err(Error::Missing) => return Err(missing().into()),
        Err(error) => return Err(error.into()),
    };
    let media_type = media_type(&bytes).ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, bytes).into_response())
}
