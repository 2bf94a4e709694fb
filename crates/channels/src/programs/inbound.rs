//! What programs bring, over HTTP: by a signature of the channel's own secret, or by an API key of the workspace.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::StatusCode,
};
use ennakoi_egress::signed::{self, Doubt};
use ennakoi_http::{ApiError, ApiResult, App, Json, Member, Path, Query, Route, parse_json, post};
use ennakoi_inbox::attachments::{self, Attachment};
use ennakoi_kernel::{
    Problem, ProblemKind,
    access::{Access, Permission},
    ids::ChannelId,
    limits,
};
use ennakoi_store::timeline::Actor;
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    receive::{self, INLINE_BYTES, Incoming, Received},
    secrets::{self, Way},
    statuses::{self, Statuses, Taken},
    store::{self, Program},
};

/// A message with its files: base64 makes a third more of them.
const MESSAGE_BYTES: usize = limits::JSON_BODY_BYTES + INLINE_BYTES / 3 * 4;
/// Characters of a file's name.
const NAME_CHARACTERS: usize = 255;

pub(super) fn routes() -> Vec<Route> {
    let feeds = Access::Needs(Permission::ChannelsFeed);
    vec![
        post("/api/v1/api-channels/{id}/messages", "feed_message", feeds, feed_message)
            .summary("Brings a customer's message from another program. The same `id` again gives the same message (200).")
            .body_bytes(MESSAGE_BYTES)
            .takes::<Incoming>()
            .returns::<Received>(201),
        post("/api/v1/api-channels/{id}/statuses", "feed_statuses", feeds, feed_statuses)
            .summary("Says how far answers have come: sent, delivered, read, failed.")
            .takes::<Statuses>()
            .returns::<Taken>(200),
        post("/api/v1/api-channels/{id}/attachments", "feed_attachment", feeds, feed_attachment)
            .summary("Uploads a file: its bytes are the body; send its id with a message.")
            .body_bytes(limits::UPLOAD_BYTES)
            .query::<FileName>()
            .returns::<Attachment>(201),
        post("/channels/v1/{key}/messages", "receive_signed_message", Access::Public, receive_signed_message)
            .summary("The same with a signature (Standard Webhooks) in place of a key.")
            .body_bytes(MESSAGE_BYTES)
            .takes::<Incoming>()
            .returns::<Received>(201),
        post("/channels/v1/{key}/statuses", "receive_signed_statuses", Access::Public, receive_signed_statuses)
            .summary("The same with a signature in place of a key.")
            .takes::<Statuses>()
            .returns::<Taken>(200),
        post("/channels/v1/{key}/attachments", "receive_signed_attachment", Access::Public, receive_signed_attachment)
            .summary("Uploads a file: its bytes are the body, and signed.")
            .body_bytes(limits::UPLOAD_BYTES)
            .query::<FileName>()
            .returns::<Attachment>(201),
    ]
}

fn enabled(program: Option<Program>) -> Result<Program, Problem> {
    program.filter(|program| program.enabled).ok_or_else(|| Problem::not_found("this channel"))
}

/// A call whose signature fits. Who it is for and when it was signed is judged by its head, before its body is read; nothing of the
/// body is parsed before the signature has been found good.
struct Signed {
    program: Program,
    body: Bytes,
}

impl FromRequest<App> for Signed {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Path(path) = Path::<std::collections::HashMap<String, String>>::from_request_parts(&mut parts, app).await?;
        let key = path.get("key").and_then(|key| key.parse::<Uuid>().ok()).ok_or_else(|| Problem::not_found("this channel"))?;
        let program = enabled(store::by_public_key(&mut app.db.read().await.map_err(Problem::from)?, key).await.map_err(Problem::from)?)?;
        let now = app.environment.now();
        // An empty body cannot tell a forgery, but what is wrong with the head can be told without the body.
        if let Err(doubt @ (Doubt::Unsigned | Doubt::Skewed)) = signed::verify(&parts.headers, b"", now.seconds(), &[]) {
            return Err(refused(doubt).into());
        }
        let request = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge, "too_large", "the call is larger than allowed here"),
            _ => Problem::invalid("body_unreadable", "the body cannot be read"),
        })?;
        let good = secrets::good(app, &program, Way::In, now);
        signed::verify(&parts.headers, &body, now.seconds(), &good).map_err(refused)?;
        Ok(Self { program, body })
    }
}

fn refused(doubt: Doubt) -> Problem {
    let (code, detail) = match doubt {
        Doubt::Unsigned => ("signature_missing", "send webhook-id, webhook-timestamp and webhook-signature"),
        Doubt::Skewed => ("timestamp_skewed", "signed more than five minutes ago, or in the future"),
        Doubt::Forged => ("signature_invalid", "no signature fits"),
    };
    Problem::new(ProblemKind::Unauthenticated, code, detail)
}

impl Signed {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        parse_json(&self.body)
    }
}

const fn status_of(received: &Received) -> StatusCode {
    if received.fresh { StatusCode::CREATED } else { StatusCode::OK }
}

async fn receive_signed_message(State(app): State<App>, call: Signed) -> ApiResult<(StatusCode, Json<Received>)> {
    let received = receive::receive(&app, &call.program, &call.json::<Incoming>()?).await?;
    Ok((status_of(&received), Json(received)))
}

async fn receive_signed_statuses(State(app): State<App>, call: Signed) -> ApiResult<Json<Taken>> {
    Ok(Json(statuses::take(&app, &call.program, &call.json::<Statuses>()?).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileName {
    #[serde(default = "unnamed")]
    name: String,
}

fn unnamed() -> String {
    "file".to_owned()
}

async fn receive_signed_attachment(State(app): State<App>, Query(file): Query<FileName>, call: Signed) -> ApiResult<(StatusCode, Json<Attachment>)> {
    keep(&app, &call.program, &file.name, call.body).await
}

async fn keep(app: &App, program: &Program, name: &str, bytes: Bytes) -> ApiResult<(StatusCode, Json<Attachment>)> {
    if name.chars().count() > NAME_CHARACTERS {
        return Err(Problem::field("name", "too_long", format!("at most {NAME_CHARACTERS} characters")).into());
    }
    let prepared = attachments::prepare(app, program.workspace, name, bytes).await?;
    let mut tx = app.db.begin().await?;
    let file = attachments::create(&mut tx, &app.environment, program.workspace, Actor::System, prepared).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(file)))
}

async fn of_member(app: &App, member: &Member, id: ChannelId) -> Result<Program, Problem> {
    enabled(store::find(&mut app.db.read().await?, member.workspace, id).await?)
}

async fn feed_message(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ChannelId>,
    Json(incoming): Json<Incoming>,
) -> ApiResult<(StatusCode, Json<Received>)> {
    let program = of_member(&app, &member, id).await?;
    let received = receive::receive(&app, &program, &incoming).await?;
    Ok((status_of(&received), Json(received)))
}

async fn feed_statuses(State(app): State<App>, member: Member, Path(id): Path<ChannelId>, Json(reported): Json<Statuses>) -> ApiResult<Json<Taken>> {
    let program = of_member(&app, &member, id).await?;
    Ok(Json(statuses::take(&app, &program, &reported).await?))
}

async fn feed_attachment(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ChannelId>,
    Query(file): Query<FileName>,
    bytes: Bytes,
) -> ApiResult<(StatusCode, Json<Attachment>)> {
    let program = of_member(&app, &member, id).await?;
    keep(&app, &program, &file.name, bytes).await
}
