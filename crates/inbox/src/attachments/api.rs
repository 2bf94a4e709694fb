//! Upload and download.

use axum::{
    extract::{Multipart, State},
    http::StatusCode,
    response::Response,
};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App, Json, Member, Path, RateLimit, Route, get, post};
use ennakoi_kernel::{
    Problem, ProblemKind,
    access::{Access, Permission},
    ids::AttachmentId,
    limits,
};
use ennakoi_store::files;

use super::{Attachment, Held, create, for_staff, prepare, serve};

/// Room for the boundaries and headers around the file.
const ENVELOPE_BYTES: usize = 64 << 10;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/attachments", "create_attachment", Access::Needs(Permission::ConversationsWrite), create_attachment)
            .summary("Uploads a file (multipart field `file`); send its id with a message.")
            .body_bytes(limits::UPLOAD_BYTES + ENVELOPE_BYTES)
            .returns::<Attachment>(201),
        get("/api/v1/attachments/{id}/{name}", "read_attachment", Access::Needs(Permission::ConversationsRead), read_attachment)
            .summary("The bytes of a file.")
            .rate(RateLimit::Pages),
    ]
}

async fn create_attachment(State(app): State<App>, member: Member, multipart: Multipart) -> ApiResult<(StatusCode, Json<Attachment>)> {
    let (name, bytes) = read_file(multipart).await?;
    let prepared = prepare(&app, member.workspace, &name, bytes).await?;
    let mut tx = app.db.begin().await?;
    let attachment = create(&mut tx, &app.environment, member.workspace, member.actor, prepared).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(attachment)))
}

async fn read_attachment(State(app): State<App>, member: Member, Path((id, _name)): Path<(AttachmentId, String)>) -> ApiResult<Response> {
    let mut tx = app.db.read().await?;
    let held = for_staff(&mut tx, member.workspace, id, member.actor).await?;
    drop(tx);
    Ok(respond(&app, member.workspace, &held).await?)
}

/// Fetches the bytes and makes the response.
///
/// # Errors
/// The store of files cannot be reached, or the bytes are gone.
pub async fn respond(app: &App, workspace: ennakoi_kernel::ids::WorkspaceId, held: &Held) -> Result<Response, Problem> {
    let bytes = app.blobs.get(&files::key(workspace, &held.sha256)).await.map_err(|error| match error {
        ennakoi_store::Error::Missing => Problem::not_found("the file"),
        other => other.into(),
    })?;
    Ok(serve::respond(held, bytes))
}

/// The field `file` of an upload: its name and its bytes.
///
/// # Errors
/// There is no such field, or it is larger than allowed.
pub async fn read_file(mut multipart: Multipart) -> Result<(String, Bytes), Problem> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(ProblemKind::TooLarge, "too_large", format!("at most {} bytes", limits::UPLOAD_BYTES))
        } else {
            Problem::invalid("multipart_invalid", error.body_text())
        }
    };
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            return Ok((name, field.bytes().await.map_err(broken)?));
        }
    }
    Err(Problem::field("file", "required", "send the file in the multipart field `file`"))
}
