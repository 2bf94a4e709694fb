//! A mail as it came: its head, its whole text, how it was laid out, and the original.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ennakoi_http::{ApiResult, App, Json, Member, Path, Query, RateLimit, Route, get};
use ennakoi_inbox::messages::{self, Addressing, Origin};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    ids::{MessageId, WorkspaceId},
};
use ennakoi_language::quotes::Folded;
use ennakoi_store::{Error, files};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    html::{self, RemoteImages},
    limits, parse,
    store::{self, Mail},
};

/// Nothing runs in the frame, nothing is sent from it, and it stays in our own pages. It is of our origin only so that the session
/// comes along for pictures that lie here; without scripts nobody can use that.
const FRAME: &str = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
const FRAME_WITH_IMAGES: &str = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https: http:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::ConversationsRead);
    vec![
        get("/api/v1/messages/{id}/mail", "read_mail", reads, read_mail)
            .summary("The mail that a message is: head, whole text, and which stretches of it are quoted.")
            .returns::<MailView>(200),
        get("/api/v1/messages/{id}/mail.html", "read_mail_page", reads, read_mail_page)
            .summary("The mail as it was laid out, made safe, for a frame. Pictures of other servers only with `images=true`.")
            .rate(RateLimit::Pages)
            .query::<PageQuery>(),
        get("/api/v1/messages/{id}/mail.eml", "read_mail_original", reads, read_mail_original)
            .summary("The mail as it came, byte by byte.")
            .rate(RateLimit::Pages),
    ]
}

/// A stretch of the text.
#[derive(Serialize, JsonSchema)]
struct Stretch {
    text: String,
    /// `quote`, `signature`, `footer`; null is what was written now.
    folded: Option<&'static str>,
}

/// The mail that a message is.
#[derive(Serialize, JsonSchema)]
struct MailView {
    message_id: String,
    addressing: Option<Addressing>,
    origin: Option<Origin>,
    /// The whole text, cut where something is folded away.
    stretches: Vec<Stretch>,
    /// Whether it can be shown as it was laid out.
    formatted: bool,
    remote_images: u32,
    /// What became of each recipient of a mail of ours: `waiting`, `sent`, `refused`.
    recipients: serde_json::Value,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PageQuery {
    images: bool,
    /// Which workspace, since a frame sends no headers.
    workspace: Option<WorkspaceId>,
}

async fn find(app: &App, member: &Member, id: MessageId) -> Result<(messages::Message, Mail, Bytes), Problem> {
    let mut tx = app.db.read().await?;
    let message = messages::load(&mut tx, member.workspace, id).await?;
    // A copy that went on in another conversation is the mail that its original is.
    let original = message.meta.copied_from.map_or(id, |copied| copied.message);
    let mail = store::of_message(&mut tx, member.workspace, original).await?.filter(|_| message.removed_at.is_none());
    let mail = mail.ok_or_else(|| Problem::not_found("the mail"))?;
    drop(tx);
    let bytes = app.blobs.get(&files::key(member.workspace, &mail.sha256)).await.map_err(|error| match error {
        Error::Missing => Problem::not_found("the mail"),
        other => other.into(),
    })?;
    Ok((message, mail, bytes))
}

async fn read_mail(State(app): State<App>, member: Member, Path(id): Path<MessageId>) -> ApiResult<Json<MailView>> {
    let (message, mail, raw) = find(&app, &member, id).await?;
    let (stretches, formatted, remote_images) = off_the_path(move || text_of(&raw)).await?;
    Ok(Json(MailView {
        message_id: mail.message_id,
        addressing: message.meta.addressing,
        origin: message.meta.origin,
        stretches,
        formatted,
        remote_images,
        recipients: mail.recipients,
    }))
}

fn text_of(raw: &[u8]) -> (Vec<Stretch>, bool, u32) {
    if limits::check(raw).is_err() {
        return (Vec::new(), false, 0);
    }
    let Some(message) = parse::message(raw) else { return (Vec::new(), false, 0) };
    let parsed = parse::read(&message, raw);
    let stripped = ennakoi_language::quotes::strip(&parsed.text);
    let mut pieces: Vec<(usize, Stretch)> =
        stripped.kept.iter().map(|range| (range.start, Stretch { text: parsed.text[range.clone()].to_owned(), folded: None })).collect();
    pieces
        .extend(stripped.folded.iter().map(|(range, why)| (range.start, Stretch { text: parsed.text[range.clone()].to_owned(), folded: Some(name_of(*why)) })));
    pieces.sort_by_key(|(start, _)| *start);
    (pieces.into_iter().map(|(_, stretch)| stretch).collect(), parsed.formatted, parsed.remote_images)
}

const fn name_of(folded: Folded) -> &'static str {
    match folded {
        Folded::Quote => "quote",
        Folded::Signature => "signature",
        Folded::Footer => "footer",
    }
}

async fn read_mail_page(State(app): State<App>, member: Member, Path(id): Path<MessageId>, Query(query): Query<PageQuery>) -> ApiResult<Response> {
    let (_, mail, raw) = find(&app, &member, id).await?;
    let remote = if query.images { RemoteImages::Shown } else { RemoteImages::LeftOut };
    let inline = mail
        .inline_files
        .as_object()
        .map(|files| files.iter().filter_map(|(id, url)| Some((id.clone(), url.as_str()?.to_owned()))).collect())
        .unwrap_or_default();
    let page = off_the_path(move || {
        if limits::check(&raw).is_err() {
            return None;
        }
        let message = parse::message(&raw)?;
        Some(html::page(&html::safe(&parse::laid_out(&message)?, &inline, remote)))
    });
    let page = page.await?.ok_or_else(|| Problem::not_found("a laid-out text"))?;
    let policy = if query.images { FRAME_WITH_IMAGES } else { FRAME };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, page).into_response())
}

async fn read_mail_original(State(app): State<App>, member: Member, Path(id): Path<MessageId>) -> ApiResult<Response> {
    let (_, _, raw) = find(&app, &member, id).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"message.eml\"")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, raw).into_response())
}

async fn off_the_path<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())
}
