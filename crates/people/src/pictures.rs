//! Small pictures that customers see: faces of staff, logos of companies. Anybody may fetch one who knows its digest.

use axum::{
    extract::Multipart,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App};
use ennakoi_kernel::{Problem, ProblemKind};
use ennakoi_store::Error;
use imagesize::ImageType;

const PICTURE_BYTES: usize = 1 << 20;
/// Pixels of a side.
const PICTURE_SIDE: usize = 2_048;
/// A form with one picture.
pub(crate) const FORM_BYTES: usize = PICTURE_BYTES + (8 << 10);

/// The picture in the field `file`, after every check.
///
/// # Errors
/// There is none, or it is too large or of another kind.
pub(crate) async fn read(form: Multipart) -> Result<Bytes, Problem> {
    let bytes = read_file(form).await?;
    check(&bytes)?;
    Ok(bytes)
}

/// A stored picture. What is asked for by something that is no digest is not looked for.
///
/// # Errors
/// It is not there.
pub(crate) async fn answer(app: &App, digest: &str, key: String) -> ApiResult<Response> {
    let missing = || Problem::not_found("the picture");
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing().into());
    }
    let bytes = match app.blobs.get(&key).await {
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

async fn read_file(mut form: Multipart) -> Result<Bytes, Problem> {
    let unreadable = |_| Problem::invalid("body_unreadable", "send a multipart form with the field file, of at most 1 MB");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            return field.bytes().await.map_err(unreadable);
        }
    }
    Err(Problem::field("file", "required", "the field is missing"))
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

/// The picture's media type, from its own bytes: what the sender says does not count.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(bytes).ok()? {
        ImageType::Png => Some("image/png"),
        ImageType::Jpeg => Some("image/jpeg"),
        ImageType::Webp => Some("image/webp"),
        _ => None,
    }
}
