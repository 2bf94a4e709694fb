//! Files of a conversation for its customer. A picture in a page cannot carry a token, so its address carries a signature that
//! names the conversation and ends after a day or two.

use axum::{
    body::Bytes,
    extract::{Multipart, State},
    response::Response,
};
use ennakoi_http::{ApiResult, App, Json, Path, Query, RateLimit, Route, get, post};
use ennakoi_inbox::attachments::{self, Attachment, serve};
use ennakoi_kernel::{
    Duration, Problem, Timestamp,
    access::Access,
    ids::{AttachmentId, ConversationId, WorkspaceId},
    limits,
};
use ennakoi_store::files as stored;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{contact, visitors::Caller};

/// Addresses stay the same for a day, so that pictures can be cached, and are refused a day later.
const LIFE: Duration = Duration::days(2);

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/widget/v1/attachments", "upload_widget_attachment", Access::Visitor, upload_widget_attachment)
            .summary("Upload a file to send with the next message")
            .body_bytes(limits::UPLOAD_BYTES + (64 << 10))
            .returns::<Attachment>(201)
            .rate(RateLimit::Visitor),
        get("/widget/v1/files/{id}/{name}", "read_widget_file", Access::Public, read_widget_file)
            .summary("A file of a message, by its signed address")
            .query::<Signature>()
            .rate(RateLimit::Pages),
    ]
}

/// The same file with an address that its customer's browser can open.
pub(crate) fn signed(app: &App, conversation: ConversationId, file: Attachment) -> Attachment {
    let Some(name) = file.url.rsplit('/').next().map(|name| name.split('?').next().unwrap_or(name).to_owned()) else { return file };
    let day = Duration::days(1).0;
    let until = Timestamp((app.environment.now().0 / day) * day) + LIFE;
    let signature = hexadecimal(&app.secret.sign("widget-file", claim(conversation, file.id, until).as_bytes()));
    let url = format!("/widget/v1/files/{}/{name}?conversation={conversation}&until={}&signature={signature}", file.id, until.0);
    Attachment { url, ..file }
}

fn claim(conversation: ConversationId, id: AttachmentId, until: Timestamp) -> String {
    format!("{conversation}/{id}/{}", until.0)
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect()
}

async fn upload_widget_attachment(State(app): State<App>, mut caller: Caller, form: Multipart) -> ApiResult<(axum::http::StatusCode, Json<Attachment>)> {
    let (name, bytes) = attachments::api::read_file(form).await?;
    let prepared = attachments::prepare(&app, caller.workspace, &name, bytes).await?;
    let mut tx = app.db.begin().await?;
    // The file is sent by whoever uploaded it: the contact, from now on.
    contact::ensure(&mut tx, &app.environment, &mut caller).await?;
    let file = attachments::create(&mut tx, &app.environment, caller.workspace, caller.actor(), prepared).await?;
    tx.commit().await?;
    Ok((axum::http::StatusCode::CREATED, Json(file)))
}

/// The proof that an address was given out by us.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Signature {
    conversation: ConversationId,
    until: Timestamp,
    signature: String,
}

async fn read_widget_file(State(app): State<App>, Path((id, _name)): Path<(AttachmentId, String)>, Query(proof): Query<Signature>) -> ApiResult<Response> {
    let missing = || Problem::not_found("the file");
    let signature = bytes_of(&proof.signature).ok_or_else(missing)?;
    let genuine = app.secret.verify("widget-file", claim(proof.conversation, id, proof.until).as_bytes(), &signature);
    if !genuine || proof.until < app.environment.now() {
        return Err(missing().into());
    }
    let mut tx = app.db.read().await?;
    let workspace: WorkspaceId = tx
        .optional::<(WorkspaceId,)>("SELECT workspace_id FROM conversations WHERE id = $1", ennakoi_store::params![proof.conversation])
        .await?
        .ok_or_else(missing)?
        .0;
    let held = attachments::for_contact(&mut tx, workspace, id, proof.conversation).await?;
    drop(tx);
    let bytes: Bytes = app.blobs.get(&stored::key(workspace, &held.sha256)).await?;
    Ok(serve::respond(&held, bytes))
}
